"""Loading the extension costs little: what a call needs loads with the first call."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

HEAVY = {
    "httpx",
    "aiohttp",
    "pandas",
    "pyarrow",
    "pydantic",
    "orjson",
    "ipywidgets",
    "anywidget",
    "cryptography",
    "asyncio",
}

PROBE = """
import json, sys
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
before = set(sys.modules)
shell.run_line_magic("load_ext", "flarex_nb")
print(json.dumps(sorted({name.split(".")[0] for name in set(sys.modules) - before})))
"""


@pytest.fixture(scope="module")
def loaded() -> set[str]:
    ran = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, text=True, check=True)
    return set(json.loads(ran.stdout.splitlines()[-1]))


def test_no_library_a_call_needs_is_loaded_with_the_extension(loaded: set[str]) -> None:
    assert "flarex_nb" in loaded
    assert not loaded & HEAVY


def test_the_kept_help_is_what_the_table_of_options_says() -> None:
    from flarex_nb.notebook import magics
    from flarex_nb.text.options import help_text

    kept = magics._OPTIONS.read_text(encoding="utf-8")

    assert kept == help_text() + "\n", "write help_text() and a line end into flarex_nb/notebook/options.txt"


def test_help_lists_the_options() -> None:
    from flarex_nb.notebook.magics import FlarexMagics

    assert "--attempt-timeout" in (FlarexMagics.flarex_call.__doc__ or "")
    assert "Not available yet" in (FlarexMagics.flarex_call.__doc__ or "")
