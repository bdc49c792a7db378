"""`{{ }}` becomes a value, encoded for the place where it stands."""

from __future__ import annotations

import datetime as dt
import json
from urllib.parse import unquote

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flarex_nb.errors import CellSyntaxError, UsageError
from flarex_nb.model import FormBody, JsonBody, NoBody, RawBody
from flarex_nb.text.grammar import parse
from flarex_nb.text.template import fill

JANUARY = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
TEXT = st.text(st.characters(codec="utf-8"), max_size=40)
HOSTILE = TEXT | st.lists(
    st.sampled_from(
        ['"', "\\", "'", "{{", "}}", "&", "=", "%26", "+", "/", "..", "?", "#", "\r\n", "\n", "X: y", '","a":1', "\0"]
    ),
    max_size=8,
).map("".join)


def filled(text, **names):
    [request] = parse(text).requests
    return fill(request, namespace=names, marker=lambda name: f"<<{name}>>")


# Path


@given(HOSTILE)
def test_a_path_value_stays_one_segment(value):
    try:
        target = filled("GET /contacts/{{x}}/notes", x=value).target
    except UsageError:
        assert not value or any(part in {".", ".."} for part in value.replace("\\", "/").split("/"))
        return

    before, segment, after = target.removeprefix("/").split("/")
    assert (before, after, unquote(segment)) == ("contacts", "notes", value)
    assert segment.isascii()
    assert not set(segment) & set("?#/\\& \r\n")


@pytest.mark.parametrize("value", ["..", ".", "a/../../b", "..\\x"])
def test_a_path_value_cannot_climb(value):
    with pytest.raises(CellSyntaxError, match=r"part of the path is \. or \.\.") as caught:
        filled("GET /contacts/{{x}}", x=value)

    assert caught.value.place == "line 1, column 15"


@pytest.mark.parametrize(
    ("value", "words"), [("", "empty"), (None, "missing"), ([1], "list"), (float("nan"), "missing")]
)
def test_a_path_needs_a_value(value, words):
    with pytest.raises(UsageError, match=words) as caught:
        filled("DELETE /contacts/{{x}}", x=value)

    assert caught.value.place == "line 1, column 18"


def test_what_a_person_typed_in_a_path_is_left_as_it_is():
    assert filled("GET /v4/{{x}}/values/Budget!A1%3AF200", x="é b").target == "/v4/%C3%A9%20b/values/Budget!A1%3AF200"


def test_a_target_may_begin_with_a_value():
    assert filled("GET {{base}}/v1/x", base="https://api.example.com/").target == "https://api.example.com/v1/x"
    assert filled("GET {{path}}", path="/v1/x").target == "/v1/x"
    url = filled("GET {{url}}", url="https://example.com/a?b=1&c=%20d&e=f%26g#top")
    assert (url.target, url.query) == ("https://example.com/a", (("b", "1"), ("c", " d"), ("e", "f&g")))


@pytest.mark.parametrize(
    "value", ["javascript:alert(1)", "//evil.example", "file:///x", "ftp://x", "x", "", "https://"]
)
def test_a_target_is_never_something_else_than_a_path_or_a_url(value):
    with pytest.raises(UsageError):
        filled("GET {{url}}", url=value)


@given(HOSTILE)
def test_a_value_in_the_host_cannot_leave_it(value):
    try:
        target = filled("GET https://{{host}}/v1/x", host=value).target
    except UsageError:
        return

    assert target == f"https://{value}/v1/x"
    assert not set(value) & set("/?#@\\ \r\n%")


@pytest.mark.parametrize("text", ["GET https://me:word@example.com/x", "GET {{url}}"])
def test_a_password_in_the_url_is_refused(text):
    with pytest.raises(UsageError, match="user or password"):
        filled(text, url="https://me:word@example.com/x")


# Query and form


