"""Which page comes next: pure decisions over one answer, one named mechanism each.

Nothing here sends; the client asks after each page and stops at `NoMore`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias, assert_never

from flarex_nb.catalog.dig import dig
from flarex_nb.catalog.links import linked
from flarex_nb.catalog.page_kinds import (
    CursorPages,
    LastRecordPages,
    LinkHeaderPages,
    NextUrlPages,
    NoPages,
    NumberedPages,
    OffsetPages,
    RelayPages,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flarex_nb.catalog.page_kinds import Paging
    from flarex_nb.model import Headers, Json

Query: TypeAlias = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class NextPage:
    """There is more: ask again with this `query`, or at this `url`; `cursor` distinguishes the page (loop guard).

    `header` and `body` are a name or a dotted path, and the value that goes there.
    """

    query: Query | None
    cursor: str
    url: str = ""
    header: tuple[str, str] | None = None
    body: tuple[str, Json] | None = None


@dataclass(frozen=True, slots=True)
class NoMore:
    """The end; `complete` False when the pages stop before the records do, and `reason` says why."""

    reason: str
    complete: bool = True


@dataclass(frozen=True, slots=True)
class Page:
    """One answer as the decision sees it: the query it answers, its body, its list, its headers, and `seen`.

    `seen` counts the records of this page and all before it.
    """

    query: Query
    data: Json
    records: Sequence[Json]
    headers: Headers = ()
    seen: int = 0


def first_query(paging: Paging, query: Query) -> Query:
    """Return the query of the first page: as given, with the largest page size where none was chosen."""
    if isinstance(paging, NoPages) or not paging.size_param or _value(query, paging.size_param) is not None:
        return query
    return (*query, (paging.size_param, str(paging.size)))


def following(paging: Paging, page: Page) -> NextPage | NoMore:
    """Return what follows this page."""
    found: NextPage | NoMore
    match paging:
        case NoPages():
            found = NoMore("the endpoint answers in one piece")
        case LastRecordPages():
            found = _after_last_record(paging, page)
        case LinkHeaderPages() | NextUrlPages():
            found = _at_url(paging, page)
        case CursorPages():
            found = _at_cursor(paging, page)
        case NumberedPages() | OffsetPages():
            found = _counted(paging, page)
        case RelayPages():
            found = _relay(paging, page)
        case _:
            assert_never(paging)
    return found


def _after_last_record(paging: LastRecordPages, page: Page) -> NextPage | NoMore:
    more = dig(page.data, paging.more)
    if more is False:
        return NoMore(f"{paging.more} is false")
    if more is not True:
        return NoMore(f"the answer has no {paging.more!r}, so whether more records exist is unknown", complete=False)
    if not page.records:
        return NoMore(f"{paging.more} is true but the page is empty", complete=False)
    cursor = dig(page.records[-1], paging.field)
    if cursor is None:
        return NoMore(f"the last record has no {paging.field!r} to go on from", complete=False)
    return NextPage(with_value(page.query, paging.param, str(cursor)), str(cursor))


def _at_url(paging: LinkHeaderPages | NextUrlPages, page: Page) -> NextPage | NoMore:
    if isinstance(paging, LinkHeaderPages):
        url: Json = linked(page.headers, paging.rel)
        where = f'the Link header\'s "{paging.rel}"'
    else:
        url, where = dig(page.data, paging.url), paging.url
    if not url:
        return NoMore(f"{where} is empty")
    return NextPage(None, url, url) if isinstance(url, str) else NoMore(f"{where} is no URL", complete=False)


def _at_cursor(paging: CursorPages, page: Page) -> NextPage | NoMore:
    where = paging.cursor or f"the header {paging.cursor_header}"
    cursor = dig(page.data, paging.cursor) if paging.cursor else _header(page.headers, paging.cursor_header)
    more = dig(page.data, paging.more) if paging.more else None
    if more is False:
        return NoMore(f"{paging.more} is false")
    if cursor is None or cursor is False or cursor == "":
        said = f"{paging.more} is true but {where} is empty" if more is True else f"{where} is empty"
        return NoMore(said, complete=more is not True)
    text = cursor if isinstance(cursor, str) else json.dumps(cursor)
    match paging.where:
        case "query":
            return NextPage(with_value(page.query, paging.param, text), text)
        case "header":
            return NextPage(None, text, header=(paging.param, text))
        case "body":
            return NextPage(None, text, body=(paging.param, cursor))
        case _:
            assert_never(paging.where)


def _counted(paging: NumberedPages | OffsetPages, page: Page) -> NextPage | NoMore:
    start = paging.start if isinstance(paging, NumberedPages) else 0
    number = _number(page.query, paging.param, start)
    if number is None:
        return NoMore(f"{paging.param} is no number to count on from", complete=False)
    if end := _end_of(paging, page, number):
        return NoMore(end)
    step = 1 if isinstance(paging, NumberedPages) else len(page.records)
    return NextPage(with_value(page.query, paging.param, str(number + step)), str(number + step))


def _end_of(paging: NumberedPages | OffsetPages, page: Page, number: int) -> str:
    """Return how the answer says that it is the last one, "" where it does not: then an empty page will."""
    last = dig(page.data, paging.last) if isinstance(paging, NumberedPages) and paging.last else None
    if isinstance(last, int) and number >= last:
        return f"page {number} of {last}"
    if not page.records:
        return "the page is empty"
    if paging.more and dig(page.data, paging.more) is False:
        return f"{paging.more} is false"
    total = dig(page.data, paging.total) if paging.total else None
    return f"all {total} records are here" if isinstance(total, int) and page.seen >= total else ""


def _relay(paging: RelayPages, page: Page) -> NextPage | NoMore:
    """https://relay.dev/graphql/connections.htm, section 5."""
    info = dig(page.data, paging.info)
    if not isinstance(info, dict) or "hasNextPage" not in info:
        return NoMore(f"{paging.info} has no hasNextPage, so whether more exist is unknown", complete=False)
    if not info["hasNextPage"]:
        return NoMore("hasNextPage is false")
    cursor = info.get("endCursor")
    if not cursor:
        return NoMore("hasNextPage is true but endCursor is empty; ask for both in pageInfo", complete=False)
    return NextPage(None, str(cursor), body=(f"variables.{paging.variable}", cursor))


