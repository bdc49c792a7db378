"""A value stays data wherever it stands: it adds no segment, pair, header, field, line or hole, and arrives whole."""

from __future__ import annotations

import json
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from flarex_nb.catalog.urls import query_text
from flarex_nb.errors import FlarexError, UsageError
from flarex_nb.text.form import to_bytes
from flarex_nb.text.grammar import parse
from flarex_nb.text.items import fill_line
from flarex_nb.text.magicline import parse_line
from flarex_nb.text.template import fill

ATTACKS = (
    "/../../admin", "a/b", "..", "?x=1", "#f", "%2e%2e%2f", "%00", "a%0d%0aX: y", "&admin=true", "a=b&c=d", "+", "%26",
    "x\r\nX-Injected: yes", "x\nX-Injected: yes", "x\r\n\r\nGET /evil HTTP/1.1", "\x00", '"}, "admin": true, {"', "\\", '\\"',
    "\u2028", "{{secret}}", "{{$secret CRM_API_KEY}}", "{{", "}}", "###\nDELETE /all", "\n--cut--\r\n", "--cut", "'; DROP", "<x>]]>",
    "@evil.example", "//evil.example/", "https://evil.example/", "\\evil", "<<CRM_API_KEY>>", '") { admin { all } } #', "?? status == 1",
    "> {% x %}", "< /etc/passwd", "\ud800", "\u202e", "  ", "\ufeff",
)  # fmt: skip
VALUES = st.text(max_size=30) | st.sampled_from(ATTACKS) | st.lists(st.sampled_from(ATTACKS), max_size=3).map("".join)

RUNS = settings(max_examples=400, deadline=None)


def filled(text, value, **more):
    [raw] = parse(text).requests
    return fill(raw, namespace={"v": value}, marker=lambda name: f"<<{name}>>", **more)


def attempt(text, value):
    """Return the filled request, None where the value is refused with its place."""
    try:
        return filled(text, value)
    except UsageError as error:
        assert error.place  # noqa: PT017 - refused at its place is as right as filled
        return None


@RUNS
@given(VALUES)
@example("..")
def test_in_a_path_it_is_one_segment(value):
    request = attempt("GET https://api.example.com/x/{{v}}/y", value)
    if request is None:
        return

    parts = urlsplit(request.target)
    assert (parts.scheme, parts.netloc, parts.query, parts.fragment) == ("https", "api.example.com", "", "")
    assert parts.path.split("/")[:2] == ["", "x"]
    assert len(parts.path.split("/")) == 4
    assert unquote(parts.path.split("/")[2]) == value
    assert ".." not in parts.path.split("/")


@RUNS
@given(VALUES)
def test_in_a_query_it_is_one_value(value):
    request = attempt("GET /x?a={{v}}&b=2\n    &c=p{{v}}s", value)
    if request is None:
        return

    assert request.query == (("a", value), ("b", "2"), ("c", f"p{value}s"))
    assert [unquote(pair.partition("=")[2]) for pair in query_text(request.query).split("&")] == [
        value,
        "2",
        f"p{value}s",
    ]


@RUNS
@given(VALUES)
def test_in_a_header_it_is_one_line_or_refused(value):
    request = attempt("GET /x\nX-A: a {{v}} b\nX-B: c", value)
    if request is None:
        return

    assert [name for name, _ in request.headers] == ["X-A", "X-B"]
    assert request.headers[0][1] == f"a {value} b"
    assert not set(request.headers[0][1]) & {"\r", "\n", "\0"}


@RUNS
@given(VALUES)
def test_in_json_it_is_one_text(value):
    request = attempt('POST /x\n\n{"a": {{v}}, "b": "p{{v}}s", "k{{v}}": 1, "l": [{{v}}]}', value)
    if request is None:
        return

    assert request.body.value == {"a": value, "b": f"p{value}s", f"k{value}": 1, "l": [value]}
    assert json.loads(json.dumps(request.body.value)) == request.body.value


@RUNS
@given(VALUES)
def test_in_json_lines_it_stays_in_its_line(value):
    request = attempt('POST /x\nContent-Type: application/x-ndjson\n\n{"a": {{v}}}\n{"b": "{{v}}"}', value)
    if request is None:
        return

    assert [json.loads(line) for line in request.body.content.decode().split("\n")[:-1]] == [{"a": value}, {"b": value}]


