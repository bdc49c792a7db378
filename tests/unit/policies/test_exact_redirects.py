"""What is said of a redirect that is not followed, to the letter, and what makes another origin."""

from __future__ import annotations

import pytest

from flarex_nb.policies.redirects import Follow, Stay, onward

HERE = "https://here.example/a"
WORDS = [
    ("GET", HERE, "https://[::1", True, "a URL that cannot be read", "it is no URL"),
    ("GET", HERE, "https://x.example:99999/", True, "a URL that cannot be read", "it is no URL"),
    ("POST", HERE, "https://x.example:8/p", True, "https://x.example:8", "a body is never sent twice"),
    ("GET", HERE, "https://user:pw@x.example/p", False, "https://x.example", "a credential never goes along to another origin"),
    ("GET", HERE, "https://a@b@x.example/p", False, "https://x.example", "a credential never goes along to another origin"),
    ("GET", HERE, "file:///etc/passwd", True, "file://?", "it is neither http nor https"),
    ("GET", HERE, "http://x.example/p", True, "http://x.example", "https is not left again"),
    ("GET", HERE, "http://" + "x" * 90, True, "http://" + "x" * 73, "https is not left again"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "url", "location", "roams", "where", "why"), WORDS, ids=lambda part: str(part)[:30])
def test_a_redirect_that_is_not_followed_says_where_to_and_why(
    method: str, url: str, location: str, roams: bool, where: str, why: str
) -> None:
    assert onward(url, method, location, roams=roams) == Stay(where, why)


@pytest.mark.parametrize(
    ("location", "leaves"),
    [
        ("https://here.example:443/b", False),
        ("https://HERE.example/b", False),
        ("https://user@here.example/b", True),
        ("https://here.example:1/b", True),
    ],
)
def test_another_user_or_port_is_another_origin(location: str, leaves: bool) -> None:
    assert onward(HERE, "GET", location, roams=True) == Follow(location, leaves)


@pytest.mark.parametrize("scheme", ["ftp", "data"])
def test_an_unknown_scheme_has_no_port_of_its_own(scheme: str) -> None:
    assert onward(f"{scheme}://x/a", "GET", f"{scheme}://x:1/b", roams=False) == Stay(
        f"{scheme}://x:1", "a credential never goes along to another origin"
    )


def test_a_location_beyond_latin_1_is_followed_as_question_marks() -> None:
    assert onward(HERE, "GET", "/\u20acx", roams=False) == Follow("https://here.example/?x", leaves=False)


def test_two_users_of_one_host_are_two_origins() -> None:
    assert onward("https://ann@here.example/a", "GET", "https://bob@here.example/b", roams=True) == Follow(
        "https://bob@here.example/b", leaves=True
    )
