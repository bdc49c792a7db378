"""The gate that keeps the server's limits."""

from __future__ import annotations

import pytest

from flarex_nb.policies.limiter import Gate, GoNow, Refuse, Ticket, WaitUntil, admit, finish, learn, start
from flarex_nb.policies.quota import Quota
from flarex_nb.policies.wait import ServerWait

WAIT_TWO = ServerWait(2.0, "Retry-After")


def quota(
    remaining: int | None, reset_in: float | None = None, limit: int | None = None, name: str = "default"
) -> Quota:
    return Quota(name, limit, remaining, reset_in, "X-RateLimit-Reset")


def sent(gate: Gate, now: float, calls: int) -> Gate:
    for _ in range(calls):
        gate, _ = start(gate, now)
    return gate


def released(gate: Gate, now: float, calls: int) -> int:
    """Return how many of so many callers may be sent at once, each taking its place."""
    count = 0
    for _ in range(calls):
        if isinstance(admit(gate, now, 30.0), GoNow):
            gate, _ = start(gate, now)
            count += 1
    return count


def test_a_new_gate_lets_everything_through() -> None:
    assert released(Gate(), 0.0, 100) == 100


def test_case_30_with_nothing_left_the_next_call_waits_for_the_reset() -> None:
    gate, ticket = start(Gate(), 0.0)

    gate = learn(finish(gate), (quota(0, 3.0),), 0.0, ticket=ticket)

    assert admit(gate, 0.0, 30.0) == WaitUntil(
        3.0, "X-RateLimit-Reset", "The server's limit is full for 3 s more (X-RateLimit-Reset)."
    )
    assert isinstance(admit(gate, 2.999, 30.0), WaitUntil)
    assert isinstance(admit(gate, 3.0, 30.0), GoNow)


def test_case_31_one_callers_limit_holds_all_others_until_its_time() -> None:
    gate, ticket = start(Gate(), 0.0)

    gate = learn(finish(gate), (), 0.0, ticket=ticket, wait=WAIT_TWO)

    assert released(gate, 0.0, 9) == 0
    assert released(gate, 1.999, 9) == 0
    assert released(gate, 2.0, 9) == 1


def test_after_a_limit_calls_go_out_one_then_two_then_four_at_a_time() -> None:
    gate = learn(Gate(), (), 0.0, wait=WAIT_TWO)
    widths = []

    for _ in range(3):
        widths.append(released(gate, 2.0, 9))
        gate, ticket = start(gate, 2.0)
        gate = learn(finish(gate), (), 2.0, ticket=ticket)

    assert widths == [1, 2, 4]


def test_a_gate_is_as_wide_as_before_after_enough_good_answers() -> None:
    gate = learn(Gate(), (), 0.0, wait=WAIT_TWO)

    for _ in range(6):
        gate, ticket = start(gate, 2.0)
        gate = learn(finish(gate), (), 2.0, ticket=ticket)

    assert gate.allowance is None


def test_answers_to_calls_sent_before_it_closed_do_not_open_it() -> None:
    gate, early = start(Gate(), 0.0)
    gate = learn(gate, (), 0.0, wait=WAIT_TWO)

    gate = learn(finish(gate), (), 2.0, ticket=early)

    assert gate.allowance == 1


def test_a_wait_beyond_the_deadline_is_refused_at_once() -> None:
    gate = learn(Gate(), (quota(0, 60.0),), 0.0)

    refused = admit(gate, 0.0, 30.0)

    assert isinstance(refused, Refuse)
    assert refused.wait == 60.0
    assert "60 s" in refused.sentence
    assert "30 s are left" in refused.sentence


def test_a_wait_is_never_shortened_by_a_later_answer() -> None:
    gate = learn(Gate(), (), 0.0, wait=ServerWait(10.0, "Retry-After"))

    gate = learn(gate, (), 1.0, wait=ServerWait(1.0, "retry-after-ms"))

    assert (gate.closed_until, gate.closed_by) == (10.0, "Retry-After")


def test_after_a_reset_no_more_than_the_limit_are_released() -> None:
    gate = learn(Gate(), (quota(0, 3.0, limit=5),), 0.0)

    assert released(gate, 3.0, 50) == 5


def test_after_a_reset_of_unknown_size_one_call_is_released_to_learn() -> None:
    gate = learn(Gate(), (quota(0, 3.0),), 0.0)
    gate, ticket = start(gate, 3.0)

    waiting = admit(gate, 3.0, 30.0)
    gate = learn(finish(gate), (quota(4, 3.0),), 3.1, ticket=ticket)

    assert isinstance(waiting, WaitUntil)
    assert waiting.at is None
    assert released(gate, 3.1, 50) == 4


def test_calls_under_way_count_against_the_limit_after_a_reset() -> None:
    gate = learn(sent(Gate(), 0.0, 3), (quota(0, 3.0, limit=5),), 0.0)

    assert released(gate, 3.0, 50) == 2


def test_each_call_takes_one_of_what_is_left() -> None:
    gate = learn(Gate(), (quota(3, 9.0, limit=5),), 0.0)

    assert released(gate, 0.0, 50) == 3


def test_an_older_answer_never_raises_what_is_left() -> None:
    gate, first = start(Gate(), 0.0)
    gate, second = start(gate, 0.0)
    gate = learn(finish(gate), (quota(3, 9.0, limit=5),), 0.1, ticket=second)

    gate = learn(finish(gate), (quota(4, 20.0, limit=5),), 0.2, ticket=first)

    assert gate.windows[0].remaining == 3


