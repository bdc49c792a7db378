"""Where the cursor stands in a cell or on a magic's line, and so which words may follow there.

Reads text that is not finished yet, so it never raises; what the words are is the matter of whoever completes.
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

from flarex_nb.text.requestline import METHODS
from flarex_nb.text.scan import CLOSE, OPEN

Kind = Literal[
    "service", "method", "path", "option", "value", "item", "query", "form", "json", "header", "header value", "hole",
    "setting", "file", "nothing",
]  # fmt: skip


class Spot(NamedTuple):
    """What is being typed: its kind, its beginning (`prefix`), and what stands around it.

    `option` is the option or header whose value it is, `used` what stands there already; `method` and `path` are those
    of the request the cursor is in, "" where it has none yet.
    """

    kind: Kind
    prefix: str = ""
    service: str = ""
    method: str = ""
    path: str = ""
    option: str = ""
    used: frozenset[str] = frozenset()


NOTHING = Spot("nothing")

_WORDS = re.compile(r"""\{\{.*?(?:\}\}|\Z)|"[^"]*(?:"|\Z)|'[^']*(?:'|\Z)|\S+""")
_SEPARATOR = re.compile(r"\s*#{3,}")
_SETTING = re.compile(r"\s*(?:#|//)+\s*@(?P<name>[\w-]*)(?P<rest>(?:\s+=?\s*|=)(?P<value>\S*))?\Z")
_REMARK = re.compile(r"\s*(?:#|//|@\w)")
_REQUEST = re.compile(r"\s*(?:(?P<method>[A-Za-z]+)\s+)?(?P<target>(?:/|https?://|\{\{)\S*)", re.IGNORECASE)
_METHOD_ONLY = re.compile(r"\s*(?P<word>[A-Za-z]*)\Z")
_METHOD_PATH = re.compile(r"\s*(?P<method>[A-Za-z]+)\s+(?P<path>\S*)\Z")
_LAST_PARAM = re.compile(r"(?P<before>.*[?&])?(?P<name>[^?&=]*)\Z")
_HEADER = re.compile(r"\s*(?P<name>[\w-]+):\s*(?P<value>[^\s,;]*)\Z")
_FILE = re.compile(r"\s*<(?:@[\w-]*)?\s+(?P<path>\S*)\Z")
_JSON_KEY = re.compile(r'[{,]\s*"(?P<key>[^"\\\n]*)\Z')


def hole_prefix(text: str) -> str | None:
    """Return what stands behind the last `{{` that no `}}` closes, None where the text is outside every hole."""
    start = text.rfind(OPEN)
    return None if start < 0 or CLOSE in text[start:] else text[start + 2 :]


def on_line(text: str) -> Spot:
    """Return what is typed at the end of a `%flarex_call` line, or of the line above a cell; `text` is up to there."""
    inside = hole_prefix(text)
    if inside is not None:
        return Spot("hole", inside)
    found = _WORDS.findall(text)
    prefix = found.pop() if found and not text[-1:].isspace() else ""
    given = _Given()
    for word in found:
        given.take(word)
    return given.spot(prefix)


class _Given:
    """What the finished words of the line say."""

    def __init__(self) -> None:
        self.service = self.method = self.path = self.waiting = ""
        self.used: set[str] = set()

    def take(self, word: str) -> None:
        if word.startswith("--"):
            name, mark, _ = word.partition("=")
            self.used.add(name)
            self.waiting = "" if mark else name.removeprefix("--")
        elif self.waiting and self.waiting not in FLAGS:
            self.waiting = ""
        elif word.startswith(("/", "http", OPEN)) and not self.path:
            self.path, self.method, self.waiting = word, self.method or "GET", ""
        else:
            self._plain(word)

    def _plain(self, word: str) -> None:
        self.waiting = ""
        if self.path:
            self.used.add(re.split(r"[:=@]", word)[0])
        elif word == "<<":
            self.service = ""
        elif word.upper() in METHODS and (self.service or word.isupper()):
            self.method = word.upper()
        elif not word.endswith("<<"):
            self.service = word

    def spot(self, prefix: str) -> Spot:
        kind, option = self._kind(prefix)
        if kind == "value" and prefix.startswith("--"):
            prefix = prefix.partition("=")[2]
        return Spot(kind, prefix, self.service, self.method, self.path, option, frozenset(self.used))

    def _kind(self, prefix: str) -> tuple[Kind, str]:
        if prefix.startswith("--"):
            name, mark, _ = prefix.partition("=")
            return ("value", name.removeprefix("--")) if mark else ("option", "")
        if self.waiting and self.waiting not in FLAGS:
            return "value", self.waiting
        if self.path:
            return "item", ""
        if self.method:
            return "path", ""
        return ("method" if self.service else "service"), ""


