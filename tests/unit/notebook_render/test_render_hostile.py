"""Answers are untrusted: nothing in them acts, hides, or makes the output large."""

from __future__ import annotations

import time

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flarex_nb.errors import BadRequest, ConnectionLost
from flarex_nb.events import Event
from flarex_nb.frames.spec import FrameSpec
from flarex_nb.model import Attempt
from flarex_nb.notebook.render import error_html, error_text, progress_line, result_html, result_text
from flarex_nb.notebook.render.clean import cell_text, preview, width
from flarex_nb.notebook.render.clean import shown as clean

TAGS = {
    "style", "div", "table", "caption", "thead", "tbody", "tr", "th", "td", "small", "span", "b", "code", "ul", "li",
    "a", "details", "summary", "pre", "svg", "path", "rect", "dl", "dt", "dd",
}  # fmt: skip
ATTRIBUTES = {
    "class", "scope", "title", "href", "target", "rel", "role", "aria-label", "tabindex", "viewbox", "d", "x", "y",
    "width", "height", "rx", "fill", "open",
}  # fmt: skip
INJECTIONS = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</style><script>alert(1)</script>",
    "</td></tr></table><iframe src=//evil.example.com>",
    "<svg onload=alert(1)>",
    "&lt;script&gt;",
    "{{7*7}}",
]
TEXT = st.text(max_size=40) | st.sampled_from(INJECTIONS)


def everywhere(shown, text: str):
    """A result with the text in every place that holds some."""
    attempts = (
        Attempt(1, 0.0, 0.1, 0.0, "", text, "yes", "again", text, text, text),
        Attempt(2, 1.0, 0.1, 0.9, text, text, "yes", "stop", text, text, text),
    )
    records = [{text: text, "nested": {text: [text, {text: text}] * 9}, "x": text * 9}, {}]
    return shown(records, service=text, method=text, path=text, stop_reason=text, complete=False, cache=text,
                 attempts=attempts, warnings=(text,), request_id=text, into=text, environment=text,
                 spec=FrameSpec(maps=("nested",)))  # fmt: skip


def error_with(text: str, kind=BadRequest):
    error = BadRequest(text, status=400, code=text, hint=text) if kind is BadRequest else kind(text, hint=text)
    error.place = text
    error.context = {"call": text, "why it ended": text, "request id": text, "detail": text * 3}
    error.attempts = (Attempt(1, 0, 0.1, 0, text, text, "maybe", "again", text, text),
                      Attempt(2, 1, 0.1, 0.9, text, text, "maybe", "stop", text, text))  # fmt: skip
    return error


@given(text=TEXT)
def test_no_text_of_an_answer_becomes_markup(shown, seen, text):
    for html in (
        result_html(everywhere(shown, text)),
        result_html(shown([{"a": text, text: 1}])),
        error_html(error_with(text)),
        error_html(error_with(text, ConnectionLost)),
    ):
        page = seen(html)
        assert {tag for tag, _ in page.tags} <= TAGS
        assert {name for _, attributes in page.tags for name in attributes} <= ATTRIBUTES
        assert html.count("<style>") == 1


def test_an_injection_is_still_readable(shown, seen):
    for text in INJECTIONS:
        assert text in seen(result_html(shown([{"a": text}, {}]))).texts


@pytest.mark.parametrize(
    ("text", "visible"),
    [
        ("gnp.\u202etxt", "gnp.\\u202etxt"),
        ("\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"),
        ("two\nlines\tand\rmore", "two\\nlines\\tand\\rmore"),
        ("a\u2028b\u0000c\x9b", "a\\u2028b\\x00c\\x9b"),
        ("half \ud83d pair", "half \\ud83d pair"),
        ("tag\U000e0041s", "tag\\U000e0041s"),
        ("zero\u200bwidth\ufeff", "zero\\u200bwidth\\ufeff"),
        ("\u2066\u2069", "\\u2066\\u2069"),
    ],
)
def test_what_hides_or_turns_text_around_is_made_visible(shown, seen, text, visible):
    result = shown(frame=pd.DataFrame({"a": pd.Series([text, None], dtype=object)}))

    assert visible in seen(result_html(result)).texts
    assert visible in result_text(result)
    assert visible in error_text(error_with(text))


