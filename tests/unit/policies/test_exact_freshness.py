"""Caching decisions to the letter: each rule with its sentence, and both sides of each edge."""

from __future__ import annotations

from email.utils import formatdate
from typing import Any

import pytest

from flarex_nb.model import Headers, Reply
from flarex_nb.policies.freshness import (
    as_cached,
    confirmed,
    judge,
    lifetime_of,
    may_store,
    over_an_error,
    unchanged_for,
)
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
from flarex_nb.policies.freshness_fields import (
    LONGEST,
    PLAIN,
    Told,
    date_of,
    delta,
    directives,
    refreshed,
    storable,
    told_by,
    varying,
    with_age,
)

NOW = 1_800_000_000.0
HTTP = Rules(mode="http")


def at(seconds: float) -> str:
    return formatdate(NOW + seconds, usegmt=True)


def answer(status: int = 200, *lines: tuple[str, str], elapsed: float = 0.0) -> Reply:
    return Reply(status, lines, b"body", elapsed)


def stored(reply: Reply, rules: Rules = HTTP, request: Told = PLAIN) -> MayStore | MayNotStore:
    return may_store(reply, request, rules, NOW)


NOT_KEPT = [
    (answer(), Told(no_store=True), HTTP, "the request says no-store (RFC 9111 5.2.1.5)"),
    (answer(200, ("Cache-Control", "no-store")), PLAIN, HTTP, "the answer says no-store (RFC 9111 5.2.2.5)"),
    (answer(201), PLAIN, Rules(), "the status is 201"),
    (answer(199), PLAIN, HTTP, "answers with status 199 are not kept"),
    (answer(206), PLAIN, HTTP, "answers with status 206 are not kept"),
    (answer(300, ("Cache-Control", "max-age=5")), PLAIN, HTTP, "answers with status 300 are not kept"),
    (
        answer(226, ("Cache-Control", "must-understand, max-age=5")),
        PLAIN,
        HTTP,
        "the answer says must-understand, and its status is not (RFC 9111 5.2.2.3)",
    ),
    (answer(200, ("Vary", "*")), PLAIN, HTTP, "the answer varies by anything (Vary: *, RFC 9111 4.1)"),
    (answer(), PLAIN, HTTP, "the answer does not say for how long, and nothing to revalidate it by"),
    (answer(404), PLAIN, Rules(), "the status is 404"),
    (answer(410), PLAIN, HTTP, "answers with status 410 are not kept"),
]


@pytest.mark.parametrize(("reply", "request_says", "rules", "why"), NOT_KEPT, ids=lambda part: str(part)[:30])
def test_what_is_not_kept_says_why(reply: Reply, request_says: Told, rules: Rules, why: str) -> None:
    assert stored(reply, rules, request_says) == MayNotStore(why)


@pytest.mark.parametrize("status", [404, 410])
@pytest.mark.parametrize("mode", ["ttl", "http"])
def test_that_there_is_none_is_kept_for_its_own_time(status: int, mode: Any) -> None:
    found = stored(answer(status, ("ETag", '"a"')), Rules(mode=mode, missing=10.0, stale_if_error=60.0))

    assert found == MayStore(Facts(NOW, 0.0, 10.0), "that there is none is kept for 10 s")


def test_what_is_kept_for_a_time_is_new_when_it_comes() -> None:
    found = stored(answer(200, ("Age", "30")), Rules(ttl=60.0))

    assert found == MayStore(Facts(NOW, 0.0, 60.0), "kept for 60 s")


LIFETIMES: list[tuple[Headers, int, float, str]] = [
    ((("Cache-Control", "max-age=7"),), 200, 7.0, "max-age=7"),
    ((("Cache-Control", "max-age=soon"),), 200, 0.0, "max-age is not a number"),
    ((("Expires", at(50)), ("Date", at(20))), 200, 30.0, "Expires 30 s after Date"),
    ((("Expires", at(50)),), 200, 50.0, "Expires 50 s after Date"),
    ((("Expires", at(50)), ("Date", "yesterday")), 200, 50.0, "Expires 50 s after Date"),
    ((("Expires", "0"),), 200, 0.0, "Expires is no date"),
    ((("Last-Modified", at(-1000)), ("Date", at(0))), 200, 100.0, "a tenth of the time since Last-Modified"),
    ((("Last-Modified", at(0)), ("Date", at(0))), 200, 0.0, "a tenth of the time since Last-Modified"),
    (
        (("Last-Modified", at(-1000)), ("Cache-Control", "public")),
        226,
        100.0,
        "a tenth of the time since Last-Modified",
    ),
    ((("Last-Modified", at(-1000)),), 226, 0.0, "the answer does not say for how long"),
    ((), 200, 0.0, "the answer does not say for how long"),
]


