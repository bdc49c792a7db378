"""The body of a request filled in, by what it is: JSON, a form, multipart, GraphQL, a file, or text.

The `Content-Type` decides; without one, the text itself does: a bracket begins JSON, `name=` on each line is a form.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, NoReturn

from flarex_nb.errors import CellSyntaxError, UsageError
from flarex_nb.model import FormBody, JsonBody, NoBody, RawBody, header
from flarex_nb.text.files import file_line, media_type, read_file, text_of_file
from flarex_nb.text.form import encode
from flarex_nb.text.jsonbody import fill_json
from flarex_nb.text.kinds import Marked
from flarex_nb.text.multipart import fill_multipart
from flarex_nb.text.pairs import Pairs, form_lines
from flarex_nb.text.scan import OPEN, Hole, pieces
from flarex_nb.text.values import plain

if TYPE_CHECKING:
    from flarex_nb.model import Body, Headers, Json
    from flarex_nb.text.files import FileLine
    from flarex_nb.text.scan import Piece
    from flarex_nb.text.scope import Context
    from flarex_nb.text.source import Source

JSON, FORM, TEXT = "application/json", "application/x-www-form-urlencoded", "text/plain; charset=utf-8"

NDJSON = frozenset({"application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines"})
"""JSON documents, one a line."""

_FORM_LINE = re.compile(r"\s*&?(?:[\w.\-\[\]%+~$@*]|\{\{[^\n]*?\}\})+=")
_GRAPHQL = "x-request-type"
_XML = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;"})


def fill_body(source: Source, headers: Headers, context: Context, *, literal: bool = False) -> tuple[Body, Headers]:
    """Return the body, and the headers without those that only say how to read it.

    `literal` means that a `< path` line is text like any other (`# @body raw`).

    Raises:
        CellSyntaxError, UsageError: with the place in the cell, or in the file that a `<@` line names.
    """
    if not source.text.strip():
        return NoBody(), headers
    written = header(headers, "content-type") or ""
    kind = written.partition(";")[0].strip().lower()
    if (header(headers, _GRAPHQL) or "").lower() == "graphql":
        return JsonBody(_graphql(source, context)), _without(headers, _GRAPHQL)
    if kind == "multipart/form-data":
        return RawBody(fill_multipart(source, written, context)), headers
    kept = _without(headers, "content-type") if written.lower() in {JSON, FORM} else headers
    named = None if literal else file_line(stripped(source))
    if named is not None:
        return _named_file(named, kind, context), kept
    return _fill(source, kind or _guess(source), context, typed=bool(kind)), kept


def stripped(source: Source) -> Source:
    """Return the text without the space around it."""
    start = len(source.text) - len(source.text.lstrip())
    return source.part(start, max(start, len(source.text.rstrip())))


def _without(headers: Headers, name: str) -> Headers:
    return tuple(line for line in headers if line[0].lower() != name)


def _named_file(named: FileLine, kind: str, context: Context) -> Body:
    """Return the file as it is, or filled in; one of JSON is read, so that a service of forms gets a form."""
    path, content = read_file(named, context)
    kind = kind or media_type(path).partition(";")[0]
    if named.filled:
        return _fill(text_of_file(named, path, content), kind, context, typed=True)
    if kind != JSON:
        return RawBody(content, media_type(path))
    try:
        return JsonBody(json.loads(content, parse_constant=_no_number))
    except ValueError as error:
        msg = f"{path} is not JSON ({error})"
        raise UsageError(msg, hint="Correct the file.", place=named.path.place(0)) from None


def guessed(source: Source) -> str:
    """Return the media type of a body that says none itself; "" for none, for one hole alone, and for a file."""
    if not source.text.strip() or file_line(stripped(source)) is not None:
        return ""
    return _guess(source)


def _guess(source: Source) -> str:
    """Return what the text looks like; "" for one hole alone, whose value will say."""
    text = source.text.strip()
    parts = pieces(stripped(source))
    if len(parts) == 1 and isinstance(parts[0], Hole):
        return ""
    if text.startswith(("{", "[")) and not text.startswith(OPEN):
        return JSON
    first, *lines = [line for line in text.split("\n") if line.strip()]
    if _FORM_LINE.match(first) and all(_FORM_LINE.match(line) or line.lstrip().startswith("&") for line in lines):
        return FORM
    return "text/plain"


def _fill(source: Source, kind: str, context: Context, *, typed: bool) -> Body:
    if not kind:
        return _value(stripped(source), context)
    if kind == JSON or kind.endswith("+json"):
        return JsonBody(_json(source, context, typed=typed))
    if kind == FORM:
        return _form(source, context)
    if kind in NDJSON:
        return RawBody(_json_lines(source, context), "" if typed else kind)
    xml = kind.endswith(("/xml", "+xml"))
    text = "".join(_as_text(source, piece, context, xml=xml) for piece in pieces(source))
    return RawBody(text.encode(), "" if typed else TEXT)


def _json_lines(source: Source, context: Context) -> bytes:
    """Return one JSON document a line, a line end behind the last: no value leaves its line or its quotes."""
    found, begin = list[str](), 0
    for line in source.text.split("\n"):
        if line.strip():
            value = fill_json(source.part(begin, begin + len(line)), context)
            found.append(json.dumps(value, ensure_ascii=False, separators=(",", ":")))
        begin += len(line) + 1
    return "".join(f"{line}\n" for line in found).encode()


def _json(source: Source, context: Context, *, typed: bool) -> Json:
    try:
        return fill_json(source, context)
    except CellSyntaxError as error:
        if not typed and source.text.lstrip().startswith("["):
            error.hint += " For a text that begins with [ write the header Content-Type: text/plain."
        raise


def _form(source: Source, context: Context) -> FormBody:
    text = source.text.lstrip()
    if text.startswith("{") and not text.startswith(OPEN):
        return FormBody(encode(fill_json(source, context)))
    return FormBody(tuple(Pairs(source, context, "body").read(form_lines(source))))


def _value(source: Source, context: Context) -> Body:
    """Return the body that is one hole alone: a text as it is (JSON where it is that), anything else as JSON."""
    hole = Hole(source.text[2:-2], 0, len(source.text))
    value = context.value(source, hole)
    if isinstance(value, str):
        text = context.text_of(value, source, hole, "body")
        try:
            found = json.loads(text, parse_constant=_no_number)
        except (ValueError, RecursionError):
            found = None
        return JsonBody(found) if isinstance(found, dict | list) else RawBody(text.encode(), TEXT)
    return JsonBody(_plain(value, source, hole, context))


def _as_text(source: Source, piece: Piece, context: Context, *, xml: bool) -> str:
    """Return a piece of a text body; lists and mappings become JSON, and XML gets its characters escaped."""
    if not isinstance(piece, Hole):
        return piece.text
    value = context.value(source, piece)
    if isinstance(value, dict | list | tuple):
        text = json.dumps(_plain(value, source, piece, context), ensure_ascii=False)
    else:
        text = context.text_of(value, source, piece, "body")
    return text.translate(_XML) if xml and not isinstance(text, Marked) else text


def _plain(value: object, source: Source, hole: Hole, context: Context) -> Json:
    try:
        return plain(value, context.secret(source, hole.offset, "body"))
    except UsageError as error:
        error.place = error.place or source.place(hole.offset)
        raise


def _graphql(source: Source, context: Context) -> Json:
    """Return query and variables of a GraphQL body: values go into the variables only, never into the query."""
    found = re.search(r"\n[ \t]*\n(?=\s*\{)", source.text)
    query = source.part(0, found.start() if found else None)
    if OPEN in query.text:
        msg = "values cannot be put into a GraphQL query"
        hint = "Name it $value in the query and fill it in the variables below, after an empty line."
        raise query.error(msg, query.text.index(OPEN), hint=hint)
    body: dict[str, Json] = {"query": query.text.strip()}
    if found:
        body["variables"] = fill_json(source.part(found.end()), context)
    return body


def _no_number(word: str) -> NoReturn:
    msg = f"{word} is no JSON number"
    raise ValueError(msg)
