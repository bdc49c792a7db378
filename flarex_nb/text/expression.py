"""What stands between `{{` and `}}`: names, fields, items, literals and a few filters. Nothing is ever called.

The Python parser reads it and a whitelist of node kinds walks it; Python itself compiles and evaluates nothing.
"""

from __future__ import annotations

import ast
import re
import warnings
from typing import TYPE_CHECKING

from flarex_nb.errors import UsageError
from flarex_nb.text.access import Absent, attribute, item
from flarex_nb.text.filters import FILTERS, KNOWN, apply, default, split_filters
from flarex_nb.text.reference import part_of, read_reference
from flarex_nb.text.source import nearest, shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flarex_nb.text.source import Source

MAX_LENGTH = 2000
"""Characters of one expression."""

MAX_NODES = 200
"""Parts of one expression."""

_ALLOWED = 'An expression is a name, row.field, item["key"], a literal, and filters: {{ x | default("") }}. No calls.'
_ABOVE = "Give it a value in a cell above; nothing was sent."
_HYPHENATED = re.compile(r"[A-Za-z_]\w*(?:-\w+)+\Z")
_JSON_WORDS = {"true": True, "false": False, "null": None}
"""JSON's own spellings, where the person has no variable of that name."""

_KINDS: dict[type[ast.expr], str] = {
    ast.Call: "a call",
    ast.BinOp: "arithmetic",
    ast.BoolOp: "and, or",
    ast.Compare: "a comparison",
    ast.IfExp: "if ... else",
    ast.JoinedStr: "an f-string",
    ast.Lambda: "a lambda",
    ast.ListComp: "a comprehension",
    ast.GeneratorExp: "a comprehension",
    ast.DictComp: "a comprehension",
    ast.NamedExpr: "an assignment",
    ast.Await: "await",
}


def evaluate(source: Source, names: Mapping[str, object]) -> object:
    """Return what the expression stands for.

    Raises:
        CellSyntaxError: it does not parse, or a name, field or item is unknown; nothing was sent.
        UsageError: a filter or an access that does not fit the value; `place` says where.
    """
    if len(source.text) > MAX_LENGTH:
        msg = f"the expression has {len(source.text):,} characters; {MAX_LENGTH:,} is the most"
        raise source.error(msg, hint="Work it out in a cell above and write its name here.")
    (first, start), *filters = split_filters(source.text)
    try:
        found = _primary(source, names, first, start)
    except Absent as absent:
        if not filters or not re.match(r"\s*default\b", filters[0][0]):
            raise source.error(str(absent), absent.offset, hint=absent.hint or _ABOVE) from None
        found = None
    for text, place in filters:
        found = _filtered(source, names, found, text, place)
    return found


def _primary(source: Source, names: Mapping[str, object], text: str, start: int) -> object:
    if _HYPHENATED.match(text.strip()) and text.strip() in names:
        return names[text.strip()]
    walker = _Walker(source, names, text, start)
    reference = read_reference(text)
    found = walker.value(walker.parse(reference.expression))
    try:
        return part_of(found, reference)
    except Absent as absent:
        absent.offset = max(absent.offset, walker.start)
        raise
    except UsageError as error:
        error.place = error.place or source.place(walker.start)
        raise


def _filtered(source: Source, names: Mapping[str, object], value: object, text: str, start: int) -> object:
    walker = _Walker(source, names, text, start)
    begin = start + len(text) - len(text.lstrip())
    if not text.strip():
        msg = "a filter must follow |"
        raise source.error(msg, max(0, start - 1), hint=f"Filters: {KNOWN}.")
    match walker.parse(text):
        case ast.Call(func=ast.Name(id="default"), args=[wanted], keywords=[]):
            try:
                return default(value, walker.value(wanted))
            except Absent as absent:
                raise source.error(str(absent), absent.offset, hint=absent.hint or _ABOVE) from None
        case ast.Name(id=name) if name != "default":
            try:
                return apply(name, value)
            except UsageError as error:
                error.place = error.place or source.place(begin)
                raise
        case ast.Call(func=ast.Name(id=name)) | ast.Name(id=name):
            near = "" if name in KNOWN else nearest(name, ["default", *FILTERS])
            msg = f"the filter {name} is not written like that.{near}"
            raise source.error(msg, begin, hint=f"Filters: {KNOWN}.")
        case _:
            msg = f"{shown(text.strip())} is not a filter"
            raise source.error(msg, begin, hint=f"Filters: {KNOWN}.")


