"""Which page comes next: pure decisions over one answer, one named mechanism each.

Nothing here sends; the client asks after each page and stops at `NoMore`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias, assert_never

from flarex_nb.catalog.dig import dig
from flarex_nb.catalog.profile import LastRecordPages, NoPages

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flarex_nb.catalog.profile import Paging
    from flarex_nb.model import Json

Query: TypeAlias = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class NextPage:
    """There is more: ask again with this query; `cursor` is what distinguishes the page, for the loop guard."""

    query: Query
    cursor: str


@dataclass(frozen=True, slots=True)
class NoMore:
    """The end; `complete` False when the pages stop before the records do, and `reason` says why."""

    reason: str
    complete: bool = True


def first_query(paging: Paging, query: Query) -> Query:
    """Return the query of the first page: as given, with the largest page size where none was chosen."""
    match paging:
        case NoPages():
            return query
        case LastRecordPages(size_param=param, size=size):
            if not param or any(name == param for name, _ in query):
                return query
            return (*query, (param, str(size)))
        case _:
            assert_never(paging)


def next_page(paging: Paging, query: Query, data: Json, records: Sequence[Json]) -> NextPage | NoMore:
    """Return what follows this answer: `query` is the one it answered, `records` the list it held."""
    match paging:
        case NoPages():
            return NoMore("the endpoint answers in one piece")
        case LastRecordPages():
            return _after_last_record(paging, query, data, records)
        case _:
            assert_never(paging)


def _after_last_record(paging: LastRecordPages, query: Query, data: Json, records: Sequence[Json]) -> NextPage | NoMore:
    more = dig(data, paging.more)
    if more is False:
        return NoMore(f"{paging.more} is false")
    if more is not True:
        return NoMore(f"the answer has no {paging.more!r}, so whether more records exist is unknown", complete=False)
    if not records:
        return NoMore(f"{paging.more} is true but the page is empty", complete=False)
    cursor = dig(records[-1], paging.field)
    if cursor is None:
        return NoMore(f"the last record has no {paging.field!r} to go on from", complete=False)
    rest = tuple((name, value) for name, value in query if name != paging.param)
    return NextPage((*rest, (paging.param, str(cursor))), str(cursor))
