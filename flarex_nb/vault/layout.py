"""The vault file as text: one strict JSON document, its bounds, and what each part is bound to. Pure; knows no key.

Whoever can write the file can write anything into it, so every number is bounded before it is used, and a document is
accepted only if writing it again gives the same bytes. Names, hosts and dates are readable; values are not.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NoReturn

from flarex_nb.vault.layout_parts import Gone, Kdf, Record, Unreadable, Wrap, sized, whole

if TYPE_CHECKING:
    from collections.abc import Iterable

FORMAT: Final = "flarex-vault"
VERSION: Final = 1

LARGEST: Final = 4 * 1024 * 1024
"""Bytes of a whole file, which bounds what reading one can cost."""

MOST: Final = 4096
"""Records, and as many names that were deleted."""

MAC_BYTES: Final = 32
_ID_LENGTH: Final = 32
_HEX: Final = frozenset("0123456789abcdef")
_HEAD: Final = ("format", "v", "file_id", "counter", "kdf", "keys", "records", "gone", "mac")


@dataclass(frozen=True, slots=True)
class Document:
    """A whole vault: who it is (`file_id`), how often it was written (`counter`), its keys and records, and the MAC.

    `mac` covers everything else: no record can be taken out, put back, swapped or renamed. That a whole older file was
    put in place of a newer one can be told only by a counter kept elsewhere (`holder`).
    """

    file_id: str
    kdf: Kdf
    wraps: tuple[Wrap, ...]
    counter: int = 0
    records: tuple[Record, ...] = ()
    gone: tuple[Gone, ...] = ()
    mac: bytes = field(default=b"", repr=False)

    def covered(self) -> bytes:
        """Return the bytes under the MAC: the document without it."""
        return json.dumps(self._plain(), ensure_ascii=True, separators=(",", ":")).encode()

    def to_bytes(self) -> bytes:
        """Return the file's content, the same bytes for the same document."""
        whole_document = {**self._plain(), "mac": base64.b64encode(self.mac).decode()}
        return json.dumps(whole_document, ensure_ascii=True, indent=1).encode() + b"\n"

    def _plain(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "v": VERSION,
            "file_id": self.file_id,
            "counter": self.counter,
            "kdf": self.kdf.plain(),
            "keys": [wrap.plain() for wrap in self.wraps],
            "records": [record.plain() for record in self.records],
            "gone": [each.plain() for each in self.gone],
        }

    def wrap_of(self, kek_id: str) -> Wrap | None:
        """Return the data key as that holder's key wraps it, None where there is no such holder."""
        return next((wrap for wrap in self.wraps if wrap.kek_id == kek_id), None)

    def wrap_context(self, kek_id: str) -> tuple[str, ...]:
        """Return what a wrapped data key is bound to: file, format, holder and the whole of the key derivation."""
        return ("flarex/vault/wrap", self.file_id, str(VERSION), kek_id, *self.kdf.bound(), self.kdf.salt.hex())

    def record_context(self, record: Record) -> tuple[str, ...]:
        """Return what a record's value is bound to.

        The salt is not in it, so that a new passphrase need not touch what the file's other parts are bound to.
        """
        return ("flarex/vault/record", self.file_id, str(VERSION), *record.bound(), *self.kdf.bound())


def parse(data: bytes) -> Document:
    """Return the document that the bytes hold; its MAC is not checked here.

    Raises:
        Unreadable: it is no vault file, one of another format, or was changed since it was written.
    """
    if len(data) > LARGEST:
        msg = f"it is larger than {LARGEST // 1024 // 1024} MiB"
        raise Unreadable(msg)
    document = _document(_json(data))
    if document.to_bytes() != data:
        msg = "it is not written as this package writes it"
        raise Unreadable(msg)
    return document


def _json(data: bytes) -> Any:
    try:
        return json.loads(
            data.decode("ascii"), object_pairs_hook=_once, parse_float=_no_number, parse_constant=_no_number
        )
    except (ValueError, RecursionError):  # a decoder's error quotes the text
        pass
    msg = "it is not the text of a vault"
    raise Unreadable(msg)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError
    return found


def _no_number(_text: str) -> NoReturn:
    raise ValueError


def _document(found: Any) -> Document:
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        msg = "it is not a vault file"
        raise Unreadable(msg)
    if found.get("v") != VERSION or isinstance(found["v"], bool):
        msg = "it is a vault of another version of this package"
        raise Unreadable(msg)
    if tuple(found) != _HEAD:
        msg = "a part of it is missing or unknown"
        raise Unreadable(msg)
    document = Document(
        file_id=_file_id(found["file_id"]),
        counter=whole(found["counter"], 0, 2**53),
        kdf=Kdf.read(found["kdf"]),
        wraps=tuple(Wrap.read(each) for each in _list(found["keys"], 2)),
        records=tuple(Record.read(each) for each in _list(found["records"], MOST)),
        gone=tuple(Gone.read(each) for each in _list(found["gone"], MOST)),
        mac=sized(found["mac"], MAC_BYTES, MAC_BYTES),
    )
    _each_once((wrap.kek_id for wrap in document.wraps), "a key")
    _each_once(((each.name, each.env, each.version) for each in document.records), "a record")
    _each_once(((each.name, each.env) for each in document.gone), "a deleted name")
    return document


def _file_id(found: Any) -> str:
    if not isinstance(found, str) or len(found) != _ID_LENGTH or not _HEX.issuperset(found):
        msg = "it has no identity"
        raise Unreadable(msg)
    return found


def _list(found: Any, most: int) -> list[Any]:
    if not isinstance(found, list) or len(found) > most:
        msg = "it holds more than a vault can, or something else"
        raise Unreadable(msg)
    return found


def _each_once(keys: Iterable[object], what: str) -> None:
    listed = list(keys)
    if len(set(listed)) != len(listed):
        msg = f"it holds {what} twice"
        raise Unreadable(msg)
