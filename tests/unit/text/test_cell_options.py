"""One table of options, and the line of a magic read with it."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flarex_nb.errors import CellSyntaxError, UnknownOption, UsageError
from flarex_nb.model import CallOptions
from flarex_nb.text.grammar import parse
from flarex_nb.text.magicline import parse_line
from flarex_nb.text.options import BY_NAME, TABLE, help_text, names, read_settings, to_call_options
from flarex_nb.text.words import words


def texts(line):
    return [word.text for word in words(line)]


# The table


def test_every_option_of_a_call_is_in_the_table_and_none_is_there_twice():
    assert {each.name for each in fields(CallOptions)} - {"check"} <= {option.field for option in TABLE}
    assert len(BY_NAME) == len(TABLE)


def test_an_option_that_is_ready_is_an_option_of_a_call_with_its_default():
    for option in TABLE:
        if option.ready:
            assert option.default == getattr(CallOptions(), option.field)


def test_every_option_says_in_one_sentence_what_it_does():
    for option in TABLE:
        assert option.help.endswith(".")
        assert option.help[0].isupper()
        assert option.kind != "choice" or option.choices


def test_help_and_completion_come_from_the_table():
    text = help_text()

    assert all(f"--{option.name}" in text for option in TABLE)
    assert "--cache use|refresh|bypass|only" in text
    assert "--into" in names()
    assert "--stream" not in names()


# Values


@pytest.mark.parametrize(
    ("line", "field", "value"),
    [
        ("--attempts 5", "attempts", 5),
        ("--attempt-timeout 10", "attempt_timeout", 10.0),
        ("--attempt-timeout=10s", "attempt_timeout", 10.0),
        ("--attempt_timeout 500ms", "attempt_timeout", 0.5),
        ("--deadline 2m", "deadline", 120.0),
        ("--total '1.5 h'", "total", 5400.0),
        ("--max-bytes 2MB", "max_bytes", 2_000_000),
        ("--max-bytes '2 MiB'", "max_bytes", 2 * 1024 * 1024),
        ("--max-bytes 512", "max_bytes", 512),
        ("--max-records 50_000", "max_records", 50_000),
        ("--pages all", "pages", "all"),
        ("--pages 3", "pages", 3),
        ("--cache REFRESH", "cache", "refresh"),
        ("--idempotency order-17", "idempotency", "order-17"),
        ("--idempotency New", "idempotency", "new"),
        ("--into charges", "into", "charges"),
        ("--columns 'id, total=amount'", "columns", "id, total=amount"),
        ("--raw", "raw", True),
        ("--quiet=false", "quiet", False),
        ("--simulate 429,429,200", "simulate", "429,429,200"),
    ],
)
def test_an_option_is_read_with_its_unit(line, field, value):
    parsed = parse_line(f"crm {line}")

    assert parsed.options == {field: value}
    assert type(parsed.options[field]) is type(value)
    assert to_call_options(parsed.options) == replace(CallOptions(), **{field: value})


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("--attempts 0", "--attempts takes a whole number from 1; '0' was given"),
        ("--attempts 2.5", "--attempts takes a whole number"),
        ("--attempts", "nothing was given"),
        ("--attempts --raw", "nothing was given"),
        ("--deadline -5", "--deadline takes a time above 0"),
        ("--deadline 0s", "--deadline takes a time above 0"),
        ("--deadline 10days", "--deadline takes a time above 0 in seconds, such as 10, 10s, 500ms or 2m; '10days'"),
        ("--max-bytes 2 XB", "--max-bytes takes"),
        ("--max-bytes 2XB", "--max-bytes takes a size in bytes"),
        ("--cache uze", "--cache takes use, refresh, bypass, only; 'uze' was given. Did you mean 'use'?"),
        ("--pages 0", "or a number from 1"),
        ("--into 1x", "--into takes the name of a variable"),
        ("--raw=maybe", "--raw takes nothing behind it"),
        ("--env test", "--env takes live, sandbox"),
        ("--stream", "--stream is not available yet in this version"),
        ("--for row in leads", "--for is not available yet in this version"),
        ("--attempts 3 --attempts 4", "--attempts stands twice"),
    ],
)
def test_a_value_that_does_not_fit_names_option_given_and_allowed(line, words):
    if words == "--max-bytes takes":
        with pytest.raises(CellSyntaxError):
            parse_line(f"crm {line}")
        return
    with pytest.raises(UsageError) as caught:
        parse_line(f"crm {line}")

    assert words in caught.value.message
    assert caught.value.place.startswith("line 1, column ")
    assert caught.value.hint


@pytest.mark.parametrize(
    ("line", "near", "column"),
    [("crm --atempts 3", "--attempts", 5), ("crm  --max-record 5", "--max-records", 6), ("--pagse all", "--pages", 1)],
)
def test_an_unknown_option_is_answered_with_the_nearest_and_its_column(line, near, column):
    with pytest.raises(UnknownOption, match=f"Did you mean '{near}'") as caught:
        parse_line(line)

    assert caught.value.place == f"line 1, column {column}"


def test_an_option_from_elsewhere_is_checked_as_well():
    with pytest.raises(UsageError, match="not available yet"):
        to_call_options({"stream": True})
    with pytest.raises(UnknownOption):
        to_call_options({"atempts": 3})
    base = CallOptions(attempts=7, quiet=True)
    assert to_call_options({"pages": "all"}, base) == replace(base, pages="all")


# The line


def test_a_line_above_a_cell_holds_service_and_options():
    parsed = parse_line("stripe --into charges --columns id,amount  # the table")

    assert (parsed.service, parsed.method, parsed.target, parsed.items) == ("stripe", None, None, ())
    assert parsed.options == {"into": "charges", "columns": "id,amount"}
    assert parsed.spans["columns"].column == 23


@pytest.mark.parametrize(
    "line", ["charges << stripe GET /x", "charges<< stripe GET /x", "stripe GET /x --into charges"]
)
def test_an_arrow_names_the_variable(line):
    parsed = parse_line(line)

    assert (parsed.options, parsed.service, parsed.target) == ({"into": "charges"}, "stripe", "/x")


def test_a_request_on_the_line_keeps_its_items():
    parsed = parse_line("crm POST /contacts name='Ada L' X-A:1 tags[]:={{ tags }} --raw email=a@b.example")

    assert (parsed.method, parsed.target) == ("POST", "/contacts")
    assert parsed.items == ("name=Ada L", "X-A:1", "tags[]:={{ tags }}", "email=a@b.example")
    assert parsed.spans["1"].column == 33


def test_no_service_is_no_error():
    assert parse_line("").service == ""
    assert parse_line("GET https://api.example.com/x").method == "GET"
    assert parse_line("{{url}}").target == "{{url}}"


@pytest.mark.parametrize(
    ("line", "column", "words"),
    [
        ("crm GTE /x", 5, "Did you mean 'GET'"),
        ("crm GET contacts", 9, "is not a path"),
        ("crm limit==5", 5, "neither a method nor a path"),
        ("CRM! /x", 1, "is not the name of a service"),
        ("crm raw", 5, "neither a method nor a path"),
        ("crm --columns 'a", 15, "never closes"),
        ("crm 'a'b /x", 8, "touches a closing quote"),
    ],
)
def test_a_word_with_no_place_is_shown(line, column, words):
    with pytest.raises(CellSyntaxError) as caught:
        parse_line(line)

    assert words in caught.value.message
    assert caught.value.place == f"line 1, column {column}"


# Words


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("a  b\tc", ["a", "b", "c"]),
        ("'a b' \"c d\"", ["a b", "c d"]),
        ("\u201ca b\u201d x\u00a0y", ["a b", "x", "y"]),
        ("--select $.a['b c'].d", ["--select", "$.a['b c'].d"]),
        ("--select \"$.a['b']\"", ["--select", "$.a['b']"]),
        (r"f@C:\data\new.csv", [r"f@C:\data\new.csv"]),
        (r'"C:\data\" --raw', ["C:\\data\\", "--raw"]),
        (r'"say \"hi\" now"', ['say "hi" now']),
        ("name='Ada L' b=\"x y\"", ["name=Ada L", "b=x y"]),
        ("k:='{\"z\": [1, 2]}'", ['k:={"z": [1, 2]}']),
        ("a{{ x | default('b c') }}d", ["a{{ x | default('b c') }}d"]),
        ("a # b", ["a"]),
        ("a#b '# c' # d 'e", ["a#b", "# c"]),
        ("color==#fff", ["color==#fff"]),
        ("''", [""]),
        ("   ", []),
    ],
)
def test_quotes_keep_words_together_and_backslashes_stay(line, expected):
    assert texts(line) == expected


@given(st.lists(st.text(st.characters(codec="ascii", exclude_characters="'\"\\{"), min_size=1), max_size=5))
def test_words_in_single_quotes_come_back(parts):
    assert texts(" ".join(f"'{part}'" for part in parts)) == parts


# Settings in a cell


def settings_of(*lines):
    [request] = parse("\n".join([*lines, "GET /x"])).requests
    return read_settings(request.settings)


def test_a_setting_is_an_option():
    assert settings_of("# @attempts 5", "// @attemptTimeout 500ms", "# @max_records = 10", "# @raw") == (
        {"attempts": 5, "attempt_timeout": 0.5, "max_records": 10, "raw": True},
        (),
    )


def test_names_of_other_clients_are_understood():
    options, warnings = settings_of("# @timeout 10s", "# @no-cookie-jar", "# @ref login", "# @verbose")

    assert options == {"attempt_timeout": 10.0}
    assert len(warnings) == 1
    assert "explain()" in warnings[0]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("# @timeout 10000", "has no unit"),
        ("# @no-redirect", "redirects cannot be switched off"),
        ("# @prompt name", "cannot ask"),
        ("# @loop for x of xs", "--for is not available yet"),
        ("# @keepStreaming", "--stream is not available yet"),
        ("# @ratelimit 1 5", "--rate is not available yet"),
        ("# @atempts 3", "Did you mean '--attempts'"),
        ("# @attempts many", "--attempts takes"),
    ],
)
def test_a_setting_that_cannot_be_is_refused_at_its_place(line, words):
    with pytest.raises(UsageError) as caught:
        settings_of("", line)

    assert words in caught.value.message
    assert caught.value.place == "line 2, column 3"


def test_a_setting_twice_is_refused():
    with pytest.raises(UsageError, match="stands twice"):
        settings_of("# @attempts 3", "# @attempts 4")
