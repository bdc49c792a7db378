"""A network of its own in which every address answers: what was refused is then seen, not inferred from a failure.

Run as a script it expects to be inside a private network namespace (`enter` starts it there): it makes every IPv4 and
IPv6 address local, listens on all of them, serves a zone of its own over DNS, and gives each client each case. A refusal
counts only when no TCP connection was accepted and none was begun (the kernel's own count of them).
"""

from __future__ import annotations

import importlib
import ipaddress
import json
import os
import shutil
import socket
import socketserver
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import trustme

V4, V4_OTHER, V6 = "93.184.215.14", "93.184.215.15", "2606:4700:4700::1111"
PUBLIC = frozenset({V4, V4_OTHER, V6})
PORTS = (22, 80, 443, 6379, 8080)
OPEN = frozenset({80, 443, 8080})
PROXY = "http://127.0.0.9:8080"

ALL_LOCAL = "ip link set lo up && ip route add local 0.0.0.0/0 dev lo && ip -6 route add local ::/0 dev lo"
"""What makes every address of the namespace this machine."""

ZONE: dict[str, list[list[str]]] = {
    "v4.test": [[V4]],
    "v6.test": [[V6]],
    "dual.test": [[V6, V4]],
    "other.test": [[V4_OTHER]],
    "loop.test": [["127.0.0.1"]],
    "loop6.test": [["::1"]],
    "lan.test": [["192.168.0.10"]],
    "meta.test": [["169.254.169.254"]],
    "metadata.google.internal": [["169.254.169.254"]],
    "azure.test": [["168.63.129.16"]],
    "mapped.test": [["::ffff:127.0.0.1"]],
    "nat64.test": [["64:ff9b::7f00:1"]],
    "site.test": [["fec0::1"]],
    "mixed-first.test": [["127.0.0.1", V4]],
    "mixed-last.test": [[V4, "127.0.0.1"]],
    "mixed-six.test": [[V4, "::1"]],
    "mixed-four.test": [[V6, "10.0.0.1"]],
    "many.test": [[f"93.184.215.{n}" for n in range(14, 22)] + ["10.0.0.1"]],
    "turns.test": [[V4], ["127.0.0.1"]],
    "turns-back.test": [["127.0.0.1"], [V4]],
    "cname.test": [["CNAME loop.test"]],
    "cname-cname.test": [["CNAME cname.test"]],
    "cname-public.test": [["CNAME v4.test"]],
}
"""Each name's answers in turn, the last one again and again; a turn is one question for IPv4 addresses."""


@dataclass(frozen=True)
class Accepted:
    """One TCP connection as the listener saw it: which address and port were dialled."""

    address: str
    port: int

    @property
    def allowed(self) -> bool:
        return self.address in PUBLIC and self.port in OPEN


@dataclass
class Seen:
    """What one client did with one case: the outcome in words, what was accepted, how many connections were begun."""

    outcome: str
    accepted: list[Accepted] = field(default_factory=list)
    begun: int = 0
    seconds: float = 0.0

    @property
    def let_through(self) -> bool:
        """Whether a connection went where none may go."""
        return any(not each.allowed for each in self.accepted)

    @property
    def silent(self) -> bool:
        """Whether no connection at all was made, nor begun."""
        return not self.accepted and not self.begun

    @classmethod
    def read(cls, data: dict[str, Any]) -> Seen:
        return cls(**{**data, "accepted": [Accepted(**each) for each in data["accepted"]]})


