"""The Link header in all the forms servers send it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flarex_nb.catalog.links import linked


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ('<https://a.example/?page=2>; rel="next"', "https://a.example/?page=2"),
        ("<https://a.example/?page=2>;rel=next", "https://a.example/?page=2"),
        ('<https://a.example/1>; rel="prev", <https://a.example/3>; rel="next"', "https://a.example/3"),
        ('<https://a.example/?a=1,2;3>; rel="next"', "https://a.example/?a=1,2;3"),
        ('<https://a.example/2>; title="a, \\"b\\"; rel=next"; rel="next last"', "https://a.example/2"),
        ('<https://a.example/2>; REL="Next"', "https://a.example/2"),
        ('<https://a.example/2>; rel="last"; rel="next"', None),
        ('<https://a.example/2>; rel="nextpage"', None),
        ('</items?page=2>; rel="next"; results="true"', "/items?page=2"),
        ("https://a.example/2; rel=next", None),
        ("<https://a.example/2", None),
        ("", None),
        (' ,, <https://a.example/2> ; rel = "next"', "https://a.example/2"),
    ],
)
def test_the_next_link_is_found(value, expected):
    assert linked((("Link", value),), "next") == expected


def test_several_headers_count_as_one():
    headers = (("link", '<https://a.example/1>; rel="first"'), ("Link", '<https://a.example/2>; rel="next"'))

    assert linked(headers, "next") == "https://a.example/2"


@given(st.text(alphabet='<>;,=" \\relnxt/ä\t', max_size=40))
def test_nothing_a_server_sends_makes_it_fail(value):
    found = linked((("Link", value),), "next")

    assert found is None or f"<{found}" in value.replace("< ", "<") or found == found.strip()
