"""Arguments of a Python call become the request they look like, or a clear refusal before anything is sent."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from flarex_nb.catalog.profile import Service
from flarex_nb.errors import NotFound, ProfileError, UsageError
from scripted import header_of, reply

NOON = dt.datetime(2026, 1, 2, 12, 0, tzinfo=dt.UTC)


@pytest.fixture
def plain(world: Any) -> Any:
    here = world(reply(200, {}))
    here.client.services.register(Service(name="plain", base_url="https://plain.example"))
    return here


def test_a_repeated_form_field_is_sent_each_time(plain: Any) -> None:
    plain.client.call("plain", "POST /x", data=[("a", "1"), ("a", "2")])

    assert plain.wire.seen[0].content == b"a=1&a=2"


def test_a_query_in_the_request_line_goes_along(plain: Any) -> None:
    plain.client.call("plain", "GET /x?a=1&b=", params={"c": [1, 2]})

    assert plain.wire.seen[0].url.endswith("/x?a=1&b=&c=1&c=2")


def test_dates_and_decimals_become_right_json(plain: Any) -> None:
    plain.client.call("plain", "POST /x", json={"at": NOON})

    assert plain.wire.seen[0].content == b'{"at":"2026-01-02T12:00:00+00:00"}'


@pytest.mark.parametrize("value", [float("nan"), float("inf"), b"bytes", {1, 2}, object()])
def test_what_json_cannot_hold_is_refused(plain: Any, value: Any) -> None:
    with pytest.raises(UsageError):
        plain.client.call("plain", "POST /x", json={"v": value})

    assert plain.wire.seen == []


def test_a_date_in_a_json_body_that_becomes_a_form_is_seconds(world: Any) -> None:
    here = world(reply(200, {}))

    here.call("POST /v1/checkout/sessions", json={"expires_at": NOON})

    assert here.wire.seen[0].content == b"expires_at=1767355200"


def test_a_written_json_content_type_wins_over_the_services_form(world: Any) -> None:
    here = world(reply(200, {}))

    here.call("POST /v2/x", json={"a": [1]}, headers={"Content-Type": "application/json"})

    assert here.wire.seen[0].content == b'{"a":[1]}'
    assert header_of(here.wire.seen[0], "Content-Type") == "application/json"


@pytest.mark.parametrize(
    "arguments",
    [{"params": "a=1"}, {"data": "a=1"}, {"headers": "A: b"}, {"json": {}, "data": {}}],
)
def test_arguments_of_the_wrong_kind_are_named(plain: Any, arguments: Any) -> None:
    with pytest.raises(UsageError):
        plain.client.call("plain", "POST /x", **arguments)

    assert plain.wire.seen == []


@pytest.mark.parametrize("request_line", [None, "", "FETCH /x", "GET"])
def test_a_request_that_is_none_is_refused(plain: Any, request_line: Any) -> None:
    with pytest.raises(UsageError):
        plain.client.call("plain", request_line)


def test_the_page_size_is_asked_for_where_there_are_pages_only(world: Any) -> None:
    here = world(reply(200, {"id": "ch_1"}))

    here.call("GET /v1/charges/ch_1", pages="all")
    here.call("POST /v1/customers", pages="all", json={})

    assert [out.url.partition("?")[2] for out in here.wire.seen] == ["", ""]


def test_a_path_that_is_nearly_a_documented_one_is_guessed(world: Any) -> None:
    here = world(reply(404, {"error": {"message": "Unrecognized request URL"}}))

    with pytest.raises(NotFound) as caught:
        here.call("GET /v1/chargse")

    assert "Did you mean GET /v1/charges?" in caught.value.hint


@pytest.mark.parametrize("auth", ["crm key", "sk_" + "live_a1B2c3D4e5F6"])
def test_a_profile_names_a_secret_and_never_holds_one(auth: str) -> None:
    with pytest.raises(ProfileError, match="secret"):
        Service(name="crm", base_url="https://crm.example", auth={"kind": "bearer", "secret": auth})


def test_a_profile_holds_no_credential_in_its_headers() -> None:
    with pytest.raises(ProfileError, match="credential"):
        Service(name="crm", base_url="https://crm.example", headers={"authorization": "Bearer x"})


@pytest.mark.parametrize("asked", [{"request": "GET /v1/\ud800"}, {"params": {"a": "\udfff"}}])
def test_half_of_a_character_is_a_clear_error(world: Any, asked: Any) -> None:
    here = world(reply(200, {}))

    with pytest.raises(UsageError, match="surrogate"):
        here.call(**asked)

    assert here.wire.seen == []
