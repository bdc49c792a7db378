"""Two real kernels and one Redis: one of them asks the server, the other has the answer."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from kernels import Kernel, start_kernel

pytestmark = [pytest.mark.kernel, pytest.mark.peers]

WORKSPACE = "visibly-fake-workspace-key-0123456789"
ASK = """
import json, time, flarex_nb as fx
fx.register(fx.Service(name="own", base_url="http://127.0.0.1:{port}", network="private"))
began = time.monotonic()
result = fx.call("own", "GET /x")
print(json.dumps([result.cache, result.json, list(result.warnings), time.monotonic() - began]))
"""


class Server(ThreadingHTTPServer):
    """Counts what it is asked and answers with the count."""

    asked = 0


class Answers(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.server.asked += 1
        body = json.dumps({"n": self.server.asked}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def service() -> Iterator[Server]:
    server = Server(("127.0.0.1", 0), Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def redis_port(tmp_path: Path) -> Iterator[int]:
    if not shutil.which("redis-server"):
        reason = "NOT RUN: two kernels on one Redis need redis-server (Debian: apt install redis-server)"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(tmp_path)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    ends = time.monotonic() + 10
    while time.monotonic() < ends:
        try:
            socket.create_connection(("127.0.0.1", port), 0.2).close()
            break
        except OSError:
            time.sleep(0.02)
    yield port
    process.kill()
    process.wait()


@pytest.fixture
def two(redis_port: int, tmp_path: Path) -> Iterator[Callable[[str], tuple[Kernel, Kernel]]]:
    started: list[Kernel] = []

    def start(key: str) -> tuple[Kernel, Kernel]:
        env = os.environ | {"REDIS_URL": f"redis://127.0.0.1:{redis_port}/0", "FLAREX_CACHE_KEY": key}
        started.extend(start_kernel(env, str(tmp_path)) for _ in range(2))
        return started[0], started[1]

    yield start
    for each in started:
        each.stop()


def asked_by(kernel: Kernel, service: Server) -> tuple[str, Any, list[str], float]:
    ran = kernel.run(ASK.format(port=service.server_address[1]))
    assert ran.status == "ok", ran.reply
    cache, body, warnings, seconds = json.loads(ran.stdout)
    return cache, body, [each for each in warnings if "REDIS_URL" in each], seconds


def test_with_one_key_two_kernels_send_one_request(two: Any, service: Server) -> None:
    one, other = two(WORKSPACE)

    first, second = asked_by(one, service), asked_by(other, service)

    assert (first[:3], second[:3]) == (("miss", {"n": 1}, []), ("hit", {"n": 1}, []))
    assert service.asked == 1


def test_without_a_key_two_kernels_share_nothing_and_each_says_so_once(two: Any, service: Server) -> None:
    one, other = two("")

    first, again, second = asked_by(one, service), asked_by(one, service), asked_by(other, service)

    assert [each[0] for each in (first, again, second)] == ["miss", "hit", "miss"]
    assert service.asked == 2
    assert [len(each[2]) for each in (first, again, second)] == [1, 0, 1]
    assert "FLAREX_CACHE_KEY" in first[2][0]
