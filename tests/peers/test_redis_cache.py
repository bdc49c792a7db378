"""The shared cache over a real Redis: shared, sealed, and never in the way, whatever happens to the server."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import trustme

from flarex_nb.client import Client
from flarex_nb.clock import RealClock
from flarex_nb.portal import PORTAL
from flarex_nb.settings import Settings
from scripted import KEY, reply

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from flarex_nb.model import Reply

SUPPORT = Path(__file__).parents[1] / "support"
WORKSPACE = "visibly-fake-workspace-key-0123456789"
BODY = {"id": "ch_1", "note": "PLAINTEXT-CANARY"}


@dataclass
class RedisServer:
    """One server process; `folder` is where it dumps."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self, *more: str) -> None:
        command = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
                   "--dir", str(self.folder), *more]  # fmt: skip
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        ends = time.monotonic() + 10
        while time.monotonic() < ends:
            try:
                socket.create_connection(("127.0.0.1", self.port), 0.2).close()
            except OSError:
                time.sleep(0.02)
            else:
                return
        raise TimeoutError(self.url)

    def send(self, number: signal.Signals) -> None:
        assert self.process is not None
        os.kill(self.process.pid, number)

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def plain(self, *command: str | bytes) -> Any:
        """Return what a client of redis-py's own gets."""
        import redis

        with redis.Redis(port=self.port, socket_timeout=5) as client:
            return client.execute_command(*command)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    """Start a Redis; without one the test is skipped aloud, and fails in continuous integration."""
    missing = [] if shutil.which("redis-server") else ["redis-server (Debian: apt install redis-server)"]
    try:
        import redis  # noqa: F401 - only whether it is there
    except ModuleNotFoundError:
        missing.append("the redis package (pip install 'flarex_nb[redis]')")
    if missing:
        reason = f"NOT RUN: the tests of the shared cache need {' and '.join(missing)}"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        made = RedisServer(tmp_path, probe.getsockname()[1])
    made.start()
    yield made
    made.kill()


@dataclass
class Wire:
    """Counts what is sent; answers after `delay` seconds."""

    answer: Callable[[int], Reply] = field(default=lambda _n: reply(200, BODY, Set_Cookie="sid=COOKIE-CANARY"))
    delay: float = 0.0
    sent: int = 0

    async def send(self, out: Any, reach: Any, progress: Any = None) -> Reply:
        self.sent += 1
        number = self.sent
        if self.delay:
            await asyncio.sleep(self.delay)
        return self.answer(number)


@dataclass
class Kernel:
    """A client as another kernel would have it."""

    client: Client
    wire: Wire

    def call(self, request: str = "GET /v1/charges/ch_1", **arguments: Any) -> Any:
        return self.client.call("stripe", request, **arguments)

    @property
    def cache(self) -> Any:
        return self.client.pipeline.cache


@pytest.fixture
def kernel(server: RedisServer, tmp_path: Path) -> Iterator[Callable[..., Kernel]]:
    made: list[Kernel] = []

    def make(
        *, wire: Wire | None = None, secret: str = KEY, key: str = WORKSPACE, url: str = "", settings: Any = None
    ) -> Kernel:
        wire = wire or Wire()
        environ = {"STRIPE_SECRET_KEY": secret, "REDIS_URL": url or server.url, "FLAREX_CACHE_KEY": key}
        client = Client(settings or Settings(), clock=RealClock(), wire=wire, environ=environ, folder=tmp_path)
        made.append(Kernel(client, wire))
        return made[-1]

    yield make
    for each in made:
        PORTAL.run(each.cache.aclose())


def timed(work: Callable[[], Any]) -> float:
    began = time.monotonic()
    work()
    return time.monotonic() - began


def warnings_of(results: list[Any]) -> list[str]:
    return [warning for result in results for warning in result.warnings if "REDIS_URL" in warning]


