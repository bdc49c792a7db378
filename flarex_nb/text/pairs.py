"""`a=1&b=2` with holes becomes pairs, decoded, for queries and form bodies alike.

A value filled in is data: `&`, `=` and `%` in it stay what they are. What the person typed is read as a server would
read it (WHATWG URL 5.1), except where a `+` can only be a plus.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal
from urllib.parse import unquote

from flarex_nb.text.scan import Hole, pieces
from flarex_nb.text.scan import Literal as Fixed
from flarex_nb.text.source import shown

if TYPE_CHECKING:
    from flarex_nb.text.scan import Piece
    from flarex_nb.text.scope import Context
    from flarex_nb.text.source import Source
    from flarex_nb.text.values import Dates

Pair = tuple[str, str]

_SURE_PLUS = re.compile(r"\A\+\d[\d ()-]*\Z|T\d\d:\d\d(?::\d\d(?:\.\d+)?)?\+\d\d:?\d\d\Z|\A[\w.-]+\+[\w.+-]*@")
"""A telephone number, a time with its offset, a tagged mail address: a space there would make no sense."""


class _Field:
    """One name and value being read: its parts, and whether the `=` has come."""

    def __init__(self, offset: int) -> None:
        self.name: list[str] = []
        self.value: list[str] = []
        self.has_value = False
        self.gone = False
        self.offset = offset

    @property
    def side(self) -> list[str]:
        return self.value if self.has_value else self.name

    @property
    def is_empty(self) -> bool:
        return not (self.name or self.value or self.has_value or self.gone)


class Pairs:
    """Reads the pairs of one text."""

    def __init__(self, source: Source, context: Context, place: Literal["query", "body"]) -> None:
        """Take the text, what fills it, and where the pairs go."""
        self.source, self.context, self.place = source, context, place

    def read(self, parts: list[Piece]) -> list[Pair]:
        """Return the pairs of these pieces of the text, in order; a value that is None leaves its pair out."""
        fields = [_Field(parts[0].offset if parts else 0)]
        for index, piece in enumerate(parts):
            if isinstance(piece, Hole):
                self._hole(fields[-1], piece, last=_ends_value(parts, index))
            else:
                self._fixed(fields, piece)
        return [self._pair(field) for field in fields if not (field.is_empty or field.gone)]

    def plain(self, text: str, offset: int) -> list[Pair]:
        """Return the pairs of a query that came in a value; its encoding is undone, and nothing in it is filled."""
        parts = (part.partition("=") for part in text.split("&") if part)
        return [(self._decoded(name, offset), self._decoded(value, offset)) for name, _, value in parts]

    def single(self, name: str) -> list[Pair]:
        """Return the one pair whose value is the whole text, holes filled and nothing decoded; none for None."""
        dates: Dates = "epoch" if "[" in name else "iso"
        parts = pieces(self.source)
        if len(parts) == 1 and isinstance(parts[0], Hole):
            value = self.context.value(self.source, parts[0])
            text = None if value is None else self.context.text_of(value, self.source, parts[0], self.place, dates)
            return [] if text is None else [(name, str(text))]
        texts = [
            part.text if isinstance(part, Fixed) else self.context.text(self.source, part, self.place, dates)
            for part in parts
        ]
        return [(name, "".join(texts))]

    def _fixed(self, fields: list[_Field], piece: Fixed) -> None:
        offset = piece.offset
        for number, part in enumerate(piece.text.split("&")):
            if number:
                fields.append(_Field(offset))
            field = fields[-1]
            if not field.has_value and "=" in part:
                name, _, value = part.partition("=")
                self._add(field, name, offset)
                field.has_value = True
                self._add(field, value, offset + len(name) + 1)
            else:
                self._add(field, part, offset)
            offset += len(part) + 1

    def _add(self, field: _Field, text: str, offset: int) -> None:
        if text:
            field.side.append(self._decoded(text, offset, whole=field.has_value))

    def _hole(self, field: _Field, hole: Hole, *, last: bool) -> None:
        value = self.context.value(self.source, hole)
        if field.has_value and not field.value and last and value is None:
            field.gone = True
            return
        dates: Dates = "epoch" if "[" in "".join(field.name) or self.place == "body" else "iso"
        field.side.append(self.context.text_of(value, self.source, hole, self.place, dates))

    def _pair(self, field: _Field) -> Pair:
        name, value = "".join(field.name), "".join(field.value)
        if not name:
            msg = "a value stands without a name"
            raise self.source.error(msg, field.offset, hint="Write name=value; a literal & in a value is %26.")
        return name, value

    def _decoded(self, text: str, offset: int, *, whole: bool = False) -> str:
        if whole and "+" in text and _SURE_PLUS.search(text):
            self.context.warnings.append(f"the + in {shown(text)} was read as a plus sign; a space is written %20")
            text = text.replace("+", "%2B")
        try:
            return unquote(text.replace("+", " "), errors="strict")
        except UnicodeDecodeError:
            msg = "the percent-encoding is not UTF-8"
            raise self.source.error(msg, offset, hint="Write the character itself; it is encoded for you.") from None


def _ends_value(parts: list[Piece], index: int) -> bool:
    following = parts[index + 1] if index + 1 < len(parts) else None
    return following is None or (isinstance(following, Fixed) and following.text.startswith("&"))


def form_lines(source: Source) -> list[Piece]:
    """Return the pieces of a form body with its line ends taken out: each line after the first begins with &.

    Raises:
        CellSyntaxError: a line that does not, because it may as well belong to the value above it.
    """
    found: list[Piece] = []
    cut = pieces(source)
    for index, piece in enumerate(cut):
        if isinstance(piece, Hole):
            found.append(piece)
        else:
            found += _joined_lines(source, piece, before_hole=index + 1 < len(cut))
    return found


def _joined_lines(source: Source, piece: Fixed, *, before_hole: bool) -> list[Fixed]:
    found, offset = list[Fixed](), piece.offset
    lines = piece.text.split("\n")
    for number, line in enumerate(lines):
        last = number == len(lines) - 1
        start = len(line) - len(line.lstrip()) if number else 0
        text = line[start:] if last and before_hole else line[start:].rstrip()
        starts_line = number > 0 and (bool(text) or (last and before_hole))
        if starts_line and not text.startswith("&"):
            msg = "this line of the form does not begin with &"
            raise source.error(
                msg, offset + start, hint="Begin each further line with &; a line break in a value is %0A."
            )
        if text:
            found.append(Fixed(text, offset + start))
        offset += len(line) + 1
    return found
