"""A cell is read line by line into requests; nothing of the person's text is lost or taken for something else."""

from __future__ import annotations

import pytest

from flarex_nb.errors import CellSyntaxError
from flarex_nb.text.grammar import parse
from flarex_nb.text.source import Source


def only(text, **more):
    [request] = parse(text, **more).requests
    return request


def test_a_path_alone_is_a_get():
    request = only("/v1/charges")

    assert (request.method, request.target.text) == ("GET", "/v1/charges")


@pytest.mark.parametrize("line", ["get /v1/x HTTP/1.1", "  GET\t/v1/x  ", "GET\u00a0/v1/x HTTP/2", "\ufeffGET /v1/x"])
def test_spaces_case_and_http_version_do_not_matter(line):
    request = only(line)

    assert (request.method, request.target.text) == ("GET", "/v1/x")


def test_indented_query_lines_belong_to_the_target():
    request = only("GET /v1/charges\n    ?limit=100\n    # a remark\n    &created[gte]={{since}}\nX-A: 1\n")

    assert [line.text for line in request.query] == ["limit=100", "created[gte]={{since}}"]
    assert [(each.name, each.value.text) for each in request.headers] == [("X-A", "1")]


def test_three_hashes_separate_requests_and_may_hold_a_title():
    cell = parse("# @name customer\nPOST /v1/customers\n\nemail={{email}}\n###  then the rest \nGET /v1/x\n####\n")

    assert [(each.name, each.title, each.body.text) for each in cell.requests] == [
        ("customer", "", "email={{email}}"),
        ("", "then the rest", ""),
    ]


def test_a_heading_in_a_body_is_body():
    request = only("POST /v1/messages\nContent-Type: text/plain\n\n# Summary\n// not a comment\n## Part\ntext\n")

    assert request.body.text == "# Summary\n// not a comment\n## Part\ntext"


def test_body_raw_keeps_everything_to_the_end():
    cell = parse("# @body raw\nPOST /x\nContent-Type: text/plain\n\n\n### one\n?? two\n> {% three %}\n\n")

    [request] = cell.requests
    assert request.body.text == "\n### one\n?? two\n> {% three %}\n"
    assert request.asserts == ()


def test_settings_notes_and_comments_stand_before_the_body_only():
    request = only(
        "# plain words\n// more\n# @note charges a card\n# @attempts 5\n"
        "GET /x\n# @deadline=20s\nA: b\n# among headers\n\n# @attempts 7"
    )

    assert [(each.name, each.value) for each in request.settings] == [("attempts", "5"), ("deadline", "20s")]
    assert request.note == "charges a card"
    assert request.comments == ("plain words", "more", "among headers")
    assert request.body.text == "# @attempts 7"


def test_variables_belong_to_the_whole_cell():
    cell = parse("@host = https://api.example.com\nGET {{host}}/a\n###\n@limit:=5\nGET {{host}}/b?n={{limit}}")

    assert [(each.name, each.value.text) for each in cell.variables] == [
        ("host", "https://api.example.com"),
        ("limit", "5"),
    ]
    assert all(request.variables == cell.variables for request in cell.requests)


def test_conditions_and_scripts_behind_the_body_are_not_body():
    request = only(
        '< {%\n  before()\n%}\nPOST /x\n\n{"a": 1}\n\n?? status == 200\n> {%\n  client.test("> {% x %}")\n%}\n>> out.json\n'
    )

    assert request.body.text == '{"a": 1}'
    assert request.asserts == (Source("status == 200"),)
    assert str(request.asserts[0].span) == "line 8, column 4"
    assert request.save == Source("out.json")
    assert len(request.warnings) == 2
    assert all("left out" in words for words in request.warnings)


def test_a_quoted_line_in_a_text_is_no_script():
    assert only("POST /x\n\n> quoted\nanswer").body.text == "> quoted\nanswer"


def test_windows_line_ends_read_like_others():
    text = 'POST /x\nA: b\n\n{"a":\n 1}\n###\nGET /y\n    ?a=1\n'

    assert parse(text.replace("\n", "\r\n")) == parse(text)


def test_typographic_quotes_in_a_header_become_plain():
    assert only("GET /x\nIf-Match: \u201cabc\u201d").headers[0].value.text == '"abc"'


def test_a_body_keeps_its_characters():
    assert only("POST /x\n\n\u201chi\u201d\u00a0{{ x }}").body.text == "\u201chi\u201d\u00a0{{ x }}"


def test_places_count_the_magic_line():
    request = only("# c\n\n  GET /a/{{id}}\nX-B:  v\n\nbody", first_line=2)

    assert str(request.span) == "line 4, column 3"
    assert str(request.target.at(3)) == "line 4, column 10"
    assert str(request.headers[0].value.at(0)) == "line 5, column 7"
    assert str(request.body.at(0)) == "line 7, column 1"


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("", "line 1, column 1", "no request"),
        ("GTE /x", "line 1, column 1", "Did you mean 'GET'?"),
        ("\nPSOT  /x", "line 2, column 1", "Did you mean 'POST'?"),
        ("GET", "line 1, column 4", "without a path"),
        ("GET v1/charges", "line 1, column 5", "neither a path nor a URL"),
        ("api.example.com/v1", "line 1, column 1", "neither a path nor a URL"),
        ("GET ftp://example.com/x", "line 1, column 5", "neither a path nor a URL"),
        ("GET /x per_page==5", "line 1, column 7", "a space in the path"),
        ("GET /x # all", "line 1, column 7", "a space in the path"),
        ("GET /x#part", "line 1, column 7", "fragment"),
        ("GET /x\n  ?a=1\n  ?b=2", "line 3, column 3", "a second ?"),
        ("GET /x?a=1\n  ?b=2", "line 2, column 3", "a second ?"),
        ("GET /{{id", "line 1, column 6", "no }}"),
        ("GET /{{ }}", "line 1, column 6", "nothing stands between"),
        ('POST /x\n{"a": 1}', "line 2, column 1", "is not a header"),
        ("POST /x\nA: b\n  words", "line 3, column 3", "is not a header"),
        ("POST /x\n{{name}}: b", "line 2, column 1", "is not a header"),
        ("@x\nGET /", "line 1, column 1", "is not a variable"),
        ("# @name\nGET /", "line 1, column 3", "needs a name"),
        ("# @name two words\nGET /", "line 1, column 3", "is not a name"),
        ("# @body text\nGET /", "line 1, column 3", "takes raw"),
        ("# @attempts 3\n###\nGET /", "line 1, column 3", "belong to no request"),
        ("/* c */\nGET /", "line 1, column 1", "comments are not known"),
        ("{{verb}} /x", "line 1, column 1", "method cannot be filled in"),
        ("curl https://api.example.com", "line 1, column 1", "curl command"),
        ("GRAPHQL /x", "line 1, column 1", "not for HTTP cells"),
    ],
)
def test_a_fault_is_shown_where_it_stands(text, place, words):
    with pytest.raises(CellSyntaxError) as caught:
        parse(text)

    assert caught.value.place == place
    assert words in caught.value.message
    assert caught.value.hint


def test_an_error_never_repeats_what_could_be_a_key():
    key = "sk_sandbox_" + "a1" * 12
    for text in [f"GET {key}", f"GET /x\nAuthorization Bearer {key}", f"{key} /x", f"@{key} 1\nGET /"]:
        with pytest.raises(CellSyntaxError) as caught:
            parse(text)

        assert key[11:] not in caught.value.explain()