@given(HOSTILE, HOSTILE)
def test_a_query_value_stays_one_value(name, value):
    request = filled("GET /x?a={{v}}&b=1\n    &c[{{n}}]=z", n=name, v=value)

    assert request.query == (("a", value), ("b", "1"), (f"c[{name}]", "z"))


@given(HOSTILE)
def test_a_form_value_stays_one_value(value):
    request = filled("POST /x\n\nmode=pay&to={{v}}\n&line[0][price]=a{{v}}b\n&last=1", v=value)

    assert request.body == FormBody((("mode", "pay"), ("to", value), ("line[0][price]", f"a{value}b"), ("last", "1")))


def test_a_query_is_read_as_a_server_reads_it():
    request = filled("GET /x?q=a+b%26c&flag&d=100%&e=&f==\n    &name=Ren%C3%A9 B")

    assert request.query == (("q", "a b&c"), ("flag", ""), ("d", "100%"), ("e", ""), ("f", "="), ("name", "René B"))


def test_a_plus_that_can_only_be_a_plus_stays_one_and_says_so():
    request = filled("GET /x?since=2026-01-01T00:00:00+02:00&tel=+15551234&mail=a+b@example.com&q=1+2")

    assert dict(request.query) == {
        "since": "2026-01-01T00:00:00+02:00",
        "tel": "+15551234",
        "mail": "a+b@example.com",
        "q": "1 2",
    }
    assert len(request.warnings) == 3


def test_none_leaves_its_pair_out():
    request = filled("POST /x?after={{cursor}}&limit=5\n\na={{cursor}}\n&b=1", cursor=None)

    assert request.query == (("limit", "5"),)
    assert request.body == FormBody((("b", "1"),))


def test_dates_are_iso_in_a_query_and_epoch_seconds_behind_brackets_and_in_forms():
    request = filled("POST /x?since={{t}}&created[gte]={{t}}&e={{t | epoch}}\n\nat={{t}}&iso={{t | iso}}", t=JANUARY)

    iso = "2024-01-01T00:00:00+00:00"
    assert request.query == (("since", iso), ("created[gte]", "1704067200"), ("e", "1704067200"))
    assert request.body == FormBody((("at", "1704067200"), ("iso", iso)))


def test_true_and_false_are_lower_case_in_text():
    assert filled("GET /x?a={{yes}}&b={{n}}", yes=True, n=2.50).query == (("a", "true"), ("b", "2.5"))


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("POST /x\n\na=1\nb=2", "line 4, column 1", "does not begin with &"),
        ("POST /x\n\na=1\n  {{v}}=2", "line 4, column 3", "does not begin with &"),
        ("GET /x?a=1&=2", "line 1, column 12", "without a name"),
        ("GET /x?a=%ff", "line 1, column 10", "not UTF-8"),
    ],
)
def test_a_fault_in_pairs_is_shown_where_it_stands(text, place, words):
    with pytest.raises(CellSyntaxError, match=words) as caught:
        filled(text, v="b")

    assert caught.value.place == place


# Headers


@given(HOSTILE)
def test_a_header_value_never_adds_a_line(value):
    try:
        request = filled("GET /x\nX-A: {{v}}\nX-B: 1", v=value)
    except UsageError:
        return

    assert [name for name, _ in request.headers] == ["X-A", "X-B"]
    assert request.headers[0][1] == value.strip(" \t")
    assert not set(request.headers[0][1]) & set("\r\n\0")


def test_a_header_with_a_line_break_is_refused_without_repeating_it():
    with pytest.raises(UsageError, match="line break") as caught:
        filled("GET /x\nX-A: id {{v}}", v="a\r\nSet-Cookie: b")

    assert caught.value.place == "line 2, column 9"
    assert "Cookie" not in caught.value.explain()


