"""A cell with a key written out is refused, and what IPython remembers of it is written over.

The cell's own text stays in the notebook: it was there before the kernel saw it, and only its author can change it.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flarex_nb.errors import CellSyntaxError
from flarex_nb.vault.scan import IN_HISTORY, refuse_literal_keys
from flarex_nb.vault.scan_history import overwrite_cell
from flarex_nb.vault.scan_mend import without_keys

if TYPE_CHECKING:
    from collections.abc import Callable

    from IPython.core.interactiveshell import InteractiveShell

    from flarex_nb.vault.scan import Contains

_TAKEN_OUT = (
    "IPython's history has [NAME] in its place now. The notebook still has it until you change the cell and save: if "
    "others can read it, replace the key at its issuer."
)
_REMEMBERED = ("_i00", "_i", "_ii", "_iii")


def refuse_in_cell(shell: InteractiveShell, text: str, contains: Contains) -> None:
    """Accept a magic's line and cell without keys; otherwise take the key out of the history first.

    Raises:
        CellSyntaxError: naming line and column; never the key.
    """
    try:
        refuse_literal_keys(text, contains)
    except CellSyntaxError as error:
        if _scrub(shell, contains):
            error.hint = error.hint.replace(IN_HISTORY, _TAKEN_OUT)
        raise


def _scrub(shell: InteractiveShell, contains: Contains) -> bool:
    """Write over the keys of the newest cell wherever IPython keeps it; return whether that worked everywhere."""
    history: Any = shell.history_manager
    if history is None or not history.input_hist_raw:
        return True

    def hidden(text: object) -> Any:
        return without_keys(text, contains) if isinstance(text, str) else text

    typed = {history.input_hist_raw[-1], history.input_hist_parsed[-1]}
    _in_memory(shell, history, hidden)
    file = str(history.hist_file)
    if not history.enabled or file == ":memory:":
        return True
    try:
        overwrite_cell(Path(file), history.session_number, {text: hidden(text) for text in typed})
    except sqlite3.Error:
        return False
    return True


def _in_memory(shell: InteractiveShell, history: Any, hidden: Callable[[object], Any]) -> None:
    """Write over the lists, the names such as `_i3`, and what waits to be written to the database."""
    for kept in (history.input_hist_raw, history.input_hist_parsed):
        kept[-1] = hidden(kept[-1])
    for name in _REMEMBERED:
        setattr(history, name, hidden(getattr(history, name, "")))
    numbered = (
        f"_i{number}" for number in (shell.execution_count - 1, shell.execution_count)
    )  # counted before or after
    for name in (*_REMEMBERED[1:], *numbered):
        if name in shell.user_ns:
            shell.user_ns[name] = hidden(shell.user_ns[name])
    with history.db_input_cache_lock:  # what is not in the cache has been written
        history.db_input_cache = [(number, *map(hidden, texts)) for number, *texts in history.db_input_cache]