@pytest.mark.parametrize(("headers", "status", "seconds", "why"), LIFETIMES)
def test_each_rule_for_the_lifetime_is_named(headers: Headers, status: int, seconds: float, why: str) -> None:
    assert lifetime_of(headers, directives(headers), status, NOW) == (seconds, why)


def test_what_is_kept_by_the_rfc_says_by_which_rule() -> None:
    found = stored(answer(200, ("Cache-Control", "max-age=7"), elapsed=0.5))

    assert found == MayStore(Facts(NOW, 0.5, 7.0), "max-age=7")


def test_an_answer_whose_date_is_now_has_no_age() -> None:
    found = stored(answer(200, ("Cache-Control", "max-age=7"), ("Date", at(0))))

    assert isinstance(found, MayStore)
    assert found.facts.initial_age == 0.0


def test_a_two_digit_year_is_read_beside_the_moment_of_receipt() -> None:
    date = ("Date", "Friday, 15-Jan-27 07:59:50 GMT")  # ten seconds before NOW
    expires = ("Expires", "Friday, 15-Jan-27 08:00:20 GMT")
    modified = ("Last-Modified", "Friday, 15-Jan-27 07:58:20 GMT")

    aged = stored(answer(200, ("Cache-Control", "max-age=70"), date))

    assert isinstance(aged, MayStore)
    assert aged.facts.initial_age == 10.0
    assert lifetime_of((expires, date), {}, 200, NOW)[0] == 30.0
    assert lifetime_of((modified,), {}, 200, NOW)[0] == 10.0
    assert date_of((date,), "date", NOW) == NOW - 10.0
    assert unchanged_for((("If-Modified-Since", modified[1]),), Facts(NOW, 0, 0, last_modified=modified[1]), NOW)


@pytest.mark.parametrize("said", ["stale-if-error", "stale-if-error=soon"])
def test_a_window_without_a_number_is_none(said: str) -> None:
    found = stored(answer(200, ("Cache-Control", f"max-age=5, {said}")), Rules(mode="http", stale_if_error=60.0))

    assert isinstance(found, MayStore)
    assert found.facts.stale_if_error == 0.0


KEPT = Facts(NOW, 0.0, 60.0, etag='"a"')
ASK = (("If-None-Match", '"a"'),)
VERDICTS = [
    (None, PLAIN, 0.0, Miss("nothing is stored")),
    (
        KEPT._replace(always_ask=True),
        PLAIN,
        5.0,
        Revalidate(5.0, ASK, "no-cache: to be asked each time (RFC 9111 5.2.2.4)"),
    ),
    (KEPT._replace(etag=""), Told(no_cache=True), 5.0, Miss("no-cache: to be asked each time (RFC 9111 5.2.2.4)")),
    (KEPT, PLAIN, 59.0, Fresh(59.0, "59 s old, and good for 60 s")),
    (KEPT, PLAIN, 60.0, Revalidate(60.0, ASK, "60 s old, and good for 60 s only")),
    (KEPT._replace(etag=""), PLAIN, 60.0, Miss("60 s old, and good for 60 s only")),
    (
        KEPT._replace(stale_while_revalidate=10.0),
        PLAIN,
        69.0,
        Stale(69.0, "over its time by 9 s, shown while it is renewed (RFC 5861 3)", renew=True),
    ),
    (
        KEPT._replace(stale_while_revalidate=10.0),
        PLAIN,
        70.0,
        Revalidate(70.0, ASK, "70 s old, and good for 60 s only"),
    ),
    (
        KEPT,
        Told(max_stale=10.0),
        69.0,
        Stale(69.0, "over its time by 9 s, which max-stale allows (RFC 9111 5.2.1.2)"),
    ),
    (KEPT, Told(max_stale=10.0), 70.0, Revalidate(70.0, ASK, "70 s old, and good for 60 s only")),
]


