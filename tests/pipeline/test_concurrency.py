"""Several calls at once: cancelled together, queued behind one another, from several threads and processes."""

from __future__ import annotations

import asyncio
import concurrent.futures
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from flarex_nb import client as client_module
from flarex_nb.errors import CircuitOpen, FlarexError
from flarex_nb.portal import PORTAL, _waited
from flarex_nb.settings import Settings
from scripted import reply

SUPPORT = Path(__file__).parents[1] / "support"


def takes(seconds: float) -> Any:
    async def step(_out: Any, clock: Any, _progress: Any) -> Any:
        await clock.sleep(seconds)
        return reply(200, {})

    return step


async def hangs(_out: Any, _clock: Any, _progress: Any) -> Any:
    await asyncio.sleep(100)


def test_equal_calls_cancelled_together_send_nothing_more(world: Any) -> None:
    here = world(hangs)

    async def main() -> None:
        calls = asyncio.gather(*(here.client.acall("stripe", "GET /v1/a") for _ in range(3)))
        await asyncio.sleep(0.1)
        calls.cancel()
        with pytest.raises(asyncio.CancelledError):
            await calls
        await asyncio.sleep(0.2)

    asyncio.run(main())

    assert len(here.wire.seen) == 1


def test_cancelled_calls_give_every_place_back(world: Any) -> None:
    here = world(hangs, settings=Settings(connections=2))

    async def scene() -> tuple[Any, ...]:
        tasks = [asyncio.ensure_future(here.client.acall("stripe", f"GET /v1/x/{n}")) for n in range(12)]
        await asyncio.sleep(0.01)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        [lane] = here.client.pipeline.throttle._lanes.values()
        [host] = here.client.pipeline.throttle._hosts.values()
        return lane.queue, lane.gate.in_flight, host._value, here.client.pipeline.cache._flights

    assert PORTAL.run(scene()) == ([], 0, 2, {})


def test_a_cancelled_probe_gives_its_place_back(world: Any) -> None:
    here = world(*[reply(503)] * 5, hangs, reply(200, {}))
    with pytest.raises(CircuitOpen):
        here.call(attempts=9, deadline=60.0)
    here.clock.advance(16)

    async def scene() -> Any:
        probe = asyncio.ensure_future(here.client.acall("stripe", "GET /v1/a"))
        await asyncio.sleep(0.01)
        probe.cancel()
        await asyncio.gather(probe, return_exceptions=True)
        return await here.client.acall("stripe", "GET /v1/b")

    assert PORTAL.run(scene()).status == 200


def test_a_follower_keeps_its_own_deadline(world: Any) -> None:
    here = world(takes(9.0))

    async def scene() -> float:
        leader = asyncio.ensure_future(here.client.acall("stripe", "GET /v1/a"))
        await asyncio.sleep(0)
        with pytest.raises(FlarexError):
            await here.client.acall("stripe", "GET /v1/a", deadline=2.0, attempt_timeout=2.0)
        ended = here.clock.now()
        await leader
        return ended

    assert PORTAL.run(scene()) <= 2.1


def test_a_call_waiting_for_a_connection_keeps_its_deadline(world: Any) -> None:
    here = world(takes(9.0), settings=Settings(connections=1))

    async def scene() -> float:
        first = asyncio.ensure_future(here.client.acall("stripe", "GET /v1/a"))
        await asyncio.sleep(0)
        with pytest.raises(FlarexError):
            await here.client.acall("stripe", "GET /v1/b", deadline=2.0, attempt_timeout=2.0)
        ended = here.clock.now()
        await first
        return ended

    assert PORTAL.run(scene()) <= 2.1


def test_the_wait_for_a_connection_is_recorded(world: Any) -> None:
    here = world(takes(3.0), settings=Settings(connections=1))

    async def scene() -> Any:
        first = asyncio.ensure_future(here.client.acall("stripe", "GET /v1/a"))
        await asyncio.sleep(0)
        second = await here.client.acall("stripe", "GET /v1/b")
        await first
        return second

    assert PORTAL.run(scene()).attempts[0].waited == pytest.approx(3.0, abs=0.1)


