"""A key written out in a Python call is refused before anything is sent, and named by where it stands."""

from __future__ import annotations

import pytest

from flarex_nb.errors import UsageError
from flarex_nb.model import CallOptions
from flarex_nb.pipeline.ask import from_python
from flarex_nb.vault.ref import marker
from written_keys import CHANCE, KEY

TOKEN = ".".join(("ey" + "JhbGciOiJIUzI1NiJ9", "ey" + "JzdWIiOiJhZGEifQ", CHANCE))


def asked(request="GET /x", **arguments):
    return from_python("crm", request, options=CallOptions(), **arguments)


@pytest.mark.parametrize(
    ("arguments", "place"),
    [
        ({"headers": {"X-Api-Key": KEY}}, 'headers["X-Api-Key"]'),
        ({"headers": {"X-Api-Key": CHANCE}}, 'headers["X-Api-Key"]'),
        ({"headers": {"Authorization": f"Bearer {CHANCE}"}}, 'headers["Authorization"]'),
        ({"headers": {"Authorization": f"Basic {CHANCE}"}}, 'headers["Authorization"]'),
        ({"headers": {"X-Note": KEY}}, 'headers["X-Note"]'),
        ({"params": {"api_key": CHANCE}}, 'params["api_key"]'),
        ({"params": [("a", "1"), ("token", CHANCE)]}, 'params["token"]'),
        ({"params": {"note": TOKEN}}, 'params["note"]'),
        ({"request": f"GET /x?api_key={CHANCE}"}, 'params["api_key"]'),
        ({"request": f"GET /hooks/{KEY}"}, "the path"),
        ({"request": "GET https://ada:" + "Tr0ub4dor3x" + "@crm.example/x"}, "the path"),
        ({"request": "POST /x", "json": {"a": [{"b": f"mine: {KEY}"}]}}, 'the body["a"][0]["b"]'),
        ({"request": "POST /x", "json": KEY}, "the body"),
        ({"request": "POST /x", "data": {"key": KEY}}, 'the body["key"]'),
    ],
)
def test_a_key_in_an_argument_is_refused(arguments, place):
    with pytest.raises(UsageError) as caught:
        asked(**arguments)

    error = caught.value
    assert error.place == place
    assert place in error.message
    assert error.sent == "no"
    assert "secrets.set(" in error.hint
    assert "allow_literal=True" in error.hint
    for value in (KEY, CHANCE, TOKEN, "Tr0ub4dor3x"):
        assert value[8:] not in error.explain() + repr(error)


@pytest.mark.parametrize(
    "arguments",
    [
        {"headers": {"X-Api-Key": marker("CRM_API_KEY")}},
        {"headers": {"Authorization": f"Bearer {marker('CRM_API_KEY')}"}},
        {"headers": {"Idempotency-Key": CHANCE}},
        {"params": {"page_token": CHANCE, "limit": 3, "starting_after": f"ch_{CHANCE}"}},
        {"request": "POST /x", "json": {"password": CHANCE, "token": TOKEN}},
        {"request": "POST /x", "json": {"api_key": "<YOUR_KEY>", "n": 1, "more": [None, True, 1.5]}},
        {"request": "POST /x", "content": KEY.encode()},
        {"headers": {"X-Api-Key": "sk_sandbox_flarex_0123456789abcdef"}},
    ],
)
def test_what_is_no_key_or_is_data_passes(arguments):
    assert asked(**arguments).warnings == ()


def test_allow_literal_lets_it_pass():
    request = asked(headers={"X-Api-Key": CHANCE}, params={"api_key": CHANCE}, allow_literal=True)

    assert dict(request.headers)["X-Api-Key"] == CHANCE


def test_a_body_of_any_depth_is_looked_at_without_an_end():
    deep = {"a": KEY}
    for _ in range(5_000):
        deep = {"a": deep}

    assert asked("POST /x", json=deep).method == "POST"
