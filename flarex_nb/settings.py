"""The defaults in one table, and what the environment says otherwise.

`FLAREX_<NAME>` overrides a default; an option of a call overrides both. Nothing here reads a file or holds a secret.
"""

from __future__ import annotations

import functools
import math
import os
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

from flarex_nb.errors import UsageError
from flarex_nb.model import CallOptions

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Settings:
    """What holds for every call unless the call says otherwise; times in seconds.

    `cache_mode` is "ttl", for `cache_ttl` seconds whatever the server says but no-store, or "http", by RFC 9111.
    `cache_entries` bounds the memory cache; with REDIS_URL set, answers are shared for `cache_shared_ttl`. The two
    stale times are how long past that an answer may stand in for a failing server, or be shown while it is renewed.
    `connections` is the number of connections to one host. `proxy` "http://host:port" sends every call to a public host
    through it; it looks names up itself, so that their addresses are public is then not checked.
    `batch` means nobody can be asked (no stdin), `deterministic` that representations drop times and ids.
    """

    attempts: int = 3
    attempt_timeout: float = 10.0
    deadline: float = 30.0
    jitter: str = "full"
    cache: str = "use"
    cache_entries: int = 500
    cache_ttl: float = 60.0
    cache_mode: str = "ttl"
    cache_shared_ttl: float = 300.0
    cache_stale_if_error: float = 0.0
    cache_stale_while_revalidate: float = 0.0
    connections: int = 100
    proxy: str = ""
    batch: bool = False
    deterministic: bool = False

    def options(self) -> CallOptions:
        """Return the options of a call that chooses nothing itself."""
        return _options(self)


@functools.lru_cache(maxsize=16)
def _options(settings: Settings) -> CallOptions:
    return CallOptions(
        attempts=settings.attempts,
        attempt_timeout=settings.attempt_timeout,
        deadline=settings.deadline,
        jitter="none" if settings.jitter == "none" else "full",
        cache="bypass" if settings.cache == "bypass" else "use",
    )


_CHOICES = {"jitter": ("full", "none"), "cache": ("use", "bypass"), "cache_mode": ("ttl", "http")}


def load(environ: Mapping[str, str] = os.environ) -> Settings:
    """Return the defaults changed by `FLAREX_*` variables.

    Raises:
        UsageError: a variable holds something its setting cannot be.
    """
    changes: dict[str, object] = {}
    for setting in fields(Settings):
        variable = f"FLAREX_{setting.name.upper()}"
        text = environ.get(variable, "").strip()
        if text:
            changes[setting.name] = _read(variable, text, setting.default)
    return replace(Settings(), **changes)  # type: ignore[arg-type]  # each value was read as its field's own type


def _above_zero(number: float) -> float:
    if not (math.isfinite(number) and number > 0):
        raise ValueError
    return number


def _read(variable: str, text: str, default: object) -> object:
    try:
        if isinstance(default, bool):
            return {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}[text.lower()]
        if isinstance(default, int | float):
            return _above_zero(type(default)(text))
    except (KeyError, ValueError):
        wanted = "a word" if isinstance(default, bool) else "a number"
        msg = f"{variable} is {text!r}, which is not {wanted} this setting can be"
        raise UsageError(msg, hint=f"Unset {variable}, or set it to something like {default}.") from None
    choices = _CHOICES.get(variable.removeprefix("FLAREX_").lower())
    if choices is None:
        return text  # judged where it is used
    if text not in choices:
        msg = f"{variable} is {text!r}"
        raise UsageError(msg, hint=f"It can be {' or '.join(choices)}.")
    return text
