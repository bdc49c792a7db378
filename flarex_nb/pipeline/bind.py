"""Station 2: a request meets its profile. URL, headers, body and secret references are settled; nothing is sent.

What leaves this station holds names of secrets and where each goes, never a value.
"""

from __future__ import annotations

import functools
import hashlib
import json
import uuid
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple, assert_never
from urllib.parse import urlsplit, urlunsplit

from flarex_nb.catalog.profile import BasicAuth, BearerAuth, HeaderAuth, NoAuth, QueryAuth
from flarex_nb.catalog.public import PUBLIC, check_public, public_url
from flarex_nb.catalog.urls import query_text, url_of
from flarex_nb.errors import UsageError
from flarex_nb.model import (
    BoundCall,
    FormBody,
    JsonBody,
    NoBody,
    Placement,
    RawBody,
    Reach,
    SecretRef,
    header,
    origin_of,
)
from flarex_nb.net.url import check_url
from flarex_nb.policies.dialects import check_dialects
from flarex_nb.text.form import encode, to_bytes
from flarex_nb.text.values import plain
from flarex_nb.vault.nowhere import refuse_secrets
from flarex_nb.vault.ref import find_markers, show_markers

if TYPE_CHECKING:
    from collections.abc import Callable

    from flarex_nb.catalog.profile import Service
    from flarex_nb.catalog.registry import Registry
    from flarex_nb.model import CallRequest, Environment, Headers

    NewKey = Callable[[str], tuple[str, bool | str]]

_SAME_KEY = (
    "sent with the idempotency key of the same request before: it is applied once (--idempotency new for another)"
)

FORM = "application/x-www-form-urlencoded"

_OURS = frozenset({"host", "content-length", "transfer-encoding", "connection", "accept-encoding", "te", "upgrade"})
"""Headers that belong to the wire: a person's own would make the request lie about itself."""


_FAULTS, _REHEARSAL = "X-Flarex-Simulate", "X-Flarex-Call"
"""Ask the sandbox for scripted faults; each page's call counts through the script on its own."""


class Place(NamedTuple):
    """Where the calls of an environment go: the sandbox's origin and the services it has ("" and none for live)."""

    origin: str = ""
    services: tuple[str, ...] = ()


def bind(request: CallRequest, registry: Registry, sandbox: Place | None, new_key: NewKey) -> BoundCall:
    """Return the request with everything decided but the secret's value.

    `sandbox` is where the sandbox listens, None while it is off. `new_key` gives an idempotency key for a fingerprint
    of the request, and whether it had it before.

    Raises:
        UnknownService, UsageError, HostNotAllowed: nothing was sent.
    """
    service, environment = settle(request, registry, sandbox)
    _check_profile(service.retry.dialects)
    base = f"{sandbox.origin}/{service.name}" if environment == "sandbox" and sandbox else service.base_url
    content, media_type = _encode_body(request, service)
    placements = _placements(request, service, environment)
    in_query = {each.name for each in placements if each.place == "query"}
    url = _public(request) if service is PUBLIC else url_of(base, request, service, in_query)
    key, repeated = _idempotency_key(
        request, service, lambda: new_key(_fingerprint(request, service, environment, url, content))
    )
    return BoundCall(
        request=request,
        service=service,
        method=request.method,
        url=url,
        headers=_headers(request, service, media_type, key),
        content=content,
        placements=placements,
        environment=environment,
        reach=_reach(base, request, service, environment),
        credential=f"{request.options.guard or ','.join(service.secret_names)}@{environment}",
        idempotency_key=key,
        warnings=(*request.warnings, *_replaced(request, placements), *_told(repeated)),
    )


def _told(repeated: bool | str) -> tuple[str, ...]:  # noqa: FBT001 - what a NewKey says of its key
    return () if not repeated else (_SAME_KEY if repeated is True else repeated,)


