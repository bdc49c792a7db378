"""The values a cell asks of the machine: `{{$uuid}}`, `{{$timestamp}}`, `{{$datetime}}`, `{{$randomInt}}`.

Clock and dice are handed in. `{{$secret X}}` and its two older spellings give a name here, never a value.
"""

from __future__ import annotations

import datetime as dt
import email.utils
import random
import re
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flarex_nb.clock import RealClock
from flarex_nb.text.source import nearest, shown

if TYPE_CHECKING:
    from collections.abc import Callable

    from flarex_nb.text.source import Source

SECRETS = ("$secret", "$dotenv", "$processEnv")
"""Spellings of "the secret of that name": ours, and two of VS Code's REST Client."""

KNOWN = ("$uuid", "$guid", "$timestamp", "$datetime", "$randomInt", *SECRETS)
"""Every system variable there is."""

_OFFSET = re.compile(r"(?P<count>[+-]?\d{1,9})\s+(?P<unit>ms|s|m|h|d|w)\Z")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_TOKENS = re.compile(r"YYYY|YY|MM|DD|HH|mm|ss|SSS|ZZ|Z|X|\[[^\]]*\]")
_NAME = re.compile(r"[A-Za-z_]\w*\Z")


def _random_int(low: int, high: int) -> int:
    return random.Random().randrange(low, high)  # noqa: S311 - test data, nothing that must stay secret


@dataclass(frozen=True, slots=True)
class SystemValues:
    """Where the machine's values come from; a test hands in its own.

    `uuid` gives a version 4 UUID, `wall` seconds since 1970, `randint(a, b)` a whole number from a up to b without b.
    """

    uuid: Callable[[], str] = lambda: str(uuid.uuid4())
    wall: Callable[[], float] = RealClock().wall
    randint: Callable[[int, int], int] = _random_int


def is_system(text: str) -> bool:
    """Return whether the text of a hole asks the machine."""
    return text.lstrip().startswith("$")


def secret_asked(source: Source) -> str | None:
    """Return the name in `$secret NAME` (or `$dotenv`, `$processEnv`), None for any other system variable.

    Raises:
        CellSyntaxError: no name, or one that is none.
    """
    word, _, rest = source.text.strip().partition(" ")
    if word not in SECRETS:
        return None
    name = rest.strip()
    if not _NAME.match(name):
        msg = f"{word} needs the name of a secret"
        raise source.error(
            msg,
            hint="What stands there is not repeated: it could be the value. " * bool(name)
            + f"Write {{{{{word} CRM_API_KEY}}}}.",
        )
    return name


def system_value(source: Source, system: SystemValues) -> str | int:
    """Return the machine's value: text, or a whole number for `$timestamp` and `$randomInt`.

    Raises:
        CellSyntaxError: an unknown variable, or arguments it does not take.
    """
    word, _, rest = source.text.strip().partition(" ")
    match word:
        case "$uuid" | "$guid":
            _no_more(source, word, rest)
            return system.uuid()
        case "$timestamp":
            return int(system.wall() + _shift(source, rest.strip()))
        case "$datetime":
            return _datetime(source, rest.strip(), system)
        case "$randomInt":
            return _number(source, rest.split(), system)
        case _:
            msg = f"there is no system variable {shown(word)}.{nearest(word, KNOWN)}"
            raise source.error(msg, hint=f"System variables: {', '.join(KNOWN)}.")


def _no_more(source: Source, word: str, rest: str) -> None:
    if rest.strip():
        msg = f"{word} stands alone; {shown(rest.strip())} is too much"
        raise source.error(msg, hint=f"Write {{{{{word}}}}}.")


def _shift(source: Source, text: str) -> float:
    """Return the seconds of "-1 d"; 0 for nothing."""
    if not text:
        return 0.0
    found = _OFFSET.match(text)
    if found is None:
        msg = f"{shown(text)} is not an offset in time"
        raise source.error(msg, hint="An offset is a number and ms, s, m, h, d or w: {{$timestamp -1 d}}.")
    return int(found["count"]) * _UNITS[found["unit"]]


def _datetime(source: Source, rest: str, system: SystemValues) -> str:
    quoted = re.match(r"""(["'])(?P<form>.*?)\1\s*(?P<shift>.*)\Z""", rest, re.DOTALL)
    form, _, shift = rest.partition(" ") if quoted is None else (quoted["form"], "", quoted["shift"])
    try:
        moment = dt.datetime.fromtimestamp(system.wall() + _shift(source, shift.strip()), dt.UTC)
    except (OverflowError, ValueError, OSError):
        msg = "the offset leaves the calendar"
        raise source.error(msg, hint="Use a smaller offset.") from None
    if quoted is not None:
        return moment.strftime(form) if "%" in form else _spell(form, moment)
    if form == "iso8601":
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if form == "rfc1123":
        return email.utils.format_datetime(moment, usegmt=True)
    msg = f"$datetime cannot write {shown(form)}.{nearest(form, ('iso8601', 'rfc1123'))}"
    raise source.error(msg, hint='Write {{$datetime iso8601}}, {{$datetime rfc1123}} or {{$datetime "YYYY-MM-DD"}}.')


def _spell(form: str, moment: dt.datetime) -> str:
    """Return the moment in the tokens of VS Code's REST Client; text in brackets stays."""
    tokens = {"YYYY": "%Y", "YY": "%y", "MM": "%m", "DD": "%d", "HH": "%H", "mm": "%M", "ss": "%S", "Z": "+00:00"}
    special = {"ZZ": "+0000", "SSS": f"{moment.microsecond // 1000:03d}", "X": str(int(moment.timestamp()))}

    def spelled(found: re.Match[str]) -> str:
        token = found[0]
        if token.startswith("["):
            return token[1:-1]
        return special.get(token) or moment.strftime(tokens[token])

    return _TOKENS.sub(spelled, form)


def _number(source: Source, words: list[str], system: SystemValues) -> int:
    match [int(word) for word in words if re.fullmatch(r"-?\d{1,18}", word)]:
        case [low, high] if low < high and words[2:] == []:
            return system.randint(low, high)
    msg = "$randomInt needs two whole numbers, the lower first"
    raise source.error(msg, hint="Write {{$randomInt 1 100}}: 1 to 99.")
