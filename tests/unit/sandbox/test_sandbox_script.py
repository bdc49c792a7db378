"""A script of faults is read exactly, or refused with the list of what is known."""

from __future__ import annotations

import time
from email.utils import parsedate_to_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flarex_nb.sandbox.faults import EFFECTS
from flarex_nb.sandbox.script import NAMED, NORMAL, BadScript, Turns, parse


def test_a_list_of_statuses_is_read_in_order():
    items = parse("503, 429 ,200")

    assert [item.status for item in items] == [503, 429, 200]


def test_options_of_a_status_become_headers_of_its_answer():
    (item,) = parse("429:retry-after=2:Retry-After-Ms=250")

    assert item.headers == (("retry-after", "2"), ("retry-after-ms", "250"))


def test_latency_and_code_are_no_headers():
    (item,) = parse("429:code=lock_timeout:latency=0.5")

    assert (item.code, item.latency, item.headers) == ("lock_timeout", 0.5, ())


def test_a_plus_means_that_many_seconds_from_now():
    before = time.time()

    (item,) = parse("429:x-ratelimit-reset=+20:retry-after=+30")

    found = dict(item.headers)
    assert 19 <= int(found["x-ratelimit-reset"]) - before <= 21
    assert 28 <= parsedate_to_datetime(found["retry-after"]).timestamp() - before <= 31


def test_a_comma_or_colon_in_a_value_is_percent_encoded_and_plain_colons_of_a_time_are_fine():
    items = parse("429:retry-after=Wed%2C 21 Oct 2026 07%3A28%3A00 GMT,429:x-reset=2026-11-24T17:00:10Z")

    assert items[0].headers == (("retry-after", "Wed, 21 Oct 2026 07:28:00 GMT"),)
    assert items[1].headers == (("x-reset", "2026-11-24T17:00:10Z"),)


def test_named_faults_take_their_duration():
    assert [item.seconds for item in parse("drip,hang=2,slow=0.5")] == [60.0, 2.0, 0.5]


def test_every_named_fault_has_an_effect_and_none_more():
    assert set(EFFECTS) == set(NAMED)


@pytest.mark.parametrize(
    "script",
    [
        "teapot", "99", "302", "204", "600", "503:latency=soon", "reset:retry-after=1", "reset=3", "slow", "slow=-1",
        "slow=1e9", "hang=nan", "429:retry-after=a%0d%0ab", "503:content-length=1", "503,,200", "429:code=a b",
        "503:retry-after",
    ],
)  # fmt: skip
def test_what_cannot_be_followed_is_refused_by_name(script):
    with pytest.raises(BadScript) as caught:
        parse(script)

    assert str(caught.value)


def test_an_unknown_fault_is_answered_with_the_known_ones():
    with pytest.raises(BadScript) as caught:
        parse("explode")

    assert all(name in str(caught.value) for name in NAMED)


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text):
    try:
        items = parse(text)
    except BadScript:
        return

    assert all(item.name in NAMED or item.status == 200 or 400 <= item.status < 600 for item in items)


def test_the_nth_request_of_a_call_gets_the_nth_item_then_all_is_normal():
    turns, items = Turns(), parse("503,429")

    got = [turns.take("c1", "GET /a?", items) for _ in range(4)]

    assert got == [items[0], items[1], NORMAL, NORMAL]


def test_pages_and_calls_count_for_themselves():
    turns, items = Turns(), parse("503")

    assert turns.take("c1", "GET /a?", items).status == 503
    assert turns.take("c1", "GET /a?starting_after=x", items).status == 503
    assert turns.take("c2", "GET /a?", items).status == 503
    assert turns.take("c1", "GET /a?", items) == NORMAL


def test_old_calls_are_forgotten_so_memory_stays_bounded():
    turns, items = Turns(keep=3), parse("503")

    for number in range(10):
        turns.take(f"c{number}", "GET /a?", items)

    assert len(turns._seen) == 3
