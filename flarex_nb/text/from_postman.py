"""A Postman collection (v2.1) becomes the requests of a cell; what only Postman can do is named and left out.

By the published schema, https://schema.postman.com/collection/json/v2.1.0/draft-07/docs/index.html. Its `{{name}}` are
ours as well. A variable that is named like a secret becomes the secret of that name: its value is never taken over.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from flarex_nb.errors import UsageError
from flarex_nb.text.escape import MARK, escaped, part_text
from flarex_nb.text.raw import Cell, RawHeader, RawRequest, Variable
from flarex_nb.text.source import Source, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from flarex_nb.model import Json

_SYSTEM = {
    "$guid": "$uuid",
    "$randomUUID": "$uuid",
    "$timestamp": "$timestamp",
    "$isoTimestamp": "$datetime iso8601",
    "$randomInt": "$randomInt 0 1001",
}
_HOLE = re.compile(r"\{\{\s*(?P<name>[^{}]+?)\s*\}\}")
_SECRET = re.compile(
    r"(?i)(?:^|[_-])(?:api[_-]?key|key|token|secret|password|passwd|pat)$|apikey$|token$|secret$|password$"
)
_PATH_VARIABLE = re.compile(r"/:(?P<name>[A-Za-z_]\w*)")
_SCRIPTS = "scripts of Postman were left out: they are never run here"
_DEEPEST = 20


def is_postman(text: str) -> bool:
    """Return whether the text is a Postman collection."""
    return text.lstrip().startswith("{") and '"info"' in text and '"item"' in text


def read_postman(text: str) -> Cell:
    """Return the collection's requests, folder by folder, with its variables.

    Raises:
        UsageError: no JSON, not version 2, or no request in it.
    """
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError):
        msg = "the collection is not JSON"
        raise UsageError(msg, hint="Export it from Postman again, as Collection v2.1.") from None
    if not isinstance(whole, dict) or not isinstance(whole.get("item"), list):
        msg = "this is not a Postman collection of version 2"
        raise UsageError(msg, hint="Export it from Postman as Collection v2.1.")
    collection = _Collection()
    requests = tuple(collection.requests(whole["item"], whole.get("auth"), "", _DEEPEST))
    if not requests:
        msg = "the collection holds no request"
        raise UsageError(msg, hint="Export the collection that holds them.")
    return Cell(tuple(collection.variables(whole)), requests)


class _Collection:
    """Reads one collection; `named` are the variables its requests use for path parts."""

    def __init__(self) -> None:
        self.named: dict[str, str] = {}

    def variables(self, whole: dict[str, Json]) -> Iterator[Variable]:
        given = {_name(each.get("key")): each.get("value") for each in _dicts(whole.get("variable"))}
        for name, value in {**given, **self.named}.items():
            if not name or value is None:
                continue
            text = f"{{{{$secret {_secret(name)}}}}}" if _SECRET.search(name) else _holes(_text(value))
            yield Variable(name, Source(text.replace("\n", " ")))

    def requests(self, items: Json, auth: Json, folder: str, deeper: int) -> Iterator[RawRequest]:
        for item in _dicts(items):
            title = f"{folder}{_text(item.get('name'))}".replace("\n", " ").strip()
            own = item.get("auth") or auth
            if isinstance(item.get("item"), list) and deeper:
                yield from self.requests(item["item"], own, f"{title} / ", deeper - 1)
            elif item.get("request"):
                yield self._request(item, own, title)

    def _request(self, item: dict[str, Json], auth: Json, title: str) -> RawRequest:
        written = item["request"]
        request = {"method": "GET", "url": written} if isinstance(written, str) else _dict(written)
        url, query = self._url(request.get("url"))
        headers = [(_text(each.get("key")), _text(each.get("value"))) for each in _enabled(request.get("header"))]
        body, kind, notes = _body(request.get("body"))
        signed, more = _signed(request.get("auth") or auth, query)
        headers = [*signed, *headers]
        if kind and all(name.lower() != "content-type" for name, _ in headers):
            headers.append(("Content-Type", kind))
        warnings = [*notes, *more, *([_SCRIPTS] if item.get("event") else [])]
        return RawRequest(
            method=_text(request.get("method")).upper() or "GET",
            target=Source(url),
            query=tuple(Source(f"{name}={value}") for name, value in query),
            headers=tuple(RawHeader(name, Source(_holes(" ".join(value.split())))) for name, value in headers if name),
            body=Source(body),
            body_raw=re.search(r"(?m)^\s*(?:###|\?\? )", body) is not None,
            title=title,
            warnings=tuple(f"{title}: {each}" for each in warnings),
        )

    def _url(self, url: Json) -> tuple[str, list[tuple[str, str]]]:
        """Return the URL without query, `:id` as `{{id}}`, and the pairs of the query, encoded around their holes."""
        parts = {"raw": url} if isinstance(url, str) else _dict(url)
        raw = _text(parts.get("raw")) or "/".join(map(_text, [*_list(parts.get("host")), *_list(parts.get("path"))]))
        text, _, inline = raw.partition("#")[0].partition("?")
        for each in _dicts(parts.get("variable")):
            self.named.setdefault(_name(each.get("key")), _text(each.get("value")))
        scheme, mark, rest = text.rpartition("://")
        path = _PATH_VARIABLE.sub(lambda found: f"/{{{{{found['name']}}}}}", rest)
        target = f"{scheme}{mark}{path}"
        target = target if mark or target.startswith(("{{", "/")) else f"https://{target}"
        pairs = (
            _enabled(parts.get("query")) if "query" in parts else [_pair(each) for each in inline.split("&") if each]
        )
        query = [(escaped(_holes(_text(each.get("key")))), escaped(_holes(_text(each.get("value"))))) for each in pairs]
        return _holes(target), query


def _pair(text: str) -> dict[str, Json]:
    name, _, value = text.partition("=")
    return {"key": name, "value": value}


def _body(body: Json) -> tuple[str, str, list[str]]:
    """Return the body's text, the media type it implies, and what was left out."""
    mode = body.get("mode") if isinstance(body, dict) and not body.get("disabled") else None
    read = _MODES.get(str(mode))
    return read(body.get(mode), body) if read is not None else ("", "", [])