@pytest.mark.parametrize(("facts", "request_says", "age", "verdict"), VERDICTS, ids=lambda part: str(part)[:40])
def test_each_verdict_says_its_age_and_why(facts: Any, request_says: Told, age: float, verdict: Any) -> None:
    assert judge(facts, request_says, NOW + age) == verdict


SPARE = KEPT._replace(stale_if_error=30.0)
OVER_ERRORS = [
    (None, PLAIN, None, 0.0, Miss("nothing is stored")),
    (SPARE, PLAIN, 404, 70.0, Miss("a 404 is an answer, not a failure of the server")),
    (SPARE._replace(strict=True), PLAIN, 503, 70.0, Miss("the server must be asked, and a stale answer is forbidden")),
    (SPARE, Told(no_cache=True), 503, 70.0, Miss("the server must be asked, and a stale answer is forbidden")),
    (SPARE, PLAIN, 503, 90.0, Miss("over its time by 30 s, more than stale-if-error allows")),
    (SPARE, PLAIN, 503, 89.0, Stale(89.0, "89 s old; stale-if-error allows it for 30 s past its time")),
]


@pytest.mark.parametrize(
    ("facts", "request_says", "status", "age", "verdict"), OVER_ERRORS, ids=lambda part: str(part)[:40]
)
def test_what_stands_in_for_a_failure_and_what_does_not(
    facts: Any, request_says: Told, status: int | None, age: float, verdict: Any
) -> None:
    assert over_an_error(facts, request_says, status, NOW + age) == verdict


def test_a_kept_reply_is_given_with_its_age_and_a_body_where_one_belongs() -> None:
    reply, met = answer(200, ("ETag", '"a"')), (("If-None-Match", 'W/"b", "a"'),)

    assert as_cached(reply, KEPT, "GET", (), NOW + 7.9).content == b"body"
    assert as_cached(reply, KEPT, "GET", (), NOW + 7.9).headers == (("ETag", '"a"'), ("Age", "7"))
    assert as_cached(reply, KEPT, "HEAD", (), NOW).content == b""
    unchanged = as_cached(reply, KEPT, "GET", met, NOW)
    assert (unchanged.status, unchanged.content) == (304, b"")


def test_a_304_leaves_the_body_and_brings_its_time_and_its_request_id() -> None:
    old = Reply(200, (("ETag", '"a"'), ("Date", "old"), ("X-Kept", "1")), b"body", 0.1, "u", "req_old")
    news = Reply(304, (("date", "new"), ("Age", "3")), b"", 0.2, "u", "req_new")

    found = confirmed(old, news)

    assert (found.status, found.content, found.elapsed, found.request_id) == (200, b"body", 0.2, "req_new")
    assert found.headers == (("ETag", '"a"'), ("X-Kept", "1"), ("date", "new"), ("Age", "3"))
    assert confirmed(old, answer(304)).request_id == "req_old"


@pytest.mark.parametrize(
    ("tags", "met"), [('W/"a"', True), ('"b",W/"a"', True), ('"b", "c"', False), ("*", True), ('"a" "b"', False)]
)
def test_tags_are_compared_weakly_one_by_one(tags: str, met: bool) -> None:
    facts = Facts(NOW, 0.0, 0.0, etag='W/"a"')

    assert unchanged_for((("If-None-Match", tags),), facts, NOW) is met


@pytest.mark.parametrize(("since", "met"), [(-1.0, False), (0.0, True), (1.0, True)])
def test_a_date_is_met_when_nothing_changed_after_it(since: float, met: bool) -> None:
    facts = Facts(NOW, 0.0, 0.0, last_modified=at(0))

    assert unchanged_for((("If-Modified-Since", at(since)),), facts, NOW) is met


def test_the_shorter_of_a_directive_that_stands_twice_counts() -> None:
    assert directives((("Cache-Control", "max-age=5, max-age=9"),)) == {"max-age": "5"}
    assert directives((("Cache-Control", "max-age=9, max-age=5"),)) == {"max-age": "5"}
    assert directives((("Cache-Control", "max-age=soon, max-age=5"),)) == {"max-age": "soon"}
    assert directives((("Cache-Control", "max-age=5, max-age=soon"),)) == {"max-age": "soon"}
    assert directives((("Cache-Control", "max-age=05, max-age=5"),)) == {"max-age": "05"}


