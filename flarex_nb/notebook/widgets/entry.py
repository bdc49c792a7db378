"""Asking for a value where the panel cannot: getpass, whose limits it states. It keeps nothing."""

from __future__ import annotations

import getpass
import warnings
from typing import TYPE_CHECKING

from IPython.core.error import StdinNotImplementedError

from flarex_nb.errors import SecretMissing, UsageError
from flarex_nb.vault.trouble import locked

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MEANING = (
    "The value travels unencrypted on the kernel's stdin channel and is not saved in the notebook; "
    "the panel of %flarex_secrets encrypts it."
)
"""What getpass means for a secret, in one sentence."""


def ask_for_secret(name: str, ask: Callable[[str], str] | None = None) -> str:
    """Return the value a person types for `name`, asked with getpass after saying what that means.

    `ask` takes the prompt and returns the answer. The default is looked up at each call, because the kernel replaces
    `getpass.getpass` while it runs a cell.

    Raises:
        SecretMissing: nobody can be asked here, typing would be visible, or nothing was typed.
    """
    value = _typed(f"{MEANING}\n{name}: ", ask)
    if value is None:
        message = f"{name} is not set, and this run cannot ask for it without showing what is typed"
        raise SecretMissing(message, hint=_without_asking(name))
    if not value.strip():
        message = f"{name} is not set: nothing was typed"
        raise SecretMissing(message, hint=_without_asking(name))
    return value


def ask_for_passphrase(what: str, path: Path, *, twice: bool = False, ask: Callable[[str], str] | None = None) -> str:
    """Return the passphrase a person types for the vault file at `path`, asked a second time where it is a new one.

    Raises:
        VaultLocked: nobody can be asked here without showing what is typed, or nothing was typed.
        UsageError: the two differ.
    """
    value = again = None
    try:
        value = _typed(f"{MEANING}\n{what}: ", ask)
        if not value:
            raise locked(path, "this run cannot ask for the passphrase" if value is None else "nothing was typed")
        if twice:
            again = _typed(f"{what}, again: ", ask)
            if again != value:
                message = "the two passphrases differ"
                raise UsageError(message, hint="Run it again. Nothing was changed.")
        return value
    finally:
        del value, again


def _typed(prompt: str, ask: Callable[[str], str] | None) -> str | None:
    """Return what was typed unseen, None where nobody can do that."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", getpass.GetPassWarning)
            return (ask or getpass.getpass)(prompt)
    except (StdinNotImplementedError, EOFError, OSError, getpass.GetPassWarning):
        return None


def _without_asking(name: str) -> str:
    return f"Set the environment variable {name} before the kernel starts, or put a line {name}=... into a .env file."
