"""The client: one call in, one result out. Assembles the pipeline once and turns pages into one result.

`call` blocks, `acall` is awaited; both run on the private loop, so that an interrupt stops a call cleanly and one pool
of connections serves every cell. What a person typed is read by `pipeline.ask`; how it looks is the notebook's matter.
"""

from __future__ import annotations

import os
import random
import uuid
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakSet, ref

from flarex_nb.catalog.schema import Schemas
from flarex_nb.catalog.urls import unknown_path
from flarex_nb.clock import RealClock
from flarex_nb.config import load
from flarex_nb.errors import ApiError, FlarexError, NotFound
from flarex_nb.gather import Gathered
from flarex_nb.latest import finished, incomplete, kept_if_stopped, remembered, tolerated
from flarex_nb.pipeline import Pipeline
from flarex_nb.pipeline.ask import from_python, options_from
from flarex_nb.pipeline.bind import Place, bind, settle
from flarex_nb.portal import PORTAL, after_fork, once
from flarex_nb.turning import all_pages

if TYPE_CHECKING:
    from collections.abc import Callable

    from flarex_nb.catalog.registry import Registry
    from flarex_nb.clock import Clock
    from flarex_nb.events import Listener
    from flarex_nb.latest import Kept
    from flarex_nb.model import CallRequest, Environment, Reveal
    from flarex_nb.pipeline.bind import NewKey
    from flarex_nb.pipeline.transmit import Wire
    from flarex_nb.pipeline.view import CallResult
    from flarex_nb.sandbox.launch import Running
    from flarex_nb.settings import Settings
    from flarex_nb.stores.replay import Recordings
    from flarex_nb.vault.facade import Secrets
    from flarex_nb.vault.redact import Redactor
    from flarex_nb.vault.sources import Sources

_BODY_ARGUMENTS = ("params", "headers", "json", "data", "content", "allow_literal")
_SANDBOX_HINT = "Run it again; `python -m flarex_nb.sandbox` shows what it says itself."


def _fresh_key(_fingerprint: str) -> tuple[str, bool]:
    return str(uuid.uuid4()), False


