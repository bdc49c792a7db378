"""What is different about an endpoint's records since the last call, said once and with numbers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flarex_nb.catalog.schema import Known
from scripted import reply

CHARGE = {
    "id": "ch_1", "object": "charge", "amount": 100, "amount_refunded": 0, "captured": True, "created": 1_700_000_000,
    "currency": "usd", "livemode": False, "paid": True, "refunded": False, "status": "succeeded", "customer": None,
    "metadata": {"order": "7"}, "billing_details": {"address": {"city": "Bath"}, "name": "Ann"},
}  # fmt: skip


def page(*records: Any, more: bool = False) -> Any:
    return reply(200, {"object": "list", "data": list(records), "has_more": more})


def without(record: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in record.items() if key != name}


def test_nothing_is_said_of_a_first_call_or_of_equal_ones(world: Any) -> None:
    here = world(page(*[CHARGE] * 10))

    assert here.call().warnings == ()
    assert here.call(cache="refresh").warnings == ()


def test_a_changed_type_is_told_once_with_its_numbers(world: Any) -> None:
    here = world(page(*[CHARGE] * 12), page(*[CHARGE] * 8, *[{**CHARGE, "customer": "x", "status": {"code": 1}}] * 2))
    here.call()

    first, second = here.call(cache="refresh"), here.call(cache="refresh")

    said = "`status` was a string in 12 records and is an object in 2 of 10 looked at."
    assert said in first.warnings
    assert said not in second.warnings


def test_a_field_that_was_only_ever_null_has_no_type_to_change(world: Any) -> None:
    here = world(page(*[CHARGE] * 12), page(*[{**CHARGE, "customer": "cus_1"}] * 12))
    here.call()

    assert here.call(cache="refresh").warnings == ()


def test_a_field_that_is_sometimes_there_may_be_missing_a_few_times(world: Any) -> None:
    some = [{**CHARGE, "note": "n"}] * 3 + [CHARGE] * 7
    here = world(page(*some), page(*[CHARGE] * 2), page(*[CHARGE] * 24))
    here.call()

    assert here.call(cache="refresh").warnings == ()
    assert here.call(cache="refresh").warnings == ()


def test_new_vanished_and_newly_null_fields_are_told(world: Any) -> None:
    changed = without({**CHARGE, "risk": 3, "billing_details": {"address": None, "name": "Ann"}}, "customer")
    here = world(page(*[CHARGE] * 20), page(*[changed] * 10))
    here.call()

    assert set(here.call(cache="refresh").warnings) == {
        "`risk` is new: it is in all 10 looked at, and was in none of 20 records before.",
        "`customer` has vanished: it was in all 20 records before, and is in none of these 10.",
        "`billing_details.address` was never null in 12 records and is null in all 10 looked at.",
    }


def test_keys_of_metadata_are_data(world: Any) -> None:
    here = world(page(*[CHARGE] * 20), page(*[{**CHARGE, "metadata": {"other": 5}}] * 20))
    here.call()

    assert here.call(cache="refresh").warnings == ()


def test_calls_that_ask_for_other_fields_are_other_endpoints(world: Any) -> None:
    here = world(page(*[{**CHARGE, "customer": "cus_1"}] * 20), page(*[{**CHARGE, "customer": {"id": "cus_1"}}] * 20))
    here.call()

    assert here.call(params={"expand": ["data.customer"]}).warnings == ()


def test_an_answer_out_of_the_cache_teaches_nothing(world: Any) -> None:
    here = world(page(*[CHARGE] * 5))
    here.call()

    assert here.call().schema().records == 5


def test_all_pages_are_one_report(world: Any) -> None:
    odd = {**CHARGE, "id": "ch_3", "status": 7}
    here = world(
        page(*[CHARGE] * 10), page(*[CHARGE] * 5, {**CHARGE, "id": "ch_2"}, more=True), page(*[CHARGE] * 5, odd)
    )
    here.call()

    result = here.call(pages="all", cache="refresh")

    assert "`status` was a string in 10 records and is a number in 1 of 12 looked at." in result.warnings


def test_what_the_profile_promises_is_checked_on_every_record(world: Any) -> None:
    records = [CHARGE] * 98 + [{**CHARGE, "amount": "100"}, without({**CHARGE, "paid": None}, "amount")]
    here = world(page(*records))

    result = here.call()

    assert result.rows == 100
    assert result.warnings == (
        "`amount` is missing in 1 and a string in 1 of 100 records, and should be a number in each.",
        "`paid` is null in 1 of 100 records, and should be a boolean in each.",
    )


def test_a_deleted_customer_is_another_kind_of_record(world: Any) -> None:
    here = world(reply(200, {"id": "cus_1", "object": "customer", "deleted": True}))

    assert here.call("GET /v1/customers/cus_1").warnings == ()


def test_the_schema_says_types_shares_and_nulls(world: Any) -> None:
    here = world(page(*[CHARGE] * 3, without({**CHARGE, "customer": "cus_1"}, "paid")))

    schema = here.call().schema()

    assert schema.records == 4
    assert schema.fields["amount"] == (("number",), 1.0, 0.0, 4)
    assert schema.fields["customer"] == (("string",), 1.0, 0.75, 4)
    assert schema.fields["paid"].present == 0.75
    assert schema.fields["billing_details.address.city"].types == ("string",)
    assert "metadata.order" not in schema.fields
    assert "customer" in str(schema)


def test_where_nothing_is_remembered_the_schema_is_that_of_these_records(world: Any) -> None:
    result = world(page(*[CHARGE] * 3)).call()

    assert replace(result, known=Known("forgotten")).schema().fields == result.schema().fields
    assert replace(result, known=None).schema().endpoint == "GET /v1/charges on stripe"


def test_two_clients_know_nothing_of_each_other(world: Any) -> None:
    world(page(*[CHARGE] * 20)).call()

    assert world(page(*[{**CHARGE, "customer": 5}] * 20)).call().warnings == ()