def test_basic_credentials_are_encoded_as_other_clients_do():
    assert filled("GET /x\nAuthorization: Basic me:pass word").headers == (("Authorization", "Basic bWU6cGFzcyB3b3Jk"),)
    assert filled("GET /x\nAuthorization: Basic bWU6eA==").headers == (("Authorization", "Basic bWU6eA=="),)
    with pytest.raises(CellSyntaxError, match="put together by the service's profile"):
        filled("GET /x\nAuthorization: Basic me:{{$secret CRM_API_KEY}}")


# Bodies by kind


def test_a_body_is_what_its_text_looks_like():
    assert filled("POST /x\n\n[1, 2]").body == JsonBody([1, 2])
    assert filled("POST /x\n\na=1").body == FormBody((("a", "1"),))
    assert filled("POST /x\n\nHello {{n}}\na=1", n="you").body == RawBody(
        b"Hello you\na=1", "text/plain; charset=utf-8"
    )
    assert filled("POST /x\n\n   \n").body == NoBody()


def test_the_content_type_decides_and_is_left_to_the_profile_where_it_is_the_usual_one():
    form = filled('POST /x\nContent-Type: application/x-www-form-urlencoded\n\n{"a": {"b": [true]}}')
    text = filled("POST /x\nContent-Type: text/markdown\n\n[{{a}}](x)", a=1)
    patch = filled('PATCH /x\nContent-Type: application/merge-patch+json\n\n{"a": {{a}}}', a=None)

    assert (form.body, form.headers) == (FormBody((("a[b][0]", "true"),)), ())
    assert (text.body, text.headers) == (RawBody(b"[1](x)"), (("Content-Type", "text/markdown"),))
    assert (patch.body, patch.headers[0][1]) == (JsonBody({"a": None}), "application/merge-patch+json")


def test_a_body_of_one_value_is_that_value():
    assert filled("POST /x\n\n{{v}}", v={"a": JANUARY}).body == JsonBody({"a": "2024-01-01T00:00:00+00:00"})
    assert filled("POST /x\n\n{{v}}", v='{"a": 1}').body == JsonBody({"a": 1})
    assert filled("POST /x\n\n{{v}}", v="words").body == RawBody(b"words", "text/plain; charset=utf-8")


@given(HOSTILE)
def test_a_value_in_xml_adds_no_markup(value):
    body = filled("POST /x\nContent-Type: application/xml\n\n<a b='{{v}}'>{{v}}</a>", v=value).body

    assert body.content.count(b"<") == 2
    assert body.content.count(b"'") == 2


def test_graphql_takes_values_in_its_variables_only():
    body = filled('POST /g\nX-Request-Type: GraphQL\n\nquery($n: Int) {\n  a(n: $n) { id }\n}\n\n{"n": {{n}}}', n=5)

    assert body.body == JsonBody({"query": "query($n: Int) {\n  a(n: $n) { id }\n}", "variables": {"n": 5}})
    assert body.headers == ()
    with pytest.raises(CellSyntaxError, match="GraphQL query") as caught:
        filled("POST /g\nX-Request-Type: GraphQL\n\nquery { a(n: {{n}}) }", n=5)
    assert caught.value.place == "line 4, column 14"


def test_multipart_parts_take_values_and_files(language):
    text = (
        "POST /x\nContent-Type: multipart/form-data; boundary=cut\n\n--cut\n"
        'Content-Disposition: form-data; name="a"\n\n{{v}}\n--cut\n'
        'Content-Disposition: form-data; name="f"; filename="f.bin"\n\n< ./f.bin\n--cut--\n'
    )

    body = language.fill(text, v="x\ny", read=lambda path: b"\0\xff" + path.encode()).body

    assert body.content == (
        b'--cut\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\ny\r\n--cut\r\n'
        b'Content-Disposition: form-data; name="f"; filename="f.bin"\r\n\r\n\0\xfff.bin\r\n--cut--\r\n'
    )
    for value in ("--cut", "a\r\n--cut--"):
        with pytest.raises(CellSyntaxError, match="boundary"):
            language.fill(text, v=value, read=lambda path: b"")
    with pytest.raises(CellSyntaxError, match="head of the part"):
        language.fill(text.replace('name="a"', 'name="{{v}}"'), v='a"\r\nX: y', read=lambda path: b"")


