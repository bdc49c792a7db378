"""Pasted curl commands: what documentation shows becomes the request it means, and the rest is named or refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flarex_nb.errors import CellSyntaxError, FlarexError
from flarex_nb.model import FormBody, JsonBody, RawBody
from flarex_nb.text.export_code import to_curl
from flarex_nb.text.from_curl import is_curl, read_curl
from flarex_nb.text.template import FilledRequest, fill


def filled(text, read=None, **names):
    [raw] = read_curl(text).requests
    return fill(
        raw,
        namespace=names,
        marker=lambda name: f"<<{name}>>",
        read=read,
        allow_secret_in=frozenset({"header", "query", "body"}),
    )


def test_a_form_with_the_key_as_user():
    request = filled(
        'curl https://api.example.com/v1/charges \\\n  -u "$CRM_API_KEY:" \\\n  -d amount=2000 \\\n  -d currency=usd \\\n'
        '  -d "metadata[order id]=a b" -d "expand[]"=customer'
    )

    assert (request.method, request.target) == ("POST", "https://api.example.com/v1/charges")
    assert request.body == FormBody(
        (("amount", "2000"), ("currency", "usd"), ("metadata[order id]", "a b"), ("expand[]", "customer"))
    )
    assert request.headers == ()
    assert request.warnings == ("-u was left out: the service's profile says how it signs in",)


def test_json_with_a_bearer_token_and_quotes_inside():
    request = filled(
        'curl https://api.example.com/v1/chat -H "Content-Type: application/json" -H "Authorization: Bearer $LLM_API_KEY" \\\n'
        '  -d \'{\n  "messages": [{"content": "it\'\\\'\'s 5\\u00a0%"}]\n}\''
    )

    assert request.headers == (("Authorization", "Bearer <<LLM_API_KEY>>"),)
    assert request.body == JsonBody({"messages": [{"content": "it's 5\u00a0%"}]})


def test_json_without_a_type_is_json_and_says_so():
    request = filled("""curl https://h.example/x -d '{"a": 1}'""")

    assert request.body == JsonBody({"a": 1})
    assert "sent as the JSON it is" in request.warnings[0]


@pytest.mark.parametrize(
    ("command", "method", "target", "query"),
    [
        ("curl https://h.example/a", "GET", "https://h.example/a", ()),
        ("curl -sSL -XDELETE https://h.example/a", "DELETE", "https://h.example/a", ()),
        ("curl --request PATCH --url https://h.example/a", "PATCH", "https://h.example/a", ()),
        (
            "curl --request=PUT 'https://h.example/a?b=c&d=e%20f'",
            "PUT",
            "https://h.example/a",
            (("b", "c"), ("d", "e f")),
        ),
        ("curl -I https://h.example/a", "HEAD", "https://h.example/a", ()),
        (
            "curl -G https://h.example/a -d b=1 --data-urlencode 'q=a&b c'",
            "GET",
            "https://h.example/a",
            (("b", "1"), ("q", "a&b c")),
        ),
        ("curl h.example/a#frag", "GET", "https://h.example/a", ()),
        ("$ curl.exe https://h.example/a", "GET", "https://h.example/a", ()),
        ("# words\ncurl https://h.example/a # more", "GET", "https://h.example/a", ()),
        ("curl https://h.example/a ^\n  -X POST", "POST", "https://h.example/a", ()),
        ("curl https://h.example/{{ x }}/b?c={{ x }}", "GET", "https://h.example/x%20y/b", (("c", "x y"),)),
        ("curl https://h.example/$ident", "GET", "https://h.example/7", ()),
        ('curl "https://h.example/${ident}"', "GET", "https://h.example/7", ()),
        ("curl -X POST -- https://h.example/a", "POST", "https://h.example/a", ()),
    ],
)
def test_method_url_and_query(command, method, target, query):
    request = filled(command, x="x y", ident=7)

    assert (request.method, request.target, request.query) == (method, target, query)


def test_a_file_and_several_parts_become_multipart_with_files_by_name():
    request = filled(
        "curl https://h.example/up -F purpose=x -F 'file=@data/a.csv;type=text/csv'",
        read=lambda path: f"<{path}>".encode(),
    )

    assert b'name="file"; filename="a.csv"\r\nContent-Type: text/csv\r\n\r\n<data/a.csv>\r\n' in request.body.content
    assert b'name="purpose"\r\n\r\nx\r\n' in request.body.content


@pytest.mark.parametrize(
    "command",
    [
        "curl https://h.example -d @body.bin",
        "curl https://h.example --data-binary @body.bin",
        "curl https://h.example -T body.bin",
    ],
)
def test_a_body_in_a_file_is_named_not_read(command):
    assert filled(command, read=lambda path: path.encode()).body == RawBody(b"body.bin", "application/octet-stream")


