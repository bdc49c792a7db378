"""The shared store: answers kept in Redis for other kernels, sealed; names that tell nothing. Loaded when asked for.

Redis may be down, hung, slow, full or hold anything: each is a miss, never an error of the call. After a failure it is
left alone, and looked after in the background, so that a call pays for one failure at most.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from time import thread_time
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

from redis.asyncio import ConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from flarex_nb.errors import VaultLocked

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from flarex_nb.model import Cipher
    from flarex_nb.stores.key import Keys

T = TypeVar("T")

LIMIT: Final = 0.15
"""Seconds one exchange with Redis may take, connecting included. redis-py's own retries would stall for seconds."""

SLOW: Final = 0.06
"""Seconds of waiting from which an answer that did come counts as a failure: asking the service may be as quick.

What this thread itself worked meanwhile is taken off: in a burst of calls it is the loop that is late, not Redis.
"""

REST_FROM, REST_TO = 0.5, 4.0
"""Seconds it is left alone after a failure, doubled each time looking after it fails."""

_OUT: Final = 2
"""Slow answers in a row that count: one may have had to connect first."""

_AT_ONCE: Final = 8
_REMEMBERED: Final = 30 * 86_400
_PREFIX: Final = "flarex:1:"
_UNLOCK: Final = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0"
_GONE_WRONG = (RedisError, OSError, TimeoutError, RuntimeError, ValueError)
"""RuntimeError and ValueError too: what does not speak the protocol makes the client raise them."""


class Found(NamedTuple):
    """What a look brought: the opened bytes, None for none, and `stamp`, the generation to store under ("" unknown)."""

    raw: bytes | None = None
    stamp: str = ""


