"""Text of other tools put into a cell: percent-encoded around its holes, and a multipart body written out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote

from flarex_nb.text.scan import Literal, pieces
from flarex_nb.text.source import Source, shown

if TYPE_CHECKING:
    from collections.abc import Iterable

MARK = "flarex-part"
"""The boundary of a multipart body written here."""

_PART = re.compile(r"(?P<name>[^=]+)=(?P<value>.*)\Z", re.DOTALL)
_EXTRA = re.compile(r";\s*(?P<key>type|filename)=(?P<value>[^;]+)")


def escaped(text: str) -> str:
    """Return the text percent-encoded, its holes as they are."""
    cut = pieces(Source(text))
    return "".join(quote(each.text, safe="") if isinstance(each, Literal) else f"{{{{{each.text}}}}}" for each in cut)


def part_text(parts: Iterable[Source]) -> str:
    """Return the multipart body of curl's `name=value`, `name=@file` and `name=<file` as a cell holds it.

    Raises:
        CellSyntaxError: a part without a name.
    """
    lines: list[str] = []
    for part in parts:
        found = _PART.match(part.text)
        if found is None:
            msg = f"{shown(part.text)} is no part of a form"
            raise part.error(msg, hint="A part is name=value or name=@file.")
        lines += [f"--{MARK}", *_part_lines(found["name"], found["value"])]
    return "\n".join([*lines, f"--{MARK}--"])


def _part_lines(name: str, written: str) -> list[str]:
    if not written.startswith(("@", "<")):
        return [f'Content-Disposition: form-data; name="{_quoted(name)}"', "", written]
    extra = {found["key"]: found["value"].strip().strip('"') for found in _EXTRA.finditer(written)}
    path = written[1:].partition(";")[0]
    path = path if path.startswith((".", "/", "~")) else f"./{path}"
    filename = extra.get("filename", path.rpartition("/")[2])
    file = f'; filename="{_quoted(filename)}"' if written.startswith("@") else ""
    typed = [f"Content-Type: {extra['type']}"] if "type" in extra else []
    return [f'Content-Disposition: form-data; name="{_quoted(name)}"{file}', *typed, "", f"< {path}"]


def _quoted(text: str) -> str:
    return text.replace('"', "%22").replace("\n", "%0A")
