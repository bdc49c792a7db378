"""Conditions on an answer: read before anything is sent, judged as they are written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flarex_nb.errors import CellSyntaxError, UsageError
from flarex_nb.text.conditions import OPERATORS, SUBJECTS, Facts, read_condition
from flarex_nb.text.grammar import parse
from flarex_nb.text.magicline import parse_line
from flarex_nb.text.options import to_call_options
from flarex_nb.text.source import Source

FACTS = Facts(
    status=200,
    headers=(("Content-Type", "application/json"), ("X-Count", "12")),
    data={
        "object": "list",
        "data": [{"id": "ch_1", "paid": True, "n": 5}, {"id": "ch_2", "paid": False, "n": None}],
        "a b": 1,
    },
    text='{"object": "list"}',
    rows=2,
    elapsed=0.25,
)


@pytest.mark.parametrize(
    "text",
    [
        "status == 200",
        "status==200",
        "response.status == 200",
        "status != 404",
        "status >= 200",
        "status < 300",
        "status in [200, 201]",
        "headers.Content-Type contains json",
        "headers.content-type startsWith application/",
        "header Content-Type includes json",
        "headers.X-Count == 12",
        "headers.X-Count > 9",
        "headers.Content-Type exists",
        "headers.X-Nope != 5",
        "$.object == list",
        '$.object == "list"',
        "$.object == 'list'",
        "body.$.object == list",
        "$.object=='list'",
        "body $.object == list",
        "response.body.$.object == list",
        "$['a b'] == 1",
        "$.data[0].id matches ^ch_\\d+$",
        "$.data[?@.paid == true] exists",
        "$.data[*].id contains ch_2",
        "$.data[*].n == [5, null]",
        "$.data[0].paid isTrue",
        "$.data[1].paid isFalse",
        "$.data[1].n isNull",
        "$.data[0].n isNumber",
        "$.data[0].id isString",
        "$.data isArray",
        "$.data[0].paid isBoolean",
        "$.data[0].id endsWith 1",
        "rows > 0",
        "records == 2",
        "pages == 1",
        "complete == true",
        "elapsed < 2s",
        "elapsed < 500ms",
        "duration < 1000",
        "text contains object",
    ],
)
def test_it_holds(text):
    assert read_condition(Source(text)).failure(FACTS) == ""


@pytest.mark.parametrize(
    ("text", "got"),
    [
        ("status == 404", "200"),
        ('status == "200"', "200"),
        ("headers.X-Nope exists", "nothing there"),
        ("headers.X-Nope == 1", "nothing there"),
        ("$.objekt == list", "nothing there ($ has no 'objekt'. Did you mean 'object'?)"),
        ("$.data[5].id exists", "nothing there"),
        ("$.data[?@.n > 9] exists", "nothing there"),
        ("$.object == charge", '"list"'),
        ("$.data[0].paid == 1", "true"),
        ("$.data[0].n > ten", "5"),
        ("$.data[1].n > 0", "null"),
        ("rows == 0", "2"),
        ("elapsed > 1s", "0.25"),
        ("status in [201]", "200"),
        ("$.data[0] isNull", '{"id": "ch_1", "paid": true, "n": 5}'),
    ],
)
def test_it_does_not_hold_and_says_what_was_got(text, got):
    assert read_condition(Source(text)).failure(FACTS) == got


@pytest.mark.parametrize(
    ("text", "words", "column"),
    [
        ("", "nothing a condition can be about", 1),
        ("statsu == 200", "Did you mean 'status'?", 1),
        ("status", "has no comparison", 6),
        ("status = 200", "has no comparison", 7),
        ("status is 200", "'is' is not a comparison", 8),
        ("status contain 200", "Did you mean 'contains'?", 8),
        ("status ==", "compares with nothing", 9),
        ("body == 5", "body needs the part", 1),
        ("headers == 5", "headers needs the name", 1),
        ("$.a[ == 5", "is not JSONPath", 1),
        ("status in 200", "in compares with a list", 1),
        ("$.a matches (", "is not a regular expression", 1),
    ],
)
def test_what_cannot_be_judged_is_refused_with_line_and_column(text, words, column):
    with pytest.raises(CellSyntaxError) as caught:
        parse_and_fill(f"# @assert {text}\nGET /x")

    assert words in caught.value.message
    assert caught.value.place == f"line 1, column {10 + column}"


def parse_and_fill(text, **names):
    from flarex_nb.text.template import fill

    [request] = parse(text).requests
    return fill(request, namespace=names, marker=lambda name: f"<<{name}>>")


def test_a_condition_of_another_client_below_the_body_points_at_its_own_line():
    with pytest.raises(CellSyntaxError) as caught:
        parse_and_fill('POST /x\n\n{"a": 1}\n\n?? status == 200\n?? statsu == 1\n')

    assert caught.value.place == "line 6, column 4"


def test_a_value_of_the_notebook_is_compared_as_it_is():
    [condition] = parse_and_fill("# @assert $.total == {{ total }}\nGET /x", total=5).conditions

    assert (condition.wanted, condition.text) == (5, "$.total == {{ total }}")
    assert condition.failure(FACTS._replace(data={"total": 5})) == ""
    assert condition.failure(FACTS._replace(data={"total": "5"})) == '"5"'


def test_an_unknown_name_in_a_condition_is_an_error_before_sending():
    with pytest.raises(CellSyntaxError, match="no variable 'totl'"):
        parse_and_fill("# @assert $.total == {{ totl }}\nGET /x", total=5)


def test_a_secret_cannot_stand_in_a_condition():
    with pytest.raises(UsageError, match="may not stand in the condition"):
        parse_and_fill("# @assert $.key == {{$secret CRM_API_KEY}}\nGET /x")


def test_the_option_may_stand_several_times_and_is_called_asserts_in_python():
    line = parse_line("crm --assert 'status == 200' --assert 'rows > 0'")
    one = to_call_options({"asserts": "status == 200"})

    assert [each.text for each in line.options["asserts"]] == ["status == 200", "rows > 0"]
    assert one.asserts == to_call_options({"asserts": ["status == 200"]}).asserts == line.options["asserts"][:1]


WORDS = st.sampled_from(
    [
        *SUBJECTS,
        *OPERATORS,
        "$.a",
        "$['b c'][0]",
        "headers.X",
        "header",
        "200",
        '"x"',
        "[1]",
        "{",
        "",
        "  ",
        "'",
        '"',
        "==",
        "=",
    ]
)


@given(st.lists(WORDS, max_size=6).map(" ".join) | st.text(max_size=30))
def test_any_text_is_a_condition_or_a_pointed_error(text):
    try:
        failure = read_condition(Source(text)).failure(FACTS)
    except UsageError as error:
        failure = error.place

    assert isinstance(failure, str)
    assert not failure.startswith("line") or "column" in failure
