"""A magic's line read whole: service, method, path, items and options, each with its place.

stripe --into charges --pages all            above a cell
stripe GET /v1/charges limit==100 --raw      a request on one line
charges << stripe GET /v1/charges            the same as --into charges
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from flarex_nb.text.options import BY_NAME, find, read_option
from flarex_nb.text.requestline import METHODS
from flarex_nb.text.source import Source, masked, nearest, shown
from flarex_nb.text.words import Word, words

if TYPE_CHECKING:
    from flarex_nb.model import Span
    from flarex_nb.text.options import Option

_SERVICE = re.compile(r"[a-z][a-z0-9_-]*\Z")
_TARGET = re.compile(r"/|https?://|\{\{", re.IGNORECASE)
_ITEM = re.compile(r"[^\s:=@]*(?:==|:=|=@|=|:|@)")


@dataclass(frozen=True, slots=True)
class ParsedLine:
    """What stands on a magic's line; options by field, already values. `spans` says where each part begins.

    `method` and `target` are None above a cell. Keys of `spans` are "service", "method", "target", an option's field,
    and the number of an item ("0", "1", ...).
    """

    service: str = ""
    method: str | None = None
    target: str | None = None
    items: tuple[str, ...] = ()
    options: dict[str, object] = field(default_factory=dict)
    spans: dict[str, Span] = field(default_factory=dict, compare=False)


def parse_line(line: str) -> ParsedLine:
    """Return the parts of the line. Columns count in the line's own text, from 1.

    Raises:
        CellSyntaxError: a word with no place.
        UnknownOption: with the nearest option and the column.
        UsageError: a value the option does not take.
    """
    reader = _Reader(words(line))
    reader.read()
    return ParsedLine(reader.service, reader.method, reader.target, tuple(reader.items), reader.options, reader.spans)


class _Reader:
    """Goes through the words once."""

    def __init__(self, found: list[Word]) -> None:
        self.words = found
        self.service = ""
        self.method: str | None = None
        self.target: str | None = None
        self.items: list[str] = []
        self.options: dict[str, object] = {}
        self.spans: dict[str, Span] = {}

    def read(self) -> None:
        self._arrow()
        while self.words:
            word = self.words.pop(0)
            if word.text.startswith("--") and not word.quoted:
                self._option(word)
            else:
                self._positional(word)

    def _arrow(self) -> None:
        """Take `VAR <<` in front; `VAR<<` counts as well."""
        if len(self.words) > 1 and self.words[1].text == "<<":
            name = self.words.pop(0)
            self.words.pop(0)
        elif self.words and self.words[0].text.endswith("<<") and not self.words[0].quoted:
            first = self.words.pop(0)
            name = first._replace(text=first.text.removesuffix("<<"))
        else:
            return
        self._keep("into", name.text, name)

    def _option(self, word: Word) -> None:
        name, mark, value = word.text[2:].partition("=")
        option = find(name, place=str(word.span))
        if not mark:
            value = self._value(option, word)
        self._keep(option.name, value, word)

    def _value(self, option: Option, word: Word) -> str:
        """Return the word behind an option; a flag takes none."""
        if option.kind == "flag":
            return ""
        if not self.words or _is_option(self.words[0]):
            read_option(option.name, "", place=str(word.span))
        return self.words.pop(0).text

    def _keep(self, name: str, value: str, word: Word) -> None:
        field_name, read = read_option(name, value, place=str(word.span))
        if field_name in self.options and find(name).several:
            read = (*cast("tuple[object, ...]", self.options[field_name]), *cast("tuple[object, ...]", read))
        elif field_name in self.options:
            msg = f"--{name} stands twice"
            raise self._error(msg, word, "Keep one of them.")
        self.options[field_name] = read
        self.spans[field_name] = word.span

    def _positional(self, word: Word) -> None:
        if self.target is not None:
            self._item(word)
        elif _TARGET.match(word.text):
            self.target, self.method = word.text, self.method or "GET"
            self.spans["target"] = word.span
        elif self.method is not None:
            msg = f"{shown(word.text)} is not a path"
            raise self._error(msg, word, f"Write {self.method} /{masked(word.text.lstrip('/'))[:40]}.")
        elif word.text.upper() in METHODS and (self.service or word.text.isupper()):
            self.method = word.text.upper()
            self.spans["method"] = word.span
        elif not self.service and _SERVICE.match(word.text):
            self.service = word.text
            self.spans["service"] = word.span
        else:
            raise self._misplaced(word)

    def _item(self, word: Word) -> None:
        self.spans[str(len(self.items))] = word.span
        self.items.append(word.text)

    def _misplaced(self, word: Word) -> Exception:
        if not self.service:
            msg = f"{shown(word.text)} is not the name of a service"
            return self._error(msg, word, "Names are in lower case: %flarex_services lists them.")
        msg = f"{shown(word.text)} is neither a method nor a path.{nearest(word.text, METHODS)}"
        if word.text.lstrip("-") in BY_NAME:
            return self._error(msg, word, f"Did you mean --{word.text.lstrip('-')}?")
        if _ITEM.match(word.text):
            return self._error(msg, word, "Write the method and path before the items: GET /v1/charges limit==100.")
        return self._error(msg, word, f"Methods: {', '.join(METHODS)}.")

    def _error(self, message: str, word: Word, hint: str) -> Exception:
        return Source("", word.span).error(message, hint=hint)


def _is_option(word: Word) -> bool:
    return word.text.startswith("--") and not word.quoted
