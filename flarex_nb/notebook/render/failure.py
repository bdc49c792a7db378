"""The facts of one error as its box says them, in an order that helps: what, in whose words, where, sent, next.

No markup here; `box` sets them as HTML and `plain` as text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flarex_nb.notebook.render.attempts import history
from flarex_nb.notebook.render.card import sentence, without_times

if TYPE_CHECKING:
    from flarex_nb.catalog.schema_rows import Misfit
    from flarex_nb.errors import FlarexError, Sent
    from flarex_nb.model import Attempt

_RANK: dict[Sent, int] = {"no": 0, "maybe": 1, "yes": 2}
_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_SERVER_ERROR = 500
_DETAILS = 6
"""Further facts of the context that are told."""

_BOLD, _SHORT = 160, 40
"""Characters of a message that stands in the bold sentence; of a detail that stands beside others."""

_PLACE = ("call", "service", "method", "path")
_OWN_ROWS = frozenset({*_PLACE, "code", "request_id", "request id", "why it ended"})


@dataclass(frozen=True, slots=True)
class Failure:
    """What a box says: `what` in one bold sentence, `kind` the stable code, `call` the request, `rows` label and text.

    `next_step` is what a person can do. `attempts` is what was tried, `misfits` where records do not fit
    their model.
    """

    what: str
    kind: str
    call: str
    rows: tuple[tuple[str, str], ...]
    next_step: str
    attempts: tuple[Attempt, ...]
    steady: bool
    misfits: tuple[Misfit, ...] = ()


def failure_of(error: FlarexError, *, steady: bool) -> Failure:
    """Return the facts of the error; with `steady` without durations and request ids."""
    rows = _their_words(error) if hasattr(error, "status") else [("Where", error.place), *_details(error)]
    rows += _circumstances(error, steady=steady)
    return Failure(
        what=_what(error, steady=steady),
        kind=error.kind,
        call=_call(error.context),
        rows=tuple((label, text) for label, text in rows if text),
        next_step=(without_times(error.hint) if steady else error.hint).strip(),
        attempts=error.attempts,
        steady=steady,
        misfits=getattr(error, "errors", ()),
    )


def _what(error: FlarexError, *, steady: bool) -> str:
    """Return the bold sentence: ours, or who answered what in whose words."""
    status = getattr(error, "status", None)
    if status is None:
        return sentence(without_times(error.message) if steady else error.message)
    answered = f"{_speaker(error.context)} answered {status}"
    if error.message.startswith("the server answered"):  # nobody's words but ours
        return sentence(error.message)
    if len(error.message) > _BOLD:
        return sentence(answered)
    return sentence(f"{answered}: {error.message}")


def _their_words(error: FlarexError) -> list[tuple[str, str]]:
    """Return what the provider said beside its message: short details together, long ones by themselves."""
    code = str(getattr(error, "code", "") or error.context.get("code", ""))
    message = [("In its words", error.message)] if len(error.message) > _BOLD else []
    details = [(label, text) for label, text in _details(error) if text != code]
    short = [f"{label.lower()} {text}" for label, text in details if len(text) <= _SHORT]
    long = [(label, text) for label, text in details if len(text) > _SHORT]
    return [*message, ("Code", ", ".join([code, *short] if code else short)), ("Where", error.place), *long]


def _details(error: FlarexError) -> list[tuple[str, str]]:
    told = (pair for pair in error.context.items() if pair[0] not in _OWN_ROWS and not pair[0].startswith("misfit "))
    own = [(label[:1].upper() + label[1:], text) for label, text in told]
    return own[:_DETAILS]


def _circumstances(error: FlarexError, *, steady: bool) -> list[tuple[str, str]]:
    context = error.context
    request_id = (error.reply.request_id if error.reply is not None else "") or context.get("request_id", "")
    past = history(error.attempts, most=1, steady=steady)
    why = context.get("why it ended", "")
    rows = [("Tried", past.once)] if past.once else [("Why it ended", without_times(why) if steady else why)]
    rows += [("Sent", sent_words(error))]
    rows += [("Kept", "What came before it is in .result of the error.")] if hasattr(error, "result") else []
    return rows if steady else [*rows, ("Request id", request_id or context.get("request id", ""))]


def sent_words(error: FlarexError) -> str:
    """Return whether the request, in any of its attempts, may have reached the server, and what that means."""
    sent: Sent = max((error.sent, *(attempt.sent for attempt in error.attempts)), key=_RANK.__getitem__)
    method = error.context.get("method") or error.context.get("call", "").partition(" ")[0]
    reading = method.upper() in _READING
    if sent == "no":
        return "Nothing was sent."
    if sent == "maybe":
        if reading:
            return "The request may have reached the server; it only reads, so it can be sent again."
        return "The request may have reached the server, and may have been applied: look there before sending it again."
    status = getattr(error, "status", None)
    if status is not None and status < _SERVER_ERROR and len({attempt.sent for attempt in error.attempts}) < 2:  # noqa: PLR2004
        return "The server received it and refused it."
    if reading:
        return "The server received it."
    return "The server received it, and may have applied it: look there before sending it again."


def _call(context: dict[str, str]) -> str:
    if context.get("call"):
        return context["call"]
    place = " ".join(context[key] for key in ("method", "path") if context.get(key))
    service = context.get("service", "")
    return f"{place} on {service}" if place and service else place or service


def _speaker(context: dict[str, str]) -> str:
    return context.get("service") or context.get("call", "").rpartition(" on ")[2] or "the server"
