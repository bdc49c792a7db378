"""A command as people paste it from documentation, cut into words as a POSIX shell would, and nothing of it run.

Variables of the shell become holes: `$CRM_API_KEY` the secret of that name, any other the notebook's variable.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NoReturn

from flarex_nb.text.source import Source, shown, unix_lines

if TYPE_CHECKING:
    from flarex_nb.model import Span

_CONTINUED = re.compile(r"[ \t]*[\\^`]\n[ \t]*")
_VARIABLE = re.compile(r"\$(?:\{(?P<braced>[A-Za-z_]\w*)\}|(?P<plain>[A-Za-z_]\w*))")
_SECRET = re.compile(r"[A-Z][A-Z0-9_]*(?:KEY|TOKEN|SECRET|PASSWORD|PASS|PAT|AUTH)[A-Z0-9_]*\Z")
_ANSI = re.compile(r"\\(?:x(?P<hex>[0-9A-Fa-f]{1,2})|u(?P<u>[0-9A-Fa-f]{1,4})|(?P<one>.))", re.DOTALL)
_ANSI_ONE = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "a": "\a", "b": "\b"}
_ESCAPED_IN_QUOTES = frozenset('"\\$`')


class Words:
    """The words of one command, each with its place; `warnings` say what behind it was left out."""

    def __init__(self, text: str, span: Span) -> None:
        """Cut the text, which begins at `span`.

        Raises:
            CellSyntaxError: a quote that never closes, or something only a shell can do.
        """
        self.source = Source(unix_lines(text), span)
        self.text = self.source.text
        self.found: list[Source] = []
        self.warnings: list[str] = []
        self.here = 0
        while self._word():
            pass

    def _word(self) -> bool:
        """Read one word; return whether another may follow."""
        self._skip_space()
        start = self.here
        if start >= len(self.text) or self.text[start] == "#" or self._ends_command():
            return False
        parts: list[str] = []
        while self.here < len(self.text) and not self.text[self.here].isspace() and not self._at_operator():
            parts.append(self._part())
        self.found.append(Source("".join(parts), self.source.at(start)))
        return True

    def _skip_space(self) -> None:
        while self.here < len(self.text):
            continued = _CONTINUED.match(self.text, self.here)
            if continued:
                self.here = continued.end()
            elif self.text[self.here] in " \t":
                self.here += 1
            elif self.text[self.here] == "\n" and not self.text[self.here :].strip():
                self.here = len(self.text)
            else:
                return

    def _at_operator(self) -> bool:
        if self.text[self.here] in "\\^`" and _CONTINUED.match(self.text, self.here):
            return True
        return self.text[self.here] in "|;<>" or self.text.startswith("&&", self.here)

    def _ends_command(self) -> bool:
        """Say whether a pipe ends the command; refuse what begins another one or a file."""
        rest = self.text[self.here :]
        if rest.startswith("|") and not rest.startswith("||"):
            self.warnings.append(f"{shown(rest.strip())} was left out: nothing is piped here")
            return True
        if rest[0] == "\n" or rest[0] in ";|" or rest.startswith("&&"):
            msg = "a second command"
            raise self.source.error(msg, self.here, hint="Paste one command a cell; a long one goes on behind a \\.")
        if rest[0] in "<>":
            msg = "a file is named to the shell"
            raise self.source.error(msg, self.here, hint="Write -o FILE for the answer, -d @FILE for the body.")
        return False

    def _part(self) -> str:
        readers = (
            ("'", self._single),
            ('"', self._double),
            ("$'", self._ansi),
            ("$", self._variable),
            ("{{", self._hole),
        )
        for begins, read in readers:
            if self.text.startswith(begins, self.here):
                return read()
        self.here += 2 if self.text[self.here] == "\\" else 1
        return self.text[self.here - 1 : self.here]

    def _hole(self) -> str:
        from flarex_nb.text.scan import hole_end  # noqa: PLC0415 - beside its one use

        start, self.here = self.here, hole_end(self.source, self.here)
        return self.text[start : self.here]

    def _single(self) -> str:
        end = self.text.find("'", self.here + 1)
        if end < 0:
            self._refuse_open("'")
        inside, self.here = self.text[self.here + 1 : end], end + 1
        return _VARIABLE.sub(_named_secret, inside)

    def _double(self) -> str:
        start, parts = self.here, list[str]()
        self.here += 1
        while self.here < len(self.text):
            character = self.text[self.here]
            if character == '"':
                self.here += 1
                return "".join(parts)
            if character == "$":
                parts.append(self._variable())
                continue
            if character == "\\" and self.text[self.here + 1 : self.here + 2] in {*_ESCAPED_IN_QUOTES, "\n"}:
                self.here += 1
                character = self.text[self.here].removesuffix("\n")
            parts.append(character)
            self.here += 1
        self.here = start
        return self._refuse_open('"')

    def _ansi(self) -> str:
        found = re.compile(r"\$'((?:[^'\\]|\\.)*)'", re.DOTALL).match(self.text, self.here)
        if found is None:
            self._refuse_open("$'")
        self.here = found.end()
        return _ANSI.sub(_ansi_character, found[1])

    def _variable(self) -> str:
        if self.text.startswith("$(", self.here):
            msg = "a command of the shell stands here, and none is run"
            raise self.source.error(msg, self.here, hint="Work the value out in a cell above and write {{name}}.")
        found = _VARIABLE.match(self.text, self.here)
        if found is None:
            self.here += 1
            return "$"
        self.here = found.end()
        return _hole_for(found["braced"] or found["plain"])

    def _refuse_open(self, quote: str) -> NoReturn:
        msg = f"the quote {quote} never closes"
        raise self.source.error(msg, self.here, hint="Copy the command whole, or close the quote.")


def _hole_for(name: str) -> str:
    return f"{{{{$secret {name}}}}}" if _SECRET.match(name) else f"{{{{{name}}}}}"


def _named_secret(found: re.Match[str]) -> str:
    """Return a secret's hole for `$CRM_API_KEY`; in single quotes a shell leaves it, and nobody means to send that."""
    name = found["braced"] or found["plain"]
    return _hole_for(name) if _SECRET.match(name) else found[0]


def _ansi_character(found: re.Match[str]) -> str:
    if code := found["hex"] or found["u"]:
        return chr(int(code, 16))
    return _ANSI_ONE.get(found["one"], found["one"])
