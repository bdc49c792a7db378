"""Does its worst to vault files and prints what came of it: kills while writing, writers at once, flipped bytes.

    python tools/vault_campaign.py                    200 kills, 200 writes of two processes each, every byte flipped
    python tools/vault_campaign.py --kills 10 --writes 10 --every 40
    python tools/vault_campaign.py --fuzz 60          also seconds of coverage-guided fuzzing of the reader (atheris)

Ends with 1 where anything was lost, did not open, or was accepted.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from flarex_nb.clock import VirtualClock
from flarex_nb.errors import SecretError
from flarex_nb.model import SecretRef
from flarex_nb.vault import envelope, opening
from flarex_nb.vault.layout_parts import Kdf

if TYPE_CHECKING:
    from collections.abc import Callable

    from flarex_nb.vault.vaultfile import VaultFile

PASSPHRASE = "a passphrase of the campaign"  # noqa: S105 - it protects nothing
CHEAP = partial(Kdf, m=19 * 1024, t=2, p=1)
"""The least that reading accepts: what is tried here is files, not the cost of opening one."""

NAMES = ("ONE_API_KEY", "TWO_API_KEY", "THREE_API_KEY")


@dataclass(frozen=True)
class Figures:
    """What one campaign found; `bad` must be empty, `line` says what was done."""

    line: str
    bad: tuple[str, ...] = ()


def value(name: str, count: int) -> str:
    """Return the value of a name's write number `count`."""
    return f"fake-{name.lower()}-{count:06}"


def opened(path: Path) -> VaultFile:
    """Return the file as a kernel opens it that starts now."""
    return opening.unlock(path, PASSPHRASE, opening.Around(VirtualClock()))


def made(path: Path) -> VaultFile:
    """Return a new vault file."""
    return opening.create(path, PASSPHRASE, opening.Around(VirtualClock()))


def kills(path: Path, times: int, dice: random.Random) -> Figures:
    """Kill a writer (SIGKILL) at random moments; each time the file must open with everything that was promised."""
    vault = made(path)
    for name in NAMES:
        vault.set(name, value(name, 0))
    done, inside, bad = 0, 0, []
    for at in range(times):
        promised = _killed_writer(path, dice.uniform(0.0, 0.15), done)
        inside += any(each.name.endswith(".tmp") for each in path.parent.iterdir())
        try:
            found = {name: _count(opened(path), name) for name in NAMES}
        except SecretError as error:
            bad.append(f"kill {at}: {error.message}")
            continue
        last = max(found.values())
        if last < promised or last > promised + 1:
            bad.append(f"kill {at}: {promised} writes were promised, {last} are there")
        done = last
    line = f"{times} kills while writing: {done} writes came through, {inside} kills left a half-written temporary file"
    return Figures(line, tuple(bad))


def _killed_writer(path: Path, after: float, done: int) -> int:
    """Fork a writer, kill it `after` seconds from its first write, and return the last write it promised."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        with suppress(BaseException):
            os.close(reading)
            vault = opened(path)
            for count in range(done + 1, done + 10_000):
                name = NAMES[count % len(NAMES)]
                os.write(writing, b"s")
                vault.set(name, value(name, count))
                os.write(writing, b"d")
        os._exit(0)
    os.close(writing)
    os.read(reading, 1)
    time.sleep(after)  # noqa: TID251 - a moment of the real machine
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    promised = 0
    while told := os.read(reading, 65536):
        promised += told.count(b"d")
    os.close(reading)
    return done + promised


def _count(vault: VaultFile, name: str) -> int:
    text = vault.value(SecretRef(name))
    count = int(text.rpartition("-")[2])
    if text != value(name, count):
        raise SecretError(f"{name} holds another value than was ever written")  # noqa: EM102, TRY003 - a tool's own word
    return count


def writers(path: Path, times: int) -> Figures:
    """Let two processes write to one file at once, each a name of its own and one they share; nothing may be lost."""
    made(path)
    children = [_writer(path, letter, times) for letter in "AB"]
    codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    vault = opened(path)
    expected = {f"{letter}_{count}_KEY" for letter in "AB" for count in range(times)} | {"SHARED_KEY"}
    there = {info.name: info for info in vault.list()}
    lost = sorted(expected - set(there))
    wrong = [
        name
        for name in expected & set(there)
        if name != "SHARED_KEY" and vault.value(SecretRef(name)) != value(name, 0)
    ]
    shared = there["SHARED_KEY"].version if "SHARED_KEY" in there else 0
    bad = [f"a writer ended with {code}" for code in codes if code]
    bad += [f"{name} is lost" for name in lost] + [f"{name} is wrong" for name in wrong]
    bad += [] if shared == 2 * times else [f"the shared name has version {shared} after {2 * times} writes"]
    done = f"{len(there)} names there, the shared one at version {shared}"
    line = f"2 processes writing at once, {2 * times} writes each: {done}"
    return Figures(line, tuple(bad))


def _writer(path: Path, letter: str, times: int) -> int:
    child = os.fork()
    if child:
        return child
    code = 1
    with suppress(BaseException):
        vault = opened(path)
        for count in range(times):
            name = f"{letter}_{count}_KEY"
            vault.set(name, value(name, 0))
            vault.set("SHARED_KEY", value(letter, count))
        code = 0
    os._exit(code)


def flips(path: Path, every: int) -> Figures:
    """Change each byte of a small vault (or one of `every`) in three ways; it must be refused and not be touched."""
    vault = made(path)
    vault.set(NAMES[0], value(NAMES[0], 1), hosts=["api.crm.example"])
    vault.set(NAMES[1], value(NAMES[1], 1))
    vault.delete(NAMES[1])
    whole, bad, tried = path.read_bytes(), [], 0
    around = opening.Around(VirtualClock())
    for at in range(0, len(whole), every):
        for mask in (0x01, 0x20, 0xFF):
            changed = whole[:at] + bytes([whole[at] ^ mask]) + whole[at + 1 :]
            path.write_bytes(changed)
            tried += 1
            bad += _refused(lambda: opening.unlock(path, PASSPHRASE, around), path, changed, f"byte {at} ^ {mask:#04x}")
            bad += _refused(
                lambda: vault.set(NAMES[0], "fake-another"), path, changed, f"a write over byte {at} ^ {mask:#04x}"
            )
    path.write_bytes(whole)
    opened(path)
    return Figures(
        f"{tried} changes of single bytes of a vault of {len(whole)} bytes: each refused, the file untouched",
        tuple(bad),
    )


def _refused(act: Callable[[], object], path: Path, changed: bytes, what: str) -> list[str]:
    try:
        act()
    except SecretError as error:
        bad = [] if error.hint else [f"{what}: no next step is named"]
    except Exception as error:  # noqa: BLE001 - any other kind is what is looked for
        bad = [f"{what}: {type(error).__name__}"]
    else:
        bad = [f"{what}: it was accepted"]
    return bad if path.read_bytes() == changed else [*bad, f"{what}: the file was touched"]


FUZZER = """
import sys, atheris
with atheris.instrument_imports():
    from flarex_nb.vault.layout import parse
    from flarex_nb.vault.layout_parts import Unreadable
