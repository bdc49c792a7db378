"""How things stand, and starting anew."""

from __future__ import annotations

import contextlib
from types import SimpleNamespace
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

from flarex_nb.errors import FlarexError, UnknownService, UsageError
from flarex_nb.model import CallRequest
from flarex_nb.notebook import commands_seeing as seeing
from flarex_nb.notebook.journal import Memory, past_stop
from scripted import KEY, reply


@pytest.fixture
def here(world: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Make a world that the magics look at."""

    def make(*steps: Any) -> Any:
        made = world(*steps)
        monkeypatch.setattr(seeing, "default", lambda: made.client)
        return made

    return make


def call(here: Any, name: str = "plainly", request: str = "GET /x", **options: Any) -> None:
    with contextlib.suppress(FlarexError):
        here.client.call(name, request, jitter="none", **options)


def rows() -> dict[str, Any]:
    return {place.service: place for place in seeing.status().of.places}


def test_looking_builds_nothing_and_says_that_nothing_was_called(here: Any) -> None:
    made = here(reply(200, {}))

    sheet = seeing.status()

    assert "Nothing was called yet." in repr(sheet)
    assert "pipeline" not in made.client.__dict__


def test_a_breaker_is_told_with_what_opened_it_and_for_how_long(here: Any) -> None:
    made = here(reply(500))
    call(made), call(made)

    place = rows()["plainly"]

    assert place.tone == "bad"
    assert place.breaker.startswith("open, for 1")
    assert "calls failed within 30 s" in place.breaker
    assert place.credit != "20 of 20"

    made.clock.advance(60)
    assert rows()["plainly"].breaker.startswith("half-open, the next call is its one probe")


def test_a_quota_is_told_by_service_and_credential(here: Any) -> None:
    made = here(reply(200, {}, X_RateLimit_Limit="60", X_RateLimit_Remaining="12", X_RateLimit_Reset="30"))
    call(made)

    place = rows()["plainly"]

    assert (place.credential, place.environment) == ("CRM_API_KEY", "live")
    assert "12 of 60 left, full again in 30 s" in place.quotas[0]
    assert place.gate == "open"


def test_a_gate_that_a_429_closed_says_until_when_and_who_asked(here: Any) -> None:
    made = here(reply(429, {}, Retry_After="50"))
    call(made)

    place = rows()["plainly"]

    assert "full for 50 s more (Retry-After)" in place.gate
    assert place.tone == "warn"
    assert place.breaker == "closed"


@pytest.mark.parametrize("who", ["plainly", "all"])
def test_a_reset_closes_the_breaker_opens_the_gate_and_refills_the_credit(here: Any, who: str, capsys: Any) -> None:
    made = here(
        reply(500), reply(500), reply(500), reply(500), reply(500), reply(429, {}, Retry_After="50"), reply(200, {})
    )
    call(made), call(made)
    seeing.reset(who)
    call(made)
    assert "50 s more" in rows()["plainly"].gate

    seeing.reset(who)
    place = rows()["plainly"]
    call(made)

    assert (place.breaker, place.gate, place.quotas, place.credit) == ("closed", "open", (), "20 of 20")
    assert len(made.wire.seen) == 7
    assert "Breaker closed" in capsys.readouterr().out


def test_a_reset_of_one_service_leaves_the_others(here: Any) -> None:
    made = here(reply(500))
    for name in ("plainly", "keyed"):
        call(made, name), call(made, name)

    seeing.reset("keyed")

    assert rows()["plainly"].tone == "bad"
    assert rows()["keyed"].tone == "good"


def test_a_report_from_before_a_reset_does_not_count_after_it(here: Any) -> None:
    from flarex_nb.policies import breaker as circuit

    made = here(reply(200, {}))
    call(made)
    ((place, health),) = made.client.pipeline.retry._health.items()
    passed = circuit.admit(health.breaker, 0.0)[1]

    seeing.reset("all")
    after = circuit.report(health.breaker, passed, "failure", 0.0)

    assert place[0] == "plainly.example"
    assert after.tally == ()


@pytest.mark.parametrize(("line", "kind"), [("", UsageError), ("a b", UsageError), ("plainlyy", UnknownService)])
def test_a_reset_of_nothing_known_says_what_can_be(here: Any, line: str, kind: type[FlarexError]) -> None:
    here(reply(200, {}))

    with pytest.raises(kind):
        seeing.reset(line)


def test_a_reset_before_any_call_says_that_there_is_nothing(here: Any, capsys: Any) -> None:
    here(reply(200, {}))

    seeing.reset("plainly")

    assert "was not called" in capsys.readouterr().out


def test_no_value_of_a_secret_is_in_any_sheet(here: Any) -> None:
    made = here(reply(400, {"error": {"message": f"bad key {KEY}"}}), reply(200, {}))
    call(made)
    call(made, request="GET /y", params={"note": KEY})
    made.wire.steps[:] = [reply(400, {"error": {"message": f"bad key {KEY}"}})]
    with pytest.raises(FlarexError) as caught:
        made.client.call("plainly", "GET /z")

    sheets = [seeing.status(), seeing.why(SimpleNamespace(user_ns={}), Memory(), ""), seeing.cache("")]  # type: ignore[arg-type]
    assert "bad key" in repr(sheets[1]), caught

    assert sheets[2] is not None
    assert len(sheets[2].of.entries) == 1
    for sheet in sheets:
        assert sheet is not None
        assert KEY not in repr(sheet) + sheet._repr_html_()


def test_why_takes_the_newest_call_whoever_made_it(here: Any) -> None:
    made = here(reply(200, {}))
    memory, shell = Memory(), SimpleNamespace(user_ns={})
    kept = made.client.call("plainly", "GET /python")

    assert seeing.why(shell, memory, "").of.path == "/python"  # type: ignore[arg-type]
    memory.note(seeing.past_result(made.client.call("plainly", "GET /magic")), made.client.latest)
    assert seeing.why(shell, memory, "").of.path == "/magic"  # type: ignore[arg-type]
    shell.user_ns["kept"] = kept
    assert seeing.why(shell, memory, "kept").of.path == "/python"  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="no variable"):
        seeing.why(shell, memory, "other")  # type: ignore[arg-type]


def test_a_stopped_call_is_told_although_an_earlier_result_is_still_there(here: Any) -> None:
    made = here(reply(200, {}))
    memory, shell = Memory(), SimpleNamespace(user_ns={})
    kept = made.client.call("plainly", "GET /earlier")

    memory.note(past_stop(CallRequest("plainly", "GET", "/stopped"), "stopped by you", "no", ()), made.client.latest)

    assert kept
    assert seeing.why(shell, memory, "").of.path == "/stopped"  # type: ignore[arg-type]


def test_the_last_call_is_remembered_without_its_records(here: Any) -> None:
    import gc
    import weakref

    made = here(reply(200, [{"id": 1}]))
    result = made.client.call("plainly", "GET /x")
    memory = Memory()
    memory.note(seeing.past_result(result), made.client.latest)
    gone = weakref.ref(result)

    del result
    gc.collect()

    assert gone() is None
    assert made.client.latest() is None
    assert "It succeeded" in repr(seeing.why(SimpleNamespace(user_ns={}), memory, ""))  # type: ignore[arg-type]


def test_every_magic_is_registered_and_taken_off_again() -> None:
    from flarex_nb.notebook import extension

    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance()
    try:
        extension.load(shell)
        names = {name for name in shell.magics_manager.magics["line"] if name.startswith("flarex_")}
        extension.unload(shell)
        left = [name for name in shell.magics_manager.magics["line"] if "flarex" in name]
    finally:
        InteractiveShell.clear_instance()

    assert {"flarex_why", "flarex_status", "flarex_reset", "flarex_cache"} <= names
    assert left == []
