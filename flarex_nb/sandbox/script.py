"""Read a script of faults: "503:retry-after=1,429,200" -> what each request of one call gets, in order.

Pure text in, values out. What a fault does on the wire is in `faults`; what a status looks like is the provider's.
"""

from __future__ import annotations

import re
import time
from collections import OrderedDict
from dataclasses import dataclass
from email.utils import formatdate
from urllib.parse import unquote

NAMED = {
    "reset": "TCP reset before any answer",
    "close": "the connection is closed without an answer",
    "truncate": "Content-Length promises more than is sent",
    "drip": "headers at once, then a byte every quarter of a second (drip=SECONDS, 60 by default)",
    "drip-headers": "status line at once, then headers that never end (drip-headers=SECONDS, 60 by default)",
    "hang": "no answer (hang=SECONDS, 60 by default)",
    "bad-json": "200 whose JSON breaks off",
    "wrong-schema": "200, valid JSON, another envelope",
    "html": "502 with an HTML page",
    "redirect-private": "302 to http://169.254.169.254/",
    "redirect-same": "302 to the same URL",
    "redirect-out": "302 to another origin",
    "gzip-bomb": "about 1 MB of gzip that unpacks to 1 GiB",
    "huge": "an endless body",
    "lost-reply": "the request is carried out, then the connection is reset",
    "slow": "headers at once, the whole body spread over SECONDS (slow=SECONDS, required)",
}
"""Each named fault and what it does."""

TIMED = {"drip": 60.0, "drip-headers": 60.0, "hang": 60.0}
ERRORS = 400
MAX_ITEMS = 100
MAX_SECONDS = 600.0
_OPTION = re.compile(r":(?=[A-Za-z0-9_-]+=)")
_TOKEN = re.compile(r"[A-Za-z0-9_-]+")
_FRAMING = frozenset({"connection", "content-length", "content-type", "transfer-encoding", "date"})


class BadScript(ValueError):
    """The script cannot be followed; the text says which item and why."""


@dataclass(frozen=True, slots=True)
class Item:
    """What one request gets.

    `name` is a named fault, "" for a status. `status` 200 serves normally. `seconds` is a named fault's duration,
    `latency` what passes before anything is sent. `code` asks for one of the provider's error codes. `headers` are
    sent with a scripted status and replace the provider's own of the same name.
    """

    text: str
    name: str = ""
    status: int = 200
    seconds: float = 0.0
    latency: float = 0.0
    code: str = ""
    headers: tuple[tuple[str, str], ...] = ()


NORMAL = Item("200")


def parse(text: str) -> tuple[Item, ...]:
    """Return the items of a comma-separated script; a comma or colon inside a value is written %2C or %3A.

    Raises BadScript for an unknown fault, option or number.
    """
    parts = [part.strip() for part in text.split(",")]
    if parts == [""]:
        return ()
    if len(parts) > MAX_ITEMS:
        message = f"a script has at most {MAX_ITEMS} items, this one has {len(parts)}"
        raise BadScript(message)
    return tuple(_item(part) for part in parts)


def _item(text: str) -> Item:
    head, *options = _OPTION.split(text)
    name, has_seconds, amount = head.partition("=")
    if name in NAMED:
        seconds = _seconds(text, amount) if has_seconds else TIMED.get(name, 0.0)
        _check_duration(text, name, given=bool(has_seconds))
        latency, code, headers = _options(text, options)
        if code or headers:
            message = f"{text!r}: {name} takes no option but latency=SECONDS"
            raise BadScript(message)
        return Item(text, name=name, seconds=seconds, latency=latency)
    latency, code, headers = _options(text, options)
    return Item(text, status=_status(head), latency=latency, code=code, headers=headers)


def _check_duration(text: str, name: str, *, given: bool) -> None:
    if name == "slow" and not given:
        message = f"{text!r}: say how slow, as in slow=2"
        raise BadScript(message)
    if given and name != "slow" and name not in TIMED:
        message = f"{text!r}: {name} takes no duration"
        raise BadScript(message)


def _status(head: str) -> int:
    if re.fullmatch(r"[2-5][0-9][0-9]", head) is None:
        message = f"unknown fault {head!r}; known are an HTTP status (200 serves normally), {', '.join(NAMED)}"
        raise BadScript(message)
    status = int(head)
    if status != NORMAL.status and status < ERRORS:
        message = f"{head!r}: only 200 and the error statuses 400 to 599 can be asked for"
        raise BadScript(message)
    return status


def _options(text: str, options: list[str]) -> tuple[float, str, tuple[tuple[str, str], ...]]:
    latency, code, headers = 0.0, "", []
    for option in options:
        name, _, raw = option.partition("=")
        value = unquote(raw)
        if name == "latency":
            latency = _seconds(text, value)
        elif name == "code":
            code = _word(text, value)
        else:
            headers.append((name.lower(), _header_value(text, name.lower(), value)))
    return latency, code, tuple(headers)


def _word(text: str, value: str) -> str:
    if _TOKEN.fullmatch(value) is None:
        message = f"{text!r}: {value!r} is not an error code"
        raise BadScript(message)
    return value


def _header_value(text: str, name: str, value: str) -> str:
    if name in _FRAMING or not value.isascii() or not value.isprintable():
        message = f"{text!r}: the header {name} cannot be set to that"
        raise BadScript(message)
    if re.fullmatch(r"\+[0-9]{1,9}", value) is None:
        return value
    moment = time.time() + int(value)
    return formatdate(moment, usegmt=True) if name == "retry-after" else str(int(moment))


def _seconds(text: str, value: str) -> float:
    if re.fullmatch(r"[0-9]{1,4}(\.[0-9]{1,6})?|\.[0-9]{1,6}", value) is None or float(value) > MAX_SECONDS:
        message = f"{text!r}: {value!r} is not a number of seconds from 0 to {MAX_SECONDS:g}"
        raise BadScript(message)
    return float(value)


class Turns:
    """Counts the requests of each call, so that the k-th gets the k-th item; keeps the newest 10,000 calls."""

    def __init__(self, keep: int = 10_000) -> None:
        """Begin with no call known."""
        self._seen: OrderedDict[tuple[str, str], int] = OrderedDict()
        self._keep = keep

    def take(self, call: str, page: str, items: tuple[Item, ...]) -> Item:
        """Return this request's item; NORMAL after the last. Without a call id every request is a first one."""
        if not items:
            return NORMAL
        if not call:
            return items[0]
        turn = self._seen.pop((call, page), 0)
        self._seen[(call, page)] = turn + 1
        while len(self._seen) > self._keep:
            self._seen.popitem(last=False)
        return items[turn] if turn < len(items) else NORMAL

    def clear(self) -> None:
        """Forget every call."""
        self._seen.clear()
