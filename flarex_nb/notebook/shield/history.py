"""What IPython keeps of a session: its history file, `In`, `_i`, the log of `%logstart` and what `%notebook` writes.

Rows of this session that held a value before it was known are masked at the end of the cell that made it known. What
earlier sessions wrote is left alone: `%flarex_scan` finds it.
"""

from __future__ import annotations

import re
import sqlite3
import sys
from typing import TYPE_CHECKING, Any, Final

from flarex_nb.vault.redact import Masker

if TYPE_CHECKING:
    from collections.abc import Callable

    from IPython.core.interactiveshell import InteractiveShell

_NOT_CHANGED: Final = (
    "IPython's history file could not be changed ({}), so a value typed into a cell may still be in it. "
    "%flarex_scan --history looks for it.\n"
)
_INPUT: Final = re.compile(r"_i{1,3}|_i[0-9]+")
_KEPT: Final = ("_i", "_ii", "_iii", "_i00")


class HistoryGuard:
    """Masks what one shell keeps."""

    name = "history"

    def __init__(self, shell: InteractiveShell, masks: Masker) -> None:
        """Guard this shell's history manager and logger."""
        self._shell = shell
        self._masks = masks
        self._wrapped: list[tuple[Any, str, Any]] = []
        self._look_back = False
        self._rehearsed: list[str] | None = None

    def put_on(self) -> None:
        """Wrap the doors through which something is kept."""
        manager = self._shell.history_manager
        self._wrap(manager, "store_inputs", self._store_inputs)
        self._wrap(manager, "store_output", self._store_output)
        self._wrap(self._shell.logger, "log_write", self._log_write)
        self._shell.events.register("pre_run_cell", self._before_cell)

    def take_off(self) -> None:
        """Put everything back."""
        self._shell.events.unregister("pre_run_cell", self._before_cell)
        self._masks = Masker()
        for owner, name, own in self._wrapped:
            if owner.__dict__.get(name) is own:
                del owner.__dict__[name]
        self._wrapped.clear()

    def look_back(self) -> None:
        """Something new is known: at the end of the cell, look through what was kept of this session."""
        self._look_back = True

    def settle(self) -> None:
        """Mask what was kept before it was known."""
        if self._look_back:
            self._look_back = False
            self._mask_memory()
            try:
                self._mask_file()
            except sqlite3.Error as error:
                sys.stderr.write(_NOT_CHANGED.format(error))

    def rehearse(self, source: str) -> str:
        """Return what IPython would keep of a cell with this source, "" when that cannot be told; it keeps nothing."""
        manager: Any = self._shell.history_manager
        if not any(manager.__dict__.get(name) is own for _, name, own in self._wrapped if name == "store_inputs"):
            return ""  # somebody else's stands before ours, and would keep it
        self._rehearsed = []
        try:
            manager.store_inputs(0, source, source)
            return "\n".join(self._rehearsed)
        finally:
            self._rehearsed = None

    def _wrap(self, owner: Any, name: str, make: Callable[[Any], Any]) -> None:
        own = make(getattr(owner, name))
        owner.__dict__[name] = own
        self._wrapped.append((owner, name, own))

    def _store_inputs(self, plain: Any) -> Any:
        def store_inputs(line_num: int, source: str, source_raw: str | None = None) -> Any:
            masked = self._masks(source)
            raw = source_raw if source_raw is None else self._masks(source_raw)
            if self._rehearsed is not None:
                self._rehearsed += [masked, raw or ""]
                return None
            return plain(line_num, masked, raw)

        return store_inputs

    def _store_output(self, plain: Any) -> Any:
        def store_output(line_num: int) -> Any:
            manager: Any = self._shell.history_manager
            shown = manager.output_hist_reprs
            if isinstance(shown.get(line_num), str):
                shown[line_num] = self._masks(shown[line_num])
            return plain(line_num)

        return store_output

    def _log_write(self, plain: Any) -> Any:
        def log_write(data: str, kind: str = "input") -> Any:
            return plain(self._masks(data), kind)

        return log_write

    def _before_cell(self, info: Any) -> None:
        """Mask the outputs IPython remembers where a cell may write them out: `%notebook` does."""
        if "notebook" not in (getattr(info, "raw_cell", "") or ""):
            return
        manager: Any = self._shell.history_manager
        for outputs in list(getattr(manager, "outputs", {}).values()):
            for output in outputs:
                output.bundle = self._masks.walk(_joined(output.bundle))
        for number, error in list(getattr(manager, "exceptions", {}).items()):
            manager.exceptions[number] = self._masks.walk(error)

    def _mask_memory(self) -> None:
        manager: Any = self._shell.history_manager
        for inputs in (manager.input_hist_raw, manager.input_hist_parsed):
            for number, source in enumerate(inputs):
                if (masked := self._masks(source)) != source:
                    inputs[number] = masked
        for name in _KEPT:
            setattr(manager, name, self._masks(getattr(manager, name, "")))
        names = self._shell.user_ns
        for name in [name for name in names if _INPUT.fullmatch(name) and isinstance(names[name], str)]:
            names[name] = self._masks(names[name])

    def _mask_file(self) -> None:
        manager: Any = self._shell.history_manager
        if not getattr(manager, "enabled", False):
            return
        manager.writeout_cache()
        select = "SELECT line, source, source_raw FROM history WHERE session = ?"
        rows = manager.db.execute(select, (manager.session_number,)).fetchall()
        masked = [(self._masks(source), self._masks(raw), line) for line, source, raw in rows]
        changed = [new for new, old in zip(masked, rows, strict=True) if new[:2] != old[1:]]
        if not changed:
            return
        update = "UPDATE history SET source = ?, source_raw = ? WHERE session = ? AND line = ?"
        manager.db.execute("PRAGMA secure_delete = ON")  # the old text is overwritten, not only unlinked
        with manager.db:
            for source, raw, line in changed:
                manager.db.execute(update, (source, raw, manager.session_number, line))


def _joined(bundle: Any) -> Any:
    """Return a bundle whose stream, kept as the pieces it came in, is one text: a value may run over them."""
    pieces = bundle.get("stream") if isinstance(bundle, dict) else None
    return {**bundle, "stream": ["".join(pieces)]} if isinstance(pieces, list) else bundle
