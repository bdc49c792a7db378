"""Options and settings are checked before anything is sent, the same from Python as in a cell."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from flarex_nb.errors import FlarexError, NotFound, UsageError
from flarex_nb.settings import load
from scripted import reply


@pytest.mark.parametrize(
    "option",
    [
        {"cache": "bypas"},
        {"jitter": "ful"},
        {"max_records": -1},
        {"ttl": -1},
        {"max_bytes": 0},
        {"max_bytes": -5},
        {"idempotency": True},
        {"idempotency": "nwe"},
    ],
)
def test_an_option_of_python_is_checked_as_in_a_cell(world: Any, option: Any) -> None:
    here = world(reply(200, {}))

    with pytest.raises(UsageError):
        here.client.call("stripe", "POST /v1/charges", json={}, **option)

    assert here.wire.seen == []


@pytest.mark.parametrize(
    "variable", [{"FLAREX_CONNECTIONS": "0"}, {"FLAREX_CACHE_ENTRIES": "-1"}, {"FLAREX_CACHE_TTL": "nan"}]
)
def test_a_setting_out_of_range_is_refused(variable: Any) -> None:
    with pytest.raises(UsageError):
        load(variable)


def test_a_total_ends_the_pages(world: Any) -> None:
    async def page(_out: Any, clock: Any, _progress: Any) -> Any:
        await clock.sleep(4.0)
        return reply(200, {"object": "list", "data": [{"id": f"ch_{clock.now()}"}], "has_more": clock.now() < 40})

    here = world(page)

    with pytest.raises(FlarexError):
        here.call(pages="all", total=10.0)

    assert here.clock.now() <= 10.1


def test_a_deadline_alone_is_enough(world: Any) -> None:
    here = world(reply(200, {}))

    assert here.call(deadline=5.0).status == 200


def test_an_error_survives_a_process_pool() -> None:
    error = pickle.loads(pickle.dumps(NotFound("no such charge", status=404, code="missing")))  # noqa: S301 - our own bytes

    assert (error.status, error.code, error.sent) == (404, "missing", "yes")
