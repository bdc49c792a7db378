"""The cache by the server's word: revalidation, stale answers, variants, and what a person may see of it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from flarex_nb.catalog.profile import Service
from flarex_nb.errors import CircuitOpen, ConnectFailed, ServerError, UsageError
from flarex_nb.portal import PORTAL
from flarex_nb.settings import Settings
from flarex_nb.vault.ref import marker
from scripted import header_of, reply

HTTP = Settings(cache_mode="http")
FAILING = Settings(cache_stale_if_error=600.0)
RENEWING = Settings(cache_stale_while_revalidate=600.0)


@pytest.mark.parametrize("settings", [Settings(), HTTP], ids=["ttl", "http"])
def test_case_39_an_etag_and_a_304_give_the_kept_body(world: Any, settings: Settings) -> None:
    here = world(
        reply(200, {"id": "ch_1"}, ETag='"a"', Cache_Control="max-age=60"),
        reply(304, b"", ETag='"a"', Cache_Control="max-age=60"),
        settings=settings,
    )

    here.call("GET /v1/charges/ch_1")
    here.clock.advance(70)
    again = here.call("GET /v1/charges/ch_1")
    here.clock.advance(30)
    third = here.call("GET /v1/charges/ch_1")

    assert header_of(here.wire.seen[1], "if-none-match") == '"a"'
    assert (again.cache, again.status, again.json) == ("revalidated", 200, {"id": "ch_1"})
    assert len(again.attempts) == 1
    assert third.cache == "hit"
    assert len(here.wire.seen) == 2


def test_a_changed_answer_after_a_condition_takes_the_old_ones_place(world: Any) -> None:
    here = world(reply(200, {"n": 1}, ETag='"a"'), reply(200, {"n": 2}, ETag='"b"'))

    here.call("GET /v1/account")
    here.clock.advance(70)

    assert here.call("GET /v1/account").json == {"n": 2}
    assert here.call("GET /v1/account").json == {"n": 2}
    assert len(here.wire.seen) == 2


@pytest.mark.parametrize("failure", [reply(503), ConnectFailed("refused")], ids=["503", "no connection"])
def test_case_40_a_stale_answer_stands_in_for_a_failing_server_and_says_so(world: Any, failure: Any) -> None:
    here = world(reply(200, {"n": 1}, Cache_Control="stale-if-error=600"), failure)

    here.call("GET /v1/account")
    here.clock.advance(100)
    stale = here.call("GET /v1/account", attempts=2)

    assert (stale.cache, stale.json, len(stale.attempts)) == ("stale", {"n": 1}, 2)
    assert stale.age >= 100
    assert "not fresh" in stale.warnings[-2]
    assert "failed" in stale.warnings[-1]


def test_a_stale_answer_stands_in_while_the_breaker_is_open(world: Any) -> None:
    here = world(reply(200, {"n": 1}), reply(503), settings=FAILING)
    here.call("GET /v1/account")
    here.clock.advance(100)
    with pytest.raises(CircuitOpen):
        here.call("GET /v1/other", attempts=9, deadline=90.0)
    sent = len(here.wire.seen)

    stale = here.call("GET /v1/account")

    assert (stale.cache, len(here.wire.seen)) == ("stale", sent)


@pytest.mark.parametrize("word", ["must-revalidate", "no-cache"])
def test_nothing_stale_is_shown_where_the_server_forbids_it(world: Any, word: str) -> None:
    here = world(reply(200, {"n": 1}, Cache_Control=word), reply(503), settings=FAILING)

    here.call("GET /v1/account")
    here.clock.advance(100)

    with pytest.raises(ServerError):
        here.call("GET /v1/account", attempts=1)


def test_a_stale_answer_is_never_another_credentials(world: Any) -> None:
    here = world(reply(200, {"n": 1}), reply(503), settings=FAILING)
    here.call("GET /v1/account")
    here.clock.advance(100)
    here.client.secrets.set("STRIPE_SECRET_KEY", "sk_sandbox_" + "o" * 24)

    with pytest.raises(ServerError):
        here.call("GET /v1/account", attempts=1)


def test_stale_while_revalidate_shows_the_old_and_asks_once_in_the_background(world: Any) -> None:
    async def slow(_out: Any, clock: Any, _progress: Any) -> Any:
        await clock.sleep(5)
        return reply(200, {"n": 2})

    here = world(reply(200, {"n": 1}), slow, settings=RENEWING)
    here.call("GET /v1/account")
    here.clock.advance(100)

    async def scene() -> list[Any]:
        shown = [await here.client.acall("stripe", "GET /v1/account") for _ in range(5)]
        await asyncio.gather(*here.client.pipeline.cache._background.values())
        return [*shown, await here.client.acall("stripe", "GET /v1/account")]

    *shown, after = PORTAL.run(scene())

    assert [(each.cache, each.json) for each in shown] == [("stale", {"n": 1})] * 5
    assert all("while it is renewed" in each.warnings[-1] for each in shown)
    assert (after.cache, after.json) == ("hit", {"n": 2})
    assert len(here.wire.seen) == 2


def test_a_renewal_ends_with_the_cache(world: Any) -> None:
    async def never(_out: Any, _clock: Any, _progress: Any) -> Any:
        await asyncio.sleep(100)

    here = world(reply(200, {"n": 1}), never, settings=RENEWING)
    here.call("GET /v1/account")
    here.clock.advance(100)
    here.call("GET /v1/account")
    [task] = here.client.pipeline.cache._background.values()

    async def close() -> None:
        await here.client.pipeline.cache.aclose()
        await asyncio.wait((task,))

    PORTAL.run(close())

    assert task.cancelled()
    assert here.client.pipeline.cache._background == {}


def test_a_renewal_that_fails_leaves_the_old_answer(world: Any) -> None:
    here = world(reply(200, {"n": 1}), reply(400), settings=RENEWING)
    here.call("GET /v1/account")
    here.clock.advance(100)

    async def scene() -> Any:
        await here.client.acall("stripe", "GET /v1/account")
        await asyncio.gather(*here.client.pipeline.cache._background.values())
        return await here.client.acall("stripe", "GET /v1/account")

    assert PORTAL.run(scene()).cache == "stale"


def test_in_http_mode_the_server_says_for_how_long(world: Any) -> None:
    here = world(
        reply(200, {"n": 1}, Cache_Control="private, max-age=600"), reply(200, {"n": 2}), reply(200, {"n": 3}),
        settings=HTTP,
    )  # fmt: skip

    here.call("GET /v1/account")
    here.clock.advance(599)
    hit = here.call("GET /v1/account")
    here.clock.advance(2)

    assert (hit.cache, dict(hit.headers)["Age"]) == ("hit", "599")
    assert [here.call("GET /v1/account").json for _ in range(2)] == [{"n": 2}, {"n": 3}]


def test_in_http_mode_the_calls_ttl_can_only_shorten(world: Any) -> None:
    here = world(reply(200, {"n": 1}, Cache_Control="max-age=60"), reply(200, {"n": 2}), settings=HTTP)
    here.call("GET /v1/account")
    here.clock.advance(30)

    assert here.call("GET /v1/account", ttl=40.0).cache == "hit"
    assert here.call("GET /v1/account", ttl=20.0).json == {"n": 2}


def test_in_http_mode_vary_tells_answers_apart(world: Any) -> None:
    def by_team(out: Any) -> Any:
        body = {"team": header_of(out, "x-team"), "asked": header_of(out, "x-trace")}
        return reply(200, body, Cache_Control="max-age=60", Vary="X-Team, Accept-Encoding")

    here = world(by_team, settings=HTTP)

    answers = [
        here.call("GET /v1/account", headers={"X-Team": team, "X-Trace": trace})
        for team, trace in (("a", "1"), ("b", "2"), ("a", "3"), ("b", "4"))
    ]

    assert [(each.cache, each.json["team"]) for each in answers] == [
        ("miss", "a"), ("miss", "b"), ("hit", "a"), ("hit", "b"),
    ]  # fmt: skip


def test_in_http_mode_a_credential_written_by_hand_tells_askers_apart(world: Any) -> None:
    here = world(reply(200, {"n": 1}, Cache_Control="max-age=60"), reply(200, {"n": 2}), settings=HTTP)

    answers = [here.call("GET /v1/account", headers={"X-Api-Key": key}).json for key in ("one", "two")]

    assert answers == [{"n": 1}, {"n": 2}]


def test_in_http_mode_head_is_answered_from_a_get_and_never_the_other_way_round(world: Any) -> None:
    here = world(reply(200, b"", Cache_Control="max-age=60"), reply(200, {"n": 1}, Cache_Control="max-age=60"),
                 settings=HTTP)  # fmt: skip

    assert here.call("HEAD /v1/account").cache == "miss"
    assert here.call("GET /v1/account").cache == "miss"
    head = here.call("HEAD /v1/account")

    assert (head.cache, head.content) == ("hit", b"")


def test_a_condition_of_the_persons_own_is_kept_as_written(world: Any) -> None:
    here = world(reply(200, {"n": 1}, Cache_Control="max-age=60", ETag='"a"'), reply(304, b""), settings=HTTP)
    here.call("GET /v1/account")

    same = here.call("GET /v1/account", headers={"If-None-Match": '"a"'})
    here.clock.advance(70)
    asked = here.call("GET /v1/account", headers={"If-None-Match": '"z"'})

    assert (same.status, same.cache) == (304, "hit")
    assert (asked.status, asked.cache) == (304, "miss")
    assert [value for name, value in here.wire.seen[1].headers if name.lower() == "if-none-match"] == ['"z"']


@pytest.mark.parametrize("settings", [Settings(), HTTP], ids=["ttl", "http"])
def test_a_part_is_never_kept_and_never_taken_for_the_whole(world: Any, settings: Settings) -> None:
    fresh = {"Cache_Control": "max-age=60"}
    here = world(
        reply(206, b"ab", Content_Type="text/plain", **fresh), reply(200, {"n": 1}, **fresh), settings=settings
    )

    for _ in range(2):
        here.call("GET /v1/account", headers={"Range": "bytes=0-1"})
        here.call("GET /v1/account")

    assert len(here.wire.seen) == 3
    assert header_of(here.wire.seen[2], "range") == "bytes=0-1"


def test_a_request_that_says_no_store_is_neither_kept_nor_answered_from_what_is(world: Any) -> None:
    here = world(reply(200, {"n": 1}), reply(200, {"n": 2}), reply(200, {"n": 3}))
    plain = {"X-Any": "1"}

    here.call("GET /v1/account", headers={"Cache-Control": "no-store"})
    here.call("GET /v1/account", headers=plain)

    assert here.call("GET /v1/account", headers={"Cache-Control": "no-store"}).json == {"n": 3}
    assert here.call("GET /v1/account", headers=plain).json == {"n": 2}


def test_a_get_with_a_body_is_another_question(world: Any) -> None:
    here = world(reply(200, {"n": 1}), reply(200, {"n": 2}))

    answers = [here.call("GET /v1/search", content=body).json for body in (b"a", b"b", b"a")]

    assert answers == [{"n": 1}, {"n": 2}, {"n": 1}]


def test_a_cookie_belongs_to_the_answer_it_came_with(world: Any) -> None:
    here = world(reply(200, {"n": 1}, Set_Cookie="session=visibly-fake"))

    first, second = here.call("GET /v1/account"), here.call("GET /v1/account")

    assert "Set-Cookie" in dict(first.headers)
    assert "Set-Cookie" not in dict(second.headers)


def test_a_smaller_cap_is_kept_for_a_kept_answer_too(world: Any) -> None:
    here = world(reply(200, b'"' + b"x" * 5000 + b'"'))

    here.call("GET /v1/account")
    here.call("GET /v1/account", max_bytes=1000)

    assert len(here.wire.seen) == 2


def test_a_missing_secret_is_said_by_who_sends(world: Any) -> None:
    here = world(reply(200, {"n": 1}))
    here.call("GET /v1/account")
    here.client._environ.clear()

    with pytest.raises(Exception, match="no value for STRIPE_SECRET_KEY"):
        here.call("GET /v1/account")


def test_what_is_kept_can_be_looked_at_counted_and_forgotten(world: Any) -> None:
    here = world(reply(200, {"n": 1}))
    cache = here.client.pipeline.cache
    here.client.services.register(Service(name="crm", base_url="https://crm.example"))

    here.call("GET /v1/account", params={"expand": "x"})
    here.client.call("crm", "GET /me")
    here.clock.advance(20)
    here.call("GET /v1/account", params={"expand": "x"})

    newest, other = cache.entries()
    assert (newest.service, newest.method, newest.address) == (
        "stripe",
        "GET",
        "https://api.stripe.com/v1/account?expand=x",
    )
    assert (newest.age, newest.hits, other.service) == (pytest.approx(20), 1, "crm")
    assert newest.left == pytest.approx(40)
    stats = cache.stats()
    assert (stats.hits, stats.misses, stats.entries, stats.shared) == (1, 2, 2, "none")
    assert stats.rate == pytest.approx(1 / 3)
    assert cache.clear("stripe") == 1
    assert [entry.service for entry in cache.entries()] == ["crm"]
    assert cache.clear() == 1
    assert here.call("GET /v1/account", params={"expand": "x"}).cache == "miss"


def test_no_secret_shows_in_what_is_kept(world: Any) -> None:
    here = world(reply(200, {"n": 1}))

    here.client.secrets.set("STRIPE_SECRET_KEY", "sk_sandbox_" + "s" * 24, hosts=["api.stripe.com"])
    here.call("GET /v1/account", params={"key": marker("STRIPE_SECRET_KEY")})

    [entry] = here.client.pipeline.cache.entries()
    assert "sk_sandbox" not in repr(entry)
    assert "STRIPE_SECRET_KEY" in entry.address


def test_only_asks_nobody_even_for_an_answer_that_could_be_revalidated(world: Any) -> None:
    here = world(reply(200, {"n": 1}, ETag='"a"'))
    here.call("GET /v1/account")
    here.clock.advance(70)

    with pytest.raises(UsageError, match="no fresh answer"):
        here.call("GET /v1/account", cache="only")

    assert len(here.wire.seen) == 1


def test_a_request_that_says_only_if_cached_asks_nobody(world: Any) -> None:
    here = world(reply(200, {"n": 1}, Cache_Control="max-age=60"), settings=HTTP)
    only = {"Cache-Control": "only-if-cached"}

    with pytest.raises(UsageError, match="no fresh answer"):
        here.call("GET /v1/account", headers=only)
    here.call("GET /v1/account")

    assert here.call("GET /v1/account", headers=only).cache == "hit"


def test_followers_get_data_of_their_own(world: Any) -> None:
    async def slow(_out: Any, clock: Any, _progress: Any) -> Any:
        await clock.sleep(0.5)
        return reply(200, {"n": 1})

    here = world(slow)

    async def burst() -> list[Any]:
        return await asyncio.gather(*(here.client.acall("stripe", "GET /v1/account") for _ in range(3)))

    first, *others = PORTAL.run(burst())
    first.json["n"] = 0

    assert [each.json for each in others] == [{"n": 1}] * 2
    assert here.client.pipeline.cache.stats().joined == 2
