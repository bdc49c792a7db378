"""The guard at the connection: what is refused never becomes a packet."""

from __future__ import annotations

import asyncio
import os
import socket

import aiohttp
import pytest

from flarex_nb.errors import AddressBlocked, ConnectFailed, GuardError
from flarex_nb.model import Outgoing, Reach
from flarex_nb.net.connector import TRIP, GuardedConnector, Trip, in_turn
from flarex_nb.net.failures import translate
from flarex_nb.net.guarded import default_tls
from flarex_nb.net.lookup import Lookups
from flarex_nb.net.progress import Progress
from flarex_nb.net.url import Target, check_url

REACH = Reach()


def get(url: str) -> Outgoing:
    return Outgoing("GET", url, (), b"")


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "127.1", "2130706433", "0x7f.1", "0", "0.0.0.0", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::127.0.0.1]",
     "ok.test@127.0.0.1", "ok.test\\@127.0.0.1", "127。0。0。1", "localhost", "[fe80::1%25lo]"],
)  # fmt: skip
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_no_spelling_of_this_machine_is_connected(net, host, scheme) -> None:
    async def main() -> int:
        async with net.serving() as server, net.wire() as wire:
            progress = Progress()
            with pytest.raises(GuardError) as caught:
                await wire.send(get(f"{scheme}://{host}:{server.port}/"), REACH, progress)
            assert caught.value.sent == progress.sent == "no"
            return server.accepted

    assert net.run(main()) == 0


@pytest.mark.parametrize(
    "answers",
    [
        ["127.0.0.1"],
        ["93.184.215.14", "127.0.0.1"],
        ["127.0.0.1", "93.184.215.14"],
        ["2606:4700::1", "93.184.215.14", "::1"],
        ["1.1.1.1", "1.1.1.2", "1.1.1.3", "1.1.1.4", "1.1.1.5", "10.0.0.1"],
        ["169.254.169.254"],
        ["168.63.129.16"],
        ["::ffff:127.0.0.1"],
        ["fe80::1%2"],
        ["64:ff9b::7f00:1"],
        ["garbage"],
    ],
)
def test_one_private_answer_refuses_the_name_in_whatever_order(net, answers) -> None:
    async def main() -> None:
        names = net.Names(ok_test=answers)
        async with net.serving() as server:
            detour = net.Detour(server.port)
            async with net.wire(lookup=names, open_socket=detour) as wire:
                with pytest.raises(AddressBlocked, match=r"ok\.test resolves to .* not a public address") as caught:
                    await wire.send(get("https://ok.test/?k=canary"), REACH)

        assert (names.asked, detour.dialled, server.accepted) == (["ok.test"], [], 0)
        assert "canary" not in caught.value.explain()

    net.run(main())


def test_a_name_that_answers_otherwise_the_next_time_is_refused_then(net) -> None:
    async def main() -> list[str]:
        _, tls = net.authority()
        names = net.Names(ok_test=[[net.PUBLIC], ["127.0.0.1"]])
        context = net.server_tls("ok.test")
        async with net.serving(
            b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", tls=context
        ) as server:
            detour = net.Detour(server.port)
            async with net.wire(lookup=names, open_socket=detour, tls=tls) as wire:
                assert (await wire.send(get("https://ok.test/"), REACH)).status == 200
                with pytest.raises(AddressBlocked):
                    await wire.send(get("https://ok.test/"), REACH)
        return detour.dialled

    assert net.run(main()) == [net.PUBLIC]


@pytest.mark.parametrize("spelling", ["ok.test", "OK.Test", "ok.test."])
@pytest.mark.parametrize(
    "answers", [["93.184.215.14"], ["2606:4700:4700::1111"], ["2606:4700:4700::1111", "93.184.215.14"]]
)
def test_public_names_are_reached_by_the_number_that_was_checked(net, spelling, answers) -> None:
    async def main() -> None:
        _, tls = net.authority()
        async with net.serving(tls=net.server_tls("ok.test")) as server:
            detour = net.Detour(server.port)
            async with net.wire(lookup=net.Names(ok_test=answers), open_socket=detour, tls=tls) as wire:
                reply = await wire.send(get(f"https://{spelling}/x?y=z"), REACH)

        assert (reply.status, reply.content) == (200, b"{}")
        assert detour.dialled == answers[:1]
        assert server.heads[0].startswith("GET /x?y=z HTTP/1.1\r\nHost: ok.test\r\n")

    net.run(main())


def test_a_public_literal_is_reached(net) -> None:
    async def main() -> list[str]:
        _, tls = net.authority()
        async with net.serving(tls=net.server_tls(net.PUBLIC)) as server:
            detour = net.Detour(server.port)
            async with net.wire(lookup=net.Names(), open_socket=detour, tls=tls) as wire:
                assert (await wire.send(get(f"https://{net.PUBLIC}/"), REACH)).status == 200
        return detour.dialled

    assert net.run(main()) == [net.PUBLIC]


