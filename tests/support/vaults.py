"""Vault files for tests: real ones, with the cheapest key derivation that reading allows."""

from __future__ import annotations

import os
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from flarex_nb.clock import VirtualClock
from flarex_nb.vault import disk, opening
from flarex_nb.vault.envelope import Kek, new_document
from flarex_nb.vault.layout_parts import Kdf
from flarex_nb.vault.opened import OpenDocument
from flarex_nb.vault.vaultfile import VaultFile

if TYPE_CHECKING:
    from pathlib import Path

PASSPHRASE = "four fake words here"
OTHER = "four other fake words"
NAME = "CRM_API_KEY"


CHEAP = partial(Kdf, m=19 * 1024, t=2, p=1)
"""The least that reading accepts; the default cost is measured by tests of its own."""


def value_of(tail: str) -> str:
    """Make a value at run time, so that no code object holds it."""
    return "_".join(["sk", "sandbox", tail, "x9" * 8])


def cheap_vault(path: Path, clock: VirtualClock | None = None, *, masks=None) -> VaultFile:
    """Return a new vault file, written and open, that opens in a fraction of the usual time."""
    clock = clock or VirtualClock()
    document, keys = new_document(PASSPHRASE, CHEAP(os.urandom(16)))
    signed = keys.signed(replace(document, counter=1))
    disk.replace(path, signed.to_bytes(), verify=lambda _data: None, before=None)
    return VaultFile(OpenDocument(path, keys, signed, clock), clock, masks=masks)


def open_vault(path: Path, passphrase: str = PASSPHRASE, clock: VirtualClock | None = None, **how) -> VaultFile:
    """Return the file opened as a user's kernel opens it."""
    return opening.unlock(path, passphrase, opening.Around(clock or VirtualClock(), **how))


def opens(path: Path, passphrase: str = PASSPHRASE) -> bool:
    """Return whether the passphrase fits the file's header."""
    from flarex_nb.vault.layout import parse

    document = parse(path.read_bytes())
    return Kek.from_passphrase(passphrase, document.kdf).unwrap(document) is not None
