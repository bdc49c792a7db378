"""A cell's text becomes requests, still unfilled. Line by line: comments, request line, query, headers, body.

The grammar is that of `.http` files as the common clients share it. Differences: comments stand before the body only,
so that a `# heading` in a prompt survives; `# @body raw` keeps everything below it, `###` lines included.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from flarex_nb.model import Span
from flarex_nb.text.raw import Cell, RawHeader, RawRequest, Setting, Variable
from flarex_nb.text.requestline import METHODS, header_line, query_line, request_line
from flarex_nb.text.source import Source, plain_characters, shown, unix_lines
from flarex_nb.text.tail import SKIPPED, cut_tail, script_end

if TYPE_CHECKING:
    from flarex_nb.text.tail import Placed

__all__ = ["METHODS", "Cell", "RawHeader", "RawRequest", "Setting", "Variable", "parse"]

_SEPARATOR = re.compile(r"\s*#{3,}(?P<title>.*)\Z")
_COMMENT = re.compile(r"\s*(?:#{1,2}(?!#)|//)(?P<text>.*)\Z")
_SETTING = re.compile(r"\s*@(?P<name>[A-Za-z][\w-]*)(?P<value>.*)\Z")
_VARIABLE = re.compile(r"\s*@(?P<name>[A-Za-z_][\w-]*)\s*:?=\s*")
_NAME = re.compile(r"[A-Za-z]\w*\Z")


def parse(cell: str, *, first_line: int = 1) -> Cell:
    """Return the cell's variables and requests.

    `first_line` is the number of the text's first line in the whole cell: 2 below a `%%` line.

    Raises:
        CellSyntaxError: with line and column in the cell; nothing was sent.
    """
    reader = _Reader(unix_lines(cell).split("\n"), first_line)
    reader.read()
    if not reader.requests:
        msg = "the cell holds no request"
        raise Source("", Span(first_line, 1)).error(msg, hint="Write one such as GET /v1/charges, or a whole URL.")
    variables = tuple(reader.variables)
    return Cell(variables, tuple(replace(request, variables=variables) for request in reader.requests))


@dataclass
class _Head:
    """What was read of one request before its body."""

    title: str
    name: str = ""
    note: str = ""
    body_raw: bool = False
    comments: list[str] = field(default_factory=list)
    settings: list[Setting] = field(default_factory=list)
    asserts: list[Source] = field(default_factory=list)
    save: Source | None = None
    warnings: list[str] = field(default_factory=list)


class _Reader:
    """Goes through the lines once; `here` is the index of the next one."""

    def __init__(self, lines: list[str], first_line: int) -> None:
        self.lines, self.first = lines, first_line
        self.here = 0
        self.variables: list[Variable] = []
        self.requests: list[RawRequest] = []

    def read(self) -> None:
        title = ""
        while self.here < len(self.lines):
            head = _Head(title)
            end = self._end_of_block()
            if self._before_request_line(head, end):
                self.requests.append(self._request(head, end))
                end = len(self.lines) if head.body_raw else end
            elif head.name or head.settings:
                self._refuse_settings_alone(head)
            title = self._title_at(end)
            self.here = end + 1

    def _end_of_block(self) -> int:
        rest = range(self.here, len(self.lines))
        return next((index for index in rest if _SEPARATOR.match(self.lines[index])), len(self.lines))

    def _title_at(self, index: int) -> str:
        found = _SEPARATOR.match(self.lines[index]) if index < len(self.lines) else None
        return found["title"].strip() if found else ""

    def _line(self, index: int) -> Source:
        return Source(plain_characters(self.lines[index]), Span(self.first + index, 1))

    def _before_request_line(self, head: _Head, end: int) -> bool:
        """Read up to the request line; return whether there is one."""
        while self.here < end:
            line = self._line(self.here)
            past_script = script_end(self.lines[:end], self.here)
            if past_script is not None:
                head.warnings.append(SKIPPED)
                self.here = past_script
                continue
            if line.text.strip() and not self._remark(head, line):
                return True
            self.here += 1
        return False

    def _remark(self, head: _Head, line: Source) -> bool:
        """Take a comment, setting, variable or condition; return False for any other line."""
        text = line.text.lstrip()
        if found := _COMMENT.match(line.text):
            self._comment(head, line, found)
        elif text.startswith("@"):
            self.variables.append(_variable(line))
        elif text.startswith("?? "):
            head.asserts.append(_trimmed(line, line.text.index("??") + 2))
        else:
            return False
        return True

    def _comment(self, head: _Head, line: Source, found: re.Match[str]) -> None:
        setting = _SETTING.match(found["text"])
        if setting is None:
            head.comments.append(found["text"].strip())
            return
        written = setting["value"]
        start = found.start("text") + setting.start("value") + len(written) - len(written.lstrip())
        value = _trimmed(line, start + (line.text[start : start + 1] == "="))
        name, span = setting["name"], line.at(found.start("text") + setting.start("name") - 1)
        _take_setting(head, Setting(name, value.text, span), value)

    def _request(self, head: _Head, end: int) -> RawRequest:
        line = self._line(self.here)
        method, target = request_line(line)
        self.here += 1
        query = self._query(head, end, has_query="?" in target.text)
        headers = self._headers(head, end)
        body = self._body(head, len(self.lines) if head.body_raw else end)
        return RawRequest(
            method=method,
            target=target,
            query=tuple(query),
            headers=tuple(headers),
            body=body,
            body_raw=head.body_raw,
            title=head.title,
            name=head.name,
            note=head.note,
            comments=tuple(head.comments),
            settings=tuple(head.settings),
            asserts=tuple(head.asserts),
            save=head.save,
            warnings=tuple(head.warnings),
            span=line.at(len(line.text) - len(line.text.lstrip())),
        )

    def _query(self, head: _Head, end: int, *, has_query: bool) -> list[Source]:
        found: list[Source] = []
        while self.here < end:
            line = self._line(self.here)
            query = query_line(line)
            if query is None:
                if not (_COMMENT.match(line.text) and self._remark(head, line)):
                    break
            else:
                if line.text.lstrip().startswith("?") and (found or has_query):
                    msg = "a second ? in the query"
                    raise line.error(msg, line.text.index("?"), hint="Begin each further query line with &.")
                found.append(query)
            self.here += 1
        return found

    def _headers(self, head: _Head, end: int) -> list[RawHeader]:
        found: list[RawHeader] = []
        while self.here < end:
            line = self._line(self.here)
            if not line.text.strip():
                break
            if line.text.lstrip().startswith("?? ") or script_end(self.lines[:end], self.here) is not None:
                self.here -= 1
                break
            if not (_COMMENT.match(line.text) and self._remark(head, line)):
                found.append(header_line(line))
            self.here += 1
        self.here += 1
        return found

    def _body(self, head: _Head, end: int) -> Source:
        start = min(self.here, end)
        if head.body_raw:
            text = "\n".join(self.lines[start:end]).removesuffix("\n")
            return Source(text, Span(self.first + start, 1))
        while start < end and not self.lines[start].strip():
            start += 1
        tail = cut_tail(self.lines[start:end])
        head.asserts += [self._placed(each, start) for each in tail.asserts]
        head.warnings += tail.warnings
        for each in tail.outputs:
            _take_save(head, self._placed(each, start))
        return Source("\n".join(tail.body), Span(self.first + start, 1))

    def _placed(self, found: Placed, start: int) -> Source:
        return Source(plain_characters(found.text), Span(self.first + start + found.line, found.column + 1))

    def _refuse_settings_alone(self, head: _Head) -> None:
        span = head.settings[0].span if head.settings else Span(self.first, 1)
        msg = "these # @ lines belong to no request"
        raise Source("", span).error(msg, hint="Write the request below them, before the next ### line.")


def _trimmed(line: Source, start: int) -> Source:
    """Return what stands on the line from `start` on, without the space around it."""
    rest = line.text[start:]
    begin = start + len(rest) - len(rest.lstrip())
    return line.part(begin, max(begin, len(line.text.rstrip())))


def _take_save(head: _Head, path: Source) -> None:
    if head.save is not None:
        msg = "a second file for the answer"
        raise path.error(msg, hint="One request writes one file: keep one of them.")
    head.save = path


def _take_setting(head: _Head, setting: Setting, value: Source) -> None:
    """Keep what the grammar itself needs apart from what are options."""
    place = Source("", setting.span)
    match setting.name.lower():
        case "name":
            if not _NAME.match(setting.value):
                msg = f"{shown(setting.value)} is not a name" if setting.value else "# @name needs a name"
                raise place.error(msg, hint="A name has letters, digits and underscores: # @name new_customer")
            head.name = setting.value
        case "note":
            head.note = setting.value
        case "assert":
            head.asserts.append(value)
        case "save":
            _take_save(head, value)
        case "body":
            if setting.value != "raw":
                msg = f"# @body takes raw, not {shown(setting.value)}"
                raise place.error(msg, hint="# @body raw keeps everything below the headers as it is.")
            head.body_raw = True
        case _:
            head.settings.append(setting)


def _variable(line: Source) -> Variable:
    found = _VARIABLE.match(line.text)
    if found is None:
        msg = f"{shown(line.text.strip())} is not a variable"
        raise line.error(msg, len(line.text) - len(line.text.lstrip()), hint="Write it like @limit = 100.")
    return Variable(found["name"], line.part(found.end(), max(found.end(), len(line.text.rstrip()))))