def at_page(call: BoundCall, query: tuple[tuple[str, str], ...]) -> BoundCall:
    """Return the same call asking for another page."""
    request = replace(call.request, query=query)
    url = urlunsplit(urlsplit(call.url)._replace(query=query_text(query)))
    headers = tuple((name, str(uuid.uuid4()) if name == _REHEARSAL else value) for name, value in call.headers)
    return replace(call, request=request, url=url, headers=headers)


def settle(request: CallRequest, registry: Registry, sandbox: Place | None) -> tuple[Service, Environment]:
    """Return which service is meant, and whether it or its look-alike is called.

    Raises:
        UnknownService, UsageError: nothing was sent.
    """
    service = _service_of(request, registry)
    return service, _environment(request, service, registry, sandbox)


def _service_of(request: CallRequest, registry: Registry) -> Service:
    if request.options.guard == "public":
        check_public(request)
        return PUBLIC
    if request.service:
        return registry.get(request.service)
    host = urlsplit(request.target).hostname or ""
    service = registry.for_url(request.target) if host else None
    if service is None:
        msg = f"no service is named, and none is known for the host {host!r}" if host else "no service is named"
        hint = f"Write its name first: %%flarex_call {registry.names()[0]}. Known here: {', '.join(registry.names())}."
        raise UsageError(msg, hint=hint)
    return service


def _environment(request: CallRequest, service: Service, registry: Registry, sandbox: Place | None) -> Environment:
    """The sandbox while it is on, for the services it has; a user's own service is always called itself."""
    wanted = request.options.env or ("sandbox" if sandbox else "live")
    if request.options.env is None and not registry.is_packaged(service.name):
        wanted = "live"
    if request.options.simulate and wanted != "sandbox":
        msg = "faults can be simulated by the sandbox only, and this call would go to the real service"
        raise UsageError(msg, hint="Run %flarex_sandbox on first, or leave --simulate out.")
    if wanted == "live":
        return "live"
    if sandbox is None:
        msg = "the sandbox is off"
        raise UsageError(msg, hint="Run %flarex_sandbox on first.")
    if service.name not in sandbox.services:
        msg = f"the sandbox has no look-alike of {service.name!r}"
        raise UsageError(msg, hint="Run %flarex_sandbox off to call the real service.")
    return "sandbox"


def _public(request: CallRequest) -> str:
    """Return the URL of a request to any public address, judged before anything kept of it could be given out.

    Raises:
        GuardError, ScopeDenied: its text alone says that it is not public, or it asks for a secret.
    """
    url = public_url(request)
    target = check_url(url, reach=Reach(plain=True))
    refuse_secrets((url, *(value for _, value in request.headers)), target.host)
    return url


def _encode_body(request: CallRequest, service: Service) -> tuple[bytes, str]:
    wants_json = "json" in (header(request.headers, "Content-Type") or "").lower()
    match request.body:
        case NoBody():
            return b"", ""
        case JsonBody(value=value) if service.body == "bracketed_form" and not wants_json:
            return to_bytes(encode(value)), FORM
        case JsonBody(value=value):
            text = json.dumps(plain(value), ensure_ascii=False, separators=(",", ":"))
            return text.encode("utf-8", "surrogatepass"), "application/json"
        case FormBody(fields=fields):
            return to_bytes(fields), FORM
        case RawBody(content=content, media_type=media_type):
            return content, media_type
        case _:
            assert_never(request.body)


def _headers(request: CallRequest, service: Service, media_type: str, key: str) -> Headers:
    """Later ones win: ours, the profile's, the person's."""
    chosen: dict[str, tuple[str, str]] = {"accept": ("Accept", "application/json")}
    if media_type:
        chosen["content-type"] = ("Content-Type", media_type)
    if request.options.simulate:
        chosen["simulate"] = (_FAULTS, request.options.simulate)
        chosen["rehearsal"] = (_REHEARSAL, str(uuid.uuid4()))
    if key:
        chosen[service.idempotency_header.lower()] = (service.idempotency_header, key)
    for name, value in (*service.headers.items(), *request.headers):
        if find_markers(name):
            msg = "a secret cannot be the name of a header"
            raise UsageError(msg, place=str(request.span or ""))
        if name.lower() in _OURS:
            msg = f"the header {name} is set by the connection itself"
            raise UsageError(msg, hint="Leave it out.", place=str(request.span or ""))
        chosen[name.lower()] = (name, value)
    return tuple(chosen.values())


