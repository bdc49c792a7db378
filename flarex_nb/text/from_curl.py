"""A pasted curl command becomes a request of a cell. What has no meaning here is refused or named, never dropped.

The options are those of curl's manual (https://curl.se/docs/manpage.html); nothing is run and no file is read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from flarex_nb.model import Span
from flarex_nb.text.curl_options import IGNORED, LONG, SHORT, TAKES_WORD, UNKNOWN_HINT, WITHOUT, refusal_of
from flarex_nb.text.escape import MARK, escaped, part_text
from flarex_nb.text.raw import Cell, RawHeader, RawRequest, Setting
from flarex_nb.text.shell_words import Words
from flarex_nb.text.source import Source, nearest, shown

if TYPE_CHECKING:
    from flarex_nb.text.curl_options import Taken

_BEGINS = re.compile(r"\s*(?:(?:#|//)[^\n]*\n\s*)*(?:\$\s+)?curl(?:\.exe)?(?=\s|\Z)")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://|\{\{")
_BY_NAME = re.compile(r"\{\{.*\}\}\Z|\Z", re.DOTALL)


def is_curl(text: str) -> bool:
    """Return whether the text is a curl command, with comments above it or a prompt before it."""
    return _BEGINS.match(text) is not None


def read_curl(text: str, *, first_line: int = 1) -> Cell:
    """Return the command as the one request of a cell.

    Raises:
        CellSyntaxError: with line and column: an option there is none of or that has no meaning here, no URL, a
            password written out.
    """
    begins = _BEGINS.match(text)
    end = begins.end() if begins else 0
    words = Words(text[end:], Source(text, Span(first_line, 1)).at(end))
    command = _Command(words.warnings)
    command.read(words.found)
    return Cell((), (command.request(Source(text, Span(first_line, 1)).at(end)),))


@dataclass
class _Command:
    """What the words said so far."""

    warnings: list[str]
    url: Source | None = None
    method: str = ""
    headers: list[RawHeader] = field(default_factory=list)
    data: list[Source] = field(default_factory=list)
    parts: list[Source] = field(default_factory=list)
    settings: list[Setting] = field(default_factory=list)
    flags: set[str] = field(default_factory=set)
    upload: Source | None = None
    save: Source | None = None

    def read(self, words: list[Source]) -> None:
        waiting = list(words)
        while waiting:
            word = waiting.pop(0)
            if word.text == "--":
                continue
            if word.text.startswith("--"):
                self._long(word, waiting)
            elif word.text.startswith("-") and len(word.text) > 1:
                self._short(word, waiting)
            else:
                self.take_url(word)

    def _long(self, word: Source, waiting: list[Source]) -> None:
        name, mark, value = word.text[2:].partition("=")
        if name not in LONG:
            near = nearest(f"--{name}", [f"--{known}" for known in LONG])
            msg = f"there is no curl option {shown('--' + name)} here.{near}"
            raise word.error(msg, hint=UNKNOWN_HINT)
        if mark:
            waiting.insert(0, Source(value, word.at(len(name) + 3)))
        self._take(LONG[name], word, waiting)

    def _short(self, word: Source, waiting: list[Source]) -> None:
        """Read `-sSL`, `-XPOST`, `-d@file`: flags together, then perhaps one that takes the rest as its word."""
        for offset, letter in enumerate(word.text[1:], 1):
            name = SHORT.get(letter)
            if name is None:
                msg = f"there is no curl option {shown('-' + letter)} here"
                raise word.error(msg, offset, hint=UNKNOWN_HINT)
            if name in TAKES_WORD and offset + 1 < len(word.text):
                waiting.insert(0, word.part(offset + 1))
            self._take(name, word, waiting)
            if name in TAKES_WORD:
                return

    def _take(self, name: str, word: Source, waiting: list[Source]) -> None:
        if why := refusal_of(name):
            msg = f"--{name}: {why.refusal}"
            raise word.error(msg, hint=why.hint)
        if name not in TAKES_WORD:
            self.flags.add(name)
            if name in WITHOUT:
                self.warnings.append(f"--{name} was left out: {WITHOUT[name]}")
            return
        if not waiting:
            msg = f"--{name} has nothing behind it"
            raise word.error(msg, hint="Copy the command whole.")
        value = waiting.pop(0)
        if name not in IGNORED:
            _TAKERS[name](self, value)

    def take_url(self, word: Source) -> None:
        if self.url is not None:
            msg = "a second URL"
            raise word.error(msg, hint="Paste one command with one URL a cell.")
        known = _SCHEME.match(word.text) is not None
        self.url = word if known else Source(f"https://{word.text}", word.span)
        if not known:
            self.warnings.append("the URL had no scheme; https:// was put before it")

    def take_method(self, value: Source) -> None:
        self.method = value.text.upper()

    def take_header(self, value: Source) -> None:
        name, mark, text = value.text.partition(":")
        if not mark:
            name, mark, text = value.text.partition(";")
        if not mark or not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name.strip()):
            msg = f"{shown(value.text)} is not a header"
            raise value.error(msg, hint="A header is Name: value.")
        begin = len(value.text) - len(text.lstrip())
        self.headers.append(RawHeader(name.strip(), value.part(begin, max(begin, len(value.text.rstrip())))))

    def take_named_header(self, name: str, value: Source, before: str = "") -> None:
        self.headers.append(RawHeader(name, Source(f"{before}{value.text}", value.span)))

    def take_user(self, value: Source) -> None:
        """Leave credentials by name to the service's profile; refuse one written out."""
        user, mark, password = value.text.partition(":")
        credential = password or (user if mark else "")
        if not _BY_NAME.match(credential):
            msg = "a credential is written out behind -u; nothing was sent"
            hint = (
                "Run %flarex_secrets set SERVICE_API_KEY and leave -u out: the profile says how the service signs in."
            )
            raise value.error(msg, hint=hint)
        self.warnings.append("-u was left out: the service's profile says how it signs in")

    def take_data(self, value: Source) -> None:
        self.data.append(value)

    def take_encoded(self, value: Source) -> None:
        """Take `name=value`, the value percent-encoded around its holes; `=value` and `value` have no name."""
        name, mark, text = value.text.partition("=")
        if not mark:
            name, text = "", value.text
        self.data.append(Source(f"{name}{'=' if name else ''}{escaped(text)}", value.span))

    def take_json(self, value: Source) -> None:
        self.data.append(value)
        for name in ("Content-Type", "Accept"):
            if all(each.name.lower() != name.lower() for each in self.headers):
                self.headers.append(RawHeader(name, Source("application/json", value.span)))

    def take_form(self, value: Source) -> None:
        self.parts.append(value)

    def take_setting(self, name: str, value: Source, text: str = "") -> None:
        self.settings.append(Setting(name, text or value.text, value.span))

    def take_output(self, value: Source) -> None:
        if value.text not in {"-", "/dev/null"}:
            self.save = value

    def take_retry(self, value: Source) -> None:
        if not value.text.isdecimal():
            msg = f"--retry takes a number, not {shown(value.text)}"
            raise value.error(msg, hint="Write --retry 2.")
        self.take_setting("attempts", value, str(int(value.text) + 1))

    def request(self, span: Span) -> RawRequest:
        """Return the request all words come to."""
        if self.url is None:
            msg = "the curl command has no URL"
            raise Source("", span).error(msg, hint="Copy the command whole.")
        target, query = _cut_query(self.url)
        body, typed = self._body(query)
        own = {each.name.lower() for each in self.headers}
        headers = [*self.headers, *(each for each in typed if each.name.lower() not in own)]
        return RawRequest(
            method=self._chosen_method(body),
            target=target,
            query=tuple(query),
            headers=tuple(headers),
            body=body,
            body_raw="###" in body.text and re.search(r"(?m)^\s*###", body.text) is not None,
            settings=tuple(self.settings),
            save=self.save,
            warnings=tuple(self.warnings),
            span=self.url.span,
        )

    def _chosen_method(self, body: Source) -> str:
        if self.method:
            return self.method
        if "head" in self.flags:
            return "HEAD"
        if self.upload is not None:
            return "PUT"
        return "POST" if body.text and "get" not in self.flags else "GET"

    def _body(self, query: list[Source]) -> tuple[Source, list[RawHeader]]:
        """Return the body's text and the headers it implies; with -G the data goes into the query."""
        if self.upload is not None:
            return replace(self.upload, text=f"< {_relative(self.upload.text)}"), []
        if self.parts:
            kind = Source(f"multipart/form-data; boundary={MARK}", self.parts[0].span)
            return Source(part_text(self.parts), self.parts[0].span), [RawHeader("Content-Type", kind)]
        if not self.data:
            return Source(""), []
        if "get" in self.flags:
            query += [Source(part, each.span) for each in self.data for part in each.text.split("&")]
            return Source(""), []
        return self._joined_data(), []

    def _joined_data(self) -> Source:
        first = self.data[0]
        if len(self.data) == 1 and first.text.startswith("@"):
            return replace(first, text=f"< {_relative(first.text[1:])}")
        typed = next((each.value.text.lower() for each in self.headers if each.name.lower() == "content-type"), "")
        text = "&".join(each.text for each in self.data)
        is_json = text.lstrip().startswith(("{", "[")) and not text.lstrip().startswith("{{")
        if is_json and not typed:
            self.warnings.append("curl would have said that this body is a form; it is sent as the JSON it is")
        if is_json or (typed and "urlencoded" not in typed):
            return Source(text, first.span)
        return Source("\n&".join(part.replace("\n", "%0A") for part in text.split("&")), first.span)


