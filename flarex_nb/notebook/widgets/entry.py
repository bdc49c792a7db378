"""Asking for a value where the panel cannot: getpass, whose limits it states. It keeps nothing."""

from __future__ import annotations

import getpass
import warnings
from typing import TYPE_CHECKING

from IPython.core.error import StdinNotImplementedError

from flarex_nb.errors import SecretMissing

if TYPE_CHECKING:
    from collections.abc import Callable

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
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", getpass.GetPassWarning)
            value = (ask or getpass.getpass)(f"{MEANING}\n{name}: ")
    except (StdinNotImplementedError, EOFError, OSError, getpass.GetPassWarning):
        message = f"{name} is not set, and this run cannot ask for it without showing what is typed"
        raise SecretMissing(message, hint=_without_asking(name)) from None
    if not value.strip():
        message = f"{name} is not set: nothing was typed"
        raise SecretMissing(message, hint=_without_asking(name))
    return value


def _without_asking(name: str) -> str:
    return f"Set the environment variable {name} before the kernel starts, or put a line {name}=... into a .env file."
