"""A key written out in the arguments of a Python call: refused before anything is sent, as one in a cell is. Pure.

In headers, the query and the URL each text that is a key by shape or by the name it stands under is one. A body is
data: there only an issuer's own shape counts, and a signed token, which APIs hand out to be handed back, does not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flarex_nb.errors import UsageError
from flarex_nb.vault.scan import find_keys, shaped_keys

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from flarex_nb.model import Json

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
    _refuse_shapes([("the path", target)])
    lines = [(f'headers["{name}"]', f"{name}: {value}") for name, value in headers]
    lines += [(f'params["{name}"]', f"{name}={value}") for name, value in params]
    if lines:
        found = find_keys("\n".join(" ".join(line.split("\n")) for _, line in lines))
        if found:
            raise _refusal(found[0].kind, found[0].name_hint, lines[found[0].line - 1][0])
    if body is not None:
        _refuse_shapes(list(_texts(body, "the body", 0)), but=_SIGNED)


def _refuse_shapes(texts: list[tuple[str, str]], but: str = "") -> None:
    """Look through all texts at once; only where there is something, each is looked at to say which."""
    if not any(kind != but for _, _, kind, _, _ in shaped_keys("\n".join(text for _, text in texts))):
        return
    for place, text in texts:
        for _, _, kind, name, _ in shaped_keys(text):
            if kind != but:
                raise _refusal(kind, name, place)


def _refusal(kind: str, name: str, place: str) -> UsageError:
    msg = f"{kind} is written out in {place}; nothing was sent"
    hint = (
        f'Keep it with secrets.set("{name}", ..., hosts=[...]) or in the environment, and write '
        f'secrets["{name}"].marker here; a service\'s own key needs no header. If it is no key: allow_literal=True.'
    )
    return UsageError(msg, hint=hint, place=place)


def _texts(value: Json, place: str, depth: int) -> Iterator[tuple[str, str]]:
    """Return (place, text) of every text in a body; deeper than 50 levels nothing is looked at."""
    if isinstance(value, str):
        yield place, value[:_LONGEST_TEXT]
    elif isinstance(value, dict) and depth < _DEEPEST:
        for name, each in value.items():
            yield from _texts(each, f'{place}["{name}"]', depth + 1)
    elif isinstance(value, list | tuple) and depth < _DEEPEST:
        for number, each in enumerate(value):
            yield from _texts(each, f"{place}[{number}]", depth + 1)
