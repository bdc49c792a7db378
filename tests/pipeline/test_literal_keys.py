"""A key written out in a call is refused before a byte is sent; the marker that the refusal names goes through."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from flarex_nb.catalog.profile import Service
from flarex_nb.errors import UsageError
from scripted import reply
from written_keys import CHANCE, KEY


def crm(world: Any) -> Any:
    made = world(reply(200, {"id": 1}))
    made.client.services.register(Service(name="crm", base_url="https://crm.example"))
    return made


@pytest.mark.parametrize(
    "arguments",
    [
        {"headers": {"X-Api-Key": CHANCE}},
        {"params": {"api_key": CHANCE}},
        {"json": {"note": KEY}},
        {"headers": {"X-Api-Key": CHANCE}, "plan": True},
    ],
)
def test_a_key_written_out_in_a_call_is_not_sent(world: Any, arguments: Any) -> None:
    made = crm(world)

    with pytest.raises(UsageError, match="is written out in"):
        made.client.call("crm", "POST /x", **arguments)
    with pytest.raises(UsageError, match="is written out in"):
        asyncio.run(made.client.acall("crm", "POST /x", **arguments))

    assert made.wire.seen == []


def test_the_marker_that_the_refusal_names_is_sent_as_the_value(world: Any) -> None:
    made = crm(world)
    made.client.secrets.set("CRM_API_KEY", CHANCE, hosts=["crm.example"])

    made.client.call("crm", "GET /x", headers={"X-Api-Key": made.client.secrets["CRM_API_KEY"].marker})

    assert dict(made.wire.seen[0].headers)["X-Api-Key"] == CHANCE


def test_allow_literal_sends_what_is_no_key(world: Any) -> None:
    made = crm(world)

    made.client.call("crm", "GET /x", headers={"X-Api-Key": CHANCE}, allow_literal=True)

    assert dict(made.wire.seen[0].headers)["X-Api-Key"] == CHANCE
