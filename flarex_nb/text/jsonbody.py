"""A JSON body with holes becomes a JSON value.

The text is parsed with a token in the place of each hole, and the values are put in afterwards: no value can close a
string or add a key, because it is never parsed. A fault is shown where it stands in the cell.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, NoReturn

from flarex_nb.errors import CellSyntaxError, UsageError
from flarex_nb.text.scan import OPEN, Hole, hole_end, string_end
from flarex_nb.text.values import plain

if TYPE_CHECKING:
    from flarex_nb.model import Json
    from flarex_nb.text.scope import Context
    from flarex_nb.text.source import Source

_WORD = re.compile(r"[A-Za-z_]\w*")
_NO_JSON = {"True": "true", "False": "false", "None": "null", "NaN": "null", "Infinity": "null", "undefined": "null"}
_SINGLE = ("'", "\u2018", "\u2019")
_DOUBLE = ("\u201c", "\u201d")
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
        raise _fault(source, template.origin(error.pos), template.text, error) from None
    except RecursionError:
        raise source.error(f"the JSON nests deeper than {MAX_LEVELS} levels") from None
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
        raise self.source.error(f"{word} is not JSON", offset, hint="JSON has no such number; write null.")

    def number(self, text: str) -> float:
        """Return the number, refusing one that no float holds."""
        if (number := float(text)) in {float("inf"), float("-inf")}:
            offset = self.origin(max(0, self.text.find(text)))
            raise self.source.error("the number is too large", offset, hint="JSON numbers go up to 1.8e308.")
        return number

    def pairs(self, pairs: list[tuple[str, Json]]) -> dict[str, Json]:
        """Return the object, with a warning where a key stands twice."""
        found = dict(pairs)
        if len(found) < len(pairs):
            names = [name for name, _ in pairs]
            twice = next(name for name in names if names.count(name) > 1)
            self.warnings.append(f"the key {twice[:40]!r} stands twice in one object; the last value is sent")
        return found


class _Filling:
    """Puts the values into the parsed tree."""

    def __init__(self, template: _Template, context: Context) -> None:
        self.template, self.context = template, context

    def filled(self, node: Json, depth: int = 0) -> Json:
        if depth > MAX_LEVELS:
            raise self.template.source.error(f"the JSON nests deeper than {MAX_LEVELS} levels")
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


def _fault(source: Source, offset: int, template: str, error: json.JSONDecodeError) -> CellSyntaxError:
    """Return the error that says what was found and, where it is a common slip, what to write."""
    text = source.text
    while offset < len(text) and text[offset] in " \t\n":
        offset += 1
    before = text[:offset].rstrip()
    character = text[offset : offset + 1]
    if not character:
        return source.error("the JSON ends too early", len(text.rstrip()), hint=_unclosed(template))
    word = _WORD.match(text, offset)
    comma = _comma_before(before, character, error)
    if comma is not None:
        msg = (
            f"a comma stands before the closing {text[offset] if character in ']}' else text[comma + 1 :].lstrip()[:1]}"
        )
        return source.error(msg, comma, hint="Leave the last comma out.")
    found = f"{word[0][:20]!r}" if word else f"{character!r}"
    return source.error(f"this is not JSON: found {found}", offset, hint=_advice(word, character, error))


def _comma_before(before: str, character: str, error: json.JSONDecodeError) -> int | None:
    if character in {"]", "}"} and before.endswith(","):
        return len(before) - 1
    if character == "," and "trailing comma" in error.msg:
        return len(before)
    return None


def _advice(word: re.Match[str] | None, character: str, error: json.JSONDecodeError) -> str:
    if character in _SINGLE:
        return 'JSON has double quotes only: write "text".'
    if character in _DOUBLE:
        return 'These are typographic quotes; write plain ones: "text".'
    if word and word[0] in _NO_JSON:
        return f"JSON writes {_NO_JSON[word[0]]}."
    if character in "#/":
        return "JSON has no comments."
    if character == "\\":
        return 'A backslash in a text is written twice; two literal braces are written {{"{{"}}.'
    if word and "property name" in error.msg:
        return f'Names of fields stand in double quotes: "{word[0][:20]}".'
    if word:
        return f"Text stands in double quotes; a variable is written {{{{{word[0][:20]}}}}}."
    if "delimiter" in error.msg:
        return "A comma, a colon or a closing bracket is missing before it."
    if "control character" in error.msg:
        return "A text cannot go over a line end; write \\n, or fill it in: {{text}}."
    if not character.isascii():
        return "Write a plain space or plain quotes; web pages put odd ones in."
    return f"{error.msg}."


def _unclosed(template: str) -> str:
    """Return what is still open at the end."""
    open_brackets, position = list[str](), 0
    while position < len(template):
        character = template[position]
        if character == '"':
            position = string_end(template, position)
            continue
        if character in "[{":
            open_brackets.append("]" if character == "[" else "}")
        elif character in "]}" and open_brackets:
            open_brackets.pop()
        position += 1
    return (
        f"Still open: close it with {''.join(reversed(open_brackets[-8:]))}."
        if open_brackets
        else "A value is missing."
    )
