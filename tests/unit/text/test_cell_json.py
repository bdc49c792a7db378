"""JSON bodies: values become right JSON, none changes the structure, and a fault is shown in the cell."""

from __future__ import annotations

import datetime as dt
import enum
import json
import uuid
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flarex_nb.errors import CellSyntaxError, UsageError
from flarex_nb.text.grammar import parse
from flarex_nb.text.template import fill

PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
).filter(lambda value: "\\ud" not in json.dumps(value))


def body_of(text, *, first_line=1, **names):
    [request] = parse(f"POST /x\n\n{text}", first_line=first_line).requests
    return fill(request, namespace=names, marker=str).body.value


class Colour(enum.Enum):
    RED = "red"


class Model(pydantic.BaseModel):
    when: dt.date
    tags: list[str]


@dataclass
class Point:
    x: int
    y: Decimal


@given(PLAIN, st.text(st.characters(codec="utf-8"), max_size=20))
def test_any_plain_value_arrives_as_itself_and_changes_nothing_around_it(value, text):
    assert body_of('{"a": {{v}}, "b": ["{{t}}", "x{{t}}y"], "{{k}}": 1, "z": {}}', v=value, t=text, k="k") == {
        "a": value,
        "b": [text, f"x{text}y"],
        "k": 1,
        "z": {},
    }


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (dt.datetime(2024, 1, 2, 3, 4, tzinfo=dt.UTC), "2024-01-02T03:04:00+00:00"),
        (dt.datetime(2024, 1, 2, 3, 4), "2024-01-02T03:04:00"),  # noqa: DTZ001 - a naive one
        (dt.date(2024, 1, 2), "2024-01-02"),
        (dt.time(3, 4), "03:04:00"),
        (pd.Timestamp("2024-01-02", tz="UTC"), "2024-01-02T00:00:00+00:00"),
        (Decimal("9.99"), 9.99),
        (Decimal(1000), 1000),
        (Decimal("1E+3"), 1000),
        (np.int64(2**53 + 1), 2**53 + 1),
        (np.float32(0.5), 0.5),
        (np.bool_(True), True),
        (np.array([[1, 2], [3, 4]]), [[1, 2], [3, 4]]),
        (np.datetime64("2024-01-02T03:04:05", "s"), "2024-01-02T03:04:05"),
        (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (Path("a/b"), "a/b"),
        (Colour.RED, "red"),
        ((1, 2), [1, 2]),
        ({1: "a", dt.date(2024, 1, 2): "b"}, {"1": "a", "2024-01-02": "b"}),
        (Model(when=dt.date(2024, 1, 2), tags=["a"]), {"when": "2024-01-02", "tags": ["a"]}),
        ([Point(1, Decimal("0.5"))], [{"x": 1, "y": 0.5}]),
        (pd.DataFrame({"a": [1], "b": [dt.date(2024, 1, 2)]}).to_dict("records"), [{"a": 1, "b": "2024-01-02"}]),
    ],
)
def test_values_of_python_become_right_json(value, expected):
    found = body_of('{"v": {{ v }}}', v=value)

    assert found == {"v": expected}
    assert isinstance(found["v"], type(expected))
    json.dumps(found, allow_nan=False)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (float("nan"), "missing"),
        (float("inf"), "inf"),
        (np.float64("nan"), "missing"),
        (pd.NA, "missing"),
        (pd.NaT, "missing"),
        (Decimal("NaN"), "missing"),
        (Decimal(1) / 3, "more digits"),
        (Decimal("1e999999"), "inf"),
        (10**400, "bits"),
        ({"a": [float("nan")]}, "missing"),
        ({(1, 2): 3}, "key"),
        (dt.timedelta(1), "timedelta"),
        (b"x", "bytes"),
        ("\ud800", "surrogate"),
        (lambda: 1, "function"),
        (Model, "cannot be sent"),
    ],
)
def test_what_json_cannot_hold_is_refused_where_it_stands(value, words):
    with pytest.raises(UsageError, match=words) as caught:
        body_of('{"a": 1,\n "v": {{ v }}}', v=value)

    assert caught.value.place == "line 4, column 7"
    assert caught.value.hint


def test_a_value_that_holds_itself_ends_with_an_error():
    loop = []
    loop.append(loop)

    with pytest.raises(UsageError, match="holds itself"):
        body_of("[{{v}}]", v=loop)


def test_missing_values_have_a_way_out():
    assert body_of("[{{a | default(None)}}, {{b | default(0)}}, {{c | default('x')}}]", a=float("nan"), b=pd.NA) == [
        None,
        0,
        "x",
    ]