def _idempotency_key(
    request: CallRequest, service: Service, new_key: Callable[[], tuple[str, bool | str]]
) -> tuple[str, bool | str]:
    """Return the key ("" for none) and whether an earlier equal request had it, or the words to tell that with."""
    name, mode = service.idempotency_header, request.options.idempotency
    if not name and mode not in {"auto", "off"}:
        msg = f"{service.name} honours no idempotency key, so none can be sent"
        raise UsageError(msg, hint="Leave --idempotency out; a write that may have been applied is not repeated.")
    if not name or request.method in service.idempotent_methods:
        return "", False
    written = header(request.headers, name)
    if written is not None:
        return written, False
    if mode == "auto":
        return new_key()
    return {"off": "", "new": str(uuid.uuid4())}.get(mode, mode), False


def _fingerprint(request: CallRequest, service: Service, environment: Environment, url: str, content: bytes) -> str:
    """Return what tells equal operations from others, as a hash.

    The same request written twice in one cell is two operations; the sandbox's port is no difference.
    """
    key = service.idempotency_header.lower()
    headers = sorted(f"{name.lower()}:{show_markers(value)}" for name, value in request.headers if name.lower() != key)
    path = url.split("//", 1)[-1].split("/", 1)[-1]
    parts = (service.name, environment, request.method, path, str(request.occurrence), *headers)
    return hashlib.sha256("\0".join(parts).encode() + b"\0" + content).hexdigest()


def _placements(request: CallRequest, service: Service, environment: Environment) -> tuple[Placement, ...]:
    """Where the service's own credential goes; none where the person wrote that header."""
    auth = service.auth
    if isinstance(auth, NoAuth):
        return ()
    ref = SecretRef(auth.secret, scope=environment)
    placement = _placement(auth, ref)
    written = _written(request, placement)
    return () if written is not None and find_markers(written) else (placement,)


def _written(request: CallRequest, placement: Placement) -> str | None:
    """Return what the person wrote where the credential goes, None for nothing."""
    if placement.place == "query":
        return next((value for name, value in request.query if name == placement.name), None)
    return header(request.headers, "Authorization" if placement.place == "userinfo" else placement.name)


def _replaced(request: CallRequest, placements: tuple[Placement, ...]) -> tuple[str, ...]:
    """A header pasted from the provider's documentation gives way to the stored secret, and the result says so."""
    return tuple(
        f"the credential as written was replaced by {placement.ref.name}"
        for placement in placements
        if _written(request, placement) is not None
    )


def _placement(auth: BearerAuth | HeaderAuth | QueryAuth | BasicAuth, ref: SecretRef) -> Placement:
    match auth:
        case BearerAuth():
            return Placement(ref, "header", "Authorization", "Bearer {}")
        case HeaderAuth(name=name, template=template):
            return Placement(ref, "header", name, template)
        case QueryAuth(name=name):
            return Placement(ref, "query", name)
        case BasicAuth(username=username):
            return Placement(ref, "userinfo", username)
        case _:
            assert_never(auth)


def _reach(base: str, request: CallRequest, service: Service, environment: Environment) -> Reach:
    """Public addresses only; the sandbox's own host and port, or a private service's, and nothing else."""
    private = environment == "sandbox" or service.network == "private"
    cap = request.options.max_bytes or service.max_bytes
    return _reaching(base if private else "", cap, plain=service is PUBLIC)


@functools.lru_cache(maxsize=64)
def _reaching(private: str, cap: int, *, plain: bool) -> Reach:
    """Return the reach with this base URL's own host and port, "" for none."""
    places = frozenset({origin_of(private)[1:]}) if private else frozenset()
    return Reach(private=places, max_wire_bytes=cap, max_bytes=cap, plain=plain)


_check_profile = functools.lru_cache(maxsize=64)(check_dialects)
"""Names are looked at once: a profile does not change."""
