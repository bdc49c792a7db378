"""Half a minute of a coverage-guided fuzzer over what reads hostile text; without atheris it says that it did not run."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "support" / "fuzz_readers.py"
SECONDS = 30


@pytest.mark.full
def test_half_a_minute_of_fuzzing_finds_nothing(tmp_path: Path) -> None:
    if importlib.util.find_spec("atheris") is None:
        pytest.skip("NOT CHECKED: the readers under a fuzzer. pip install atheris")
    command = [
        sys.executable,
        str(SCRIPT),
        f"-max_total_time={SECONDS}",
        "-max_len=400",
        f"-artifact_prefix={tmp_path}/",
    ]
    environ = {**os.environ, "PYTHONWARNINGS": "ignore"}

    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=SECONDS + 60, env=environ
    )

    assert done.returncode == 0, done.stderr[-3000:]
    assert "Done" in done.stderr, done.stderr[-500:]