FLAGS = frozenset({"plan", "yes", "raw", "quiet", "tables", "stream"})
"""Options that take no word behind them; a test holds them against the table."""


def in_body(above: str, text: str) -> Spot:
    """Return what is typed at the end of `text`, the cell below its magic line; `above` is that line's own words."""
    head, lines = on_line(f"{above} "), text.split("\n")
    inside = hole_prefix(lines[-1])
    if inside is not None:
        return Spot("hole", inside, head.service)
    begin = max((number + 1 for number, line in enumerate(lines[:-1]) if _SEPARATOR.match(line)), default=0)
    block = _Block(head, lines[begin:], first=not begin)
    return block.spot()._replace(service=head.service, method=block.method, path=block.path)


class _Block:
    """The lines of one request up to the cursor."""

    def __init__(self, head: Spot, lines: list[str], *, first: bool) -> None:
        self.method, self.path = (head.method, head.path) if first and head.path else ("", "")
        self.lines, self.last = lines[:-1], lines[-1]
        self.in_body = False
        self.used: set[str] = set()
        for line in self.lines:
            self._read(line)

    def _read(self, line: str) -> None:
        found = None if self.path or _REMARK.match(line) else _REQUEST.match(line)
        if found:
            target = found["target"]
            self.method, self.path = (found["method"] or "GET").upper(), target.partition("?")[0]
            self._note(target.partition("?")[2])
        elif self.path and not line.strip():
            self.in_body = True
        elif self.path and (self.in_body or line.lstrip().startswith(("?", "&"))):
            self._note(line.strip())
        elif self.path and ":" in line:
            self.used.add(line.partition(":")[0].strip().lower())

    def _note(self, pairs: str) -> None:
        self.used |= {pair.partition("=")[0] for pair in re.split(r"[?&]", pairs) if "=" in pair}

    def spot(self) -> Spot:
        if not self.in_body and (setting := _SETTING.match(self.last)):
            return self._setting(setting)
        spot = self._body() if self.in_body else self._head() if self.path else self._request_line()
        return spot._replace(used=frozenset(self.used))

    def _setting(self, found: re.Match[str]) -> Spot:
        if found["rest"] is None:
            return Spot("setting", found["name"])
        return Spot("value", found["value"], option=found["name"])

    def _request_line(self) -> Spot:
        if found := _METHOD_PATH.match(self.last):
            self.method = found["method"].upper()
            path, mark, query = found["path"].partition("?")
            if not mark:
                return Spot("path", path)
            self.path = path
            return self._pair("query", query)
        found = _METHOD_ONLY.match(self.last)
        return Spot("method", found["word"]) if found else NOTHING

    def _head(self) -> Spot:
        text = self.last.lstrip()
        if text.startswith(("?", "&")):
            return self._pair("query", text[1:])
        if found := _HEADER.match(self.last):
            return Spot("header value", found["value"], option=found["name"].lower())
        return Spot("header", text) if re.fullmatch(r"[\w-]*", text) else NOTHING

    def _body(self) -> Spot:
        if found := _FILE.match(self.last):
            return Spot("file", found["path"])
        text = "\n".join([*self.lines, self.last])
        if found := _JSON_KEY.search(text):
            return Spot("json", found["key"])
        written = self.last.lstrip()
        if re.fullmatch(r"&?[\w\[\]&=.%-]*", written):
            return self._pair("form", written.removeprefix("&"))
        return NOTHING

    def _pair(self, kind: Kind, text: str) -> Spot:
        found = _LAST_PARAM.match(text)
        if found is None:
            return NOTHING
        self._note(found["before"] or "")
        return Spot(kind, found["name"])
