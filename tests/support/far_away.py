"""Public hosts that are on this machine: real names, real TLS, the real guard and wire; only the socket goes elsewhere.

`FarAway` answers every request of every host with what a function says, and keeps the bytes that came.
"""

from __future__ import annotations

import socket
import ssl
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

import trustme

if TYPE_CHECKING:
    from collections.abc import Callable

ADDRESSES = {"api.stripe.com": "93.184.215.14", "crm.example": "93.184.215.15", "evil.test": "93.184.215.16"}
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


class Last(bytes):
    """An answer after which the server hangs up."""


@dataclass(frozen=True)
class Came:
    """One request as it arrived: the host it was for, its head and its body."""

    host: str
    head: str
    body: bytes = b""

    @property
    def target(self) -> str:
        return self.head.split(" ")[1]

    def header(self, name: str) -> str | None:
        for line in self.head.split("\r\n")[1:]:
            key, _, value = line.partition(": ")
            if key.lower() == name.lower():
                return value
        return None


def answer(status: int = 200, body: bytes = b"{}", **headers: str) -> bytes:
    """Return an answer; keyword names become header names with hyphens."""
    headers = {"Content_Type": "application/json", "Content_Length": str(len(body)), **headers}
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {status} Told\r\n{lines}\r\n".encode("latin-1") + body


@dataclass
class FarAway:
    """The hosts of ADDRESSES, over TLS and over plain HTTP; `says` gives the answer to a request."""

    says: Callable[[Came], bytes] = lambda _came: OK
    came: list[Came] = field(default_factory=list)
    connected: list[str] = field(default_factory=list)

    def __enter__(self) -> Self:
        authority = trustme.CA()
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(*ADDRESSES).configure_cert(self._tls)
        self.trust = ssl.create_default_context()
        authority.configure_trust(self.trust)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)

    def lookup(self, host: str, port: int) -> list[str]:
        """Answer as a name server would."""
        if host not in ADDRESSES:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [ADDRESSES[host]]

    def open_socket(self, family: int, kind: int, proto: int) -> socket.socket:
        """Return a socket that goes to this server, whatever address it is told."""
        far = self

        class Detour(socket.socket):
            def connect(self, address: Any) -> None:
                far.connected.append(address[0])
                super().connect(("127.0.0.1", far.port))

        return Detour(socket.AF_INET, kind, proto)

    def hosts(self) -> list[str]:
        """Return the hosts that got a request, in order."""
        return [each.host for each in self.came]

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError):
            connection.settimeout(10)
            if connection.recv(1, socket.MSG_PEEK) == b"\x16":  # a TLS handshake begins so
                connection = self._tls.wrap_socket(connection, server_side=True)
            with connection, connection.makefile("rb") as stream:
                while (came := _read(stream)) is not None:
                    self.came.append(came)
                    connection.sendall(said := self.says(came))
                    if isinstance(said, Last):
                        return


def _read(stream: Any) -> Came | None:
    lines = []
    while (line := stream.readline()) not in {b"\r\n", b""}:
        lines.append(line.decode("latin-1").rstrip("\r\n"))
    if not lines:
        return None
    came = Came("", "\r\n".join(lines))
    body = stream.read(int(came.header("content-length") or 0))
    return Came((came.header("host") or "").partition(":")[0], came.head, body)
