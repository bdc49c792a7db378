"""The error tree, on one page.

FlarexError
├── UsageError          the cell or the arguments are wrong; nothing was sent
│   ├── CellSyntaxError     the text of the cell, with line and column
│   ├── UnknownService      no profile of that name
│   ├── UnknownOption       an option, parameter or setting that does not exist
│   └── ProfileError        a service profile that contradicts itself
├── SecretError         a credential could not be used; nothing was sent
│   ├── SecretMissing       no source holds it
│   ├── VaultLocked         the vault cannot be read now
│   ├── SecretExpired       its time is over
│   └── ScopeDenied         it is bound to other hosts or places
├── GuardError          a safety rule refused
│   ├── AddressBlocked      the address is not allowed
│   ├── HostNotAllowed      the host is not allowed
│   ├── SchemeNotAllowed    the scheme or port is not allowed
│   ├── RedirectBlocked     a redirect was not followed
│   └── ResponseTooLarge    the answer passed the cap
├── TransportError      the wire failed
│   ├── ConnectFailed       no connection; nothing was sent
│   ├── AttemptTimeout      one attempt took longer than its limit
│   ├── ConnectionLost      the connection broke after sending began
│   └── ProtocolBroken      what came is not HTTP, or cannot be decoded
├── ApiError            the server answered with an error status
│   ├── BadRequest 400, AuthenticationFailed 401, PermissionDenied 403, NotFound 404
│   ├── Conflict 409, Unprocessable 422, RateLimited 429, ServerError 5xx
│   └── QuotaExceeded       out of credit or quota: waiting does not help
├── ResponseError       the answer is not what was promised
│   ├── MalformedBody       not the format it claims
│   └── SchemaMismatch      the format is right, the content is not
├── Rejected            refused by us before this attempt was sent
│   ├── CircuitOpen, DeadlineExceeded, ThrottleRefused
├── WebhookError        an inbound webhook that cannot be trusted
└── IncompletePages     some pages came, then a page failed

Each error has `kind` (a stable code), `hint` (the next step), `attempts` (what was tried), `reply` (the server's last
answer), `retryable`, and `sent`: whether the request may have reached the server ("no", "maybe", "yes"), which decides
whether a POST may be repeated and tells a person whether money may have moved. Lower errors are never raised through;
they are mapped to one of these and kept as `__cause__`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flarex_nb.model import Attempt, Reply

Sent = Literal["no", "maybe", "yes"]


class FlarexError(Exception):
    """Anything this package refuses or fails to do.

    `str(error)` is one line without secrets. `hint` is the next step for a person. `place` names where in the user's
    text the fault is ("line 3, column 8"), "" when it is not in the text.
    """

    kind: ClassVar[str] = "error"
    retryable: ClassVar[bool] = False

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

    def _render_traceback_(self) -> Sequence[str]:
        """Return the lines IPython shows instead of a traceback: what failed, where, and the next step."""
        from flarex_nb.pipeline.view import explain_error  # noqa: PLC0415 - the porch of IPython, only when shown

        return explain_error(self).splitlines()


class UsageError(FlarexError):
    """The cell or the arguments are wrong; nothing was sent."""

    kind = "usage"


class CellSyntaxError(UsageError):
    """The text of the cell does not parse; `place` has line and column, both from 1."""

    kind = "cell-syntax"


class UnknownService(UsageError):
    """No profile of that name."""

    kind = "unknown-service"


class UnknownOption(UsageError):
    """An option, parameter or setting that does not exist."""

    kind = "unknown-option"


class ProfileError(UsageError):
    """A service profile that is incomplete or contradicts itself."""

    kind = "profile"


class SecretError(FlarexError):
    """A credential could not be used; nothing was sent with it."""

    kind = "secret"


class SecretMissing(SecretError):
    """No source holds the secret."""

    kind = "secret-missing"


class VaultLocked(SecretError):
    """The vault cannot be read now."""

    kind = "vault-locked"


class SecretExpired(SecretError):
    """The secret's time is over."""

    kind = "secret-expired"


class ScopeDenied(SecretError):
    """The secret is bound to other hosts or places than the one asked for."""

    kind = "scope-denied"


class GuardError(FlarexError):
    """A safety rule refused."""

    kind = "guard"


