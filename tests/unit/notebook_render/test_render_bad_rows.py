"""Records that do not fit, as a person sees them: a table to open, and the same in text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from flarex_nb.catalog.schema_rows import Misfit
from flarex_nb.errors import SchemaMismatch
from flarex_nb.notebook.render import error_html, error_text, result_html, result_text

ONE = Misfit(104, "billing.amount", "a valid integer", '"a lot"', "Input should be a valid integer")
MARKUP = Misfit(1, "<b>", "<i>", '"<script>alert(1)</script>"', "<u>")


@dataclass
class WithErrors:
    """A result with what `ResultView` wants and its misfits."""

    shown: Any
    errors: tuple[Misfit, ...]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.shown, name)


@pytest.fixture
def result(shown: Any) -> Any:
    def make(*errors: Misfit, **more: Any) -> Any:
        return WithErrors(shown([{"id": "ch_1", "amount": 1}, {"id": "ch_2", "amount": 2}], **more), errors)

    return make


def many(count: int) -> tuple[Misfit, ...]:
    return tuple(ONE._replace(row=row) for row in range(count))


def test_the_table_has_row_path_expected_and_got(result: Any, seen: Any) -> None:
    page = seen(result_html(result(ONE)))

    for words in (
        "1 place where a record does not fit",
        "104",
        "billing.amount",
        "a valid integer",
        '"a lot"',
    ):
        assert words in page.text
    heads = [attributes for attributes in page.of("th") if attributes.get("scope") == "col"]
    assert len(heads) >= 4
    assert page.of("details")


def test_the_text_has_the_same_facts(result: Any) -> None:
    text = result_text(result(ONE))

    assert '  row 104  billing.amount: expected a valid integer, got "a lot"' in text.splitlines()


def test_without_misfits_nothing_is_said(result: Any) -> None:
    assert "not fit" not in result_html(result())
    assert "not fit" not in result_text(result())


def test_a_fault_of_the_whole_record_is_named_so(result: Any, seen: Any) -> None:
    assert "the record" in seen(result_html(result(ONE._replace(path="")))).text


def test_many_are_counted_and_the_rest_is_where_it_says(result: Any, seen: Any) -> None:
    html, text = result_html(result(*many(1_000))), result_text(result(*many(1_000)))

    assert "1,000 places where records do not fit" in seen(html).text
    assert "990 more places in .errors." in seen(html).text
    assert "992 more places in .errors." in text
    assert len(html.encode()) <= 20_000


def test_what_a_server_sent_stays_text(result: Any, seen: Any) -> None:
    page = seen(result_html(result(MARKUP)))

    assert not page.of("script")
    assert not page.of("i")
    assert "<script>alert(1)</script>" in page.text


def test_the_longest_there_can_be_stays_within_the_limit(result: Any) -> None:
    worst = Misfit(10**9, "\u202e" * 60, "\u202e" * 200, "\u202e" * 62, "")

    html = result_html(result(*[worst] * 1_000))

    assert len(html.encode()) <= 20_000
    assert "\u202e" not in html
    assert all(len(line) <= 100 for line in result_text(result(*[worst] * 1_000)).splitlines())


def test_what_a_place_holds_is_shown_whole(result: Any, seen: Any) -> None:
    value = '"' + "k" * 60 + '"'

    assert value in seen(result_html(result(*[ONE._replace(got=value)] * 1_000))).text


def test_an_error_of_a_strict_call_shows_the_same_table(seen: Any) -> None:
    error = SchemaMismatch(
        "2 of 3 records do not fit Charge. Record 1: amount: wrong", sent="yes", hint="Leave it out."
    )
    error.errors = (ONE, MARKUP)
    error.context["misfit 1"] = str(ONE)

    page, text = seen(error_html(error)), error_text(error)

    assert "billing.amount" in page.text
    assert "Misfit 1" not in page.text
    assert not page.of("script")
    assert 'row 104  billing.amount: expected a valid integer, got "a lot"' in text
