"""One line of a request's head: the request line, a query line, a header line. Knows nothing of the lines around it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from flarex_nb.text.raw import RawHeader
from flarex_nb.text.scan import Literal, hole_end, pieces
from flarex_nb.text.source import masked, nearest, shown

if TYPE_CHECKING:
    from flarex_nb.text.source import Source

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
"""The methods a cell may use (RFC 9110 9.3, RFC 5789)."""

_OTHER_CLIENTS = frozenset(
    {"GRAPHQL", "GRPC", "WS", "WEBSOCKET", "WSS", "SSE", "EVENTSOURCE", "MQTT", "AMQP", "RSOCKET"}
)
_WORD = re.compile(r"(?P<word>[A-Za-z]+)(?:\s+(?P<rest>\S.*))?\Z", re.DOTALL)
_VERSION = re.compile(r"\s+HTTP/\d(?:\.\d)?\s*\Z", re.IGNORECASE)
_HOST = re.compile(r"(?:localhost|[\w-]+(?:\.[\w-]+)+)(?::\d+)?(?:[/?]|\Z)")
_HEADER = re.compile(r"(?P<name>[!#$%&'*+.^_`|~0-9A-Za-z-]+)[ \t]*:(?P<value>.*)\Z", re.DOTALL)
_NOT_A_HEADER = re.compile(r"\s*(?:[{\[<\"]|[^\s:=]+=)")


def request_line(line: Source) -> tuple[str, Source]:
    """Return the method, in upper case and GET where none is written, and the target without "HTTP/1.1".

    Raises:
        CellSyntaxError: no target, a method there is none of, or a target that is no path and no URL.
    """
    start = len(line.text) - len(line.text.lstrip())
    line = line.part(start, len(line.text.rstrip()))
    version = _VERSION.search(line.text)
    line = line.part(0, version.start()) if version else line
    found = _WORD.match(line.text)
    if found is None:
        return "GET", _target(line)
    word, method = found["word"], found["word"].upper()
    if method not in METHODS:
        raise _no_method(line, word, alone=found["rest"] is None)
    if found["rest"] is None:
        msg = f"{method} stands without a path"
        raise line.error(msg, len(word), hint=f"Write {method} /v1/charges, or a whole URL.")
    return method, _target(line.part(found.start("rest")))


def query_line(line: Source) -> Source | None:
    """Return what follows `?` or `&` at the start of the line, None when it is another line."""
    text = line.text.lstrip()
    if not text.startswith(("?", "&")) or text.startswith("??"):
        return None
    start = len(line.text) - len(text) + 1
    query = line.part(start, len(line.text.rstrip()))
    _refuse_fragment(query)
    return query


def header_line(line: Source) -> RawHeader:
    """Return the header.

    Raises:
        CellSyntaxError: the line is no header; the hint says what it looks like instead.
    """
    start = len(line.text) - len(line.text.lstrip())
    found = _HEADER.match(line.text, start)
    if found is not None and not line.text.startswith(("&", "?"), start):
        value = found["value"]
        begin = found.start("value") + len(value) - len(value.lstrip())
        return RawHeader(found["name"], line.part(begin, max(begin, len(line.text.rstrip()))))
    msg = f"{shown(line.text.strip())} is not a header"
    if line.text.startswith(("&", "?"), start):
        hint = "Lines of the query stand directly below the request line."
    elif _NOT_A_HEADER.match(line.text):
        hint = "If it is the body, leave an empty line above it; query lines begin with ? or &."
    elif "{{" in line.text.split(":")[0]:
        hint = "The name of a header cannot be filled in, only its value."
    else:
        hint = "A header is Name: value. The body begins after an empty line."
    raise line.error(msg, start, hint=hint)


def _no_method(line: Source, word: str, *, alone: bool) -> Exception:
    if word.upper() in _OTHER_CLIENTS:
        msg = f"{word.upper()} requests are not for HTTP cells"
        hint = "For GraphQL write POST and the header X-Request-Type: GraphQL." if word.upper() == "GRAPHQL" else ""
        return line.error(msg, hint=hint or f"Methods: {', '.join(METHODS)}.")
    if word == "curl":
        return line.error("this is a curl command", hint="Write its method and URL: GET https://...; headers below.")
    near = nearest(word, METHODS)
    if alone and not near:
        return _no_target(line)
    return line.error(f"{shown(word)} is not an HTTP method.{near}", hint=f"Methods: {', '.join(METHODS)}.")


def _target(target: Source) -> Source:
    text = target.text
    lowered = text.lower()
    if text.startswith("{{"):
        rest = text[hole_end(target, 0) :]
        if rest[:1].isspace():
            msg = "a method cannot be filled in, and a path holds no spaces"
            raise target.error(msg, hint="Write the method itself: POST {{url}}.")
    elif text.startswith("/*"):
        msg = "/* */ comments are not known here"
        raise target.error(msg, hint="Begin each line of a comment with #.")
    elif not text.startswith("/") and not lowered.startswith(("http://", "https://")):
        raise _no_target(target)
    _refuse_spaces(target)
    _refuse_fragment(target)
    return target


def _no_target(target: Source) -> Exception:
    text = target.text
    msg = f"{shown(text)} is neither a path nor a URL"
    if "://" in text.split("/{{")[0][:20]:
        return target.error(msg, hint="URLs begin with https://.")
    if _HOST.match(text):
        return target.error(
            msg, hint=f"Write https://{masked(text)[:60]}, or only the path with the service's name above."
        )
    if text.startswith("?"):
        return target.error(msg, hint="Write the path before the query.")
    return target.error(msg, hint=f"Write it like GET /{masked(text.split()[0])[:60]}.")


def _refuse_spaces(target: Source) -> None:
    """A space in a path is as likely the start of something else, so that it is asked back rather than guessed."""
    for piece in pieces(target):
        if not isinstance(piece, Literal):
            continue
        path, mark, _ = piece.text.partition("?")
        if (found := re.search(r"\s", path)) is not None:
            msg = "a space in the path"
            hint = "Write %20 for it. Query lines begin with ? below; a comment needs a line of its own, above."
            raise target.error(msg, piece.offset + found.start(), hint=hint)
        if mark:
            return


def _refuse_fragment(target: Source) -> None:
    for piece in pieces(target):
        if isinstance(piece, Literal) and "#" in piece.text:
            msg = "# begins a fragment, which is never sent"
            raise target.error(msg, piece.offset + piece.text.index("#"), hint="Write %23 if you mean the character.")
