"""What a cell says, as parsed and not yet filled in: frozen, and equal where the meaning is, wherever it stands."""

from __future__ import annotations

from dataclasses import dataclass, field

from flarex_nb.model import Span
from flarex_nb.text.source import Source


@dataclass(frozen=True, slots=True)
class Variable:
    """An `@name = value` line; the value is text with its holes."""

    name: str
    value: Source


@dataclass(frozen=True, slots=True)
class Setting:
    """A `# @key value` line; `value` is "" where the key stands alone."""

    name: str
    value: str
    span: Span = field(default=Span(1, 1), compare=False)


@dataclass(frozen=True, slots=True)
class RawHeader:
    """A header line: the name as written, the value with its place."""

    name: str
    value: Source


@dataclass(frozen=True, slots=True)
class RawRequest:
    """One request of a cell, its holes still in it.

    `target` is what follows the method, with a query where it has one; `query` are the lines `?a=1` and `&b=2` below
    it without their first character. `body_raw` says that the body runs to the end of the cell, `###` lines and all.
    `asserts` are conditions on the answer, `note` the words to confirm, `save` the file the answer goes to (with ! in
    front where it may replace one). `variables` are those of the whole cell.
    """

    method: str
    target: Source
    query: tuple[Source, ...] = ()
    headers: tuple[RawHeader, ...] = ()
    body: Source = field(default_factory=lambda: Source(""))
    body_raw: bool = False
    title: str = ""
    name: str = ""
    note: str = ""
    comments: tuple[str, ...] = ()
    settings: tuple[Setting, ...] = ()
    asserts: tuple[Source, ...] = ()
    save: Source | None = None
    variables: tuple[Variable, ...] = ()
    warnings: tuple[str, ...] = field(default=(), compare=False)
    span: Span = field(default=Span(1, 1), compare=False)


@dataclass(frozen=True, slots=True)
class Cell:
    """A parsed cell: its variables and its requests, both in order."""

    variables: tuple[Variable, ...]
    requests: tuple[RawRequest, ...]
