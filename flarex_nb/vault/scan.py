"""Keys that somebody typed or saved in a text: where each stands and what it looks like, never what it is. Pure.

Knows the shapes that issuers give their keys, values near the names of keys, and, when told, this session's values.
A key of no known shape under no telling name is not found, unless it is asked to guess.
"""

from __future__ import annotations

import bisect
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from flarex_nb.errors import CellSyntaxError
from flarex_nb.model import Span
from flarex_nb.vault.placeholders import is_placeholder
from flarex_nb.vault.scan_joined import join_literals
from flarex_nb.vault.scan_names import bits, is_blank, is_no_password, named_keys
from flarex_nb.vault.scan_shapes import SHAPES, long_runs, may_hold_shapes
from flarex_nb.vault.scan_tables import column_keys

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    Contains = Callable[[str], Iterable[tuple[int, int, str]]]
    """Tells (start, end, name) of each known value in a text, as `Redactor.find` does."""

How = Literal["value", "shape", "name", "chance"]
"""Why it is taken for a key: a known value, an issuer's shape, the name it stands under, or that it looks random."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One key in a text: what it looks like, a name to keep it under, its place (from 1) and length, never itself.

    `start` counts characters from the beginning of the text; `column` from that of the line.
    """

    kind: str
    name_hint: str
    line: int
    column: int
    length: int
    start: int = 0
    how: How = "shape"

    @property
    def place(self) -> str:
        """The place in words: "line 3, column 23"."""
        return str(Span(self.line, self.column))


_Taken = tuple[int, int, str, str, How]

_LINE_END: Final = re.compile(r"\r\n|\r|\n")
_ALLOW: Final = re.compile(r"(?i)flarex:[ \t]*allow\b|pragma:[ \t]*(?:allow|white)list[ \t]+secret")
_ALLOW_NEXT: Final = re.compile(
    r"(?i)[ \t]*(?:#|//|--|;|<!--)[ \t]*flarex:[ \t]*allow\b"
    r"|.*pragma:[ \t]*(?:allow|white)list[ \t]+nextline[ \t]+secret"
)
_RANDOM: Final = re.compile(r"(?P<quote>[\"'])(?P<key>[A-Za-z0-9+/_-]{32,128}={0,2})(?P=quote)")
_NO_KEY_BEFORE: Final = re.compile(
    r"(?i)sha-?\d|hash|digest|integrity|checksum|md5|etag|image|data:|base64|fingerprint|uuid|cert|public|ssh-|cursor"
    r"|href|src|url|path|\bid\b|_id\b|name|signature|\bpk_|commit|rev\b|version|alphabet|chars|sequence|dna|model"
    r"|idempot|nonce|trace|b64|decode|by_key|bucket|drive|sheet|folder|document|dataset|page|next|token_urlsafe"
)
_LOOKED_BACK: Final = 48
_CHANCE_BITS: Final = 4.2


def find_keys(text: str, contains: Contains | None = None, *, guess: bool = False) -> list[Finding]:
    """Return the literal keys in the text, in order, none overlapping.

    `contains` finds known values. Visible placeholders (`sk_test_xxxx`, `<YOUR_KEY>`, `{{token}}`, `...`) and markers
    are no findings. With `guess`, which is for source code, a long quoted text that looks random is one whatever its
    name, and literals that stand side by side are read as one.
    """
    taken: list[_Taken] = []
    for each in _all(text, contains, guess=guess):
        _take(taken, each)
    if not taken:
        return []
    begins = [0, *(found.end() for found in _LINE_END.finditer(text))]
    return [
        Finding(kind, name, line, start - begins[line - 1] + 1, end - start, start, how)
        for start, end, kind, name, how in taken
        for line in [bisect.bisect_right(begins, start)]
    ]


def unallowed_keys(text: str, contains: Contains | None = None, *, guess: bool = False) -> list[Finding]:
    """Return what `find_keys` returns, without those on lines whose comment allows it.

    `# flarex: allow` or `pragma: allowlist secret` on the line itself; on the line above it where that line is a
    comment and nothing else, or says `pragma: allowlist nextline secret`.
    """
    found = find_keys(text, contains, guess=guess)
    if not found or not ("flarex:" in text or "pragma:" in text):
        return found
    lines = _LINE_END.split(text)
    return [each for each in found if not _allowed(lines, each.line - 1)]


