"""Bracketed form fields -> nested values: `a[b][0][c]=1` -> {"a": {"b": [{"c": "1"}]}}.

Decoded strictly, so that a wrong encoder is found out here: an odd bracket, a name given twice or as both
a value and a hash is a 400. Values stay text; types are the endpoint's business.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from flarex_nb.sandbox.providers.stripe_errors import FORM_ONLY, Refusal, invalid

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_DEPTH = 10
MAX_FIELDS = 2000
_NAME = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")


def pairs(text: str) -> list[tuple[str, str]]:
    """Return the decoded name-value pairs of a form body or query in order.

    Raises Refusal 400 when the text is not form-encoded UTF-8.
    """
    if not text:
        return []
    try:
        return parse_qsl(
            text,
            keep_blank_values=True,
            strict_parsing=True,
            encoding="utf-8",
            errors="strict",
            max_num_fields=MAX_FIELDS,
        )
    except ValueError:
        raise Refusal(400, FORM_ONLY) from None


def nest(fields: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Return the fields as nested dicts and lists of text.

    Raises Refusal 400 naming the field that does not fit.
    """
    tree: dict[str, Any] = {}
    for name, value in fields:
        _plant(tree, _path(name), name, value)
    return {key: _settle(value) for key, value in tree.items()}


def _path(name: str) -> list[str]:
    match = _NAME.fullmatch(name)
    if match is None:
        message = f"Invalid request: the brackets in the parameter name '{name}' do not match."
        raise invalid(message, name)
    parts = [match[1], *re.findall(r"\[([^\[\]]*)\]", match[2])]
    if len(parts) > MAX_DEPTH:
        message = f"Invalid request: '{name}' is nested more than {MAX_DEPTH} levels deep."
        raise invalid(message, name)
    return parts


def _plant(tree: dict[str, Any], path: list[str], name: str, value: str) -> None:
    place = tree
    for part in path[:-1]:
        step = _slot(place, part)
        inner = place.setdefault(step, {})
        if not isinstance(inner, dict):
            message = f"Invalid request: '{name}' is given both as a value and as a hash."
            raise invalid(message, name)
        place = inner
    last = _slot(place, path[-1])
    if last in place:
        message = f"Invalid request: '{name}' is given more than once."
        raise invalid(message, name)
    place[last] = value


def _slot(place: dict[str, Any], part: str) -> str:
    """Return the key for a part; `[]` is the next free place of a list."""
    return part or str(len(place))


def _settle(value: Any) -> Any:
    """Return a list where the keys run from 0 without holes, else the dict (which no list parameter accepts)."""
    if not isinstance(value, dict):
        return value
    inner = {key: _settle(item) for key, item in value.items()}
    if set(inner) != {str(place) for place in range(len(inner))}:
        return inner
    return [inner[str(place)] for place in range(len(inner))]
