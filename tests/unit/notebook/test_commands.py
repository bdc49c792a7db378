"""What the magics do between a cell and the client: asking first, and keeping what was shown."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

from flarex_nb.catalog.profile import Service
from flarex_nb.client import Client
from flarex_nb.clock import VirtualClock
from flarex_nb.errors import UsageError
from flarex_nb.notebook import commands_call, live
from flarex_nb.notebook.boxes import boxed
from flarex_nb.notebook.journal import Memory
from flarex_nb.settings import Settings
from scripted import KEY, ScriptedWire, reply

CHARGE = "# @note charges a card\nPOST /v1/charges\n\namount=1\n"


@pytest.fixture
def shell() -> Iterator[InteractiveShell]:
    InteractiveShell.clear_instance()
    yield InteractiveShell.instance()
    InteractiveShell.clear_instance()


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Any:
    """A client behind the magics, nobody to ask, and its wire."""
    clock = VirtualClock()
    wire = ScriptedWire(clock, [reply(200, {})])
    client = Client(Settings(), clock=clock, wire=wire, environ={"STRIPE_SECRET_KEY": KEY}, folder=tmp_path)
    client.services.register(Service(name="crm", base_url="https://crm.example"))
    monkeypatch.setattr(commands_call, "default", lambda: client)
    monkeypatch.setattr(commands_call, "is_batch", lambda _shell: True)
    return SimpleNamespace(client=client, wire=wire)


def turn_sandbox_on(here: Any) -> None:
    here.client.sandbox = SimpleNamespace(origin="http://127.0.0.1:1", host="127.0.0.1", port=1, services=("stripe",))


def test_a_request_with_a_note_is_not_sent_where_nobody_can_be_asked(shell: Any, here: Any) -> None:
    with pytest.raises(UsageError, match="charges a card"):
        commands_call.call(shell, Memory(), "stripe", CHARGE)

    assert here.wire.seen == []


def test_a_live_call_is_confirmed_although_the_sandbox_is_on(shell: Any, here: Any) -> None:
    turn_sandbox_on(here)

    with pytest.raises(UsageError, match="charges a card"):
        commands_call.call(shell, Memory(), "stripe --env live", CHARGE)

    assert here.wire.seen == []


def test_a_service_of_ones_own_is_confirmed_although_the_sandbox_is_on(shell: Any, here: Any) -> None:
    turn_sandbox_on(here)

    with pytest.raises(UsageError, match="deletes all"):
        commands_call.call(shell, Memory(), "crm", "# @note deletes all\nDELETE /contacts\n")

    assert here.wire.seen == []


def test_yes_answers_the_question(shell: Any, here: Any) -> None:
    commands_call.call(shell, Memory(), "stripe --yes", CHARGE)

    assert len(here.wire.seen) == 1


def test_progress_never_clears_an_earlier_result_of_the_cell(
    shell: Any, here: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def slow(_out: Any, _clock: Any, _progress: Any) -> Any:
        await asyncio.sleep(0.8)
        return reply(200, {})

    here.wire.steps[:] = [reply(200, {}), slow]
    shown: list[str] = []
    handle = SimpleNamespace(update=lambda *_a, **_k: None)
    monkeypatch.setattr(commands_call, "is_batch", lambda _shell: False)
    monkeypatch.setattr(commands_call, "display", lambda _result: shown.append("result"))
    monkeypatch.setattr(live, "display", lambda *_a, **_k: handle)
    monkeypatch.setattr(live, "clear_output", lambda wait=False: shown.append("cleared"))

    commands_call.call(shell, Memory(), "stripe", "GET /v1/a\n\n###\nGET /v1/b\n")

    assert shown == ["result"]


def test_an_interrupt_says_that_the_request_may_have_arrived(
    shell: Any, here: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def stopped(_out: Any, _clock: Any, progress: Any) -> Any:
        progress.enter("waiting")
        await asyncio.sleep(30)

    here.wire.steps[:] = [stopped]

    def stop(_live: Any) -> None:
        if here.wire.seen:
            raise KeyboardInterrupt

    monkeypatch.setattr(live.Live, "pump", stop)
    with pytest.raises(KeyboardInterrupt) as caught, boxed():
        commands_call.call(shell, Memory(), "stripe --yes", "POST /v1/charges\n\namount=1\n")

    assert "may have" in " ".join(caught.value._render_traceback_())


WRITES = [
    ("stripe", "POST /v1/customers\n\nname=Ada\n"),
    ("stripe", "DELETE /v1/customers/cus_1\n"),
    ("crm", "PUT /contacts/1\n\n{}\n"),
]


@pytest.mark.parametrize(("line", "cell"), WRITES)
def test_a_live_write_is_confirmed_also_without_a_note(shell: Any, here: Any, line: str, cell: str) -> None:
    with pytest.raises(UsageError, match="changes something at the real"):
        commands_call.call(shell, Memory(), line, cell)

    assert here.wire.seen == []


@pytest.mark.parametrize(("answer", "sent"), [("y", 1), ("Yes", 1), ("", 0), ("no", 0)])
def test_the_answer_of_the_person_decides(
    shell: Any, here: Any, monkeypatch: pytest.MonkeyPatch, answer: str, sent: int
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(commands_call, "is_batch", lambda _shell: False)
    monkeypatch.setattr("builtins.input", lambda words: asked.append(words) or answer)

    with contextlib.suppress(UsageError):
        commands_call.call(shell, Memory(), *WRITES[0])

    assert len(here.wire.seen) == sent
    assert asked == ["POST /v1/customers changes something at the real Stripe. Send it? [y/N] "]


@pytest.mark.parametrize(
    ("more", "cell"),
    [
        ({}, "GET /contacts\n"),
        ({"confirm_writes": False}, "POST /contacts\n\n{}\n"),
        ({"network": "private", "base_url": "http://127.0.0.1:9"}, "POST /contacts\n\n{}\n"),
    ],
)
def test_a_read_a_private_service_and_a_profile_that_says_so_are_not_asked_about(
    shell: Any, here: Any, more: dict[str, Any], cell: str
) -> None:
    here.client.services.register(Service(**{"name": "mine", "base_url": "https://mine.example", **more}))

    commands_call.call(shell, Memory(), "mine", cell)

    assert len(here.wire.seen) == 1