def _urlencoded(written: Json, _body: dict[str, Any]) -> tuple[str, str, list[str]]:
    pairs = [(each.get("key"), each.get("value")) for each in _enabled(written)]
    lines = [f"{escaped(_holes(_text(name)))}={escaped(_holes(_text(value)))}" for name, value in pairs]
    return "\n&".join(lines), "application/x-www-form-urlencoded", []


def _file(written: Json, _body: dict[str, Any]) -> tuple[str, str, list[str]]:
    path = _text(_dict(written).get("src"))
    return f"< {_near(path)}", "", [f"the file {shown(path)} must be below the notebook's folder"]


def _raw(written: Json, body: dict[str, Any]) -> tuple[str, str, list[str]]:
    language = _text(_dict(_dict(body.get("options")).get("raw")).get("language"))
    kinds = {"json": "application/json", "xml": "application/xml", "html": "text/html", "text": "text/plain"}
    return _holes(_text(written)).strip("\n"), kinds.get(language, ""), []


def _formdata(written: Json, _body: dict[str, Any]) -> tuple[str, str, list[str]]:
    notes, found = list[str](), list[Source]()
    for each in _enabled(written):
        name, value = _holes(_text(each.get("key"))), _holes(_text(each.get("value")))
        if each.get("type") == "file":
            path = _text(each["src"][0] if isinstance(each.get("src"), list) and each["src"] else each.get("src"))
            notes.append(f"the file {shown(path)} must be below the notebook's folder")
            value = f"@{_near(path)}"
        found.append(Source(f"{name}={value}"))
    return part_text(found), f"multipart/form-data; boundary={MARK}", notes


def _graphql(written: Json, _body: dict[str, Any]) -> tuple[str, str, list[str]]:
    graphql = _dict(written)
    variables = _holes(_text(graphql.get("variables"))).strip()
    query = re.sub(r"\n\s*\n", "\n", _text(graphql.get("query")).strip())
    body = {"query": query}
    text = json.dumps(body, ensure_ascii=False, indent=2)
    if variables:
        text = f'{text.removesuffix(chr(10) + "}")},\n  "variables": {variables}\n}}'
    return text, "application/json", []


_MODES: dict[str, Callable[[Json, dict[str, Any]], tuple[str, str, list[str]]]] = {
    "raw": _raw,
    "urlencoded": _urlencoded,
    "formdata": _formdata,
    "graphql": _graphql,
    "file": _file,
}


def _signed(auth: Json, query: list[tuple[str, str]]) -> tuple[list[tuple[str, str]], list[str]]:
    """Return the headers a sign-in comes to; a value that is no hole becomes a secret by name."""
    if not isinstance(auth, dict):
        return [], []
    kind = _text(auth.get("type")) or None
    given = {_text(each.get("key")): _text(each.get("value")) for each in _dicts(auth.get(kind or ""))}
    match kind:
        case "bearer":
            return [("Authorization", f"Bearer {_by_name(given.get('token', ''), 'API_TOKEN')}")], []
        case "apikey":
            name, value = given.get("key", "X-Api-Key"), _by_name(given.get("value", ""), "API_KEY")
            if given.get("in") == "query":
                query.append((name, value))
                return [], []
            return [(name, value)], []
        case None | "noauth":
            return [], []
        case _:
            return [], [f"sign-in by {shown(str(kind))} was left out: the service's profile says how it signs in"]


def _by_name(value: str, name: str) -> str:
    found = _HOLE.fullmatch(value)
    if found is None:
        return f"{{{{$secret {name}}}}}"
    return f"{{{{$secret {_secret(found['name'])}}}}}" if _SECRET.search(found["name"]) else _holes(value)


def _holes(text: str) -> str:
    """Return the text with Postman's variables as ours: names with underscores, the machine's values by our words."""

    def ours(found: re.Match[str]) -> str:
        name = found["name"]
        if name.startswith("$"):
            return f"{{{{{_SYSTEM.get(name, name)}}}}}"
        return f"{{{{{_name(name)}}}}}"

    return _HOLE.sub(ours, text)


def _name(written: Json) -> str:
    """Return the name as our variables are spelled."""
    name = re.sub(r"\W+", "_", _text(written)).strip("_")
    return f"v_{name}" if name[:1].isdigit() else name


def _secret(name: str) -> str:
    return re.sub(r"[^A-Z0-9]+", "_", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).upper()).strip("_")


def _near(path: str) -> str:
    """Return a file of another machine as one beside the notebook."""
    return "./" + re.split(r"[/\\]", path)[-1]


def _text(value: Json) -> str:
    return "" if value is None else value if isinstance(value, str) else json.dumps(value)


def _dict(value: Json) -> dict[str, Json]:
    return value if isinstance(value, dict) else {}


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _dicts(value: Json) -> list[dict[str, Json]]:
    return [each for each in _list(value) if isinstance(each, dict)]


def _enabled(value: Json) -> list[dict[str, Json]]:
    return [each for each in _dicts(value) if not each.get("disabled")]
