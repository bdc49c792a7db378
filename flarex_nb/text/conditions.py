"""Conditions on an answer, `# @assert status == 200`: read before anything is sent, judged when the answer is there.

    status == 200              headers.Content-Type contains json       $.data[0].id startsWith ch_
    rows > 0                   elapsed < 2s                              body.$.object == "list"

A subject, one comparison, and a value: JSON, a bare word, or `{{name}}`. Nothing is evaluated as a program.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from flarex_nb.errors import UsageError
from flarex_nb.model import header
from flarex_nb.text import jsonpath
from flarex_nb.text.kinds import Marked
from flarex_nb.text.scan import Hole, pieces
from flarex_nb.text.source import Source, nearest, shown
from flarex_nb.text.values import plain

if TYPE_CHECKING:
    from collections.abc import Callable

    from flarex_nb.model import Headers, Json
    from flarex_nb.text.scope import Context

SUBJECTS = ("status", "headers", "body", "text", "rows", "pages", "complete", "elapsed", "duration")
"""What a condition is about; `$...` is short for `body.$...`, `elapsed` is in seconds, `duration` in milliseconds."""

_SUBJECT = re.compile(
    r"\s*(?:response\.)?(?P<word>[A-Za-z]+)"
    r"(?:(?:\.|[ \t]+)(?P<header>[A-Za-z][A-Za-z0-9-]*)(?=[ \t]|\Z))?(?P<rest>.*)\Z",
    re.DOTALL,
)
_BODY = re.compile(r"\s*(?:response\.)?(?:body[.\s]\s*)?(?=\$)")
_OPERATOR = re.compile(r"\s*(?P<operator>==|!=|>=|<=|>|<|[A-Za-z]+)(?P<rest>.*)\Z", re.DOTALL)
_SAME = {"includes": "contains", "startswith": "startsWith", "endswith": "endsWith", "istrue": "isTrue"}
_LONGEST_SHOWN = 120
_MISSING = object()


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def judged(got: object, wanted: object) -> bool:
        both_numbers = all(isinstance(each, int | float) and not isinstance(each, bool) for each in (got, wanted))
        return (both_numbers or (isinstance(got, str) and isinstance(wanted, str))) and compare(got, wanted)

    return judged


def _same(got: object, wanted: object) -> bool:
    return got == wanted and isinstance(got, bool) == isinstance(wanted, bool)


def _contains(got: object, wanted: object) -> bool:
    if isinstance(got, str):
        return isinstance(wanted, str) and wanted in got
    return isinstance(got, list | dict) and any(_same(each, wanted) for each in got)


_BINARY: dict[str, Callable[[Any, Any], bool]] = {
    "==": _same,
    "!=": lambda got, wanted: not _same(got, wanted),
    ">=": _ordered(lambda got, wanted: got >= wanted),
    "<=": _ordered(lambda got, wanted: got <= wanted),
    ">": _ordered(lambda got, wanted: got > wanted),
    "<": _ordered(lambda got, wanted: got < wanted),
    "contains": _contains,
    "startsWith": lambda got, wanted: isinstance(got, str) and got.startswith(str(wanted)),
    "endsWith": lambda got, wanted: isinstance(got, str) and got.endswith(str(wanted)),
    "matches": lambda got, wanted: isinstance(got, str) and re.search(wanted, got) is not None,
    "in": lambda got, wanted: any(_same(got, each) for each in wanted),
}
_UNARY: dict[str, Callable[[Any], bool]] = {
    "exists": lambda _got: True,
    "isTrue": lambda got: got is True,
    "isFalse": lambda got: got is False,
    "isNull": lambda got: got is None,
    "isNumber": lambda got: isinstance(got, int | float) and not isinstance(got, bool),
    "isString": lambda got: isinstance(got, str),
    "isBoolean": lambda got: isinstance(got, bool),
    "isArray": lambda got: isinstance(got, list),
}
OPERATORS = (*_BINARY, *_UNARY)
"""Every comparison; `includes` is another name of `contains`."""


class Facts(NamedTuple):
    """What of an answer can be judged; `elapsed` in seconds."""

    status: int
    headers: Headers
    data: Json
    text: str
    rows: int = 0
    pages: int = 1
    complete: bool = True
    elapsed: float = 0.0


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition: its text as written, what it is about, how it is compared, and with what."""

    text: str
    subject: str
    detail: str
    operator: str
    wanted: Json = None

    def failure(self, facts: Facts) -> str:
        """Return what was got instead, "" where the condition holds."""
        found = self._found(facts)
        if self.operator == "exists" or found is not _MISSING:
            if found is not _MISSING and self._holds(found):
                return ""
            return "nothing there" if found is _MISSING else _brief(found)
        return "" if self.operator == "!=" else f"nothing there{self._why(facts)}"

    def _holds(self, found: object) -> bool:
        if self.operator in _UNARY:
            return _UNARY[self.operator](found)
        if isinstance(found, str) and not isinstance(self.wanted, str) and self.subject == "headers":
            return _BINARY[self.operator](_number_of(found), self.wanted)
        return _BINARY[self.operator](found, self.wanted)

    def _found(self, facts: Facts) -> object:
        match self.subject:
            case "headers":
                value = header(facts.headers, self.detail)
                return _MISSING if value is None else value
            case "body":
                found = jsonpath.find(self.detail, facts.data)
                if jsonpath.is_single(self.detail):
                    return found[0] if found else _MISSING
                return found or (_MISSING if self.operator == "exists" else found)
            case "duration":
                return facts.elapsed * 1000
            case name:
                return getattr(facts, name)

    def _why(self, facts: Facts) -> str:
        reason = jsonpath.missing(self.detail, facts.data) if self.subject == "body" else ""
        return f" ({reason.rstrip('.')})" if reason else ""


