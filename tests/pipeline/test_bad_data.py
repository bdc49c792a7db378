"""Records that are not what the model says: kept apart or refused, never retried, never cached, never silently lost."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, field_validator

from flarex_nb.errors import IncompletePages, MalformedBody, SchemaMismatch, UsageError
from flarex_nb.model import CallOptions
from flarex_nb.pipeline.ask import Surroundings, from_cell, from_line
from scripted import reply


class Charge(BaseModel):
    id: str
    amount: int
    currency: Literal["usd", "eur"] = "usd"


class Exact(Charge):
    model_config = ConfigDict(extra="forbid")


GOOD = {"id": "ch_1", "amount": 100}


def page(*records: Any, more: bool = False) -> Any:
    return reply(200, {"object": "list", "data": list(records), "has_more": more})


def pages_of(records: list[Any], size: int = 100) -> list[Any]:
    starts = range(0, len(records), size)
    return [page(*records[start : start + size], more=start + size < len(records)) for start in starts]


@pytest.mark.parametrize(
    ("bad", "path", "expected", "got"),
    [
        ({"id": "ch_2", "amount": "a lot"}, "amount", "a valid integer", '"a lot"'),
        ({"id": "ch_2", "amount": 1.5}, "amount", "a valid integer, got a number with a fractional part", "1.5"),
        ({"id": "ch_2"}, "amount", "a value", "missing"),
        ({"id": None, "amount": 1}, "id", "a valid string", "null"),
        ({"id": ["x"], "amount": 1}, "id", "a valid string", "a list of 1"),
        ({"id": {"a": 1, "b": 2}, "amount": 1}, "id", "a valid string", "an object with a, b"),
        ({"id": "x", "amount": 1, "currency": "gbp"}, "currency", "'usd' or 'eur'", '"gbp"'),
        ("not an object", "", "an object", '"not an object"'),
        (None, "", "an object", "null"),
    ],
)
def test_a_bad_record_is_kept_apart_with_row_path_expected_and_got(
    world: Any, bad: Any, path: str, expected: str, got: str
) -> None:
    here = world(page(GOOD, bad, {"id": "ch_3", "amount": 3}))

    result = here.call(validate=Charge)

    assert [(each.row, each.path, each.expected, each.got) for each in result.errors] == [(1, path, expected, got)]
    assert [record["id"] for record in result.records] == ["ch_1", "ch_3"]
    assert list(result.df["amount"]) == [100, 3]
    assert result.rejected == [bad]
    assert result.complete
    assert "1 of 3 records does not fit Charge; see result.errors." in result.warnings
    assert len(here.wire.seen) == 1


def test_what_is_more_than_the_model_says_is_bad_only_where_it_forbids_it(world: Any) -> None:
    here = world(page({**GOOD, "colour": "red"}))

    assert here.call(validate=Charge).errors == ()
    assert [(each.path, each.expected, each.got) for each in here.call(validate=Exact, cache="refresh").errors] == [
        ("colour", "no such field", '"red"')
    ]


def test_rows_count_over_all_pages_as_the_records_came(world: Any) -> None:
    records = [{"id": f"ch_{number}", "amount": number} for number in range(250)]
    for number in (3, 100, 101, 249):
        records[number]["amount"] = "none"
    here = world(*pages_of(records))

    result = here.call(pages="all", validate=Charge)

    assert [each.row for each in result.errors] == [3, 100, 101, 249]
    assert (result.rows, len(result.rejected), result.pages, result.complete) == (246, 4, 3, True)
    assert "4 of 250 records do not fit Charge; see result.errors." in result.warnings
    assert result.df.attrs["flarex"]["rejected"] == 4


def test_max_records_counts_the_bad_ones_and_tells_of_no_others(world: Any) -> None:
    bad = {"id": "ch_0", "amount": None}
    here = world(page(GOOD, bad, GOOD, bad, more=True))

    result = here.call(pages="all", max_records=3, validate=Charge)

    assert (result.rows, len(result.rejected), [each.row for each in result.errors]) == (2, 1, [1])
    assert "1 of 3 records does not fit Charge; see result.errors." in result.warnings
    assert not result.complete


def test_strict_raises_with_everything_and_is_neither_retried_nor_kept(world: Any) -> None:
    here = world(page(GOOD, {"id": "ch_2", "amount": "x"}, {"amount": 1}), page(GOOD))

    with pytest.raises(SchemaMismatch, match=r"2 of 3 records do not fit Charge\. Record 1: amount: ") as caught:
        here.call(validate=(Charge, "strict"), attempts=3)

    error = caught.value
    assert [(each.row, each.path) for each in error.errors] == [(1, "amount"), (2, "id")]
    assert error.context["misfit 2"] == "record 2: id: Field required; got missing"
    assert error.reply is not None
    assert error.reply.status == 200
    assert error.sent == "yes"
    assert [(each.outcome, each.decision, each.reason) for each in error.attempts] == [
        ("200", "stop", "invalid-answer")
    ]
    assert len(here.wire.seen) == 1

    assert here.call(validate=(Charge, "strict")).rows == 1
    assert len(here.wire.seen) == 2


def test_strict_on_a_later_page_keeps_the_pages_before_and_counts_rows_on(world: Any) -> None:
    here = world(page(GOOD, {"id": "ch_2", "amount": 2}, more=True), page(GOOD, {"id": "ch_4"}))

    with pytest.raises(IncompletePages) as caught:
        here.call(pages="all", validate=(Charge, "strict"))

    assert caught.value.result.rows == 2
    assert isinstance(caught.value.__cause__, SchemaMismatch)
    assert [each.row for each in caught.value.__cause__.errors] == [3]


def test_a_page_with_bad_rows_is_not_kept_and_one_without_is(world: Any) -> None:
    here = world(page(GOOD, {"id": "ch_2"}), page(GOOD))

    assert here.call(validate=Charge).errors
    assert here.call(validate=Charge).cache == "miss"
    assert here.call(validate=Charge).cache == "hit"
    assert len(here.wire.seen) == 2


def test_a_list_without_its_parts_is_not_kept(world: Any) -> None:
    here = world(reply(200, {"object": "list", "data": None, "has_more": False}), page(GOOD))

    with pytest.raises(SchemaMismatch):
        here.call()

    assert here.call().rows == 1
    assert len(here.wire.seen) == 2


def test_a_body_that_is_no_json_is_not_retried_and_not_kept(world: Any) -> None:
    here = world(reply(200, b'{"data": [', Content_Type="application/json"), page(GOOD))

    with pytest.raises(MalformedBody):
        here.call(validate=Charge)

    assert here.call(validate=Charge).rows == 1


def test_an_answer_out_of_the_cache_is_checked_against_the_model_of_this_call(world: Any) -> None:
    here = world(page(GOOD, {"id": "ch_2", "amount": "x"}))

    assert here.call().rows == 2
    kept = here.call(validate=Charge)
    with pytest.raises(SchemaMismatch) as caught:
        here.call(validate=(Charge, "strict"))

    assert (kept.cache, kept.rows, [each.row for each in kept.errors]) == ("hit", 1, [1])
    assert "--cache refresh" in caught.value.hint
    assert here.call().rows == 2
    assert len(here.wire.seen) == 1


def test_an_answer_that_was_kept_as_good_for_one_model_may_be_bad_for_another(world: Any) -> None:
    here = world(page({**GOOD, "colour": "red"}))

    assert here.call(validate=Charge).errors == ()
    other = here.call(validate=Exact)

    assert (other.cache, [each.path for each in other.errors]) == ("hit", ["colour"])


def test_one_object_is_one_record(world: Any) -> None:
    here = world(reply(200, {"id": "ch_1", "amount": "x", "data": "no list"}))

    result = here.call("GET /v1/charges/ch_1", validate=Charge)

    assert [(each.row, each.path) for each in result.errors] == [(0, "amount")]
    assert result.rows == 0
    assert result.df.empty


def test_no_records_and_no_body_have_nothing_wrong(world: Any) -> None:
    assert world(page()).call(validate=Charge).errors == ()
    assert world(reply(204, b"")).call("DELETE /v1/customers/cus_1", validate=Charge).errors == ()


def test_a_validator_that_raises_something_odd_spoils_its_record_only(world: Any) -> None:
    class Odd(BaseModel):
        amount: int

        @field_validator("amount")
        @classmethod
        def _odd(cls, value: int) -> int:
            return 1 // value

    class Refuses(BaseModel):
        amount: int

        @field_validator("amount")
        @classmethod
        def _refuse(cls, value: int) -> int:
            if value:
                return value
            msg = "nothing is too little"
            raise ValueError(msg)

    here = world(page({"amount": 1}, {"amount": 0}, {"amount": "x"}))

    odd, refused = here.call(validate=Odd), here.call(validate=Refuses, cache="refresh")

    assert [(each.row, each.path) for each in odd.errors] == [(1, ""), (2, "amount")]
    assert "raised ZeroDivisionError" in odd.errors[0].message
    assert refused.errors[0].message == "nothing is too little"
    assert odd.records == refused.records == [{"amount": 1}]


def test_validation_changes_no_record(world: Any) -> None:
    class Greedy(BaseModel):
        amount: float

        @field_validator("amount", mode="before")
        @classmethod
        def _eat(cls, value: Any) -> Any:
            return value.pop() if isinstance(value, list) else value

    records = [{"amount": [1, 2]}, {"amount": "12"}]
    here = world(page(*records))

    assert here.call(validate=Greedy).records == records


def test_more_faults_than_anyone_reads_are_counted_not_listed(world: Any) -> None:
    class Wide(BaseModel):
        a: int
        b: int
        c: int

    here = world(page(*({"a": "x", "b": "y", "c": "z"} for _ in range(3_000))))

    result = here.call(validate=Wide)

    assert len(result.errors) == 1_000
    assert len(result.rejected) == 3_000
    assert any("3,000 of 3,000 records do not fit Wide" in warning for warning in result.warnings)


@pytest.mark.parametrize("options", [{"validate": 5}, {"validate": "Charge"}, {"validate": (Charge, "loose")}])
def test_what_is_no_model_is_refused_before_anything_is_sent(world: Any, options: Any) -> None:
    here = world(page(GOOD))

    with pytest.raises(UsageError) as caught:
        here.call(**options)

    assert caught.value.sent == "no"
    assert here.wire.seen == []


def test_raw_leaves_nothing_to_check(world: Any) -> None:
    here = world(page(GOOD))

    with pytest.raises(UsageError, match="--raw"):
        here.call(validate=Charge, raw=True)

    assert here.wire.seen == []


@pytest.mark.parametrize(
    ("line", "cell"),
    [
        ("stripe --validate Charge:strict", "GET /v1/charges\n"),
        ("stripe", "# @validate Charge:strict\nGET /v1/charges\n"),
        ("stripe GET /v1/charges --validate Charge:strict", None),
    ],
)
def test_a_cell_names_the_model_of_the_notebook(world: Any, tmp_path: Path, line: str, cell: str | None) -> None:
    here = world(page({"id": "ch_1"}))
    around = Surroundings({"Charge": Charge}, {}, tmp_path)
    read = from_line(line, around, CallOptions()) if cell is None else from_cell(line, cell, around, CallOptions())

    with pytest.raises(SchemaMismatch, match="Charge"):
        here.client.run(next(read))


def test_an_unknown_model_in_a_cell_is_answered_with_the_nearest(tmp_path: Path) -> None:
    around = Surroundings({"Charge": Charge, "charges": []}, {}, tmp_path)

    with pytest.raises(UsageError, match=r"no model Chrage in this notebook\. Did you mean Charge\?"):
        next(from_cell("stripe --validate Chrage", "GET /v1/charges\n", around, CallOptions()))