def test_options_that_are_ours_become_settings():
    [raw] = read_curl("curl -m 5 --retry 2 -o out.json https://h.example").requests

    assert [(each.name, each.value) for each in raw.settings] == [("deadline", "5"), ("attempts", "3")]
    assert raw.save.text == "out.json"


@pytest.mark.parametrize(
    ("command", "words", "place"),
    [
        ("curl", "no URL", "line 1, column 5"),
        ("curl https://a.example https://b.example", "a second URL", "line 1, column 24"),
        ("curl --heder x https://a.example", "Did you mean '--header'?", "line 1, column 6"),
        ("curl -sY https://a.example", "no curl option '-Y'", "line 1, column 8"),
        ("curl https://a.example \\\n  -x http://proxy:1", "a proxy cannot be chosen", "line 2, column 3"),
        ("curl https://a.example -H", "nothing behind it", "line 1, column 24"),
        ("curl https://a.example -H words", "is not a header", "line 1, column 27"),
        ("curl 'https://a.example", "never closes", "line 1, column 6"),
        ('curl "https://a.example', "never closes", "line 1, column 6"),
        ("curl https://a.example; rm -rf x", "a second command", "line 1, column 23"),
        ("curl https://a.example && ls", "a second command", "line 1, column 24"),
        ("curl https://a.example\nls", "a second command", "line 1, column 23"),
        ("curl https://a.example > out", "a file is named to the shell", "line 1, column 24"),
        ('curl https://a.example -d "$(id)"', "a command of the shell", "line 1, column 28"),
        ("curl https://a.example -u me:pass", "written out behind -u", "line 1, column 27"),
        ("curl https://a.example -u mykey:", "written out behind -u", "line 1, column 27"),
        ("curl --next https://a.example", "several requests", "line 1, column 6"),
        ("curl -F x https://a.example", "no part of a form", "line 1, column 9"),
    ],
)
def test_what_cannot_be_meant_is_refused_at_its_place(command, words, place):
    with pytest.raises(CellSyntaxError) as caught:
        filled(command)

    assert words in caught.value.message
    assert caught.value.place == place
    assert caught.value.hint


def test_a_credential_behind_u_is_not_repeated():
    with pytest.raises(CellSyntaxError) as caught:
        filled("curl https://a.example -u me:hunter2hunter2")

    assert "hunter2" not in caught.value.explain()


def test_other_texts_are_no_curl_commands():
    assert is_curl("  curl x")
    assert not any(
        map(is_curl, ["GET /curl", "curly https://x", "POST /x\n\ncurl https://y", "# curl https://x\nGET /y"])
    )


PIECES = st.sampled_from(
    [
        "curl",
        " ",
        "'",
        '"',
        "\\",
        "\n",
        "-d",
        "-H",
        "-X",
        "POST",
        "https://h.example/a",
        "a=b",
        "{{",
        "}}",
        "$X",
        "${",
        "$(",
        "$'",
        "|",
        ";",
        "&&",
        ">",
        "@f",
        "-u",
        "x:",
        "A: b",
        '{"a": 1}',
        "%",
        "#",
    ]
)


@given(st.lists(PIECES, max_size=14).map("".join))
def test_any_text_behind_curl_is_a_request_or_a_pointed_error(text):
    try:
        [raw] = read_curl(f"curl {text}").requests
    except FlarexError as error:
        assert error.place  # noqa: PT017 - either outcome is right; an unpointed error is not
    else:
        assert raw.target.text


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\r\0{$"), max_size=10)
REQUESTS = st.builds(
    FilledRequest,
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE"]),
    target=st.sampled_from(["/v1/x", "/a%2Fb/c"]),
    query=st.lists(st.tuples(TEXT.filter(bool), TEXT), max_size=2).map(tuple),
    headers=st.just((("X-A", 'it\'s "5" `x`'),)),
    body=st.dictionaries(TEXT, TEXT | st.integers(-5, 5), max_size=2).map(JsonBody)
    | st.lists(st.tuples(st.text("abc[]", min_size=1), TEXT), min_size=1, max_size=3).map(
        lambda pairs: FormBody(tuple(pairs))
    ),
)


@given(REQUESTS)
def test_our_own_curl_is_read_back_as_the_same_request(request_made):
    command = to_curl(request_made, "https://h.example", find_markers=lambda _text: [])

    read = filled(command)

    assert (read.method, read.target, read.query) == (
        request_made.method,
        f"https://h.example{request_made.target}",
        request_made.query,
    )
    assert read.headers == request_made.headers
    assert read.body == request_made.body
