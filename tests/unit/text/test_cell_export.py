"""A request as text again: a cell, a `.http` file, curl, Python. Secrets are names, and nothing gets out of its quotes."""

from __future__ import annotations

import itertools
import subprocess
import sys
from types import SimpleNamespace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from flarex_nb.errors import CellSyntaxError, UsageError
from flarex_nb.model import CallOptions, CallRequest, FormBody, JsonBody, RawBody
from flarex_nb.text.export import print_cell, to_http
from flarex_nb.text.export_code import to_curl, to_python
from flarex_nb.text.grammar import parse
from flarex_nb.text.template import FilledRequest, fill

CORPUS = [
    "GET /v1/charges\n    ?limit=100\n    &created[gte]={{since}}\n",
    (
        "# @name checkout\n# @note creates a live Checkout Session\nPOST /v1/checkout/sessions\nIdempotency-Key: {{$uuid}}\n\n"
        "mode=payment\n&success_url={{app_url}}/ok\n&line_items[0][price]={{price_id}}\n&line_items[0][quantity]=1\n"
    ),
    'POST /v1/chat/completions\n\n{"model": "m", "stream": true,\n "messages": [{"role": "user", "content": {{prompt}}}]}\n',
    "GET /v4/spreadsheets/{{sheet_id}}/values/Budget!A1:F200\n    ?valueRenderOption=UNFORMATTED_VALUE\n",
    'POST {{$secret DISCORD_WEBHOOK_URL}}?wait=true\n\n{"content": {{message}}, "allowed_mentions": {"parse": []}}\n',
    '# @idempotency auto\nPOST /contacts/{{row.id}}/notes\n\n{"text": {{row.note}}, "score": {{row.score}}}\n',
    "GET /v1/charges?limit=10\n",
    "GET {{user_url}}\n",
    (
        "# @name customer\n# @assert status == 200\nPOST /v1/customers\n\nemail={{email}}\n###\n# @name subscription\n"
        "POST /v1/subscriptions\n\ncustomer={{customer.response.body.$.id}}\n&items[0][price]={{price_id}}\n"
    ),
    "@base = https://api.example.com\n@empty =\n### first  one\n// words\nGET {{base}}/x HTTP/1.1\nA:\nB: \u201cc\u201d\n\n\n",
    "# @body raw\nPOST /x\n\n\n# heading\n### part\n> {% x %}\n\n",
    "GET /x?q=a HTTP/1.1 HTTP/1.1\n?? status == 200\n",
    "POST /x\n\n< ./body.json\n### \n# @k = =v\n#\n##\nGET /y\n  &a\n  &?b\n# @assert\n",
]
"""The example cells of the language's description, and corners of its grammar."""


@pytest.mark.parametrize("text", CORPUS)
def test_a_printed_cell_parses_to_the_same(text):
    cell = parse(text)

    assert parse(print_cell(cell)) == cell
    assert print_cell(parse(print_cell(cell))) == print_cell(cell)


LINES = st.sampled_from(
    [
        "GET /a/{{x}}", "POST https://h/{{ {'a': 1} }}?b=c d", "/x HTTP/1.1", "PUT /x?a=b HTTP/2 HTTP/1.1", "  ?a=1", "&b=2", " &?c",
        "A: b", "A:", "X-Y :  z ", "&h: v", "#c: d", "", "", " ", "### t", "###", "#### # u", "# @name n", "# @note  a  b", "# @attempts 3",
        "# @x = =y", "// @z", "# @body raw", "# @assert a == b", "# words", "## w", "#", "//", "@v = 1", "@w:={{v}}", "@e=", "?? s == 1",
        "> {% x %}", "> {%", "%}", "< {%", "< file", ">> out", "<> f", "> s.js", "a=1", "&b={{c}}", '{"a": 1}', "text", "\tt ", "{{x}}",
        "\u00a0", "\u201cq\u201d", "\x0b", "\x85",
    ]
)  # fmt: skip


