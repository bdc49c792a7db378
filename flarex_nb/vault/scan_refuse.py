"""A key written out in the arguments of a Python call: refused before anything is sent, as one in a cell is. Pure.

In headers, the query and the URL each text that is a key by shape or by the name it stands under is one. A body is
data: there only an issuer's own shape counts, and a signed token, which APIs hand out to be handed back, does not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flarex_nb.errors import UsageError
from flarex_nb.vault.scan import find_keys

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from flarex_nb.model import Json
    from flarex_nb.vault.scan import Finding

_DEEPEST: Final = 50
_SIGNED: Final = "a signed token (JWT)"
_LONGEST_TEXT: Final = 100_000
"""Characters of one text in a body that are looked at: uploads are not keys."""


def refuse_literal_arguments(
    target: str, params: Iterable[tuple[str, str]], headers: Iterable[tuple[str, str]], body: Json
) -> None:
    """Accept the arguments of a call in which no key is written out.

    Raises:
        UsageError: naming the argument, what the key looks like and where it belongs; never the key.
    """
    for name, value in headers:
        _refuse(f"{name}: {value}", f'headers["{name}"]', f"{name}: ")
    for name, value in params:
        _refuse(f"{name}={value}", f'params["{name}"]', f"{name}=")
    _refuse(target, "the path", "")
    for place, text in _texts(body, "the body", 0):
        found = [each for each in find_keys(text[:_LONGEST_TEXT]) if each.how == "shape" and each.kind != _SIGNED]
        if found:
            raise _refusal(found[0], place)


def _refuse(text: str, place: str, lead: str) -> None:
    found = [each for each in find_keys(text) if each.start >= len(lead) or each.how != "name"]
    if found:
        raise _refusal(found[0], place)


def _refusal(found: Finding, place: str) -> UsageError:
    name = found.name_hint
    msg = f"{found.kind} is written out in {place}; nothing was sent"
    hint = (
        f'Keep it with secrets.set("{name}", ..., hosts=[...]) or in the environment, and write '
        f'secrets["{name}"].marker here; a service\'s own key needs no header. If it is no key: allow_literal=True.'
    )
    return UsageError(msg, hint=hint, place=place)


def _texts(value: Json, place: str, depth: int) -> Iterator[tuple[str, str]]:
    """Return (place, text) of every text in a body; deeper than 50 levels nothing is looked at."""
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, dict) and depth < _DEEPEST:
        for name, each in value.items():
            yield from _texts(each, f'{place}["{name}"]', depth + 1)
    elif isinstance(value, list | tuple) and depth < _DEEPEST:
        for number, each in enumerate(value):
            yield from _texts(each, f"{place}[{number}]", depth + 1)
