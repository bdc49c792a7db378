"""A result as HTML: the facts, the head of the frame, what is left out."""

from __future__ import annotations

import subprocess
import sys
import time

import pandas as pd
import pytest

from flarex_nb.errors import UsageError
from flarex_nb.frames.spec import FrameSpec
from flarex_nb.notebook.render import result_html

CHARGES = [
    {"id": f"ch_{i}", "amount": 999 + i, "created": 1700000000, "customer": None if i % 2 else "cus_1"}
    for i in range(25)
]
SPEC = FrameSpec(epoch_seconds=("created",))


def test_the_caption_has_every_fact_of_the_call(shown, seen):
    html = result_html(shown(CHARGES, pages=3, simulated=True, environment="sandbox", elapsed=1.239))

    caption = html[html.index("<caption>") : html.index("</caption>")]
    for fact in ("stripe", "GET /v1/charges", ">200<", "sandbox, simulated", "25 rows × 4 columns", "3 pages",
                 "1 attempt", "cache miss", "1.24 s", "request req_sandbox_1"):  # fmt: skip
        assert fact in caption, fact


def test_headers_name_column_and_type_and_have_a_scope(shown, seen):
    page = seen(result_html(shown(CHARGES, spec=SPEC)))

    scopes = [attributes.get("scope") for attributes in page.of("th")]
    assert scopes == ["col"] * 5 + ["row"] * 10
    assert "created datetime, UTC" in page.text
    assert "amount Int64" in page.text


def test_values_are_shown_as_they_are(shown, seen):
    page = seen(
        result_html(
            shown(
                [
                    {"id": 1234567890123456789, "money": 1000000, "x": 0.1, "ok": True, "at": 0, "no": None},
                    {"id": None},
                ],
                spec=FrameSpec(epoch_seconds=("at",)),
            )
        )
    )

    for text in ("1234567890123456789", "1000000", "0.1", "true", "1970-01-01 00:00:00", "null"):
        assert text in page.texts


def test_numbers_stand_on_the_right_and_text_on_the_left(shown):
    html = result_html(shown(CHARGES))

    assert '<td class="fx-n">999</td>' in html
    assert "<td>ch_0</td>" in html


def test_what_is_not_shown_is_counted_and_the_whole_frame_is_named(shown, seen):
    page = seen(result_html(shown([{f"c{i}": i for i in range(77)}] * 1200, into="charges")))

    assert "10 of 1,200 rows and 12 of 77 columns shown. The frame is  charges ." in page.text
    assert len(page.of("tr")) == 11


def test_columns_with_something_to_show_come_before_those_that_are_null_here(shown, seen):
    record = {"id": 1, **{f"null_{i}": None for i in range(20)}, **{f"full_{i}": i for i in range(20)}}

    page = seen(result_html(shown([record] * 3)))

    assert "null_0" not in page.texts
    assert "full_10" in page.texts
    assert "12 of 41 columns shown; columns that are null in these rows are passed over." in page.text


def test_a_table_that_fits_says_nothing_about_it(shown, seen):
    assert "shown" not in seen(result_html(shown([{"a": 1}, {"a": 2}]))).text


def test_one_record_stands_with_its_fields_below_each_other_and_nulls_counted(shown, seen):
    record = {"id": "cs_1", "url": "https://pay.example.com/c/1#x", "gone": None, "also_gone": None}

    page = seen(result_html(shown([record], method="POST")))

    assert page.texts.index("id") + 1 == page.texts.index("cs_1")
    assert "2 fields are null." in page.text
    assert page.of("a") == [
        {"href": record["url"], "target": "_blank", "rel": "noopener noreferrer nofollow"},
    ]


def test_a_record_begins_with_its_id_and_url(shown, seen):
    record = {"amount": 999, **{f"f{i}": i for i in range(30)}, "url": "https://pay.example.com/1", "id": "cs_1"}

    texts = seen(result_html(shown([record]))).texts

    assert texts[texts.index("value") + 1 :][:6] == ["id", "cs_1", "url", "https://pay.example.com/1", "amount", "999"]


def test_a_record_of_many_fields_opens_to_the_rest(shown, seen):
    page = seen(result_html(shown([{f"f{i}": i for i in range(100)}])))

    assert "40 more fields" in page.text
    assert "40 fields not shown." in page.text


