"""What a service is, as data: every field a provider does differently, checked when it is read.

Code knows named mechanisms only (auth kinds, paging kinds, error shapes, body encodings); which provider uses which
stands in a profile. A profile never holds a secret's value, only names.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    ValidationError,
    field_validator,
    model_validator,
)

from flarex_nb.catalog.page_kinds import LastRecordPages as LastRecordPages  # noqa: PLC0414 - a profile's part
from flarex_nb.catalog.page_kinds import NoPages, Paging
from flarex_nb.errors import ProfileError

_JSON_TYPES = {"string", "number", "boolean", "list", "object"}


_READS = {"GET", "HEAD", "OPTIONS"}
"""Methods that are safe (RFC 9110 9.2.1)."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


SecretName = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]{0,127}$")]
"""A secret by name, in capitals with underscores: by convention <SERVICE>_API_KEY."""


class NoAuth(_Part):
    """The service needs no credential."""

    kind: Literal["none"] = "none"


class BearerAuth(_Part):
    """`Authorization: Bearer <secret>` (RFC 6750)."""

    kind: Literal["bearer"]
    secret: SecretName


class HeaderAuth(_Part):
    """The secret in a header of the service's own."""

    kind: Literal["header"]
    name: str
    secret: SecretName
    template: str = "{}"


class QueryAuth(_Part):
    """The secret in a query parameter, where a service allows nothing better."""

    kind: Literal["query"]
    name: str
    secret: SecretName


class BasicAuth(_Part):
    """`Authorization: Basic` (RFC 7617) with the secret as password and `username` in clear."""

    kind: Literal["basic"]
    secret: SecretName
    username: str = ""


Auth = Annotated[NoAuth | BearerAuth | HeaderAuth | QueryAuth | BasicAuth, Field(discriminator="kind")]


class ErrorShape(_Part):
    """Where an error answer keeps its words: dotted paths into the JSON body."""

    message: str = ""
    code: str = ""
    type: str = ""
    param: str = ""
    details: dict[str, str] = {}
    request_id_header: str = "x-request-id"


class RetryProfile(_Part):
    """What this service does differently when it fails; names of mechanisms in `policies`."""

    dialects: tuple[str, ...] = ("retry_after", "ratelimit_fields", "reset_by_size")
    override_header: str = ""
    never_codes: tuple[str, ...] = ()
    again_codes: tuple[str, ...] = ()
    stored_500: bool = False
    overloaded: tuple[int, ...] = ()


class Freshness(_Part):
    """How answers of this service are kept, where it differs from the settings.

    `mode` "ttl" keeps them for `ttl` seconds whatever the server says but no-store, "http" goes by RFC 9111; unset, the
    settings say. `missing` is for how many seconds "there is no such thing" (404, 410) is kept: 0, not at all.
    """

    mode: Literal["ttl", "http"] | None = None
    ttl: float | None = Field(default=None, gt=0, le=31_536_000)
    missing: float = Field(default=0.0, ge=0, le=3600)


class Envelope(_Part):
    """What a list answer must look like: each dotted path and the JSON type it must have."""

    when: str
    equals: str
    require: dict[str, Literal["list", "boolean", "string", "number", "object"]]


class Columns(_Part):
    """How records become columns: names of fields with a meaning JSON cannot say."""

    epoch_seconds: tuple[str, ...] = ()
    rfc3339: tuple[str, ...] = ()
    maps: tuple[str, ...] = ()


class RecordShape(_Part):
    """What every record of a kind has: each dotted path and the JSON type of its value, "string?" where null may stand.

    For the report on drift alone: a record that differs is told, never dropped. `unless` is a field that marks a record
    of another shape (Stripe's `deleted`).
    """

    fields: dict[str, str]
    unless: str = ""

    @field_validator("fields")
    @classmethod
    def _json_types(cls, value: dict[str, str]) -> dict[str, str]:
        for path, kind in value.items():
            if not set(kind.removesuffix("?").split("|")) <= _JSON_TYPES:
                known = ", ".join(sorted(_JSON_TYPES))
                msg = f"{path} is {kind!r}; it can be {known}, several of them with | between, and ? behind for null"
                raise ValueError(msg)
        return value


class Endpoint(_Part):
    """One documented path; `{name}` parts stand for one path segment, `shape` names the shape of its records."""

    method: str
    path: str
    summary: str = ""
    params: tuple[str, ...] = ()
    records: str = ""
    paging: Paging = NoPages()
    shape: str = ""


