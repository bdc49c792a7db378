"""What each named fault does on the wire.

An effect gets a `Turn`: the request, the way to carry it out, and the connection itself. Those that no HTTP server
would send (a reset, a promise of more bytes than come) write to the transport directly.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import zlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import orjson

from flarex_nb.sandbox.exchange import Answer

if TYPE_CHECKING:
    from flarex_nb.sandbox.exchange import Json
    from flarex_nb.sandbox.script import Item

PULSE = 0.25
BOMB_MIB = 1024
BOMB_CRC = 0x5B64C2B0
"""Of that many MiB of zeros: unpacking needs it right, and computing it would cost the server a second."""
_ZEROS = bytes(1 << 20)
_JSON = (("content-type", "application/json"),)


@dataclass(frozen=True, slots=True)
class Turn:
    """One request that gets a fault.

    `carry_out` serves it normally and returns the answer without sending it. `send` and `receive` are ASGI's;
    `transport` is the connection. `port` is the server's, `target` the request's path and query.
    """

    item: Item
    target: str
    port: int
    carry_out: Callable[[], Awaitable[Answer]]
    misshape: Callable[[Json], Json]
    send: Callable[[dict[str, Any]], Awaitable[None]]
    receive: Callable[[], Awaitable[Any]]
    transport: asyncio.Transport

    async def reply(self, answer: Answer) -> Answer:
        """Send a whole answer, and return it for the journal."""
        await self.begin(answer, len(answer.body))
        await self.send({"type": "http.response.body", "body": answer.body})
        return answer

    async def begin(self, answer: Answer, length: int | None) -> None:
        """Send status and headers; `length` None means the body has no announced end."""
        lines = [(name.lower().encode(), value.encode()) for name, value in answer.headers]
        if length is not None:
            lines.append((b"content-length", str(length).encode()))
        await self.send({"type": "http.response.start", "status": answer.status, "headers": lines})

    async def piece(self, content: bytes, *, last: bool = False) -> None:
        """Send a part of the body."""
        await self.send({"type": "http.response.body", "body": content, "more_body": not last})

    async def gone(self) -> None:
        """Return when the client has left, or the connection is closed from here."""
        while (await self.receive())["type"] != "http.disconnect":
            pass

    async def hang_up(self, *, reset: bool = False) -> None:
        """Close the connection: what was written still goes out, unless `reset` sends a TCP RST."""
        if reset:
            sock: socket.socket = self.transport.get_extra_info("socket")
            with contextlib.suppress(OSError):  # the client was quicker
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.transport.abort()
        else:
            self.transport.close()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.gone(), 5.0)
        self.transport.abort()

    async def while_connected(self, work: Awaitable[None], seconds: float | None = None) -> None:
        """Do `work` until it ends, the client leaves, or the time is over."""
        tasks = {asyncio.ensure_future(work), asyncio.ensure_future(self.gone())}
        _, pending = await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        for task in pending:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


Effect: TypeAlias = Callable[[Turn], Awaitable[Answer | None]]


async def _reset(turn: Turn) -> None:
    await turn.hang_up(reset=True)


async def _close(turn: Turn) -> None:
    await turn.hang_up()


async def _lost_reply(turn: Turn) -> None:
    await turn.carry_out()
    await turn.hang_up(reset=True)


async def _hang(turn: Turn) -> None:
    await turn.while_connected(asyncio.sleep(turn.item.seconds))
    await turn.hang_up()


async def _truncate(turn: Turn) -> None:
    answer = await turn.carry_out()
    head = [f"HTTP/1.1 {answer.status} OK", *(f"{name}: {value}" for name, value in answer.headers)]
    head.append(f"content-length: {len(answer.body)}")
    kept = answer.body[: len(answer.body) // 2]
    turn.transport.write("\r\n".join([*head, "", ""]).encode() + kept)
    await turn.hang_up()


async def _drip(turn: Turn) -> None:
    answer = await turn.carry_out()
    await turn.begin(answer, len(answer.body))

    async def trickle() -> None:
        for place in range(len(answer.body)):
            await turn.piece(answer.body[place : place + 1], last=place + 1 == len(answer.body))
            await asyncio.sleep(PULSE)

    await turn.while_connected(trickle(), turn.item.seconds)
    await turn.hang_up()


async def _drip_headers(turn: Turn) -> None:
    turn.transport.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx-drip: ")

    async def trickle() -> None:
        while True:
            turn.transport.write(b"x")
            await asyncio.sleep(PULSE)

    await turn.while_connected(trickle(), turn.item.seconds)
    await turn.hang_up()


async def _slow(turn: Turn) -> Answer:
    answer = await turn.carry_out()
    await turn.begin(answer, len(answer.body))
    step = max(1, -(-len(answer.body) // 20))
    pieces = [answer.body[place : place + step] for place in range(0, len(answer.body), step)] or [b""]

    async def spread() -> None:
        for number, piece in enumerate(pieces, start=1):
            await asyncio.sleep(turn.item.seconds / len(pieces))
            await turn.piece(piece, last=number == len(pieces))

    await turn.while_connected(spread())
    return answer


async def _bad_json(turn: Turn) -> Answer:
    answer = await turn.carry_out()
    return await turn.reply(Answer(200, answer.body[: max(1, len(answer.body) * 2 // 3)] + b'"', answer.headers))


async def _wrong_schema(turn: Turn) -> Answer:
    answer = await turn.carry_out()
    body = orjson.dumps(turn.misshape(orjson.loads(answer.body)))
    return await turn.reply(Answer(200, body, answer.headers))


async def _html(turn: Turn) -> Answer:
    page = b"<html>\n<head><title>502 Bad Gateway</title></head>\n<body><h1>502 Bad Gateway</h1></body>\n</html>\n"
    return await turn.reply(Answer(502, page, (("content-type", "text/html"),)))


def _redirect(location: Callable[[Turn], str]) -> Effect:
    async def effect(turn: Turn) -> Answer:
        return await turn.reply(Answer(302, b"", (("location", location(turn)),)))

    return effect


async def _gzip_bomb(turn: Turn) -> Answer:
    """Repeat one full-flushed deflate piece: a MiB of zeros costs about a kilobyte and no time to make again."""
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    piece = squeeze.compress(_ZEROS) + squeeze.flush(zlib.Z_FULL_FLUSH)
    head = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff"
    end = b"\x03\x00"
    answer = Answer(200, b"", (*_JSON, ("content-encoding", "gzip")))
    await turn.begin(answer, len(head) + BOMB_MIB * len(piece) + len(end) + 8)

    async def pour() -> None:
        await turn.piece(head)
        for _ in range(BOMB_MIB):
            await turn.piece(piece)
            await asyncio.sleep(0)
        await turn.piece(end + struct.pack("<II", BOMB_CRC, BOMB_MIB << 20), last=True)

    await turn.while_connected(pour())
    return answer


async def _huge(turn: Turn) -> Answer:
    answer = Answer(200, b"", _JSON)
    await turn.begin(answer, None)

    async def pour() -> None:
        await turn.piece(b'{"object": "list", "data": ["')
        while True:
            await turn.piece(b"flarex " * 9362)
            await asyncio.sleep(0)

    await turn.while_connected(pour())
    await turn.hang_up(reset=True)
    return answer


EFFECTS: dict[str, Effect] = {
    "reset": _reset,
    "close": _close,
    "truncate": _truncate,
    "drip": _drip,
    "drip-headers": _drip_headers,
    "hang": _hang,
    "bad-json": _bad_json,
    "wrong-schema": _wrong_schema,
    "html": _html,
    "redirect-private": _redirect(lambda _: "http://169.254.169.254/latest/meta-data/"),
    "redirect-same": _redirect(lambda turn: turn.target),
    "redirect-out": _redirect(lambda turn: f"http://localhost:{turn.port}{turn.target}"),
    "gzip-bomb": _gzip_bomb,
    "huge": _huge,
    "lost-reply": _lost_reply,
    "slow": _slow,
}
