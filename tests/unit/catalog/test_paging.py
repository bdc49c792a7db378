"""Which page follows: the last record's id, and every way the end is said or not said."""

from __future__ import annotations

import pytest

from flarex_nb.catalog.paging import NextPage, NoMore, Page, first_query, following
from flarex_nb.catalog.profile import LastRecordPages, NoPages

PAGING = LastRecordPages(kind="last_record", param="starting_after", more="has_more", size_param="limit", size=100)


def page(*ids: str, more: object = True) -> dict[str, object]:
    return {"object": "list", "data": [{"id": name} for name in ids], "has_more": more}


def test_the_next_page_starts_after_the_last_record() -> None:
    answer = page("ch_1", "ch_2")

    step = following(PAGING, Page((("limit", "2"), ("starting_after", "ch_0")), answer, answer["data"]))

    assert step == NextPage((("limit", "2"), ("starting_after", "ch_2")), "ch_2")


def test_has_more_false_is_the_end() -> None:
    answer = page("ch_1", more=False)

    assert following(PAGING, Page((), answer, answer["data"])) == NoMore("has_more is false")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (page(more=True), "empty"),
        (page("ch_1", more=None), "no 'has_more'"),
        ({"data": [{"name": "x"}], "has_more": True}, "no 'id'"),
    ],
)
def test_an_end_that_is_not_said_is_not_complete(answer: dict[str, object], words: str) -> None:
    step = following(PAGING, Page((), answer, answer["data"]))

    assert isinstance(step, NoMore)
    assert not step.complete
    assert words in step.reason


def test_the_largest_page_is_asked_for_unless_a_size_is_given() -> None:
    assert first_query(PAGING, ()) == (("limit", "100"),)
    assert first_query(PAGING, (("limit", "7"),)) == (("limit", "7"),)
    assert first_query(NoPages(), ()) == ()
