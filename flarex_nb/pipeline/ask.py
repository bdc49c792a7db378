"""Station 1: what a person wrote becomes a CallRequest. Cell text or Python arguments; nothing is looked up or sent."""

from __future__ import annotations

import functools
from collections import ChainMap
from collections.abc import Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, cast
from urllib.parse import parse_qsl

from flarex_nb.catalog.models import resolve_model
from flarex_nb.errors import UsageError
from flarex_nb.model import CallRequest, FormBody, JsonBody, NoBody, RawBody
from flarex_nb.policies.deadline import check_times
from flarex_nb.text.cell import parsed_cell
from flarex_nb.text.files import folder_reader
from flarex_nb.text.form import encode
from flarex_nb.text.items import fill_line
from flarex_nb.text.magicline import parse_line
from flarex_nb.text.options import read_settings, to_call_options
from flarex_nb.text.template import fill
from flarex_nb.vault.ref import marker
from flarex_nb.vault.scan import refuse_literal_keys
from flarex_nb.vault.scan_refuse import refuse_literal_arguments

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from flarex_nb.model import Body, CallOptions, Headers, Json
    from flarex_nb.text.magicline import ParsedLine
    from flarex_nb.text.raw import RawRequest
    from flarex_nb.text.template import FilledRequest

    Base = CallOptions | Callable[[str, str], CallOptions]
    """The options of a call that chooses none: the same for all, or by service's name and target."""

_FRESH_KEY = "the idempotency key is a fresh one at each run: running this cell again is a new operation"

_SPELLED_OTHERWISE = {"idempotency_key": "idempotency", "timeout": "attempt_timeout"}
"""Names a person may know from elsewhere for an option of ours."""

_PLAIN = frozenset({str, int, float, bool, type(None)})
"""Types of option values that say all by themselves: calls with equal ones have the same options."""

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")


def from_python(  # noqa: PLR0913 - the arguments of a call, by name
    service: str,
    request: str,
    *,
    params: Mapping[str, Json] | Iterable[tuple[str, Json]] | None = None,
    headers: Mapping[str, str] | None = None,
    json: Json = None,
    data: Mapping[str, Json] | None = None,
    content: bytes | str | None = None,
    options: CallOptions,
    nested: bool = True,
    allow_literal: bool = False,
) -> CallRequest:
    """Return the request of a Python call: `request` is "GET /v1/charges", or only the path for a GET.

    `params` and `data` may nest: {"created": {"gte": 5}} becomes `created[gte]=5`. Strings are data, never filled in.
    With `nested` False a list in `params` is the same name several times, as in httpx.

    Raises:
        UsageError: no method and path in `request`, more than one body, or a key written out in any of it, unless
            `allow_literal`.
    """
    method, target = _method_and_target(request)
    path, _, query = target.partition("#")[0].partition("?") if options.guard else target.partition("?")
    written = tuple(parse_qsl(query, keep_blank_values=True))
    lines = _headers(headers)
    pairs = flat(params, "params", nested=nested)
    if not allow_literal:
        refuse_literal_arguments(path, (*written, *pairs), lines, json if data is None and content is None else data)
    return CallRequest(
        service=service,
        method=method,
        target=path,
        query=(*written, *pairs),
        headers=lines,
        body=_body(json, data, content),
        options=options,
        url=target.partition("#")[0] if options.guard and not params else "",
    )


def options_from(changes: Mapping[str, object], base: CallOptions) -> CallOptions:
    """Return the options with these changes, checked against each other.

    Raises:
        UnknownOption: with the nearest option there is.
        UsageError: one that is not available yet, or times that contradict each other.
    """
    if not all(type(value) in _PLAIN for value in changes.values()):
        return _options_from(changes, base)  # a model, a list: not to be kept alive by being remembered
    return _remembered(base, tuple((name, type(value), value) for name, value in changes.items()))


@functools.lru_cache(maxsize=128)
def _remembered(base: CallOptions, changes: tuple[tuple[str, type, object], ...]) -> CallOptions:
    return _options_from({name: value for name, _, value in changes}, base)