class _Walker:
    """Reads one part of an expression; knows its place, so that an error points at the very name."""

    def __init__(self, source: Source, names: Mapping[str, object], text: str, start: int) -> None:
        self.source, self.names = source, names
        self.start = start + len(text) - len(text.lstrip())
        self.wrapped = ""
        self.count = 0

    def parse(self, text: str) -> ast.expr:
        self.wrapped = f"({text.strip()}\n)"
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return ast.parse(self.wrapped, mode="eval").body
        except SyntaxError as error:
            offset = self._offset(error.lineno or 1, (error.offset or 1) - 1)
        except (ValueError, RecursionError, MemoryError):
            offset = self.start
        msg = f"{shown(text.strip())} is not an expression"
        raise self.source.error(msg, offset, hint=_ALLOWED)

    def value(self, node: ast.expr) -> object:
        self.count += 1
        if self.count > MAX_NODES:
            msg = f"the expression has more than {MAX_NODES} parts"
            raise self.source.error(msg, self.start, hint="Work it out in a cell above and write its name here.")
        try:
            return self._node(node)
        except Absent as absent:
            absent.offset = self._place_of(node) if absent.offset < 0 else absent.offset
            raise
        except UsageError as error:
            error.place = error.place or self.source.place(self._place_of(node))
            raise

    def _node(self, node: ast.expr) -> object:
        match node:
            case ast.Constant(value=None | bool() | int() | float() | str() as value):
                return value
            case ast.Name(id=name):
                return self._name(name)
            case ast.Attribute(value=inner, attr=name):
                return attribute(self.value(inner), name)
            case ast.Subscript(value=inner, slice=key):
                return item(self.value(inner), self._key(key))
            case ast.UnaryOp(op=ast.USub() | ast.UAdd() as sign, operand=inner):
                return _signed(sign, self.value(inner))
            case _:
                return self._collection(node)

    def _collection(self, node: ast.expr) -> object:
        match node:
            case ast.List(elts=parts) | ast.Tuple(elts=parts):
                return [self.value(part) for part in parts]
            case ast.Dict(keys=keys, values=values):
                return {self._text_key(key): self.value(value) for key, value in zip(keys, values, strict=True)}
            case _:
                raise self._refusal(node)

    def _text_key(self, key: ast.expr | None) -> str:
        if isinstance(key, ast.Constant) and isinstance(key.value, str):
            return key.value
        msg = "the keys of a mapping are texts in quotes"
        raise UsageError(msg, hint='Write {"name": value}.')

    def _key(self, key: ast.expr) -> object:
        if isinstance(key, ast.Slice):
            return slice(*(None if end is None else self.value(end) for end in (key.lower, key.upper, key.step)))
        return self.value(key)

    def _name(self, name: str) -> object:
        if name.startswith("_"):
            msg = f"names that begin with an underscore, such as {shown(name)}, are private"
            raise UsageError(msg, hint="Give the value a plain name in a cell above.")
        if name in self.names:
            return self.names[name]
        if name in _JSON_WORDS:
            return _JSON_WORDS[name]
        near = nearest(name, (each for each in self.names if not each.startswith("_")))
        msg = f"there is no variable {shown(name)} here.{near}"
        raise Absent(msg)

    def _refusal(self, node: ast.expr) -> Exception:
        msg = f"{_KINDS.get(type(node), 'this')} cannot stand in an expression"
        return self.source.error(msg, self._place_of(node), hint=_ALLOWED)

    def _place_of(self, node: ast.expr) -> int:
        line = self.wrapped.split("\n")[node.lineno - 1]
        return self._offset(node.lineno, len(line.encode()[: node.col_offset].decode("utf-8", "ignore")))

    def _offset(self, line: int, column: int) -> int:
        """Return the offset in the source of a place in the wrapped text, which has one bracket in front."""
        before = sum(len(each) + 1 for each in self.wrapped.split("\n")[: line - 1])
        return self.start + min(max(0, before + column - 1), max(0, len(self.wrapped) - 4))


def _signed(sign: ast.unaryop, value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | float):
        msg = f"a sign stands before a number, not before a {type(value).__name__}"
        raise UsageError(msg, hint="Leave the sign out.")
    return -value if isinstance(sign, ast.USub) else value