def test_an_expression_may_hold_braces_and_quotes():
    assert body_of(
        '{"a": {{ {"a":{"b":1}} }}, "b": {{ ["}}", {"c": x}] }}, "c": "{{ m["k}"] }}"}', x=2, m={"k}": "v"}
    ) == {
        "a": {"a": {"b": 1}},
        "b": ["}}", {"c": 2}],
        "c": "v",
    }


def test_a_key_may_be_filled_in_with_text_only():
    assert body_of('{ {{k}}: 1, "a{{k}}": 2}', k='"q"') == {'"q"': 1, 'a"q"': 2}
    with pytest.raises(CellSyntaxError, match="key of an object is text"):
        body_of("{ {{k}}: 1}", k=5)


@pytest.mark.parametrize("mark", ["\ue000", "\\ue000", "\\uE000", "\ue0000\ue000"])
def test_a_text_that_looks_like_our_own_token_is_left_alone(mark):
    text = f'{{"a": "{mark}0{mark}", "b": {{{{v}}}}}}'

    found = body_of(text, v="value")

    assert found == json.loads(text.replace("{{v}}", '"value"'))


@pytest.mark.parametrize(
    ("text", "place", "found", "hint"),
    [
        ('{"a": 1,}', "line 3, column 8", "comma stands before the closing }", "last comma"),
        ('{"a": [1, 2,\n  ]}', "line 3, column 12", "comma stands before the closing ]", "last comma"),
        ("{'a': 1}", "line 3, column 2", '"\'"', "double quotes"),
        ("{\n  \"a\": 'x'\n}", "line 4, column 8", '"\'"', "double quotes"),
        ("{\u201ca\u201d: 1}", "line 3, column 2", "\u201c", "typographic"),
        ('{"a": True}', "line 3, column 7", "'True'", "JSON writes true"),
        ('{"a": None}', "line 3, column 7", "'None'", "JSON writes null"),
        ('{"a": NaN}', "line 3, column 7", "NaN", "null"),
        ('{"b": "NaN",\n"a": -Infinity}', "line 4, column 6", "-Infinity", "null"),
        ('{"a": 1e999}', "line 3, column 7", "too large", ""),
        ("{a: 1}", "line 3, column 2", "'a'", "double quotes"),
        ('{"a": name}', "line 3, column 7", "'name'", "{{name}}"),
        ('{"a": 1\n "b": 2}', "line 4, column 2", "'\"'", "comma"),
        ('{"a": 1} x', "line 3, column 10", "'x'", ""),
        ('{"a": 1, // c\n}', "line 3, column 10", "'/'", "comments"),
        ('{"a": [1, 2}', "line 3, column 12", "'}'", "missing"),
        ('{"a": [1, 2', "line 3, column 12", "ends too early", "]}"),
        ('{"a": "x\ny"}', "line 3, column 9", "\\n", "line end"),
        ('{"a":\u00a01}', "line 3, column 6", "\\xa0", "plain space"),
        ('{"a": "\\{{v}}"}', "line 3, column 8", "\\\\", "literal braces"),
        ('{"long": {{v}}, "b": {{v}} "c": 1}', "line 3, column 28", "'\"'", "comma"),
        ('{"long": "{{v}}{{v}}" {{v}}}', "line 3, column 23", "'{'", "comma"),
    ],
)
def test_a_fault_is_shown_in_the_cell_with_what_was_found(text, place, found, hint):
    with pytest.raises(CellSyntaxError) as caught:
        body_of(text, v="a value much longer than its name")

    assert caught.value.place == place
    assert found in caught.value.message
    assert hint in caught.value.hint


def test_the_place_counts_the_lines_of_the_cell_not_of_the_body():
    [request] = parse('GET /a\n###\nPOST /x\nA: b\n\n\n{\n  "a": 1,\n}', first_line=2).requests[1:]

    with pytest.raises(CellSyntaxError) as caught:
        fill(request, namespace={}, marker=str)

    assert caught.value.place == "line 9, column 9"


def test_a_key_that_stands_twice_is_told():
    [request] = parse('POST /x\n\n{"a": 1, "a": 2}').requests

    filled = fill(request, namespace={}, marker=str)

    assert filled.body.value == {"a": 2}
    assert filled.warnings == ("the key 'a' stands twice in one object; the last value is sent",)


def test_deep_nesting_is_an_error_not_a_crash():
    with pytest.raises(CellSyntaxError, match="deeper"):
        body_of("[" * 5000 + "]" * 5000)
    with pytest.raises(CellSyntaxError, match="deeper"):
        body_of("[" * 300 + "]" * 300)
