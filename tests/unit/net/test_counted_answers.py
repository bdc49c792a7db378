"""What comes in for one answer is counted whole: what is no body has an end as well."""

from __future__ import annotations

import asyncio

import pytest

from flarex_nb.errors import ResponseTooLarge
from flarex_nb.model import Reach
from flarex_nb.net.counted import FRAMING, HEAD

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def chunked(size: int, piece: int) -> bytes:
    return CHUNKED + (b"%x\r\n%s\r\n" % (piece, b"x" * piece)) * (size // piece) + b"0\r\n\r\n"


def capped(server, cap: int) -> Reach:
    return Reach(server.reach.private, max_wire_bytes=cap, max_bytes=cap)


@pytest.mark.parametrize("piece", [50, 1000, 65_536])
def test_a_body_at_its_cap_comes_whole_in_chunks_of_any_usual_size(net, piece) -> None:
    size = 3_000_000 // piece * piece

    async def main() -> int:
        async with net.serving(chunked(size, piece)) as server, net.wire() as wire:
            return len((await wire.send(server.out(), capped(server, size))).content)

    assert net.run(main()) == size


def test_the_count_begins_anew_with_each_answer_on_a_kept_connection(net) -> None:
    cap = 600_000

    async def main() -> int:
        async with net.serving(chunked(cap, 1000)) as server, net.wire() as wire:
            for _ in range(12):  # together more than the connection may bring for one
                await wire.send(server.out(), capped(server, cap))
            return server.accepted

    assert 12 * cap > HEAD + FRAMING * cap
    assert net.run(main()) == 1


@pytest.mark.parametrize(
    ("start", "again", "most"),
    [
        (b"", b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" * 500, HEAD),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 500, HEAD),
        (CHUNKED + b"5;", b"x" * 20_000, HEAD + FRAMING * 1000),
        (CHUNKED, b"0" * 20_000, HEAD + FRAMING * 1000),
    ],
)
def test_what_is_no_body_ends_as_well_and_closes_the_connection(net, start, again, most) -> None:
    sent = 0

    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(start)
        while not writer.is_closing():
            writer.write(again)
            sent += len(again)
            await writer.drain()

    async def main() -> ResponseTooLarge:
        async with net.serving(flood) as server, net.wire() as wire:
            async with asyncio.timeout(20):
                with pytest.raises(ResponseTooLarge) as caught:
                    await wire.send(server.out(), capped(server, 1000))
        return caught.value

    error = net.run(main())

    assert error.sent == "yes"
    assert f"more than {most:,} bytes" in error.message
    assert sent < most + 12 * 2**20  # the rest stood in buffers of the system
