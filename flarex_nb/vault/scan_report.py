"""What a scan found, as values that can be shown: place, masked excerpt, the way to mend it; never a key. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from flarex_nb.vault.scan_shapes import public_start

if TYPE_CHECKING:
    from flarex_nb.vault.scan import Finding, How

Part = Literal["source", "output", "metadata", "attachment", "widget state", "text", "history", "session", "dotenv"]
"""What a key was found in; `text` is any file that is no notebook."""

_PLAIN: Final = frozenset({"text", "history", "session", "dotenv"})
"""Parts that need no word: the file's name or the detail says it."""

_EITHER_SIDE: Final = 24
_SHOWN: Final = "********"


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a piece of text comes from: the file, the cell by its number from 1 (0 outside of cells), and what of it.

    `detail` says more: an output's number and type, the session and line of a history. `call` tells that the text is
    the cell of a call of ours, where `{{$secret NAME}}` may stand.
    """

    file: str
    part: Part
    cell: int = 0
    detail: str = ""
    call: bool = False

    @property
    def words(self) -> str:
        """The spot inside its file: "cell 3, output 1 (text/html)"."""
        cell = f"cell {self.cell}" if self.cell else ""
        part = "" if self.part in _PLAIN else self.part
        return ", ".join(filter(None, (cell, f"{part} {self.detail}".strip())))


@dataclass(frozen=True, slots=True)
class Found:
    """One key in a file. `excerpt` is the line around it with the key masked; `mark` knows it again, for a baseline."""

    spot: Spot
    kind: str
    name: str
    line: int
    column: int
    length: int
    how: How
    excerpt: str
    mark: str = ""

    @property
    def place(self) -> str:
        """The whole place in words: "a.ipynb, cell 3, source, line 2, column 11"."""
        inside = f"{self.spot.words}, " if self.spot.words else ""
        return f"{self.spot.file}: {inside}line {self.line}, column {self.column}"

    @property
    def mend(self) -> str:
        """The next step against this one, as a sentence or two."""
        if ".ipynb_checkpoints" in self.spot.file:
            return "Delete this checkpoint: Jupyter makes a new one when the notebook is saved."
        told = _NEXT_STEPS.get(self.spot.part, "take it out here")
        if self.spot.call:
            told = "write {{$secret NAME}} here"
        elif self.spot.part == "source" or (self.spot.part == "text" and self.how != "value"):
            told = 'take secrets["NAME"] or the environment here'
        if told[0].isupper():
            return told.replace("FILE", self.spot.file).replace("CELL", str(self.spot.cell))
        keep = "Its value is kept already" if self.how == "value" else "Run %flarex_secrets set NAME"
        return f"{keep}; {told}.".replace("NAME", self.name)


_NEXT_STEPS: Final = {
    "output": "Clear the output of cell CELL and save, or run flarex-nb scan --fix FILE.",
    "widget state": "Save the notebook without widget state, or run flarex-nb scan --fix FILE.",
    "dotenv": "Run git rm --cached FILE, and add it to .gitignore.",
    "history": "Run flarex-nb scan --history --fix, which writes [NAME] over it.",
    "session": "Take it out of the cell; this kernel forgets it when it ends.",
}
"""By part; one that begins small goes on from how to keep the key."""


@dataclass(frozen=True, slots=True)
class Report:
    """The whole of a scan: what was found, how much was looked at, and what was not.

    `notes` are sentences about what was passed over or is good to know; `unread` pairs (file, why) that could not be
    read; `stopped` says that the scan was interrupted before its end.
    """

    findings: tuple[Found, ...] = ()
    files: int = 0
    notes: tuple[str, ...] = ()
    unread: tuple[tuple[str, str], ...] = ()
    allowed: int = 0
    stopped: bool = False

    @property
    def exit_code(self) -> int:
        """2 where something could not be read or the scan was stopped, else 1 with findings, 0 without."""
        if self.unread or self.stopped:
            return 2
        return 1 if self.findings else 0


WRITTEN_DOWN: Final = (
    "A key that was written down counts as known to others: replace it at its issuer. `git log --oneline -- FILE` "
    "lists the commits a file was in; taking it out now does not take it out of those."
)


def found_in(spot: Spot, text: str, finding: Finding, others: list[Finding], mark: str = "") -> Found:
    """Return the finding with its place and an excerpt in which it and the `others` of the text are masked."""
    return Found(
        spot, finding.kind, finding.name_hint, finding.line, finding.column, finding.length, finding.how,
        excerpt(text, finding, others), mark,
    )  # fmt: skip


def excerpt(text: str, finding: Finding, others: list[Finding]) -> str:
    """Return the line around the finding, every key in it masked but for its issuer's public first characters."""
    start, end = finding.start, finding.start + finding.length
    left = max(text.rfind("\n", 0, start) + 1, start - _EITHER_SIDE)
    stop = text.find("\n", end)
    right = min(stop if stop >= 0 else len(text), end + _EITHER_SIDE)
    pieces, at = [], left
    for each in others:
        first, last = each.start, each.start + each.length
        if last <= left or first >= right:
            continue
        pieces += [text[at:first], public_start(text[first:last]) if first >= left else "", _SHOWN]
        at = last
    pieces.append(text[at:right] if at < right else "")
    return " ".join("".join(each if each.isprintable() else " " for each in "".join(pieces)).split())
