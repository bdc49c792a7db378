"""`%config FlareX.awaited = True`: the cell awaits, its Cancel button is heard, and the stop button is as quick as before."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kernels import Kernel, Ran

WITHIN = 0.5
WATCHED = 2.0
"""Seconds the server's log is watched after each stop."""


@pytest.fixture
def awaiting(kernel: Kernel) -> Iterator[Kernel]:
    kernel.run("%config FlareX.awaited = True")
    kernel.run("from flarex_nb.sandbox import launch as _launch")
    yield kernel
    kernel.run("%config FlareX.awaited = False")


def seen(kernel: Kernel) -> int:
    return int(kernel.run("print(len(_launch.log()))").stdout)


def words_of(ran: Ran) -> str:
    (error,) = ran.of("error")
    return "\n".join(error["traceback"])


def press_when_shown(kernel: Kernel, code: str, *, after: float = 0.3) -> tuple[Ran, float]:
    """Run the cell, click its button a moment after it appears, and return also how long the end took."""
    began = time.monotonic()
    request = kernel.client.execute(code, allow_stdin=True)
    messages = []
    comm = ""
    while not comm:
        message = kernel.client.get_iopub_msg(timeout=30)
        messages.append(message)
        if message["msg_type"] == "comm_open" and "ButtonModel" in str(message["content"]):
            comm = message["content"]["comm_id"]
    time.sleep(after)
    data = {"method": "custom", "content": {"event": "click"}}
    kernel.client.shell_channel.send(kernel.client.session.msg("comm_msg", {"comm_id": comm, "data": data}))
    at = time.monotonic()
    ran = kernel.finish(request, began)
    ran.messages[:0] = messages
    return ran, time.monotonic() - at


def test_an_awaited_cell_gives_the_same_table_and_result(awaiting: Kernel) -> None:
    ran = awaiting.run("%%flarex_call stripe --into products --columns id,name\nGET /v1/products?limit=3")
    after = awaiting.run("print(len(products), _.status)")

    assert ran.status == "ok", ran.reply
    assert "3 rows" in ran.plain
    assert after.stdout == "3 200\n"


def test_an_awaited_line_is_assigned_and_runs_in_a_loop(awaiting: Kernel) -> None:
    ran = awaiting.run(
        "found = []\n"
        "for limit in (1, 2):\n"
        "    answer = %flarex_call stripe GET /v1/products limit=={{limit}}\n"
        "    found.append(answer.rows)\n"
        "print(found)"
    )

    assert ran.stdout == "[1, 2]\n"


def test_a_call_in_a_function_stays_as_it_is(awaiting: Kernel) -> None:
    ran = awaiting.run(
        "def ask():\n    answer = %flarex_call stripe GET /v1/products limit==1\n    return answer\nprint(ask().rows)"
    )

    assert ran.status == "ok", ran.reply
    assert ran.stdout == "1\n"


def test_an_error_is_the_same_box(awaiting: Kernel) -> None:
    ran = awaiting.run("%%flarex_call stripe\nGET /v1/charges/ch_missing")

    assert ran.error == "NotFound"
    assert "No such charge" in ran.plain
    assert len(words_of(ran).splitlines()) == 1


@pytest.mark.parametrize("fault", ["hang", "drip", "503,503,503"])
def test_the_stop_button_ends_an_awaited_call_at_once_and_nothing_is_sent_afterwards(
    awaiting: Kernel, fault: str
) -> None:
    before = seen(awaiting)

    ran, seconds = awaiting.interrupt_after(
        f"%%flarex_call stripe --jitter none --simulate {fault}\nGET /v1/prices?limit=1", 0.7
    )
    at_the_stop = seen(awaiting)
    time.sleep(WATCHED)

    assert ran.error == "KeyboardInterrupt"
    assert seconds < WITHIN, seconds
    assert "stopped by you" in words_of(ran)
    assert "Nothing more is sent" in words_of(ran)
    assert seen(awaiting) == at_the_stop > before


def test_the_cancel_button_is_heard_while_the_cell_runs(awaiting: Kernel) -> None:
    before = seen(awaiting)

    ran, seconds = press_when_shown(awaiting, "%%flarex_call stripe --simulate hang\nGET /v1/prices?limit=1")
    time.sleep(WATCHED)

    assert ran.error == "KeyboardInterrupt"
    assert seconds < WITHIN, seconds
    assert "stopped by you during attempt 1" in words_of(ran)
    assert seen(awaiting) == before + 1


def test_pages_that_came_before_the_cancelling_are_kept(awaiting: Kernel) -> None:
    cell = "%%flarex_call stripe --into charges --pages all --simulate slow=0.3\nGET /v1/charges"

    ran, _ = press_when_shown(awaiting, cell, after=1.0)
    kept = awaiting.run("print(len(charges) % 100, len(charges) > 0, charges.attrs['flarex']['complete'])")

    assert ran.error == "KeyboardInterrupt"
    assert kept.stdout == "0 True False\n"


def test_the_button_is_gone_from_what_the_cell_shows_at_the_end(awaiting: Kernel) -> None:
    ran, _ = press_when_shown(awaiting, "%%flarex_call stripe --simulate hang\nGET /v1/prices?limit=1")

    shown = {}
    for message in ran.messages:
        if message["msg_type"] in {"display_data", "update_display_data"}:
            shown[message["content"]["transient"].get("display_id")] = message["content"]["data"]

    assert not any("widget-view" in kind for data in shown.values() for kind in data)


def test_a_batch_run_shows_no_button(awaiting: Kernel) -> None:
    ran = awaiting.run("%%flarex_call stripe --simulate slow=1.2\nGET /v1/prices?limit=1")

    assert ran.status == "ok"
    assert not ran.of("comm_open")
    assert not ran.of("update_display_data")


def test_switched_off_the_magic_waits_as_before(kernel: Kernel) -> None:
    kernel.run("%config FlareX.awaited = True")
    kernel.run("%config FlareX.awaited = False")

    ran = kernel.run(
        "from flarex_nb.notebook.awaited import await_calls\nprint(await_calls in get_ipython().input_transformers_post)"
    )

    assert ran.stdout == "False\n"