@settings(max_examples=400)
@given(st.lists(LINES, max_size=9), st.sampled_from(["GET /start", "POST /start?a=b", ""]))
def test_any_cell_that_parses_is_printed_to_the_same(lines, start):
    try:
        cell = parse("\n".join([start, *lines]))
    except CellSyntaxError:
        assume(False)

    assert parse(print_cell(cell)) == cell


# Filled requests

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\r\0"), max_size=12) | st.sampled_from(
    [
        "{{x}}",
        "{{",
        "'; touch x; '",
        '"$(id)"',
        "`id`",
        "$HOME",
        "\\",
        "a\nb",
        "\n###\n",
        "&c=d",
        "%41",
        "!x",
        "-x",
        "@f",
        "< f",
        "<@ f",
    ]
)
VALUES = st.recursive(
    TEXT | st.integers(-(2**60), 2**60) | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=2),
    max_leaves=4,
)
BODIES = (
    st.dictionaries(TEXT, VALUES, max_size=3).map(JsonBody)
    | st.lists(st.tuples(TEXT.filter(lambda text: text.strip("\n")), TEXT), min_size=1, max_size=3).map(
        lambda pairs: FormBody(tuple(pairs))
    )
    | TEXT.filter(str.strip).map(lambda text: RawBody(text.encode(), "text/plain"))
)
PAIRS = st.lists(st.tuples(TEXT.filter(bool), TEXT), max_size=2).map(tuple)
HEADER_TEXT = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=12) | st.sampled_from(
    ["{{x}}", "'$(id)'", '"`id`"']
)
REQUESTS = st.builds(
    CallRequest,
    service=st.just("crm"),
    method=st.sampled_from(["POST", "PUT"]),
    target=st.sampled_from(["/v1/x", "/a%2Fb/c", "/\u00e9/[x]"]),
    query=PAIRS,
    headers=HEADER_TEXT.map(lambda text: (("X-A", f"a {text}"), ("Authorization", "Bearer <<CRM_API_KEY>>"))),
    body=BODIES,
    options=st.just(CallOptions()),
)


@given(REQUESTS)
def test_an_exported_request_is_the_same_request_when_it_is_read_again(language, request_made):
    text = to_http(request_made, "https://api.example.com/base/", find_markers=language.find_markers)

    [raw] = parse(text).requests
    read = fill(raw, namespace={}, marker=language.marker)

    assert "<<" not in text
    assert read.target.startswith("https://api.example.com/base/")
    assert (read.method, read.query) == (request_made.method, request_made.query)
    assert read.headers[:2] == request_made.headers
    if isinstance(request_made.body, RawBody):
        assert read.body.content == request_made.body.content
    else:
        assert read.body == request_made.body


def test_an_export_adds_what_the_service_implied_and_names_the_secret(language):
    request = FilledRequest(
        "POST", "/v1/x", (("a", "b c"),), (("Idempotency-Key", "k"),), FormBody((("a[b]", "1"), ("c", "d"))), "pay"
    )

    text = to_http(
        [request, FilledRequest("GET", "/v1/y")],
        "https://api.example.com",
        find_markers=language.find_markers,
        implied=(("Authorization", "Bearer <<CRM_API_KEY>>"),),
    )

    assert text == (
        "### pay\n# @name pay\nPOST https://api.example.com/v1/x?a=b%20c\nAuthorization: Bearer {{$dotenv CRM_API_KEY}}\n"
        "Idempotency-Key: k\nContent-Type: application/x-www-form-urlencoded\n\na[b]=1\n&c=d\n"
        "\n###\nGET https://api.example.com/v1/y\nAuthorization: Bearer {{$dotenv CRM_API_KEY}}\n"
    )


def arguments(command, **environment):
    """Run the command with a curl that only says what it was given."""
    script = f"curl() {{ printf '%s\\0' \"$@\"; }}\n{command}\n"
    done = subprocess.run(["/bin/sh", "-c", script], env=environment, capture_output=True, check=True, cwd="/")
    assert done.stderr == b""
    return done.stdout.decode().split("\0")[:-1]


