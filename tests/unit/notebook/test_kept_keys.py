"""A live write run again after the kernel was restarted is the same operation, and nothing of it can be read on disk."""

from __future__ import annotations

import json
import multiprocessing
import os
import stat
import subprocess
import sys

import pytest

from flarex_nb.clock import VirtualClock
from flarex_nb.notebook.kept_keys import KeptKeys

PRINT = "amount=999&customer=cus_ada"


def text_of(folder):
    return (folder / ".flarex" / "keys.jsonl").read_text("utf-8")


def test_another_kernel_gets_the_same_key_and_is_told_since_when(tmp_path):
    key, told = KeptKeys(tmp_path, VirtualClock()).key_for(PRINT)

    again, told_again = KeptKeys(tmp_path).key_for(PRINT)

    assert (again, told) == (key, "")
    assert "2023-11-1" in told_again
    assert "applied once" in told_again


def test_how_it_ended_is_told_too(tmp_path):
    keys = KeptKeys(tmp_path)
    keys.key_for(PRINT)
    keys.ended("connection-lost")

    _, told = KeptKeys(tmp_path).key_for(PRINT)

    assert "ended with connection-lost" in told


def test_another_request_gets_another_key(tmp_path):
    keys = KeptKeys(tmp_path)

    assert keys.key_for("a")[0] != keys.key_for("b")[0]


def test_the_key_is_on_disk_before_it_is_given(tmp_path):
    key, _ = KeptKeys(tmp_path).key_for(PRINT)

    assert key in text_of(tmp_path)


def test_no_input_stands_in_the_file_and_equal_inputs_differ_between_folders(tmp_path):
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        KeptKeys(tmp_path / folder).key_for(PRINT)
    names = [json.loads(text_of(tmp_path / folder).splitlines()[1])["is"] for folder in ("one", "two")]

    assert names[0] != names[1]
    assert "999" not in text_of(tmp_path / "one").replace("-", "") or "amount" not in text_of(tmp_path / "one")
    assert "cus_ada" not in text_of(tmp_path / "one")


def test_nothing_is_made_before_a_live_write(tmp_path):
    keys = KeptKeys(tmp_path)

    assert keys.known(PRINT) is None
    assert not (tmp_path / ".flarex").exists()


def test_the_file_is_the_owners_alone_and_git_does_not_see_it(tmp_path):
    KeptKeys(tmp_path).key_for(PRINT)
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)

    shown = subprocess.run(
        ["git", "-C", str(tmp_path), "status", "--short"], capture_output=True, text=True, check=True
    )

    assert stat.S_IMODE((tmp_path / ".flarex" / "keys.jsonl").stat().st_mode) == 0o600
    assert shown.stdout == ""


@pytest.mark.parametrize(
    "damage", [b"{", b"not json\n", b'{"is": 3}\n', b"\xff\xfe\n", b'["a"]\n', b'{"is":"x","key":"k","at":"soon"}\n']
)
def test_a_damaged_line_costs_no_other_key(tmp_path, damage):
    keys = KeptKeys(tmp_path)
    first, _ = keys.key_for("first")
    with (tmp_path / ".flarex" / "keys.jsonl").open("ab") as file:
        file.write(damage)

    second, told = KeptKeys(tmp_path).key_for("second")
    later = KeptKeys(tmp_path)

    assert told == ""
    assert later.known("first") == first
    assert later.known("second") == second


def test_a_kernel_sees_what_another_one_added_meanwhile(tmp_path):
    one, two = KeptKeys(tmp_path), KeptKeys(tmp_path)
    one.key_for("a")
    key, _ = two.key_for("b")

    assert one.known("b") == key
    assert one.key_for("b")[0] == key


def test_a_journal_taken_away_is_begun_anew(tmp_path):
    keys = KeptKeys(tmp_path)
    key, _ = keys.key_for("a")
    (tmp_path / ".flarex" / "keys.jsonl").unlink()

    again, _ = keys.key_for("a")

    assert again != key
    assert KeptKeys(tmp_path).known("a") == again


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_told_and_the_key_holds_for_the_kernel(tmp_path):
    tmp_path.chmod(0o500)
    keys = KeptKeys(tmp_path)

    key, told = keys.key_for("a")

    assert "this kernel only" in told
    assert keys.key_for("a")[0] == key


def test_a_file_in_the_folders_place_is_told_and_the_key_holds_for_the_kernel(tmp_path):
    (tmp_path / ".flarex").write_text("in the way")
    keys = KeptKeys(tmp_path)

    key, told = keys.key_for("a")

    assert "this kernel only" in told
    assert keys.key_for("a")[0] == key
    assert (tmp_path / ".flarex").read_text() == "in the way"


def _ask(folder, number, results):
    keys = KeptKeys(folder)
    results.put([keys.key_for(f"request {each}")[0] for each in range(number)])


def test_kernels_that_ask_at_once_agree(tmp_path):
    context = multiprocessing.get_context("spawn")
    results = context.Queue()
    kernels = [context.Process(target=_ask, args=(tmp_path, 40, results)) for _ in range(4)]
    for kernel in kernels:
        kernel.start()
    given = [results.get(timeout=60) for _ in kernels]
    for kernel in kernels:
        kernel.join()

    assert all(each == given[0] for each in given)
    assert len(set(given[0])) == 40


def test_a_kernel_killed_while_writing_loses_nothing(tmp_path):
    """Killed at a random moment, ten times: every key that was given is there afterwards."""
    code = (
        "import sys; from pathlib import Path; from flarex_nb.notebook.kept_keys import KeptKeys\n"
        "keys = KeptKeys(Path(sys.argv[1]))\n"
        "for number in range(100000):\n"
        "    print(keys.key_for(f'{sys.argv[2]} {number}')[0], flush=True)\n"
    )
    for run in range(10):
        with subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path), str(run)], stdout=subprocess.PIPE, text=True
        ) as kernel:
            given = [kernel.stdout.readline().strip() for _ in range(3 + run)]
            kernel.kill()
            given += [line.strip() for line in kernel.stdout if line.endswith("\n")]

        kept = KeptKeys(tmp_path)
        assert [kept.known(f"{run} {number}") for number in range(len(given))] == given
