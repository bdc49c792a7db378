"""The public functions: thin names over the process's own client, so that a script needs no object of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypedDict

from flarex_nb.client import default
from flarex_nb.public import afetch, fetch

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Unpack

    from flarex_nb.catalog.profile import Service
    from flarex_nb.model import CacheMode, Environment, Jitter, Json
    from flarex_nb.pipeline.view import CallResult
    from flarex_nb.public import PublicOptions
    from flarex_nb.sandbox.launch import Running

    Params = Mapping[str, Json] | Iterable[tuple[str, Json]]


class Options(TypedDict, total=False):
    """The options of a call by name, as in the magics; `flarex_nb.model.CallOptions` says what each means."""

    attempts: int
    attempt_timeout: float
    deadline: float
    total: float | None
    jitter: Jitter
    cache: CacheMode
    ttl: float | None
    idempotency: str
    pages: str | int
    max_pages: int | None
    max_records: int | None
    select: str | None
    asserts: str | Sequence[str]
    save: str | None
    columns: str | None
    validate: object
    max_bytes: int | None
    raw: bool
    env: Environment | None
    simulate: str | None
    check: bool
    guard: Literal["public"] | None
    allow_literal: bool


def call(
    service: str,
    request: str,
    *,
    params: Params | None = None,
    headers: Mapping[str, str] | None = None,
    json: Json = None,
    data: Mapping[str, Json] | None = None,
    content: bytes | str | None = None,
    **options: Unpack[Options],
) -> CallResult:
    """Return the answer of a service: `call("stripe", "GET /v1/charges", pages="all").df`.

    Args:
        service: the name of a profile (`flarex_nb.services.names()`).
        request: method and path; only a path means GET.
        params: query parameters; a nested mapping becomes `name[key]=value`.
        headers: further headers; they win over the profile's.
        json: a JSON body, sent form-encoded where the service wants a form.
        data: a form body.
        content: a body as it is.
        **options: `attempts=3`, `attempt_timeout=10.0` and `deadline=30.0` (seconds), `pages="all"`, `cache="use"`,
            `check=False` (an HTTP error comes back as a result), `allow_literal=True` (what looks like a key written
            out in an argument is none), and the others of `Options`.

    Raises:
        FlarexError: what failed, with `.hint` (the next step), `.attempts`, `.reply` (the server's last answer) and
            `.sent` ("no", "maybe", "yes": whether the request may have reached the server).
    """
    return default().call(
        service, request, params=params, headers=headers, json=json, data=data, content=content, **options
    )


async def acall(
    service: str,
    request: str,
    *,
    params: Params | None = None,
    headers: Mapping[str, str] | None = None,
    json: Json = None,
    data: Mapping[str, Json] | None = None,
    content: bytes | str | None = None,
    **options: Unpack[Options],
) -> CallResult:
    """Return what `call` returns, awaited; cancelling it stops the call."""
    return await default().acall(
        service, request, params=params, headers=headers, json=json, data=data, content=content, **options
    )


def fetch_public(url: str, **options: Unpack[PublicOptions]) -> CallResult:
    """Return what a URL from outside answers: `fetch_public(row.url).text`, `.json`, `.df`.

    For URLs out of data. Only public addresses are dialled, at every redirect anew (five at most, to other hosts too,
    but never from https back to http), no secret goes along, and no proxy or netrc of the environment is used. Plain
    http is allowed, since nothing secret travels.

    Args:
        url: the whole URL; what follows # is not sent.
        **options: `max_bytes=2_000_000` (of the answer, on the wire and unpacked each), `attempt_timeout=10.0` (seconds
            for one attempt with its redirects and the whole body), `deadline=30.0`, `attempts=3`, `cache="use"`,
            `check=False` (an HTTP error comes back as a result), and the others of `PublicOptions`.

    Raises:
        GuardError: AddressBlocked, HostNotAllowed, SchemeNotAllowed, RedirectBlocked or ResponseTooLarge.
        ScopeDenied: the URL holds a secret.
        FlarexError: as for `call`.
    """
    return fetch(default(), url, **options)


async def afetch_public(url: str, **options: Unpack[PublicOptions]) -> CallResult:
    """Return what `fetch_public` returns, awaited; cancelling it stops the fetch."""
    return await afetch(default(), url, **options)


def register(service: Service) -> None:
    """Make a service of your own callable by its name; registering the same name again replaces it.

    Raises:
        ProfileError: the name belongs to a service that comes with the package.
    """
    default().services.register(service)


def sandbox_on() -> Running:
    """Start the local sandbox and return where it listens; until `sandbox_off`, calls of its services go to it."""
    return default().sandbox_on()


def sandbox_off() -> None:
    """Stop the sandbox; calls go to the real services again."""
    default().sandbox_off()


def nest() -> None:
    """Let a script's own `asyncio.run(main())` run inside a notebook cell.

    Patches the running loop (nest-asyncio2) and cannot be undone. No call of this package needs it, and none uses it:
    an interrupted call under a nested loop goes on in the background.
    """
    import nest_asyncio2  # noqa: PLC0415 - patches asyncio when applied, so it loads only when asked for

    nest_asyncio2.apply()
