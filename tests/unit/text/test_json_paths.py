"""JSONPath: the examples of RFC 9535 hold, wrong queries are pointed at, and names that do not exist are named."""

from __future__ import annotations

import pytest

from flarex_nb.errors import CellSyntaxError, UsageError
from flarex_nb.model import FormBody, JsonBody
from flarex_nb.text import jsonpath

STORE = {
    "store": {
        "book": [
            {"category": "reference", "author": "Nigel Rees", "price": 8.95},
            {"category": "fiction", "author": "Evelyn Waugh", "price": 12.99},
            {"category": "fiction", "author": "Herman Melville", "isbn": "0-553-21311-3", "price": 8.99},
            {"category": "fiction", "author": "J. R. R. Tolkien", "isbn": "0-395-19395-8", "price": 22.99},
        ],
        "bicycle": {"color": "red", "price": 399},
    }
}
"""The example of RFC 9535 1.5."""

FILTERED = {
    "a": [3, 5, 1, 2, 4, 6, {"b": "j"}, {"b": "k"}, {"b": {}}, {"b": "kilo"}],
    "o": {"p": 1, "q": 2, "r": 3, "s": 5, "t": {"u": 6}},
    "e": "f",
}
"""The example of RFC 9535 2.3.5.3."""

LETTERS = ["a", "b", "c", "d", "e", "f", "g"]


@pytest.mark.parametrize(
    ("query", "data", "values"),
    [
        ("$.store.book[*].author", STORE, ["Nigel Rees", "Evelyn Waugh", "Herman Melville", "J. R. R. Tolkien"]),
        ("$..author", STORE, ["Nigel Rees", "Evelyn Waugh", "Herman Melville", "J. R. R. Tolkien"]),
        ("$.store..price", STORE, [8.95, 12.99, 8.99, 22.99, 399]),
        ("$..book[2].author", STORE, ["Herman Melville"]),
        ("$..book[2].publisher", STORE, []),
        ("$..book[-1].price", STORE, [22.99]),
        ("$..book[0,1].price", STORE, [8.95, 12.99]),
        ("$..book[:2].price", STORE, [8.95, 12.99]),
        ("$..book[?@.isbn].price", STORE, [8.99, 22.99]),
        ("$..book[?@.price<10].price", STORE, [8.95, 8.99]),
        ("$", {"k": "v"}, [{"k": "v"}]),
        ("$.o['j j']['k.k']", {"o": {"j j": {"k.k": 3}}}, [3]),
        ('$["\'"]["@"]', {"'": {"@": 2}}, [2]),
        ("$[1]", ["a", "b"], ["b"]),
        ("$[-2]", ["a", "b"], ["a"]),
        ("$[1:3]", LETTERS, ["b", "c"]),
        ("$[5:]", LETTERS, ["f", "g"]),
        ("$[1:5:2]", LETTERS, ["b", "d"]),
        ("$[5:1:-2]", LETTERS, ["f", "d"]),
        ("$[::-1]", LETTERS, LETTERS[::-1]),
        ("$.a[?@.b == 'kilo']", FILTERED, [{"b": "kilo"}]),
        ("$.a[?@>3.5]", FILTERED, [5, 4, 6]),
        ("$.a[?@.b]", FILTERED, [{"b": "j"}, {"b": "k"}, {"b": {}}, {"b": "kilo"}]),
        ('$.a[?@<2 || @.b == "k"]', FILTERED, [1, {"b": "k"}]),
        ('$.a[?match(@.b, "[jk]")]', FILTERED, [{"b": "j"}, {"b": "k"}]),
        ('$.a[?search(@.b, "[jk]")]', FILTERED, [{"b": "j"}, {"b": "k"}, {"b": "kilo"}]),
        ("$.o[?@>1 && @<4]", FILTERED, [2, 3]),
        ("$.a[?@.b == $.x]", FILTERED, [3, 5, 1, 2, 4, 6]),
        ("$.a[?@ == @]", FILTERED, FILTERED["a"]),
        (
            "$[?length(@.authors) >= 5]",
            [{"authors": [1, 2, 3, 4, 5]}, {"authors": [1]}],
            [{"authors": [1, 2, 3, 4, 5]}],
        ),
        ("$[?count(@.*) == 1]", [{"a": 1}, {"a": 1, "b": 2}], [{"a": 1}]),
        ("$[0:3:0]", LETTERS, []),
        ("$.a", {"a": None}, [None]),
        ("$.a[0]", {"a": None}, []),
    ],
)
def test_a_query_means_what_rfc_9535_says(query, data, values):
    assert jsonpath.find(query, data) == values


@pytest.mark.parametrize(
    "query",
    [
        "",
        "data",
        "$.a-b",
        "$.data[",
        "$.data[?(@.a]",
        "$.a[?@.b=='x]",
        "$ .a.",
        "$.length()",
        "$['a",
        "$[01]",
        "$.a[?@.b = 1]",
        "$" + ".a" * 1500,
    ],
)
def test_what_is_no_query_is_refused_with_the_spelling(query):
    with pytest.raises(UsageError) as caught:
        jsonpath.check_query(query)

    assert "RFC 9535" in caught.value.hint


