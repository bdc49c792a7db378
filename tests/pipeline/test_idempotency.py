"""One logical call, one key: equal cells share it, different calls never do, and the person is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from flarex_nb.catalog.profile import Service
from flarex_nb.errors import ServerError, UsageError
from flarex_nb.notebook.journal import Memory
from flarex_nb.pipeline.ask import Surroundings, from_cell
from scripted import header_of, reply

if TYPE_CHECKING:
    from pathlib import Path

CHARGE = "POST /v1/charges\n{}\namount=1\n"


def run(here: Any, memory: Memory, cell: str, folder: Path) -> list[Any]:
    requests = from_cell("stripe", cell, Surroundings({}, {}, folder), here.client.settings.options())
    return [here.client.run(each, new_key=memory.keys.key_for) for each in requests]


def keys(here: Any) -> list[str | None]:
    return [header_of(out, "Idempotency-Key") for out in here.wire.seen]


def test_a_cell_run_again_sends_the_same_key(world: Any, tmp_path: Path) -> None:
    here, memory = world(reply(200, {})), Memory()

    run(here, memory, CHARGE.format(""), tmp_path)
    run(here, memory, CHARGE.format(""), tmp_path)

    first, second = keys(here)
    assert first == second


def test_a_repeated_key_is_told(world: Any, tmp_path: Path) -> None:
    here, memory = world(reply(200, {})), Memory()

    run(here, memory, CHARGE.format(""), tmp_path)
    [again] = run(here, memory, CHARGE.format(""), tmp_path)

    assert "--idempotency new" in " ".join(again.warnings)


def test_two_equal_requests_of_one_cell_are_two_operations(world: Any, tmp_path: Path) -> None:
    here = world(reply(200, {}))

    run(here, Memory(), f"{CHARGE.format('')}\n###\n{CHARGE.format('')}", tmp_path)

    first, second = keys(here)
    assert first != second


@pytest.mark.parametrize("line", ["Stripe-Account: acct_2\n", "Authorization: Bearer {{$secret OTHER_API_KEY}}\n"])
def test_another_account_is_another_operation(world: Any, tmp_path: Path, line: str) -> None:
    here, memory = world(reply(200, {})), Memory()
    here.client.secrets.set("OTHER_API_KEY", "sk_live_" + "o" * 24, hosts=["api.stripe.com"])

    run(here, memory, CHARGE.format(""), tmp_path)
    run(here, memory, CHARGE.format(line), tmp_path)

    first, second = keys(here)
    assert first != second


def test_a_key_the_service_does_not_honour_is_not_dropped_in_silence(world: Any) -> None:
    here = world(reply(200, {}))
    here.client.services.register(Service(name="crm", base_url="https://crm.example"))

    try:
        result = here.client.call("crm", "POST /contacts", json={}, idempotency="order-17")
    except UsageError:
        return

    assert result.warnings


def test_a_stored_500_names_the_way_out(world: Any) -> None:
    here = world(reply(500, {"error": {"message": "We broke."}}))

    with pytest.raises(ServerError) as caught:
        here.call("POST /v1/charges", json={"amount": 1})

    assert "idempotency" in caught.value.hint


def test_loading_the_extension_again_keeps_the_keys() -> None:
    from IPython.core.interactiveshell import InteractiveShell

    from flarex_nb.notebook import extension

    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance()
    extension.load(shell)
    first = extension._loaded[shell].memory.keys.key_for("fingerprint")[0]
    extension.load(shell)
    second = extension._loaded[shell].memory.keys.key_for("fingerprint")[0]
    extension.unload(shell)
    InteractiveShell.clear_instance()

    assert first == second
