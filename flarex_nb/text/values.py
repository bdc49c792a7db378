"""A Python value becomes JSON or text, by what it can do rather than by whose type it is; no library is imported.

Refuses what would arrive as something else than it is: NaN, a table, bytes, a set, an object of unknown make.
"""

from __future__ import annotations

import calendar
import datetime as dt
import json
import math
import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from decimal import Decimal
from pathlib import PurePath
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from flarex_nb.errors import UsageError
from flarex_nb.text.kinds import CellText, Instant, Marked, is_missing, is_table, secret_name, unwrap

if TYPE_CHECKING:
    from flarex_nb.model import Json

MAX_TEXT = 64 * 1024
"""Characters one value may become; more is a table or a file that got in by accident."""

MAX_DEPTH = 64
"""Levels a value may nest; a value that holds itself ends here too."""

MAX_BITS = 1024
"""Bits a whole number may have, and decimal places a Decimal may be moved: beyond lies a mistake, not a quantity."""

Dates: TypeAlias = Literal["iso", "epoch"]
NameSecret: TypeAlias = Callable[[str], str]
"""Gives the marker that stands for a secret; refuses where it may not stand."""

_JSON_WORD = re.compile(r"(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)\Z")


def plain(value: object, secret: NameSecret | None = None, depth: int = 0) -> Json:
    """Return the value as JSON holds it: dates as ISO 8601 text, Decimal as a number where that loses nothing.

    Raises:
        UsageError: a value JSON cannot hold, too large, or too deep.
    """
    if depth > MAX_DEPTH:
        msg = f"the value nests deeper than {MAX_DEPTH} levels, or holds itself"
        raise UsageError(msg, hint="Send a flatter value.")
    if isinstance(value, Marked):
        return str(_all_marked(value, secret))
    name = secret_name(value)
    if name is not None:
        return _marked(name, secret)
    value = unwrap(value)
    if value is not None and is_missing(value):
        raise _missing(value)
    found = _plain_scalar(value)
    return _plain_container(value, secret, depth) if found is _NONE else found


_NONE: Final = object()


def _plain_scalar(value: object) -> object:  # noqa: PLR0911 - one return for each kind of value
    """Return a value that is one item in JSON; `_NONE` for what holds others."""
    match value:
        case None | bool():
            return value
        case int() | float() | Decimal():
            return _number(value)
        case CellText() if _JSON_WORD.match(value):
            return _loads(value)
        case Instant():
            return value
        case str():
            return _clean(value)
        case dt.date() if not is_missing(value):
            return Instant(value.isoformat(), epoch(value))
        case _:
            text = _as_text(value, "iso")
            return _NONE if text is None else text


def _plain_container(value: object, secret: NameSecret | None, depth: int) -> Json:
    if is_table(value):
        raise _table(value)
    held = _contents(value)
    if isinstance(held, Mapping):
        return {_key(key): plain(item, secret, depth + 1) for key, item in held.items()}
    if isinstance(held, list | tuple):
        return [plain(item, secret, depth + 1) for item in held]
    raise _foreign(value)


def _contents(value: object) -> object:
    """Return the mapping or list that a model, a dataclass or an array comes to; anything else as it is."""
    kind = type(value)
    if hasattr(kind, "model_fields") and hasattr(kind, "model_dump"):
        try:
            return value.model_dump(mode="json")  # type: ignore[attr-defined]  # looked for on the line above
        except Exception as error:  # noqa: BLE001 - a foreign model's serialisers may do anything
            msg = f"the {kind.__name__} cannot be written as JSON ({type(error).__name__})"
            raise UsageError(msg, hint="Send its fields one by one.") from None
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: object.__getattribute__(value, each.name) for each in fields(value)}
    if hasattr(kind, "dtype") and hasattr(kind, "tolist"):
        return value.tolist()  # type: ignore[attr-defined]  # looked for on the line above
    return value


def text_of(value: object, dates: Dates = "iso") -> str:
    """Return the one value as text for a path, query, form or header: true and false in lower case.

    `dates` says how an instant is written: "iso" (ISO 8601) or "epoch" (whole seconds since 1970; a naive one is UTC).

    Raises:
        UsageError: a list, a mapping, a table, or a value that has no text of its own.
    """
    value = unwrap(value)
    if is_missing(value):
        raise _missing(value)
    text = _scalar_text(value, dates)
    if text is not None:
        return text
    raise _table(value) if is_table(value) else _foreign(value, many=isinstance(value, Mapping | list | tuple))


def _scalar_text(value: object, dates: Dates) -> str | None:  # noqa: PLR0911 - one return for each kind of value
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return str(_whole(value))
        case float():
            return repr(_finite(value))
        case Instant():
            return str(value.epoch) if dates == "epoch" else str(value)
        case str():
            return _clean(value)
        case Decimal():
            return _digits(value)
        case _:
            return _as_text(value, dates)


