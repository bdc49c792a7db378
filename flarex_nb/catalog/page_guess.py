"""How a service that no profile describes gives its pages, guessed from one answer, and why.

Only signs that mean one thing are read: a `Link` header, a next URL, a cursor under a name whose parameter is known, a
page number beside a number of pages, an offset beside a total. Where nothing is sure nothing is guessed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from flarex_nb.catalog.dig import dig
from flarex_nb.catalog.links import linked
from flarex_nb.catalog.page_kinds import (
    CursorPages,
    LastRecordPages,
    LinkHeaderPages,
    NextUrlPages,
    NumberedPages,
    OffsetPages,
    RelayPages,
)

if TYPE_CHECKING:
    from flarex_nb.catalog.page_kinds import Paging
    from flarex_nb.catalog.paging import Page
    from flarex_nb.model import Json

_NEXT_URLS = (
    "next", "links.next", "links.next.href", "_links.next", "_links.next.href", "paging.next", "pagination.next",
    "pagination.next_url", "next_url", "nextUrl", "next_page_url", "nextPageUrl", "nextLink", "meta.next",
    "info.next", "response_metadata.next_url",
)  # fmt: skip
"""Where answers name the next page's whole URL or path (HAL, JSON:API, Django REST, Laravel, ...)."""

_CURSORS = (
    ("nextPageToken", "pageToken"), ("next_page_token", "page_token"),
    ("next_cursor", "cursor"), ("nextCursor", "cursor"), ("meta.next_cursor", "cursor"), ("meta.nextCursor", "cursor"),
    ("paging.next_cursor", "cursor"), ("pagination.next_cursor", "cursor"), ("response_metadata.next_cursor", "cursor"),
    ("paging.cursors.after", "after"), ("paging.next.after", "after"), ("meta.cursor.next", "cursor"),
    ("continuation_token", "continuation_token"), ("continuationToken", "continuationToken"),
    ("next_token", "next_token"), ("nextToken", "nextToken"), ("NextToken", "NextToken"),
    ("scroll_id", "scroll_id"), ("marker", "marker"),
)  # fmt: skip
"""Where answers give a cursor, and the parameter that takes it."""

_HOLDERS = ("", "meta.", "pagination.", "paging.", "page.", "info.")
_PAGE_NAMES = ("page", "current_page", "currentPage", "page_number", "number")
_LAST_NAMES = ("total_pages", "totalPages", "last_page", "lastPage", "page_count", "pageCount", "pages")
_TOTAL_NAMES = ("total", "total_count", "totalCount", "count", "total_results", "totalResults")


class Guess(NamedTuple):
    """The kind of pages and the sign it was seen by, in a few words."""

    paging: Paging
    sign: str


def guess(page: Page) -> Guess | None:
    """Return how the pages of this answer go on, None where no sign of pages is sure."""
    if linked(page.headers, "next"):
        return Guess(LinkHeaderPages(kind="link_header"), "the Link header (RFC 8288)")
    if not isinstance(page.data, dict):
        return None
    return _url(page.data) or _cursor(page.data) or _relay(page.data) or _last_record(page) or _counted(page)


def _url(data: Json) -> Guess | None:
    for path in ("@odata.nextLink", *_NEXT_URLS):
        url = data.get(path) if isinstance(data, dict) and path[0] == "@" else dig(data, path)
        if isinstance(url, str) and url.startswith(("https://", "http://", "/", "?")):
            return Guess(NextUrlPages(kind="next_url", url=path), f"the URL at {path}")
    return None


def _cursor(data: Json) -> Guess | None:
    for path, param in _CURSORS:
        if isinstance(cursor := dig(data, path), str | int) and not isinstance(cursor, bool) and cursor:
            more = next((each for each in _more_names(path) if isinstance(dig(data, each), bool)), "")
            paging = CursorPages(kind="cursor", cursor=path, param=param, more=more)
            return Guess(paging, f"the cursor at {path}, sent as {param}")
    return None


def _more_names(path: str) -> tuple[str, ...]:
    holder = path.rpartition(".")[0]
    names = ("has_more", "hasMore", "has_next", "hasNext", "more")
    return tuple(f"{holder}.{name}" if holder else name for name in names)


def _relay(data: Json) -> Guess | None:
    """One `pageInfo` in a GraphQL answer: with two, which one the variable pages through is not known."""
    found = list(_infos(dig(data, "data"), "data", 4))
    if len(found) != 1:
        return None
    return Guess(RelayPages(kind="relay", info=found[0]), f"pageInfo at {found[0]}, sent as the variable after")


def _infos(data: Json, path: str, deep: int) -> list[str]:
    if not isinstance(data, dict) or not deep:
        return []
    here = [f"{path}.pageInfo"] if isinstance(data.get("pageInfo"), dict) and "hasNextPage" in data["pageInfo"] else []
    return here + [each for name, value in data.items() for each in _infos(value, f"{path}.{name}", deep - 1)]


def _last_record(page: Page) -> Guess | None:
    """`has_more` with `last_id` is the one list form that pages by ids under one known parameter."""
    data = page.data
    if dig(data, "has_more") is not True or not page.records:
        return None
    last = dig(data, "last_id")
    if isinstance(last, str) and dig(page.records[-1], "id") == last:
        return Guess(LastRecordPages(kind="last_record", param="after", more="has_more"), "has_more and last_id")
    return None


def _counted(page: Page) -> Guess | None:
    for holder in _HOLDERS:
        at = next((each for each in _PAGE_NAMES if _is_number(page, f"{holder}{each}")), "")
        last = next((each for each in _LAST_NAMES if _is_number(page, f"{holder}{each}")), "")
        if at and last:
            numbered = NumberedPages(
                kind="page_number", start=_number_at(page, f"{holder}{at}"), last=f"{holder}{last}"
            )
            return Guess(numbered, f"{holder}{at} and {holder}{last}, sent as page")
        total = next((each for each in _TOTAL_NAMES if _is_number(page, f"{holder}{each}")), "")
        if total and _is_number(page, f"{holder}offset") and page.records:
            return Guess(
                OffsetPages(kind="offset", size_param="", total=f"{holder}{total}"),
                f"{holder}offset and {holder}{total}",
            )
    return None


def _is_number(page: Page, path: str) -> bool:
    value = dig(page.data, path)
    return isinstance(value, int) and not isinstance(value, bool)


def _number_at(page: Page, path: str) -> int:
    value = dig(page.data, path)
    return value if isinstance(value, int) else 1
