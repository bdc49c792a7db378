"""One real sandbox process for each test file, reset before each test."""

from __future__ import annotations

import http.client
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from flarex_nb.sandbox import launch


@pytest.fixture(scope="module")
def running(tmp_path_factory) -> Iterator[launch.Running]:
    found = launch.start(state_dir=tmp_path_factory.mktemp("state"))
    yield found
    launch.stop()


@pytest.fixture
def stripe(running) -> Iterator[httpx.Client]:
    launch.reset()
    key = running.keys["STRIPE_SECRET_KEY"]
    with httpx.Client(
        base_url=f"{running.origin}/stripe", headers={"Authorization": f"Bearer {key}"}, timeout=10
    ) as client:
        yield client


@dataclass(frozen=True)
class Wire:
    """What one request got on a bare socket: the bytes, and how the connection ended."""

    content: bytes
    end: str

    @property
    def head(self) -> str:
        return self.content.partition(b"\r\n\r\n")[0].decode()

    @property
    def body(self) -> bytes:
        return self.content.partition(b"\r\n\r\n")[2]

    @property
    def announced(self) -> int:
        lines = dict(line.lower().split(": ", 1) for line in self.head.split("\r\n")[1:])
        return int(lines["content-length"])


@pytest.fixture
def wire(running):
    """Return a function that asks once over a bare socket, and reads to the end, the timeout or the size given."""

    def ask(
        fault: str, path: str = "/stripe/v1/customers?limit=2", *, seconds: float = 3.0, most: int = 1 << 20
    ) -> Wire:
        key = running.keys["STRIPE_SECRET_KEY"]
        lines = [
            f"GET {path} HTTP/1.1",
            "Host: x",
            "Connection: close",
            f"Authorization: Bearer {key}",
            f"X-Flarex-Simulate: {fault}",
        ]
        with socket.create_connection((running.host, running.port), timeout=seconds) as sock:
            sock.sendall("\r\n".join([*lines, "", ""]).encode())
            return _read(sock, most)

    return ask


def _read(sock: socket.socket, most: int) -> Wire:
    content = b""
    while len(content) < most:
        try:
            piece = sock.recv(1 << 16)
        except ConnectionResetError:
            return Wire(content, "reset")
        except TimeoutError:
            return Wire(content, "timeout")
        if not piece:
            return Wire(content, "closed")
        content += piece
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return Wire(content, "enough")


@pytest.fixture
def control(running):
    """Return a function that asks a control endpoint with any token, and gives status and body."""

    def ask(method: str, verb: str, token: str | None = None) -> tuple[int, Any]:
        connection = http.client.HTTPConnection(running.host, running.port, timeout=5)
        headers = {} if token is None else {"X-Flarex-Sandbox-Token": token}
        connection.request(method, f"/_sandbox/{verb}", headers=headers)
        reply = connection.getresponse()
        content = reply.read()
        connection.close()
        return reply.status, content

    return ask
