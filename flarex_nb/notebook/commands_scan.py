"""What `%flarex_scan` does: looks for keys in this folder, this session's cells and, when asked, IPython's history.

Shows how far it is where somebody watches, and what it found so far when it is stopped. Changes nothing.
"""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from IPython.display import display

from flarex_nb.client import default
from flarex_nb.errors import UsageError
from flarex_nb.notebook.boxes import Sheet
from flarex_nb.notebook.live import is_batch
from flarex_nb.notebook.render.scan import scan_html
from flarex_nb.vault.scan_files import Scan
from flarex_nb.vault.scan_history import histories
from flarex_nb.vault.scan_notebook import Piece, is_call
from flarex_nb.vault.scan_report import Spot
from flarex_nb.vault.scan_words import report_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from IPython.core.interactiveshell import InteractiveShell

    from flarex_nb.clock import Clock
    from flarex_nb.vault.scan_report import Report

OPTIONS = ("--history", "--no-session")
_QUIET = 1.0
"""Seconds a scan may take before it says how far it is."""

_PACE = 0.5
_SESSION = "this session"


def scan(shell: InteractiveShell, line: str) -> Sheet:
    """Return what was found; stopped by the person, show what was found until then.

    Raises:
        UsageError: an option there is none of, or a path that is not there.
    """
    paths, options = _read(line)
    client = default()
    watched = None if is_batch(shell) else _Progress(client.clock)
    look = Scan(client.redactor.find, on_file=lambda count, file: watched.tell(count, file) if watched else None)
    try:
        if "--no-session" not in options:
            look.pieces(_session(shell))
        look.paths([*paths, *(histories(os.environ) if "--history" in options else ())])
    except KeyboardInterrupt as stop:
        report = look.report(stopped=True)
        display(_sheet(report, options))
        stop.add_note(f"stopped by you after {report.files:,} files; what was found until then is above.")
        raise
    finally:
        if watched:
            watched.close()
    return _sheet(look.report(), options)


def _sheet(report: Report, options: Sequence[str]) -> Sheet:
    from dataclasses import replace  # noqa: PLC0415

    notes = ["Not looked at: variables, and outputs that are not saved yet (save the notebook first)."]
    if "--history" not in options:
        notes.append("Not looked at: IPython's history of other sessions (%flarex_scan --history).")
    told = replace(report, notes=(*report.notes, *notes))
    return Sheet(scan_html(told), report_text(told), of=told)


def _read(line: str) -> tuple[list[Path], list[str]]:
    try:
        words = shlex.split(line)
    except ValueError:
        msg = "a quote on the line never closes"
        raise UsageError(msg, hint="Close it, or take it out.") from None
    options = [word for word in words if word.startswith("--")]
    paths = [Path(word).expanduser() for word in words if not word.startswith("--")]
    if unknown := [word for word in options if word not in OPTIONS]:
        msg = f"%flarex_scan does not know {unknown[0]}"
        raise UsageError(msg, hint=f"It can be a path, {' or '.join(OPTIONS)}.")
    if missing := [path for path in paths if not path.exists()]:
        msg = f"there is no file or folder {missing[0]}"
        raise UsageError(msg, hint="Without a path %flarex_scan looks through this folder.")
    return paths or [Path()], options


def _session(shell: InteractiveShell) -> Iterator[Piece]:
    """Return the cells that were run in this session, as they were typed."""
    history: Any = shell.history_manager
    for number, text in enumerate(history.input_hist_raw if history is not None else ()):
        if isinstance(text, str):
            yield Piece(Spot(_SESSION, "session", detail=f"In [{number}]", call=is_call(text)), text, code=True)


class _Progress:
    """A line that says how far the scan is, from its second second on."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._next = clock.now() + _QUIET
        self._handle: Any = None

    def tell(self, count: int, file: str) -> None:
        """Say so, at most twice a second."""
        now = self._clock.now()
        if now < self._next:
            return
        self._next = now + _PACE
        self._draw(f"{count:,} files looked through, now {file}")

    def close(self) -> None:
        """Take the line away."""
        if self._handle is not None:
            self._draw("")

    def _draw(self, text: str) -> None:
        shown = {"text/plain": text}
        if self._handle is None:
            self._handle = display(shown, raw=True, display_id=True)
        else:
            self._handle.update(shown, raw=True)
