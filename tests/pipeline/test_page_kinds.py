"""Every way in which servers give pages: each kind by its profile, and by its signs where nobody described the service."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from flarex_nb.catalog.profile import Service
from flarex_nb.client import Client
from flarex_nb.clock import VirtualClock
from flarex_nb.errors import IncompletePages
from flarex_nb.settings import Settings
from scripted import ScriptedWire, header_of, reply

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ALL = [{"id": number, "name": f"n{number}"} for number in range(23)]
SIZE = 5


def query(out: Any) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(out.url).query, keep_blank_values=True))


def part(start: int, size: int = SIZE) -> list[dict[str, Any]]:
    return ALL[start : start + size]


class Shop:
    """A service with these records; `pages(out)` answers one request."""

    def __init__(self, tmp_path: Path, pages: Callable[[Any], Any], **profile: Any) -> None:
        self.clock = VirtualClock()
        self.wire = ScriptedWire(self.clock, [pages])
        self.client = Client(Settings(cache="bypass"), clock=self.clock, wire=self.wire, environ={}, folder=tmp_path)
        self.client.services.register(Service(name="shop", base_url="https://shop.example/api", **profile))

    def call(self, request: str = "GET /items", **options: Any) -> Any:
        return self.client.call("shop", request, **{"pages": "all", "jitter": "none", **options})


def numbers(result: Any) -> list[int]:
    return [record["id"] for record in result.records]


def by_number(out: Any) -> Any:
    page = int(query(out).get("page", 1))
    return reply(200, {"items": part((page - 1) * SIZE), "page": page, "total_pages": 5})


def by_number_without_an_end(out: Any) -> Any:
    return reply(200, {"items": part((int(query(out).get("page", 1)) - 1) * SIZE)})


def by_offset(out: Any) -> Any:
    offset = int(query(out).get("offset", 0))
    return reply(200, {"items": part(offset), "offset": offset, "total": len(ALL)})


def by_cursor(out: Any) -> Any:
    start = int(query(out).get("cursor", "c0")[1:])
    rest = start + SIZE < len(ALL)
    return reply(200, {"items": part(start), "next_cursor": f"c{start + SIZE}" if rest else None})


def by_token(out: Any) -> Any:
    start = int(query(out).get("pageToken", "0"))
    more = {"nextPageToken": str(start + SIZE)} if start + SIZE < len(ALL) else {}
    return reply(200, {"items": part(start), **more})


def by_link(out: Any) -> Any:
    start = int(query(out).get("from", "0"))
    link = (
        f'<https://shop.example/api/items?from={start + SIZE}>; rel="next", <https://shop.example/api/items>; rel=first'
    )
    return reply(200, part(start), **({"Link": link} if start + SIZE < len(ALL) else {}))


def by_url(out: Any) -> Any:
    start = int(query(out).get("from", "0"))
    return reply(
        200, {"results": part(start), "next": f"/api/items?from={start + SIZE}" if start + SIZE < len(ALL) else None}
    )


def by_header(out: Any) -> Any:
    start = int(query(out).get("after", "0"))
    return reply(200, part(start), **({"X_Next": str(start + SIZE)} if start + SIZE < len(ALL) else {}))


def by_body(out: Any) -> Any:
    start = json.loads(out.content).get("search", {}).get("after", 0)
    return reply(200, {"hits": part(start), "after": start + SIZE if start + SIZE < len(ALL) else None})


def by_relay(out: Any) -> Any:
    start = int(json.loads(out.content)["variables"].get("after") or 0)
    info = {"hasNextPage": start + SIZE < len(ALL), "endCursor": str(start + SIZE)}
    return reply(200, {"data": {"items": {"nodes": part(start), "pageInfo": info}}})


GRAPHQL = {"query": "query($after: String) { items(after: $after) { nodes { id } } }", "variables": {}}

DESCRIBED = [
    (by_number, "GET /items", {"kind": "page_number", "last": "total_pages"}, {}),
    (by_number_without_an_end, "GET /items", {"kind": "page_number"}, {}),
    (by_offset, "GET /items", {"kind": "offset", "size_param": "", "total": "total"}, {}),
    (by_cursor, "GET /items", {"kind": "cursor", "cursor": "$.next_cursor", "param": "cursor"}, {}),
    (by_token, "GET /items", {"kind": "cursor", "cursor": "nextPageToken", "param": "pageToken"}, {}),
    (by_link, "GET /items", {"kind": "link_header"}, {}),
    (by_url, "GET /items", {"kind": "next_url", "url": "next"}, {}),
    (by_header, "GET /items", {"kind": "cursor", "cursor_header": "X-Next", "param": "after"}, {}),
    (by_body, "POST /search", {"kind": "cursor", "cursor": "after", "param": "search.after", "where": "body"}, {"json": {"search": {}}}),
    (by_relay, "POST /graphql", {"kind": "relay", "info": "data.items.pageInfo"}, {"json": GRAPHQL}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("pages", "request_line", "paging", "more"), DESCRIBED, ids=lambda each: getattr(each, "__name__", "")
)
def test_a_described_kind_brings_every_record_once_and_in_order(
    tmp_path: Path, pages: Any, request_line: str, paging: dict[str, Any], more: dict[str, Any]
) -> None:
    shop = Shop(tmp_path, pages, paging=paging)

    result = shop.call(request_line, **more)

    assert numbers(result) == list(range(23))
    assert result.complete
    assert not [note for note in (*result.warnings, *result.notes) if "profile" in note]


GUESSED = [
    (by_number, "GET /items", "page and total_pages", {}),
    (by_offset, "GET /items", "offset and total", {}),
    (by_cursor, "GET /items", "the cursor at next_cursor", {}),
    (by_token, "GET /items", "the cursor at nextPageToken", {}),
    (by_link, "GET /items", "the Link header", {}),
    (by_url, "GET /items", "the URL at next", {}),
    (by_relay, "POST /graphql", "pageInfo at data.items.pageInfo", {"json": GRAPHQL}),
]


@pytest.mark.parametrize(
    ("pages", "request_line", "sign", "more"), GUESSED, ids=lambda each: getattr(each, "__name__", "")
)
def test_an_unknown_service_is_followed_by_its_signs_and_that_is_told(
    tmp_path: Path, pages: Any, request_line: str, sign: str, more: dict[str, Any]
) -> None:
    shop = Shop(tmp_path, pages)

    result = shop.call(request_line, **more)

    assert numbers(result) == list(range(23))
    assert result.complete
    assert any(sign in note for note in result.notes), result.notes
    assert not result.warnings


def test_one_page_of_an_unknown_service_says_that_there_is_more(tmp_path: Path) -> None:
    result = Shop(tmp_path, by_link).call(pages="none")

    assert result.pages == 1
    assert not result.complete
    assert "the server has more" in result.stop_reason


@pytest.mark.parametrize(
    "answer",
    [
        {"id": 7, "next": "/items/8", "name": "a record that is one of a chain"},
        {"items": part(0), "total": 5},
        {"items": part(0), "next": "tomorrow"},
        {"items": part(0), "has_more": True},
        {"items": part(0), "marker": ""},
    ],
)
def test_where_no_sign_is_sure_nothing_is_followed(tmp_path: Path, answer: Any) -> None:
    shop = Shop(tmp_path, lambda _out: reply(200, answer))

    shop.call()

    assert len(shop.wire.seen) == 1


@pytest.mark.parametrize("url", ["https://evil.example/items?from=5", "http://shop.example/api/items", "//evil.example/x", "https://shop.example:8443/x", "file:///etc/passwd"])  # fmt: skip
def test_a_next_page_elsewhere_is_not_asked_for(tmp_path: Path, url: str) -> None:
    shop = Shop(tmp_path, lambda _out: reply(200, {"results": part(0), "next": url}), paging={"kind": "next_url"})

    result = shop.call()

    assert len(shop.wire.seen) == 1
    assert not result.complete
    assert "credential does not go" in result.stop_reason


def test_an_opaque_url_is_asked_for_exactly_as_the_server_wrote_it(tmp_path: Path) -> None:
    steps = iter(
        [
            reply(200, {"results": part(0), "next": "?c=a%2Bb%3D%3D+c;d&empty="}),
            reply(200, {"results": part(5), "next": ""}),
        ]
    )
    shop = Shop(tmp_path, lambda _out: next(steps), paging={"kind": "next_url"})

    shop.call()

    assert shop.wire.seen[1].url == "https://shop.example/api/items?c=a%2Bb%3D%3D+c;d&empty="


def test_a_server_that_ignores_the_page_number_is_left_without_doubles(tmp_path: Path) -> None:
    shop = Shop(tmp_path, lambda _out: reply(200, {"items": part(0)}), paging={"kind": "page_number"})

    result = shop.call()

    assert numbers(result) == list(range(5))
    assert not result.complete
    assert len(shop.wire.seen) == 2


def test_a_cursor_named_twice_ends_the_pages(tmp_path: Path) -> None:
    count = iter(range(100))
    shop = Shop(tmp_path, lambda _out: reply(200, {"items": part(next(count)), "next_cursor": "again"}))

    result = shop.call()

    assert not result.complete
    assert "same next page twice" in result.stop_reason
    assert len(shop.wire.seen) == 2


def test_each_page_of_a_post_has_a_key_of_its_own(tmp_path: Path) -> None:
    paging = {"kind": "cursor", "cursor": "after", "param": "search.after", "where": "body"}
    shop = Shop(tmp_path, by_body, paging=paging, idempotency_header="Idempotency-Key")

    result = shop.call("POST /search", json={"search": {}})

    sent = [header_of(out, "Idempotency-Key") for out in shop.wire.seen]
    assert numbers(result) == list(range(23))
    assert len(set(sent)) == len(sent) == 5


def test_the_page_size_of_a_profile_is_asked_for_and_a_chosen_one_stays(tmp_path: Path) -> None:
    shop = Shop(
        tmp_path,
        by_cursor,
        paging={"kind": "cursor", "cursor": "next_cursor", "param": "cursor", "size_param": "limit", "size": 50},
    )

    shop.call()
    shop.call(params={"limit": 7})

    assert {query(out)["limit"] for out in shop.wire.seen} == {"50", "7"}


@pytest.mark.parametrize(("pages", "paging"), [(by_number, {"kind": "page_number", "last": "total_pages"}), (by_offset, {"kind": "offset", "size_param": "", "total": "total"})])  # fmt: skip
def test_pages_known_beforehand_are_asked_for_at_once_and_kept_in_order(
    tmp_path: Path, pages: Any, paging: dict[str, Any]
) -> None:
    under_way = most = 0

    async def slow(out: Any, clock: Any, _progress: Any) -> Any:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.02 if int(query(out).get("page", query(out).get("offset", 0))) % 2 else 0.005)
        under_way -= 1
        return pages(out)

    shop = Shop(tmp_path, slow, paging=paging)

    result = shop.call(concurrency=3)

    assert numbers(result) == list(range(23))
    assert result.complete
    assert most == 3
    assert len(shop.wire.seen) == 5


def test_a_failed_page_among_many_keeps_those_before_it_and_no_others(tmp_path: Path) -> None:
    def third_fails(out: Any) -> Any:
        return reply(400, {"error": "no"}) if query(out).get("page") == "3" else by_number(out)

    shop = Shop(tmp_path, third_fails, paging={"kind": "page_number", "last": "total_pages"})

    with pytest.raises(IncompletePages) as caught:
        shop.call(concurrency=4)

    assert numbers(caught.value.result) == list(range(10))


@pytest.mark.parametrize(
    ("options", "rows", "requests"), [({"max_pages": 2}, 10, 2), ({"max_records": 7}, 7, 2), ({"pages": 3}, 15, 3)]
)
def test_ceilings_hold_with_several_at_a_time(
    tmp_path: Path, options: dict[str, Any], rows: int, requests: int
) -> None:
    shop = Shop(tmp_path, by_number, paging={"kind": "page_number", "last": "total_pages"})

    result = shop.call(concurrency=4, **options)

    assert result.rows == rows
    assert len(shop.wire.seen) == requests
    assert not result.complete
