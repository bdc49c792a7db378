"""Header fields about caching, read."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from flarex_nb.policies.freshness_fields import PLAIN, Told, directives, storable, told_by, varying


def test_directives_are_read_whatever_their_case_and_quotes() -> None:
    headers = (("Cache-Control", 'No-Cache="a, b", MAX-AGE=5'), ("cache-control", 'x="q\\"uote", private'))

    assert directives(headers) == {"no-cache": "a, b", "max-age": "5", "x": 'q"uote', "private": None}


def test_a_request_without_a_word_about_caching_is_plain() -> None:
    assert told_by((("Accept", "application/json"),)) is PLAIN
    assert told_by((("Cache-Control", "nothing-to-see-here"), ("Pragma", "foo"))) == PLAIN


def test_what_a_request_says_is_read() -> None:
    assert told_by((("Cache-Control", "max-age=5, min-fresh=2, max-stale, only-if-cached"),)) == Told(
        only_if_cached=True, max_age=5, min_fresh=2, max_stale=2.0**31
    )
    assert told_by((("Pragma", "no-cache"),)).no_cache
    assert not told_by((("Pragma", "no-cache"), ("Cache-Control", "max-age=5"))).no_cache
    assert told_by((("Cache-Control", "max-stale=x"),)).max_stale == 0


def test_vary_leaves_out_what_never_varies_here() -> None:
    assert varying((("Vary", "Accept-Encoding, X-Team , accept"),)) == ("accept", "x-team")
    assert varying((("Vary", ""), ("Vary", ", *"))) is None
    assert varying(()) == ()


def test_hop_by_hop_fields_and_cookies_are_not_stored() -> None:
    headers = (
        ("Connection", "close, X-Hop"), ("X-Hop", "1"), ("Keep-Alive", "5"), ("Set-Cookie", "a=b"),
        ("set-cookie2", "a=b"), ("Transfer-Encoding", "chunked"), ("ETag", '"a"'), ("Content-Length", "2"),
    )  # fmt: skip

    assert storable(headers) == (("ETag", '"a"'), ("Content-Length", "2"))


@given(st.text(max_size=200))
def test_no_text_makes_the_readers_raise(text: str) -> None:
    headers = (("Cache-Control", text), ("Vary", text), ("Pragma", text), ("Connection", text))

    directives(headers)
    varying(headers)
    storable(headers)
    told_by(headers)
