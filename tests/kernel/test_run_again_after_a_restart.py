"""A POST whose cell is run again in a new kernel carries the key of the first time, and the server sees one operation."""

from __future__ import annotations

import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, ClassVar

import pytest

from kernels import start_kernel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from kernels import Kernel

CELL = '%%flarex_call shop\nPOST /orders\n\n{"item": "tea", "note": "for-ada"}'


class Shop(BaseHTTPRequestHandler):
    """Keeps the idempotency keys it is sent."""

    protocol_version = "HTTP/1.1"
    keys: ClassVar[list[str]] = []

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.keys.append(self.headers["Idempotency-Key"])
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def port() -> Iterator[int]:
    Shop.keys.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Shop)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


def fresh(folder: Path, port: int) -> Kernel:
    kernel = start_kernel({**os.environ, "IPYTHONDIR": str(folder / "ipython"), "HOME": str(folder)}, str(folder))
    ran = kernel.run(
        "%load_ext flarex_nb\nimport flarex_nb as fx\n"
        f"fx.register(fx.Service(name='shop', base_url='http://127.0.0.1:{port}', network='private',"
        " idempotency_header='Idempotency-Key'))"
    )
    assert ran.status == "ok", ran.reply
    return kernel


def test_the_same_cell_in_a_new_kernel_sends_the_same_key_and_says_so(tmp_path: Path, port: int) -> None:
    first = fresh(tmp_path, port)
    first.run(CELL)
    first.stop()  # killed, as in a crash: nothing is tidied up

    second = fresh(tmp_path, port)
    ran = second.run(CELL)
    second.stop()

    assert len(Shop.keys) == 2
    assert Shop.keys[0] == Shop.keys[1]
    told = " ".join(ran.plain.split())
    assert "idempotency key of the same request of 20" in told
    assert "ended with 200" in told
    assert "tea" not in (tmp_path / ".flarex" / "keys.jsonl").read_text()


def test_idempotency_new_and_another_body_are_other_operations(tmp_path: Path, port: int) -> None:
    kernel = fresh(tmp_path, port)

    kernel.run(CELL)
    kernel.run(CELL.replace("shop", "shop --idempotency new", 1))
    kernel.run(CELL.replace("tea", "coffee"))
    kernel.stop()

    assert len(set(Shop.keys)) == 3
