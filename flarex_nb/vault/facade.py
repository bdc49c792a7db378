"""What a person holds as `fx.secrets`: set, list, rotate, delete, scope, audit and handles.

Decides which environment is meant when none is named; keeps nothing itself, and has no way to read a value back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NoReturn

from flarex_nb.errors import SecretMissing, UsageError
from flarex_nb.model import SecretRef
from flarex_nb.vault.binding import is_loopback, normal_hosts, parse
from flarex_nb.vault.intake import wipe
from flarex_nb.vault.kept import SecretInfo, Stored
from flarex_nb.vault.ref import Secret, check_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from flarex_nb.model import Environment
    from flarex_nb.vault.audit import Use
    from flarex_nb.vault.kept import Infos
    from flarex_nb.vault.sources import Sources

_HEADS: Final = ("name", "state", "from", "bound to", "environment")
_FROM: Final = {"session": "this session", "env": "environment variable", ".env": ".env file", "": "-"}
_SANDBOX_NOTE: Final = "it is kept for the sandbox, which is on; the real service never gets it"


class Secrets:
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
    ) -> Stored:
        """Keep a value for this session and return notes for the person; a bytearray is overwritten with zeros.

        Args:
            name: by convention <SERVICE>_API_KEY.
            value: without a line break; whitespace around it is removed.
            hosts: the only hosts it may go to ("api.example.com", "127.0.0.1:8000", "*.example.com"); when none are
                given, those of the service that declares the secret.
            env: "live" or "sandbox"; when not given, "live", except for secrets that the sandbox has while it is on.

        Raises:
            UsageError: a name, value or host that cannot be kept; nothing of the value is repeated.
        """
        try:
            bound = normal_hosts(hosts)
            chosen = env or self._meant_by(check_name(name), bound)
            return _noted(self._sources.session.set(name, value, hosts=bound, env=chosen), env, chosen)
        finally:
            wipe(value)
            del value

    def rotate(self, name: str, value: str | bytes | bytearray, *, env: Environment | None = None) -> Stored:
        """Replace a kept value, its hosts unchanged, and return notes for the person.

        Raises:
            SecretMissing: this session keeps none.
            UsageError: the new value cannot be kept.
        """
        try:
            chosen = self._kept_env(name, env, "changed")
            return _noted(self._sources.session.rotate(name, value, env=chosen), env, chosen)
        finally:
            wipe(value)
            del value

    def delete(self, name: str, *, env: Environment | None = None) -> None:
        """Forget a kept value.

        Raises:
            SecretMissing: this session keeps none.
        """
        self._sources.session.delete(name, env=self._kept_env(name, env, "removed"))

    def scope(self, name: str, hosts: str | Iterable[str], *, env: Environment | None = None) -> None:
        """Let the secret go to these hosts and no others; values of the environment and `.env` too, for this session.

        Raises:
            SecretMissing: no source holds it.
            UsageError: a text that is no host.
        """
        bound = normal_hosts(hosts)
        chosen = self._env_of(name, env)
        if self._sources.session.has(name, chosen):
            self._sources.session.scope(name, bound, env=chosen)
        else:
            self._sources.find(SecretRef(name, chosen))
            self._sources.bind(name, bound)

    def list(self) -> Infos:
        """Return every secret known by name, those of known services without a value included, live before sandbox."""
        kept = self._sources.session.list()
        sandbox = tuple(info.name for info in kept if info.env == "sandbox")
        live = {info.name for info in kept if info.env == "live"} | {each.name for each in self._sources.declared()}
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
        rows = [_HEADS, *(_row(info) for info in listed)]
        widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADS))]
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

    def _kept_env(self, name: str, env: Environment | None, what: str) -> Environment:
        """Return the environment of a value this session keeps; say where a value is that it does not keep."""
        chosen = self._env_of(name, env)
        if not self._sources.session.has(name, chosen) and chosen == "live":
            source = self._sources.find(SecretRef(name)).source
            msg = f"{name} comes from {'the environment' if source == 'env' else 'the .env file'} and is {what} there"
            raise SecretMissing(msg, hint=f"%flarex_secrets set {name} keeps another value for this session.")
        return chosen


def _noted(stored: Stored, named: Environment | None, chosen: Environment) -> Stored:
    """Say so where the environment was chosen for the person and is not the live one."""
    if named is None and chosen == "sandbox":
        return Stored(stored.name, (*stored.notes, _SANDBOX_NOTE))
    return stored


def _row(info: SecretInfo) -> tuple[str, ...]:
    return info.name, info.state, _FROM[info.source], ", ".join(info.hosts) or "-", info.env
