"""The shield in plain IPython: what Python prints is masked; what programs write to the terminal is said not to be."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from leak_forms import seen

if TYPE_CHECKING:
    from pathlib import Path

KEY = "sk_" + "live_Zq7XW2mN8pL4vR6tK1s"
MASK = "[TERMINAL_API_KEY]"

KNOWN = [
    "import os, sys, logging, warnings, threading; from pathlib import Path",
    "S = Path('key.txt').read_text()",
]
REGISTER = [
    "%load_ext flarex_nb",
    "import flarex_nb as fx",
    "note = fx.secrets.set('TERMINAL_API_KEY', S, hosts=['x.example'])",
]

PROBES = {
    "print": "print(S)",
    "stderr": "print(S, file=sys.stderr)",
    "result": "S",
    "display": "display(S)",
    "exception": "raise ValueError(S)",
    "verbose traceback": "get_ipython().run_line_magic('xmode', 'Verbose'); (lambda x: 1 / 0)(S)",
    "logging": "logging.warning(S)",
    "warning": "warnings.warn(S)",
    "thread": "t = threading.Thread(target=lambda: print(S)); t.start(); t.join()",
    "%whos": "%whos str",
    "name?": "print(get_ipython().inspector._get_info(S, 'S')['text/plain'])",
    "Out": "Out",
    "kept output of a command": "kept = !cat key.txt\nprint(kept)",
    "%%bash": "get_ipython().run_cell_magic('bash', '', 'cat key.txt')",
    "char by char": "for c in S: print(c, end='', flush=True)\n",
    "bytes below": "n = sys.stdout.buffer.write(S.encode()); sys.stdout.flush()",
    "encoded": "print(S.encode().hex(), S[::-1])",
}
UNCOVERED = {
    "!command": "!cat key.txt",
    "os.system": "n = os.system('cat key.txt')",
    "os.write": "n = os.write(1, S.encode())",
}


@pytest.fixture
def ipython(tmp_path: Path):
    """A function that types lines into a new IPython in an empty folder, and returns what the terminal showed."""
    (tmp_path / "key.txt").write_text(KEY)
    clean = {name: text for name, text in os.environ.items() if not name.endswith("_KEY")}
    places = {"HOME": str(tmp_path), "IPYTHONDIR": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path)}

    def typed(*lines: str) -> str:
        command = [
            sys.executable,
            "-m",
            "IPython",
            "--simple-prompt",
            "--no-banner",
            "--colors=NoColor",
            "--no-confirm-exit",
        ]
        ran = subprocess.run(
            command,
            input="\n".join([*lines, "exit"]) + "\n",
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=tmp_path,
            env=clean | places,
            timeout=90,
            check=False,
        )
        assert ran.returncode == 0, ran.stdout
        return ran.stdout

    return typed


def between(text: str, names: list[str]) -> dict[str, str]:
    """Return what was shown after each probe's sign and before the next one's."""
    parts = {}
    for name in names:
        _, _, after = text.partition(f"<<{name}>>")
        parts[name] = after.partition("<<")[0]
    return parts


def signed(probes: dict[str, str]) -> list[str]:
    return [line for name, code in probes.items() for line in (f"print('<<' + {name!r} + '>>')", *code.split("\n"))] + [
        "print('<<' + 'end>>')"
    ]


def test_what_python_prints_is_masked_and_is_seen_without_the_shield(ipython) -> None:
    bare = between(ipython(*KNOWN, *signed(PROBES)), list(PROBES))
    guarded = between(ipython(*KNOWN, *REGISTER, *signed(PROBES)), list(PROBES))

    assert {name for name, text in bare.items() if not seen(KEY, text.encode())} == set()
    assert {name: text for name, text in guarded.items() if seen(KEY, text.encode())} == {}
    assert {name for name, text in guarded.items() if MASK not in text} == set()


def test_what_programs_write_to_the_terminal_is_not_masked_and_the_doctor_says_so(ipython) -> None:
    shown = ipython(*KNOWN, *REGISTER, *signed(UNCOVERED), "%flarex_doctor")

    assert all(KEY in text for text in between(shown, list(UNCOVERED)).values())
    assert "not protected  !cmd, os.system, os.write, C libraries" in shown
    assert "protected      stdout: print, results, displays, tracebacks, help" in shown
    assert "plain IPython" in shown
    assert "may be shown here on" not in shown


def test_the_history_file_holds_no_known_value(ipython, tmp_path: Path) -> None:
    ipython(*KNOWN, f"'{KEY}'")
    path = tmp_path / "profile_default" / "history.sqlite"
    bare = seen(KEY, path.read_bytes())
    path.unlink()

    ipython(*KNOWN, f"typed = '{KEY}'", *REGISTER, f"'{KEY}'")

    assert bare
    assert not seen(KEY, path.read_bytes())


def test_a_value_that_becomes_known_while_output_is_redirected_is_masked_afterwards(ipython) -> None:
    shown = ipython(
        *KNOWN,
        *REGISTER[:2],
        "import contextlib, io",
        "with contextlib.redirect_stdout(io.StringIO()): note = fx.secrets.set('TERMINAL_API_KEY', S, hosts=['x.example'])",
        "",
        "print('now', S)",
    )

    assert f"now {MASK}" in shown
    assert KEY not in shown


def test_threads_that_print_at_once_lose_nothing(ipython) -> None:
    shown = ipython(
        *KNOWN,
        *REGISTER,
        "work = lambda n: [print(f'<{n} {S}>') for _ in range(200)]",
        "ts = [threading.Thread(target=work, args=(n,)) for n in range(4)]; [t.start() for t in ts]; [t.join() for t in ts];",
    )

    assert shown.count(MASK) == 800
    assert KEY not in shown


def test_unloading_gives_the_streams_back(ipython) -> None:
    shown = ipython(
        "import sys; streams = sys.stdout, sys.stderr",
        *KNOWN,
        *REGISTER,
        "print('veiled', (sys.stdout, sys.stderr) != streams, sys.stdout.encoding, sys.stdout.isatty())",
        "%unload_ext flarex_nb",
        "print('plain', (sys.stdout, sys.stderr) == streams, S)",
    )

    assert "veiled True utf-8 False" in shown
    assert f"plain True {KEY}" in shown