def read_condition(source: Source, context: Context | None = None) -> Condition:
    """Return the condition in this text; `context` fills its holes, without one there must be none.

    Raises:
        CellSyntaxError: no subject, comparison or value there is; with line and column.
        UsageError: a JSONPath or a pattern that is none.
    """
    start = _BODY.match(source.text)
    if start is not None:
        detail, rest, offset = _path_and_rest(source, start.end())
        subject = "body"
    else:
        subject, detail, rest, offset = _named(source)
    found = _OPERATOR.match(rest)
    operator = _operator(source, found, offset)
    wanted = None if operator in _UNARY else _wanted(source, offset + (found.start("rest") if found else 0), context)
    _check_wanted(source, operator, wanted)
    return Condition(source.text.strip(), subject, detail, operator, wanted)


def _named(source: Source) -> tuple[str, str, str, int]:
    found = _SUBJECT.match(source.text)
    word = found["word"] if found else ""
    name = {"header": "headers", "records": "rows", "statuscode": "status"}.get(word.lower(), word.lower())
    if found is None or name not in SUBJECTS:
        msg = f"{shown(word or source.text.strip())} is nothing a condition can be about.{nearest(word, SUBJECTS)}"
        hint = "Write status == 200, headers.Content-Type contains json, $.data[0].id exists, or rows > 0."
        raise source.error(msg, found.start("word") if found else 0, hint=hint)
    if name == "body":
        msg = "body needs the part that is meant"
        raise source.error(msg, found.start("word"), hint="Write $.object == list; the whole is called text.")
    if name != "headers":
        return name, "", source.text[found.end("word") :], found.end("word")
    if not found["header"]:
        msg = "headers needs the name of one"
        raise source.error(msg, found.start("word"), hint="Write headers.Content-Type contains json.")
    return name, found["header"], found["rest"], found.start("rest")


def _path_and_rest(source: Source, start: int) -> tuple[str, str, int]:
    """Return the JSONPath that begins at `start`, and what follows it: the first space outside brackets and quotes."""
    depth, quote = 0, ""
    for offset in range(start, len(source.text)):
        character = source.text[offset]
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif not depth and (character.isspace() or character in "=!<>"):
            break
        else:
            depth += (character in "[(") - (character in "])")
    else:
        offset = len(source.text)
    try:
        return jsonpath.check_query(source.text[start:offset]), source.text[offset:], offset
    except UsageError as error:
        raise source.error(error.message, start, hint=error.hint) from None


def _operator(source: Source, found: re.Match[str] | None, offset: int) -> str:
    if found is None:
        msg = "the condition has no comparison"
        raise source.error(msg, min(offset, max(0, len(source.text) - 1)), hint=f"Comparisons: {', '.join(OPERATORS)}.")
    written = found["operator"]
    word = _SAME.get(written.lower(), written)
    known = {each.lower(): each for each in OPERATORS}
    if word.lower() not in known:
        msg = f"{shown(written)} is not a comparison.{nearest(written, OPERATORS)}"
        raise source.error(msg, offset + found.start("operator"), hint=f"Comparisons: {', '.join(OPERATORS)}.")
    return known[word.lower()]


def _wanted(source: Source, offset: int, context: Context | None) -> Json:
    part = source.part(offset)
    lead = len(part.text) - len(part.text.lstrip())
    part = part.part(lead, max(lead, len(part.text.rstrip())))
    if not part.text:
        msg = "the condition compares with nothing"
        raise source.error(msg, max(0, offset - 1), hint='Write a value: status == 200, $.name == "Ada".')
    cut = pieces(part)
    if context is None or not any(isinstance(piece, Hole) for piece in cut):
        return _literal(part.text)
    if len(cut) == 1 and isinstance(cut[0], Hole):
        return _of_hole(part, cut[0], context)
    return _literal(str(context.fill(part, "condition")))


def _of_hole(part: Source, hole: Hole, context: Context) -> Json:
    value = context.value(part, hole)
    if isinstance(value, Marked):
        value = context.text_of(value, part, hole, "condition")
    try:
        return plain(value)
    except UsageError as error:
        error.place = error.place or part.place(hole.offset)
        raise


def _literal(text: str) -> Json:
    if len(text) > 1 and text[0] == text[-1] == "'":
        return text[1:-1]
    if found := re.fullmatch(r"(\d+(?:\.\d+)?)\s*(ms|s)", text):
        return float(found[1]) / (1000 if found[2] == "ms" else 1)
    try:
        return json.loads(text)
    except ValueError:
        return text


def _check_wanted(source: Source, operator: str, wanted: Json) -> None:
    if operator == "in" and not isinstance(wanted, list):
        msg = "in compares with a list"
        raise source.error(msg, hint="Write status in [200, 201].")
    if operator == "matches":
        try:
            re.compile(str(wanted))
        except re.error:
            msg = f"{shown(str(wanted))} is not a regular expression"
            raise source.error(msg, hint=r'Write $.id matches "^ch_\w+$".') from None


def _number_of(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _brief(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[: _LONGEST_SHOWN - 3]}..."
