"""Nested values as form fields."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from urllib.parse import parse_qsl

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flarex_nb.errors import UsageError
from flarex_nb.text.form import encode, from_bytes, to_bytes

CHECKOUT = {
    "mode": "payment",
    "success_url": "https://example.com/ok?a=1&b=2",
    "line_items": [
        {
            "price_data": {"currency": "usd", "unit_amount": 999, "product_data": {"name": "A&B"}},
            "quantity": 1,
        }
    ],
    "automatic_tax": {"enabled": True},
    "expand": ["line_items"],
    "payment_method_types": ["card", "link"],
    "customer": None,
    "metadata": {"note": ""},
}

TEXT = st.text(st.characters(codec="utf-8"), max_size=12)
TREES = st.recursive(
    TEXT | st.integers() | st.booleans() | st.none() | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=10,
)


def test_a_checkout_body_is_what_the_providers_library_sends():
    """The fields of black-box check S7, and the bytes with brackets left readable."""
    assert to_bytes(encode(CHECKOUT)).decode() == (
        "mode=payment&success_url=https%3A%2F%2Fexample.com%2Fok%3Fa%3D1%26b%3D2"
        "&line_items[0][price_data][currency]=usd&line_items[0][price_data][unit_amount]=999"
        "&line_items[0][price_data][product_data][name]=A%26B&line_items[0][quantity]=1"
        "&automatic_tax[enabled]=true&expand[0]=line_items"
        "&payment_method_types[0]=card&payment_method_types[1]=link&metadata[note]="
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"),
        (np.bool_(False), "false"),
        (0.1, "0.1"),
        (1e22, "1e+22"),
        (np.int64(7), "7"),
        (Decimal("19.90"), "19.90"),
        (dt.datetime(2024, 1, 1, tzinfo=dt.UTC), "1704067200"),
        (dt.datetime(2024, 1, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=1))), "1704067200"),
        (dt.datetime(2024, 1, 1), "1704067200"),  # noqa: DTZ001 - a naive one is UTC
        (dt.date(2024, 1, 1), "1704067200"),
        (pd.Timestamp("2024-01-01T00:00:00.9", tz="UTC"), "1704067200"),
        (dt.datetime(1969, 12, 31, 23, 59, 59, 500000, tzinfo=dt.UTC), "-1"),
        (dt.datetime(3059, 1, 1, 0, 0, 0, 999997, tzinfo=dt.UTC), "34365513600"),
        ("a b+c", "a b+c"),
    ],
)
def test_a_leaf_becomes_text(value, text):
    assert encode({"a": [value]}) == (("a[0]", text),)


def test_none_is_left_out_and_keeps_the_places_of_the_others():
    assert encode({"a": None, "b": [1, None, 3], "c": {}, "d": [], "e": ""}) == (
        ("b[0]", "1"),
        ("b[2]", "3"),
        ("e", ""),
    )


def test_a_space_is_a_plus_and_text_is_utf_8():
    assert to_bytes((("a b[c]", "d é&=+"),)) == b"a+b[c]=d+%C3%A9%26%3D%2B"


@given(st.lists(st.tuples(TEXT.filter(bool), TEXT), max_size=6))
def test_fields_come_back_from_their_bytes_here_and_in_the_standard_library(fields):
    body = to_bytes(fields)

    assert from_bytes(body) == tuple(fields)
    assert parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=bool(fields)) == fields
    assert body.isascii()


@given(st.dictionaries(TEXT, TREES, max_size=4))
def test_every_leaf_that_is_not_none_becomes_one_field(tree):
    def leaves(value):
        if isinstance(value, dict | list):
            return sum(map(leaves, value.values() if isinstance(value, dict) else value))
        return value is not None

    assert len(encode(tree)) == leaves(tree)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ([1], "needs names and values"),
        ({"a": {"b": float("nan")}}, r"a\[b\]: a value is missing"),
        ({"a": [b"x"]}, r"a\[0\]: a value of type bytes"),
        ({"a": pd.DataFrame({"x": [1]})}, "a: the value is a whole DataFrame"),
        ({"a": float("inf")}, "a: the value is inf"),
    ],
)
def test_what_a_form_cannot_hold_is_refused_by_name(value, words):
    with pytest.raises(UsageError, match=words) as caught:
        encode(value)

    assert caught.value.hint


def test_a_value_that_holds_itself_ends_with_an_error():
    loop = {}
    loop["a"] = loop

    with pytest.raises(UsageError, match="holds itself"):
        encode(loop)