def profile_error(error: ValidationError) -> ProfileError:
    """Return pydantic's complaint as one of ours; the value itself is left out, since it may hold anything."""
    first = error.errors(include_input=False, include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
    words = str(first["msg"]).removeprefix("Value error, ")
    if first["type"] == "extra_forbidden":
        near = get_close_matches(str(first["loc"][-1]), Service.model_fields, n=1)
        words = "there is no such field." + (f" Did you mean {near[0]}?" if near else "")
    msg = f"the profile's {where} is not right: {words}{more}" if where else f"the profile is not right: {words}{more}"
    return ProfileError(msg, hint="`flarex_nb.Service?` lists the fields and what each can be.")


class Service(_Part):
    """A service anyone can call by name.

    `base_url` is where its paths begin. `hosts` are the only hosts its secrets may go to (its own when empty).
    `network` "private" lets exactly the base URL's own host and port be reached on a private or loopback address.
    `body` is how a JSON value is sent. `idempotency_header` "" means the service honours none. `max_bytes` bounds one
    page, decoded. `confirm_writes` says whether a notebook asks before a write; unset, it does unless the service is
    private.
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9_-]*$")
    base_url: str
    title: str = ""
    docs_url: str = ""
    network: Literal["public", "private"] = "public"
    auth: Auth = NoAuth()
    hosts: tuple[str, ...] = ()
    headers: dict[str, str] = {}
    body: Literal["json", "bracketed_form"] = "json"
    idempotency_header: str = ""
    idempotent_methods: tuple[str, ...] = ("GET", "HEAD", "OPTIONS", "PUT", "DELETE")
    confirm_writes: bool | None = None
    records: str = ""
    envelope: Envelope | None = None
    columns: Columns = Columns()
    paging: Paging = NoPages()
    errors: ErrorShape = ErrorShape()
    retry: RetryProfile = RetryProfile()
    freshness: Freshness = Freshness()
    max_bytes: int = Field(default=64 * 1024 * 1024, gt=0)
    shapes: dict[str, RecordShape] = {}
    endpoints: tuple[Endpoint, ...] = ()

    @field_validator("base_url")
    @classmethod
    def _whole_url(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            msg = "base_url must be a whole http or https URL"
            raise ValueError(msg)
        if parts.username or parts.password or parts.query or parts.fragment:
            msg = "base_url must hold no user, password, query or fragment"
            raise ValueError(msg)
        return value.rstrip("/")

    @field_validator("headers")
    @classmethod
    def _no_credential(cls, value: dict[str, str]) -> dict[str, str]:
        if any(name.lower() in {"authorization", "proxy-authorization", "cookie"} for name in value):
            msg = "a credential is no fixed header: say with auth = { ... } which secret goes where"
            raise ValueError(msg)
        return value

    @model_validator(mode="after")
    def _plain_http_only_privately(self) -> Service:
        if self.base_url.startswith("http:") and self.network != "private":
            msg = 'base_url is plain http; for a server of your own add network="private", for any other use https'
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _shapes_that_exist(self) -> Service:
        unknown = {endpoint.shape for endpoint in self.endpoints if endpoint.shape} - set(self.shapes)
        if unknown:
            msg = f"an endpoint names the shape {min(unknown)!r}, and [shapes] has none of that name"
            raise ValueError(msg)
        return self

    @model_validator(mode="wrap")
    @classmethod
    def _said_in_our_words(cls, fields: object, check: ModelWrapValidatorHandler[Service]) -> Service:
        # The last of the validators is the outermost, so that the complaints of all of them pass here.
        try:
            return check(fields)
        except ValidationError as error:
            raise profile_error(error) from None

    @property
    def secret_names(self) -> tuple[str, ...]:
        """The names of the secrets the service needs, by the naming convention."""
        return () if isinstance(self.auth, NoAuth) else (self.auth.secret,)

    def asks_before(self, method: str) -> bool:
        """Return whether a person is asked before a live request with this method is sent."""
        asks = self.network == "public" if self.confirm_writes is None else self.confirm_writes
        return asks and method not in _READS

    @property
    def host(self) -> str:
        """The base URL's host, lower case."""
        return (urlsplit(self.base_url).hostname or "").lower()

    @property
    def port(self) -> int:
        """The base URL's port, the scheme's own when it names none."""
        parts = urlsplit(self.base_url)
        return parts.port or (443 if parts.scheme == "https" else 80)