_TAKERS: dict[str, Taken] = {
    "request": _Command.take_method,
    "header": _Command.take_header,
    "data": _Command.take_data,
    "data-raw": _Command.take_data,
    "data-ascii": _Command.take_data,
    "data-binary": _Command.take_data,
    "data-urlencode": _Command.take_encoded,
    "json": _Command.take_json,
    "form": _Command.take_form,
    "form-string": _Command.take_form,
    "url": _Command.take_url,
    "user": _Command.take_user,
    "user-agent": lambda command, value: command.take_named_header("User-Agent", value),
    "referer": lambda command, value: command.take_named_header("Referer", value),
    "cookie": lambda command, value: command.take_named_header("Cookie", value),
    "oauth2-bearer": lambda command, value: command.take_named_header("Authorization", value, "Bearer "),
    "max-time": lambda command, value: command.take_setting("deadline", value),
    "retry": _Command.take_retry,
    "upload-file": lambda command, value: setattr(command, "upload", value),
    "output": _Command.take_output,
}


def _cut_query(url: Source) -> tuple[Source, list[Source]]:
    """Return the URL up to its query or fragment, and the query in one piece; a `?` in a hole begins none."""
    from flarex_nb.text.scan import Literal, pieces  # noqa: PLC0415 - beside its one use

    for piece in pieces(url):
        if isinstance(piece, Literal) and (found := re.search(r"[?#]", piece.text)):
            cut = piece.offset + found.start()
            rest = url.part(cut + 1)
            text = rest.text.partition("#")[0] if found[0] == "?" else ""
            return url.part(0, cut), [Source(part, rest.span) for part in text.split("&") if part]
    return url, []


def _relative(path: str) -> str:
    return path if path.startswith(("./", "/", "~", ".")) else f"./{path}"
