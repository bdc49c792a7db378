"""Pages: every record once, and never silence about a missing one."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from flarex_nb.errors import IncompletePages, SchemaMismatch
from scripted import reply


def server(total: int) -> Any:
    ids = [f"ch_{number:04d}" for number in range(total)]

    def answer(out: Any) -> Any:
        query = parse_qs(urlsplit(out.url).query)
        start = ids.index(query["starting_after"][0]) + 1 if "starting_after" in query else 0
        size = int(query.get("limit", ["10"])[0])
        page = ids[start : start + size]
        data = [{"id": name, "amount": 100} for name in page]
        return reply(200, {"object": "list", "data": data, "has_more": start + size < total})

    return answer


def test_all_pages_hold_every_record_once(world: Any) -> None:
    here = world(server(250))

    result = here.call(pages="all")

    assert (result.pages, result.rows, result.complete) == (3, 250, True)
    assert len({record["id"] for record in result.records}) == 250
    assert len(result.attempts) == 3


def test_one_page_says_that_there_is_more(world: Any) -> None:
    here = world(server(250))

    result = here.call()

    assert (result.pages, result.rows, result.complete) == (1, 10, False)
    assert "--pages all" in result.stop_reason


@pytest.mark.parametrize(
    ("options", "pages", "rows", "complete"),
    [
        ({"pages": 2}, 2, 200, False),
        ({"pages": "all", "max_pages": 1}, 1, 100, False),
        ({"pages": "all", "max_records": 150}, 2, 150, False),
        ({"pages": "all", "max_records": 200}, 2, 200, False),
        ({"pages": "all", "max_records": 250}, 3, 250, True),
        ({"pages": 9}, 3, 250, True),
    ],
)
def test_a_ceiling_stops_and_says_so(world: Any, options: Any, pages: int, rows: int, complete: bool) -> None:
    here = world(server(250))

    result = here.call(**options)

    assert (result.pages, result.rows, result.complete) == (pages, rows, complete)


def test_a_server_that_repeats_itself_is_left(world: Any) -> None:
    same = reply(200, {"object": "list", "data": [{"id": "ch_1"}], "has_more": True})
    here = world(same)

    result = here.call(pages="all", cache="bypass")

    assert (result.pages, result.rows) == (1, 1), "the page that came again is not in the table twice"
    assert len(here.wire.seen) == 2
    assert not result.complete
    assert "twice" in result.stop_reason
    assert any("not complete" in warning for warning in result.warnings)


def test_a_failed_page_keeps_what_came(world: Any) -> None:
    good = server(250)
    count = 0

    def breaks_on_the_third(out: Any) -> Any:
        nonlocal count
        count += 1
        return good(out) if count < 3 else reply(400, {"error": {"message": "No more."}})

    here = world(breaks_on_the_third)

    with pytest.raises(IncompletePages) as caught:
        here.call(pages="all")

    assert caught.value.result.rows == 200
    assert not caught.value.result.complete
    assert "No more." in str(caught.value)


def test_a_list_without_its_list_is_refused(world: Any) -> None:
    here = world(reply(200, {"object": "list", "data": {"0": {}}, "has_more": False}))

    with pytest.raises(SchemaMismatch, match="'data' is of type object"):
        here.call()

    assert len(here.wire.seen) == 1


@pytest.mark.parametrize(
    "body", [{"data": {"ch_1": {}}, "total": "many"}, {"data": [{"id": "ch_1"}]}, {"has_more": True}]
)
def test_an_answer_to_a_list_endpoint_that_does_not_say_it_is_a_list_is_refused(world: Any, body: Any) -> None:
    here = world(reply(200, body))

    with pytest.raises(SchemaMismatch, match="'object' is missing"):
        here.call("GET /v1/charges")

    assert len(here.wire.seen) == 1
    assert here.call("GET /v1/charges", raw=True, cache="bypass").status == 200
    assert here.call("GET /v1/charges/ch_1").status == 200


def test_one_object_is_one_record(world: Any) -> None:
    here = world(reply(200, {"id": "ch_1", "object": "charge", "refunds": {"data": [{"id": "re_1"}]}}))

    result = here.call("GET /v1/charges/ch_1", pages="all")

    assert result.rows == 1
    assert result.complete


def test_what_failed_is_gone_on_with_and_nothing_is_asked_for_twice(world: Any) -> None:
    good = server(450)
    failing = {3, 4}
    count = 0

    def breaks_for_a_while(out: Any) -> Any:
        nonlocal count
        count += 1
        return reply(400, {"error": {"message": "Not now."}}) if count in failing else good(out)

    here = world(breaks_for_a_while)
    with pytest.raises(IncompletePages, match="Not now") as first:
        here.call(pages="all")
    with pytest.raises(IncompletePages) as second:
        first.value.resume()

    result = second.value.resume()

    assert "%flarex_resume" in first.value.hint
    assert first.value.result.rows == second.value.result.rows == 200
    assert result.rows == len({record["id"] for record in result.records}) == 450
    assert result.complete
    assert result.pages == 5
    assert len(here.wire.seen) == 5 + len(failing)
