"""Collections of Postman and files of Hurl: what they ask for becomes requests, what only they can do is named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flarex_nb.errors import FlarexError, UsageError
from flarex_nb.model import FormBody, JsonBody, NoBody
from flarex_nb.text.export import print_cell
from flarex_nb.text.from_hurl import read_hurl
from flarex_nb.text.from_postman import is_postman, read_postman
from flarex_nb.text.grammar import parse
from flarex_nb.text.template import fill

FOREIGN = Path(__file__).parents[2] / "corpus" / "foreign"


def filled(cell, number, **names):
    again = parse(print_cell(cell)).requests[number]
    return fill(again, namespace=names, marker=lambda name: f"<<{name}>>", read=lambda path: f"<{path}>".encode())


@pytest.fixture
def shop():
    return read_postman((FOREIGN / "shop.postman_collection.json").read_text())


def test_a_collection_becomes_its_requests_folder_by_folder(shop):
    assert [each.title for each in shop.requests] == [
        "Orders / List orders",
        "Orders / One order",
        "Make order",
        "Sign in",
        "Ask",
        "Upload",
    ]


def test_its_variables_are_ours_and_one_named_like_a_secret_becomes_the_secrets_name(shop):
    assert {each.name: each.value.text for each in shop.variables} == {
        "base_url": "https://api.shop.example/v2",
        "limit": "25",
        "shop_token": "{{$secret SHOP_TOKEN}}",
        "orderId": "o_1",
    }
    assert "not-taken-over" not in print_cell(shop)
    assert "literal-value-here" not in print_cell(shop)


def test_a_list_keeps_what_is_enabled(shop):
    request = filled(shop, 0)

    assert (request.method, request.target) == ("GET", "https://api.shop.example/v2/orders")
    assert request.query == (("limit", "25"), ("q", "a b"))
    assert request.headers == (("Authorization", "Bearer <<SHOP_TOKEN>>"), ("Accept", "application/json"))


def test_a_path_variable_is_a_hole(shop):
    assert filled(shop, 1).target == "https://api.shop.example/v2/orders/o_1"
    assert any("scripts" in words for words in shop.requests[1].warnings)


def test_bodies_of_each_kind(shop):
    assert filled(shop, 2, sku='a"b').body == JsonBody({"sku": 'a"b', "n": 2})
    assert filled(shop, 3).body == FormBody((("user", "ada & co"),))
    assert filled(shop, 4).body == JsonBody(
        {"query": "query($id: ID!) {\n  order(id: $id) { id }\n}", "variables": {"id": "o_1"}}
    )
    assert b'filename="orders.csv"\r\n\r\n<orders.csv>' in filled(shop, 5).body.content


def test_sign_in_is_by_name_or_left_out_with_a_word(shop):
    assert filled(shop, 3).headers == ()
    assert ("X-Shop-Key", "<<API_KEY>>") in filled(shop, 4).headers
    assert any("oauth2" in words for words in shop.requests[5].warnings)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"info": {}, "item": []}',
        '{"info": {}, "item": [{"name": "x", "item": []}]}',
        '{"item": 5}',
        "{" * 5000,
    ],
)
def test_what_is_no_collection_is_refused(text):
    with pytest.raises(UsageError):
        read_postman(text)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "item",
                    "request",
                    "url",
                    "body",
                    "mode",
                    "raw",
                    "header",
                    "key",
                    "value",
                    "auth",
                    "type",
                    "bearer",
                    "name",
                    "query",
                    "variable",
                    "path",
                    "host",
                    "formdata",
                    "graphql",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(st.lists(JSON, max_size=3), JSON, JSON)
def test_any_json_in_a_collection_is_read_or_refused(items, auth, variables):
    text = json.dumps({"info": {}, "item": items, "auth": auth, "variable": variables})
    try:
        cell = read_postman(text)
    except FlarexError as error:
        assert error.hint  # noqa: PT017 - either outcome is right
    else:
        assert cell.requests
    assert is_postman(text)


@pytest.fixture
def hurl():
    return read_hurl((FOREIGN / "shop.hurl").read_text())


def test_a_hurl_file_becomes_its_requests(hurl):
    assert [(each.method, each.target.text) for each in hurl.requests] == [
        ("POST", "https://login.shop.example/token"),
        ("GET", "https://api.shop.example/v2/orders"),
        ("PUT", "https://api.shop.example/v2/orders/1"),
        ("POST", "https://api.shop.example/v2/notes"),
        ("POST", "https://api.shop.example/v2/raw"),
    ]


def test_its_form_query_headers_and_options(hurl):
    first, second = filled(hurl, 0), filled(hurl, 1, step_1={"response": {"body": {"access": {"token": "t1"}}}})

    assert first.body == FormBody((("user", "ada & co"), ("scope", "read")))
    assert first.headers == (("X-Trace", "abc"),)
    assert second.query == (("limit", "2"), ("q", "a b"))
    assert second.headers == (("Authorization", "Bearer t1"),)
    assert [(each.name, each.value) for each in hurl.requests[1].settings] == [("attempts", "3"), ("deadline", "5s")]


def test_its_bodies(hurl):
    assert filled(hurl, 2, sku="s").body == JsonBody({"sku": "s", "tags": ["a", "b"]})
    assert filled(hurl, 3).body.content == b"# a heading\nGET is a word here"
    assert filled(hurl, 4).body.content == b"<data.bin>"


def test_its_asserts_are_conditions(hurl):
    assert [each.text for each in hurl.requests[0].asserts] == [
        "status == 200",
        "$.expires > 60",
        'headers.Content-Type contains "json"',
        "duration < 2000",
    ]
    assert [each.text for each in hurl.requests[1].asserts] == [
        "status == 200",
        'headers.Content-Type == "application/json"',
        "$.orders[0].id matches ^o_\\d+$",
        "$.orders isArray",
    ]
    assert hurl.requests[3].asserts == ()


def test_what_hurl_alone_can_do_is_named(hurl):
    assert any("count == 5" in words for words in hurl.requests[0].warnings)
    assert any("insecure" in words for words in hurl.requests[1].warnings)


@pytest.mark.parametrize("text", ["", "# nothing", "HTTP 200", "words"])
def test_what_is_no_hurl_file_is_refused(text):
    with pytest.raises(UsageError):
        read_hurl(text)


LINES = st.sampled_from(
    [
        "GET https://h.example/a",
        "POST https://h.example/b?c=d",
        "A: b",
        "A:",
        "[Asserts]",
        "[Form]",
        "[Captures]",
        "[Query]",
        "[Options]",
        "[BasicAuth]",
        "[Multipart]",
        'x: jsonpath "$.a"',
        'jsonpath "$.a" == 5',
        "HTTP 200",
        "HTTP *",
        "{",
        '"a": 1',
        "}",
        "```",
        "text",
        "",
        "# c",
        "file,x;",
        "base64,aGk=;",
        "status == 200",
        "`one`",
    ]
)


@given(st.lists(LINES, max_size=12))
def test_any_lines_of_hurl_are_read_or_refused_and_can_be_printed(lines):
    try:
        cell = read_hurl("\n".join(lines))
    except FlarexError as error:
        assert error.hint  # noqa: PT017 - either outcome is right
    else:
        assert print_cell(cell)
        assert all(not isinstance(each.body, NoBody) for each in cell.requests)
