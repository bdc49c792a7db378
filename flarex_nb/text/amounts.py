"""The words of an option become its value: seconds, bytes, whole numbers, one of a few words.

Each refusal names the option, what was given and what is allowed.
"""

from __future__ import annotations

import keyword
import math
import re
from typing import TYPE_CHECKING, cast

from flarex_nb.errors import UsageError
from flarex_nb.text import jsonpath
from flarex_nb.text.conditions import Condition, read_condition
from flarex_nb.text.files import checked_save
from flarex_nb.text.source import Source, nearest, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from flarex_nb.text.options import Option

_NUMBER = re.compile(r"(?P<number>\d+(?:\.\d+)?|\.\d+)\s*(?P<unit>[A-Za-z]*)\Z")
_SECONDS = {"ms": 0.001, "s": 1.0, "sec": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "": 1.0}
_BYTES = {
    "": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "kib": 2**10, "mib": 2**20, "gib": 2**30,
    "k": 10**3, "m": 10**6, "g": 10**9,
}  # fmt: skip
_SHORT = 6
"""Characters up to which a free text that is nearly one of the option's words is taken for a slip."""

_YES, _NO = frozenset({"", "true", "yes", "on", "1"}), frozenset({"false", "no", "off", "0"})


def read(option: Option, text: str) -> object:
    """Return the option's value for this text.

    Raises:
        UsageError: the text is none of its values.
    """
    return _READERS[option.kind](option, text.strip())


def check(option: Option, value: object) -> object:
    """Return the option's value for one given in Python: text is read as in a cell, a number or flag must be one.

    Raises:
        UsageError: it is none of the option's values.
    """
    if value is None or (option.kind == "name" and not isinstance(value, str)):
        return value
    if option.kind == "conditions":
        return _conditions(value)
    if isinstance(value, str):
        return read(option, value)
    if isinstance(value, bool) or option.kind == "flag":
        if isinstance(value, bool) and option.kind == "flag":
            return value
        raise refusal(option, repr(value), "True or False" if option.kind == "flag" else "no flag")
    if option.field not in _CHECKED_TOGETHER:
        read(option, f"{value:f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value))
    return value


_CHECKED_TOGETHER = frozenset({"attempts", "attempt_timeout", "deadline", "total"})
"""Times and attempts are checked against each other by whoever needs them, with the reason."""


def _int(option: Option, text: str) -> int:
    if not re.fullmatch(r"\d{1,12}", text.replace("_", "")) or int(text.replace("_", "")) < option.least:
        raise refusal(option, text, f"a whole number from {option.least}")
    return int(text.replace("_", ""))


def _float(option: Option, text: str) -> float:
    found = _NUMBER.match(text)
    if found is None or found["unit"]:
        raise refusal(option, text, "a number such as 0.5")
    return float(found["number"])


def _seconds(option: Option, text: str) -> float:
    found = _NUMBER.match(text)
    factor = _SECONDS.get(found["unit"].lower()) if found else None
    value = float(found["number"]) * factor if found and factor else math.nan
    if not (math.isfinite(value) and value > 0):
        raise refusal(option, text, "a time above 0 in seconds, such as 10, 10s, 500ms or 2m")
    return value


def _bytes(option: Option, text: str) -> int:
    found = _NUMBER.match(text)
    factor = _BYTES.get(found["unit"].lower()) if found else None
    value = float(found["number"]) * factor if found and factor else 0.0
    if not 1 <= value <= 2**53:
        raise refusal(option, text, "a size in bytes, such as 500000, 2MB or 64MiB")
    return int(value)


def _choice(option: Option, text: str) -> object:
    by_word = {choice.lower(): choice for choice in option.choices}
    if text.lower() in by_word:
        return by_word[text.lower()]
    if option.also_number and re.fullmatch(r"\d{1,9}", text) and int(text) > 0:
        return int(text)
    if option.also_text and text and not (len(text) <= _SHORT and nearest(text, option.choices)):
        return text
    allowed = ", ".join(option.choices) + (", or a number from 1" if option.also_number else "")
    raise refusal(option, text, allowed, nearest(text, option.choices))


def _flag(option: Option, text: str) -> bool:
    if text.lower() in _YES:
        return True
    if text.lower() in _NO:
        return False
    raise refusal(option, text, "nothing behind it, or true or false")


def _str(option: Option, text: str) -> str:
    if not text:
        raise refusal(option, text, option.metavar or "a text")
    return text


def _name(option: Option, text: str) -> str:
    if not text.isidentifier() or keyword.iskeyword(text):
        raise refusal(option, text, "the name of a variable")
    return text


def _jsonpath(option: Option, text: str) -> str:
    return jsonpath.check_query(_str(option, text))


def _conditions(value: object) -> tuple[Condition, ...]:
    """Return conditions given in Python: one text, several, or some that were read before."""
    given = (value,) if isinstance(value, str | Condition) else tuple(cast("Iterable[object]", value))
    return tuple(each if isinstance(each, Condition) else read_condition(Source(str(each))) for each in given)


def _read_conditions(option: Option, text: str) -> tuple[Condition, ...]:
    return _conditions(_str(option, text))


def _file(option: Option, text: str) -> str:
    return checked_save(_str(option, text))


_READERS: dict[str, Callable[[Option, str], object]] = {
    "int": _int,
    "float": _float,
    "seconds": _seconds,
    "bytes": _bytes,
    "choice": _choice,
    "flag": _flag,
    "str": _str,
    "name": _name,
    "jsonpath": _jsonpath,
    "conditions": _read_conditions,
    "file": _file,
}


def refusal(option: Option, text: str, allowed: str, near: str = "") -> UsageError:
    """Return the error that names the option, what was given, and what is allowed."""
    given = f"{shown(text)} was given" if text else "nothing was given"
    return UsageError(f"--{option.name} takes {allowed}; {given}.{near}", hint=option.help)
