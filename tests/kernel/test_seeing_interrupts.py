"""The kernel's stop button in every phase of a call: it ends within half a second, and nothing is sent afterwards."""

from __future__ import annotations

import json
import socket
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kernels import Kernel, Ran

WITHIN = 0.5
WATCHED = 2.0
"""Seconds the server's log is watched after each interrupt."""


def value(kernel: Kernel, expression: str) -> Any:
    ran = kernel.run(f"import json; print(json.dumps({expression}))")
    assert ran.status == "ok", ran.reply
    return json.loads(ran.stdout)


def seen_by_sandbox(kernel: Kernel) -> int:
    kernel.run("from flarex_nb.sandbox import launch as _launch")
    return int(value(kernel, "len(_launch.log())"))


def words_of(ran: Ran) -> str:
    (error,) = ran.of("error")
    return "\n".join(error["traceback"])


def register(kernel: Kernel, name: str, port: int) -> None:
    ran = kernel.run(
        "import flarex_nb as fx\n"
        f"fx.register(fx.Service(name={name!r}, base_url='http://127.0.0.1:{port}', network='private'))"
    )
    assert ran.status == "ok", ran.reply


@contextmanager
def black_hole() -> Iterator[int]:
    """Give a port whose listener never accepts and whose queue is full, so that a further dial gets no answer."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port = listener.getsockname()[1]
        fillers = []
        for _ in range(8):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", port))
            fillers.append(filler)
        time.sleep(0.2)
        try:
            yield port
        finally:
            for filler in fillers:
                filler.close()


class Limited:
    """A server that says nothing is left of its limit until half a minute from now; `seen` counts requests."""

    def __init__(self) -> None:
        self.seen = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            with client:
                client.recv(65536)
                self.seen += 1
                head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n"
                client.sendall(f"{head}X-RateLimit-Remaining: 0\r\nX-RateLimit-Reset: 25\r\n\r\n{{}}".encode())

    def close(self) -> None:
        self._listener.close()


def test_while_dialling_a_host_that_does_not_answer(kernel: Kernel) -> None:
    with black_hole() as port:
        register(kernel, "hole", port)

        ran, seconds = kernel.interrupt_after("%flarex_call hole GET /x", 1.5)

    assert ran.error == "KeyboardInterrupt"
    assert seconds < WITHIN, seconds
    assert "it had not been sent" in words_of(ran)


@pytest.mark.parametrize(
    ("fault", "reached"),
    [("drip-headers", "may have reached"), ("drip", "reached the server"), ("hang", "may have reached")],
)
def test_while_the_answer_drips_or_does_not_come(kernel: Kernel, fault: str, reached: str) -> None:
    before = seen_by_sandbox(kernel)

    ran, seconds = kernel.interrupt_after(f"%%flarex_call stripe --simulate {fault}\nGET /v1/prices?limit=1", 1.5)

    assert ran.error == "KeyboardInterrupt"
    assert seconds < WITHIN, seconds
    assert reached in words_of(ran)
    time.sleep(WATCHED)
    assert seen_by_sandbox(kernel) == before + 1


def test_while_the_servers_limit_holds_the_call_back(kernel: Kernel) -> None:
    server = Limited()
    try:
        register(kernel, "limited", server.port)
        assert kernel.run("%flarex_call limited GET /x").status == "ok"

        ran, seconds = kernel.interrupt_after("%flarex_call limited GET /y", 1.5)
        time.sleep(WATCHED)
    finally:
        server.close()

    assert ran.error == "KeyboardInterrupt"
    assert seconds < WITHIN, seconds
    assert "it had not been sent" in words_of(ran)
    assert server.seen == 1


@pytest.mark.parametrize("watched", [WATCHED, pytest.param(10.0, marks=pytest.mark.full)])
def test_case_41_an_interrupt_while_waiting_for_the_next_attempt(kernel: Kernel, watched: float) -> None:
    before = seen_by_sandbox(kernel)

    ran, seconds = kernel.interrupt_after(
        "%%flarex_call stripe --simulate 503,503,200 --jitter none\nGET /v1/prices?limit=1", 2.2
    )

    assert ran.error == "KeyboardInterrupt"
    assert seconds < WITHIN, seconds
    assert "while waiting for attempt 3; the one before: 503" in words_of(ran)
    time.sleep(watched)
    assert seen_by_sandbox(kernel) == before + 2


PAGES = "%%flarex_call stripe --pages all --simulate slow=0.6{into}\nGET /v1/charges"


def test_between_pages_what_came_is_bound_and_marked_incomplete(kernel: Kernel) -> None:
    kernel.run("some = None")
    before = seen_by_sandbox(kernel)

    ran, seconds = kernel.interrupt_after(PAGES.format(into=" --into some"), 3.5)

    assert ran.error == "KeyboardInterrupt"
    assert seconds < WITHIN, seconds
    assert "marked incomplete: the frame is `some`" in words_of(ran)
    rows, facts = value(kernel, "[len(some), some.attrs['flarex']]")
    assert rows == 100 * facts["pages"] >= 100
    assert facts["complete"] is False
    assert "stopped by you" in facts["stop_reason"]
    time.sleep(WATCHED)
    assert seen_by_sandbox(kernel) == before + facts["pages"] + 1


def test_between_pages_without_a_name_the_result_is_kept_under_one_that_is_told(kernel: Kernel) -> None:
    ran, seconds = kernel.interrupt_after(PAGES.format(into=""), 2.5)

    assert seconds < WITHIN, seconds
    assert "`stopped_result`" in words_of(ran)
    assert value(kernel, "[stopped_result.complete, stopped_result.rows > 0]") == [False, True]


def test_a_python_call_leaves_with_its_pages_on_the_interrupt(kernel: Kernel) -> None:
    kernel.run("import flarex_nb as fx")
    ran, seconds = kernel.interrupt_after(
        "try:\n    fx.call('stripe', 'GET /v1/charges', pages='all', simulate='slow=0.6')\n"
        "except KeyboardInterrupt as stop:\n    kept = stop.result",
        2.5,
    )

    assert ran.status == "ok"
    assert seconds < WITHIN, seconds
    assert value(kernel, "[kept.complete, kept.pages > 0]") == [False, True]


def test_why_tells_of_the_stopped_call(kernel: Kernel) -> None:
    kernel.interrupt_after("%%flarex_call stripe --simulate 503,hang --jitter none\nGET /v1/prices?limit=1", 2.5)

    ran = kernel.run("%flarex_why")

    assert ran.status == "ok"
    assert "Stopped by you during attempt 2" in ran.plain
    assert "503" in ran.plain


def test_a_call_works_after_all_of_this(kernel: Kernel) -> None:
    ran = kernel.run("%flarex_call stripe GET /v1/charges limit==1 --cache bypass")

    assert ran.status == "ok", ran.reply


def test_a_stopped_call_over_pages_is_gone_on_with(kernel: Kernel) -> None:
    kernel.interrupt_after("%%flarex_call stripe --into charges --pages all --simulate slow=0.15\nGET /v1/charges", 1.2)
    came = int(value(kernel, "len(charges)"))
    before = seen_by_sandbox(kernel)

    ran = kernel.run("%flarex_resume")

    assert ran.status == "ok", ran.reply
    assert 0 < came < 3000
    assert value(kernel, "[len(charges), charges.id.nunique(), charges.attrs['flarex']['complete']]") == [
        3000,
        3000,
        True,
    ]
    assert seen_by_sandbox(kernel) - before <= 30 - came // 100 + 1


def test_without_an_unfinished_call_there_is_nothing_to_resume(kernel: Kernel) -> None:
    kernel.run("%flarex_resume")

    ran = kernel.run("%flarex_resume")

    assert ran.error == "UsageError"