def test_a_query_for_one_value_is_told_from_one_for_many():
    assert jsonpath.is_single("$.a[0]['b']")
    assert not any(map(jsonpath.is_single, ["$.a[*]", "$..a", "$.a[0:1]", "$.a[?@.b]", "$.a[0,1]"]))


@pytest.mark.parametrize(
    ("query", "data", "records"),
    [
        ("$.items[*]", {"items": [1, 2]}, [1, 2]),
        ("$.items", {"items": [1, 2]}, [1, 2]),
        ("$.item", {"item": {"a": 1}}, [{"a": 1}]),
        ("$.item", {"item": None}, []),
        ("$.items[?@.a > 5]", {"items": [{"a": 1}]}, []),
        ("$.items[*].tags", {"items": [{"tags": ["x"]}, {"tags": ["y"]}]}, [["x"], ["y"]]),
    ],
)
def test_records_are_what_the_query_means_and_one_list_is_its_elements(query, data, records):
    assert jsonpath.records(query, data) == records


@pytest.mark.parametrize(
    ("query", "data", "words"),
    [
        ("$.itmes[*]", {"items": []}, "$ has no 'itmes'. Did you mean 'items'?"),
        ("$.result.rows", {"result": {"data": []}}, "$.result has no 'rows'. There is 'data'."),
        ("$.items[0].id", {"items": []}, "$.items has 0 items, so none at 0"),
        ("$.items", [1], "$ is a list, so it has no 'items'"),
        ("$.items", None, "$ is null, so it has no 'items'"),
    ],
)
def test_a_name_the_answer_does_not_have_is_an_error_that_says_the_answer_came(query, data, words):
    with pytest.raises(UsageError) as caught:
        jsonpath.records(query, data)

    assert words in caught.value.message
    assert caught.value.sent == "yes"


def test_an_answer_that_nests_too_deeply_is_an_error_and_no_crash():
    data = {}
    for _ in range(3000):
        data = {"a": data}

    with pytest.raises(UsageError, match="nests so deeply"):
        jsonpath.find("$..b", data)


# References to earlier answers

ANSWER = {
    "response": {
        "status": 200,
        "headers": {"X-Id": "r1"},
        "body": {"data": [{"id": "a", "n-o": 1}, {"id": "b", "n-o": 2}], "next": None},
    }
}


@pytest.mark.parametrize(
    ("reference", "value"),
    [
        ("list.response.body.$.data[0].id", "a"),
        ("list.response.body.$.data[-1].id", "b"),
        ("list.response.body.$['data'][0]['n-o']", 1),
        ("list.response.body.$.data[*].id", ["a", "b"]),
        ("list.response.body.$.data[?@.id == 'b']['n-o'] | one", 2),
        ("list.response.body.$.data[*].id | first", "a"),
        ("list.response.body.$..id", ["a", "b"]),
        ("list.response.body.$.data[?@.id == 'zzz']", []),
        ("list.response.body.*", ANSWER["response"]["body"]),
        ("list.response.body.$", ANSWER["response"]["body"]),
        ("list.response.body.data[0].id", "a"),
        ("list.response.body.$.nothing | default(5)", 5),
        ("list.response.headers.x-id", "r1"),
        ("list.response.status", 200),
    ],
)
def test_a_reference_is_a_json_path_in_the_answer(language, reference, value):
    filled = language.fill(f'POST /x\n\n{{"v": {{{{ {reference} }}}}}}', list=ANSWER)

    assert filled.body == JsonBody({"v": value})


@pytest.mark.parametrize(
    ("reference", "words"),
    [
        ("list.response.body.$.dta[0].id", "$ has no 'dta'. Did you mean 'data'?"),
        ("list.response.body.$.data[7].id", "$.data has 2 items, so none at 7"),
        ("list.response.body.$.data[*].id | one", "one got a list of 2 items"),
        ("list.response.body.$.data[?@.id=='q'] | first", "first got an empty list"),
        ("list.response.body.$.data[0].n-o", "is not JSONPath"),
        ("list.response.headers.X-Nope", "no header 'X-Nope'"),
    ],
)
def test_a_reference_that_leads_nowhere_is_an_error_before_anything_is_sent(language, reference, words):
    with pytest.raises(UsageError) as caught:
        language.fill(f"GET /x\nA: b\nX-Y: {{{{ {reference} }}}}", list=ANSWER)

    assert words in caught.value.message
    assert caught.value.sent == "no"
    assert caught.value.place.startswith("line 3, column ")


def test_several_values_do_not_fit_where_one_stands(language):
    with pytest.raises(UsageError, match="only one value fits here"):
        language.fill("GET /x?ids={{list.response.body.$.data[*].id}}", list=ANSWER)

    assert language.fill("POST /x\n\nid={{list.response.body.$.data[0].id}}", list=ANSWER).body == FormBody(
        (("id", "a"),)
    )


def test_a_hole_that_is_no_reference_is_read_as_before(language):
    with pytest.raises(CellSyntaxError, match="no variable 'lst'"):
        language.fill("GET /x?a={{lst.response.body.$.id}}", list=ANSWER)
