"""The campaigns against vault files, short here and whole in the full tier; each in processes of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

TOOL = Path(__file__).parents[3] / "tools" / "vault_campaign.py"

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="the campaigns fork their writers")


def campaign(*words: str) -> list[str]:
    ran = subprocess.run([sys.executable, TOOL, *words], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, ""), ran.stdout
    return ran.stdout.splitlines()


def test_ten_kills_ten_writes_and_some_flipped_bytes_lose_nothing():
    lines = campaign("--kills", "10", "--writes", "10", "--every", "23")

    assert [line.partition(";")[2].split("(")[0].split(";")[-1].strip() for line in lines] == ["0 wrong"] * 3
    assert "10 kills while writing" in lines[0]
    assert "21 names there, the shared one at version 20" in lines[1]


@pytest.mark.full
@pytest.mark.timeout(1800)
def test_two_hundred_kills_two_hundred_writes_and_every_flipped_byte_lose_nothing(capsys):
    lines = campaign()

    with capsys.disabled():
        print("", *lines, sep="\n")  # noqa: T201 - the figures belong in the log
    assert all("; 0 wrong" in line for line in lines)
    assert "401 names there, the shared one at version 400" in lines[1]


def test_the_campaign_sees_a_vault_that_loses_a_write():
    """A campaign that finds nothing is worth something only if it would find something."""
    broken = (
        "import runpy, sys\n"
        "from flarex_nb.vault import opened\n"
        "real = opened.disk.locked\n"
        "import contextlib\n"
        "opened.disk = type('D', (), {**vars(opened.disk), 'locked': staticmethod(lambda path: contextlib.nullcontext())})\n"
        f"sys.argv = ['tool', '--kills', '0', '--writes', '12', '--every', '100000']\n"
        f"runpy.run_path({str(TOOL)!r}, run_name='__main__')\n"
    )

    ran = subprocess.run([sys.executable, "-c", broken], capture_output=True, text=True, check=False)

    assert ran.returncode == 1, ran.stdout
    assert "lost" in ran.stdout or "a writer ended" in ran.stdout or "has version" in ran.stdout