def _options_from(changes: Mapping[str, object], base: CallOptions) -> CallOptions:
    changes = {_SPELLED_OTHERWISE.get(name, name): value for name, value in changes.items()}
    if isinstance(changes.get("columns"), list | tuple):
        changes["columns"] = ",".join(str(column) for column in cast("list[object]", changes["columns"]))
    keep_errors = {"check": changes.pop("check")} if "check" in changes else {}
    options = replace(to_call_options(changes, base), **keep_errors)  # type: ignore[arg-type]  # a flag of Python's only
    if "attempt_timeout" not in changes:  # a limit nobody chose gives way to one somebody did
        chosen = [float(limit) for name in ("deadline", "total") if isinstance(limit := changes.get(name), int | float)]
        options = replace(
            options, attempt_timeout=min([options.attempt_timeout, *(each for each in chosen if each > 0)])
        )
    check_times(options.attempts, options.attempt_timeout, options.deadline, options.total)
    if options.raw and options.select:
        msg = "--raw keeps the answer as it came, so there is nothing --select could look in"
        raise UsageError(msg, hint="Leave one of them out.")
    return options


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a cell's text may refer to: the notebook's names, earlier answers by name, and the folder of its files."""

    names: Mapping[str, object]
    answers: Mapping[str, object]
    folder: Path


def from_cell(line: str, cell: str, around: Surroundings, base: Base) -> Iterator[CallRequest]:
    """Return the requests of a cell one by one; each is filled when it is asked for, so it can use earlier answers.

    Everything that needs no answer of this very cell is read and filled before the first is given out.

    Raises:
        CellSyntaxError, UnknownOption, UsageError: with line and column; a literal key is refused, not repeated.
    """
    refuse_literal_keys(f"{line}\n{cell}")
    on_line = parse_line(line)
    parsed = parsed_cell(line, cell)
    own = {raw.name for raw in parsed.requests if raw.name}
    pending = [raw if _needs(raw, own) else _read(raw, on_line, around, base) for raw in parsed.requests]
    read = (each if isinstance(each, CallRequest) else _read(each, on_line, around, base) for each in pending)
    before = [parsed.requests[:number].count(raw) for number, raw in enumerate(parsed.requests)]
    return (replace(request, occurrence=count) for request, count in zip(read, before, strict=True))


def from_line(line: str, around: Surroundings, base: Base) -> Iterator[CallRequest]:
    """Return the one request of a line: service, method, path and items such as `limit==100`.

    Raises:
        CellSyntaxError, UnknownOption, UsageError: with the column.
    """
    refuse_literal_keys(line)
    parsed = parse_line(line)
    filled = fill_line(
        parsed,
        namespace=ChainMap(dict(around.answers), cast("dict[str, object]", around.names)),
        marker=marker,
        read=folder_reader(around.folder),
    )
    own = _base_for(base, parsed.service, filled.target)
    return iter((_request(filled, parsed, _options(parsed.options, around, own), ""),))


def _base_for(base: Base, service: str, target: str) -> CallOptions:
    return base(service, target) if callable(base) else base


def _options(changes: Mapping[str, object], around: Surroundings, base: CallOptions) -> CallOptions:
    """Return the options of a cell; a model named there is looked up among the notebook's names."""
    options = options_from(changes, base)
    return replace(options, validate=resolve_model(options.validate, around.names))


def _needs(raw: RawRequest, names: set[str]) -> bool:
    text = repr(raw)
    refs = {setting.value for setting in raw.settings if setting.name.lower() == "ref"}
    return any(f"{name}.response" in text for name in names) or bool(refs & names)


def _read(raw: RawRequest, line: ParsedLine, around: Surroundings, base: Base) -> CallRequest:
    in_cell, warnings = read_settings(raw.settings)
    _check_refs(raw, around.answers)
    filled = fill(
        raw,
        namespace=ChainMap(dict(around.answers), cast("dict[str, object]", around.names)),
        marker=marker,
        read=folder_reader(around.folder),
    )
    if filled.save is not None:
        in_cell["save"] = filled.save
    own = _base_for(base, line.service, filled.target)
    options = _options({**in_cell, **line.options}, around, own)
    options = replace(options, asserts=(*filled.conditions, *options.asserts))
    return _request(filled, line, options, raw.note, warnings)


def _check_refs(raw: RawRequest, answers: Mapping[str, object]) -> None:
    """Refuse a `# @ref NAME` to a request that has not run: it would be filled with nothing, or with an old answer."""
    for setting in raw.settings:
        if setting.name.lower() == "ref" and setting.value not in answers:
            near = get_close_matches(setting.value, list(answers), n=1)
            msg = f"# @ref {setting.value[:40]}: no request of that name has run here."
            raise UsageError(
                msg + (f" Did you mean {near[0]!r}?" if near else ""),
                hint=f"Run the cell with # @name {setting.value[:40]} first.",
                place=str(setting.span),
            )


def _request(
    filled: FilledRequest, line: ParsedLine, options: CallOptions, note: str, warnings: tuple[str, ...] = ()
) -> CallRequest:
    request = filled.call_request(line.service, options)
    fresh = [_FRESH_KEY] if any("idempotency" in name for name in filled.anew) else []
    return replace(request, note=note, warnings=(*warnings, *filled.warnings, *fresh))


def flat(
    params: Mapping[str, Json] | Iterable[tuple[str, Json]] | None, what: str = "params", *, nested: bool = True
) -> tuple[tuple[str, str], ...]:
    """Return parameters as pairs of text: None is left out, true and false are lower case, nests bracketed.

    Raises:
        UsageError: neither a mapping nor pairs; `what` names the argument.
    """
    if params is None:
        return ()
    pairs = params.items() if isinstance(params, Mapping) else params
    try:
        named = [(str(name), value) for name, value in pairs]
    except (TypeError, ValueError):
        msg = f"{what} is a {type(params).__name__}, not names with values"
        raise UsageError(msg, hint=f'Write {what}={{"name": "value"}}, or a list of pairs.') from None
    if not nested:
        named = [
            (name, each) for name, value in named for each in (value if isinstance(value, list | tuple) else [value])
        ]
    return tuple(pair for name, value in named for pair in encode({name: value}))


def _method_and_target(request: object) -> tuple[str, str]:
    if not isinstance(request, str):
        msg = f"the request is a {type(request).__name__}, not a method and a path"
        raise UsageError(msg, hint='Write it like "GET /v1/charges".')
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


def _headers(headers: Mapping[str, str] | Iterable[tuple[str, str]] | None) -> Headers:
    lines = flat(headers, "headers", nested=False)
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
        return FormBody(flat(data, "data"))
    if content is not None:
        return RawBody(content.encode() if isinstance(content, str) else bytes(content))
    return NoBody()
