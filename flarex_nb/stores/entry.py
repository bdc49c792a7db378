"""One kept answer, and the same as bytes for a store outside this process: bounded, with a version.

What comes from outside and is not exactly what is written here is no entry. Nothing of a request goes into the bytes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import orjson

from flarex_nb.model import Reply

if TYPE_CHECKING:
    from collections.abc import Callable

    from flarex_nb.model import Headers
    from flarex_nb.policies.freshness_facts import Facts

_MAGIC: Final = b"flarex-cache/1\n"
_LENGTH_BYTES: Final = 4

LARGEST: Final = 8 * 1024 * 1024
"""Bytes: a longer body is kept in this process only."""

_LARGEST_HEAD: Final = 256 * 1024

_NOTHING = Reply(0, (), b"", 0.0)


@dataclass(frozen=True, slots=True)
class Entry:
    """A kept answer.

    `facts` are what decides whether it is still good.
    With `varying`, it holds no answer but the request fields that choose among several. `service`, `method` and
    `address` are for showing: the address as a person wrote it, without secrets.
    """

    reply: Reply
    facts: Facts
    varying: tuple[str, ...] = ()
    service: str = ""
    method: str = ""
    address: str = ""

    @property
    def size(self) -> int:
        """About how many bytes it takes."""
        return len(self.reply.content) + sum(len(name) + len(value) for name, value in self.reply.headers)


def signpost(varying: tuple[str, ...], facts: Facts) -> Entry:
    """Return the entry that says which request fields choose among several answers."""
    return Entry(_NOTHING, facts, varying)


def pack(entry: Entry, stamp: str) -> bytes | None:
    """Return the entry as bytes, None when it is too large to be shared. `stamp` is the generation it belongs to."""
    reply = entry.reply
    head = orjson.dumps(
        {
            "status": reply.status,
            "headers": [[name, value] for name, value in reply.headers],
            "elapsed": reply.elapsed,
            "url": reply.url,
            "request_id": reply.request_id,
            "facts": list(entry.facts),
            "varying": list(entry.varying),
            "stamp": stamp,
        }
    )
    if len(reply.content) > LARGEST or len(head) > _LARGEST_HEAD:
        return None
    return _MAGIC + len(head).to_bytes(_LENGTH_BYTES, "big") + head + reply.content


def unpack(raw: bytes, read_facts: Callable[[list[object]], Facts | None]) -> tuple[Entry, str] | None:
    """Return the entry and its stamp, None for bytes that are not exactly one."""
    start = len(_MAGIC) + _LENGTH_BYTES
    if not raw.startswith(_MAGIC) or len(raw) < start or len(raw) > start + _LARGEST_HEAD + LARGEST:
        return None
    end = start + int.from_bytes(raw[len(_MAGIC) : start], "big")
    try:
        head = orjson.loads(raw[start:end])
        entry = _entry(head, raw[end:], read_facts)
        return None if entry is None or end > len(raw) else (entry, _text(head["stamp"]))
    except (ValueError, KeyError, TypeError):
        return None


def _entry(head: Any, content: bytes, read_facts: Callable[[list[object]], Facts | None]) -> Entry | None:
    facts = read_facts(head["facts"]) if isinstance(head["facts"], list) else None
    if facts is None:
        return None
    status, elapsed = head["status"], head["elapsed"]
    if type(status) is not int or type(elapsed) not in {int, float} or not math.isfinite(elapsed):
        raise TypeError
    headers: Headers = tuple((_text(name), _text(value)) for name, value in head["headers"])
    reply = Reply(status, headers, content, elapsed, _text(head["url"]), _text(head["request_id"]))
    return Entry(reply, facts, tuple(_text(name) for name in head["varying"]))


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value