def once(data):
    try:
        read = parse(data)
    except Unreadable:
        return
    assert read.to_bytes() == data
atheris.Setup(sys.argv, once)
atheris.Fuzz()
"""


def fuzz(folder: Path, seconds: int) -> Figures:
    """Feed the reader what coverage-guided fuzzing comes up with, beginning from a real vault."""
    made(folder / "seed.json").set(NAMES[0], value(NAMES[0], 1), hosts=["a.example"])
    corpus = folder / "corpus"
    corpus.mkdir()
    (corpus / "seed").write_bytes((folder / "seed.json").read_bytes())
    limits = [f"-max_total_time={seconds}", "-max_len=8192", "-print_final_stats=1", "-rss_limit_mb=2048"]
    command = [sys.executable, "-c", FUZZER, *limits, str(corpus)]
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603 - our own words
    runs = next((line.split()[-1] for line in ran.stderr.splitlines() if "number_of_executed_units" in line), "no")
    bad = () if ran.returncode == 0 else (f"the fuzzer ended with {ran.returncode}: {ran.stderr[-800:]}",)
    return Figures(f"{runs} inputs in {seconds} s of coverage-guided fuzzing (atheris)", bad)


def main() -> int:
    """Run what was asked for and return 1 where anything went wrong."""
    reader = argparse.ArgumentParser(description="what vault files stand")
    reader.add_argument("--kills", type=int, default=200)
    reader.add_argument("--writes", type=int, default=200, help="names each of the two processes writes")
    reader.add_argument("--every", type=int, default=1, help="flip one byte of so many")
    reader.add_argument("--fuzz", type=int, default=0, help="seconds")
    reader.add_argument("--seed", type=int, default=0)
    chosen = reader.parse_args()
    envelope.Kdf = CHEAP  # type: ignore[misc,assignment]  # only in this process
    envelope.Kek.from_passphrase = lru_cache(64)(envelope.Kek.from_passphrase)  # type: ignore[method-assign]
    code = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        campaigns = [
            lambda: kills(_sub(folder, "kills"), chosen.kills, random.Random(chosen.seed)),  # noqa: S311 - when to kill
            lambda: writers(_sub(folder, "writers"), chosen.writes),
            lambda: flips(_sub(folder, "flips"), chosen.every),
        ]
        campaigns += [lambda: fuzz(folder, chosen.fuzz)] if chosen.fuzz else []
        for campaign in campaigns:
            began = time.monotonic()
            found = campaign()
            took = time.monotonic() - began
            print(f"{found.line}; {len(found.bad)} wrong ({took:.0f} s)", flush=True)
            for line in found.bad[:20]:
                print(f"  {line}")
            code = code or int(bool(found.bad))
    return code


def _sub(folder: Path, name: str) -> Path:
    (folder / name).mkdir(mode=0o700)
    return folder / name / "vault.json"


if __name__ == "__main__":
    sys.exit(main())
