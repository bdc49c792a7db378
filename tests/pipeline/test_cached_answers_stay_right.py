"""A kept answer is the answer to this question, asked with this credential, now; and nobody can change it."""

from __future__ import annotations

import asyncio
from typing import Any

from flarex_nb.catalog.profile import Service
from flarex_nb.errors import UsageError
from flarex_nb.portal import PORTAL
from scripted import reply

FIRST, SECOND = reply(200, {"n": 1}), reply(200, {"n": 2})
OLD, NEW = "sk_live_" + "a" * 24, "sk_live_" + "b" * 24


def test_a_rotated_secret_asks_anew(world: Any) -> None:
    here = world(FIRST, SECOND)
    here.client.secrets.set("STRIPE_SECRET_KEY", OLD)

    here.call("GET /v1/account")
    here.client.secrets.rotate("STRIPE_SECRET_KEY", NEW)

    assert here.call("GET /v1/account").json == {"n": 2}


def test_a_changed_environment_variable_asks_anew(world: Any) -> None:
    here = world(FIRST, SECOND)

    here.call("GET /v1/account")
    here.client._environ["STRIPE_SECRET_KEY"] = NEW

    assert here.call("GET /v1/account").json == {"n": 2}


def test_another_user_name_asks_anew(world: Any) -> None:
    here = world(FIRST, SECOND)
    here.client._environ["CRM_API_KEY"] = "visibly-fake-password"

    for user in ("anna", "bert"):
        auth = {"kind": "basic", "secret": "CRM_API_KEY", "username": user}
        here.client.services.register(Service(name="crm", base_url="https://crm.example", auth=auth))
        result = here.client.call("crm", "GET /me")

    assert result.json == {"n": 2}


def test_changing_a_record_does_not_change_the_kept_answer(world: Any) -> None:
    here = world(FIRST)

    here.call("GET /v1/account").records[0]["n"] = 0

    assert here.call("GET /v1/account").json == {"n": 1}


def test_an_answer_kept_raw_is_still_data_for_the_next(world: Any) -> None:
    here = world(FIRST)

    here.call("GET /v1/account", raw=True)

    assert here.call("GET /v1/account").json == {"n": 1}


def test_a_shorter_ttl_of_the_asking_call_counts(world: Any) -> None:
    here = world(FIRST, SECOND)

    here.call("GET /v1/account")
    here.clock.advance(30)

    assert here.call("GET /v1/account", ttl=5.0).json == {"n": 2}


def test_a_ttl_of_nothing_is_refused_or_kept(world: Any) -> None:
    here = world(FIRST, SECOND)

    try:
        here.call("GET /v1/account", ttl=0.0)
    except UsageError:
        return
    here.clock.advance(30)

    assert here.call("GET /v1/account").json == {"n": 2}


def test_a_read_under_way_during_a_write_is_not_kept_or_joined(world: Any) -> None:
    reads: list[int] = []

    async def step(out: Any, clock: Any, _progress: Any) -> Any:
        if out.method == "POST":
            await clock.sleep(0.1)
            return reply(200, {})
        reads.append(1)
        if len(reads) > 1:
            return SECOND
        await clock.sleep(1.0)
        return FIRST

    here = world(step)

    async def scene() -> tuple[Any, Any]:
        before = asyncio.ensure_future(here.client.acall("stripe", "GET /v1/customers/c"))
        await asyncio.sleep(0)
        await here.client.acall("stripe", "POST /v1/customers/c", json={"n": 2})
        joined = await here.client.acall("stripe", "GET /v1/customers/c")
        await before
        return joined.json, (await here.client.acall("stripe", "GET /v1/customers/c")).json

    assert PORTAL.run(scene()) == ({"n": 2}, {"n": 2})


def test_kept_answers_are_bounded_in_bytes(world: Any) -> None:
    here = world(lambda _out: reply(200, b'"' + b"x" * 1_000_000 + b'"'))

    for number in range(100):
        here.call(f"GET /v1/files/{number}")

    kept = here.client.pipeline.cache.store._kept.values()
    assert sum(len(each.value.reply.content) for each in kept) <= 64_000_000
