"""The frozen types of one call, and the protocols through which rooms meet.

Times are seconds. Nothing here does I/O, holds a secret's value, or knows a library outside the standard one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from flarex_nb.catalog.profile import Service
    from flarex_nb.errors import FlarexError, Sent

Headers: TypeAlias = tuple[tuple[str, str], ...]  # in the order of the lines; names keep their case, see `header()`
Json: TypeAlias = Any  # what a JSON document can hold: None, bool, int, float, str, list, dict

Environment = Literal["live", "sandbox"]
CacheMode = Literal["use", "refresh", "bypass", "only"]
Jitter = Literal["full", "none"]
CacheMark = Literal["off", "miss", "hit", "revalidated", "stale"]


def origin_of(url: str) -> tuple[str, str, int]:
    """Return (scheme, host in lower case, port) of a whole URL; the port is the scheme's own where it names none."""
    parts = urlsplit(url)
    return parts.scheme, (parts.hostname or "").lower(), parts.port or (443 if parts.scheme == "https" else 80)


def header(headers: Headers, name: str) -> str | None:
    """Return the value of the first header called `name` (case does not matter), None when absent."""
    wanted = name.lower()
    return next((value for key, value in headers if key.lower() == wanted), None)


@dataclass(frozen=True, slots=True)
class Span:
    """A place in the text a person wrote; line and column count from 1."""

    line: int
    column: int = 1

    def __str__(self) -> str:
        """Return "line L, column C"."""
        return f"line {self.line}, column {self.column}"


@dataclass(frozen=True, slots=True)
class CallOptions:
    """What may be chosen for one call; the same names in the magics and in Python.

    `attempts` counts the first send. `attempt_timeout` bounds one send from dialling to the last body byte, `deadline`
    the call with its waits (each page's call), `total` all pages (None: unbounded). `pages` is "none", "auto", "all" or
    a number; `max_bytes` None the profile's cap; `asserts` conditions on the answer; `guard` "public" any public URL.
    """

    attempts: int = 3
    attempt_timeout: float = 10.0
    deadline: float = 30.0
    total: float | None = None
    jitter: Jitter = "full"
    cache: CacheMode = "use"
    ttl: float | None = None
    idempotency: str = "auto"
    pages: str | int = "none"
    max_pages: int | None = None
    concurrency: int = 1
    max_records: int | None = None
    into: str | None = None
    select: str | None = None
    asserts: tuple[object, ...] = ()
    save: str | None = None
    columns: str | None = None
    validate: object = None
    max_bytes: int | None = None
    plan: bool = False
    yes: bool = False
    raw: bool = False
    quiet: bool = False
    env: Environment | None = None
    simulate: str | None = None
    check: bool = True
    guard: Literal["public"] | None = None


@dataclass(frozen=True, slots=True)
class NoBody:
    """No body."""


@dataclass(frozen=True, slots=True)
class JsonBody:
    """A JSON value; sent as JSON, or bracketed form where the profile says so."""

    value: Json


@dataclass(frozen=True, slots=True)
class FormBody:
    """Form fields in order, names already bracketed (`line_items[0][price]`)."""

    fields: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class RawBody:
    """Bytes as they are; `media_type` "" leaves the header to the caller."""

    content: bytes
    media_type: str = ""


Body: TypeAlias = NoBody | JsonBody | FormBody | RawBody


@dataclass(frozen=True, slots=True)
class CallRequest:
    """One request as the person wrote it: read, filled in, not yet bound to a service's profile.

    `service` "" means the host of `target` tells it. `target` is a path or a whole URL without query, `query` the
    parameters, decoded. Headers and form fields may hold markers of secrets (`vault.ref.marker`), never a value. `note`
    is what a person confirms before a live call, `occurrence` counts equal requests above it, `url` is one from data.
    """

    service: str
    method: str
    target: str
    query: tuple[tuple[str, str], ...] = ()
    headers: Headers = ()
    body: Body = field(default_factory=NoBody)
    options: CallOptions = field(default_factory=CallOptions)
    name: str = ""
    note: str = ""
    warnings: tuple[str, ...] = ()
    span: Span | None = None
    occurrence: int = 0
    url: str = ""