def test_two_kernels_with_one_workspace_key_share_an_answer(kernel: Callable[..., Kernel]) -> None:
    one, two = kernel(), kernel()

    first, second = one.call(), two.call()

    assert (first.cache, second.cache) == ("miss", "hit")
    assert second.json == first.json
    assert (one.wire.sent, two.wire.sent) == (1, 0)
    assert second.age < 5
    assert warnings_of([first, second]) == []
    assert [entry.address for entry in two.cache.entries()] == ["https://api.stripe.com/v1/charges/ch_1"]


def test_case_37_two_credentials_never_share(kernel: Callable[..., Kernel]) -> None:
    one, two = kernel(), kernel(secret="sk_sandbox_" + "z" * 24)

    assert (one.call().cache, two.call().cache) == ("miss", "miss")
    assert (one.wire.sent, two.wire.sent) == (1, 1)


@pytest.mark.parametrize("key", ["", "too-short"])
def test_without_a_workspace_key_nothing_is_shared_and_that_is_said_once(
    kernel: Callable[..., Kernel], key: str
) -> None:
    one, two = kernel(key=key), kernel(key=key)

    results = [one.call(), one.call("GET /v1/charges/ch_2"), two.call()]

    assert [each.cache for each in results] == ["miss"] * 3
    [said, _of_the_other] = warnings_of(results)
    assert "stays private to this kernel" in said
    assert "FLAREX_CACHE_KEY" in said


def test_nothing_in_redis_can_be_read(kernel: Callable[..., Kernel], server: RedisServer) -> None:
    here = kernel()
    here.call("GET /v1/charges/ch_1", params={"customer": "QUERY-CANARY"}, headers={"X-Note": "HEADER-CANARY"})

    names = server.plain("KEYS", "*")
    held = b"\n".join(
        (server.plain("GET", name) or b"") if server.plain("TYPE", name) == b"string" else b"" for name in names
    )
    server.plain("SAVE")
    everything = b"\n".join([*names, held, (server.folder / "dump.rdb").read_bytes()])

    canaries = ("CANARY", KEY, "STRIPE", "stripe", "charges", WORKSPACE, "Bearer")
    hashes = [getattr(hashlib, kind)(KEY.encode()).hexdigest() for kind in ("md5", "sha1", "sha256")]
    assert len(names) >= 3
    assert [each for each in (*canaries, *hashes) if each.encode() in everything] == []


def test_a_cookie_is_not_shared(kernel: Callable[..., Kernel]) -> None:
    one, two = kernel(), kernel()

    assert "Set-Cookie" in dict(one.call().headers)
    assert "Set-Cookie" not in dict(two.call().headers)


def test_a_write_in_one_kernel_makes_what_is_shared_old(kernel: Callable[..., Kernel]) -> None:
    one, two, three = kernel(), kernel(), kernel()

    one.call()
    two.call("POST /v1/charges", json={"amount": 1})

    assert (three.call().cache, three.wire.sent) == ("miss", 1)


def test_clearing_reaches_the_shared_store(kernel: Callable[..., Kernel]) -> None:
    one, two, three = kernel(), kernel(), kernel()

    one.call()
    one.call("GET /v1/charges/ch_2")
    assert one.cache.clear("stripe") == 2
    one.call()

    assert one.wire.sent == 3
    assert two.call("GET /v1/charges/ch_2").cache == "miss"
    assert one.cache.clear() == 1
    one.call("GET /v1/charges/ch_3")
    assert three.call("GET /v1/charges/ch_2").cache == "miss"


def test_an_answer_changed_in_redis_is_a_miss_with_one_warning(
    kernel: Callable[..., Kernel], server: RedisServer
) -> None:
    kernel().call()
    for name in server.plain("KEYS", "flarex:*"):
        value = server.plain("GET", name)
        if len(value) > 100:
            server.plain("SET", name, value[:-1] + bytes([value[-1] ^ 1]), "EX", "60")
    here = kernel()

    results = [here.call(), here.call("GET /v1/charges/ch_2")]

    assert [each.cache for each in results] == ["miss", "miss"]
    [said] = warnings_of(results)
    assert "was changed" in said