def refuse_literal_keys(text: str, contains: Contains | None = None, *, first_line: int = 1) -> None:
    """Accept a text without keys; `first_line` is the number of its first line in the cell.

    Raises:
        CellSyntaxError: naming line and column, what the key looks like and where it belongs; never the key.
    """
    found = unallowed_keys(text, contains)
    if not found:
        return
    first = found[0]
    more = f", and {len(found) - 1} more below" if len(found) > 1 else ""
    place = str(Span(first.line + first_line - 1, first.column))
    msg = f"{first.kind} is written out on {place}{more}; nothing was sent"
    allow = "What is no key may stay below a line `# flarex: allow`."
    raise CellSyntaxError(msg, hint=f"{way_out(first)} {IN_HISTORY} {allow}", place=place)


IN_HISTORY: Final = (
    "The cell as it was run is already in the notebook and in IPython's history: if others can read those, replace the "
    "key at its issuer."
)


def way_out(found: Finding) -> str:
    """Return the steps that move the key out of a cell."""
    name = found.name_hint
    kept = "Write" if found.how == "value" else f"Run %flarex_secrets set {name}, then write"
    return f"{kept} {{{{$secret {name}}}}} instead of the key."


def _allowed(lines: list[str], number: int) -> bool:
    return bool(_ALLOW.search(lines[number]) or (number and _ALLOW_NEXT.match(lines[number - 1])))


def _take(taken: list[_Taken], each: _Taken) -> None:
    """Put it at its place, unless one that is there already overlaps it."""
    at = bisect.bisect_left(taken, each[:1])
    if (at and taken[at - 1][1] > each[0]) or (at < len(taken) and taken[at][0] < each[1]):
        return
    taken.insert(at, each)


def _all(text: str, contains: Contains | None, *, guess: bool) -> Iterator[_Taken]:
    """Return candidates, the surest first: a later one that overlaps says nothing new."""
    for start, end, name in contains(text) if contains else ():
        if "sandbox" not in text[start:end].lower():  # the sandbox's own keys are no secrets
            yield start, end, f"the value of {name}", name, "value"
    yield from _shaped(text)
    for start, end, kind, name in named_keys(text):
        yield start, end, kind, name, "name"
    for start, end, kind, name in column_keys(text):
        yield start, end, kind, name, "name"
    if guess:
        yield from _split_up(text, contains)
        yield from _by_chance(text)


def shaped_keys(text: str) -> list[tuple[int, int, str, str, How]]:
    """Return (start, end, kind, name, how) of what has an issuer's shape, the surest first; the quickest look."""
    return list(_shaped(text))


def _shaped(text: str) -> Iterator[_Taken]:
    runs = long_runs(text)
    for shape in SHAPES if may_hold_shapes(text, runs) else ():
        for start, end in shape.find(text, runs):
            key = text[start:end]
            if not is_placeholder(key) and not (shape.name == "SERVICE_PASSWORD" and is_no_password(key, shape.kind)):
                yield start, end, shape.kind, shape.name, "shape"


def _split_up(text: str, contains: Contains | None) -> Iterator[_Taken]:
    """Return keys that are written as several literals side by side."""
    joined = join_literals(text)
    if joined is None:
        return
    for start, end, kind, name, how in _all(joined.text, contains, guess=False):
        first, last = joined.before(start), joined.before(end - 1) + 1
        if last - first > end - start:
            yield first, last, kind, name, how


def _by_chance(text: str) -> Iterator[_Taken]:
    for found in _RANDOM.finditer(text):
        key = found["key"]
        before = text[max(0, found.start() - _LOOKED_BACK) : found.start()].rpartition("\n")[2]
        kinds = sum(any(test(character) for character in key) for test in (str.islower, str.isupper, str.isdigit))
        if kinds == 3 and bits(key) >= _CHANCE_BITS and not is_blank(key) and not _NO_KEY_BEFORE.search(before):  # noqa: PLR2004 - all three
            yield *found.span("key"), "a long random text", "SERVICE_API_KEY", "chance"
