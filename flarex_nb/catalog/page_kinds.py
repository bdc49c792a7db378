"""The ways in which services give a long list in pages, as data of a profile: one named mechanism each.

A path is dotted ("meta.next"); "$.meta.next" is read as the same.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


def _without_root(path: object) -> object:
    return path.removeprefix("$.") if isinstance(path, str) else path


Dotted = Annotated[str, BeforeValidator(_without_root)]
"""A path into the answer, its "$." taken off."""


class _Kind(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class NoPages(_Kind):
    """The endpoint answers in one piece."""

    kind: Literal["none"] = "none"


class _Sized(_Kind):
    """What most kinds have: the parameter for the page size, and the paths that tell whether there is more.

    `size` is asked for where the person chose none and `size_param` is named. `more` is true or false; `total` is the
    number of records over all pages.
    """

    size_param: str = ""
    size: int = Field(default=100, gt=0)
    more: Dotted = ""
    total: Dotted = ""


class LastRecordPages(_Sized):
    """The next page starts after the last record's id (`starting_after` with `has_more`)."""

    kind: Literal["last_record"]
    param: str
    field: str = "id"
    more: Dotted


class LinkHeaderPages(_Sized):
    """The answer's `Link` header names the next page's URL (RFC 8288)."""

    kind: Literal["link_header"]
    rel: str = "next"


class NextUrlPages(_Sized):
    """The body names the next page's URL."""

    kind: Literal["next_url"]
    url: Dotted = "next"


class CursorPages(_Sized):
    """The answer gives a cursor, in its body or a header, which goes into the next request as `param`.

    `where` says in which part: "query", "header", or "body", where `param` is a dotted path.
    """

    kind: Literal["cursor"]
    cursor: Dotted = ""
    cursor_header: str = ""
    param: str
    where: Literal["query", "body", "header"] = "query"


class NumberedPages(_Sized):
    """Pages have numbers, from `start`. `last` is the path of the last page's number."""

    kind: Literal["page_number"]
    param: str = "page"
    start: int = 1
    last: Dotted = ""


class OffsetPages(_Sized):
    """The next page starts at an offset, counted in records from 0."""

    kind: Literal["offset"]
    param: str = "offset"
    size_param: str = "limit"


class RelayPages(_Sized):
    """A GraphQL connection: `pageInfo` at this path; its `endCursor` becomes the variable `variable`."""

    kind: Literal["relay"]
    info: Dotted
    variable: str = "after"


Paging = Annotated[
    NoPages | LastRecordPages | LinkHeaderPages | NextUrlPages | CursorPages | NumberedPages | OffsetPages | RelayPages,
    Field(discriminator="kind"),
]