@pytest.mark.parametrize(("left", "room"), [(4, 0), (3, 0), (5, 1)])
def test_no_answer_raises_what_is_left_above_the_limit_less_the_calls_sent(left: int, room: int) -> None:
    gate = sent(Gate(), 0.0, 5)

    gate = learn(finish(gate), (quota(left, 9.0, limit=5),), 0.1, ticket=Ticket(1))

    assert gate.windows[0].remaining == room


def test_calls_under_way_may_not_have_been_met_by_the_server_when_it_counted() -> None:
    gate = sent(Gate(), 0.0, 4)

    gate = learn(finish(gate), (quota(5, 9.0, limit=100),), 0.1, ticket=Ticket(1))

    assert released(gate, 0.1, 50) == 2
    assert gate.windows[0].remaining == 5


def test_others_with_the_same_credential_count_in_a_new_window() -> None:
    gate = learn(Gate(), (quota(0, 3.0, limit=50),), 0.0)
    gate, ticket = start(gate, 3.0)

    gate = learn(finish(gate), (quota(7, 10.0, limit=50),), 3.1, ticket=ticket)

    assert released(gate, 3.1, 50) == 7


def test_a_new_window_is_counted_from_its_start_whatever_its_first_answer_says() -> None:
    gate = learn(Gate(), (quota(0, 3.0, limit=5),), 0.0)
    gate, first = start(gate, 3.0)
    gate = sent(gate, 3.0, 4)

    gate = learn(finish(gate), (quota(4, 10.0, limit=5),), 3.1, ticket=first)

    assert released(gate, 3.1, 50) == 0


def test_a_late_answer_of_the_window_before_says_nothing_of_the_new_one() -> None:
    gate, late = start(learn(Gate(), (quota(1, 3.0, limit=5),), 0.0), 0.0)
    gate, new = start(gate, 3.0)
    gate = learn(finish(gate), (quota(4, 9.5, limit=5),), 3.1, ticket=new)

    after = learn(finish(gate), (quota(0, 0.5, limit=5),), 3.2, ticket=late)

    assert after.windows == gate.windows


def test_a_call_sent_before_the_new_window_and_answered_in_it_counts_there() -> None:
    gate, late = start(learn(Gate(), (quota(1, 3.0, limit=5),), 0.0), 0.0)

    gate = learn(finish(sent(gate, 3.0, 1)), (quota(2, 9.5, limit=5),), 3.2, ticket=late)

    assert gate.windows[0].resets_at == pytest.approx(12.7)
    assert released(gate, 3.2, 50) == 1


def test_an_older_answer_leaves_the_reset_of_a_newer_one() -> None:
    gate, first = start(Gate(), 0.0)
    gate, second = start(gate, 0.0)
    gate = learn(finish(gate), (quota(3, 9.0, limit=5),), 0.1, ticket=second)

    gate = learn(finish(gate), (quota(4, 1.0, limit=5),), 0.2, ticket=first)

    assert gate.windows[0].resets_at == pytest.approx(9.1)


def test_a_limit_that_names_no_reset_is_wide_again_when_an_answer_says_so() -> None:
    gate, ticket = start(learn(Gate(), (quota(0),), 0.0), 0.0)

    gate = learn(finish(gate), (quota(6),), 0.1, ticket=ticket)

    assert released(gate, 0.1, 50) == 6


def test_an_answer_of_the_same_period_only_lowers_what_is_left() -> None:
    gate = learn(Gate(), (quota(3, 9.0, limit=50),), 0.0)

    same = learn(gate, (quota(40, 8.5, limit=50),), 0.5)
    later = learn(gate, (quota(40, 30.0, limit=50),), 0.5)

    assert same.windows[0].remaining == 3
    assert later.windows[0].remaining == 40


def test_a_call_that_never_reached_the_server_gives_its_place_back() -> None:
    gate = learn(Gate(), (quota(1, 9.0, limit=5),), 0.0)
    gate, _ = start(gate, 0.0)

    gate = finish(gate, counted=False)

    assert released(gate, 0.0, 9) == 1


def test_a_cancelled_call_frees_its_place_under_way() -> None:
    gate = learn(Gate(), (), 0.0, wait=WAIT_TWO)
    gate, _ = start(gate, 2.0)

    waiting = admit(gate, 2.0, 30.0)
    freed = admit(finish(gate), 2.0, 30.0)

    assert isinstance(waiting, WaitUntil)
    assert isinstance(freed, GoNow)


def test_callers_further_back_wait_for_those_ahead() -> None:
    gate = learn(Gate(), (quota(2, 9.0, limit=5),), 0.0)

    assert isinstance(admit(gate, 0.0, 30.0, ahead=1), GoNow)
    assert isinstance(admit(gate, 0.0, 30.0, ahead=2), WaitUntil)


def test_nothing_left_and_no_reset_named_lets_one_call_at_a_time_find_out() -> None:
    gate = learn(Gate(), (quota(0),), 0.0)

    assert released(gate, 0.0, 9) == 1


@pytest.mark.parametrize("remaining", [None, 7])
def test_what_is_left_or_unknown_holds_nobody(remaining: int | None) -> None:
    assert isinstance(admit(learn(Gate(), (quota(remaining, 9.0),), 0.0), 0.0, 30.0), GoNow)


def test_the_longest_of_several_limits_counts() -> None:
    gate = learn(
        Gate(), (quota(0, 3.0, name="requests"), quota(0, 8.0, name="tokens"), quota(5, 60.0, name="day")), 0.0
    )

    answer = admit(gate, 0.0, 30.0)

    assert isinstance(answer, WaitUntil)
    assert answer.at == 8.0


def test_limits_of_ever_new_names_do_not_pile_up() -> None:
    gate = Gate()

    for number in range(500):
        gate = learn(gate, (quota(1, 9.0, name=f"bucket-{number}"),), 0.0)

    assert len(gate.windows) <= 32
