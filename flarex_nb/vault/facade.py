"""What a person holds as `fx.secrets`: set, list, rotate, delete, scope, audit, handles. `commands` adds the file.

Decides which environment is meant when none is named; keeps nothing itself, and has no way to read a value back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NoReturn, get_args

from flarex_nb.errors import SecretMissing, UsageError
from flarex_nb.model import PlaceKind, SecretRef
from flarex_nb.vault.binding import is_loopback, normal_hosts, parse
from flarex_nb.vault.commands import VaultCommands
from flarex_nb.vault.intake import wipe
from flarex_nb.vault.kept import SecretInfo, Stored
from flarex_nb.vault.lifetime import KEPT, date, end_of, seconds_of
from flarex_nb.vault.ref import Secret, check_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import timedelta

    from flarex_nb.model import Environment
    from flarex_nb.vault.audit import Use
    from flarex_nb.vault.kept import Infos, SecretStore
    from flarex_nb.vault.lifetime import Lifetime
    from flarex_nb.vault.sources import Sources

_HEADS: Final = ("name", "state", "from", "bound to", "environment", "version", "expires")
_ALWAYS: Final = 5
"""Columns that are always shown; the others where they tell something of a secret."""

_FROM: Final = {
    "session": "this session",
    "vault": "vault file",
    "env": "environment variable",
    ".env": ".env file",
    "": "-",
}
_VAULT_NOTE: Final = "it is kept in the vault file"
_SANDBOX_NOTE: Final = "it is kept for the sandbox, which is on; the real service never gets it"


class Secrets(VaultCommands):
    """Secrets by name. `secrets["CRM_API_KEY"]` is a handle; values go in and do not come out."""

    def __init__(self, sources: Sources, environment: Callable[[], Environment]) -> None:
        """Work on these sources; `environment` says which one is on."""
        self._sources = sources
        self._environment = environment

    def set(
        self,
        name: str,
        value: str | bytes | bytearray,
        *,
        hosts: str | Iterable[str] = (),
        env: Environment | None = None,
        expires: Lifetime = None,
    ) -> Stored:
        """Keep a value, in the open vault file or for this session, and return notes; a bytearray is zeroed.

        Args:
            name: by convention <SERVICE>_API_KEY.
            value: without a line break; whitespace around it is removed.
            hosts: the only hosts it may go to ("api.example.com", "127.0.0.1:8000", "*.example.com"); when none are
                given, those of the service that declares the secret.
            env: "live" or "sandbox"; when not given, "live", except for secrets that the sandbox has while it is on.
            expires: when it counts no more: "90d", "2027-01-31", seconds, a timedelta, a datetime; never unless given.

        Raises:
            UsageError: a name, value or host that cannot be kept; nothing of the value is repeated.
            SecretError: the vault file cannot be written; nothing was kept.
        """
        try:
            bound, end = normal_hosts(hosts), end_of(expires, self._sources.clock.wall())
            chosen = env or self._meant_by(check_name(name), bound)
            store = self._sources.stores(chosen)[-1]
            stored = _noted(store.set(name, value, hosts=bound, env=chosen, expires=end), env, chosen)
            if store is self._sources.session:
                return stored
            self._sources.session.hand_over(name)
            return Stored(name, (*stored.notes, _VAULT_NOTE))
        finally:
            wipe(value)
            del value

    def rotate(
        self,
        name: str,
        value: str | bytes | bytearray,
        *,
        env: Environment | None = None,
        keep: float | str | timedelta = KEPT,
        expires: Lifetime = None,
    ) -> Stored:
        """Replace a kept value, its hosts unchanged, and return notes for the person.

        The old value still counts for `keep` ("10m", seconds, a timedelta; 0 for not at all): a call whose new value
        is refused with 401 is sent once more with it, since a provider may need a while to know a new key.

        Raises:
            SecretMissing: nothing is kept under that name here.
            UsageError: the new value cannot be kept.
        """
        try:
            left, end = seconds_of(keep), end_of(expires, self._sources.clock.wall())
            store, chosen = self._keeper(name, env, "changed")
            return _noted(store.rotate(name, value, env=chosen, keep=left, expires=end), env, chosen)
        finally:
            wipe(value)
            del value

    def delete(self, name: str, *, env: Environment | None = None) -> None:
        """Forget a kept value, in the vault file and its backup too.

        Raises:
            SecretMissing: nothing is kept under that name here.
        """
        store, chosen = self._keeper(name, env, "removed")
        store.delete(name, env=chosen)

    def scope(
        self,
        name: str,
        hosts: str | Iterable[str],
        *,
        env: Environment | None = None,
        places: str | Iterable[str] | None = None,
    ) -> None:
        """Let the secret go to these hosts and no others; values of the environment and `.env` too, for this session.

        `places` are the parts of a request it may stand in, of "header", "query", "userinfo", "path" and "body"; the
        first three unless said once.

        Raises:
            SecretMissing: no source holds it.
            UsageError: a text that is no host, or no place.
        """
        bound, chosen_places = normal_hosts(hosts), None if places is None else _places(places)
        chosen = self._env_of(name, env)
        for store in self._sources.stores(chosen):
            if store.has(name, chosen):
                return store.scope(name, bound, env=chosen, places=chosen_places)
        self._sources.find(SecretRef(name, chosen))
        return self._sources.bind(name, bound, chosen_places)

    def list(self) -> Infos:
        """Return every secret known by name, those of known services without a value included, live before sandbox."""
        held = (*self._sources.session.list(), *self._sources.in_vault())
        sandbox = tuple(info.name for info in held if info.env == "sandbox")
        kept = {info.name for info in held if info.env == "live"}
        asleep = {each.name for each in self._sources.vault.sleeping() if each.env == "live"}
        live = kept | asleep | {each.name for each in self._sources.declared()}
        listed = (*self._sources.states(live), *self._sources.states(sandbox, "sandbox"))
        return tuple(sorted(listed, key=lambda info: (info.name, info.env)))

    def suggestions(self) -> tuple[tuple[str, str, tuple[str, ...]], ...]:
        """Return (service, secret name, hosts) of the known services that need one."""
        return tuple((each.service, each.name, each.hosts) for each in self._sources.declared())

    def audit(self) -> tuple[Use, ...]:
        """Return which secret went to which host and when, oldest first."""
        return self._sources.trail.uses()

    def get(self, name: str) -> Secret:
        """Return a handle on the secret, whether or not it has a value yet.

        Raises:
            UsageError: no name of a secret.
        """
        return Secret(name, self._env_of(name, None), teller=self._sources.describe)

    def __getitem__(self, name: str) -> Secret:
        """Return a handle on the secret, whether or not it has a value yet."""
        return self.get(name)

    def __setitem__(self, name: str, value: object) -> NoReturn:
        """Refuse, naming the way that can say which hosts are meant."""
        del name, value
        msg = "a secret is set with secrets.set(name, value, hosts=[...])"
        raise UsageError(msg, hint="Or run %flarex_secrets set NAME, which keeps the value out of the cell.")

    def __contains__(self, name: object) -> bool:
        """Return whether any source holds the secret in the environment that is meant."""
        return isinstance(name, str) and any(info.name == name and info.source for info in self.list())

    def __iter__(self) -> Iterator[str]:
        """Return the names that are listed, each once."""
        return iter(dict.fromkeys(info.name for info in self.list()))

    def __repr__(self) -> str:
        """Return a table of names and states."""
        listed = self.list()
        if not listed:
            return "No secrets yet: run %flarex_secrets set NAME to add one."
        telling = any(info.version > 1 or info.expires_wall or info.source == "vault" for info in listed)
        rows = [row if telling else row[:_ALWAYS] for row in (_HEADS, *map(_row, listed))]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        """Refuse: secrets stay in their kernel."""
        msg = "secrets cannot be pickled, copied or stored: they stay in this kernel"
        raise TypeError(msg)

    def _meant_by(self, name: str, hosts: Iterable[str]) -> Environment:
        """The sandbox while it is on, for the secrets it filled itself; hosts of the outside world mean a live one."""
        ours = self._environment() == "sandbox" and self._sources.session.has(name, "sandbox")
        return "sandbox" if ours and all(is_loopback(parse(host).host) for host in hosts) else "live"

    def _env_of(self, name: str, env: Environment | None) -> Environment:
        return env or self._meant_by(check_name(name), ())

    def _keeper(self, name: str, env: Environment | None, what: str) -> tuple[SecretStore, Environment]:
        """Return the store that keeps the value, and its environment; say where a value is that none keeps."""
        chosen = self._env_of(name, env)
        for store in self._sources.stores(chosen):
            if store.has(name, chosen):
                return store, chosen
        if chosen == "live":
            source = self._sources.find(SecretRef(name)).source
            msg = f"{name} comes from {'the environment' if source == 'env' else 'the .env file'} and is {what} there"
            raise SecretMissing(msg, hint=f"%flarex_secrets set {name} keeps another value.")
        return self._sources.session, chosen

    def _take(self, name: str, value: str) -> Iterable[str]:
        """Keep a live value that was taken over from elsewhere, and return notes for the person."""
        try:
            stored = self.set(name, value, env="live")
            unbound = not self._sources.find(SecretRef(name)).hosts
            where = f"it is bound to no host, so it goes nowhere yet: %flarex_secrets scope {name} HOST"
            return (*stored.notes, where) if unbound else stored.notes
        finally:
            del value


def _noted(stored: Stored, named: Environment | None, chosen: Environment) -> Stored:
    """Say so where the environment was chosen for the person and is not the live one."""
    if named is None and chosen == "sandbox":
        return Stored(stored.name, (*stored.notes, _SANDBOX_NOTE))
    return stored


def _places(places: str | Iterable[str]) -> tuple[PlaceKind, ...]:
    known: tuple[PlaceKind, ...] = get_args(PlaceKind)
    given = set(places.replace(",", " ").split() if isinstance(places, str) else places)
    if not given or not given <= set(known):
        msg = "this is no place in a request"
        raise UsageError(msg, hint=f"It can be {', '.join(known)}; several with commas between them.")
    return tuple(place for place in known if place in given)


def _row(info: SecretInfo) -> tuple[str, ...]:
    version = str(info.version) if info.version else "-"
    end = date(info.expires_wall) if info.expires_wall else "-"
    hosts = ", ".join(info.hosts) or "-"
    return info.name, info.state, _FROM[info.source], hosts, info.env, version, end
