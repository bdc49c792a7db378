"""Where the cursor stands: what may follow on a magic's line, in a request's head and in its body."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flarex_nb.text.options import TABLE
from flarex_nb.text.spot import FLAGS, hole_prefix, in_body, on_line


@pytest.mark.parametrize(
    ("text", "kind", "prefix"),
    [
        ("", "service", ""),
        ("st", "service", "st"),
        ("charges << st", "service", "st"),
        ("stripe ", "method", ""),
        ("stripe g", "method", "g"),
        ("stripe GET ", "path", ""),
        ("stripe GET /v1/ch", "path", "/v1/ch"),
        ("stripe --pages all GET /v1", "path", "/v1"),
        ("stripe --raw GET /v1", "path", "/v1"),
        ("stripe GET /v1/charges li", "item", "li"),
        ("stripe /v1/charges ", "item", ""),
        ("stripe --", "option", "--"),
        ("stripe GET /v1/charges --in", "option", "--in"),
        ("stripe --cache ", "value", ""),
        ("stripe --cache re", "value", "re"),
        ("stripe --cache=re", "value", "re"),
        ("stripe --columns 'a b' --pages a", "value", "a"),
        ("stripe GET /v1/{{ro", "hole", "ro"),
        ("stripe GET /v1/{{row.id}} ", "item", ""),
    ],
)
def test_a_spot_on_the_magics_line(text, kind, prefix):
    spot = on_line(text)

    assert (spot.kind, spot.prefix) == (kind, prefix)


@pytest.mark.parametrize(
    ("text", "kind", "prefix"),
    [
        ("", "method", ""),
        ("PO", "method", "PO"),
        ("GET /v1", "path", "/v1"),
        ("# words\n@a = 1\nGET /v1", "path", "/v1"),
        ("GET /v1/charges?li", "query", "li"),
        ("GET /v1/charges?limit=3&cu", "query", "cu"),
        ("GET /v1/charges\n    ?", "query", ""),
        ("GET /v1/charges\n    ?limit=1\n    &st", "query", "st"),
        ("GET /v1/charges\nAcc", "header", "Acc"),
        ("GET /v1/charges\nAccept: te", "header value", "te"),
        ("POST /v1/charges\n\nam", "form", "am"),
        ("POST /v1/charges\n\namount=1\n&cu", "form", "cu"),
        ("POST /v1/charges\n\namount=1&cu", "form", "cu"),
        ('POST /v1/charges\n\n{"am', "json", "am"),
        ('POST /v1/charges\n\n{"amount": 1,\n "cu', "json", "cu"),
        ('POST /v1/charges\n\n{"amount": ch', "nothing", ""),
        ("POST /v1/charges\n\n< ./da", "file", "./da"),
        ("POST /v1/charges\n\n{{am", "hole", "am"),
        ("# @", "setting", ""),
        ("# @at", "setting", "at"),
        ("# @cache re", "value", "re"),
        ("# @cache=re", "value", "re"),
        ("GET /a\n\n###\nPO", "method", "PO"),
        ("GET /a\n\n###\nPOST /b\n\n# @at", "nothing", ""),
    ],
)
def test_a_spot_in_the_body(text, kind, prefix):
    spot = in_body("stripe", text)

    assert (spot.kind, spot.prefix) == (kind, prefix)
    assert spot.service == "stripe"


def test_a_spot_knows_its_request_and_what_stands_there_already():
    spot = in_body("stripe", "GET /a\n###\nPOST /v1/charges?x=1\n\namount=1\n&c")

    assert (spot.method, spot.path) == ("POST", "/v1/charges")
    assert spot.used == {"x", "amount"}


def test_a_request_on_the_magics_line_is_the_one_the_body_belongs_to():
    spot = in_body("stripe POST /v1/charges", "\nam")

    assert (spot.kind, spot.method, spot.path) == ("form", "POST", "/v1/charges")


def test_the_flags_are_those_of_the_table():
    assert frozenset(option.name for option in TABLE if option.kind == "flag") == FLAGS


@given(
    st.text(alphabet="GET /v1?&=#@{}\"'\n-:<|. ax", max_size=60), st.text(alphabet="stripe -GET/{}'\"=<", max_size=20)
)
def test_unfinished_text_never_fails_and_the_prefix_is_its_end(text, above):
    assert text.endswith(in_body(above, text).prefix)
    assert above.endswith(on_line(above).prefix)
    assert hole_prefix(text) is None or text.endswith(hole_prefix(text))
