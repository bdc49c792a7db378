"""A pipeline that is dropped closes what it opened, and not under a call that is still on its way."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from flarex_nb.catalog.profile import Service
from flarex_nb.client import Client
from flarex_nb.model import Reply
from flarex_nb.pipeline import Pipeline
from flarex_nb.portal import PORTAL
from flarex_nb.sandbox import launch


class Wire:
    """Answers when it is let, and notes when it is closed."""

    def __init__(self) -> None:
        self.let = asyncio.Event()
        self.asked = asyncio.Event()
        self.happened: list[str] = []

    async def send(self, _out: Any, _reach: Any, _progress: Any = None) -> Reply:
        self.asked.set()
        await self.let.wait()
        self.happened.append("answered")
        return Reply(200, (("Content-Type", "application/json"),), b"{}", 0.0)

    async def aclose(self) -> None:
        self.happened.append("closed")


def _client(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> Client:
    """Make a client whose pipeline believes that it opened this wire itself."""
    client = Client(wire=wire, environ={})
    client.services.register(Service(name="crm", base_url="https://crm.example"))
    made = client.pipeline
    monkeypatch.setattr(made, "_own", wire)
    return client


def test_turning_the_sandbox_off_closes_the_wire_after_the_call_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch, "stop", lambda: None)

    async def main() -> list[str]:
        wire = Wire()
        client = _client(wire, monkeypatch)
        call = asyncio.create_task(client.acall("crm", "GET /a"))
        await wire.asked.wait()
        client.sandbox_off()
        await asyncio.sleep(0.02)
        wire.let.set()
        await call
        await asyncio.sleep(0.02)
        return wire.happened

    assert PORTAL.run(main()) == ["answered", "closed"]


def test_a_wire_that_was_handed_in_stays_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch, "stop", lambda: None)

    async def main() -> list[str]:
        wire = Wire()
        wire.let.set()
        client = Client(wire=wire, environ={})
        client.services.register(Service(name="crm", base_url="https://crm.example"))
        await client.acall("crm", "GET /a")
        client.sandbox_off()
        await asyncio.sleep(0.02)
        await client.acall("crm", "GET /b")
        return wire.happened

    assert PORTAL.run(main()) == ["answered", "answered"]


def test_at_the_end_of_the_process_nothing_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> list[str]:
        wire = Wire()
        client = _client(wire, monkeypatch)
        pipeline: Pipeline = client.pipeline
        call = asyncio.create_task(client.acall("crm", "GET /a"))
        await wire.asked.wait()
        await pipeline.aclose(wait=False)
        happened = list(wire.happened)
        call.cancel()
        return happened

    assert PORTAL.run(main()) == ["closed"]