def why_not() -> str:
    """Return why no private network can be made here, "" when it can."""
    missing = [tool for tool in ("unshare", "ip", "mount") if shutil.which(tool) is None]
    if missing:
        return f"{' and '.join(missing)} not found (util-linux, iproute2)"
    tried = subprocess.run(
        [*_unshare(), "sh", "-ec", f"{ALL_LOCAL} && mount --bind /etc/hosts /etc/hosts"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return "" if tried.returncode == 0 else f"no right to make a network namespace: {tried.stderr.strip()}"


def _unshare() -> list[str]:
    return ["unshare", "--net", "--mount", *([] if os.geteuid() == 0 else ["--map-root-user"])]


def enter(clients: list[str], *, python: str = sys.executable, timeout: float = 240) -> dict[str, dict[str, Seen]]:
    """Return what each client did with each case (`ssrf_cases.CASES`), by client and case.

    A client is "module:function" of `tests/support`; the function takes a URL and a CA file, and returns a status.
    """
    with tempfile.TemporaryDirectory() as folder:
        resolv, answer = Path(folder) / "resolv.conf", Path(folder) / "answer.json"
        resolv.write_text("nameserver 127.0.0.53\noptions timeout:1 attempts:1\n")
        script = f'{ALL_LOCAL} && mount --bind {resolv} /etc/resolv.conf && exec "$@"'
        command = [python, str(Path(__file__)), str(answer), *clients]
        environ = {**os.environ, "PYTHONWARNINGS": "ignore"}
        done = subprocess.run(
            [*_unshare(), "sh", "-ec", script, "sh", *command],
            capture_output=True, text=True, check=False, timeout=timeout, env=environ,
        )  # fmt: skip
        if done.returncode != 0:
            raise RuntimeError(done.stderr[-4000:] or f"ended with {done.returncode}")
        found = json.loads(answer.read_text())
    return {client: {case: Seen.read(seen) for case, seen in cases.items()} for client, cases in found.items()}


class World:
    """The listeners and the name server; `watch` runs one thing and tells what it connected to."""

    def __init__(self, folder: Path) -> None:
        self.accepted: list[Accepted] = []
        self.turns: dict[str, int] = {}
        authority = trustme.CA()
        self.authority = folder / "ca.pem"
        authority.cert_pem.write_to_path(self.authority)
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(*ZONE, V4, V4_OTHER, V6).configure_cert(self._tls)
        for family, any_address in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):
            for port in PORTS:
                self._listen(family, any_address, port)
        self._answer_names()

    def watch(self, work: Any) -> Seen:
        """Run the work, and return what came of it and what was dialled."""
        self.turns.clear()
        self.accepted.clear()
        before, began = _begun(), time.monotonic()
        try:
            outcome = str(work())
        except Exception as error:  # noqa: BLE001 - whatever a client raises is its outcome
            outcome = f"{type(error).__name__}: {str(error)[:160]}"
        time.sleep(0.02)  # a connection that was made is accepted a moment later
        return Seen(outcome, list(self.accepted), _begun() - before, round(time.monotonic() - began, 3))

    def _listen(self, family: int, address: str, port: int) -> None:
        listener = socket.socket(family)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind((address, port))
        listener.listen(256)
        threading.Thread(target=self._accept, args=(listener, port), daemon=True).start()

    def _accept(self, listener: socket.socket, port: int) -> None:
        while True:
            connection, _ = listener.accept()
            address = str(ipaddress.ip_address(connection.getsockname()[0].partition("%")[0]))
            self.accepted.append(Accepted(address, port))
            threading.Thread(target=self._serve, args=(connection, port), daemon=True).start()

    def _serve(self, connection: socket.socket, port: int) -> None:
        try:
            connection.settimeout(5)
            if port == 443:
                connection = self._tls.wrap_socket(connection, server_side=True)
            head = b""
            while b"\r\n\r\n" not in head and (more := connection.recv(4096)):
                head += more
            connection.sendall(_answer(head.split(b" ")[1].decode() if b" " in head else "/"))
        except OSError:
            pass
        finally:
            connection.close()

    def _answer_names(self) -> None:
        world = self

        class Names(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                data, out = self.request
                out.sendto(world._reply(data), self.client_address)

        server = socketserver.ThreadingUDPServer(("127.0.0.53", 53), Names)
        threading.Thread(target=server.serve_forever, daemon=True).start()

    def _reply(self, data: bytes) -> bytes:
        """Return the answer to one question (RFC 1035 4)."""
        labels, at = [], 12
        while data[at]:
            labels.append(data[at + 1 : at + 1 + data[at]].decode().lower())
            at += data[at] + 1
        kind = struct.unpack("!H", data[at + 1 : at + 3])[0]
        records = self._records(".".join(labels), kind)
        known = ".".join(labels) in ZONE
        flags = 0x8580 if known else 0x8583
        return data[:2] + struct.pack("!HHHHH", flags, 1, len(records), 0, 0) + data[12 : at + 5] + b"".join(records)

    def _records(self, name: str, kind: int) -> list[bytes]:
        answers = ZONE.get(name, [[]])
        turn = self.turns.get(name, 0)
        if kind == 1:
            self.turns[name] = turn + 1
        records = []
        for text in answers[min(turn, len(answers) - 1)]:
            if text.startswith("CNAME "):
                to = text.removeprefix("CNAME ")
                records += [_record(name, 5, _name(to)), *self._records(to, kind)]
            else:
                packed = ipaddress.ip_address(text).packed
                if kind == {4: 1, 16: 28}[len(packed)]:
                    records.append(_record(name, kind, packed))
        return records


def _name(text: str) -> bytes:
    return b"".join(bytes([len(label)]) + label.encode() for label in text.split(".")) + b"\0"


def _record(name: str, kind: int, data: bytes) -> bytes:
    return _name(name) + struct.pack("!HHIH", kind, 1, 0, len(data)) + data


def _answer(target: str) -> bytes:
    """Return what every address answers: 200, or the status and Location its path asks for."""
    asked = {name: values[0] for name, values in parse_qs(urlsplit(target).query).items()}
    status, location = asked.get("status", "200"), asked.get("to", "")
    line = f"HTTP/1.1 {302 if location else status} Told\r\n"
    more = f"Location: {location}\r\n" if location else ""
    return f"{line}{more}Content-Type: text/plain\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok".encode("latin-1")


def _begun() -> int:
    """Return how many TCP connections were begun in this network so far, whatever became of them."""
    lines = [line.split() for line in Path("/proc/net/snmp").read_text().splitlines() if line.startswith("Tcp:")]
    return int(lines[1][lines[0].index("ActiveOpens")])


def main() -> None:
    """Give each client each case and write down what was seen."""
    from ssrf_cases import CASES

    answer, *clients = sys.argv[1:]
    found: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder))
        for client in clients:
            module, _, function = client.partition(":")
            fetch = getattr(importlib.import_module(module), function)
            found[client] = {}
            for case in CASES:
                os.environ.update(dict.fromkeys(("HTTP_PROXY", "http_proxy", "ALL_PROXY"), PROXY) if case.proxy else {})
                seen = world.watch(lambda url=case.url, fetch=fetch: fetch(url, str(world.authority)))
                for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
                    os.environ.pop(name, None)
                found[client][case.name] = asdict(seen)
    Path(answer).write_text(json.dumps(found))
    sys.stdout.flush()
    os._exit(0)  # the listeners' threads have nothing to finish


if __name__ == "__main__":
    main()
