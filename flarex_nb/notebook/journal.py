"""What one notebook remembers of its calls while the kernel lives: idempotency keys, answers by name, the last call.

The same cell run again is the same operation to the server, so it sends the same key. Keys are kept under a hash of
the request, never under a value of it. Of the last call its facts and attempts are kept, not its records.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from flarex_nb.errors import FlarexError, Sent
    from flarex_nb.model import Attempt, CallOptions, CallRequest, Environment
    from flarex_nb.notebook.kept_keys import KeptKeys
    from flarex_nb.pipeline.view import CallResult


class KeyJournal:
    """Keys by fingerprint of the request."""

    def __init__(self) -> None:
        """Begin empty."""
        self._keys: dict[str, str] = {}

    def key_for(self, fingerprint: str) -> tuple[str, bool]:
        """Return the key this request had before, or a new one, and whether it had it before."""
        import uuid  # noqa: PLC0415 - takes longer to load than the rest of the extension

        repeated = fingerprint in self._keys
        return self._keys.setdefault(fingerprint, str(uuid.uuid4())), repeated

    def known(self, fingerprint: str) -> str | None:
        """Return the key this request had before, None for none; makes none."""
        return self._keys.get(fingerprint)


@dataclass(frozen=True, slots=True)
class Past:
    """A call that ended, as `%flarex_why` tells it: facts and attempts, neither records nor bodies.

    `ended` is "done", "failed" or "stopped" (by the person). `outcome` is the status in digits or the error's kind,
    `message` and `hint` the error's own. `options` is None where they are not known. `cache` and `age` (seconds) are
    the answer's, `stop_reason` why no further page was asked for.
    """

    service: str
    method: str
    path: str
    ended: str
    outcome: str
    environment: str = ""
    message: str = ""
    hint: str = ""
    sent: Sent = "no"
    attempts: tuple[Attempt, ...] = ()
    options: CallOptions | None = None
    cache: str = "off"
    age: float = 0.0
    pages: int = 0
    complete: bool = True
    stop_reason: str = ""


def past_result(result: CallResult) -> Past:
    """Return the facts of a result; of one with `check=False` those of its error."""
    error = result.error
    return Past(
        service=result.service,
        method=result.method,
        path=result.path,
        ended="done" if error is None else "failed",
        outcome=str(result.status),
        environment=result.environment,
        message="" if error is None else error.message,
        hint="" if error is None else error.hint,
        sent="yes" if result.attempts else "no",
        attempts=result.attempts,
        options=result.call.options,
        cache=result.cache,
        age=result.age,
        pages=result.pages,
        complete=result.complete,
        stop_reason=result.stop_reason,
    )


def past_error(error: FlarexError, request: CallRequest | None = None) -> Past:
    """Return the facts of an error; `request` is what was asked for, where that is known."""
    method, path, service = _call_of(error, request)
    reply = error.reply
    return Past(
        service=service,
        method=method,
        path=path,
        ended="failed",
        outcome=error.kind if reply is None else str(reply.status),
        message=error.message,
        hint=error.hint,
        sent=error.sent,
        attempts=error.attempts,
        options=None if request is None else request.options,
    )


def past_stop(request: CallRequest, words: str, sent: Sent, attempts: tuple[Attempt, ...]) -> Past:
    """Return the facts of a call the person stopped."""
    return Past(
        service=request.service,
        method=request.method,
        path=request.target,
        ended="stopped",
        outcome="stopped",
        message=words,
        sent=sent,
        attempts=attempts,
        options=request.options,
    )


def _call_of(error: FlarexError, request: CallRequest | None) -> tuple[str, str, str]:
    """Return method, path and service: of the error's own words "GET /v1/charges on stripe", or of the request."""
    call, _, service = error.context.get("call", "").rpartition(" on ")
    method, _, path = call.partition(" ")
    if path and service:
        return method, path, service
    return (request.method, request.target, request.service) if request is not None else ("", "", "")


class Unfinished(NamedTuple):
    """A call over pages that ended early: what was asked for, and the way to go on with it."""

    request: CallRequest
    resume: Callable[..., CallResult]


@dataclass
class Memory:
    """What one shell's cells did.

    `keys` are for repeated cells, `live` those that outlive the kernel (None: there is no folder for them). `answers`
    are those of requests with a `# @name`, as later cells refer to them. `past` is the last call of a magic, and `seen`
    what the client held as its latest just after it: another one by then is newer. `unfinished` is the last call over
    pages that ended early.
    `cells` are the calls as typed, line and body, for whoever takes them elsewhere; none held a key.
    """

    keys: KeyJournal = field(default_factory=KeyJournal)
    live: KeptKeys | None = None
    answers: dict[str, object] = field(default_factory=dict)
    past: Past | None = None
    seen: object = None
    unfinished: Unfinished | None = None
    cells: list[tuple[str, str | None]] = field(default_factory=list)

    def keys_in(self, environment: Environment) -> KeyJournal | KeptKeys:
        """Return where the keys of that environment's writes are: live ones in the journal of the notebook's folder."""
        return self.keys if environment == "sandbox" or self.live is None else self.live

    def note(self, past: Past, seen: object) -> None:
        """Keep the facts of a magic's call."""
        self.past, self.seen = past, seen
        if self.live is not None:
            self.live.ended(past.outcome)
