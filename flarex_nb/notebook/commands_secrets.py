"""What `%flarex_secrets` does: the panel, and each command on a secret or on the vault file.

Values and passphrases are asked for where they are not shown, and are refused on the line.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from flarex_nb.client import default
from flarex_nb.errors import SecretMissing, UsageError
from flarex_nb.notebook.boxes import Sheet
from flarex_nb.notebook.commands import one_of, say, words_of
from flarex_nb.notebook.live import is_batch
from flarex_nb.notebook.scrub import refuse_in_cell
from flarex_nb.vault.door import full
from flarex_nb.vault.ref import check_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from IPython.core.interactiveshell import InteractiveShell

    from flarex_nb.vault.facade import Secrets

_MAGIC = "%flarex_secrets"
_HOSTED = "colab"


@dataclass(frozen=True, slots=True)
class Line:
    """What stands behind a command: plain words, and options by name ("" for one without a value)."""

    words: tuple[str, ...] = ()
    options: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Command:
    """One command: what carries it out, and its options with whether each takes a value."""

    run: Callable[[Secrets, Line], object]
    options: dict[str, bool] = field(default_factory=dict)


def secrets(shell: InteractiveShell, line: str) -> object:
    """Return the panel, or carry out one command on a secret or the vault file."""
    refuse_in_cell(shell, line, default().redactor.find)
    words = words_of(line)
    if not words:
        return _panel(shell)
    name = one_of(words[0], tuple(COMMANDS), _MAGIC)
    command = COMMANDS[name]
    return command.run(default().secrets, _read(name, words[1:], command.options))


def _panel(shell: InteractiveShell) -> object:
    """Return the panel where somebody can use it, and the list where nobody can."""
    if is_batch(shell):
        return default().secrets
    from flarex_nb.notebook.widgets.panel import SecretsPanel  # noqa: PLC0415 - ipywidgets loads with the panel

    return SecretsPanel(default().secrets, environment=default().environment)


def _read(command: str, words: list[str], known: dict[str, bool]) -> Line:
    """Return the words and options of a line; an option may have its value behind a space or a `=`."""
    plain: list[str] = []
    options: dict[str, str] = {}
    rest = iter(words)
    for word in rest:
        if not word.startswith("--"):
            plain.append(word)
            continue
        name, equals, value = word[2:].partition("=")
        one_of(name, tuple(known), f"{_MAGIC} {command}")
        if known[name] and not equals:
            value = next(rest, "")
        if known[name] != bool(value):
            msg = f"--{name} {'needs a value' if known[name] else 'takes no value'}"
            raise UsageError(msg, hint=f"See {_MAGIC}?")
        options[name] = value
    return Line(tuple(plain), options)


def _named(command: str, line: Line) -> tuple[str, tuple[str, ...]]:
    if not line.words:
        msg = f"{_MAGIC} {command} needs the name of a secret"
        raise UsageError(msg, hint=f"For example: {_MAGIC} {command} CRM_API_KEY")
    return check_name(line.words[0]), line.words[1:]


def _none(command: str, words: Iterable[str]) -> None:
    if any(words):
        msg = f"{_MAGIC} {command} takes no more words than it needs"
        raise UsageError(msg, hint=f"See {_MAGIC}?")


def _list(store: Secrets, line: Line) -> object:
    _none("list", line.words)
    return store


def _set(store: Secrets, line: Line) -> None:
    name, hosts = _named("set", line)
    _no_value("set", name, hosts)
    from flarex_nb.vault.lifetime import end_of  # noqa: PLC0415 - cryptography loads with the first secret

    expires = line.options.get("expires")
    end_of(expires, default().clock.wall())  # before anybody types a value
    _tell(name, "stored", store.set(name, _ask(name), hosts=hosts, expires=expires))


def _rotate(store: Secrets, line: Line) -> None:
    name, more = _named("rotate", line)
    _no_value("rotate", name, more)
    _none("rotate", more)
    if not any(info.name == name and info.source in {"session", "vault"} for info in store.list()):
        msg = f"this session keeps no value for {name} that could be replaced"
        raise SecretMissing(msg, hint=f"Set one: {_MAGIC} set {name}")
    keep = line.options.get("keep", "10m")
    from flarex_nb.vault.lifetime import seconds_of  # noqa: PLC0415 - cryptography loads with the first secret

    left = seconds_of(keep)
    stored = store.rotate(name, _ask(name), keep=left, expires=line.options.get("expires"))
    still = f"the old value counts for {keep} more, should the new one be refused (401)"
    _tell(name, "replaced", (*stored, *([still] if left else [])))


def _scope(store: Secrets, line: Line) -> None:
    name, hosts = _named("scope", line)
    if not hosts:
        msg = f"{_MAGIC} scope needs the hosts the secret may go to"
        raise UsageError(msg, hint=f"For example: {_MAGIC} scope {name} api.example.com")
    store.scope(name, hosts, places=line.options.get("places"))
    _tell(name, "bound", ())


def _delete(store: Secrets, line: Line) -> None:
    name, more = _named("delete", line)
    _none("delete", more)
    store.delete(name)
    _tell(name, "deleted", ())


def _audit(store: Secrets, line: Line) -> Sheet:
    _none("audit", line.words)
    from flarex_nb.notebook.render.secrets import uses_html, uses_text  # noqa: PLC0415 - only when asked for

    uses = store.audit()
    return Sheet(uses_html(uses), uses_text(uses), of=uses)


def _import(store: Secrets, line: Line) -> None:
    if line.words[:1] == (_HOSTED,):
        came = store.import_hosted(*line.words[1:])
    else:
        came = store.import_env(line.words[0] if line.words else None, line.words[1:])
    say(f"Taken over: {', '.join(came.taken) or 'nothing'}." + (f" Left: {', '.join(came.left)}." if came.left else ""))
    for note in came:
        say(note)


def _persist(store: Secrets, line: Line) -> None:
    _none("persist", line.words[1:])
    keyring, path = "keyring" in line.options, line.words[0] if line.words else None
    file = line.options.get("passphrase-file")
    state = store.vault()
    where = full(path) if path else state.path
    asked = None if file or (state.open and not keyring) else _passphrase(where, twice=not where.exists())
    came = store.persist(path, asked, passphrase_file=file, keyring=keyring)
    say(str(came))
    for note in came:
        say(f"{note}.")


def _unlock(store: Secrets, line: Line) -> None:
    _none("unlock", line.words[1:])
    path, file, older = (
        line.words[0] if line.words else None,
        line.options.get("passphrase-file"),
        "older" in line.options,
    )
    if not store.can_unlock_alone(path, passphrase_file=file):
        where = full(path) if path else store.vault().path
        say(str(store.unlock(path, _passphrase(where), older=older)))
    else:
        say(str(store.unlock(path, passphrase_file=file, older=older)))


def _lock(store: Secrets, line: Line) -> None:
    _none("lock", line.words)
    say(str(store.lock()))


def _rekey(store: Secrets, line: Line) -> None:
    _none("rekey", line.words)
    file = line.options.get("passphrase-file")
    if not store.vault().open:
        store.rekey()  # says why not, before anybody types a passphrase
    asked = None if file else _passphrase(store.vault().path, twice=True, what="new passphrase")
    say(str(store.rekey(asked, passphrase_file=file, keyring="keyring" in line.options or None)))
    say("The old passphrase opens nothing more, its backup included.")


def _no_value(command: str, name: str, words: Iterable[str]) -> None:
    if any("=" in word for word in words):
        msg = f"a value does not belong on the line of {_MAGIC} {command}"
        raise UsageError(msg, hint=f"Write {_MAGIC} {command} {name}; the value is asked for.")


def _ask(name: str) -> str:
    from flarex_nb.notebook.widgets.entry import ask_for_secret  # noqa: PLC0415 - only when one is entered

    return ask_for_secret(name)


def _passphrase(where: Path, *, twice: bool = False, what: str = "passphrase") -> str:
    from flarex_nb.notebook.widgets.entry import ask_for_passphrase  # noqa: PLC0415 - only when one is entered

    return ask_for_passphrase(f"{what} for {where}", where, twice=twice)


def _tell(name: str, done: str, notes: Iterable[str]) -> None:
    for note in notes:
        say(note)
    say(f"{name}: {done}.")


_FILE = {"passphrase-file": True}

COMMANDS = {
    "list": Command(_list),
    "set": Command(_set, {"expires": True}),
    "rotate": Command(_rotate, {"keep": True, "expires": True}),
    "scope": Command(_scope, {"places": True}),
    "delete": Command(_delete),
    "audit": Command(_audit),
    "import": Command(_import),
    "persist": Command(_persist, {"keyring": False, **_FILE}),
    "unlock": Command(_unlock, {"older": False, **_FILE}),
    "lock": Command(_lock),
    "rekey": Command(_rekey, {"keyring": False, **_FILE}),
}
"""The commands by name, for reading, completing and listing them."""


def options_of(command: str) -> tuple[str, ...]:
    """Return the options of a command, none for what is none."""
    return tuple(COMMANDS[command].options) if command in COMMANDS else ()
