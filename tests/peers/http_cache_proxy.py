"""A proxy whose client is ours in "http" mode: what the cache suite talks to. Run as a script: port, origin's port.

Each test of the suite gets a loopback address of its own as its origin, so that the breaker of one test's failures is
not open in another's.
"""

from __future__ import annotations

import hashlib
import http.client
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from flarex_nb.catalog.profile import Service
from flarex_nb.client import Client
from flarex_nb.errors import FlarexError
from flarex_nb.model import CallOptions, CallRequest, NoBody, RawBody
from flarex_nb.settings import Settings

_NOT_OURS = {"host", "connection", "content-length", "accept-encoding", "transfer-encoding", "te", "upgrade"}
_NOT_THEIRS = {"connection", "keep-alive", "transfer-encoding", "content-length"}
_METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "M-SEARCH")

CLIENT = Client(Settings(cache_mode="http", cache_entries=10_000), environ={})
_registering = threading.Lock()


def service_for(test: str, port: int) -> str:
    """Return the service that stands for the origin of one test."""
    digest = hashlib.sha256(test.encode()).digest()
    name = f"t{digest.hex()[:16]}"
    host = f"127.{digest[0]}.{digest[1]}.{1 + digest[2] % 250}"
    with _registering:
        if name not in CLIENT.services.names():
            CLIENT.services.register(Service(name=name, base_url=f"http://{host}:{port}", network="private"))
    return name


class Handler(BaseHTTPRequestHandler):
    """Hands every request of a test to the client; the suite's own bookkeeping goes straight to its server."""

    protocol_version = "HTTP/1.1"
    origin = 8000

    def do(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        if self.path.startswith("/test/"):
            self._answer(*self._ours(body))
        else:
            self._answer(*self._straight(body))

    def _straight(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.origin)
        connection.request(self.command, self.path, body, {"Content-Type": "application/json"})
        reply = connection.getresponse()
        content = reply.read()
        connection.close()
        return reply.status, [("Content-Type", "text/plain")], content

    def _ours(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        parts = urlsplit(self.path)
        request = CallRequest(
            service=service_for(parts.path.split("/")[2], self.origin),
            method=self.command,
            target=parts.path,
            query=tuple(parse_qsl(parts.query, keep_blank_values=True)),
            headers=tuple((name, value) for name, value in self.headers.items() if name.lower() not in _NOT_OURS),
            body=RawBody(body) if body else NoBody(),
            options=CallOptions(attempts=1, check=False, raw=True),
        )
        try:
            reply = CLIENT.run(request).reply
        except FlarexError as error:
            if error.reply is None:
                return 502, [("Content-Type", "text/plain")], f"{error.kind}: {error}".encode()
            reply = error.reply
        return reply.status, list(reply.headers), reply.content

    def _answer(self, status: int, headers: list[tuple[str, str]], content: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in _NOT_THEIRS:
                self.send_header(name, value)
        bodiless = status in {204, 304} or self.command == "HEAD"
        if status not in {204, 304}:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if not bodiless:
            self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Say nothing: the suite's own output is what is read."""


for method in _METHODS:
    setattr(Handler, f"do_{method}", Handler.do)


if __name__ == "__main__":
    Handler.origin = int(sys.argv[2])
    ThreadingHTTPServer.daemon_threads = True
    ThreadingHTTPServer.request_queue_size = 256
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
