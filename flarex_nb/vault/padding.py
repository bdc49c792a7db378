"""A value filled up before it is sealed, so that the size of the ciphertext does not tell the value's length. Pure."""

from __future__ import annotations

from typing import Final

from flarex_nb.vault.layout_parts import PAD

_LENGTH_BYTES: Final = 4


def padded(text: str) -> bytes:
    """Return the text in UTF-8 behind its length, filled up with zeros to a multiple of 256 bytes."""
    plain = b""
    try:
        plain = text.encode()
        whole = -(-(len(plain) + _LENGTH_BYTES) // PAD) * PAD
        return (len(plain).to_bytes(_LENGTH_BYTES, "big") + plain).ljust(whole, b"\0")
    finally:
        del text, plain


def unpadded(data: bytes) -> str:
    """Return the text of what `padded` made."""
    try:
        length = int.from_bytes(data[:_LENGTH_BYTES], "big")
        return data[_LENGTH_BYTES : _LENGTH_BYTES + length].decode()
    finally:
        del data


def framed(parts: tuple[str, ...]) -> bytes:
    """Return the parts each behind its length, so that no two lists of parts give the same bytes."""
    encoded = [part.encode() for part in parts]
    return b"".join(len(part).to_bytes(_LENGTH_BYTES, "big") + part for part in encoded)
