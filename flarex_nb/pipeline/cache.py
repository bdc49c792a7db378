"""Station 3: fresh, or ask. One flight for equal calls; only checked answers are kept.

The cache stands outside everything that follows: a hit needs no open breaker and no network. Whether a kept answer may
be used is decided in `policies.freshness`; where it stands is `stores`' matter. A write to a service forgets what was
read from it, so that a list made after a POST is not the old one.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING

from flarex_nb.catalog.schema_rows import marked, may_be_kept
from flarex_nb.errors import ApiError, CircuitOpen, DeadlineExceeded, FlarexError, NotFound, TransportError, UsageError
from flarex_nb.events import Event, emit
from flarex_nb.policies.freshness import as_cached, conditions, confirmed, judge, may_store, over_an_error
from flarex_nb.policies.freshness_facts import Fresh, MayStore, Rules, Stale, Verdict, read_facts
from flarex_nb.policies.freshness_fields import CONDITIONS, storable, told_by, varying
from flarex_nb.portal import PORTAL
from flarex_nb.stores.accounts import Accounts, CacheEntry, CacheStats, entries_of
from flarex_nb.stores.entry import Entry
from flarex_nb.stores.flight import Flights
from flarex_nb.stores.means import Means, open_far
from flarex_nb.stores.question import Question, group_of, with_less_time
from flarex_nb.stores.shelf import Shelf
from flarex_nb.vault.ref import show_markers, written_in

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import TypeAlias

    from flarex_nb.clock import Clock
    from flarex_nb.events import Listener
    from flarex_nb.model import Answer, BoundCall, CacheMark, Reply
    from flarex_nb.settings import Settings
    from flarex_nb.stores.memory import MemoryStore

    Ask: TypeAlias = Callable[[BoundCall, Listener | None], Awaitable[Answer]]
    Check: TypeAlias = Callable[[BoundCall, Reply], Answer]

READS = frozenset({"GET", "HEAD"})
_SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
_NOT_MODIFIED = 304
_JITTER = 0.1


class Cache:
    """Kept answers: near in memory, far in a store other kernels share."""

    def __init__(
        self, settings: Settings, clock: Clock, dice: Callable[[], float], check: Check, means: Means | None = None
    ) -> None:
        """Take the bounds, and `check`, which turns a kept reply into the answer to one call."""
        self._clock, self._dice, self._check = clock, dice, check
        self._means = means or Means()
        self._notices: list[str] = []
        far, self._keys = open_far(self._means, self._notices.append)
        self._rules = Rules(
            mode="http" if settings.cache_mode == "http" else "ttl",
            ttl=settings.cache_ttl if far is None else settings.cache_shared_ttl,
            stale_if_error=settings.cache_stale_if_error,
            stale_while_revalidate=settings.cache_stale_while_revalidate,
        )
        entries, near_for = settings.cache_entries, settings.cache_ttl
        self.shelf = Shelf(clock, entries=entries, near_for=near_for, far=far, read_facts=read_facts)
        self._flights: Flights[Answer] = Flights()
        self._background: dict[str, asyncio.Task[None]] = {}
        self._accounts = Accounts()

    @property
    def store(self) -> MemoryStore[Entry]:
        """The answers in this process."""
        return self.shelf.near

    def entries(self) -> tuple[CacheEntry, ...]:
        """Return what is kept in this process: service, method, address, age, seconds left, hits."""
        return entries_of(self.store, self._clock)

    def stats(self) -> CacheStats:
        """Return how often kept answers were of use."""
        return self._accounts.stats(self.store, self.shelf.state)

    def clear(self, service: str | None = None) -> int:
        """Forget everything, or one service's answers, in the shared store too; return how many stood here."""
        if service is None:
            count = self.shelf.clear()
        else:
            count = sum(self.shelf.drop(f"{environment}:{service}") for environment in ("live", "sandbox"))
        if self.shelf.far is not None:
            PORTAL.submit(self.shelf.settle())
        return count

    async def aclose(self) -> None:
        """Stop what is renewed in the background, and close the shared store."""
        for task in tuple(self._background.values()):
            task.cancel()
        await self.shelf.aclose()

    async def answer(self, call: BoundCall, ask: Ask, listener: Listener | None = None) -> Answer:
        """Return a kept answer, or the one of `ask`, which is then kept.

        Raises:
            UsageError: only a kept answer is wanted, and there is none.
            FlarexError: what `ask` raises, unless a stale answer may stand in for it.
        """
        if call.method not in READS:
            return await self._write(call, ask, listener)
        question = self._question(call)
        if question is None:
            return await ask(call, listener)
        mode = "only" if question.told.only_if_cached else call.options.cache
        if mode == "use" and (used := self._at_hand(question, ask, listener)) is not None:
            return used
        if mode == "only":
            return await self._only(question)
        landed, first = await self._flights.share(question.flight, lambda: self._lead(question, ask, listener))
        return self._spoken(landed) if first else self._joined(call, landed)

    async def _write(self, call: BoundCall, ask: Ask, listener: Listener | None) -> Answer:
        """Ask, and forget what the write may have made old, whether it succeeded or not (RFC 9111 4.4)."""
        try:
            return await ask(call, listener)
        finally:
            if call.method not in _SAFE:
                self.shelf.drop(group_of(call))
                await self.shelf.settle()

    def _rules_of(self, call: BoundCall) -> Rules:
        return self._rules.of(call.service.freshness)

    def _question(self, call: BoundCall) -> Question | None:
        """Return the call as a question to the cache, None for one that passes it by."""
        if call.options.cache == "bypass" or call.rehearsed:
            return None
        names = {name.lower() for name, _ in call.headers}
        condition, http = bool(names & CONDITIONS), self._rules_of(call).mode == "http"
        if "range" in names or (condition and not http):
            return None
        told = told_by(call.headers).at_most(call.options.ttl if http else None)
        if told.no_store:
            return None
        written, url, lines = written_in(call), call.url, call.headers
        try:
            credential = self._keys.credential(call.placements, written, self._means.value_of)
        except FlarexError:
            return None  # whoever sends will say what is missing
        if written:
            url, lines = show_markers(url), tuple((name, show_markers(value)) for name, value in lines)
        generation = self.shelf.generation(group_of(call))
        return Question(call, self._keys, credential, told, http, condition, url, lines, generation)

    def _at_hand(self, question: Question, ask: Ask, listener: Listener | None) -> Answer | None:
        """Return what stands in this process and may be used: the way of a hit, which waits for nothing."""
        kept = self.shelf.at_hand(question)
        used = None if kept is None else self._used(question, kept.value)
        if kept is not None and used is not None:
            kept.hits += 1
            if used.cache == "stale":
                self._renew(question, kept.value, ask)
            emit(Event("cache", question.call.service.name, seconds=used.age, text=used.cache), listener)
        return used

    def _used(self, question: Question, entry: Entry) -> Answer | None:
        """Return the kept answer as the answer to this call, None if it may not be or does not fit."""
        verdict = self._verdict(question, entry)
        mark: CacheMark = "hit" if isinstance(verdict, Fresh) else "stale"
        return self._given(question, entry, mark, verdict) if isinstance(verdict, Fresh | Stale) else None

    def _verdict(self, question: Question, entry: Entry) -> Verdict:
        return judge(entry.facts, question.told, self._clock.wall(), question.ttl)

    def _given(self, question: Question, entry: Entry, mark: CacheMark, verdict: Fresh | Stale) -> Answer | None:
        reply, call = entry.reply, question.call
        if len(reply.content) > call.reach.max_bytes:
            return None
        if question.http:
            reply = as_cached(reply, entry.facts, call.method, call.headers, self._clock.wall())
        try:
            answer = self._check(call, reply)
        except FlarexError as error:
            if isinstance(error, NotFound) and self._rules_of(call).missing:
                self._accounts.note(mark)
                error.context["kept"] = f"this answer is {verdict.age:.0f} s old and came from the cache"
                error.sent = "no"
                raise
            return None  # kept by a kernel that knows the service otherwise
        self._accounts.note(mark)
        if mark == "stale":
            answer = replace(answer, warnings=(*answer.warnings, f"This answer is not fresh: {verdict.reason}."))
        return self._spoken(marked(answer, (), mark, verdict.age))

    async def _only(self, question: Question) -> Answer:
        look = await self.shelf.look(question)
        used = None if look.entry is None else self._used(question, look.entry)
        if used is not None:
            return used
        msg = "no fresh answer is kept for this call, and --cache only forbids asking"
        raise UsageError(msg, hint="Use --cache use to ask the server.")

    async def _lead(self, question: Question, ask: Ask, listener: Listener | None) -> Answer:
        """Look in the shared store, then ask the server; another kernel that asks the same is waited for."""
        entry, stamp = await self.shelf.look(question)
        if question.call.options.cache == "refresh":
            return await self._asked(question, None, stamp, lambda call: ask(call, listener))
        if entry is not None and (used := self._used(question, entry)) is not None:
            if used.cache == "stale":
                self._renew(question, entry, ask)
            return used
        began = self._clock.now()
        token, brought = await self.shelf.turn(question, lambda one: isinstance(self._verdict(question, one), Fresh))
        try:
            if brought is not None and (used := self._used(question, brought)) is not None:
                return used
            waited = self._clock.now() - began
            return await self._asked(question, entry, stamp, lambda call: ask(with_less_time(call, waited), listener))
        finally:
            await self.shelf.give_back(question, token)

    async def _asked(
        self, question: Question, entry: Entry | None, stamp: str, ask: Callable[[BoundCall], Awaitable[Answer]]
    ) -> Answer:
        """Ask the server, or whether the kept entry still holds where there is one, and keep what it says."""
        call = question.call
        lines = () if entry is None or question.condition or question.head_of_get else conditions(entry.facts)
        try:
            answer = await ask(replace(call, headers=(*call.headers, *lines)) if lines else call)
        except FlarexError as error:
            if isinstance(error, NotFound) and error.reply is not None and self._rules_of(call).missing:
                await self._keep(question, error.reply, stamp)
            instead = None if entry is None else self._instead(question, entry, error)
            if instead is None:
                raise
            return instead
        if lines and entry is not None and answer.reply.status == _NOT_MODIFIED:
            return await self._confirmed(question, entry, stamp, answer)
        if may_be_kept(answer):
            await self._keep(question, answer.reply, stamp)
        self._accounts.note("miss")
        return marked(answer, answer.attempts, "miss")

    async def _confirmed(self, question: Question, entry: Entry, stamp: str, answer: Answer) -> Answer:
        """Return the kept answer with what the 304 says of it (RFC 9111 4.3.4)."""
        reply = confirmed(entry.reply, answer.reply)
        await self._keep(question, reply, stamp)
        self._accounts.note("revalidated")
        age = entry.facts.age(self._clock.wall())
        return marked(self._check(question.call, reply), answer.attempts, "revalidated", age)

    async def _keep(self, question: Question, reply: Reply, stamp: str) -> None:
        ttl, rules, jitter = question.ttl, self._rules_of(question.call), (self._dice() * 2 - 1) * _JITTER
        if ttl is not None:
            rules, jitter = replace(rules, ttl=ttl), 0.0  # asked for by name: exactly that
        verdict = may_store(reply, question.told, rules, self._clock.wall(), jitter)
        if isinstance(verdict, MayStore) and not question.head_of_get:
            names = (varying(reply.headers) or ()) if question.http else ()
            kept = replace(reply, headers=storable(reply.headers))
            await self.shelf.put(question, Entry(kept, verdict.facts), names, stamp)
        else:
            self.shelf.remove(question)

    def _instead(self, question: Question, entry: Entry, error: FlarexError) -> Answer | None:
        """Return the stale answer that may stand in for the failure, marked and with the failed attempts; else None."""
        if not isinstance(error, ApiError | TransportError | CircuitOpen | DeadlineExceeded):
            return None
        verdict = over_an_error(entry.facts, question.told, getattr(error, "status", None), self._clock.wall())
        given = self._given(question, entry, "stale", verdict) if isinstance(verdict, Stale) else None
        if given is None:
            return None
        warnings = (*given.warnings, f"{question.call.service.name} failed: {error.message}")
        return replace(given, attempts=error.attempts, warnings=warnings)

    def _renew(self, question: Question, entry: Entry, ask: Ask) -> None:
        """Ask in the background, once at a time for each question (RFC 5861 3)."""
        name = question.flight
        if name not in self._background:
            task = asyncio.get_running_loop().create_task(self._renewing(question, entry, ask))
            self._background[name] = task
            task.add_done_callback(lambda _: self._background.pop(name, None))

    async def _renewing(self, question: Question, entry: Entry, ask: Ask) -> None:
        with contextlib.suppress(FlarexError):  # the stale answer was given; whoever asks next sees the failure
            look = await self.shelf.look(question)
            await self._asked(question, entry, look.stamp, lambda call: ask(call, None))

    def _joined(self, call: BoundCall, landed: Answer) -> Answer:
        """Return the answer of an equal call as this one's own: nobody can change another's data."""
        self._accounts.note("joined")
        own = self._check(call, landed.reply)
        return replace(own, attempts=landed.attempts, cache=landed.cache, age=landed.age, warnings=landed.warnings)

    def _spoken(self, answer: Answer) -> Answer:
        """Return the answer with what is to be said of the shared store, once."""
        if not self._notices:
            return answer
        said, self._notices[:] = tuple(self._notices), ()
        return replace(answer, warnings=(*answer.warnings, *said))
