"""What is wrong with a text that should be JSON, in words a person can act on. Finds the place, changes nothing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from flarex_nb.text.scan import string_end
from flarex_nb.text.source import masked

if TYPE_CHECKING:
    import json
    from collections.abc import Iterator

    from flarex_nb.errors import CellSyntaxError
    from flarex_nb.text.source import Source

_WORD = re.compile(r"[A-Za-z_]\w*")
_NO_JSON = {"True": "true", "False": "false", "None": "null", "NaN": "null", "Infinity": "null", "undefined": "null"}
_CHARACTERS = {
    "'": 'JSON has double quotes only: write "text".',
    "\u2018": 'JSON has double quotes only: write "text".',
    "\u2019": 'JSON has double quotes only: write "text".',
    "\u201c": 'These are typographic quotes; write plain ones: "text".',
    "\u201d": 'These are typographic quotes; write plain ones: "text".',
    "#": "JSON has no comments.",
    "/": "JSON has no comments.",
    "\\": 'A backslash in a text is written twice; two literal braces are written {{"{{"}}.',
}
_MESSAGES = {
    "delimiter": "A comma, a colon or a closing bracket is missing before it.",
    "control character": "A text cannot go over a line end; write \\n, or fill it in: {{text}}.",
    "Extra data": "The JSON has ended before it; one body is one value.",
}


def fault(source: Source, offset: int, template: str, error: json.JSONDecodeError) -> CellSyntaxError:
    """Return the error that says what was found and, where it is a common slip, what to write.

    `offset` is the place in the source; `template` is the text the parser saw, with each hole as one token.
    """
    text = source.text
    in_a_text = "control character" in error.msg
    while offset < len(text) and text[offset] in " \t\n" and not in_a_text:
        offset += 1
    before = text[:offset].rstrip()
    if offset >= len(text):
        return source.error("the JSON ends too early", len(text.rstrip()), hint=_unclosed(template))
    if before.endswith(",") and text[offset] in "]}":
        return source.error(f"a comma stands before the closing {text[offset]}", len(before) - 1, hint=_LAST_COMMA)
    if text[offset] == "," and "trailing comma" in error.msg:  # Python 3.13 points at the comma itself
        closing = text[offset + 1 :].lstrip()[:1]
        return source.error(f"a comma stands before the closing {closing}", offset, hint=_LAST_COMMA)
    word = _WORD.match(text, offset)
    found = repr(masked(word[0])[:20]) if word else repr(text[offset])
    return source.error(f"this is not JSON: found {found}", offset, hint=next(_advice(word, text[offset], error.msg)))


_LAST_COMMA = "Leave the last comma out."


def _advice(word: re.Match[str] | None, character: str, message: str) -> Iterator[str]:
    """Yield what may help, the closest first."""
    if character in _CHARACTERS:
        yield _CHARACTERS[character]
    if word and word[0] in _NO_JSON:
        yield f"JSON writes {_NO_JSON[word[0]]}."
    if word and "property name" in message:
        yield f'Names of fields stand in double quotes: "{masked(word[0])[:20]}".'
    if word:
        yield f"Text stands in double quotes; a variable is written {{{{{masked(word[0])[:20]}}}}}."
    yield from (hint for part, hint in _MESSAGES.items() if part in message)
    if not character.isascii():
        yield "Write a plain space or plain quotes; web pages put odd ones in."
    yield f"{message}."


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