@pytest.mark.parametrize("garbage", [b"", b"x" * 50, b"\x00" * 5000, b"{}"])
def test_garbage_in_redis_is_a_miss(kernel: Callable[..., Kernel], server: RedisServer, garbage: bytes) -> None:
    kernel().call()
    for name in server.plain("KEYS", "flarex:*"):
        if server.plain("STRLEN", name) > 100:
            server.plain("SET", name, garbage)

    assert kernel().call().json == BODY


def test_values_of_another_type_in_redis_are_a_miss(kernel: Callable[..., Kernel], server: RedisServer) -> None:
    kernel().call()
    for name in server.plain("KEYS", "flarex:*"):
        server.plain("DEL", name)
        server.plain("LPUSH", name, "x")

    assert kernel().call().json == BODY


def test_an_answer_moved_under_another_name_is_a_miss(kernel: Callable[..., Kernel], server: RedisServer) -> None:
    kernel(wire=Wire(lambda _n: reply(200, {"id": "one"}))).call()
    [one] = [name for name in server.plain("KEYS", "flarex:*") if server.plain("STRLEN", name) > 100]
    kernel(wire=Wire(lambda _n: reply(200, {"id": "two"}))).call("GET /v1/charges/ch_2")
    [two] = [name for name in server.plain("KEYS", "flarex:*") if server.plain("STRLEN", name) > 100 and name != one]
    server.plain("SET", two, server.plain("GET", one))

    here = kernel(wire=Wire(lambda _n: reply(200, {"id": "fresh"})))

    assert here.call("GET /v1/charges/ch_2").json == {"id": "fresh"}


@pytest.mark.parametrize("how", ["stopped", "killed", "full"])
def test_a_redis_that_fails_costs_one_short_wait_and_one_warning(
    kernel: Callable[..., Kernel], server: RedisServer, how: str
) -> None:
    here = kernel()
    here.call()
    beside = Client(clock=RealClock(), wire=Wire(), environ={"STRIPE_SECRET_KEY": KEY}, folder=server.folder)
    beside.call("stripe", "GET /v1/charges/ch_1")
    plain = timed(lambda: [beside.call("stripe", f"GET /v1/charges/x_{n}") for n in range(100)])
    match how:
        case "stopped":
            server.send(signal.SIGSTOP)
        case "killed":
            server.kill()
        case _:
            server.plain("CONFIG", "SET", "maxmemory-policy", "noeviction")
            server.plain("CONFIG", "SET", "maxmemory", "1")
    results: list[Any] = []

    first = timed(lambda: results.append(here.call("GET /v1/charges/first")))
    others = timed(lambda: results.extend(here.call(f"GET /v1/charges/x_{n}") for n in range(100)))

    assert {result.status for result in results} == {200}
    assert first < 0.3 + plain / 100
    assert others - plain < 0.5
    assert len(warnings_of(results)) == 1
    assert here.call("GET /v1/charges/x_99").cache == "hit"


@pytest.mark.parametrize("seconds", [0.04, 0.1, 0.5])
def test_a_slow_redis_adds_less_than_a_third_of_a_second_to_a_call_and_soon_nothing(
    kernel: Callable[..., Kernel], server: RedisServer, seconds: float
) -> None:
    with slow_way_to(server.port) as way:
        here = kernel(url=f"redis://127.0.0.1:{way.port}/0")
        here.call()
        assert here.cache.stats().shared == "in use"
        way.seconds = seconds

        took = [timed(lambda n=n: here.call(f"GET /v1/charges/x_{n}")) for n in range(8)]

    assert max(took) < 0.35
    if seconds >= 0.1:
        assert sum(took[1:]) < 0.15


@dataclass
class Way:
    """Where a forwarder listens, and how long it holds back each piece on its way to the server."""

    port: int = 0
    seconds: float = 0.0


