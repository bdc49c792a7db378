"""Answers made to hurt whoever reads them, a server that gives them, and one client's memory and time under each.

`measure` runs server and client in processes of their own: what the server needs to make a bomb is not counted.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import resource
import subprocess
import sys
import time
import zlib
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    Parts = AsyncIterator[bytes]

OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
MEBI = 1 << 20


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def zeros(size: int) -> Iterator[bytes]:
    """Give the gzip of that many zero bytes, a mebibyte at a time; each later piece is the same bytes (full flush)."""
    pack = zlib.compressobj(9, zlib.DEFLATED, 31)
    block = bytes(MEBI)
    yield pack.compress(block) + pack.flush(zlib.Z_FULL_FLUSH)
    again = pack.compress(block) + pack.flush(zlib.Z_FULL_FLUSH)
    for _ in range(size // MEBI - 1):
        yield again


async def small() -> Parts:
    yield OK + b"Content-Length: 2\r\n\r\nok"


async def gzip_1_gib() -> Parts:
    yield OK + b"Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n"
    for piece in zeros(1024 * MEBI):
        yield chunk(piece)
    yield b"0\r\n\r\n"


async def gzip_in_one_piece() -> Parts:
    whole = b"".join(zeros(1024 * MEBI))
    yield OK + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(whole) + whole


async def gzip_64_mib() -> Parts:
    whole = b"".join(zeros(64 * MEBI))
    yield OK + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(whole) + whole


async def brotli() -> Parts:
    yield OK + b"Content-Encoding: br\r\nContent-Length: 800\r\n\r\n" + b"\x0b" * 800


async def zstd() -> Parts:
    yield OK + b"Content-Encoding: zstd\r\nContent-Length: 800\r\n\r\n" + b"\x28\xb5\x2f\xfd" * 200


async def gzip_of_gzip() -> Parts:
    twice = zlib.compressobj(9, zlib.DEFLATED, 31)
    inner = b"".join(map(twice.compress, zeros(1024 * MEBI))) + twice.flush()
    yield OK + b"Content-Encoding: gzip, gzip\r\nContent-Length: %d\r\n\r\n" % len(inner) + inner


async def empty_members() -> Parts:
    member = zlib.compressobj(9, zlib.DEFLATED, 31)
    empty = member.flush()
    yield OK + b"Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n"
    while True:
        yield chunk(empty * 3000)


async def endless_chunked() -> Parts:
    yield CHUNKED
    while True:
        yield chunk(b"x" * 65_536)


async def one_byte_chunks() -> Parts:
    yield CHUNKED
    while True:
        yield chunk(b"x") * 8192


async def chunk_extension() -> Parts:
    yield CHUNKED + b"5;"
    while True:
        yield b"x" * 65_536


async def chunk_size_digits() -> Parts:
    yield CHUNKED
    while True:
        yield b"0" * 65_536


async def length_too_small() -> Parts:
    yield OK + b"Content-Length: 5\r\n\r\n12345" + b"x" * 16_000_000


async def length_too_large() -> Parts:
    yield OK + b"Content-Length: 1000000\r\n\r\nonly this"


async def length_of_a_terabyte() -> Parts:
    yield OK + b"Content-Length: 1000000000000\r\n\r\n"
    while True:
        yield b"x" * 65_536


async def no_length() -> Parts:
    yield OK + b"Connection: close\r\n\r\n"
    while True:
        yield b"x" * 65_536


async def header_lines_80_mb() -> Parts:
    yield OK
    for number in range(80_000):
        yield b"X-%d: %s\r\n" % (number, b"y" * 1000)
    yield b"Content-Length: 2\r\n\r\nok"


async def one_header_80_mb() -> Parts:
    yield OK + b"X: "
    for _ in range(1250):
        yield b"y" * 65_536
    yield b"\r\nContent-Length: 2\r\n\r\nok"


async def status_line() -> Parts:
    yield b"HTTP/1.1 200 "
    while True:
        yield b"y" * 65_536


async def endless_trailers() -> Parts:
    yield CHUNKED + chunk(b"ok") + b"0\r\n"
    while True:
        yield b"X-Trailer: yyyyyyyyyyyyyyyy\r\n" * 2000


async def one_endless_trailer() -> Parts:
    yield CHUNKED + chunk(b"ok") + b"0\r\nX: "
    while True:
        yield b"y" * 65_536


async def early_hints() -> Parts:
    for _ in range(200):
        yield b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" * 1000
    yield OK + b"Content-Length: 2\r\n\r\nok"


async def endless_early_hints() -> Parts:
    while True:
        yield b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" * 1000


async def answers_nobody_asked_for() -> Parts:
    while True:
        yield (OK + b"Content-Length: 2\r\n\r\nok") * 1000


async def drip_body() -> Parts:
    yield OK + b"Content-Length: 1000\r\n\r\n"
    while True:
        yield b"x"
        await asyncio.sleep(0.5)


async def drip_headers() -> Parts:
    for letter in (OK + b"X: " + b"y" * 5000).decode():
        yield letter.encode()
        await asyncio.sleep(0.5)


async def drip_early_hints() -> Parts:
    while True:
        yield b"HTTP/1.1 103 Early Hints\r\n\r\n"
        await asyncio.sleep(0.5)


ATTACKS: dict[str, Callable[[], Parts]] = {
    make.__name__: make
    for make in (
        gzip_1_gib, gzip_in_one_piece, brotli, zstd, gzip_of_gzip, empty_members, endless_chunked, one_byte_chunks, chunk_extension,
        chunk_size_digits, length_too_small, length_too_large, length_of_a_terabyte, no_length, header_lines_80_mb, one_header_80_mb,
        status_line, endless_trailers, one_endless_trailer, early_hints, endless_early_hints, answers_nobody_asked_for, drip_body,
        drip_headers, drip_early_hints,
    )
}  # fmt: skip
PLAIN = {"small": small, "gzip_64_mib": gzip_64_mib}


def serve(ready: Any) -> None:
    """Answer `GET /NAME` with that attack until the client has enough."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                name = head.split(b" ")[1].decode().strip("/").partition("?")[0]
                async for part in {**PLAIN, **ATTACKS}[name]():
                    writer.write(part)
                    await writer.drain()
                if name != "small":
                    break
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def main() -> None:
        server = await asyncio.start_server(talk, "127.0.0.1", 0)
        ready.put(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(main())


@contextmanager
def server() -> Iterator[int]:
    """Run the server in a process of its own; gives its port."""
    context = multiprocessing.get_context("spawn")
    ready = context.Queue()
    process = context.Process(target=serve, args=(ready,), daemon=True)
    process.start()
    try:
        yield ready.get(timeout=20)
    finally:
        process.kill()
        process.join()


def measure(
    client: str, attack: str, port: int, *, limit: float = 10.0, python: str = sys.executable
) -> dict[str, Any]:
    """Return `outcome`, `grown` (MiB of peak memory) and `seconds` of one attack on one client (a function below)."""
    command = [python, str(Path(__file__)), client, attack, str(port), str(limit)]
    environ = {**os.environ, "PYTHONWARNINGS": "ignore"}
    most = limit + 25
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=most, env=environ)
    except subprocess.TimeoutExpired:
        return {"outcome": f"did not end in {most:.0f} s", "grown": float("nan"), "seconds": most}
    if done.returncode != 0:
        return {
            "outcome": f"ended with {done.returncode}: {done.stderr.strip()[-300:]}",
            "grown": float("nan"),
            "seconds": float("nan"),
        }
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def ours(port: int, limit: float) -> Callable[[str], str]:
    """Return `fetch_public` as a function of an attack's name; the host is public but for its socket."""
    import socket

    from flarex_nb.client import Client
    from flarex_nb.net.transport import Wire
    from flarex_nb.public import fetch

    def open_socket(family: int, kind: int, proto: int) -> socket.socket:
        class Detour(socket.socket):
            def connect(self, _: object) -> None:
                super().connect(("127.0.0.1", port))

        return Detour(socket.AF_INET, kind, proto)

    client = Client(wire=Wire(lookup=lambda *_: ["93.184.215.14"], open_socket=open_socket), environ={})
    return lambda attack: (
        fetch(
            client, f"http://bombs.test/{attack}", attempts=1, attempt_timeout=limit, deadline=limit + 5, cache="bypass"
        ).text
    )


