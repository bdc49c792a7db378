"""A Hurl file becomes the requests of a cell: the simple subset, and each thing beyond it named and left out.

By Hurl's grammar, https://hurl.dev/docs/grammar.html. Its `{{name}}` are ours; a captured value becomes a variable that
is a reference to the answer it was captured from.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from flarex_nb.errors import UsageError
from flarex_nb.text.escape import MARK, escaped, part_text
from flarex_nb.text.raw import Cell, RawHeader, RawRequest, Setting, Variable
from flarex_nb.text.requestline import METHODS
from flarex_nb.text.source import Source, shown, unix_lines

_ENTRY = re.compile(rf"(?P<method>{'|'.join(METHODS)})\s+(?P<url>\S+)\s*\Z")
_RESPONSE = re.compile(r"HTTP(?:/[\d.]+)?\s+(?P<status>\d{3}|\*)\s*\Z")
_SECTION = re.compile(r"\[(?P<name>\w+)\]\s*\Z")
_PAIR = re.compile(r"(?P<name>(?:[^:\\]|\\.)+?)\s*:\s*(?P<value>.*)\Z")
_BODY = re.compile(r'\s*(?:[{\[<"`]|```|file,|base64,|hex,)')
_FILE = re.compile(r"\Afile,(?P<path>[^;]*);.*")
_QUERY = re.compile(
    r'(?P<query>jsonpath\s+"(?P<path>(?:[^"\\]|\\.)*)"|header\s+"(?P<header>[^"]+)"|\w+)\s*(?P<rest>.*)\Z'
)
_PREDICATES = {
    "isInteger": "isNumber", "isFloat": "isNumber", "isCollection": "isArray", "isList": "isArray",
    "exists": "exists",
    "isString": "isString", "isNumber": "isNumber", "isBoolean": "isBoolean", "==": "==", "!=": "!=",
    ">": ">", "<": "<",
    ">=": ">=", "<=": "<=", "startsWith": "startsWith", "endsWith": "endsWith", "contains": "contains",
    "includes": "contains", "matches": "matches",
}  # fmt: skip


def read_hurl(text: str) -> Cell:
    """Return the file's requests in order.

    Raises:
        UsageError: no request in it, or a line that is none of Hurl's.
    """
    reader = _Reader()
    for number, line in enumerate(unix_lines(text).split("\n"), 1):
        reader.line(line, number)
    reader.close()
    if not reader.requests:
        msg = "the Hurl file holds no request"
        raise UsageError(msg, hint="A request begins with its method and URL: GET https://...")
    return Cell(tuple(reader.variables), tuple(reader.requests))


@dataclass
class _Entry:
    """One entry being read."""

    method: str
    url: str
    name: str
    query: list[str] = field(default_factory=list)
    headers: list[tuple[str, str]] = field(default_factory=list)
    form: list[str] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)
    body: list[str] = field(default_factory=list)
    asserts: list[str] = field(default_factory=list)
    settings: list[Setting] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    captured: bool = False


class _Reader:
    """Goes through the lines once; `place` is what the next line belongs to."""

    def __init__(self) -> None:
        self.requests: list[RawRequest] = []
        self.variables: list[Variable] = []
        self.entry: _Entry | None = None
        self.place = ""

    def line(self, line: str, number: int) -> None:
        text = line.strip()
        if self.place == "fenced":
            self._fenced(line)
            return
        if found := _ENTRY.match(text):
            self.close()
            self.entry = _Entry(found["method"], found["url"], f"step_{len(self.requests) + 1}")
            self.place = "headers"
            return
        if not text or text.startswith("#"):
            if self.place == "body" and self.entry is not None and text:
                self.entry.body.append(line)
            return
        if self.entry is None:
            msg = f"line {number}: {shown(text)} stands before any request"
            raise UsageError(
                msg, hint="A request begins with its method and URL: GET https://...", place=f"line {number}"
            )
        self._of_entry(self.entry, line, text)

    def _of_entry(self, entry: _Entry, line: str, text: str) -> None:
        if found := _RESPONSE.match(text):
            self.place = "answer"
            entry.asserts += [] if found["status"] == "*" else [f"status == {found['status']}"]
        elif (found := _SECTION.match(text)) and self.place != "body":
            self.place = f"[{found['name'].lower()}]"
        elif self.place == "headers" and _BODY.match(line) and not _PAIR.match(text.partition("{{")[0]):
            self._begin_body(entry, line)
        elif self.place == "body":
            entry.body.append(line)
        elif self.place.startswith("[") and _BODY.match(line) and self.place in {"[query]", "[querystringparams]"}:
            self._begin_body(entry, line)
        else:
            self._pair(entry, text)

    def _begin_body(self, entry: _Entry, line: str) -> None:
        text = line.strip()
        if text.startswith("```"):
            self.place = "fenced"
        elif text.startswith("`"):
            entry.body.append(text.strip("`"))
        elif found := re.fullmatch(r"file,\s*(?P<path>[^;]+);?", text):
            entry.body.append(f"< ./{found['path'].strip().removeprefix('./')}")
        elif text.startswith(("base64,", "hex,")):
            entry.warnings.append("a body in base64 or hex was left out")
        else:
            self.place = "body"
            entry.body.append(line)

    def _fenced(self, line: str) -> None:
        if line.strip() == "```":
            self.place = "answer"
        elif self.entry is not None:
            self.entry.body.append(line)

    def _pair(self, entry: _Entry, text: str) -> None:
        if self.place == "[asserts]":
            self._assert(entry, text)
            return
        found = _PAIR.match(text)
        if found is None:
            entry.warnings.append(f"{shown(text)} was left out: it is not known here")
            return
        name, value = re.sub(r"\\(.)", r"\1", found["name"]), found["value"].partition(" #")[0].strip()
        match self.place:
            case "headers":
                entry.headers.append((name, value))
            case "answer":
                entry.asserts.append(f'headers.{name} == "{value}"')
            case "[query]" | "[querystringparams]":
                entry.query.append(f"{escaped(name)}={escaped(value)}")
            case "[form]" | "[formparams]":
                entry.form.append(f"{escaped(name)}={escaped(value)}")
            case "[multipart]" | "[multipartformdata]":
                entry.parts.append(f"{name}={_FILE.sub(_at_path, value)}")
            case _:
                self._other(entry, name, value)

    def _other(self, entry: _Entry, name: str, value: str) -> None:
        match self.place:
            case "[cookies]":
                entry.headers.append(("Cookie", f"{name}={value}"))
            case "[captures]":
                self._capture(entry, name, value)
            case "[options]" if name in {"retry", "max-time"}:
                entry.settings.append(_option(name, value))
            case "[basicauth]":
                entry.warnings.append("[BasicAuth] was left out: the service's profile says how it signs in")
            case place:
                entry.warnings.append(f"{place} {shown(name)} was left out: it is not known here")

    def _capture(self, entry: _Entry, name: str, value: str) -> None:
        """Make the captured value a variable: a reference to this request's answer."""
        found = _QUERY.match(value)
        if found is None or found["rest"] or not (found["path"] or found["header"]):
            entry.warnings.append(f"the capture {shown(name)} was left out: only jsonpath and header are known here")
            return
        entry.captured = True
        part = f"body.{_unescaped(found['path'])}" if found["path"] else f"headers.{found['header']}"
        self.variables.append(Variable(name, Source(f"{{{{{entry.name}.response.{part}}}}}")))

    def _assert(self, entry: _Entry, text: str) -> None:
        found = _QUERY.match(text)
        predicate, _, wanted = found["rest"].partition(" ") if found else ("", "", "")
        subject = _subject(found) if found else ""
        if not subject or predicate not in _PREDICATES:
            entry.warnings.append(f"the assert {shown(text)} was left out: it is not known here")
            return
        wanted = wanted.strip()
        wanted = wanted[1:-1].replace(r"\/", "/") if predicate == "matches" and wanted.startswith("/") else wanted
        entry.asserts.append(f"{subject} {_PREDICATES[predicate]} {wanted}".rstrip())

    def close(self) -> None:
        """Finish the entry that is open."""
        entry, self.entry = self.entry, None
        if entry is None:
            return
        headers = list(entry.headers)
        body = "\n".join(entry.body).strip("\n")
        if entry.parts:
            headers.append(("Content-Type", f"multipart/form-data; boundary={MARK}"))
            body = part_text([Source(each) for each in entry.parts])
        elif entry.form:
            body = "\n&".join(entry.form)
        url, _, inline = entry.url.partition("?")
        query = [*(each for each in inline.split("&") if each), *entry.query]
        self.requests.append(
            RawRequest(
                method=entry.method,
                target=Source(url),
                query=tuple(Source(each) for each in query),
                headers=tuple(RawHeader(name, Source(value)) for name, value in headers),
                body=Source(body),
                name=entry.name if entry.captured else "",
                settings=tuple(entry.settings),
                asserts=tuple(Source(each) for each in entry.asserts),
                warnings=tuple(f"{entry.method} {url}: {each}" for each in entry.warnings),
            )
        )


def _option(name: str, value: str) -> Setting:
    if name == "retry" and value.isdecimal():
        return Setting("attempts", str(int(value) + 1))
    return Setting("deadline", value)


def _subject(found: re.Match[str]) -> str:
    if found["path"]:
        return _unescaped(found["path"])
    if found["header"]:
        return f"headers.{found['header']}"
    return {"status": "status", "body": "text", "duration": "duration"}.get(found["query"], "")


def _at_path(found: re.Match[str]) -> str:
    return f"@{found['path'].strip()}"


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)
