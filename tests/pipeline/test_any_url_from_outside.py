"""Any text as a URL, and any text as a Location: one of our errors, or a request to a host that is public by its text."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from yarl import URL

from flarex_nb.errors import FlarexError
from flarex_nb.model import Reach, Reply
from flarex_nb.net.address import refusal
from flarex_nb.net.host import is_literal, is_local_name
from flarex_nb.net.url import check_url
from flarex_nb.public import fetch

KEEP = settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
PIECES = st.sampled_from(
    ["http://", "https://", "//", "/", "\\", "@", ":", "#", "?", "%", "[", "]", "127.0.0.1", "169.254.169.254", "localhost", "::1",
     "ok.test", "0x7f", "2130706433", "。", "①", "%2e", "%00", "\t", " ", "\n", "..", "a", "443", "22", "é", "\ud800", "file:", "ſ"]
)  # fmt: skip
URLISH = st.one_of(st.text(max_size=30), st.lists(PIECES, max_size=8).map("".join))


def is_public(url: str) -> bool:
    """Return whether the URL that was sent is public by its text, as the parser that connects reads it."""
    target = check_url(url, reach=Reach(plain=True))
    read = URL(target.url, encoded=True)
    assert (read.raw_host, read.port) == (target.host, target.port)
    return not is_local_name(target.host) and (not is_literal(target.host) or refusal(target.host) is None)


def refused(here: Any, url: str) -> FlarexError | None:
    """Return the error of fetching the URL, None where it was fetched; any other exception is a fault of ours."""
    try:
        fetch(here.client, url, cache="bypass")
    except FlarexError as error:
        return error
    return None


@KEEP
@given(URLISH)
@example("https://ok.test/\ud800")
@example("http://[")
@example("https://ok.test/?\udcff=%")
def test_any_text_is_refused_with_an_error_of_ours_or_asked_at_a_public_host(world: Any, url: str) -> None:
    here = world(Reply(200, (), b"ok", 0.0))

    error = refused(here, url)

    if error is not None:
        assert error.explain()
        assert here.wire.seen == []
    assert all(is_public(out.url) for out in here.wire.seen)


@KEEP
@given(URLISH.map(lambda text: text.encode("utf-8", "replace").decode("latin-1")))
@example("http://[")
@example("https://\xa0/")
def test_any_location_leads_to_an_error_of_ours_or_a_web_url(world: Any, location: str) -> None:
    here = world(Reply(302, (("Location", location),), b"", 0.0), Reply(200, (), b"ok", 0.0))

    error = refused(here, "https://ok.test/")

    assert error is None or error.explain()
    assert {out.url.partition(":")[0] for out in here.wire.seen} == {"https"}
    assert len(here.wire.seen) == (2 if error is None else 1)


@pytest.mark.parametrize("url", ["https://ok.test/ä?ö=ü", "https://ok.test/a b", "https://ok.test/\U0001f600"])
def test_what_is_not_ascii_is_left_to_the_wire_to_encode(world: Any, url: str) -> None:
    here = world(Reply(200, (), b"ok", 0.0))

    fetch(here.client, url)

    assert here.wire.seen[0].url == url
