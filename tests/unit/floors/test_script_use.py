"""The package without IPython: a script with its import blocked does the main job."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import asyncio, sys

class Block:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"IPython", "ipywidgets", "traitlets", "anywidget", "ipykernel"}:
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Block())
import flarex_nb as fx

fx.sandbox_on()
result = fx.call("stripe", "GET /v1/charges", pages="all")
one = asyncio.run(fx.acall("stripe", "GET /v1/charges", params={"limit": 2}))
print(len(result.df), result.df.id.is_unique, result.complete, one.rows)
try:
    fx.call("stripe", "GET /v1/charges/ch_missing")
except fx.NotFound as error:
    print(error.code, error.sent, len(error.attempts))
fx.sandbox_off()
"""


def test_a_script_with_ipython_blocked_does_the_main_job() -> None:
    ran = subprocess.run([sys.executable, "-W", "error", "-c", SCRIPT], capture_output=True, text=True, check=False)

    assert ran.stderr == ""
    assert ran.stdout.split() == ["3000", "True", "True", "2", "resource_missing", "yes", "1"]
