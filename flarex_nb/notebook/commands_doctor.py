"""What `%flarex_doctor` does: a checkup of this shell, shown as a sheet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flarex_nb.client import default
from flarex_nb.errors import UsageError
from flarex_nb.notebook.boxes import Sheet
from flarex_nb.notebook.doctor import checkup
from flarex_nb.notebook.render.doctor import checkup_html, checkup_text
from flarex_nb.notebook.shield import SHIELDS

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


def doctor(shell: InteractiveShell, line: str) -> Sheet:
    """Return what was found out just now.

    Raises:
        UsageError: there is something on the line, which this magic does not take.
    """
    if line.strip():
        msg = "%flarex_doctor takes nothing on its line"
        raise UsageError(msg, hint="Run %flarex_doctor alone; `_.of` is what it found.")
    found = checkup(default(), shell, SHIELDS.get(shell))
    return Sheet(checkup_html(found), checkup_text(found), of=found)