def plain_httpx(port: int, limit: float) -> Callable[[str], str]:
    """Return bare httpx reading `.content`, with the same number as its timeout."""
    import httpx

    client = httpx.Client(timeout=limit)
    return lambda attack: client.get(f"http://127.0.0.1:{port}/{attack}").content[:100].decode("latin-1")


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _high_water() -> float:
    """Return the peak of resident memory since `_forget`, in MiB."""
    lines = Path("/proc/self/status").read_text().splitlines() if Path("/proc/self/status").exists() else []
    found = [line for line in lines if line.startswith("VmHWM")]
    return int(found[0].split()[1]) / 1024 if found else _peak()


def _forget() -> None:
    """Let the peak begin anew from what is held now (Linux)."""
    if Path("/proc/self/clear_refs").exists():
        Path("/proc/self/clear_refs").write_text("5")


def main() -> None:
    """Run one attack on one client and print what it cost."""
    client, attack, port, limit = sys.argv[1:]
    ask = globals()[client](int(port), float(limit))
    ask("small")  # imports and first allocations are no part of the attack
    _forget()
    before, began = _high_water(), time.monotonic()
    try:
        text = ask(attack)
        outcome = f"{len(text):,} characters"
    except Exception as error:  # noqa: BLE001 - whatever a client raises is its outcome
        outcome = f"{type(error).__name__}: {str(error)[:100]}"
    seconds = time.monotonic() - began
    print(json.dumps({"outcome": outcome, "grown": round(_high_water() - before, 1), "seconds": round(seconds, 2)}))  # noqa: T201
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