@settings(max_examples=60, deadline=None)
@given(REQUESTS)
def test_nothing_gets_out_of_its_quotes_in_the_shell(language, request_made):
    command = to_curl(request_made, "https://api.example.com", find_markers=language.find_markers)

    given_to_curl = arguments(command, CRM_API_KEY='s3 "$(id)" \'x')

    headers = [value for flag, value in itertools.pairwise(given_to_curl) if flag == "-H"]
    assert f"X-A: {request_made.headers[0][1]}" in headers
    assert 'Authorization: Bearer s3 "$(id)" \'x' in headers
    assert "<<" not in command
    assert given_to_curl.count("--data-raw") >= 1
    assert all(value.startswith("https://api.example.com/") for value in given_to_curl if value.startswith("http"))
    if isinstance(request_made.body, RawBody):
        assert given_to_curl[-1] == request_made.body.content.decode()


def test_a_curl_command_reads_like_one(language):
    request = FilledRequest("DELETE", "/v1/x/[a]", (), (("X-Empty", ""), ("X-A", "it's")))

    command = to_curl(request, "https://api.example.com", find_markers=language.find_markers)

    assert command == (
        "curl -X DELETE https://api.example.com/v1/x/%5Ba%5D \\\n  -H 'X-Empty;' \\\n  -H 'X-A: it'\"'\"'s'"
    )


def test_secrets_in_a_url_and_a_form_are_variables_of_the_shell(language):
    request = FilledRequest(
        "POST", "/hooks/<<HOOK_TOKEN>>", (("key", "<<CRM_API_KEY>>"),), (), FormBody((("token", "a <<CRM_API_KEY>>"),))
    )

    command = to_curl(request, "https://api.example.com", find_markers=language.find_markers)

    url, body = (arguments(command, HOOK_TOKEN="h", CRM_API_KEY="k")[index] for index in (0, -1))
    assert url == "https://api.example.com/hooks/h?key=k"
    assert body == "token=a+k"


class Answer:
    """What the fake client gives back."""

    def raise_for_status(self):
        return None


@given(REQUESTS)
def test_exported_python_sends_the_same_request(language, request_made):
    code = to_python(request_made, "https://api.example.com", find_markers=language.find_markers)
    calls = []
    fake = SimpleNamespace(request=lambda *args, **more: calls.append((args, more)) or Answer())

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "httpx", fake)
        patch.setenv("CRM_API_KEY", "s3")
        exec(compile(code, "export", "exec"), {})  # noqa: S102 - the export under test

    [((method, url), more)] = calls
    assert (method, url) == (request_made.method, f"https://api.example.com{request_made.target}")
    assert tuple(more.get("params", ())) == request_made.query
    assert ("Authorization", "Bearer s3") in more["headers"]
    assert "<<" not in code
    match request_made.body:
        case JsonBody(value=value):
            assert more["json"] == value
        case RawBody(content=content):
            assert more["content"] == content
        case FormBody(fields=fields) if "data" in more:
            assert more["data"] == dict(fields)


@pytest.mark.parametrize("export", [to_http, to_curl, to_python])
def test_bytes_that_are_no_text_are_refused(language, export):
    with pytest.raises(UsageError, match="not text"):
        export(FilledRequest("POST", "/x", body=RawBody(b"\xff\0")), find_markers=language.find_markers)


@pytest.mark.parametrize(
    "body",
    [
        JsonBody({"{{k}}": "{{x}} {{{ <<CRM_API_KEY>>"}),
        FormBody((("{{k}}", "{{x}}"),)),
        RawBody(b"{{x}} {{{{", "text/plain"),
    ],
)
def test_braces_that_are_data_open_no_hole_in_an_export(language, body):
    made = FilledRequest("POST", "/x", (("{{k}}", "{{x}}"),), (("X-A", "{{x}}"),), body)

    [raw] = parse(to_http(made, "https://h.example", find_markers=language.find_markers)).requests
    read = fill(raw, namespace={}, marker=language.marker, allow_secret_in=frozenset({"body"}))

    assert (read.query, read.headers[0]) == (made.query, made.headers[0])
    assert getattr(read.body, "content", read.body) == getattr(body, "content", body)
