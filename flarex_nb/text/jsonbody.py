"""A JSON body with holes becomes a JSON value.

The text is parsed with a token in the place of each hole, and the values are put in afterwards: no value can close a
string or add a key, because it is never parsed. A fault is shown where it stands in the cell.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, NoReturn

from flarex_nb.errors import UsageError
from flarex_nb.text.jsonfault import fault
from flarex_nb.text.scan import OPEN, Hole, hole_end
from flarex_nb.text.source import shown
from flarex_nb.text.values import plain

if TYPE_CHECKING:
    from flarex_nb.model import Json
    from flarex_nb.text.scope import Context
    from flarex_nb.text.source import Source

MAX_LEVELS = 200
"""Levels of brackets a body may nest."""


def fill_json(source: Source, context: Context) -> Json:
    """Return the JSON value of the text with its holes filled in.

    Raises:
        CellSyntaxError: the text is not JSON; `place` is line and column in the cell.
        UsageError: a value that JSON cannot hold.
    """
    template = _Template(source)
    try:
        tree = json.loads(
            template.text,
            parse_constant=template.refuse_word,
            parse_float=template.number,
            object_pairs_hook=template.pairs,
        )
    except json.JSONDecodeError as error:
        raise fault(source, template.origin(error.pos), template.text, error) from None
    except RecursionError:
        msg = f"the JSON nests deeper than {MAX_LEVELS} levels"
        raise source.error(msg) from None
    context.warnings.extend(template.warnings)
    return _Filling(template, context).filled(tree)


class _Template:
    """The text with tokens for its holes, and the way back from a place in it to the cell."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.mark = _unused_character(source.text)
        self.holes: list[tuple[Hole, bool]] = []
        self.warnings: list[str] = []
        self._cuts: list[tuple[int, int]] = []
        self.text = self._with_tokens()
        self.token = re.compile(f"{self.mark}(\\d+){self.mark}")

    def _with_tokens(self) -> str:
        """Walk the text once, knowing whether a string is open; a hole outside one is a whole value."""
        text, parts, position, length = self.source.text, list[str](), 0, 0
        in_string, begin = False, 0
        while position < len(text):
            if text.startswith(OPEN, position):
                end = hole_end(self.source, position)
                hole = Hole(text[position + 2 : end - 2], position, end)
                token = f"{self.mark}{len(self.holes)}{self.mark}"
                self.holes.append((hole, not in_string))
                parts += [text[begin:position], token if in_string else f'"{token}"']
                length += position - begin + len(parts[-1])
                self._cuts.append((length, end))
                position = begin = end
                continue
            if in_string and text[position] == "\\" and not text.startswith(OPEN, position + 1):
                position += 2
                continue
            in_string ^= text[position] == '"'
            position += 1
        return "".join([*parts, text[begin:]])

    def origin(self, position: int) -> int:
        """Return the offset in the source of a place in the text with tokens."""
        shift = 0
        for (after, end), (hole, _) in zip(self._cuts, self.holes, strict=True):
            if position < after:
                return min(position + shift, hole.offset)
            shift = end - after
        return position + shift

    def refuse_word(self, word: str) -> NoReturn:
        """Point at a word that Python's parser takes for a number."""
        masked = re.sub(r'"(?:\\.|[^"\\])*"', lambda found: " " * len(found[0]), self.text, flags=re.DOTALL)
        offset = self.origin(max(0, masked.find(word)))
        msg = f"{word} is not JSON"
        raise self.source.error(msg, offset, hint="JSON has no such number; write null.")

    def number(self, text: str) -> float:
        """Return the number, refusing one that no float holds."""
        if (number := float(text)) in {float("inf"), float("-inf")}:
            offset = self.origin(max(0, self.text.find(text)))
            msg = "the number is too large"
            raise self.source.error(msg, offset, hint="JSON numbers go up to 1.8e308.")
        return number

    def pairs(self, pairs: list[tuple[str, Json]]) -> dict[str, Json]:
        """Return the object, with a warning where a key stands twice."""
        found = dict(pairs)
        if len(found) < len(pairs):
            names = [name for name, _ in pairs]
            twice = next(name for name in names if names.count(name) > 1)
            self.warnings.append(f"the key {shown(twice)} stands twice in one object; the last value is sent")
        return found


class _Filling:
    """Puts the values into the parsed tree."""

    def __init__(self, template: _Template, context: Context) -> None:
        self.template, self.context = template, context

    def filled(self, node: Json, depth: int = 0) -> Json:
        if depth > MAX_LEVELS:
            msg = f"the JSON nests deeper than {MAX_LEVELS} levels"
            raise self.template.source.error(msg)
        if isinstance(node, dict):
            return {self._text(key): self.filled(value, depth + 1) for key, value in node.items()}
        if isinstance(node, list):
            return [self.filled(value, depth + 1) for value in node]
        if not isinstance(node, str) or self.template.mark not in node:
            return node
        alone = self.template.token.fullmatch(node)
        hole, whole = self.template.holes[int(alone[1])] if alone else (None, False)
        return self._whole(hole) if hole is not None and whole else self._text(node)

    def _whole(self, hole: Hole) -> Json:
        source = self.template.source
        try:
            return plain(self.context.value(source, hole), self.context.secret(source, hole.offset, "body"))
        except UsageError as error:
            error.place = error.place or source.place(hole.offset)
            raise

    def _text(self, text: str) -> str:
        return self.template.token.sub(lambda found: self._in_string(int(found[1])), text)

    def _in_string(self, number: int) -> str:
        hole, whole = self.template.holes[number]
        if whole and not isinstance(self.context.value(self.template.source, hole), str):
            msg = "the key of an object is text"
            raise self.template.source.error(msg, hole.offset, hint='Put quotes around it: "{{x}}".')
        return self.context.text(self.template.source, hole, "body")


def _unused_character(text: str) -> str:
    """Return a private-use character that stands in the text neither as itself nor escaped."""
    lowered = text.lower()
    return next(
        chr(code) for code in range(0xE000, 0xF900) if chr(code) not in text and f"\\u{code:04x}" not in lowered
    )
