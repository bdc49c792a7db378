"""The desk in front of one look-alike: reads the request, keeps the journal, follows the script of faults."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from flarex_nb.sandbox.exchange import Answer, Ask
from flarex_nb.sandbox.faults import EFFECTS, Turn
from flarex_nb.sandbox.script import NORMAL, BadScript, Item, Turns, parse

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    from flarex_nb.sandbox.exchange import Provider
    from flarex_nb.sandbox.journal import Journal

    Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
    Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

MAX_BODY = 8 * 1024 * 1024


class Desk:
    """An ASGI application mounted at the service's name."""

    def __init__(self, provider: Provider, journal: Journal) -> None:
        """Serve `provider` and write into `journal`."""
        self.name = provider.name
        self._provider = provider
        self._journal = journal
        self._turns = Turns()

    def reset(self) -> None:
        """Forget every call's turn and reseed the look-alike."""
        self._turns.clear()
        self._provider.reset()

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request."""
        body = await _body(receive)
        if body is None:
            return
        ask = _ask(scope, self.name, body)
        admission = self._provider.admit(ask)
        entry = self._journal.open(self.name, ask, admission.state)
        item = NORMAL
        answer: Answer | None = admission.refusal
        if answer is None:
            item, answer = self._item(ask)
        if item is not NORMAL:
            entry["fault"] = item.text
        turn = self._turn(scope, receive, send, ask, item)
        answer = await turn.reply(answer) if answer is not None else await self._act(turn, ask)
        if answer is not None:
            self._journal.close(entry, answer)

    def _item(self, ask: Ask) -> tuple[Item, Answer | None]:
        if len(ask.body) > MAX_BODY:
            return NORMAL, self._provider.complain(ask, f"the body is larger than {MAX_BODY} bytes")
        try:
            items = parse(ask.headers.get("x-flarex-simulate", ""))
        except BadScript as refusal:
            return NORMAL, self._provider.complain(ask, f"X-Flarex-Simulate: {refusal}")
        page = f"{ask.method} {ask.path}?{ask.query}"
        return self._turns.take(ask.headers.get("x-flarex-call", ""), page, items), None

    async def _act(self, turn: Turn, ask: Ask) -> Answer | None:
        item = turn.item
        if item.name:
            if item.latency:
                await asyncio.sleep(item.latency)
            return await EFFECTS[item.name](turn)
        if item.status == NORMAL.status:
            answer = await self._provider.answer(ask, item.latency)
            return await turn.reply(Answer(answer.status, answer.body, _merged(answer, item), answer.replayed))
        await asyncio.sleep(item.latency)
        answer = self._provider.simulate(ask, item)
        return await turn.reply(Answer(answer.status, answer.body, _merged(answer, item)))

    def _turn(self, scope: MutableMapping[str, Any], receive: Receive, send: Send, ask: Ask, item: Item) -> Turn:
        target = f"/{self.name}{ask.path}" + (f"?{ask.query}" if ask.query else "")
        return Turn(
            item=item,
            target=target,
            port=scope["server"][1],
            carry_out=lambda: self._provider.answer(ask),
            misshape=self._provider.misshape,
            send=send,
            receive=receive,
            transport=scope["state"]["transport"],
        )


def _merged(answer: Answer, item: Item) -> tuple[tuple[str, str], ...]:
    asked = {name for name, _ in item.headers}
    return (*(line for line in answer.headers if line[0].lower() not in asked), *item.headers)


def _ask(scope: MutableMapping[str, Any], name: str, body: bytes) -> Ask:
    return Ask(
        method=scope["method"],
        path=scope["path"].removeprefix(f"/{name}"),
        query=scope["query_string"].decode("latin-1"),
        headers={key.decode("latin-1"): value.decode("latin-1") for key, value in scope["headers"]},
        body=body,
    )


async def _body(receive: Receive) -> bytes | None:
    """Return the whole body, no more than one piece over the cap; None when the client left before its end."""
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        chunk = message.get("body", b"")
        if size <= MAX_BODY:
            parts.append(chunk)
        size += len(chunk)
        if not message.get("more_body", False):
            return b"".join(parts)
