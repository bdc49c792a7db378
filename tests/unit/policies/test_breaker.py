"""The breaker's states."""

from __future__ import annotations

import pytest

from flarex_nb.errors import (
    AddressBlocked,
    ApiError,
    CircuitOpen,
    ConnectFailed,
    FlarexError,
    SchemaMismatch,
    UsageError,
)
from flarex_nb.policies.breaker import Breaker, Health, Pass, Refused, admit, release, report, weigh


def after(breaker: Breaker, health: Health, now: float, *, server_wait: float | None = None) -> Breaker:
    breaker, passed = admit(breaker, now)
    assert isinstance(passed, Pass)
    return report(breaker, passed, health, now, server_wait=server_wait, cause="The last was a 503.")


def opened(now: float = 0.0, *, server_wait: float | None = None) -> Breaker:
    breaker = Breaker()
    for _ in range(5):
        breaker = after(breaker, "failure", now, server_wait=server_wait)
    return breaker


def passes(breaker: Breaker, now: float, calls: int) -> int:
    count = 0
    for _ in range(calls):
        breaker, answer = admit(breaker, now)
        count += isinstance(answer, Pass)
    return count


def test_case_32_failures_open_it_and_after_fifteen_seconds_exactly_one_of_twenty_passes() -> None:
    breaker = Breaker()
    admitted = 0

    for _ in range(10):
        breaker, answer = admit(breaker, 1.0)
        if isinstance(answer, Pass):
            admitted += 1
            breaker = report(breaker, answer, "failure", 1.0, cause="The last was a 503.")
    _, refused = admit(breaker, 6.0)

    assert admitted == 5
    assert isinstance(refused, Refused)
    assert refused.retry_after == 10.0
    assert "5 of 5 calls failed within 30 s. The last was a 503." in refused.sentence
    assert passes(breaker, 16.0, 20) == 1


def test_two_refusals_for_one_cause_read_the_same() -> None:
    breaker = Breaker()
    for _ in range(5):
        breaker = after(breaker, "failure", 1.0)

    (_, early), (_, late) = admit(breaker, 2.0), admit(breaker, 15.5)

    assert isinstance(early, Refused)
    assert isinstance(late, Refused)
    assert early.sentence == late.sentence
    assert (early.retry_after, late.retry_after) == (14.0, 0.5)


def test_case_33_ten_limited_answers_leave_it_closed() -> None:
    breaker = Breaker()

    for _ in range(10):
        breaker = after(breaker, weigh(429, None), 1.0)

    assert breaker.phase == "closed"


def test_four_failures_or_less_than_half_leave_it_closed() -> None:
    few, mixed = Breaker(), Breaker()

    for _ in range(4):
        few = after(few, "failure", 0.0)
    for health in ("alive",) * 6 + ("failure",) * 5:
        mixed = after(mixed, health, 0.0)

    assert few.phase == "closed"
    assert mixed.phase == "closed"
    assert after(mixed, "failure", 0.0).phase == "open"


def test_failures_older_than_thirty_seconds_do_not_count() -> None:
    breaker = Breaker()

    for second in (0.0, 1.0, 2.0, 3.0, 33.5):
        breaker = after(breaker, "failure", second)

    assert breaker.phase == "closed"


def test_the_tally_stays_small_however_many_calls_there_are() -> None:
    breaker = Breaker()

    for call in range(5000):
        breaker = after(breaker, "alive", call / 50)

    assert len(breaker.tally) <= 31


def test_a_good_probe_closes_it_and_a_bad_one_doubles_the_time_up_to_its_cap() -> None:
    closed = after(opened(), "alive", 15.0)
    breaker, now, times = opened(), 15.0, []

    for _ in range(5):
        breaker = after(breaker, "failure", now)
        times.append(breaker.until - now)
        now = breaker.until

    assert (closed.phase, closed.tally) == ("closed", ())
    assert times == [30.0, 60.0, 120.0, 120.0, 120.0]


def test_a_cancelled_probe_frees_its_place_for_exactly_one_other() -> None:
    breaker, probe = admit(opened(), 15.0)
    assert isinstance(probe, Pass)

    breaker = release(breaker, probe)

    assert passes(breaker, 15.0, 20) == 1


def test_a_probe_that_says_nothing_frees_its_place() -> None:
    breaker, probe = admit(opened(), 15.0)
    assert isinstance(probe, Pass)

    breaker = report(breaker, probe, "nothing", 15.0)

    assert breaker.phase == "half-open"
    assert passes(breaker, 15.0, 20) == 1


def test_reports_and_cancellations_from_before_change_nothing() -> None:
    closed, early = admit(Breaker(), 0.0)
    assert isinstance(early, Pass)
    breaker = opened()
    probing, probe = admit(breaker, 15.0)
    assert isinstance(probe, Pass)
    freed, second = admit(release(probing, probe), 15.0)

    assert closed == Breaker()
    assert report(breaker, early, "alive", 1.0) == breaker
    assert report(probing, early, "alive", 15.0) == probing
    assert isinstance(second, Pass)
    assert release(freed, probe) == freed


def test_the_wait_of_a_503_replaces_the_own_time() -> None:
    assert opened(server_wait=40.0).until == 40.0
    assert opened(server_wait=2.0).until == 2.0


def test_a_failed_probe_waits_at_least_as_long_as_the_server_asks() -> None:
    breaker = after(opened(), "failure", 15.0, server_wait=300.0)

    assert breaker.until == 315.0
    assert after(breaker, "failure", 315.0).until == 315.0 + 60.0


def test_a_call_refused_during_a_probe_knows_when_to_ask_again() -> None:
    breaker, _ = admit(opened(), 15.0)

    _, refused = admit(breaker, 15.0)

    assert isinstance(refused, Refused)
    assert refused.retry_after > 0


@pytest.mark.parametrize(
    ("status", "error", "health"),
    [
        (500, None, "failure"),
        (503, None, "failure"),
        (None, ConnectFailed("refused"), "failure"),
        (200, None, "alive"),
        (404, None, "alive"),
        (429, None, "alive"),
        (200, SchemaMismatch("shape"), "alive"),
        (None, SchemaMismatch("shape"), "alive"),
        (None, ApiError("broken", status=502), "failure"),
        (None, AddressBlocked("no"), "nothing"),
        (None, UsageError("no"), "nothing"),
        (None, CircuitOpen("no"), "nothing"),
        (None, None, "nothing"),
    ],
)
def test_what_counts_as_a_failure(status: int | None, error: FlarexError | None, health: Health) -> None:
    assert weigh(status, error) == health
