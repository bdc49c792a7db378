"""What the magics do, as functions of a line: reads it, asks the client, says what came of it."""

from __future__ import annotations

import shlex
from difflib import get_close_matches
from typing import TYPE_CHECKING

from flarex_nb.client import default
from flarex_nb.errors import SecretMissing, UsageError
from flarex_nb.notebook.live import is_batch
from flarex_nb.notebook.scrub import refuse_in_cell
from flarex_nb.vault.ref import check_name
from flarex_nb.vault.scan import refuse_literal_keys

if TYPE_CHECKING:
    from collections.abc import Sequence

    from IPython.core.interactiveshell import InteractiveShell


def sandbox(line: str) -> None:
    """Turn the sandbox on or off, or print how it is."""
    state = _one_of(" ".join(words_of(line)) or "status", ("on", "off", "status"), "%flarex_sandbox")
    client = default()
    if state == "on":
        running = client.sandbox_on()
        names = ", ".join(running.services)
        said(f"Sandbox on for {names}: this machine answers, with simulated data and without a key.")
    elif state == "off":
        client.sandbox_off()
        said("Sandbox off: calls go to the real services.")
    elif client.sandbox is None:
        said("The sandbox is off: calls go to the real services. Turn it on with %flarex_sandbox on.")
    else:
        said(f"The sandbox is on at {client.sandbox.origin}: {', '.join(client.sandbox.services)}.")


def services(line: str) -> object:
    """Return the table of services, or the profile of one."""
    words = words_of(line)
    registry = default().services
    if not words:
        return registry
    _one_of(words[0], ("show",), "%flarex_services")
    if len(words) == 1:
        msg = "%flarex_services show needs the name of a service"
        raise UsageError(msg, hint=f"Known here: {', '.join(registry.names())}.")
    return registry.get(words[1])


SECRET_COMMANDS = ("list", "set", "rotate", "scope", "delete")


def secrets(shell: InteractiveShell, line: str) -> object:
    """Return the panel, or carry out one command on a secret."""
    refuse_in_cell(shell, line, default().redactor.find)
    words = words_of(line)
    store = default().secrets
    if not words:
        return _panel(shell)
    command = _one_of(words[0], SECRET_COMMANDS, "%flarex_secrets")
    if command == "list":
        return store
    if len(words) == 1:
        msg = f"%flarex_secrets {command} needs the name of a secret"
        raise UsageError(msg, hint=f"For example: %flarex_secrets {command} CRM_API_KEY")
    name, more = check_name(words[1]), words[2:]
    if command == "scope":
        if not more:
            msg = "%flarex_secrets scope needs the hosts the secret may go to"
            raise UsageError(msg, hint=f"For example: %flarex_secrets scope {name} api.example.com")
        store.scope(name, more)
    elif command == "delete":
        store.delete(name)
    else:
        _ask_and_keep(command, name, more)
    said(f"{name}: {_done(command)}.")
    return None


def _ask_and_keep(command: str, name: str, hosts: Sequence[str]) -> None:
    """Ask for the value where it is not shown, and store it; a value typed on the line is refused unread."""
    from flarex_nb.notebook.widgets.entry import ask_for_secret  # noqa: PLC0415 - only when one is entered

    if any("=" in word for word in hosts):
        msg = f"a value does not belong on the line of %flarex_secrets {command}"
        raise UsageError(msg, hint=f"Write %flarex_secrets {command} {name}; the value is asked for.")
    store = default().secrets
    if command == "rotate" and not any(info.name == name and info.source == "session" for info in store.list()):
        msg = f"this session keeps no value for {name} that could be replaced"
        raise SecretMissing(msg, hint=f"Set one: %flarex_secrets set {name}")
    value = ask_for_secret(name)
    for note in store.set(name, value, hosts=hosts) if command == "set" else store.rotate(name, value):
        said(note)


def _done(command: str) -> str:
    return {"set": "stored", "rotate": "replaced", "scope": "bound", "delete": "deleted"}[command]


def _panel(shell: InteractiveShell) -> object:
    """Return the panel where somebody can use it, and the list where nobody can."""
    if is_batch(shell):
        return default().secrets
    from flarex_nb.notebook.widgets.panel import SecretsPanel  # noqa: PLC0415 - ipywidgets loads with the panel

    return SecretsPanel(default().secrets, environment=default().environment)


def words_of(line: str) -> list[str]:
    """Return the words of a magic's line; a key written out on it is refused, not repeated."""
    refuse_literal_keys(line)
    try:
        return shlex.split(line)
    except ValueError:
        msg = "a quote on the line never closes"
        raise UsageError(msg, hint="Close it, or take it out.") from None


_LONGEST_WORD = 16
"""Letters a mistyped word may have to be shown again; anything longer may be a value put in the wrong place."""


def _one_of(word: str, known: Sequence[str], magic: str) -> str:
    if word in known:
        return word
    near = get_close_matches(word, known, n=1)
    shown = repr(word) if word.isalpha() and len(word) <= _LONGEST_WORD else "this"
    msg = f"{magic} does not know {shown}." + (f" Did you mean {near[0]!r}?" if near else "")
    raise UsageError(msg, hint=f"It can be {', '.join(known)}.")


def said(text: str) -> None:
    """Print a magic's plain words."""
    print(text)  # noqa: T201 - a magic's plain words belong on the cell's output