def known_queries(paging: Paging, page: Page) -> list[Query]:
    """Return the queries of all pages after this one, where the answer tells how many there are; else none."""
    if not isinstance(paging, NumberedPages | OffsetPages) or not page.records:
        return []
    step = 1 if isinstance(paging, NumberedPages) else len(page.records)
    number = _number(page.query, paging.param, paging.start if isinstance(paging, NumberedPages) else 0)
    total = dig(page.data, paging.total) if paging.total else None
    last = dig(page.data, paging.last) if isinstance(paging, NumberedPages) and paging.last else None
    if isinstance(last, int):
        pages = last - (number or 0)
    elif isinstance(total, int):
        pages = -(-(total - page.seen) // len(page.records))
    else:
        return []
    numbers = range((number or 0) + step, (number or 0) + step * pages + 1, step) if number is not None else range(0)
    return [with_value(page.query, paging.param, str(each)) for each in numbers[:_MOST_AT_ONCE]]


_MOST_AT_ONCE = 10_000
"""Pages planned ahead at most; what a server says of its size is only its word."""


def with_value(query: Query, name: str, value: str) -> Query:
    """Return the query with that parameter once, at its end."""
    return (*((each, old) for each, old in query if each != name), (name, value))


def _value(query: Query, name: str) -> str | None:
    return next((value for each, value in query if each == name), None)


def _number(query: Query, name: str, default: int) -> int | None:
    text = _value(query, name)
    if text is None:
        return default
    return int(text) if text.isascii() and text.isdigit() else None


def _header(headers: Headers, name: str) -> str | None:
    return next((value for each, value in headers if each.lower() == name.lower()), None)