@pytest.mark.parametrize(
    "url",
    [
        "http://plain.example.com/",
        "javascript:alert(1)",
        "https://stripe.com@evil.example.com/",
        "https://stripе.com/",
        "https://a.example.com/\u202e",
        'https://a.example.com/"onclick="x',
        "data:text/html,x",
    ],
)
def test_only_a_plain_https_address_becomes_a_link(shown, seen, url):
    page = seen(result_html(shown([{"id": 1, "url": url}])))

    assert page.of("a") == []


def test_a_short_list_or_object_is_shown_and_a_long_one_opens(shown, seen):
    long = {"order": "6735", "items": [{"sku": f"A-{i}", "name": "a thing with a name"} for i in range(3)]}

    page = seen(result_html(shown([{"m": {"a": [1, None]}}, {"m": long}], spec=FrameSpec(maps=("m",)))))

    assert '{"a": [1, null]}' in page.texts
    assert len(page.of("details")) == 1
    assert '"sku": "A-2"' in page.text


def test_no_records_is_said(shown, seen):
    page = seen(result_html(shown([])))

    assert "No records." in page.text
    assert "0 rows × 0 columns" in page.text


def test_records_without_fields_make_no_table_of_nothing(shown, seen):
    assert "2 rows × 0 columns" in seen(result_html(shown([{}, {}]))).text


def test_incomplete_records_are_marked_with_the_reason_once(shown, seen):
    reason = "one page was asked for and the server has more"
    page = seen(result_html(shown(CHARGES, complete=False, stop_reason=reason)))
    told = seen(result_html(shown(CHARGES, complete=False, stop_reason=reason, warnings=(f"Not complete: {reason}.",))))

    assert "incomplete" in page.texts
    assert "Incomplete." in page.texts
    assert "One page was asked for and the server has more." in page.text
    assert "Incomplete." not in told.texts
    assert reason in told.text


def test_warnings_and_notes_follow_the_table(shown, seen):
    page = seen(result_html(shown([{"x": 1}, {"x": "a"}], warnings=("The key is old.",))))

    assert "Warning.  The key is old." in page.text
    assert "x holds text and whole numbers" in page.text


def test_a_failure_kept_as_a_result_is_named(shown, seen):
    result = shown([], status=404)
    result.error = UsageError("No such customer")

    page = seen(result_html(result))

    assert "Failed.  No such customer" in page.text
    assert {"class": "fx-mark fx-bad"} in page.of("span")


def test_a_frame_that_cannot_be_made_becomes_the_box_of_that_error(shown):
    class Broken(shown):
        @property
        def df(self):
            raise UsageError("--columns asks for 'amuont'", hint="Did you mean amount?", sent="yes")

    html = result_html(Broken(frame=pd.DataFrame()))

    assert "fx-fail" in html
    assert "Did you mean amount?" in html
    assert "GET /v1/charges on stripe" in html
    assert "The server received it." in html


def test_a_cached_answer_says_that_nothing_was_sent(shown, seen):
    assert "nothing sent · cache hit" in seen(result_html(shown(CHARGES, attempts=(), cache="hit"))).text


def test_a_lone_success_has_no_timeline(shown):
    assert "<svg" not in result_html(shown(CHARGES))


def test_a_million_rows_cost_no_more_than_ten(shown):
    columns = {f"c{i}": pd.array(range(1_000_000), dtype="Int64") for i in range(3)}
    columns["text"] = pd.Series(["x"] * 1_000_000, dtype="string")
    big, small = pd.DataFrame(columns), pd.DataFrame(columns).iloc[:1000].copy()

    def best(frame):
        times = []
        for _ in range(7):
            began = time.perf_counter()
            html = result_html(shown(frame=frame))
            times.append(time.perf_counter() - began)
        assert len(html.encode()) <= 20_000
        return min(times)

    assert best(big) < 5 * best(small)


def test_the_renderer_loads_neither_jupyter_nor_pandas():
    code = (
        "import sys, flarex_nb.notebook.render\n"
        "assert not {'IPython', 'ipywidgets', 'traitlets', 'pandas', 'numpy'} & set(sys.modules)"
    )

    subprocess.run([sys.executable, "-c", code], check=True)