@dataclass(frozen=True, slots=True)
class SecretRef:
    """A secret by name, never its value. `scope` is the environment it belongs to, `version` 0 the current one."""

    name: str
    scope: Environment = "live"
    version: int = 0


PlaceKind = Literal["header", "query", "userinfo", "path", "body"]


@dataclass(frozen=True, slots=True)
class Placement:
    """Where one secret goes in a request: `template` with `{}` for the value, e.g. "Bearer {}"."""

    ref: SecretRef
    place: PlaceKind
    name: str
    template: str = "{}"


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a secret is about to be sent, asked before its value is revealed."""

    scheme: str
    host: str
    port: int
    place: PlaceKind

    def __str__(self) -> str:
        """Return "scheme://host:port"."""
        return f"{self.scheme}://{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Reach:
    """What one call may dial: public addresses, `plain` http too, and these (host, port) pairs even where private."""

    private: frozenset[tuple[str, int]] = frozenset()
    max_wire_bytes: int = 64 * 1024 * 1024
    max_bytes: int = 64 * 1024 * 1024
    plain: bool = False


@dataclass(frozen=True, slots=True)
class Outgoing:
    """What goes on the wire for one attempt, the secret in it; its repr shows method and path only."""

    method: str
    url: str
    headers: Headers
    content: bytes

    def __repr__(self) -> str:
        """Return method and path, never header, query or body."""
        return f"<Outgoing {self.method} {self.url.split('?', 1)[0]}>"


@dataclass(frozen=True, slots=True)
class Reply:
    """One whole answer of the server; `content` is decoded and within the cap, `elapsed` in seconds."""

    status: int
    headers: Headers
    content: bytes
    elapsed: float
    url: str = ""
    request_id: str = ""

    def header(self, name: str) -> str | None:
        """Return the first header of that name, None when absent."""
        return header(self.headers, name)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One send and what was decided after it.

    `number` counts from 1; `started` is seconds since the call began, `elapsed` the time of the send. `waited` is the
    wait BEFORE it and `wait_source` who asked for that ("", "backoff" or the header's name). `outcome` is the status
    ("503") or the error's kind. `reason` says in one short code why `decision`, `sentence` in words.
    """

    number: int
    started: float
    elapsed: float
    waited: float
    wait_source: str
    outcome: str
    sent: Sent
    decision: Literal["done", "again", "stop"]
    reason: str
    sentence: str = ""
    request_id: str = ""

    def __str__(self) -> str:
        """Return the attempt in one sentence."""
        wait = f" after waiting {self.waited:.2f} s ({self.wait_source})" if self.waited else ""
        return f"attempt {self.number}{wait}: {self.outcome}; {self.sentence or self.reason}"


@dataclass(frozen=True, slots=True)
class BoundCall:
    """A request with all decided but the secret's value: `placements` say which goes where, `credential` names it."""

    request: CallRequest
    service: Service
    method: str
    url: str
    headers: Headers
    content: bytes
    placements: tuple[Placement, ...]
    environment: Environment
    reach: Reach
    credential: str
    idempotency_key: str = ""
    warnings: tuple[str, ...] = ()

    @property
    def options(self) -> CallOptions:
        """The call's options."""
        return self.request.options

    @property
    def rehearsed(self) -> bool:
        """Whether the sandbox plays faults: what is learnt from those must not touch real calls."""
        return bool(self.request.options.simulate)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the pipeline hands to the view: the checked reply, its decoded data, and the history."""

    reply: Reply
    data: Json
    attempts: tuple[Attempt, ...] = ()
    cache: CacheMark = "off"
    age: float = 0.0
    warnings: tuple[str, ...] = ()
    error: FlarexError | None = None


class Reveal(Protocol):
    """Gives a secret's value for one destination, after the host check."""

    def __call__(self, ref: SecretRef, destination: Destination) -> str:
        """Return the value; raise SecretError when it is missing or bound elsewhere."""


class Cipher(Protocol):
    """Authenticated encryption for stores; `context` is bound, not stored."""

    def seal(self, plain: bytes, context: bytes) -> bytes:
        """Return nonce and ciphertext."""

    def open(self, sealed: bytes, context: bytes) -> bytes:
        """Return the plaintext; raise VaultLocked if it was changed or the context differs."""
