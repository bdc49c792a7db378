"""What the magics do, as functions of a line: reads it, asks the client, says what came of it."""

from __future__ import annotations

import shlex
from difflib import get_close_matches
from typing import TYPE_CHECKING

from flarex_nb.client import default
from flarex_nb.errors import UsageError
from flarex_nb.vault.scan import refuse_literal_keys

if TYPE_CHECKING:
    from collections.abc import Sequence


def sandbox(line: str) -> None:
    """Turn the sandbox on or off, or print how it is."""
    state = one_of(" ".join(words_of(line)) or "status", ("on", "off", "status"), "%flarex_sandbox")
    client = default()
    if state == "on":
        running = client.sandbox_on()
        names = ", ".join(running.services)
        say(f"Sandbox on for {names}: this machine answers, with simulated data and without a key.")
    elif state == "off":
        client.sandbox_off()
        say("Sandbox off: calls go to the real services.")
    elif client.sandbox is None:
        say("The sandbox is off: calls go to the real services. Turn it on with %flarex_sandbox on.")
    else:
        say(f"The sandbox is on at {client.sandbox.origin}: {', '.join(client.sandbox.services)}.")


def services(line: str) -> object:
    """Return the table of services, or the profile of one."""
    words = words_of(line)
    registry = default().services
    if not words:
        return registry
    one_of(words[0], ("show",), "%flarex_services")
    if len(words) == 1:
        msg = "%flarex_services show needs the name of a service"
        raise UsageError(msg, hint=f"Known here: {', '.join(registry.names())}.")
    return registry.get(words[1])


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


def one_of(word: str, known: Sequence[str], magic: str) -> str:
    """Return the word if the magic knows it; what may be a value in the wrong place is not repeated.

    Raises:
        UsageError: it does not; with the nearest one, and all there are.
    """
    if word in known:
        return word
    near = get_close_matches(word, known, n=1)
    shown = repr(word) if word.isalpha() and len(word) <= _LONGEST_WORD else "this"
    msg = f"{magic} does not know {shown}." + (f" Did you mean {near[0]!r}?" if near else "")
    raise UsageError(msg, hint=f"It can be {', '.join(known)}.")


def say(text: str) -> None:
    """Print plain words on the cell's output."""
    print(text)  # noqa: T201 - a magic's plain words belong on the cell's output
