"""A request on its way out to other clients and back: whole URLs and credentials by name there, the service's own here.

`abroad` adds only what the service implied, so that other clients can run it; `at_home` takes exactly that off again.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from flarex_nb.text.bodies import FORM, JSON, guessed
from flarex_nb.text.raw import RawHeader
from flarex_nb.text.scan import Hole, pieces
from flarex_nb.text.source import Source
from flarex_nb.text.system import SECRETS

if TYPE_CHECKING:
    from collections.abc import Callable

    from flarex_nb.model import Headers
    from flarex_nb.text.raw import RawRequest

_REFERENCE = re.compile(r"\s*[A-Za-z_]\w*\.response\.(?:body\.(?:\$|\*)|headers\.[\w-]+\s*\Z)")
_PLAIN_NAME = re.compile(r"\s*[A-Za-z]\w*\s*\Z")
_OUT = {"$uuid": "$guid"}


class Home(NamedTuple):
    """What a service implies: its base URL, and the headers and query it adds, with `{{$secret NAME}}` for a secret.

    `signed` are the names (lower case) of those with its credential; `form` says that it sends JSON as a form.
    """

    name: str
    base_url: str
    headers: Headers = ()
    query: Headers = ()
    signed: frozenset[str] = frozenset()
    form: bool = False


def can_leave(request: RawRequest, home: Home) -> bool:
    """Return whether other clients can fill it in themselves: plain names, references, the machine's own values."""
    if home.form and guessed(request.body) == JSON:
        return False
    return all(_known_elsewhere(hole.text) for source in _sources(request) for hole in _holes(source))


def names_in(request: RawRequest) -> list[str]:
    """Return the plain names the request's holes ask for, in order, once each."""
    holes = [hole.text.strip() for source in _sources(request) for hole in _holes(source)]
    return list(dict.fromkeys(name for name in holes if _PLAIN_NAME.match(name)))


def abroad(request: RawRequest, home: Home) -> RawRequest:
    """Return the request as other clients need it: whole URL, the service's headers, `{{$dotenv NAME}}` for secrets."""
    own = {each.name.lower() for each in request.headers}
    implied = [RawHeader(name, Source(value)) for name, value in home.headers if name.lower() not in own]
    kind = guessed(request.body)
    if kind in {JSON, FORM} and "content-type" not in own and not _is_graphql(request):
        implied.append(RawHeader("Content-Type", Source(kind)))
    target = request.target
    if target.text.startswith("/"):
        target = Source(f"{home.base_url}{target.text}", target.span)
    query = tuple(Source(f"{name}={value}") for name, value in home.query)
    moved = replace(
        request,
        target=target,
        query=(*request.query, *query),
        headers=(*implied, *request.headers),
        title=request.title or request.name,
    )
    return _with_holes(moved, _outward)


def at_home(request: RawRequest, home: Home | None) -> RawRequest:
    """Return the request as it stands in a cell of the service: its path, without what the service adds by itself."""
    request = _with_holes(request, _inward)
    if request.title == request.name:
        request = replace(request, title="")
    if home is None:
        return request
    text = request.target.text
    if text == home.base_url or text.startswith((f"{home.base_url}/", f"{home.base_url}?")):
        request = replace(request, target=Source(text.removeprefix(home.base_url) or "/", request.target.span))
    fixed = {(name.lower(), value) for name, value in home.headers}
    kept = tuple(each for each in request.headers if not _is_implied(each, request, home, fixed))
    query = tuple(each for each in request.query if not _is_signed(each.text.partition("=")[0], each, home))
    return replace(request, headers=kept, query=query)


def _is_implied(header: RawHeader, request: RawRequest, home: Home, fixed: set[tuple[str, str]]) -> bool:
    name, value = header.name.lower(), header.value.text
    if _is_signed(name, header.value, home):
        return True
    if name == "content-type":
        return value.lower() in {JSON, FORM} and value.lower() == guessed(request.body)
    return (name, value) in fixed


def _is_signed(name: str, value: Source, home: Home) -> bool:
    """Return whether it is the service's own credential: a secret by name, or what documentation writes for one."""
    holes = _holes(value)
    return name.lower() in home.signed and all(hole.text.strip().startswith(SECRETS) for hole in holes)


def _is_graphql(request: RawRequest) -> bool:
    return any(each.name.lower() == "x-request-type" for each in request.headers)


def _known_elsewhere(text: str) -> bool:
    return text.lstrip().startswith("$") or bool(_PLAIN_NAME.match(text) or _REFERENCE.match(text))


def _holes(source: Source) -> list[Hole]:
    return [piece for piece in pieces(source) if isinstance(piece, Hole)]


def _sources(request: RawRequest) -> list[Source]:
    headers = [each.value for each in request.headers]
    more = [request.save] if request.save is not None else []
    return [request.target, *request.query, *headers, request.body, *request.asserts, *more]


def _with_holes(request: RawRequest, change: Callable[[str], str]) -> RawRequest:
    def changed(source: Source) -> Source:
        text, position = list[str](), 0
        for hole in _holes(source):
            text += [source.text[position : hole.offset], "{{", change(hole.text), "}}"]
            position = hole.end
        return Source("".join([*text, source.text[position:]]), source.span, source.file)

    return replace(
        request,
        target=changed(request.target),
        query=tuple(map(changed, request.query)),
        headers=tuple(RawHeader(each.name, changed(each.value)) for each in request.headers),
        body=changed(request.body),
    )


def _outward(hole: str) -> str:
    word, space, rest = hole.strip().partition(" ")
    if word == "$secret":
        return f"$dotenv{space}{rest}"
    return _OUT.get(hole.strip(), hole)


def _inward(hole: str) -> str:
    word, space, rest = hole.strip().partition(" ")
    if word in SECRETS:
        return f"$secret{space}{rest}"
    return "$uuid" if hole.strip() == "$guid" else hole
