"""The model a call asks for: found by name, made ready, or refused with the next step."""

from __future__ import annotations

import types
from dataclasses import dataclass
from typing import Annotated, Any

import pandas as pd
import pytest
from pydantic import BaseModel, Field, TypeAdapter
from typing_extensions import TypedDict  # pydantic wants it before 3.12

from flarex_nb.catalog.models import resolve_model
from flarex_nb.catalog.schema_rows import check_records
from flarex_nb.errors import UsageError


class Charge(BaseModel):
    id: str


@dataclass
class Point:
    x: int


class Row(TypedDict):
    x: int


class Unfinished(BaseModel):
    other: Missing  # noqa: F821 - the point of it


shop = types.ModuleType("shop")
shop.Charge = Charge  # type: ignore[attr-defined]
HERE = {"Charge": Charge, "shop": shop, "number": 5, "frame": pd.DataFrame({"secret": [1]}), "one": Charge(id="x")}


def test_nothing_asked_for_is_nothing() -> None:
    assert resolve_model(None) is None


@pytest.mark.parametrize(
    ("wish", "strict"),
    [
        (Charge, False), ((Charge, "strict"), True), ("Charge", False), ("Charge:strict", True),
        (" Charge : Strict ", True), ("shop.Charge", False),
    ],
)  # fmt: skip
def test_a_model_is_found_as_it_is_given(wish: object, strict: bool) -> None:
    model = resolve_model(wish, HERE)

    assert model is not None
    adapter, is_strict = model
    assert adapter.validate_python([{"id": "x"}]) == [Charge(id="x")]
    assert (is_strict, model.wanted) == (strict, Charge)
    assert resolve_model(model) is model


@pytest.mark.parametrize("wish", [Point, Row, dict[str, int], list[int], int, Annotated[int, Field(gt=0)]])
def test_any_type_pydantic_knows_is_a_model(wish: Any) -> None:
    model = resolve_model(wish)

    assert model is not None
    assert check_records(model, ["no such thing"]).rows == [0]


def test_equal_wishes_are_equal_and_others_are_not() -> None:
    models = [resolve_model(wish, HERE) for wish in ("Charge", Charge, "Charge:strict", Point)]

    assert models[0] == models[1]
    assert hash(models[0]) == hash(models[1])
    assert len(set(models)) == 3


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        ("Chrage", "no model Chrage in this notebook. Did you mean Charge?"),
        ("charge", "Did you mean Charge?"),
        ("shop.Order", "no Order in shop"),
        ("one.id", "no id in one"),
        ("Charge:loose", "knows one word behind the colon, strict"),
        ("Charge:", "knows one word behind the colon"),
        ("Cha rge", "is not the name of a model"),
        ("", "is not the name of a model"),
        ("number", "number cannot be a model: it is of type int"),
        ("frame", "frame cannot be a model: it is of type DataFrame"),
        ("shop", "shop is of type module, not a model"),
        ("one", "one is of type Charge, not a model"),
        (TypeAdapter(Charge), "of type TypeAdapter, not a model"),
        (Unfinished, "Unfinished cannot be a model: .*not fully defined"),
        (object(), "cannot be a model"),
        ({"id": str}, "cannot be a model"),
        ((Charge,), "pair of a model"),
        ((Charge, "loose"), "pair of a model"),
    ],
)
def test_what_is_no_model_is_refused_with_a_next_step(wish: object, words: str) -> None:
    with pytest.raises(UsageError, match=words) as caught:
        resolve_model(wish, HERE)

    assert caught.value.hint
    assert caught.value.sent == "no"


def test_a_name_without_a_notebook_asks_for_the_class() -> None:
    with pytest.raises(UsageError, match="no notebook here") as caught:
        resolve_model("Charge:strict")

    assert "validate=Charge" in caught.value.hint


def test_a_model_whose_own_hook_fails_is_refused() -> None:
    class Broken:
        @classmethod
        def __get_pydantic_core_schema__(cls, *_: object) -> Any:
            raise ZeroDivisionError

    with pytest.raises(UsageError, match="building it raised ZeroDivisionError"):
        resolve_model(Broken)