@contextlib.contextmanager
def slow_way_to(port: int) -> Iterator[Way]:
    """Start a forwarder to that port."""
    way = Way()

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, there: bool) -> None:
        try:
            while piece := await reader.read(65536):
                await asyncio.sleep(way.seconds if there else 0)
                writer.write(piece)
        except OSError:
            pass  # the other side went away
        finally:
            writer.transport.abort()

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_server, to_server = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(carry(reader, to_server, there=True), carry(from_server, writer, there=False))

    loop = asyncio.new_event_loop()
    forwarder = loop.run_until_complete(asyncio.start_server(meet, "127.0.0.1", 0))
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    way.port = forwarder.sockets[0].getsockname()[1]
    yield way

    async def end() -> None:
        forwarder.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0.05)  # for the transports to end

    asyncio.run_coroutine_threadsafe(end(), loop).result(5)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.mark.parametrize("how", ["stopped", "killed"])
def test_a_redis_that_is_well_again_is_used_again(kernel: Callable[..., Kernel], server: RedisServer, how: str) -> None:
    here, other = kernel(), kernel()
    here.call()
    server.send(signal.SIGSTOP) if how == "stopped" else server.kill()
    here.call("GET /v1/charges/ch_2")
    assert here.cache.stats().shared == "left alone"

    server.send(signal.SIGCONT) if how == "stopped" else server.start()
    ends = time.monotonic() + 15
    while here.cache.stats().shared != "in use" and time.monotonic() < ends:
        here.call()
        time.sleep(0.05)
    here.call("GET /v1/charges/ch_3")
    other.call("GET /v1/charges/before")  # its idle connection ended with the server

    assert here.cache.stats().shared == "in use"
    assert other.call("GET /v1/charges/ch_3").cache == "hit"


def test_a_redis_that_was_never_there_is_no_error(kernel: Callable[..., Kernel], server: RedisServer) -> None:
    server.kill()
    here = kernel()

    results = [here.call(), here.call()]

    assert [each.cache for each in results] == ["miss", "hit"]
    assert len(warnings_of(results)) == 1


def test_what_is_written_while_redis_is_away_is_not_read_from_it_afterwards(
    kernel: Callable[..., Kernel], server: RedisServer
) -> None:
    here = kernel(wire=Wire(lambda n: reply(200, {"n": n})))
    here.call()
    server.send(signal.SIGSTOP)
    here.call("POST /v1/charges", json={"amount": 1})
    server.send(signal.SIGCONT)
    ends = time.monotonic() + 15
    while here.cache.stats().shared != "in use" and time.monotonic() < ends:
        here.call("GET /v1/charges/other")
        time.sleep(0.05)

    assert here.call().json != {"n": 1}


@pytest.mark.parametrize("url", ["nonsense", "http://127.0.0.1:1", "redis://:SECRET-CANARY@127.0.0.1:1/0"])
def test_an_address_that_leads_nowhere_is_said_without_its_password(kernel: Callable[..., Kernel], url: str) -> None:
    here = kernel(url=url)

    result = here.call()

    assert result.status == 200
    [said] = warnings_of([result])
    assert "CANARY" not in said


@pytest.mark.parametrize(("word", "state"), [("right", "in use"), ("WRONG-CANARY", "left alone")])
def test_a_redis_with_a_password(kernel: Callable[..., Kernel], server: RedisServer, word: str, state: str) -> None:
    server.kill()
    server.start("--requirepass", "right")
    here = kernel(url=f"redis://:{word}@127.0.0.1:{server.port}/0")

    result = here.call()

    assert result.status == 200
    assert here.cache.stats().shared == state
    assert "CANARY" not in str(result.warnings)


@pytest.mark.parametrize("trusted", [True, False])
def test_a_redis_over_tls(kernel: Callable[..., Kernel], server: RedisServer, tmp_path: Path, trusted: bool) -> None:
    authority, other = trustme.CA(), trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    paths = {name: str(tmp_path / name) for name in ("cert", "key", "ca", "asked")}
    certificate.cert_chain_pems[0].write_to_path(paths["cert"])
    certificate.private_key_pem.write_to_path(paths["key"])
    authority.cert_pem.write_to_path(paths["ca"])
    (authority if trusted else other).cert_pem.write_to_path(paths["asked"])
    server.kill()
    server.start(
        "--port", "0", "--tls-port", str(server.port), "--tls-cert-file", paths["cert"], "--tls-key-file", paths["key"],
        "--tls-ca-cert-file", paths["ca"], "--tls-auth-clients", "no",
    )  # fmt: skip
    here = kernel(url=f"rediss://127.0.0.1:{server.port}/0?ssl_ca_certs={paths['asked']}")

    assert here.call().status == 200

    assert here.cache.stats().shared == ("in use" if trusted else "left alone")


