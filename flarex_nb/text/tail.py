"""What may follow a body: conditions, the file the answer goes to, and other clients' scripts, told from the body.

Scripts are never run; they are left out with a warning.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NamedTuple

_ASSERT = re.compile(r"\s*\?\?\s+(?P<condition>\S.*?)\s*\Z")
_SCRIPT_FILE = re.compile(r"\s*>\s+\S+\.js\s*\Z")
_OUTPUT = re.compile(r"\s*(?P<sign>>>!?|<>)\s+(?P<path>\S.*?)\s*\Z")
_SCRIPT_START = re.compile(r"\s*[<>]\s*\{%")

HISTORY = "<> was left out: it names another client's record of answers"
SKIPPED = "a script of another client was left out: scripts are never run here"


class Placed(NamedTuple):
    """A text that stood behind the body, and where: the line counts from 0 within the lines, the column too."""

    text: str
    line: int
    column: int


@dataclass
class Tail:
    """The body's lines without what followed it, and what that was; an output begins with ! where it may replace."""

    body: list[str]
    asserts: list[Placed] = field(default_factory=list)
    outputs: list[Placed] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def cut_tail(lines: list[str]) -> Tail:
    """Return the body and what came after it; only lines at the very end are looked at."""
    tail = Tail(list(lines))
    while _cut_once(tail):
        pass
    tail.asserts.reverse()
    tail.outputs.reverse()
    tail.warnings.reverse()
    return tail


def script_end(lines: list[str], start: int) -> int | None:
    """Return the index behind the script that begins at `start`, None where no script begins or none ends."""
    if not _SCRIPT_START.match(lines[start]):
        return None
    return next((index + 1 for index in range(start, len(lines)) if lines[index].rstrip().endswith("%}")), None)


def _cut_once(tail: Tail) -> bool:
    lines = tail.body
    while lines and not lines[-1].strip():
        lines.pop()
    if not lines:
        return False
    last = lines[-1]
    if found := _ASSERT.match(last):
        tail.asserts.append(Placed(found["condition"], len(lines) - 1, found.start("condition")))
        lines.pop()
        return True
    if _SCRIPT_FILE.match(last) or (_OUTPUT.match(last) and last.lstrip().startswith("<>")):
        tail.warnings.append(SKIPPED if _SCRIPT_FILE.match(last) else HISTORY)
        lines.pop()
        return True
    if found := _OUTPUT.match(last):
        written = f"{found['sign'].removeprefix('>>')}{found['path']}"
        tail.outputs.append(Placed(written, len(lines) - 1, found.start("sign")))
        lines.pop()
        return True
    return last.rstrip().endswith("%}") and _cut_script(tail)


def _cut_script(tail: Tail) -> bool:
    for start in range(len(tail.body) - 1, -1, -1):
        if script_end(tail.body, start) == len(tail.body):
            del tail.body[start:]
            tail.warnings.append(SKIPPED)
            return True
    return False
