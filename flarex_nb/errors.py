"""The error tree, on one page.

FlarexError
├── UsageError: CellSyntaxError, UnknownService, UnknownOption, ProfileError
├── SecretError: SecretMissing, VaultLocked, SecretExpired, ScopeDenied
├── GuardError: AddressBlocked, HostNotAllowed, SchemeNotAllowed, RedirectBlocked, ResponseTooLarge
├── TransportError: ConnectFailed, AttemptTimeout, ConnectionLost, ProtocolBroken
├── ApiError: BadRequest, AuthenticationFailed, PermissionDenied, NotFound, Conflict, Unprocessable, RateLimited,
│             QuotaExceeded, ServerError
├── ResponseError: MalformedBody, SchemaMismatch, AssertionFailed
├── Rejected: CircuitOpen, DeadlineExceeded, ThrottleRefused
├── WebhookError
└── IncompletePages

Each error has `kind` (a stable code), `hint` (the next step), `attempts` (what was tried), `reply` (the server's last
answer), `retryable`, and `sent`: whether the request may have reached the server ("no", "maybe", "yes"), which decides
whether a POST may be repeated and tells a person whether money may have moved. Lower errors are never raised through;
they are mapped to one of these and kept as `__cause__`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

    from flarex_nb.catalog.schema_rows import Misfit
    from flarex_nb.model import Attempt, Reply
    from flarex_nb.pipeline.view import CallResult

Sent = Literal["no", "maybe", "yes"]

_SENT_WORDS: dict[Sent, str] = {
    "no": "Nothing was sent.",
    "maybe": "The request may have reached the server, and may have been applied.",
    "yes": "The request reached the server.",
}


class FlarexError(Exception):
    """Anything this package refuses or fails to do.

    `str(error)` is one line without secrets. `hint` is the next step for a person. `place` names where in the user's
    text the fault is ("line 3, column 8"), "" when it is not in the text.
    """

    kind: ClassVar[str] = "flarex"
    retryable: ClassVar[bool] = False

    def __init_subclass__(cls) -> None:
        """Set the stable code: the class's name in lower case with hyphens, without a closing "-error"."""
        cls.kind = re.sub(r"(?<=[a-z])(?=[A-Z])", "-", cls.__name__).lower().removesuffix("-error")

    def __init__(self, message: str, *, hint: str = "", sent: Sent = "no", place: str = "") -> None:
        """Keep the message, the next step, what may have been sent, and the place of the fault."""
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.sent: Sent = sent
        self.place = place
        self.attempts: tuple[Attempt, ...] = ()
        self.reply: Reply | None = None
        self.context: dict[str, str] = {}
        self.shown = False

    def __reduce__(self) -> tuple[object, ...]:
        """Keep everything when an error crosses to another process."""
        return _again, (type(self), self.message, self.__dict__)

    def explain(self) -> str:
        """Return the error in lines of text: what failed, where, what was tried, and the next step."""
        lines = [f"{type(self).__name__}: {self.message}"]
        lines += [f"  where: {self.place}"] if self.place else []
        lines += [f"  {label}: {text}" for label, text in self.context.items()]
        lines += [f"  {attempt}" for attempt in self.attempts]
        lines += [f"  {_SENT_WORDS[self.sent]}"] if self.attempts or self.sent != "no" else []
        lines += [f"  next: {self.hint}"] if self.hint else []
        return "\n".join(lines)

    def _render_traceback_(self) -> list[str]:
        """Return the lines IPython shows instead of a traceback: one where a box has shown the rest."""
        return [f"{type(self).__name__}: {self.message}"] if self.shown else self.explain().splitlines()


def _again(kind: type[FlarexError], message: str, state: dict[str, object]) -> FlarexError:
    error = kind.__new__(kind, message)
    error.__dict__.update(state)
    return error


class UsageError(FlarexError):
    """The cell or the arguments are wrong; nothing was sent."""


class CellSyntaxError(UsageError):
    """The text of the cell does not parse; `place` has line and column, both from 1."""


class UnknownService(UsageError):
    """No profile of that name."""


class UnknownOption(UsageError):
    """An option, parameter or setting that does not exist."""


class ProfileError(UsageError):
    """A service profile that is incomplete or contradicts itself."""


class SecretError(FlarexError):
    """A credential could not be used; nothing was sent with it."""


class SecretMissing(SecretError):
    """No source holds the secret."""


