"""What the cache is given from outside: the way to a credential's value, the shared store's address and key.

Opens the shared store where one is named; whatever is missing for it is said once, and the cache works without it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar

from flarex_nb.stores.key import Keys

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from flarex_nb.model import SecretRef
    from flarex_nb.stores.shelf import Far


def _no_value(ref: SecretRef) -> str:
    return ref.name


@dataclass(frozen=True, slots=True)
class Means:
    """`value_of` gives a credential's value, to tell credentials apart; `redis_url` "" means nothing is shared.

    `cache_key` is the workspace's key: kernels that have the same share their answers.
    """

    value_of: Callable[[SecretRef], str] = field(default=_no_value, repr=False)
    redis_url: str = field(default="", repr=False)
    cache_key: str = field(default="", repr=False)


def means_of(environ: Mapping[str, str], value_of: Callable[[SecretRef], str], own: Callable[[str], str]) -> Means:
    """Return the means: REDIS_URL of the environment, and FLAREX_CACHE_KEY by `own`, which knows the vault file."""
    return Means(value_of, environ.get("REDIS_URL", "").strip(), own("FLAREX_CACHE_KEY"))


class Sourced(Protocol):
    """What is known of a credential without its value."""

    @property
    def source(self) -> str:
        """Where its value is."""
        ...


F = TypeVar("F", bound=Sourced)


def valued(
    find: Callable[[SecretRef], F], value: Callable[[F], str], environ: Mapping[str, str]
) -> Callable[[SecretRef], str]:
    """Return the way to a credential's value for telling it from others.

    A variable of the environment is taken as it stands: whether it could be sent is asked when it is.
    """

    def value_of(ref: SecretRef) -> str:
        found = find(ref)
        return environ.get(ref.name, "") if found.source == "env" else value(found)

    return value_of


class Opened(NamedTuple):
    """The shared store, None for none, and the keys that name what is kept."""

    far: Far | None
    keys: Keys


def open_far(means: Means, tell: Callable[[str], None]) -> Opened:
    """Return the shared store of `means`, not connected yet; `tell` gets each sentence a person should read."""
    if not means.redis_url:
        return Opened(None, Keys())
    try:
        from flarex_nb.stores.redis import RedisStore  # noqa: PLC0415 - an extra, loaded where it is asked for
        from flarex_nb.stores.workspace import HOW_TO_MAKE_ONE, WorkspaceKeys  # noqa: PLC0415 - only to share
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "redis":
            raise
        tell("REDIS_URL is set, but the redis package is not here: pip install 'flarex_nb[redis]'. Nothing is shared.")
        return Opened(None, Keys())
    workspace = WorkspaceKeys(means.cache_key)
    keys = Keys(workspace.naming)
    try:
        far = RedisStore(means.redis_url, workspace.cipher, keys, tell)
    except (ValueError, TypeError):
        tell("REDIS_URL is not an address that redis-py understands, such as redis://host:6379/0. Nothing is shared.")
        return Opened(None, keys)
    if not workspace.common:
        why = workspace.problem or f"FLAREX_CACHE_KEY is not set; to share, give each the same: {HOW_TO_MAKE_ONE}"
        tell(f"The shared cache (REDIS_URL) stays private to this kernel: {why}.")
    return Opened(far, keys)
