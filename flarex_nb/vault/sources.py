"""Where a secret's value comes from: the session store, the open vault file, the environment, `.env`. First one wins.

Finds and describes; whether a value may go somewhere is `reveal`'s matter. os.environ is read, never written.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final, NoReturn

from flarex_nb.clock import RealClock
from flarex_nb.errors import SecretError, SecretMissing, UsageError, VaultLocked
from flarex_nb.model import SecretRef
from flarex_nb.vault.audit import Trail
from flarex_nb.vault.binding import normal_hosts
from flarex_nb.vault.door import VaultDoor
from flarex_nb.vault.dotfile import DotEnv
from flarex_nb.vault.intake import clean
from flarex_nb.vault.kept import PREVIOUS, SecretInfo, check_env
from flarex_nb.vault.ref import check_name
from flarex_nb.vault.seal import SessionCipher
from flarex_nb.vault.trouble import locked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from flarex_nb.clock import Clock
    from flarex_nb.model import Environment, PlaceKind
    from flarex_nb.vault.kept import Masks, SecretStore, SourceName
    from flarex_nb.vault.store import SessionStore

_WHERE: Final[dict[str, str]] = {"env": "the environment variable", ".env": "the .env file's"}


@dataclass(frozen=True, slots=True)
class Found:
    """Which source holds a secret and where it may go; never the value. `version` is 0 for values not kept here."""

    name: str
    env: Environment
    source: SourceName
    hosts: tuple[str, ...] = ()
    version: int = 0
    places: tuple[PlaceKind, ...] = ()


@dataclass(frozen=True, slots=True)
class Declared:
    """A secret that a known service needs."""

    service: str
    name: str
    hosts: tuple[str, ...] = ()


def _nothing(_name: str = "") -> tuple[str, ...]:
    return ()


def _no_services() -> tuple[Declared, ...]:
    return ()


class Sources:
    """Answers for one name: is there a value, where, and bound to which hosts."""

    def __init__(
        self,
        session: SessionStore,
        *,
        clock: Clock | None = None,
        environ: Mapping[str, str] | None = None,
        start_dir: Path | None = None,
        default_hosts: Callable[[str], tuple[str, ...]] = _nothing,
        declared: Callable[[], Iterable[Declared]] = _no_services,
        sandbox_hosts: Callable[[], tuple[str, ...]] = _nothing,
        masks: Masks | None = None,
    ) -> None:
        """Put the sources in order.

        Args:
            session: the store of this kernel.
            clock: for the dates of what is kept in a vault file, the machine's unless given.
            environ: the environment, os.environ unless given; looked at anew each time.
            start_dir: where the search for `.env` begins, the working folder unless given.
            default_hosts: the hosts of the services that declare a secret, for values that were bound to none.
            declared: the secrets of the known services, for listing them.
            sandbox_hosts: `host:port` where the sandbox listens, nothing while it is off.
            masks: told each value from the environment or `.env` that is met, so that output is masked.
        """
        self.session = session
        self.clock = clock or RealClock()
        self.vault = VaultDoor(os.environ if environ is None else environ)
        self.masks = masks
        self.declared = declared
        self.sandbox_hosts = sandbox_hosts
        self.trail = Trail()
        self._environ = os.environ if environ is None else environ
        self._dotenv = DotEnv(SessionCipher(), start_dir)
        self._default_hosts = default_hosts
        self._bound: dict[str, tuple[str, ...]] = {}
        self._places: dict[str, tuple[PlaceKind, ...]] = {}

    def find(self, ref: SecretRef) -> Found:
        """Return the first source that holds the secret; for the sandbox, the session alone.

        Raises:
            SecretMissing: none does; the hint names each way to set it.
            VaultLocked: none does but a vault file that is not open.
            SecretError: the `.env` or the vault file cannot be read.
        """
        check_env(ref.scope)
        check_name(ref.name)
        for store in self.stores(ref.scope):
            kept = store.info(ref.name, ref.scope)
            if kept is not None and kept.source:
                version = ref.version or kept.version
                if version == PREVIOUS and not store.has_previous(ref.name, ref.scope):
                    version = kept.version
                hosts = kept.hosts or self._default_for(ref)
                return Found(ref.name, ref.scope, kept.source, hosts, version, kept.places)
        source = self._outside(ref.name) if ref.scope == "live" else None
        if source is None:
            raise self._missing(ref)
        hosts = self._bound.get(ref.name) or self._default_for(ref)
        return Found(ref.name, ref.scope, source, hosts, places=self._places.get(ref.name, ()))

    def stores(self, env: Environment) -> tuple[SecretStore, ...]:
        """Return the places that keep values of that environment, the first one first."""
        file = self.vault.file
        return (self.session,) if file is None or env == "sandbox" else (self.session, file)

    def in_vault(self) -> tuple[SecretInfo, ...]:
        """Return what the open vault file holds; nothing where it cannot be read now, which whoever needs it is told.

        One that got another passphrase elsewhere is closed here.
        """
        file = self.vault.file
        try:
            return () if file is None else file.list()
        except VaultLocked:
            self.vault.close()
        except SecretError:
            pass
        return ()

    def has_previous(self, ref: SecretRef) -> bool:
        """Return whether the value before the present one still counts, for a server that refuses the present one."""
        for store in self.stores(ref.scope):
            if store.has(ref.name, ref.scope):
                return store.has_previous(ref.name, ref.scope)
        return False

    def states(self, names: Iterable[str], env: Environment = "live") -> tuple[SecretInfo, ...]:
        """Return how each name stands in that environment, those that no source holds included, in the given order."""
        return tuple(self._state(SecretRef(name, env)) for name in names)

    def describe(self, ref: SecretRef) -> str:
        """Return the state of a secret in words, for its handle."""
        return self._state(ref).told()

    def bind(self, name: str, hosts: Iterable[str], places: tuple[PlaceKind, ...] | None = None) -> None:
        """Bind a value from the environment or `.env` to hosts and places, for this session; to no host: as declared.

        Raises:
            UsageError: a text that is no host.
        """
        self._bound[check_name(name)] = normal_hosts(hosts)
        if places is not None:
            self._places[name] = places

    def value(self, found: Found) -> str:
        """Return the value from exactly the source that was found, for `reveal` alone.

        Raises:
            SecretError: it went away since, or cannot be put into a request.
        """
        if found.source in {"session", "vault"}:
            store = self.session if found.source == "session" else self.vault.file
            if store is None:
                raise self._missing(SecretRef(found.name, found.env))
            return store.value(SecretRef(found.name, found.env, found.version))
        value, problem = None, ""
        try:
            value = self._read(found.name, found.source)
            if value:
                return clean(value).text
        except UsageError as error:
            problem = error.message
        finally:
            del value
        if not problem:
            raise self._missing(SecretRef(found.name, found.env))
        # Raised out here, so that the refusal does not keep the one below as its context.
        msg = f"{_WHERE[found.source]} {found.name} cannot be used: {problem}"
        raise SecretError(msg, hint=f"Correct it there, or run %flarex_secrets set {found.name}.")

    def own(self, name: str) -> str:
        """Return a value of this package's own that is sent to nobody, such as the cache's key; "" where none is.

        From the environment, the session or the open vault file; kernels with the same vault file so have the same key.
        """
        written = self._environ.get(name, "").strip()
        if written:
            return written
        for store in self.stores("live"):
            with suppress(SecretError):  # its time is over, or the file is away: the same as none
                if store.has(name):
                    return store.value(SecretRef(name))
        return ""

    def _state(self, ref: SecretRef) -> SecretInfo:
        try:
            found = self.find(ref)
        except VaultLocked:
            record = self.vault.sleeps(ref.name, ref.scope)
            return SecretInfo(ref.name, ref.scope, "vault", record.hosts if record else (), locked=True)
        except SecretError:
            return SecretInfo(ref.name, ref.scope, hosts=self._bound.get(ref.name) or self._default_for(ref))
        for store in self.stores(ref.scope):
            kept = store.info(ref.name, ref.scope)
            if kept is not None:
                return replace(kept, hosts=found.hosts)
        return SecretInfo(found.name, found.env, found.source, found.hosts, places=found.places)

    def _default_for(self, ref: SecretRef) -> tuple[str, ...]:
        return self._default_hosts(ref.name) if ref.scope == "live" else self.sandbox_hosts()

    def _outside(self, name: str) -> SourceName | None:
        """Return which of the sources outside the session holds a value, and have it masked from now on."""
        sources: tuple[SourceName, ...] = ("env", ".env")
        for source in sources:
            value = self._read(name, source)
            if value:
                if self.masks is not None:
                    self.masks.register(name, value)
                return source
        return None

    def _read(self, name: str, source: SourceName) -> str | None:
        """Return the value without surrounding whitespace, None or "" where there is none."""
        text = self._environ.get(name) if source == "env" else self._dotenv.get(name)
        return text.strip() if text else None

    def near(self, name: str, env: Environment = "live") -> str:
        """Return " Did you mean X?" for the nearest name that has a value in that environment, "" for none."""
        known = [info.name for store in self.stores(env) for info in store.list() if info.env == env]
        found = get_close_matches(name, [each for each in known if each != name], n=1, cutoff=0.8)
        return f" Did you mean {found[0]}?" if found else ""

    def _missing(self, ref: SecretRef) -> SecretError:
        if ref.scope == "sandbox":
            msg = f"no value for {ref.name} in the sandbox's own secrets; a live one is never used there"
            hint = (
                f"Run %flarex_secrets set {ref.name} while the sandbox is on, with any made-up value, or turn it off."
            )
            return SecretMissing(msg, hint=hint)
        if self.vault.sleeps(ref.name, ref.scope):
            return locked(self.vault.path(), f"{ref.name} is kept there")
        path = self._dotenv.path()
        dotenv = f"{path.name} in {path.parent}" if path else "a .env file, of which there is none"
        near = self.near(ref.name, ref.scope)
        msg = f"no value for {ref.name}: not in this session, not in the environment, not in {dotenv}.{near}"
        hint = (
            f"Open the panel with %flarex_secrets (or run %flarex_secrets set {ref.name}), or set the environment "
            f"variable {ref.name} before the kernel starts, or add {ref.name}=... to a .env file beside the notebook."
        )
        return SecretMissing(msg, hint=hint)

    def __repr__(self) -> str:
        """Return the order of the sources."""
        return "<Sources session, vault file, environment, .env>"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        """Refuse: values are reachable from here."""
        msg = "the sources of secrets cannot be pickled or copied: they stay in this kernel"
        raise TypeError(msg)