@RUNS
@given(VALUES)
def test_in_a_form_it_is_one_field(value):
    request = attempt("POST /x\n\na={{v}}\n&b=p{{v}}s\n&c=1", value)
    if request is None:
        return

    assert request.body.fields == (("a", value), ("b", f"p{value}s"), ("c", "1"))
    assert to_bytes(request.body.fields).count(b"&") == 2


@RUNS
@given(VALUES)
def test_in_graphql_it_is_a_variable_and_the_query_stays(value):
    request = attempt('POST /x\nX-Request-Type: GraphQL\n\nquery($v: String) { a(v: $v) }\n\n{"v": {{v}}}', value)
    if request is None:
        return

    assert request.body.value == {"query": "query($v: String) { a(v: $v) }", "variables": {"v": value}}


@RUNS
@given(VALUES)
def test_in_multipart_it_ends_no_part_and_no_head(value):
    head = 'POST /x\nContent-Type: multipart/form-data; boundary=cut\n\n--cut\nContent-Disposition: form-data; name="{{v}}"\n\nz\n--cut--'
    body = 'POST /x\nContent-Type: multipart/form-data; boundary=cut\n\n--cut\nContent-Disposition: form-data; name="a"\n\n{{v}}\n--cut--'
    for text in (head, body):
        request = attempt(text, value)
        if request is not None:
            assert request.body.content.count(b"--cut") == 2
            assert request.body.content.split(b"\r\n\r\n")[0].count(b"\r\n") == 1


@RUNS
@given(VALUES)
def test_in_a_host_it_is_a_name_or_refused(value):
    request = attempt("GET https://{{v}}/x", value)
    if request is None:
        return

    parts = urlsplit(request.target)
    assert (parts.path, parts.username) == ("/x", None)
    assert parts.netloc == value


@RUNS
@given(VALUES)
def test_on_a_line_it_is_one_item(value):
    line = parse_line("crm POST /x q=={{v}} a={{v}} b:={{v}} X-A:{{v}}")
    try:
        request = fill_line(line, namespace={"v": value}, marker=lambda name: f"<<{name}>>")
    except FlarexError as error:
        assert error.place  # noqa: PT017 - refused at its place is as right as filled
        return

    assert request.query == (("q", value),)
    assert request.body.value == {"a": value, "b": value}
    assert [name for name, _ in request.headers] == ["X-A"]


def test_no_value_ever_asks_for_a_secret():
    for attack in ("{{$secret CRM_API_KEY}}", "$secret CRM_API_KEY", "{{v}}"):
        request = filled('POST /x?a={{v}}\nX-A: {{v}}\n\n{"a": {{v}}}', attack)

        assert "<<" not in repr(request)
        assert request.body.value == {"a": attack}


# What is never sent

FRAGMENTS = st.sampled_from(
    ["GET /x", "POST /x", "\n", "\n\n", "?a=", "&b=", "A: ", "{{v}}", "{{ v }}", "{{w}}", "{{", "}}", "{", "}", '"', "'", "a=", '{"a": ', "# @name n", "# @", "@v = ", "###", " ", "< f", "{{v | default(", "{{v.", "{{v[", "{{$uuid}}", "{{$x}}", "\\", "1"]
)  # fmt: skip


@settings(max_examples=600, deadline=None)
@given(st.lists(FRAGMENTS, max_size=14).map("".join))
def test_no_hole_is_ever_sent_and_every_refusal_has_a_place(text):
    try:
        requests = [fill(raw, namespace={"v": 5}, marker=lambda name: f"<<{name}>>") for raw in parse(text).requests]
    except FlarexError as error:
        assert isinstance(error, UsageError)  # noqa: PT017 - refused at its place is as right as filled
        assert error.place  # noqa: PT017 - the same
        return

    for request in requests:
        sent = repr((request.target, request.query, request.headers, request.body))
        assert "{{v" not in sent
        assert "{{$" not in sent


@pytest.mark.parametrize(
    "place",
    [
        "GET /{{nope}}",
        "GET /x?a={{nope}}",
        "GET /x\nA: {{nope}}",
        'POST /x\n\n{"a": {{nope}}}',
        "POST /x\n\na={{nope}}",
        "POST /x\n\ntext {{nope}}",
    ],
)
def test_an_unknown_name_is_refused_in_each_place_with_the_nearest(place):
    [raw] = parse(place).requests

    with pytest.raises(UsageError, match="Did you mean 'nope1'") as caught:
        fill(raw, namespace={"nope1": 5}, marker=str)

    assert caught.value.place.startswith("line ")