def test_an_endless_number_is_bounded() -> None:
    assert delta("9" * 400) == LONGEST


def test_fields_of_an_answer_in_any_case() -> None:
    assert varying((("Vary", "Accept, ,X-One"),)) == varying((("vary", "x-one,accept"),))
    assert storable((("Connection", "X-Hop, x-other"), ("x-hop", "1"), ("X-Other", "2"), ("X-Kept", "3"))) == (
        ("X-Kept", "3"),
    )
    assert storable((("XXXX", "1"),)) == (("XXXX", "1"),)
    assert refreshed((("x-one", "1"), ("DATE", "d"), ("Age", "3")), (("X-One", "2"),)) == (("X-One", "2"),)
    assert with_age((("age", "1"), ("X", "2")), 9.9) == (("X", "2"), ("Age", "9"))


REQUESTS: list[tuple[Headers, Told]] = [
    ((), PLAIN),
    ((("Pragma", "No-Cache"),), Told(no_cache=True)),
    ((("Pragma", "other"),), Told()),
    ((("If-None-Match", "x"),), PLAIN),
    ((("Cache-Control", "no-store"),), Told(no_store=True)),
    ((("Cache-Control", "no-cache"),), Told(no_cache=True)),
    ((("Cache-Control", "only-if-cached"),), Told(only_if_cached=True)),
    ((("Cache-Control", "max-age=5, min-fresh=2"),), Told(max_age=5.0, min_fresh=2.0)),
    ((("Cache-Control", "max-stale"),), Told(max_stale=LONGEST)),
    ((("Cache-Control", "max-stale=9"),), Told(max_stale=9.0)),
    ((("Cache-Control", "max-stale=soon"),), Told()),
]


@pytest.mark.parametrize(("headers", "told"), REQUESTS)
def test_what_a_request_asks_of_a_cache(headers: Headers, told: Told) -> None:
    assert told_by(headers) == told


@pytest.mark.parametrize(
    ("own", "most", "together"),
    [(None, None, None), (None, 5.0, 5.0), (3.0, 5.0, 3.0), (9.0, 5.0, 5.0), (9.0, None, 9.0)],
)
def test_the_smaller_of_two_ages_counts(own: float | None, most: float | None, together: float | None) -> None:
    assert Told(max_age=own).at_most(most).max_age == together


@pytest.mark.parametrize("place", range(9))
def test_facts_from_elsewhere_are_checked_place_by_place(place: int) -> None:
    values: list[object] = [1.0, 2.0, 3.0, 4.0, 5.0, True, False, '"a"', "date"]

    whole = read_facts(values)
    values[place] = None

    assert whole == Facts(1.0, 2.0, 3.0, 4.0, 5.0, True, False, '"a"', "date")
    assert read_facts(values) is None


def test_the_rules_of_a_service_stand_over_those_of_all() -> None:
    class Wish:
        mode: Any = None
        ttl: float | None = None
        missing: float = 0.0

    every, wish = Rules(ttl=60.0, stale_if_error=5.0), Wish()

    assert every.of(wish) is every
    wish.ttl = 9.0
    assert every.of(wish) == Rules(ttl=9.0, stale_if_error=5.0)
    wish.ttl, wish.mode = None, "http"
    assert every.of(wish) == Rules("http", 60.0, 5.0)
    wish.mode, wish.missing = None, 10.0
    assert every.of(wish) == Rules(ttl=60.0, stale_if_error=5.0, missing=10.0)


def test_what_is_kept_until_it_expires_counts_from_receipt_where_there_is_no_date() -> None:
    found = stored(answer(200, ("Expires", at(50))))

    assert isinstance(found, MayStore)
    assert found.facts.lifetime == 50.0


def test_a_condition_with_a_two_digit_year_is_read_beside_now() -> None:
    facts = Facts(NOW, 0.0, 60.0, last_modified=at(-9))
    asked = (("If-Modified-Since", "Friday, 15-Jan-27 07:59:55 GMT"),)

    assert as_cached(answer(), facts, "GET", asked, NOW).status == 304