class VaultLocked(SecretError):
    """The vault cannot be read now."""


class SecretExpired(SecretError):
    """The secret's time is over."""


class ScopeDenied(SecretError):
    """The secret is bound to other hosts or places than the one asked for."""


class GuardError(FlarexError):
    """A safety rule refused."""


class AddressBlocked(GuardError):
    """The address is not one that may be reached."""


class HostNotAllowed(GuardError):
    """The host is not one that may be reached."""


class SchemeNotAllowed(GuardError):
    """The scheme or the port is not allowed."""


class RedirectBlocked(GuardError):
    """A redirect that must not be followed; the answer that asked for it is on `reply`."""


class ResponseTooLarge(GuardError):
    """The answer passed the cap; nothing of it is kept."""


class TransportError(FlarexError):
    """The wire failed; `sent` says how far the request may have got."""

    retryable = True


class ConnectFailed(TransportError):
    """No connection; nothing was sent. `permanent` when trying again cannot help (unknown host, bad certificate)."""

    def __init__(self, message: str, *, hint: str = "", permanent: bool = False) -> None:
        """Keep whether trying again can help."""
        super().__init__(message, hint=hint, sent="no")
        self.permanent = permanent


class AttemptTimeout(TransportError):
    """One attempt, from dialling to the last byte of the body, took longer than its limit."""


class ConnectionLost(TransportError):
    """The connection broke after sending began: reset, closed without an answer, or a body cut short."""


class ProtocolBroken(TransportError):
    """What came is not HTTP, or its encoding cannot be decoded."""


class ApiError(FlarexError):
    """The server answered with an error status; `reply` is that answer, `code` the provider's own error code."""

    def __init__(self, message: str, *, status: int, code: str = "", hint: str = "") -> None:
        """Keep the status and the provider's own code; the request was sent and answered."""
        super().__init__(message, hint=hint, sent="yes")
        self.status = status
        self.code = code


class BadRequest(ApiError):
    """400, and other 4xx without a class of their own."""


class AuthenticationFailed(ApiError):
    """401: the credential is missing, wrong or over."""


class PermissionDenied(ApiError):
    """403: the credential is good but not for this."""


class NotFound(ApiError):
    """404 or 410."""


class Conflict(ApiError):
    """409."""


class Unprocessable(ApiError):
    """422."""


class RateLimited(ApiError):
    """429, or a 403 that says it is a limit: waiting helps."""

    retryable = True


class QuotaExceeded(ApiError):
    """Out of credit or quota: waiting does not help."""


class ServerError(ApiError):
    """5xx."""

    retryable = True


class ResponseError(FlarexError):
    """The answer came whole but is not what was promised."""


class MalformedBody(ResponseError):
    """The body is not the format it claims."""


class SchemaMismatch(ResponseError):
    """The body parses, but is not shaped as the profile or the model says; `errors` are the places, where known."""

    errors: tuple[Misfit, ...] = ()


class AssertionFailed(ResponseError):
    """A condition of the call (`--assert`, `# @assert`) does not hold; `result` is the answer it was held against."""

    def __init__(self, message: str, *, result: CallResult, hint: str = "") -> None:
        """Keep the answer: it came, and a write was applied."""
        super().__init__(message, hint=hint, sent="yes")
        self.result = result


class Rejected(FlarexError):
    """Refused by us before this attempt was sent."""


class CircuitOpen(Rejected):
    """The breaker is open: the service failed too often just now.

    `retry_after` is in how many seconds it is worth asking again. The message is the same all that time.
    """

    retry_after: float = 0.0


class DeadlineExceeded(Rejected):
    """The call's deadline passed, or the next wait would pass it."""


class ThrottleRefused(Rejected):
    """The server's own limit leaves no room before the deadline."""


class WebhookError(FlarexError):
    """An inbound webhook that cannot be trusted."""


class IncompletePages(FlarexError):
    """Some pages came, then a page failed; `result` holds what came, `__cause__` why it stopped.

    `resume()` goes on with the page that failed and returns the whole result.
    """

    def __init__(
        self, message: str, *, result: CallResult, resume: Callable[[], CallResult], hint: str = "", sent: Sent = "yes"
    ) -> None:
        """Keep the partial result, and the way to go on."""
        super().__init__(message, hint=hint, sent=sent)
        self.result = result
        self.resume = resume
