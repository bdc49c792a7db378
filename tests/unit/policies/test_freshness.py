"""What may be kept, for how long, and what stands in for a failing server; RFC 9111 by section."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flarex_nb.model import Reply
from flarex_nb.policies.freshness import as_cached, conditions, confirmed, judge, may_store, over_an_error
from flarex_nb.policies.freshness_facts import (
    Facts,
    Fresh,
    MayNotStore,
    MayStore,
    Miss,
    Revalidate,
    Rules,
    Stale,
    read_facts,
)
from flarex_nb.policies.freshness_fields import PLAIN, Told

NOW = 1_792_567_650.0
DATE = "Wed, 21 Oct 2026 07:27:30 GMT"
HTTP, TTL = Rules(mode="http"), Rules()


def a_reply(status: int = 200, elapsed: float = 0.0, **headers: str) -> Reply:
    return Reply(status, tuple((name.replace("_", "-"), value) for name, value in headers.items()), b"{}", elapsed)


def kept(rules: Rules = HTTP, status: int = 200, **headers: str) -> Facts:
    verdict = may_store(a_reply(status, **headers), PLAIN, rules, NOW)
    assert isinstance(verdict, MayStore), verdict
    return verdict.facts


@pytest.mark.parametrize(
    ("headers", "lifetime"),
    [
        ({"Cache_Control": "max-age=60"}, 60),
        ({"Cache_Control": "s-maxage=3600, max-age=1"}, 1),
        ({"Cache_Control": "max-age=60", "Expires": "Wed, 21 Oct 2026 08:27:30 GMT", "Date": DATE}, 60),
        ({"Expires": "Wed, 21 Oct 2026 07:28:00 GMT", "Date": DATE}, 30),
        ({"Cache_Control": "max-age=003600"}, 3600),
        ({"Cache_Control": 'max-age="100"'}, 100),
        ({"Cache_Control": 'extension="max-age=100, x", max-age=7'}, 7),
        ({"Cache_Control": "max-age=10, max-age=5"}, 5),
        ({"Cache_Control": "max-age=99999999999"}, 2.0**31),
        ({"Last_Modified": "Wed, 21 Oct 2026 07:10:50 GMT", "Date": DATE}, 100),
    ],
)
def test_the_lifetime_is_what_the_answer_says(headers: dict[str, str], lifetime: float) -> None:
    assert kept(**headers).lifetime == lifetime


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Cache_Control": "no-store"},
        {"Cache_Control": "max-age=60, No-Store"},
        {"Cache_Control": "max-age=0"},
        {"Cache_Control": "max-age=-60"},
        {"Cache_Control": "max-age='60'"},
        {"Cache_Control": "max-age=60.0"},
        {"Cache_Control": "s-maxage=60"},
        {"Expires": "0", "Date": DATE},
        {"Expires": DATE, "Date": DATE},
        {"Cache_Control": "max-age=60", "Vary": "*"},
        {"Cache_Control": "max-age=60", "Vary": "Accept, *"},
    ],
)
def test_what_has_no_lifetime_and_no_validator_is_not_kept(headers: dict[str, str]) -> None:
    assert isinstance(may_store(a_reply(**headers), PLAIN, HTTP, NOW), MayNotStore)


@pytest.mark.parametrize("status", [206, 301, 304, 404, 500])
def test_partial_answers_redirects_and_errors_are_not_kept(status: int) -> None:
    assert isinstance(may_store(a_reply(status, Cache_Control="max-age=60"), PLAIN, HTTP, NOW), MayNotStore)


def test_an_unknown_status_is_kept_when_told_to_unless_it_must_be_understood() -> None:
    assert kept(status=299, Cache_Control="max-age=60").lifetime == 60
    verdict = may_store(a_reply(299, Cache_Control="max-age=60, must-understand"), PLAIN, HTTP, NOW)

    assert isinstance(verdict, MayNotStore)


@pytest.mark.parametrize("age", ["abc", "-7200", "7200.0", "0, 0", "7200;foo=bar"])
def test_an_age_that_cannot_be_read_makes_the_answer_stale(age: str) -> None:
    facts = kept(Cache_Control="max-age=3600", Age=age, ETag='"a"')

    assert isinstance(judge(facts, PLAIN, NOW), Revalidate)


def test_the_age_on_arrival_counts_as_rfc_9111_says() -> None:
    assert kept(Cache_Control="max-age=60", Age="20").age(NOW + 5) == 25
    assert kept(Cache_Control="max-age=60", Date="Wed, 21 Oct 2026 07:27:00 GMT").age(NOW) == 30
    verdict = may_store(a_reply(elapsed=2.0, Cache_Control="max-age=60", Age="20"), PLAIN, HTTP, NOW)
    assert isinstance(verdict, MayStore)
    assert verdict.facts.initial_age == 22


def test_a_clock_set_back_makes_nothing_younger() -> None:
    assert kept(Cache_Control="max-age=60", Age="20").age(NOW - 1000) == 20


def test_in_ttl_mode_only_no_store_is_heard() -> None:
    assert kept(TTL, Cache_Control="max-age=0, no-cache").lifetime == 60
    assert isinstance(may_store(a_reply(Cache_Control="no-store"), PLAIN, TTL, NOW), MayNotStore)
    assert isinstance(may_store(a_reply(), Told(no_store=True), TTL, NOW), MayNotStore)
    assert isinstance(may_store(a_reply(201), PLAIN, TTL, NOW), MayNotStore)


def test_jitter_spreads_the_ttl_by_a_tenth() -> None:
    ends = [may_store(a_reply(), PLAIN, TTL, NOW, jitter) for jitter in (-0.1, 0.0, 0.1)]

    assert [end.facts.lifetime for end in ends if isinstance(end, MayStore)] == pytest.approx([54, 60, 66])


def test_nothing_stored_is_a_miss() -> None:
    assert isinstance(judge(None, PLAIN, NOW), Miss)


def test_fresh_until_the_lifetime_ends_then_asked_with_both_validators() -> None:
    facts = kept(Cache_Control="max-age=60", ETag='"a"', Last_Modified="Wed, 21 Oct 2026 07:00:00 GMT")

    assert judge(facts, PLAIN, NOW + 59) == Fresh(59, "59 s old, and good for 60 s")
    verdict = judge(facts, PLAIN, NOW + 60)
    assert isinstance(verdict, Revalidate)
    assert dict(verdict.headers) == {"If-None-Match": '"a"', "If-Modified-Since": "Wed, 21 Oct 2026 07:00:00 GMT"}


def test_without_a_validator_an_old_answer_is_a_miss() -> None:
    assert isinstance(judge(kept(Cache_Control="max-age=60"), PLAIN, NOW + 60), Miss)


def test_no_cache_is_asked_about_each_time() -> None:
    facts = kept(Cache_Control="no-cache, max-age=60", ETag='"a"')

    assert isinstance(judge(facts, PLAIN, NOW), Revalidate)


@pytest.mark.parametrize(
    ("told", "after", "kind"),
    [
        (Told(max_age=10), 11, Revalidate),
        (Told(max_age=10), 9, Fresh),
        (Told(max_age=1000), 61, Revalidate),
        (Told(min_fresh=30), 31, Revalidate),
        (Told(min_fresh=30), 29, Fresh),
        (Told(max_stale=30), 89, Stale),
        (Told(max_stale=30), 91, Revalidate),
        (Told(no_cache=True), 1, Revalidate),
    ],
)
def test_the_request_has_a_say(told: Told, after: float, kind: type) -> None:
    assert isinstance(judge(kept(Cache_Control="max-age=60", ETag='"a"'), told, NOW + after), kind)


def test_the_ttl_of_the_asking_call_goes_both_ways() -> None:
    facts = kept(TTL, ETag='"a"')

    assert isinstance(judge(facts, PLAIN, NOW + 30, ttl=5), Revalidate)
    assert isinstance(judge(facts, PLAIN, NOW + 300, ttl=600), Fresh)


def test_stale_while_revalidate_shows_the_old_and_asks_for_the_new() -> None:
    facts = kept(Cache_Control="max-age=60, stale-while-revalidate=30")

    verdict = judge(facts, PLAIN, NOW + 80)
    assert isinstance(verdict, Stale)
    assert verdict.renew
    assert isinstance(judge(facts, PLAIN, NOW + 91), Miss)


def test_case_40_stale_if_error_stands_in_for_a_failing_server_for_its_time() -> None:
    facts = kept(Cache_Control="max-age=60, stale-if-error=600")

    for status in (500, 502, 503, 504, None):
        assert isinstance(over_an_error(facts, PLAIN, status, NOW + 659), Stale), status
    assert isinstance(over_an_error(facts, PLAIN, 503, NOW + 661), Miss)
    for status in (400, 404, 429, 501):
        assert isinstance(over_an_error(facts, PLAIN, status, NOW + 61), Miss), status


@pytest.mark.parametrize("strict", ["must-revalidate", "no-cache", "proxy-revalidate"])
def test_nothing_stale_is_used_where_the_server_forbids_it(strict: str) -> None:
    rules = Rules("http", stale_if_error=600, stale_while_revalidate=600)
    facts = kept(rules, Cache_Control=f"max-age=60, {strict}", ETag='"a"')

    assert isinstance(over_an_error(facts, PLAIN, 503, NOW + 61), Miss)
    assert not isinstance(judge(facts, Told(max_stale=600), NOW + 61), Stale)


def test_in_ttl_mode_too_must_revalidate_forbids_stale_answers() -> None:
    facts = kept(Rules(stale_if_error=600), Cache_Control="must-revalidate")

    assert isinstance(over_an_error(facts, PLAIN, None, NOW + 61), Miss)


def test_the_answers_own_stale_times_win_over_the_rules() -> None:
    rules = Rules("http", stale_if_error=600)

    assert kept(rules, Cache_Control="max-age=60, stale-if-error=5").stale_if_error == 5
    assert kept(rules, Cache_Control="max-age=60").stale_if_error == 600


def test_a_304_changes_the_header_but_nothing_that_describes_the_body() -> None:
    stored = a_reply(ETag='"a"', Content_Length="2", X_Old="1", Age="9", Cache_Control="max-age=1")
    news = a_reply(304, ETag='"b"', Content_Length="0", X_New="2", Cache_Control="max-age=60", Connection="close")

    found = dict(confirmed(stored, news).headers)

    assert found == {
        "ETag": '"a"', "Content-Length": "2", "X-Old": "1", "X-New": "2", "Cache-Control": "max-age=60",
    }  # fmt: skip
    assert confirmed(stored, news).content == b"{}"


def test_a_condition_of_the_persons_own_is_answered_with_304() -> None:
    facts = kept(Cache_Control="max-age=60", ETag='W/"a"', Last_Modified="Wed, 21 Oct 2026 07:00:00 GMT")
    reply = a_reply(ETag='W/"a"')

    def status(**asked: str) -> int:
        lines = tuple((name.replace("_", "-"), value) for name, value in asked.items())
        return as_cached(reply, facts, "GET", lines, NOW + 3).status

    assert status(If_None_Match='"x", "a"') == 304
    assert status(If_None_Match="*") == 304
    assert status(If_None_Match='"x"', If_Modified_Since="Wed, 21 Oct 2026 07:00:00 GMT") == 200
    assert status(If_Modified_Since="Wed, 21 Oct 2026 07:00:00 GMT") == 304
    assert status(If_Modified_Since="Wed, 21 Oct 2026 06:59:59 GMT") == 200
    assert status() == 200


def test_a_stored_answer_says_its_age_and_has_no_body_for_head() -> None:
    facts = kept(Cache_Control="max-age=60", Age="20")

    answer = as_cached(a_reply(Age="20"), facts, "HEAD", (), NOW + 3)

    assert answer.header("age") == "23"
    assert answer.content == b""


def test_conditions_are_none_where_there_is_no_validator() -> None:
    assert conditions(kept(Cache_Control="max-age=60")) == ()


def test_facts_survive_a_store_and_nothing_else_is_taken_for_them() -> None:
    facts = kept(Cache_Control="max-age=60, must-revalidate", ETag='"a"')

    assert read_facts(list(facts)) == facts
    for bad in ([], list(facts)[:-1], [*facts, 1], ["x", *facts[1:]], [float("nan"), *facts[1:]], [True, *facts[1:]],
                [-1.0, *facts[1:]], [*facts[:5], 1, *facts[6:]], [*facts[:7], None, None]):  # fmt: skip
        assert read_facts(bad) is None, bad


@given(st.text(max_size=80), st.text(max_size=40), st.text(max_size=40))
def test_no_header_makes_a_decision_raise(control: str, age: str, date: str) -> None:
    verdict = may_store(
        a_reply(Cache_Control=control, Age=age, Date=date, Expires=date, Last_Modified=date, Vary=age),
        PLAIN, HTTP, NOW,
    )  # fmt: skip

    if isinstance(verdict, MayStore):
        assert judge(verdict.facts, PLAIN, NOW + 1)
        assert verdict.facts.lifetime >= 0


@given(st.floats(0, 1e6), st.floats(0, 1e6), st.floats(0, 1e6), st.floats(0, 1e6), st.booleans(), st.floats(0, 1e7))
def test_what_is_fresh_is_younger_than_its_lifetime_and_what_is_strict_is_never_stale(
    initial: float, lifetime: float, error: float, swr: float, strict: bool, passed: float
) -> None:
    facts = Facts(NOW, initial, lifetime, error, swr, strict=strict)

    verdict = judge(facts, PLAIN, NOW + passed)

    if isinstance(verdict, Fresh):
        assert facts.age(NOW + passed) < lifetime
    if isinstance(verdict, Stale):
        assert not strict
        assert facts.age(NOW + passed) - lifetime < swr