# Names


def test_an_unknown_name_is_an_error_before_anything_is_sent_and_shows_the_nearest():
    with pytest.raises(CellSyntaxError, match="Did you mean 'amount'") as caught:
        filled('POST /x\n\n{"a": "b", "n": {{ amuont }}}', amount=5)

    assert caught.value.place == "line 3, column 20"
    assert caught.value.sent == "no"


def test_cell_variables_come_before_the_notebooks_and_look_like_what_they_are():
    text = "@n = 5\n@who = {{name}}!\n@zip = 00123\n@when = {{t}}\nPOST /{{n}}/{{base-url}}\n\n"
    body = '{"n": {{n}}, "t": "{{n}}", "who": {{who}}, "zip": {{zip}}, "when": {{when}}}'

    request = filled(f"@base-url = b\n{text}{body}", n=7, name="Ada", t=JANUARY)

    assert request.target == "/5/b"
    assert request.body == JsonBody(
        {"n": 5, "t": "5", "who": "Ada!", "zip": "00123", "when": "2024-01-01T00:00:00+00:00"}
    )


def test_a_variable_defined_by_itself_is_refused():
    with pytest.raises(CellSyntaxError, match=r"defined by itself: a -> b -> a"):
        filled("@a = {{b}}x\n@b = {{a}}y\nGET /{{a}}")


def test_an_earlier_answer_is_reached_by_its_name():
    answer = {
        "response": {"body": {"id": "c_1", "items": [{"n": 2}]}, "headers": {"X-Request-Id": "r1"}, "status": 200}
    }
    text = "GET /x?a={{new.response.body.$.id}}&b={{new.response.body.$.items[0].n}}&c={{new.response.headers.x-request-id}}"

    assert filled(text, new=answer).query == (("a", "c_1"), ("b", "2"), ("c", "r1"))


# The machine's values


def test_the_machines_values_are_typed(language):
    text = 'POST /x\nIdempotency-Key: {{$uuid}}\nX-Id: a\n\n{"u": {{$guid}}, "t": {{$timestamp}}, "y": {{$timestamp -1 d}}, "r": {{$randomInt 3 9}}}'

    request = language.fill(text)

    assert request.body == JsonBody({"u": "uuid-2", "t": 1700000000, "y": 1699913600, "r": 3})
    assert request.anew == {"idempotency-key"}
    assert request.had_uuid_header


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("iso8601", "2023-11-14T22:13:20.500Z"),
        ("rfc1123", "Tue, 14 Nov 2023 22:13:20 GMT"),
        ('"YYYY-MM-DD[T]HH:mm:ss.SSS"', "2023-11-14T22:13:20.500"),
        ("'%d/%m/%y' 1 d", "15/11/23"),
        ("iso8601 -1 h", "2023-11-14T21:13:20.500Z"),
    ],
)
def test_datetime_is_written_in_the_form_asked_for(language, form, text):
    assert language.fill(f"GET /x?t={{{{$datetime {form}}}}}").query == (("t", text),)


@pytest.mark.parametrize(
    ("hole", "words"),
    [
        ("$uid", "Did you mean '$uuid'"),
        ("$randomInt 5 5", "the lower first"),
        ("$randomInt", "two whole numbers"),
        ("$timestamp tomorrow", "not an offset"),
        ("$datetime iso", "cannot write 'iso'. Did you mean 'iso8601'"),
        ("$uuid 4", "stands alone"),
        ("$timestamp 999999999 w", None),
        ("$datetime iso8601 999999999 w", "leaves the calendar"),
    ],
)
def test_a_slip_in_a_system_variable_is_explained(language, hole, words):
    if words is None:
        assert language.fill(f"GET /x?a={{{{{hole}}}}}").query
        return

    with pytest.raises(CellSyntaxError) as caught:
        language.fill(f"GET /x?a={{{{{hole}}}}}")

    assert words in caught.value.message
    assert caught.value.place == "line 1, column 12"