def test_calls_queued_for_a_connection_heed_a_limit_met_meanwhile(world: Any) -> None:
    sent_at: list[float] = []

    async def step(_out: Any, clock: Any, _progress: Any) -> Any:
        sent_at.append(clock.now())
        first = len(sent_at) == 1
        await clock.sleep(0.5)
        return reply(429, Retry_After="5") if first else reply(200, {})

    here = world(step, settings=Settings(connections=1))

    async def scene() -> None:
        calls = [here.client.acall("stripe", f"GET /v1/x/{n}", jitter="none") for n in range(5)]
        await asyncio.gather(*calls, return_exceptions=True)

    PORTAL.run(scene())

    assert all(moment >= 5.4 for moment in sent_at[1:])


def test_two_threads_share_one_client(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[object] = []

    def slow_client() -> object:
        time.sleep(0.05)
        made.append(object())
        return made[-1]

    monkeypatch.setattr(client_module, "Client", slow_client)
    monkeypatch.setattr(client_module, "_process", client_module._Process())
    threads = [threading.Thread(target=client_module.default) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(made) == 1


def test_an_answer_at_the_very_end_of_a_slice_is_no_timeout() -> None:
    class JustDone(concurrent.futures.Future):
        def result(self, timeout: float | None = None) -> int:
            if not self.done():
                self.set_result(42)
                raise TimeoutError
            return super().result(timeout)

    assert _waited(JustDone(), lambda: None) == 42


def test_an_interrupt_right_after_the_start_stops_the_call(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[int] = []
    submit = PORTAL.submit

    def interrupted(coroutine: Any) -> Any:
        submit(coroutine)
        raise KeyboardInterrupt

    async def work() -> None:
        await asyncio.sleep(0.1)
        ran.append(1)

    monkeypatch.setattr(PORTAL, "submit", interrupted)
    with pytest.raises(KeyboardInterrupt):
        PORTAL.run(work())
    monkeypatch.undo()
    PORTAL.run(asyncio.sleep(0.3))

    assert ran == []


SCENE = f"""
import sys, os, threading, time, signal, asyncio
sys.path.insert(0, {str(SUPPORT)!r})
from scripted import KEY, reply
from flarex_nb.client import Client
from flarex_nb.events import on_event
from flarex_nb.settings import Settings
signal.alarm(15)

class Wire:
    sends = 0
    async def send(self, out, reach, progress=None):
        Wire.sends += 1
        if Wire.sends == 1:
            await asyncio.sleep(SLOW)
        return reply(200, {{}})

SLOW = 0
client = Client(Settings(connections=1), wire=Wire(), environ={{"STRIPE_SECRET_KEY": KEY}})
"""

FORKED = """
SLOW = 2
thread = threading.Thread(target=lambda: client.call("stripe", "GET /v1/a"))
thread.start()
time.sleep(0.7)
pid = os.fork()
if pid == 0:
    signal.alarm(5)
    status = 3
    try:
        client.call("stripe", "GET PATH")
        status = 0
    finally:
        os._exit(status)
_, status = os.waitpid(pid, 0)
thread.join()
sys.exit(0 if status == 0 else 1)
"""

FROM_A_LISTENER = """
on_event(lambda event: client.call("stripe", "GET /v1/b") if event.kind == "answer" or event.number == 1 else None)
client.call("stripe", "GET /v1/a")
"""


def run(code: str) -> int:
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-c", SCENE + code], capture_output=True, check=False
    ).returncode


@pytest.mark.parametrize("path", ["/v1/a", "/v1/b"])
def test_a_forked_child_can_call_while_its_parent_does(path: str) -> None:
    assert run(FORKED.replace("PATH", path)) == 0


def test_a_call_from_a_listener_does_not_hang() -> None:
    assert run(FROM_A_LISTENER) == 0
