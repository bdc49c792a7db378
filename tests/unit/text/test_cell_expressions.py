"""Expressions read data and never run code."""

from __future__ import annotations

import contextlib
import datetime as dt
import sqlite3
from collections import namedtuple
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import pandas as pd
import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flarex_nb.errors import CellSyntaxError, UsageError
from flarex_nb.text.expression import evaluate
from flarex_nb.text.source import Source

Pair = namedtuple("Pair", "left right")  # noqa: PYI024 - rows of itertuples are of this kind


class Model(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="allow")
    id: int

    @property
    def danger(self):
        raise AssertionError("a property ran")


@dataclass
class Record:
    id: int

    @property
    def danger(self):
        raise AssertionError("a property ran")

    def __getattribute__(self, name):
        if name in {"id", "other"}:
            raise AssertionError("code ran")
        return object.__getattribute__(self, name)


class Trap:
    id = 1

    def __getattr__(self, name):
        if name == "flarex_secret_name":
            raise AttributeError
        raise AssertionError("code ran")

    def __getitem__(self, key):
        raise AssertionError("code ran")


def value_of(text, /, **names):
    return evaluate(Source(text), names)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x", 5),
        ("  x  ", 5),
        ("-x", -5),
        ("'a|b'", "a|b"),
        ('["a", 1.5, [None]]', ["a", 1.5, [None]]),
        ('{"a": {"b": x}}', {"a": {"b": 5}}),
        ("true", True),
        ("null", None),
        ("m.a", 1),
        ('m["b c"].d[-1]', 3),
        ("text[1:3]", "bc"),
        ("rows[0].id", 7),
        ("model.id", 8),
        ("model.more", 9),
        ("record.id", 10),
        ("pair.right", "r"),
        ("series.id", 11),
        ('series["id"]', 11),
        ('frame["a"][1]', 2),
        ("array[0]", 1),
        ("db.id", 12),
        ("missing | default(4)", 4),
        ("m.zzz.y | default('-')", "-"),
        ("m.none | default(x)", 5),
        ("m.none.deeper | default(x)", 5),
        ("nan | default(0)", 0),
        ("x | default(1)", 5),
        ("day | iso", "2024-01-02"),
        ("0 | iso", "1970-01-01T00:00:00Z"),
        ("day | epoch", 1704153600),
        ("9.99 | cents", 999),
        ("money | cents", 1910),
        ("missing | default(0.1) | cents", 10),
        ("'a' 'b'", "ab"),
    ],
)
def test_an_expression_stands_for(text, expected):
    connection = sqlite3.connect(":memory:")
    connection.row_factory = sqlite3.Row
    names = {
        "x": 5,
        "m": {"a": 1, "b c": {"d": [1, 2, 3]}, "none": None},
        "text": "abcd",
        "rows": [{"id": 7}],
        "model": Model(id=8, more=9),
        "record": Record(10),
        "pair": Pair("l", "r"),
        "series": pd.Series({"id": 11}),
        "frame": pd.DataFrame({"a": [1, 2]}),
        "array": np.array([1, 2]),
        "db": connection.execute("select 12 as id").fetchone(),
        "nan": float("nan"),
        "day": dt.date(2024, 1, 2),
        "money": Decimal("19.10"),
    }

    try:
        assert value_of(text, **names) == expected
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("text", "column", "words"),
    [
        ("f(x)", 1, "a call"),
        ("x + 1", 1, "arithmetic"),
        ("[x for x in y]", 1, "a comprehension"),
        ("f'{x}'", 1, "an f-string"),
        ("lambda: 1", 1, "a lambda"),
        ("x if x else 1", 1, "if ... else"),
        ("x == 1", 1, "a comparison"),
        ("(y := 1)", 2, "an assignment"),
        ("b'x'", 1, "cannot stand"),
        ("...", 1, "cannot stand"),
        ("m.a(1)", 1, "a call"),
        ("x y", 1, "not an expression"),
        ("x)", 2, "not an expression"),
        ("x.__class__", 1, "private"),
        ("m._a", 1, "private"),
        ("__builtins__", 1, "private"),
        ("_", 1, "private"),
        ("nope", 1, "no variable 'nope'"),
        ("[x, nope]", 5, "no variable 'nope'"),
        ('{"ä": nöpe}', 7, "no variable 'nöpe'"),
        ("m.aa", 1, "Did you mean 'a'"),
        ("m['b']", 1, "no 'b'"),
        ("rows[3]", 1, "has 1"),
        ("rows['a']", 1, "whole number"),
        ("x.real", 1, "no fields"),
        ("x[0]", 1, "no items"),
        ("record.danger", 1, "no field"),
        ("model.danger", 1, "no field"),
        ("model.model_dump", 1, "no field"),
        ("trap.id", 1, "no fields"),
        ("trap['id']", 1, "no items"),
        ("frame.a", 1, "no fields"),
        ("frame['z']", 1, "no 'z'"),
        ("x | upper", 5, "no filter 'upper'"),
        ("x | defualt(1)", 5, "Did you mean 'default'"),
        ("x | cent", 5, "Did you mean 'cents'"),
        ("x | default", 5, "not written like that"),
        ("x | iso(1)", 5, "not written like that"),
        ("x |", 3, "must follow"),
        ("x | default(nope)", 13, "no variable 'nope'"),
        ("9.999 | cents", 9, "not a whole number of hundredths"),
        ("'abc' | cents", 9, "takes an amount"),
        ("true | cents", 8, "takes an amount"),
        ("'x' | iso", 7, "takes a date"),
        ("1e300 | iso", 9, "no time"),
        ("none | iso", 8, "got no value"),
        ("x" * 2001, 1, "2,001 characters"),
        ("[" + "1," * 300 + "]", 1, "more than 200 parts"),
        ("-" * 1500 + "1", 1, ""),
        ("[" * 400 + "]" * 400, 1, ""),
        ("{1: 2}", 1, "texts in quotes"),
        ("{**m}", 1, "texts in quotes"),
        ("-'a'", 1, "before a number"),
    ],
)
def test_what_an_expression_cannot_do_is_refused_at_its_place(text, column, words):
    names = {
        "x": 5, "m": {"a": 1, "_a": 2}, "rows": [1], "record": Record(1), "model": Model(id=1), "trap": Trap(),
        "frame": pd.DataFrame({"a": [1]}), "none": None,
    }  # fmt: skip

    with pytest.raises(UsageError) as caught:
        value_of(text, **names)

    assert words in caught.value.message
    if words:
        assert caught.value.place == f"line 1, column {column}"
    assert caught.value.hint


@given(st.text(st.characters(codec="utf-8"), max_size=30))
def test_any_text_is_a_value_or_a_usage_error(text):
    with contextlib.suppress(UsageError):
        value_of(text, x=1, m={"a": 1})


def test_the_error_for_a_field_lists_names_and_no_values():
    with pytest.raises(CellSyntaxError) as caught:
        value_of("m.c", m={"a": "the value", "b": 2})

    assert caught.value.hint == "It has a, b."
    assert "the value" not in caught.value.explain()