def test_real_words_of_any_script_stay_as_they_are():
    for text in ("café", "عربي", "日本語", "नमस्ते", "می\u200cخواهم", "👩\u200d👩\u200d👧", "❤️", "Z͑"):
        assert clean(text, 40) == text


def test_marks_do_not_pile_up():
    assert len(clean("a" + "\u0301" * 50, 100)) == 5


HEAVY = ['"' * 5000, "😀" * 5000, "&" * 5000, "\u202e" * 5000, "日" * 5000, "<b>" * 5000]


@pytest.mark.parametrize("text", HEAVY, ids=["quotes", "emoji", "ampersands", "controls", "wide", "tags"])
def test_a_result_stays_within_20_kb_whatever_is_in_it(shown, seen, text):
    full = everywhere(shown, text)
    wide = everywhere(shown, text)
    wide.frame = pd.DataFrame({f"{text[:70]}{i}": [text] * 50 for i in range(300)})
    one = everywhere(shown, text)
    one.frame = wide.frame.iloc[:1]
    full.attempts = wide.attempts = one.attempts = full.attempts * 250
    full.warnings = wide.warnings = one.warnings = (text,) * 50

    for result in (full, wide, one):
        html = result_html(result)
        assert len(html.encode()) <= 20_000
        seen(html)
        assert len(result_text(result)) <= 25_000


@pytest.mark.parametrize("text", HEAVY, ids=["quotes", "emoji", "ampersands", "controls", "wide", "tags"])
def test_an_error_stays_within_20_kb_whatever_is_in_it(seen, text):
    error = error_with(text)
    error.context = {f"{i}{text[:50]}": text for i in range(200)}
    error.attempts = error.attempts * 200

    html = error_html(error)

    assert len(html.encode()) <= 20_000
    seen(html)
    assert len(error_text(error)) <= 20_000


def test_a_cell_of_a_megabyte_costs_nothing(shown):
    nested = {"a": [{"k" * 1000: "x" * 1000}] * 10_000}
    result = shown([{"a": "x" * 1_000_000, "b": [nested] * 3, "c": "\u202e" * 1_000_000}, {}])

    began = time.perf_counter()
    html, text = result_html(result), result_text(result)

    assert time.perf_counter() - began < 0.2
    assert len(html) < 12_000
    assert len(text) < 2_000


def test_numbers_with_very_many_digits_and_deep_lists_are_bounded():
    deep: list[object] = []
    for _ in range(900):
        deep = [deep]

    assert cell_text(1 << 40_000, 60) == "integer of 40,001 bits"
    assert len(cell_text(1 << 3_000, 60)) == 60
    assert len(preview(deep, 60)) <= 60


@given(st.recursive(st.none() | st.booleans() | st.integers() | TEXT,
                    lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner)), st.integers(2, 80))  # fmt: skip
def test_a_preview_is_as_long_as_it_may_be_and_no_longer(value, most):
    assert len(cell_text(value, most)) <= most


@given(TEXT, st.sampled_from(["attempt", "answer", "wait", "page", "cache"]))
def test_progress_is_one_line_without_controls(text, kind):
    line = progress_line(Event(kind, text, 2, 3, 1.5, text))

    assert "\n" not in line
    assert "\x1b" not in line


@given(text=st.text(max_size=300))
def test_text_is_at_most_100_columns_wide(shown, text):
    result = everywhere(shown, text)

    for line in (result_text(result) + "\n" + error_text(error_with(text))).splitlines():
        assert width(line) <= 100