# Secrets


@pytest.mark.parametrize("spelled", ["$secret", "$dotenv", "$processEnv"])
def test_a_secret_in_a_header_is_a_marker(language, spelled):
    request = language.fill(f"GET /x\nAuthorization: Bearer {{{{{spelled} CRM_API_KEY}}}}")

    assert request.headers == (("Authorization", "Bearer <<CRM_API_KEY>>"),)


class Handle:
    """What user code holds of a secret."""

    flarex_secret_name = "CRM_API_KEY"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("GET /x?key={{k}}", "query"),
        ("GET /x\n  ?a=b&key={{$secret CRM_API_KEY}}", "query"),
        ("GET /x/{{k}}", "path"),
        ("GET {{k}}", "path"),
        ("GET https://{{k}}.example.com/", "host"),
        ("POST /x\n\nkey={{k}}", "body"),
        ('POST /x\n\n{"key": {{k}}}', "body"),
        ('POST /x\n\n{"key": "a {{k}}"}', "body"),
        ('POST /x\n\n{"all": {{rows}}}', "body"),
        ("POST /x\n\n{{rows}}", "body"),
        ("POST /x\n\n{{k}}", "body"),
        ("POST /x\n\nwords {{k}}", "body"),
        ("@key = Bearer {{$secret CRM_API_KEY}}\nGET /x?key={{key}}", "query"),
        ('@key = {{k}}\nPOST /x\n\n{"a": [{{ {"b": key} }}]}', "body"),
    ],
)
def test_a_secret_stands_only_where_it_may(language, text, place):
    with pytest.raises(UsageError, match=f"the secret CRM_API_KEY may not stand in the {place}") as caught:
        language.fill(text, k=Handle(), rows=[{"key": Handle()}])

    assert caught.value.place.startswith("line ")
    assert caught.value.hint
    if place != "host":
        assert "<<CRM_API_KEY>>" in str(
            language.fill(text, k=Handle(), rows=[{"key": Handle()}], allow={"header", place})
        )


def test_a_secret_may_be_the_user_of_a_url(language):
    assert (
        language.fill("GET https://{{k}}@example.com/x", k=Handle()).target == "https://<<CRM_API_KEY>>@example.com/x"
    )


def test_a_value_pasted_for_the_name_of_a_secret_is_not_repeated(language):
    with pytest.raises(CellSyntaxError, match="needs the name") as caught:
        language.fill("GET /x\nA: {{$secret sk-sandbox-abc}}")

    assert "abc" not in caught.value.explain()


# Never


@given(HOSTILE)
def test_no_hole_is_left_and_none_is_opened_by_a_value(value):
    request = filled('POST /x?q={{v}}\n\n{"a": "{{v}} and {{ n }}", "b": {{v}}, "lit": "{{"{{"}}x}}"}', v=value, n=1)

    assert request.body == JsonBody({"a": f"{value} and 1", "b": value, "lit": "{{x}}"})
    assert json.loads(json.dumps(request.body.value)) == request.body.value


@pytest.mark.parametrize(
    "text", ["GET /{{v}}", "GET /x?a={{v}}", "POST /x\n\n{{v}}", 'POST /x\n\n{"a": {{v}}}', "GET /x\nA: {{v}}"]
)
@pytest.mark.parametrize(
    "value", [pd.DataFrame({"a": [1, 2]}), pd.Series([1]), "x" * 65537, b"bytes", {1, 2}, object(), len]
)
def test_what_got_in_by_accident_is_refused_with_its_place(text, value):
    with pytest.raises(UsageError) as caught:
        filled(text, v=value)

    assert caught.value.place.startswith("line ")
    assert caught.value.hint
