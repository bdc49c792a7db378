"""Station 1: what a person wrote becomes a CallRequest. Cell text or Python arguments; nothing is looked up or sent."""

from __future__ import annotations

from dataclasses import fields, replace
from difflib import get_close_matches
from typing import TYPE_CHECKING

from flarex_nb.errors import UnknownOption, UsageError
from flarex_nb.model import CallOptions, CallRequest, FormBody, JsonBody, NoBody, RawBody
from flarex_nb.policies.deadline import check_times
from flarex_nb.text.form import encode

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from flarex_nb.model import Body, Headers, Json

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")


def from_python(
    service: str,
    request: str,
    *,
    params: Mapping[str, Json] | Iterable[tuple[str, Json]] | None = None,
    headers: Mapping[str, str] | None = None,
    json: Json = None,
    data: Mapping[str, Json] | None = None,
    content: bytes | str | None = None,
    options: CallOptions,
) -> CallRequest:
    """Return the request of a Python call: `request` is "GET /v1/charges", or only the path for a GET.

    `params` and `data` may nest: {"created": {"gte": 5}} becomes `created[gte]=5`. Strings are data and never filled in.

    Raises:
        UsageError: no method and path in `request`, or more than one body.
    """
    method, target = _method_and_target(request)
    path, _, query = target.partition("?")
    if query:
        msg = f"the path holds a query: {path}?..."
        raise UsageError(msg, hint='Pass it as params={"name": value}.')
    return CallRequest(
        service=service,
        method=method,
        target=path,
        query=flat(params),
        headers=_headers(headers),
        body=_body(json, data, content),
        options=options,
    )


def options_from(changes: Mapping[str, object], base: CallOptions) -> CallOptions:
    """Return the options with these changes, checked against each other.

    Raises:
        UnknownOption: with the nearest option there is.
        UsageError: times that contradict each other.
    """
    known = {option.name for option in fields(CallOptions)}
    for name in changes:
        if name not in known:
            near = get_close_matches(name, known, n=1)
            guess = f" Did you mean {near[0]!r}?" if near else ""
            msg = f"there is no option {name!r}.{guess}"
            raise UnknownOption(msg, hint=f"Options: {', '.join(sorted(known))}.")
    options = replace(base, **changes)  # type: ignore[arg-type]  # the values are checked where they are used
    check_times(options.attempts, options.attempt_timeout, options.deadline, options.total)
    return options


def flat(params: Mapping[str, Json] | Iterable[tuple[str, Json]] | None) -> tuple[tuple[str, str], ...]:
    """Return query parameters as pairs of text: None is left out, true and false are lower case, nests bracketed."""
    if params is None:
        return ()
    pairs = params.items() if hasattr(params, "items") else params
    return tuple(pair for name, value in pairs for pair in encode({str(name): value}))


def _method_and_target(request: str) -> tuple[str, str]:
    words = request.split(None, 1)
    if len(words) == 1 and words[0].upper() not in METHODS:
        return "GET", words[0]
    if len(words) != 2 or not words[1].strip():  # noqa: PLR2004 - method and path
        msg = f"{request!r} is not a method and a path"
        raise UsageError(msg, hint='Write it like "GET /v1/charges".')
    method = words[0].upper()
    if method not in METHODS:
        near = get_close_matches(method, METHODS, n=1)
        msg = f"{words[0]!r} is not an HTTP method" + (f". Did you mean {near[0]}?" if near else "")
        raise UsageError(msg, hint=f"Methods: {', '.join(METHODS)}.")
    return method, words[1].strip()


def _headers(headers: Mapping[str, str] | None) -> Headers:
    lines = tuple((str(name), str(value)) for name, value in (headers or {}).items())
    for name, value in lines:
        if any(character in name + value for character in "\r\n\0"):
            msg = f"the header {name.splitlines()[0] if name else ''!r} holds a line break"
            raise UsageError(msg, hint="A header is one line.")
    return lines


def _body(json: Json, data: Mapping[str, Json] | None, content: bytes | str | None) -> Body:
    given = [name for name, value in (("json", json), ("data", data), ("content", content)) if value is not None]
    if len(given) > 1:
        msg = f"{' and '.join(given)} are given, but a request has one body"
        raise UsageError(msg, hint=f"Keep {given[0]}.")
    if json is not None:
        return JsonBody(json)
    if data is not None:
        return FormBody(encode(dict(data)))
    if content is not None:
        return RawBody(content.encode() if isinstance(content, str) else bytes(content))
    return NoBody()
