"""What may be typed at a spot: services, paths, parameters, options, names of the notebook, secrets by name.

Gives words only. A secret's value, a property of a user's object and the network are never touched.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from flarex_nb.client import default
from flarex_nb.errors import FlarexError
from flarex_nb.text.access import field_names
from flarex_nb.text.conditions import SUBJECTS
from flarex_nb.text.filters import FILTERS
from flarex_nb.text.options import BY_NAME, TABLE
from flarex_nb.text.requestline import METHODS
from flarex_nb.text.system import KNOWN as SYSTEM
from flarex_nb.text.system import SECRETS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from flarex_nb.catalog.profile import Endpoint, Service
    from flarex_nb.text.spot import Spot

HEADERS = (
    "Accept",
    "Accept-Language",
    "Authorization",
    "Content-Type",
    "If-Match",
    "If-None-Match",
    "Prefer",
    "User-Agent",
)
MEDIA = (
    "application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=cut", "text/plain",
    "text/csv", "application/xml", "application/octet-stream",
)  # fmt: skip
FAULTS = ("503,200", "429:retry-after=1,200", "503,503,503", "reset,200", "hang,200")
SETTINGS = ("name", "note", "assert", "body", "ref")
"""What stands behind `# @` besides the options."""

_HIDDEN = frozenset({"In", "Out", "exit", "quit", "get_ipython", "open"})
_MOST_FILES = 200


class Offer(NamedTuple):
    """One word and what kind of thing it is, as the front end shows it."""

    text: str
    kind: str


class Around(NamedTuple):
    """What words are taken from: the notebook's names, earlier answers, the cell's `@` variables, the folder."""

    names: Mapping[str, object]
    answers: Mapping[str, object]
    own: tuple[str, ...] = ()
    folder: Path = Path()


def offers(spot: Spot, around: Around) -> list[Offer]:
    """Return the words that begin with what is typed, in the order to show them."""
    make = _MAKERS.get(spot.kind)
    found = make(spot, around) if make is not None else ()
    typed = spot.prefix.lower()
    return [offer for offer in dict.fromkeys(found) if offer.text.lower().startswith(typed)]


def _services(_spot: Spot, _around: Around) -> Iterator[Offer]:
    yield from (Offer(name, "service") for name in default().services.names())


def _methods(spot: Spot, around: Around) -> Iterator[Offer]:
    yield from (Offer(method, "method") for method in METHODS)
    if spot.prefix.startswith("/"):
        yield from _paths(spot._replace(method="GET"), around)


def _paths(spot: Spot, _around: Around) -> Iterator[Offer]:
    """Return the documented paths; `{id}` is given as `{{id}}`, an error before sending where there is no such name."""
    found = sorted(each.path for each in _endpoints(spot) if not spot.method or each.method == spot.method)
    yield from (Offer(path.replace("{", "{{").replace("}", "}}"), "path") for path in found)


def _option_names(spot: Spot, _around: Around) -> Iterator[Offer]:
    yield from (Offer(f"--{each.name}", "option") for each in TABLE if each.ready and f"--{each.name}" not in spot.used)


def _settings(_spot: Spot, _around: Around) -> Iterator[Offer]:
    yield from (Offer(name, "setting") for name in SETTINGS)
    yield from (Offer(each.name, "option") for each in TABLE if each.ready)


def _values(spot: Spot, around: Around) -> Iterator[Offer]:
    option = BY_NAME.get(spot.option.lower().replace("_", "-"))
    if spot.option == "body":
        yield Offer("raw", "value")
    if option is None or not option.ready:
        return
    yield from (Offer(word, "value") for word in option.choices)
    if option.name == "simulate":
        yield from (Offer(word, "value") for word in FAULTS)
    elif option.name == "assert":
        yield from (Offer(word, "value") for word in (*SUBJECTS, "$."))
    elif option.name == "into":
        yield from _variables(around.names)
    elif option.name == "validate":
        models = [name for name, value in around.names.items() if isinstance(value, type) and is_model(value)]
        yield from (Offer(f"{name}{end}", "model") for name in models for end in ("", ":strict"))


def is_model(kind: type) -> bool:
    """Return whether the class is a pydantic model."""
    return any("__pydantic_fields__" in vars(each) for each in kind.__mro__)


def _items(spot: Spot, around: Around) -> Iterator[Offer]:
    """Return what may follow a path on a line: parameters in HTTPie's spelling, headers, options."""
    if spot.prefix.startswith("{"):
        return
    sign = "==" if spot.method in {"GET", "HEAD", "DELETE"} else "="
    yield from (Offer(f"{name}{sign}", "parameter") for name in _params(spot) if name not in spot.used)
    yield from (Offer(f"{name}:", "header") for name in _header_names(spot) if name not in spot.used)
    yield from _option_names(spot, around)


def _pairs(spot: Spot, _around: Around) -> Iterator[Offer]:
    yield from (Offer(f"{name}=", "parameter") for name in _params(spot) if name not in spot.used)