def epoch(value: dt.date) -> int:
    """Return the instant as whole seconds since 1970; a date is its first second, a naive time is UTC."""
    instant = value if isinstance(value, dt.datetime) else dt.datetime(value.year, value.month, value.day)  # noqa: DTZ001
    aware = instant if instant.tzinfo is not None else instant.replace(tzinfo=dt.UTC)
    return calendar.timegm(aware.utctimetuple())


def _as_text(value: object, dates: Dates) -> str | None:
    """Return the text of a date, a time, an id or a path; None for anything else."""
    if isinstance(value, dt.date) and not is_missing(value):
        return str(epoch(value)) if dates == "epoch" else value.isoformat()
    if isinstance(value, dt.time):
        return value.isoformat()
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, PurePath):
        return value.as_posix()
    return None


def _clean(text: str) -> str:
    if len(text) > MAX_TEXT:
        msg = f"the value is a text of {len(text):,} characters; {MAX_TEXT:,} is the most that is filled in"
        raise UsageError(msg, hint="Put a text that long into a file and send it with a line: < ./file")
    text = str.__str__(text)
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        msg = "the text holds half a character (a lone surrogate), which has no encoding"
        raise UsageError(msg, hint="Decode the text again, from bytes that are whole.")
    return text


def _finite(value: float) -> float:
    if not math.isfinite(value):
        msg = f"the value is {value}, which JSON and URLs cannot hold"
        raise UsageError(msg, hint="Write {{ x | default(None) }} to send null, or leave such rows out first.")
    return float(value)


def _whole(value: int) -> int:
    if value.bit_length() > MAX_BITS:
        msg = f"the value is a whole number of {value.bit_length():,} bits"
        raise UsageError(msg, hint="Send it as text, or check how it was made.")
    return int(value)


def _digits(value: Decimal) -> str:
    """Return every digit of it, without an exponent."""
    if not value.is_finite() or abs(value.adjusted()) > MAX_BITS:
        msg = "the value is a Decimal that is infinite or has too many digits to write out"
        raise UsageError(msg, hint="Round it first.")
    return format(value, "f")


def _number(value: float | Decimal) -> int | float:
    if isinstance(value, int):
        return _whole(value)
    if isinstance(value, float):
        return _finite(value)
    if value.is_finite() and abs(value.adjusted()) < MAX_BITS // 4 and value == value.to_integral_value():
        return int(value)
    number = _finite(float(value))
    if Decimal(repr(number)) != value:
        msg = "the Decimal has more digits than a JSON number keeps"
        raise UsageError(msg, hint='Put quotes around it, "{{x}}", to send every digit as text, or round it first.')
    return number


def _key(key: object) -> str:
    key = unwrap(key)
    if isinstance(key, str):
        return _clean(key)
    if isinstance(key, int | dt.date | uuid.UUID):
        return text_of(key)
    msg = f"a key of the mapping is a {type(key).__name__}; JSON has only text as keys"
    raise UsageError(msg, hint="Make the keys text first.")


def _marked(name: str, secret: NameSecret | None) -> str:
    if secret is None:
        msg = f"the secret {name} may not stand inside this value"
        raise UsageError(msg, hint="The service's own profile places its secret; leave it out of the data.")
    return secret(name)


def _all_marked(value: Marked, secret: NameSecret | None) -> str:
    for name in value.secrets:
        _marked(name, secret)
    return str.__str__(value)


def _loads(text: str) -> Json:
    found = json.loads(text) if len(text) < MAX_BITS else text
    return found if not isinstance(found, float) or math.isfinite(found) else str.__str__(text)


def _missing(value: object) -> UsageError:
    msg = f"a value is missing here ({value!r})"
    return UsageError(
        msg, hint="Give it a value, or say what to send instead: {{ x | default(None) }} is null in JSON."
    )


def _table(value: object) -> UsageError:
    shape = getattr(value, "shape", None)
    size = f" of {' x '.join(f'{each:,}' for each in shape)}" if isinstance(shape, tuple) else ""
    msg = f"the value is a whole {type(value).__name__}{size}, not one value"
    return UsageError(msg, hint='Choose one value, such as row.id, or pass df["id"].tolist() or df.to_dict("records").')


def _foreign(value: object, *, many: bool = False) -> UsageError:
    if many:
        msg = f"the value is a {type(value).__name__}, and only one value fits here"
        return UsageError(msg, hint="Choose one item of it, or join them into one text in a cell above.")
    msg = f"a value of type {type(value).__name__} cannot be sent"
    if isinstance(value, bytes | bytearray | memoryview):
        return UsageError(msg, hint="Decode it to text, base64 it, or send a file with a line: < ./file")
    return UsageError(msg, hint="Send text, numbers, true or false, None, dates, lists and mappings of them.")