class AddressBlocked(GuardError):
    """The address is not one that may be reached."""

    kind = "address-blocked"


class HostNotAllowed(GuardError):
    """The host is not one that may be reached."""

    kind = "host-not-allowed"


class SchemeNotAllowed(GuardError):
    """The scheme or the port is not allowed."""

    kind = "scheme-not-allowed"


class RedirectBlocked(GuardError):
    """A redirect that must not be followed; the answer that asked for it is on `reply`."""

    kind = "redirect-blocked"


class ResponseTooLarge(GuardError):
    """The answer passed the cap; nothing of it is kept."""

    kind = "response-too-large"


class TransportError(FlarexError):
    """The wire failed; `sent` says how far the request may have got."""

    kind = "transport"
    retryable = True


class ConnectFailed(TransportError):
    """No connection; nothing was sent. `permanent` when trying again cannot help (unknown host, bad certificate)."""

    kind = "connect-failed"

    def __init__(self, message: str, *, hint: str = "", permanent: bool = False) -> None:
        """Keep whether trying again can help."""
        super().__init__(message, hint=hint, sent="no")
        self.permanent = permanent


class AttemptTimeout(TransportError):
    """One attempt, from dialling to the last byte of the body, took longer than its limit."""

    kind = "attempt-timeout"


class ConnectionLost(TransportError):
    """The connection broke after sending began: reset, closed without an answer, or a body cut short."""

    kind = "connection-lost"


class ProtocolBroken(TransportError):
    """What came is not HTTP, or its encoding cannot be decoded."""

    kind = "protocol-broken"


class ApiError(FlarexError):
    """The server answered with an error status; `reply` is that answer, `code` the provider's own error code."""

    kind = "api"

    def __init__(self, message: str, *, status: int, code: str = "", hint: str = "") -> None:
        """Keep the status and the provider's own code; the request was sent and answered."""
        super().__init__(message, hint=hint, sent="yes")
        self.status = status
        self.code = code


class BadRequest(ApiError):
    """400, and other 4xx without a class of their own."""

    kind = "bad-request"


class AuthenticationFailed(ApiError):
    """401: the credential is missing, wrong or over."""

    kind = "authentication-failed"


class PermissionDenied(ApiError):
    """403: the credential is good but not for this."""

    kind = "permission-denied"


class NotFound(ApiError):
    """404 or 410."""

    kind = "not-found"


class Conflict(ApiError):
    """409."""

    kind = "conflict"


class Unprocessable(ApiError):
    """422."""

    kind = "unprocessable"


class RateLimited(ApiError):
    """429, or a 403 that says it is a limit: waiting helps."""

    kind = "rate-limited"
    retryable = True


class QuotaExceeded(ApiError):
    """Out of credit or quota: waiting does not help."""

    kind = "quota-exceeded"


class ServerError(ApiError):
    """5xx."""

    kind = "server-error"
    retryable = True


class ResponseError(FlarexError):
    """The answer came whole but is not what was promised."""

    kind = "response"


class MalformedBody(ResponseError):
    """The body is not the format it claims."""

    kind = "malformed-body"


class SchemaMismatch(ResponseError):
    """The body parses, but is not shaped as the profile or the model says."""

    kind = "schema-mismatch"


class Rejected(FlarexError):
    """Refused by us before this attempt was sent."""

    kind = "rejected"


class CircuitOpen(Rejected):
    """The breaker is open: the service failed too often just now."""

    kind = "circuit-open"


class DeadlineExceeded(Rejected):
    """The call's deadline passed, or the next wait would pass it."""

    kind = "deadline-exceeded"


class ThrottleRefused(Rejected):
    """The server's own limit leaves no room before the deadline."""

    kind = "throttle-refused"


class WebhookError(FlarexError):
    """An inbound webhook that cannot be trusted."""

    kind = "webhook"


class IncompletePages(FlarexError):
    """Some pages came, then a page failed; `result` holds what came, `__cause__` why it stopped."""

    kind = "incomplete-pages"

    def __init__(self, message: str, *, result: object, hint: str = "", sent: Sent = "yes") -> None:
        """Keep the partial result."""
        super().__init__(message, hint=hint, sent=sent)
        self.result = result