def test_the_socket_is_refused_even_when_everything_before_it_let_the_address_through(net) -> None:
    async def main() -> None:
        made: list[object] = []
        async with net.serving() as server:
            trip = Trip(check_url("https://ok.test/", reach=REACH), Progress(), 0)
            TRIP.set(trip)
            connector = GuardedConnector(Lookups(), default_tls(), lambda *seen: made.append(seen))
            async with aiohttp.ClientSession(connector=connector) as session:
                with pytest.raises(aiohttp.ClientConnectorError):
                    await session.get(server.url)

        assert isinstance(trip.refused, AddressBlocked)
        assert translate(OSError("the race between addresses lost it"), trip) is trip.refused
        assert (made, server.accepted) == ([], 0)

    net.run(main())


def test_a_socket_without_a_trip_is_refused(net) -> None:
    async def main() -> int:
        async with (
            net.serving() as server,
            aiohttp.ClientSession(connector=GuardedConnector(Lookups(), default_tls())) as session,
        ):
            with pytest.raises(LookupError):
                await session.get(server.url)
            return server.accepted

    assert net.run(main()) == 0


def test_a_registered_host_and_port_is_reached_on_loopback_and_no_other_reach_shares_its_connection(net) -> None:
    async def main() -> None:
        async with net.serving() as server, net.wire(lookup=net.Names(dev_test=["127.0.0.1"])) as wire:
            named = Reach(private=frozenset({("dev.test", server.port)}))
            assert (await wire.send(get(f"http://dev.test:{server.port}/"), named)).status == 200
            assert (await wire.send(get(f"http://dev.test:{server.port}/"), named)).status == 200
            assert server.accepted == 1
            for reach in (REACH, Reach(private=frozenset({("dev.test", server.port + 1)}))):
                with pytest.raises(GuardError):
                    await wire.send(get(f"http://dev.test:{server.port}/"), reach)
            with pytest.raises(GuardError):
                await wire.send(get(f"http://127.0.0.1:{server.port}/"), named)
            more = Reach(private=named.private | {("other.test", 80)})
            assert (await wire.send(get(f"http://dev.test:{server.port}/"), more)).status == 200
            assert server.accepted == 2
            assert (await wire.send(get(f"http://dev.test:{server.port}/"), Reach(named.private, 10, 10))).status == 200
            assert server.accepted == 2

    net.run(main())


@pytest.mark.parametrize("location", ["http://169.254.169.254/", "//127.0.0.1/", "file:///etc/passwd", "/elsewhere"])
def test_a_redirect_is_handed_back_and_not_followed(net, location) -> None:
    async def main() -> None:
        answer = f"HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode()
        async with net.serving(answer) as server, net.wire() as wire:
            reply = await wire.send(server.out(), server.reach)
            assert (reply.status, reply.header("location"), len(server.heads)) == (302, location, 1)
            with pytest.raises(GuardError):
                check_url(reply.header("location"), reach=server.reach)

    net.run(main())


def test_proxies_and_netrc_of_the_environment_are_not_used(net, tmp_path) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password visibly-fake\n")
    netrc.chmod(0o600)

    async def main() -> None:
        async with net.serving() as proxy, net.serving() as server, net.wire() as wire:
            for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
                os.environ[name] = proxy.url
            os.environ["NETRC"] = str(netrc)
            await wire.send(server.out(), server.reach)
            assert (proxy.accepted, server.accepted) == (0, 1)
            assert "authorization" not in server.heads[0].lower()

    net.run(main())


def test_at_most_four_addresses_are_tried_and_both_families_among_them(net) -> None:
    six = [f"2606:4700::{n}" for n in range(1, 9)]
    four = [f"93.184.215.{n}" for n in range(1, 9)]

    async def main() -> list[str]:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            detour = net.Detour(free.getsockname()[1])  # nothing listens there
            async with net.wire(lookup=net.Names(ok_test=six + four), open_socket=detour) as wire:
                with pytest.raises(ConnectFailed, match="nothing listens"):
                    await wire.send(get("https://ok.test/"), REACH)
        return sorted(set(detour.dialled))

    assert net.run(main()) == ["2606:4700::1", "2606:4700::2", "93.184.215.1", "93.184.215.2"]


def test_families_take_turns_from_the_first_on() -> None:
    assert in_turn(["1.1.1.1", "1.1.1.2", "2606::1"]) == ["1.1.1.1", "2606::1", "1.1.1.2"]
    assert in_turn(["2606::1"]) == ["2606::1"]


def test_the_private_mark_belongs_to_the_hop_and_not_to_the_address(net) -> None:
    async def main() -> None:
        connector = GuardedConnector(Lookups(), default_tls())
        info = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 80))
        TRIP.set(Trip(Target("http", "127.0.0.1", 80, private=True), Progress(), 0))
        connector._guarded_socket(info).close()
        TRIP.set(Trip(Target("http", "127.0.0.1", 80, private=False), Progress(), 0))
        with pytest.raises(OSError, match="loopback"):
            connector._guarded_socket(info)
        await connector.close()
        await asyncio.sleep(0)

    net.run(main())
