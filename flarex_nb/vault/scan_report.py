"""What a scan found, as values that can be shown: the place, a masked excerpt, the way to mend it; never a key. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from flarex_nb.vault.scan_shapes import public_start

if TYPE_CHECKING:
    from flarex_nb.vault.scan import Finding, How

Part = Literal["source", "output", "metadata", "attachment", "widget state", "text", "history", "dotenv"]
"""What a key was found in; `text` is any file that is no notebook."""

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
        part = "" if self.part in {"text", "history", "dotenv"} else self.part
        return ", ".join(filter(None, (cell, f"{part} {self.detail}".strip() if part != "source" or not cell else part)))


@dataclass(frozen=True, slots=True)
class Found:
    """One key in a file. `excerpt` is its line around it with the key masked; `mark` tells it from others, for a baseline."""

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
        keep = f"Keep it as {self.name}: %flarex_secrets set {self.name}"
        if self.how == "value":
            keep = f"{self.name} is in the store already"
        match self.spot.part:
            case "source" if self.spot.call:
                return f"{keep}, and write {{{{$secret {self.name}}}}} here."
            case "source" | "text":
                return f'{keep}, and take fx.secrets["{self.name}"] or the environment here.'
            case "output":
                return f"Clear the output of cell {self.spot.cell} (flarex-nb scan --fix), and save the notebook."
            case "widget state":
                return "Save the notebook without widget state (flarex-nb scan --fix)."
            case "dotenv":
                return f"git rm --cached {self.spot.file}, and add it to .gitignore."
            case "history":
                return "flarex-nb scan --history --fix writes [NAME] over it."
            case _:
                return f"{keep}, and take it out here."


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
    "A key that was written down counts as known to others: replace it at its issuer. `git log --oneline -- FILE` lists "
    "the commits a file was in; taking it out now does not take it out of those."
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
