"""Where an answer that points elsewhere may lead."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flarex_nb.policies.redirects import Follow, Stay, onward

HERE = "https://api.example.com/v1/x?a=1"


@pytest.mark.parametrize("roams", [False, True])
@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("/v2", "https://api.example.com/v2"),
        ("y?b=2", "https://api.example.com/v1/y?b=2"),
        ("?b=2", "https://api.example.com/v1/x?b=2"),
        ("", HERE),
        ("/v2?b=2#part", "https://api.example.com/v2?b=2"),
        ("https://API.example.com:443/v2", "https://API.example.com:443/v2"),
        ("/ä/b c".encode().decode("latin-1"), "https://api.example.com/%C3%A4/b%20c"),
        ("\\\\127.0.0.1\\x", "https://api.example.com/v1/\\\\127.0.0.1\\x"),
    ],
)
def test_the_same_origin_is_followed(roams: bool, location: str, url: str) -> None:
    assert onward(HERE, "GET", location, roams=roams) == Follow(url, leaves=False)


@pytest.mark.parametrize(
    "location",
    [
        "https://other.example/",
        "//other.example/",
        "https://api.example.com:8443/",
        "https://a@api.example.com/",
        "//127.0.0.1/",
    ],
)
def test_another_origin_is_followed_only_without_a_credential(location: str) -> None:
    held = onward(HERE, "GET", location, roams=False)

    assert isinstance(held, Stay)
    assert "credential" in held.why
    assert "a@" not in held.where
    step = onward(HERE, "GET", location, roams=True)
    assert isinstance(step, Follow)
    assert step.leaves


@pytest.mark.parametrize(
    ("location", "why"),
    [
        ("http://api.example.com/v1/x", "https is not left"),
        ("http://other.example/", "https is not left"),
        ("file:///etc/passwd", "neither http nor https"),
        ("javascript:alert(1)", "neither http nor https"),
        ("gopher://x/", "neither http nor https"),
        ("http://[::1", "no URL"),
        ("https://h:99999/", "no URL"),
        ("https://h:x/", "no URL"),
    ],
)
def test_nothing_leaves_https_or_the_web(location: str, why: str) -> None:
    step = onward(HERE, "GET", location, roams=True)

    assert isinstance(step, Stay)
    assert why in step.why


def test_plain_http_may_become_https() -> None:
    assert onward("http://example.com/", "GET", "https://example.com/", roams=True) == Follow(
        "https://example.com/", leaves=True
    )


@pytest.mark.parametrize("roams", [False, True])
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_body_is_never_sent_twice(method: str, roams: bool) -> None:
    step = onward(HERE, method, "/v2", roams=roams)

    assert isinstance(step, Stay)
    assert "body" in step.why


@given(st.text(st.characters(max_codepoint=255), max_size=40), st.booleans())
def test_any_location_gives_a_verdict_and_only_a_roaming_read_changes_its_origin(location: str, roams: bool) -> None:
    step = onward(HERE, "GET", location, roams=roams)

    if isinstance(step, Stay):
        assert step.where.isprintable()
        assert len(step.where) <= 80
        return
    parts = urlsplit(step.url)
    assert parts.scheme == "https"
    assert step.leaves == ((parts.netloc.lower().removesuffix(":443")) != "api.example.com") or parts.port == 443
    assert roams or not step.leaves
