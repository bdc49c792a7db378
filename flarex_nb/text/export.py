"""A request becomes text again: a cell, or a `.http` file other clients can run. Secrets are written as names only.

`export_code` writes curl and Python from the same parts.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, assert_never
from urllib.parse import quote, quote_plus

from flarex_nb.errors import UsageError
from flarex_nb.model import CallRequest, FormBody, JsonBody, NoBody, RawBody, header
from flarex_nb.text.scan import OPEN
from flarex_nb.text.template import FilledRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from flarex_nb.model import Body, Headers
    from flarex_nb.text.raw import Cell, RawRequest

    FindMarkers = Callable[[str], list[tuple[int, int, str]]]
    """Gives start, end and name of each secret's marker in a text."""

JSON, FORM = "application/json", "application/x-www-form-urlencoded"
PATH_SAFE = "/%:@!$&'()*+,;=~-._"

_VERSION = re.compile(r"\sHTTP/\d(?:\.\d)?\s*\Z", re.IGNORECASE)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_NEEDS_RAW = re.compile(r"^\s*(?:#{3,}|\?\?\s|>>|<>|>\s|<(?:@[\w-]*)?\s)|%\}\s*\Z|\A\s|\s\Z", re.MULTILINE)


def print_cell(cell: Cell) -> str:
    """Return a parsed cell as text; parsing it gives an equal cell."""
    lines = [f"@{variable.name} = {variable.value.text}".rstrip() for variable in cell.variables]
    for number, request in enumerate(cell.requests):
        if number or request.title:
            lines.append(f"### {request.title}".rstrip())
        lines += _printed(request)
    return "\n".join(lines) + "\n"


def to_http(
    requests: CallRequest | FilledRequest | Iterable[CallRequest | FilledRequest],
    base_url: str = "",
    *,
    find_markers: FindMarkers,
    implied: Headers = (),
) -> str:
    """Return filled requests as a `.http` file: `{{$dotenv NAME}}` for each secret, whole URLs below `base_url`.

    `implied` are the headers the service adds, its credential as a marker; the request's own win.

    Raises:
        UsageError: a body that is not text.
    """
    several = (requests,) if isinstance(requests, CallRequest | FilledRequest) else requests
    blocks = [_block(request, base_url, find_markers, implied) for request in several]
    return "\n".join(blocks)


def rendered(text: str, find_markers: FindMarkers, literal: Callable[[str], str], secret: Callable[[str], str]) -> str:
    """Return the text with each marker written as `secret(name)` and all else as `literal(part)`."""
    parts, position = list[str](), 0
    for start, end, name in find_markers(text):
        if not _NAME.match(name):
            msg = "a secret's name is not one that other programs take"
            raise UsageError(msg, hint="Names have letters, digits and underscores.")
        parts += [literal(text[position:start]) if start > position else "", secret(name)]
        position = end
    rest = text[position:]
    return "".join([*parts, literal(rest) if rest else ""])


def whole_url(
    request: CallRequest | FilledRequest, base_url: str, find_markers: FindMarkers, secret: Callable[[str], str]
) -> str:
    """Return the URL, percent-encoded, with its query."""
    target = request.target if not request.target.startswith("/") else f"{base_url.rstrip('/')}{request.target}"
    url = rendered(target, find_markers, lambda part: quote(part, safe=PATH_SAFE), secret)

    def encoded(text: str) -> str:
        return rendered(text, find_markers, lambda part: quote(part, safe=""), secret)

    query = "&".join(f"{encoded(name)}={encoded(value)}" for name, value in request.query)
    return f"{url}?{query}" if query else url


def all_headers(request: CallRequest | FilledRequest, implied: Headers) -> Headers:
    """Return the headers to write: the implied ones the request has not, its own, and the body's type."""
    own = request.headers
    added = tuple(line for line in implied if header(own, line[0]) is None)
    media = media_of(request.body)
    typed = (("Content-Type", media),) if media and header((*added, *own), "content-type") is None else ()
    return (*added, *own, *typed)


def media_of(body: Body) -> str:
    """Return the media type of a body, "" where it says none."""
    match body:
        case JsonBody():
            return JSON
        case FormBody():
            return FORM
        case RawBody(media_type=media):
            return media
        case NoBody():
            return ""
        case _:
            assert_never(body)


def raw_text(body: RawBody) -> str:
    """Return the text of a body as it is.

    Raises:
        UsageError: it is not text, so that no program text can hold it.
    """
    try:
        text = body.content.decode()
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text or re.search(r"\r(?!\n)", text):
        msg = f"the body is {len(body.content):,} bytes that are not text"
        raise UsageError(msg, hint="Export requests whose body is text; send the file itself with < path.")
    return text


def _printed(request: RawRequest) -> list[str]:
    lines = [f"# {comment}".rstrip() for comment in request.comments]
    settings = [("name", request.name), ("note", request.note)]
    lines += [_setting(name, value) for name, value in settings if value]
    lines += [_setting(each.name, each.value) for each in request.settings]
    lines += [_setting("assert", condition.text) for condition in request.asserts]
    lines += [_setting("save", request.save.text)] if request.save else []
    lines += [_setting("body", "raw")] if request.body_raw else []
    version = " HTTP/1.1" if _VERSION.search(request.target.text) else ""
    lines.append(f"{request.method} {request.target.text}{version}")
    for number, line in enumerate(request.query):
        first = number == 0 and "?" not in request.target.text and not line.text.startswith("?")
        lines.append(f"    {'?' if first else '&'}{line.text}")
    lines += [f"{each.name}: {each.value.text}".rstrip() for each in request.headers]
    return [*lines, "", request.body.text] if request.body.text else lines


def _setting(name: str, value: str) -> str:
    return f"# @{name} {'= ' if value.startswith('=') else ''}{value}".rstrip()


def _block(request: CallRequest | FilledRequest, base_url: str, find: FindMarkers, implied: Headers) -> str:
    body = _http_body(request.body, find)
    lines = [f"### {request.name}".rstrip()]
    lines += [f"# @name {request.name}"] if request.name else []
    lines += ["# @body raw"] if isinstance(request.body, RawBody) and _NEEDS_RAW.search(body) else []
    lines.append(f"{request.method} {whole_url(request, base_url, find, _dotenv)}")
    for name, value in all_headers(request, implied):
        lines.append(f"{name}: {rendered(value, find, _braces, _dotenv)}".rstrip())
    return "\n".join([*lines, *(["", body] if body else []), ""])


def _http_body(body: Body, find: FindMarkers) -> str:
    match body:
        case NoBody():
            return ""
        case JsonBody(value=value):
            text = json.dumps(value, ensure_ascii=False, indent=2)
            return rendered(text, find, lambda part: part.replace(OPEN, "{\\u007b"), _dotenv)
        case FormBody(fields=fields):
            return "\n&".join(f"{_form_part(name, find)}={_form_part(value, find)}" for name, value in fields)
        case RawBody():
            return rendered(raw_text(body), find, _braces, _dotenv)
        case _:
            assert_never(body)


def _form_part(text: str, find: FindMarkers) -> str:
    return rendered(text, find, lambda part: quote_plus(part, safe="[]:/@,"), _dotenv)


def _dotenv(name: str) -> str:
    return f"{{{{$dotenv {name}}}}}"


def _braces(text: str) -> str:
    """Return literal text in which no `{{` begins a hole."""
    return text.replace(OPEN, '{{"{{"}}')
