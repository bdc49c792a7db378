"""How answers are kept where a service's profile says something of its own."""

from __future__ import annotations

from typing import Any

import pytest

from flarex_nb.catalog.profile import Freshness, Service
from flarex_nb.errors import NotFound, ProfileError
from flarex_nb.settings import Settings
from scripted import World, reply

GONE = {"error": {"message": "No such thing."}}


def registered(here: World, **freshness: Any) -> World:
    here.client.services.register(Service(name="own", base_url="https://own.example", freshness=Freshness(**freshness)))
    return here


def ask(here: World, path: str = "/x", **more: Any) -> Any:
    return here.client.call("own", f"GET {path}", jitter="none", **more)


def test_a_services_own_time_counts_and_no_others(world: Any) -> None:
    here = registered(world(reply(200, {"n": 1})), ttl=5.0)
    ask(here)
    here.call("GET /v1/charges/ch_1")
    here.clock.advance(6.0)

    assert ask(here).cache == "miss"
    assert here.call("GET /v1/charges/ch_1").cache == "hit"


def test_a_service_goes_by_http_where_the_settings_do_not(world: Any) -> None:
    fleeting = reply(200, {"n": 1}, Cache_Control="max-age=0", ETag='"a"')
    here = registered(world(fleeting, reply(304, b"", ETag='"a"')), mode="http")

    ask(here)
    here.clock.advance(1.0)

    assert ask(here).cache == "revalidated"


def test_a_service_goes_by_time_where_the_settings_go_by_http(world: Any) -> None:
    here = registered(world(reply(200, {"n": 1}), settings=Settings(cache_mode="http")), mode="ttl", ttl=30.0)

    ask(here)
    here.clock.advance(20.0)

    assert ask(here).cache == "hit"


@pytest.mark.parametrize("status", [404, 410])
def test_that_there_is_none_is_kept_for_its_seconds_where_that_is_asked_for(world: Any, status: int) -> None:
    here = registered(world(reply(status, GONE), reply(200, {"n": 1})), missing=10.0)
    with pytest.raises(NotFound):
        ask(here)
    here.clock.advance(9.0)

    with pytest.raises(NotFound) as caught:
        ask(here)

    assert len(here.wire.seen) == 1
    assert caught.value.attempts == ()
    assert "came from the cache" in caught.value.explain()
    assert caught.value.reply.status == status
    assert ask(here, check=False).status == status
    here.clock.advance(2.0)
    assert ask(here).json == {"n": 1}


def test_that_there_is_none_is_not_kept_unless_asked_for_and_never_over_no_store(world: Any) -> None:
    here = world(reply(404, GONE), reply(404, GONE, Cache_Control="no-store"), reply(200, {"n": 1}))
    registered(here)
    with pytest.raises(NotFound):
        ask(here)
    registered(here, missing=10.0)
    with pytest.raises(NotFound):
        ask(here)

    assert ask(here).status == 200


def test_other_errors_are_not_kept(world: Any) -> None:
    here = registered(world(reply(403, GONE), reply(200, {"n": 1})), missing=10.0)

    ask(here, check=False)

    assert ask(here).status == 200


def test_a_kept_none_does_not_stand_in_for_a_failing_server(world: Any) -> None:
    here = registered(
        world(reply(404, GONE), reply(503, GONE), settings=Settings(cache_stale_if_error=600.0)), missing=10.0
    )
    ask(here, check=False)
    here.clock.advance(11.0)

    assert ask(here, check=False, attempts=1).status == 503


def test_a_write_forgets_that_there_is_none(world: Any) -> None:
    here = registered(world(reply(404, GONE), reply(200, {"n": 1})), missing=10.0)
    ask(here, check=False)

    here.client.call("own", "POST /x", json={})

    assert ask(here).status == 200


@pytest.mark.parametrize("wrong", [{"mode": "hhtp"}, {"ttl": 0}, {"missing": -1}, {"mising": 10}])
def test_a_wrong_freshness_is_refused_with_its_place(world: Any, wrong: dict[str, Any]) -> None:
    with pytest.raises(ProfileError, match="freshness"):
        Service(name="own", base_url="https://own.example", freshness=wrong)
