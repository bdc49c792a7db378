"""IPython's history file when it cannot be changed: said, and nothing else goes wrong."""

from __future__ import annotations

import sqlite3
from types import SimpleNamespace

from flarex_nb.notebook.shield.history import HistoryGuard
from flarex_nb.vault.redact import Everything, Redactor

TYPED = "typed-value-0987-abc"


def test_a_history_file_that_cannot_be_changed_is_said_and_memory_is_masked_all_the_same(capsys):
    def locked() -> None:
        raise sqlite3.OperationalError("database is locked")

    manager = SimpleNamespace(
        enabled=True,
        writeout_cache=locked,
        input_hist_raw=["", f"x = '{TYPED}'"],
        input_hist_parsed=["", "1"],
        _i=TYPED,
    )
    shell = SimpleNamespace(history_manager=manager, user_ns={"_i1": TYPED, "mine": TYPED})
    known = Redactor()
    known.register("TYPED_API_KEY", TYPED)
    guard = HistoryGuard(shell, Everything())
    guard.look_back()

    guard.settle()

    assert manager.input_hist_raw[1] == "x = '[TYPED_API_KEY]'"
    assert shell.user_ns == {"_i1": "[TYPED_API_KEY]", "mine": TYPED}
    assert "could not be changed (database is locked)" in capsys.readouterr().err
