r"""The items of a line magic become a request, in HTTPie's spelling.

    Name:value header    name==value query    name=value JSON text    name:=5 JSON value    name@file a file's part

With `@` behind the sign the value comes from a file: `name=@path`, `name:=@path`, `name==@path`, `Name:@path`. The
first sign from the left counts, the longest at that place; `\` before a sign makes it part of the name. `{{ }}` is
filled in by the same rules as in a cell.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from flarex_nb.errors import UsageError
from flarex_nb.model import JsonBody, NoBody, RawBody
from flarex_nb.text.files import FileLine, media_type, read_file
from flarex_nb.text.headers import checked_value
from flarex_nb.text.jsonbody import fill_json
from flarex_nb.text.nest import put, steps
from flarex_nb.text.pairs import Pairs
from flarex_nb.text.scan import OPEN, hole_end
from flarex_nb.text.scope import HEADER_AND_USERINFO, Context, Reader, Scope
from flarex_nb.text.source import Source, shown
from flarex_nb.text.system import SystemValues
from flarex_nb.text.target import fill_target
from flarex_nb.text.template import FilledRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from flarex_nb.model import Body, Json
    from flarex_nb.text.magicline import ParsedLine

SIGNS = ("==@", ":=@", "=@", ":@", "==", ":=", "=", ":", "@")
"""What stands between name and value, the longest first."""

_BOUNDARY = "flarex-part"


class Item(NamedTuple):
    """One item cut in two: the name without its escapes, the sign, the value as typed."""

    name: Source
    sign: str
    value: Source


def cut(word: Source) -> Item:
    """Return the item's name, sign and value.

    Raises:
        CellSyntaxError: the word holds no sign, or nothing stands before it.
    """
    text, position, name = word.text, 0, list[str]()
    while position < len(text):
        if text.startswith(OPEN, position):
            end = hole_end(word, position)
            name.append(text[position:end])
            position = end
            continue
        sign = next((each for each in SIGNS if text.startswith(each, position)), None)
        if sign is not None:
            if position == 0:
                break
            return Item(Source("".join(name), word.span), sign, word.part(position + len(sign)))
        if text[position] == "\\" and text[position + 1 : position + 2] in {":", "=", "@", "\\"}:
            position += 1
        name.append(text[position])
        position += 1
    msg = f"{shown(text)} is not an item"
    raise word.error(
        msg, hint="Items: name==value (query), name=value (body), name:=5 (JSON), Name:value (header), name@file."
    )


def fill_line(
    line: ParsedLine,
    *,
    namespace: Mapping[str, object],
    marker: Callable[[str], str],
    system: SystemValues | None = None,
    read: Reader | None = None,
    allow_secret_in: frozenset[str] = HEADER_AND_USERINFO,
) -> FilledRequest:
    """Return the request of a magic's line; the arguments are those of `template.fill`.

    Raises:
        CellSyntaxError, UsageError: with the column of the item in the line.
    """
    if line.target is None:
        msg = "the line has no path"
        raise UsageError(msg, hint="Write %flarex_call crm GET /contacts limit==100, or a cell with %%flarex_call.")
    scope = Scope((), namespace)
    context = Context(scope, system or SystemValues(), marker, allow_secret_in, read)
    scope.context = context
    target, query = fill_target(Source(line.target, line.spans["target"]), (), context)
    built = _Built(context, line.method or "GET", list(query))
    for number, text in enumerate(line.items):
        built.add(cut(Source(text, line.spans[str(number)])))
    return built.request(str(target), line)


@dataclass
class _Built:
    """The request as its items come in."""

    context: Context
    method: str
    query: list[tuple[str, str]]
    headers: list[tuple[str, str]] = field(default_factory=list)
    tree: Json = None
    files: list[tuple[str, str, bytes]] = field(default_factory=list)
    anew: set[str] = field(default_factory=set)

    def add(self, item: Item) -> None:
        match item.sign.removesuffix("@") or "@":
            case ":":
                self._header(item)
            case "==":
                self._query(item)
            case "@":
                self._no_body_on_reads(item)
                path, content = read_file(FileLine(item.value, filled=False, encoding=""), self.context)
                self.files.append((self.context.fill(item.name, "body"), path, content))
            case sign:
                self._no_body_on_reads(item)
                name = Source(self._name(item), item.name.span)
                self.tree = put(self.tree, steps(name), self._value(item, as_json=sign == ":="), name)

    def request(self, target: str, line: ParsedLine) -> FilledRequest:
        body, headers = self._body()
        return FilledRequest(
            method=self.method,
            target=target,
            query=tuple(self.query),
            headers=(*self.headers, *headers),
            body=body,
            warnings=tuple(self.context.warnings),
            anew=frozenset(self.anew),
            span=line.spans.get("method", line.spans["target"]),
        )

    def _name(self, item: Item) -> str:
        return item.name.text if OPEN not in item.name.text else str(self.context.fill(item.name, "body"))

    def _header(self, item: Item) -> None:
        before = self.context.uuids
        value = self._file_text(item).strip() if item.sign == ":@" else self.context.fill(item.value, "header")
        self.headers.append((item.name.text, str(checked_value(item.name.text, value, item.value))))
        if self.context.uuids > before:
            self.anew.add(item.name.text.lower())

    def _query(self, item: Item) -> None:
        if item.sign == "==@":
            self.query.append((item.name.text, self._file_text(item).strip()))
        else:
            name = str(self.context.fill(item.name, "query"))
            self.query += Pairs(item.value, self.context, "query").single(name)

    def _value(self, item: Item, *, as_json: bool) -> Json:
        if not item.sign.endswith("@"):
            return fill_json(item.value, self.context) if as_json else str(self.context.fill(item.value, "body"))
        text = self._file_text(item)
        try:
            return json.loads(text) if as_json else text
        except ValueError as error:
            msg = f"{item.value.text} is not JSON ({error})"
            raise UsageError(msg, hint="Correct the file.", place=item.value.place(0)) from None

    def _file_text(self, item: Item) -> str:
        path, content = read_file(FileLine(item.value, filled=False, encoding=""), self.context)
        try:
            return content.decode()
        except UnicodeDecodeError:
            msg = f"{shown(path)} is not text in UTF-8"
            raise UsageError(msg, hint="Send it as a file: name@path.", place=item.value.place(0)) from None

    def _no_body_on_reads(self, item: Item) -> None:
        if self.method in {"GET", "HEAD"}:
            name = item.name.text
            msg = f"{shown(f'{name}{item.sign}...')} is a body, and a {self.method} has none"
            hint = f"For the query write {name}==...; to send a body write POST before the path."
            raise item.name.error(msg, hint=hint)

    def _body(self) -> tuple[Body, tuple[tuple[str, str], ...]]:
        if not self.files:
            return (NoBody() if self.tree is None else JsonBody(self.tree)), ()
        boundary = _free_boundary([content for _, _, content in self.files], json.dumps(self.tree))
        parts = [_part(boundary, name, None, value) for name, value in self._fields()]
        parts += [_part(boundary, name, path, content) for name, path, content in self.files]
        content = b"".join([*parts, f"--{boundary}--\r\n".encode()])
        return RawBody(content, f"multipart/form-data; boundary={boundary}"), ()

    def _fields(self) -> list[tuple[str, bytes]]:
        fields = self.tree if isinstance(self.tree, dict) else {} if self.tree is None else {"": self.tree}
        return [
            (name, (value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)).encode())
            for name, value in fields.items()
        ]


def _part(boundary: str, name: str, path: str | None, content: bytes) -> bytes:
    """Return one part; quotes and line ends in a name are percent-encoded (WHATWG HTML 4.10.21.8)."""
    file = "" if path is None else _file_head(path)
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="{_quoted(name)}"{file}\r\n\r\n'
    return head.encode() + content + b"\r\n"


def _file_head(path: str) -> str:
    name = _quoted(path.rsplit("/", 1)[-1])
    return f'; filename="{name}"\r\nContent-Type: {media_type(path)}'


def _quoted(text: str) -> str:
    return text.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")


def _free_boundary(contents: list[bytes], text: str) -> str:
    """Return a boundary that stands in none of the parts."""
    boundary, number = _BOUNDARY, 0
    while boundary in text or any(boundary.encode() in content for content in contents):
        number += 1
        boundary = f"{_BOUNDARY}-{number}"
    return boundary
