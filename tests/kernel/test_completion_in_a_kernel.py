"""Tab in a real kernel: the words of the cell language, from the table of options, the profiles and the notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from kernels import Kernel

CELL = "%%flarex_call stripe\n"

SETUP = """
import pydantic
since, price_id, row = 5, "price_1", {"note": "n", "id": 7}
class Charge(pydantic.BaseModel):
    id: str
class Trap:
    @property
    def touched(self):
        raise RuntimeError("a property was run")
    @property
    def model_fields(self):
        print("a property was run")
        return {}
trap = Trap()
"""


def ask(kernel: Kernel, code: str, at: int | None = None) -> dict[str, Any]:
    request = kernel.client.complete(code, cursor_pos=len(code) if at is None else at)
    while True:
        answer = kernel.client.get_shell_msg(timeout=60)
        if answer["parent_header"].get("msg_id") == request:
            content: dict[str, Any] = answer["content"]
            return content


@pytest.fixture(scope="module", autouse=True)
def names(kernel: Kernel) -> None:
    assert kernel.run(SETUP).status == "ok"


@pytest.mark.parametrize(
    ("code", "wanted"),
    [
        ("%flarex_call st", ["stripe"]),
        ("x = %flarex_call st", ["stripe"]),
        ("y = 1\nx = %flarex_call st", ["stripe"]),
        ("%%flarex_call st", ["stripe"]),
        ("# why\n%%flarex_call st", ["stripe"]),
        ("%%flarex_call stripe --cache ", ["use", "refresh", "bypass", "only"]),
        ("%%flarex_call stripe --into pri", ["price_id"]),
        ("%%flarex_call stripe --validate Ch", ["Charge", "Charge:strict"]),
        ("%flarex_call stripe POST /v1/cha", ["/v1/charges"]),
        ("%flarex_call stripe GET /v1/charges li", ["limit=="]),
        ("%flarex_call stripe GET /v1/{{pri", ["price_id"]),
        (f"{CELL}GE", ["GET"]),
        (f"{CELL}GET /v1/cha", ["/v1/charges", "/v1/charges/{{id}}"]),
        (f"{CELL}GET /v1/charges\n    ?cust", ["customer="]),
        (f"{CELL}GET /v1/charges?limit=3&cust", ["customer="]),
        (f"{CELL}POST /v1/charges\nIdem", ["Idempotency-Key: "]),
        (f"{CELL}POST /v1/charges\n\namount=1\n&curr", ["currency="]),
        (f'{CELL}POST /v1/charges\n\n{{"curr', ["currency"]),
        (f"{CELL}POST /v1/charges\n\namount={{{{sin", ["since"]),
        (f"{CELL}POST /v1/charges\n\namount={{{{row.no", ["row.note"]),
        (f"{CELL}GET /v1/x\nX-A: {{{{$secret STRIPE_S", ["$secret STRIPE_SECRET_KEY"]),
        (f"{CELL}@mine = 1\nGET /v1/{{{{mi", ["mine"]),
        (f"{CELL}# @attempt-", ["attempt-timeout"]),
        (f"{CELL}# @jitter ", ["full", "none"]),
        ("%flarex_secrets ro", ["rotate"]),
        ("%flarex_secrets rotate STRIPE_S", ["STRIPE_SECRET_KEY"]),
        ("%flarex_sandbox o", ["on", "off"]),
        ("%flarex_services show str", ["stripe"]),
        ("%flarex_reset s", ["stripe"]),
        ("%flarex_cache c", ["clear"]),
        ("%flarex_why pri", ["price_id"]),
    ],
)
def test_the_kernel_offers(kernel: Kernel, code: str, wanted: list[str]) -> None:
    answer = ask(kernel, code)

    assert answer["matches"] == wanted
    assert all(word.startswith(code[answer["cursor_start"] : answer["cursor_end"]]) for word in wanted)


def test_every_option_that_is_ready_is_offered_once(kernel: Kernel) -> None:
    from flarex_nb.text.options import names as options

    answer = ask(kernel, "%%flarex_call stripe --raw --")

    assert answer["matches"] == [name for name in options() if name != "--raw"]


def test_words_carry_what_kind_they_are(kernel: Kernel) -> None:
    answer = ask(kernel, f"{CELL}GET /v1/cha")

    kinds = {each["type"] for each in answer["metadata"]["_jupyter_types_experimental"]}
    assert kinds == {"path"}


@pytest.mark.parametrize(
    "code", [f'{CELL}POST /v1/charges\n\n{{"amount": ch', f"{CELL}POST /v1/x\n\n< pri", f"{CELL}GET /v1/{{{{chr"]
)
def test_pythons_own_names_stay_out_of_the_body(kernel: Kernel, code: str) -> None:
    assert ask(kernel, code)["matches"] == []


def test_python_cells_are_completed_as_ever(kernel: Kernel) -> None:
    assert "price_id" in ask(kernel, "print(pri")["matches"]
    assert "price_id" in ask(kernel, "pri\n%flarex_call stripe", at=3)["matches"]


def test_no_property_of_a_users_object_runs(kernel: Kernel) -> None:
    answer = ask(kernel, f"{CELL}GET /v1/{{{{trap.tou")
    models = ask(kernel, "%%flarex_call stripe --validate tr")

    assert answer["matches"] == models["matches"] == []


def test_a_named_answer_is_offered_with_its_fields(kernel: Kernel) -> None:
    assert kernel.run(f"{CELL}# @name listing\nGET /v1/products?limit=1").status == "ok"

    assert ask(kernel, f"{CELL}GET /v1/{{{{lis")["matches"] == ["listing"]
    assert ask(kernel, f"{CELL}GET /v1/{{{{listing.response.")["matches"] == [
        f"listing.response.{name}" for name in ("status", "headers", "body")
    ]
    assert ask(kernel, f"{CELL}GET /v1/{{{{listing.response.body.$.has")["matches"] == [
        "listing.response.body.$.has_more"
    ]


def test_unloading_takes_the_words_away_and_loading_twice_gives_them_once(kernel: Kernel) -> None:
    count = "print(len(get_ipython().Completer.custom_matchers))"
    before = kernel.run(count).stdout
    kernel.run("%reload_ext flarex_nb")
    kernel.run("%load_ext flarex_nb")
    again = kernel.run(count).stdout

    kernel.run("%unload_ext flarex_nb")

    assert ask(kernel, "%flarex_call stri")["matches"] != ["stripe"]
    assert (before, again, kernel.run(count).stdout) == ("1\n", "1\n", "0\n")
    kernel.run("%load_ext flarex_nb")