class RedisStore:
    """Sealed bytes under names. Each group has a generation, and what is kept says to which it belongs."""

    def __init__(self, url: str, cipher: Cipher, keys: Keys, tell: Callable[[str], None]) -> None:
        """Connect at first use. `tell` gets a sentence for the person, once in a session, without the URL's password.

        Raises:
            ValueError: no URL that redis-py understands.
        """
        self._url, self._cipher, self._keys, self._tell = url, cipher, keys, tell
        self._client: Any = self._connected()
        self._places = asyncio.Semaphore(_AT_ONCE)
        self._rest = REST_FROM
        self._until = 0.0
        self._looking: asyncio.Task[None] | None = None
        self._told = False
        self._strikes = 0
        self._names: dict[str, tuple[str, str]] = {}

    @property
    def resting(self) -> bool:
        """Whether it is left alone because it failed."""
        return self._client is None

    async def look(self, name: str, group: str) -> Found:
        """Return what is kept under the name, if it is of the group's present generation."""
        return await self._try(lambda client: self._look(client, name, group), Found())

    async def put(self, name: str, raw: bytes, group: str, seconds: float) -> bool:
        """Keep the bytes for that long, and return whether that worked."""
        value = self._cipher.seal(raw, name.encode())

        async def store(client: Any) -> bool:
            pipe = client.pipeline(transaction=False)
            pipe.set(_PREFIX + name, value, px=max(1, int(seconds * 1000)))
            for each in self._generations(group):
                pipe.expire(each, _REMEMBERED)
            await pipe.execute()
            return True

        return await self._try(store, default=False)

    async def forget(self, group: str | None) -> bool:
        """Begin a new generation of the group, of all groups for None: what was kept before cannot be read any more."""
        name = self._generations(group or "")[0 if group is not None else 1]

        async def renew(client: Any) -> bool:
            await client.set(name, secrets.token_hex(8), ex=_REMEMBERED)
            return True

        return await self._try(renew, default=False)

    async def lock(self, name: str, seconds: float) -> str:
        """Return the token of the lock, "" where somebody else has it or nobody can know; it ends by itself."""
        token, key = secrets.token_hex(16), f"{_PREFIX}lock:{name}"

        async def take(client: Any) -> str:
            if await client.set(key, token, nx=True, px=int(seconds * 1000)):
                return token
            return token if await client.get(key) == token.encode() else ""  # taken, and the answer to that was lost

        return await self._try(take, "")

    async def unlock(self, name: str, token: str) -> None:
        """Give the lock back, unless it ended and is somebody else's by now."""
        await self._try(lambda client: client.eval(_UNLOCK, 1, f"{_PREFIX}lock:{name}", token), None)

    async def locked(self, name: str) -> bool:
        """Return whether somebody holds the lock."""
        return bool(await self._try(lambda client: client.exists(f"{_PREFIX}lock:{name}"), 0))

    async def aclose(self) -> None:
        """Close the connections."""
        if self._looking is not None:
            self._looking.cancel()
        client, self._client = self._client, None
        self._until = float("inf")
        await _close(client)

    def _generations(self, group: str) -> tuple[str, str]:
        """Return the names of the group's generation and of that of all groups."""
        if group not in self._names:
            own, of_all = self._keys.mark("group", group), self._keys.mark("all groups")
            self._names[group] = f"{_PREFIX}{own}", f"{_PREFIX}{of_all}"
        return self._names[group]

    async def _look(self, client: Any, name: str, group: str) -> Found:
        own, of_all = self._generations(group)
        sealed, *stamps = await client.mget(_PREFIX + name, own, of_all)
        if not all(stamps):
            stamps = await self._begun(client, (own, of_all))
            sealed = None
        stamp = ".".join(_words(each) for each in stamps)
        return Found(None if sealed is None else self._opened(sealed, name), stamp)

    @staticmethod
    async def _begun(client: Any, names: tuple[str, str]) -> list[Any]:
        """Return the generations, begun where there are none; who comes second takes the first one's."""
        pipe = client.pipeline(transaction=False)
        for each in names:
            pipe.set(each, secrets.token_hex(8), nx=True, ex=_REMEMBERED)
        pipe.mget(*names)
        return list((await pipe.execute())[-1])

    def _opened(self, sealed: bytes, name: str) -> bytes | None:
        try:
            return self._cipher.open(sealed, name.encode())
        except VaultLocked:
            self._say("holds an answer that was changed, or that something else put there; it is not used")
            return None

    async def _try(self, work: Callable[[Any], Awaitable[T]], default: T) -> T:
        """Return what `work` returns, or the default at once while Redis is left alone, and when it fails."""
        if self._client is None:
            self._look_after()
            return default
        async with self._places:
            client, loop = self._client, asyncio.get_running_loop()
            if client is None:
                return default  # it failed while this one queued
            began, busy = loop.time(), thread_time()
            try:
                async with asyncio.timeout(LIMIT):
                    result = await work(client)
            except _GONE_WRONG as error:
                if not isinstance(error, TimeoutError) or thread_time() - busy < LIMIT / 2:
                    self._failed(client, _why(error))
                return default
            waited = loop.time() - began - (thread_time() - busy)
            self._strikes = self._strikes + 1 if waited > SLOW else 0
            if self._strikes >= _OUT:
                self._failed(client, f"took {waited:.2f} s to answer")
            return result

    def _failed(self, client: Any, why: str) -> None:
        if self._client is client:
            self._client = None
            self._until = asyncio.get_running_loop().time() + self._rest
            self._look_after(client)
            self._say(f"{why}; answers are kept in this kernel only until it is well again")

    def _say(self, what: str) -> None:
        if not self._told:
            self._told = True
            self._tell(f"The shared cache (REDIS_URL) {what}.")

    def _look_after(self, old: Any = None) -> None:
        """Have one task wait and try it again, so that no call has to."""
        if self._looking is None or self._looking.done():
            self._looking = asyncio.get_running_loop().create_task(self._heal(old))

    async def _heal(self, old: Any) -> None:
        await _close(old)
        loop = asyncio.get_running_loop()
        await asyncio.sleep(max(0.0, self._until - loop.time()))
        client = self._connected()
        try:
            async with asyncio.timeout(LIMIT):
                await client.ping()
                began = loop.time()
                await client.ping()  # the first one had to connect
        except _GONE_WRONG:
            well = False
        else:
            well = loop.time() - began <= SLOW
        if well:
            self._client, self._rest, self._strikes = client, REST_FROM, 0
        else:
            self._rest = min(self._rest * 2, REST_TO)
            self._until = loop.time() + self._rest
            await _close(client)

    def _connected(self) -> Any:
        pool = ConnectionPool.from_url(
            self._url,
            max_connections=_AT_ONCE,
            socket_timeout=LIMIT,
            socket_connect_timeout=LIMIT,
            retry=Retry(NoBackoff(), 1),  # at once, and within LIMIT: an idle connection may have been closed meanwhile
            decode_responses=False,
        )
        return Redis(connection_pool=pool)


async def _close(client: Any) -> None:
    if client is not None:
        with contextlib.suppress(*_GONE_WRONG):
            async with asyncio.timeout(LIMIT):
                await client.connection_pool.disconnect()


def _words(stamp: object) -> str:
    return stamp.decode("ascii", "replace") if isinstance(stamp, bytes) else str(stamp)


def _why(error: BaseException) -> str:
    """Return what went wrong without repeating the client's text, which may hold the URL."""
    if isinstance(error, TimeoutError) or "imeout" in type(error).__name__:
        return f"gave no answer within {LIMIT:g} s"
    text = str(error)
    if text.startswith("OOM"):
        return "has no memory left"
    return f"failed ({type(error).__name__})"