def _keys(spot: Spot, _around: Around) -> Iterator[Offer]:
    yield from (Offer(name, "parameter") for name in _params(spot))


def _headers(spot: Spot, _around: Around) -> Iterator[Offer]:
    yield from (Offer(f"{name}: ", "header") for name in _header_names(spot) if name.lower() not in spot.used)


def _header_values(spot: Spot, _around: Around) -> Iterator[Offer]:
    if spot.option in {"content-type", "accept"}:
        yield from (Offer(word, "value") for word in MEDIA)


def _files(_spot: Spot, around: Around) -> Iterator[Offer]:
    """Return the files below the notebook's folder, hidden ones left out, the nearest first."""
    seen = 0
    for folder in (around.folder, *(each for each in around.folder.iterdir() if each.is_dir())):
        for path in sorted(folder.iterdir()):
            if path.name.startswith(".") or folder.name.startswith(".") or not path.is_file():
                continue
            seen += 1
            if seen > _MOST_FILES:
                return
            yield Offer(f"./{path.relative_to(around.folder).as_posix()}", "file")


def _hole(spot: Spot, around: Around) -> Iterator[Offer]:
    """Return what may stand in a hole; each word is given with all that is typed before it."""
    typed = spot.prefix
    for word in SECRETS:
        if typed.lstrip().startswith(f"{word} "):
            lead = typed[: typed.rindex(" ") + 1]
            yield from (Offer(f"{lead}{name}", "secret") for name in secret_names())
            return
    before, bar, _ = typed.rpartition("|")
    if bar:
        lead = f"{before}| " if typed.endswith(" ") or "| " in typed[len(before) :] else f"{before}|"
        yield from (Offer(f"{lead}{name}", "filter") for name in ("default(", *FILTERS))
        return
    lead = typed[: len(typed) - len(typed.lstrip())]
    path, dot, _ = typed.lstrip().rpartition(".")
    if dot:
        yield from (Offer(f"{lead}{path}.{name}", "field") for name in _fields_of(path, around))
        return
    yield from (Offer(f"{lead}{name}", "variable") for name in around.own)
    yield from (Offer(f"{lead}{name}", "answer") for name in around.answers)
    yield from (offer._replace(text=f"{lead}{offer.text}") for offer in _variables(around.names))
    yield from (Offer(f"{lead}{word}", "system") for word in SYSTEM)


def _fields_of(path: str, around: Around) -> Iterable[str]:
    first, *rest = path.split(".")
    value = around.answers.get(first, around.names.get(first))
    for part in rest:
        value = value if part == "$" else field_value(value, part)
    return [name for name in field_names(value) if name.isidentifier()]


def field_value(value: object, name: str) -> object:
    """Return the field of that name where it is plain data, None elsewhere."""
    from flarex_nb.text.access import Absent, attribute  # noqa: PLC0415 - only for a name behind a dot

    try:
        return attribute(value, name)
    except (Absent, FlarexError):
        return None


def _variables(names: Mapping[str, object]) -> Iterator[Offer]:
    """Return the notebook's own data: no private names, modules, classes or functions."""
    for name, value in names.items():
        if not (name.startswith("_") or name in _HIDDEN or callable(value) or type(value).__name__ == "module"):
            yield Offer(name, "variable")


def secret_names() -> list[str]:
    """Return the names of the secrets there are and of those the services ask for; no value is read."""
    client = default()
    declared = [name for service in client.services for name in service.secret_names]
    return sorted({*(info.name for info in client.secrets.list()), *declared})


def _service(spot: Spot) -> Service | None:
    registry = default().services
    try:
        if spot.service:
            return registry.get(spot.service)
        return registry.for_url(spot.path) if spot.path.startswith("http") else None
    except (FlarexError, ValueError):
        return None


def _endpoints(spot: Spot) -> tuple[Endpoint, ...]:
    service = _service(spot)
    return service.endpoints if service is not None else ()


def _params(spot: Spot) -> tuple[str, ...]:
    from flarex_nb.catalog.registry import endpoint_for  # noqa: PLC0415 - pydantic loads with the first profile

    service = _service(spot)
    if service is None:
        return ()
    path = spot.path.removeprefix(service.base_url)
    found = endpoint_for(service, spot.method or "GET", path)
    return found.params if found is not None else ()


def _header_names(spot: Spot) -> tuple[str, ...]:
    service = _service(spot)
    own = () if service is None else (service.idempotency_header, *service.headers)
    return tuple(dict.fromkeys(name for name in (*own, *HEADERS) if name))


_MAKERS: dict[str, Callable[[Spot, Around], Iterable[Offer]]] = {
    "service": _services,
    "method": _methods,
    "path": _paths,
    "option": _option_names,
    "value": _values,
    "item": _items,
    "query": _pairs,
    "form": _pairs,
    "json": _keys,
    "header": _headers,
    "header value": _header_values,
    "hole": _hole,
    "setting": _settings,
    "file": _files,
}
