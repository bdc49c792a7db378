"""Looking names up: failures told apart, one question a name, bounds."""

from __future__ import annotations

import asyncio
import socket
import threading

import pytest

from flarex_nb.errors import ConnectFailed
from flarex_nb.net import lookup
from flarex_nb.net.lookup import Lookups, system_lookup


class Held:
    """A resolver that answers when it is let go."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.asked: list[str] = []

    def __call__(self, host: str, port: int) -> list[str]:
        self.asked.append(host)
        self.go.wait(20)
        return ["93.184.215.14"]


@pytest.mark.parametrize(
    ("error", "permanent", "words"),
    [
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), True, "there is no host nope.test"),
        (socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution"), False, "temporary failure"),
        (socket.gaierror(socket.EAI_FAIL, "Non-recoverable failure"), False, "non-recoverable"),
        (OSError(24, "Too many open files"), False, "too many open files"),
        (UnicodeError("label too long"), True, "there is no host"),
        ([], True, "there is no host"),
    ],
)
def test_no_such_host_is_permanent_and_a_failing_name_server_is_not(net, error, permanent, words) -> None:
    def ask(host: str, port: int) -> list[str]:
        if isinstance(error, Exception):
            raise error
        return error

    with pytest.raises(ConnectFailed) as caught:
        net.run(Lookups(ask).addresses("nope.test", 443))

    assert (caught.value.permanent, caught.value.sent) == (permanent, "no")
    assert words in caught.value.message


def test_the_systems_resolver_gives_numbers() -> None:
    assert system_lookup("127.0.0.1", 80) == ["127.0.0.1"]


def test_a_lookup_that_hangs_ends_at_the_time_limit(net) -> None:
    held = Held()
    lookups = Lookups(held, time_limit=0.05)

    async def main() -> ConnectFailed:
        async with asyncio.timeout(2):
            with pytest.raises(ConnectFailed, match=r"within 0\.05 s") as caught:
                await lookups.addresses("slow.test", 443)
        return caught

    caught = net.run(main())

    assert caught.value.permanent is False
    held.go.set()
    lookups.close()


def test_equal_names_share_one_question_and_nothing_is_kept_after_it(net) -> None:
    held = Held()
    lookups = Lookups(held)

    async def main() -> None:
        first = [asyncio.ensure_future(lookups.addresses("a.test", 443)) for _ in range(20)]
        other = asyncio.ensure_future(lookups.addresses("b.test", 443))
        await asyncio.sleep(0)
        first[0].cancel()
        held.go.set()
        answers = await asyncio.gather(*first, other, return_exceptions=True)
        assert isinstance(answers[0], asyncio.CancelledError)
        assert answers[1:] == [["93.184.215.14"]] * 20
        assert sorted(held.asked) == ["a.test", "b.test"]
        await lookups.addresses("a.test", 443)
        assert sorted(held.asked) == ["a.test", "a.test", "b.test"]

    net.run(main())
    lookups.close()


def test_names_that_never_answer_cannot_pile_up(net) -> None:
    held = Held()
    lookups = Lookups(held)
    room = lookup.WORKERS + lookup.WAITING

    async def main() -> None:
        tasks = [asyncio.ensure_future(lookups.addresses(f"n{number}.test", 443)) for number in range(room)]
        await asyncio.sleep(0)
        with pytest.raises(ConnectFailed, match=f"{room} names are being looked up"):
            await lookups.addresses("one-more.test", 443)
        assert len(held.asked) <= lookup.WORKERS
        held.go.set()
        await asyncio.gather(*tasks)
        assert await lookups.addresses("one-more.test", 443) == ["93.184.215.14"]

    net.run(main())
    lookups.close()


def test_a_lookup_that_outlives_its_loop_disturbs_nobody(net) -> None:
    held = Held()
    lookups = Lookups(held, time_limit=0.01)
    with pytest.raises(ConnectFailed):
        net.run(lookups.addresses("a.test", 443))

    held.go.set()

    assert net.run(lookups.addresses("b.test", 443)) == ["93.184.215.14"]
    lookups.close()