class Client:
    """What one process needs to call services: profiles, secrets, pipeline, sandbox. The parameters are the seams."""

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        clock: Clock | None = None,
        wire: Wire | None = None,
        dice: Callable[[], float] = random.random,  # noqa: TID251 - the one place where the dice come from
        environ: dict[str, str] | None = None,
        folder: Path | None = None,
    ) -> None:
        """Assemble; nothing is opened or read yet."""
        self.settings = settings or load(folder=folder)
        self.clock = clock or RealClock()
        self._wire = wire
        self._dice = dice
        self._environ = environ if environ is not None else os.environ
        self._folder = folder or Path.cwd()
        self.sandbox: Running | None = None
        self.schemas = Schemas()
        self.latest: ref[CallResult | FlarexError] | None = None
        _clients.add(self)

    @once
    def services(self) -> Registry:
        """The service profiles known here."""
        from flarex_nb.catalog.registry import Registry  # noqa: PLC0415 - pydantic loads with the first profile

        return Registry()

    @once
    def pipeline(self) -> Pipeline:
        """The stations, assembled with the real wire where none was handed in."""
        from flarex_nb.stores.means import means_of, valued  # noqa: PLC0415 - with the pipeline

        sources, wire, own = self._sources, self._wire, None
        if wire is None:
            from flarex_nb.net.transport import Wire as RealWire  # noqa: PLC0415 - httpx loads with the first call

            wire = own = RealWire(clock=self.clock, proxy=self.settings.proxy)
        means = means_of(self._environ, valued(sources.find, sources.value, self._environ), sources.own)
        stations = partial(Pipeline, self.settings, self.clock, wire, self._revealer, self._dice)
        pipeline = stations(means=means, own=own, has_previous=sources.has_previous, replay=self.recordings)
        if own is not None or means.redis_url:
            PORTAL.at_exit(partial(pipeline.aclose, wait=False))
        return pipeline

    @once
    def recordings(self) -> Recordings:
        """The answers kept to be given again; `recordings.switch("record", path)` begins."""
        from flarex_nb.stores.replay import Recordings  # noqa: PLC0415 - with the pipeline

        return Recordings(self.clock, self.redactor)

    def place(self) -> Place | None:
        """Return where the sandbox listens, None while it is off."""
        return None if self.sandbox is None else Place(self.sandbox.origin, self.sandbox.services)

    def environment(self) -> Environment:
        """Return "sandbox" while the sandbox is on."""
        return "live" if self.sandbox is None else "sandbox"

    def environment_of(self, request: CallRequest) -> Environment:
        """Return whether this request would go to the real service or to the sandbox."""
        return settle(request, self.services, self.place())[1]

    def call(self, service: str, request: str, **arguments: Any) -> CallResult:
        """Return the result of one call; blocks until it is there. The arguments are those of `acall`.

        An interrupt (Ctrl-C, the kernel's stop button) ends it within half a second, and nothing is sent afterwards.
        """
        return self.run(self._request(service, request, arguments))

    async def acall(self, service: str, request: str, **arguments: Any) -> CallResult:
        """Return the result of one call, awaited on any loop.

        Args:
            service: the name of a profile.
            request: method and path, "GET /v1/charges".
            **arguments: `params`, `headers`, and one of `json`, `data`, `content`, as in httpx; and the call's options
                by name (`CallOptions`): `attempts=3`, `attempt_timeout=10.0`, `deadline=30.0`, `pages="all"`, ...

        Raises:
            FlarexError: with `.attempts`, `.reply`, `.sent` and `.hint`.
        """
        return await PORTAL.wrap(self._run(self._request(service, request, arguments), None, _fresh_key, []))

    def run(
        self,
        request: CallRequest,
        *,
        listener: Listener | None = None,
        pump: Callable[[], None] | None = None,
        new_key: NewKey = _fresh_key,
    ) -> CallResult:
        """Return the result of a request that is already read; the way of the magics.

        `pump` is called on this thread while it waits; `new_key` gives the idempotency key for a fingerprint.
        """
        with kept_if_stopped(self.resume) as kept:
            return PORTAL.run(self._run(request, listener, new_key, kept), pump)

    async def arun(self, request: CallRequest, hear: Listener, pump: Callable[[], None], new_key: NewKey) -> CallResult:
        """Return what `run` does, awaited on the caller's loop; cancelling it stops the call."""
        with kept_if_stopped(self.resume) as kept:
            return await PORTAL.attend(self._run(request, hear, new_key, kept), pump)

    def _request(self, service: str, request: str, arguments: dict[str, Any]) -> CallRequest:
        own = {name: arguments.pop(name) for name in _BODY_ARGUMENTS if name in arguments}
        nested = not service or self.services.get(service).body == "bracketed_form"
        options = options_from(arguments, self.settings.options(service))
        return from_python(service, request, **own, options=options, nested=nested)

    async def _run(self, request: CallRequest, listener: Listener | None, new_key: NewKey, kept: Kept) -> CallResult:
        if request.options.plan:
            from flarex_nb.plan import plan_for  # noqa: PLC0415 - only when one is asked for

            return plan_for(self, request)  # type: ignore[return-value]  # a Plan, to whoever asks for one
        kept.append(Gathered(bind(request, self.services, self.place(), new_key), self.schemas))
        return await self._gather(kept[-1], listener)

    def resume(
        self, gathered: Gathered, listener: Listener | None = None, pump: Callable[[], None] | None = None
    ) -> CallResult:
        """Return the result of a call over pages that had ended early, with the pages from there on."""
        with kept_if_stopped(self.resume) as kept:
            kept.append(gathered)
            return PORTAL.run(self._gather(gathered, listener), pump)

    @remembered
    async def _gather(self, gathered: Gathered, listener: Listener | None) -> CallResult:
        call, started = gathered.call, self.clock.now()
        try:
            await all_pages(self.pipeline, gathered, listener, self.clock)
        except FlarexError as error:
            error.context = {"call": f"{call.method} {call.request.target} on {call.service.name}", **error.context}
            if isinstance(error, NotFound):
                error.hint = unknown_path(call.service, call.method, call.request.target) or error.hint
            if not gathered.answers:
                if isinstance(error, ApiError) and tolerated(call.options, error):
                    return finished(gathered.failed(error, self.clock.now() - started))
                raise
            raise incomplete(gathered, error, self.clock.now() - started, partial(self.resume, gathered)) from error
        return finished(gathered.result(self.clock.now() - started))

    @once
    def redactor(self) -> Redactor:
        """Masks every value this process knows."""
        from flarex_nb.vault.redact import Redactor  # noqa: PLC0415

        return Redactor()

    @once
    def _sources(self) -> Sources:
        from flarex_nb.vault.sources import Declared, Sources  # noqa: PLC0415
        from flarex_nb.vault.store import SessionStore  # noqa: PLC0415

        def declared() -> tuple[Declared, ...]:
            known = self.services
            pairs = [(service, name) for service in map(known.get, known.names()) for name in service.secret_names]
            return tuple(Declared(each.name, name, known.hosts_of_secret(name)) for each, name in pairs)

        return Sources(
            SessionStore(self.clock, masks=self.redactor),
            clock=self.clock,
            environ=self._environ,
            start_dir=self._folder,
            default_hosts=self.services.hosts_of_secret,
            declared=declared,
            sandbox_hosts=self._sandbox_hosts,
            masks=self.redactor,
        )

    @once
    def _revealer(self) -> Reveal:
        from flarex_nb.vault.reveal import Revealer  # noqa: PLC0415

        return Revealer(self._sources, self.clock, private=self.services.private_places)

    def _sandbox_hosts(self) -> tuple[str, ...]:
        running = self.sandbox
        return () if running is None else (f"{running.host}:{running.port}",)

    @once
    def secrets(self) -> Secrets:
        """The secrets by name: set, list, rotate, delete, scope. No way to read a value back."""
        from flarex_nb.vault.facade import Secrets  # noqa: PLC0415 - cryptography loads with the first secret

        return Secrets(self._sources, self.environment)

    def sandbox_on(self) -> Running:
        """Start the sandbox, or find this process's own, and return where it listens; calls go to it from now on."""
        from flarex_nb.sandbox import launch  # noqa: PLC0415 - only when it is wanted

        try:
            self.sandbox = launch.start()
        except launch.SandboxError as error:
            msg = f"the sandbox did not start: {error}"
            raise FlarexError(msg, hint=_SANDBOX_HINT) from error
        for name, value in self.sandbox.keys.items():
            if not self._sources.session.has(name, "sandbox"):  # one typed in before stays
                self.secrets.set(name, value, hosts=self._sandbox_hosts(), env="sandbox")
        return self.sandbox

    def sandbox_off(self) -> None:
        """Stop the sandbox; calls go to the real services again."""
        from flarex_nb.sandbox import launch  # noqa: PLC0415

        launch.stop()
        self.sandbox = None
        dropped = self.__dict__.pop("pipeline", None)
        if dropped is not None:
            PORTAL.submit(dropped.aclose())


class _Process:
    """What belongs to this process: its client."""

    @once
    def client(self) -> Client:
        """The client, made on first use."""
        return Client()


_process = _Process()
_clients: WeakSet[Client] = WeakSet()


def default() -> Client:
    """Return the process's own client, the same for every thread."""
    return _process.client


@after_fork
def _leave_connections_behind() -> None:
    """In a forked child: connections, queues and calls under way are the parent's."""
    for client in list(_clients):
        client.__dict__.pop("pipeline", None)