def test_kernels_that_ask_the_same_at_once_send_one_request(kernel: Callable[..., Kernel]) -> None:
    kernels = [kernel(wire=Wire(delay=0.4)) for _ in range(4)]

    async def together() -> list[Any]:
        return await asyncio.gather(*(each.client.acall("stripe", "GET /v1/charges/ch_1") for each in kernels))

    results = PORTAL.run(together())

    assert sum(each.wire.sent for each in kernels) == 1
    assert sorted(result.cache for result in results) == ["hit", "hit", "hit", "miss"]


def test_the_lock_of_a_kernel_that_died_ends_by_itself(
    kernel: Callable[..., Kernel], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flarex_nb.stores.shelf.LOCKED_FOR", 0.5)
    dead, here = kernel(), kernel()
    asked = PORTAL.run(_question_of(dead))
    assert PORTAL.run(dead.cache.shelf.far.lock(asked.exact, 0.5))

    took = timed(here.call)

    assert here.wire.sent == 1
    assert took < 2


def test_a_wait_for_another_kernel_is_bounded(kernel: Callable[..., Kernel]) -> None:
    slow, here = kernel(), kernel()
    asked = PORTAL.run(_question_of(slow))
    assert PORTAL.run(slow.cache.shelf.far.lock(asked.exact, 60))

    took = timed(lambda: here.call(deadline=2.0, attempt_timeout=1.0))

    assert here.wire.sent == 1
    assert 0.9 < took < 1.5


async def _question_of(kernel: Kernel) -> Any:
    from flarex_nb.pipeline.bind import bind

    request = kernel.client._request("stripe", "GET /v1/charges/ch_1", {})
    return kernel.cache._question(bind(request, kernel.client.services, None, lambda _mark: ("key", False)))


@pytest.mark.full  # on a loaded machine Redis itself is late, and is rightly left alone
def test_a_burst_of_misses_does_not_tire_a_healthy_redis(kernel: Callable[..., Kernel]) -> None:
    here = kernel(settings=replace(Settings(), cache_entries=2000))

    async def burst() -> list[Any]:
        calls = [here.client.acall("stripe", f"GET /v1/charges/x_{n}") for n in range(500)]
        return await asyncio.gather(*calls)

    results = PORTAL.run(burst())

    assert {result.status for result in results} == {200}
    assert here.cache.stats().shared == "in use"


ANOTHER_PROCESS = f"""
import json, sys
from pathlib import Path
sys.path.insert(0, {str(SUPPORT)!r})
from flarex_nb.client import Client
from scripted import reply

class Wire:
    sent = 0
    async def send(self, out, reach, progress=None):
        Wire.sent += 1
        return reply(200, {{"from": sys.argv[1]}})

client = Client(wire=Wire(), folder=Path("."))
result = client.call("stripe", "GET /v1/charges/ch_1")
print(json.dumps([result.cache, result.json["from"], Wire.sent]))
"""


def test_two_processes_share_an_answer(server: RedisServer, tmp_path: Path) -> None:
    env = os.environ | {"STRIPE_SECRET_KEY": KEY, "REDIS_URL": server.url, "FLAREX_CACHE_KEY": WORKSPACE}

    def run(name: str) -> Any:
        ran = subprocess.run(
            [sys.executable, "-W", "error", "-c", ANOTHER_PROCESS, name],
            env=env, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert ran.returncode == 0, ran.stderr
        assert ran.stderr == ""
        return json.loads(ran.stdout)

    assert run("first") == ["miss", "first", 1]
    assert run("second") == ["hit", "first", 0]
