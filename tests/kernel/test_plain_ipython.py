"""The magics in IPython's own terminal, without Jupyter: text instead of HTML, and the same errors."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

LOAD = ["%load_ext flarex_nb", "%flarex_sandbox on"]
PID = "from flarex_nb.sandbox import launch; print('pid', launch.current().pid)"


@pytest.fixture
def ipython(tmp_path):
    """A function that types lines into a new IPython in an empty folder, and returns what the terminal showed."""
    clean = {name: text for name, text in os.environ.items() if not name.endswith("_KEY")}
    places = {"HOME": str(tmp_path), "IPYTHONDIR": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path)}

    def typed(*lines: str) -> str:
        command = [sys.executable, "-m", "IPython", "--simple-prompt", "--no-banner", "--colors=NoColor"]
        text = "\n".join([*LOAD, *lines, "exit"]) + "\n"
        ran = subprocess.run(
            command,
            input=text,
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env=clean | places,
            timeout=60,
            check=False,
        )
        assert (ran.returncode, ran.stderr) == (0, "")
        return ran.stdout

    return typed


def test_a_line_brings_a_table_of_text_and_a_frame(ipython):
    shown = ipython(
        "%flarex_call stripe GET /v1/charges limit==3 --columns id,amount --into few",
        "print(type(few).__name__, len(few), few.id.str.startswith('ch_').all())",
    )

    assert "stripe  GET /v1/charges  200, sandbox, simulated" in shown
    assert "3 rows x 2 columns" in shown
    assert "DataFrame 3 True" in shown
    assert "<" not in shown


def test_an_error_is_its_facts_and_one_line_without_a_traceback(ipython):
    shown = ipython("%flarex_call stripe GET /v1/charges/ch_missing", "print('still here')")

    assert shown.count("Stripe answered 404: No such charge: 'ch_missing'.") == 1
    assert "resource_missing" in shown
    assert "NotFound: No such charge: 'ch_missing'" in shown
    assert "Traceback" not in shown
    assert "still here" in shown


def test_the_secrets_are_a_list_and_the_sandbox_ends_with_the_terminal(ipython):
    shown = ipython("%flarex_secrets", PID)

    (row,) = [line for line in shown.splitlines() if line.endswith("sandbox") and line.startswith("STRIPE_SECRET_KEY")]
    assert "this session" in row
    assert "sk_sandbox" not in shown
    pid = int(shown.partition("pid ")[2].split()[0])
    assert is_gone(pid, within=5)


def test_a_cell_magic_can_be_typed_over_several_lines(ipython):
    shown = ipython(
        "%%flarex_call stripe --into two", "GET /v1/charges", "    ?limit=2", "", "", "print('rows', len(two))"
    )

    assert "rows 2" in shown


def is_gone(pid, within):
    end = time.monotonic() + within
    while time.monotonic() < end:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False
