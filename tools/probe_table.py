"""Send made-up secrets along every route out of a kernel and print what a reader gets, without the shield and with it.

    python tools/probe_table.py                       in this Python's kernel
    python tools/probe_table.py --python PATH         in another environment's, where the package is installed

What is seen is judged by tests/support/leak_forms.py, which shares nothing with the package. Exit code 1 when a listed
form of a value comes out with the shield on, or a probe shows nothing without it.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "support"))

from kernels import start_kernel
from leak_forms import seen
from leak_probes import PROBES, SECRETS, SETUP, TRANSFORMED, UNDONE, what_is_seen

if TYPE_CHECKING:
    from kernels import Kernel
    from leak_probes import Probe

NAMES = ("PLAIN_API_KEY", "ODD_API_KEY", "ACCENTED_API_KEY", "LONG_API_KEY")
LOAD = "%load_ext flarex_nb\nimport flarex_nb as fx\n"


def main(arguments: list[str] | None = None) -> int:
    """Return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--python", help="the Python of another environment")
    python = parser.parse_args(arguments).python
    with tempfile.TemporaryDirectory() as folder:
        return _table(Path(folder), python)


def _table(folder: Path, python: str | None) -> int:
    clean = {key: value for key, value in os.environ.items() if not key.endswith(("_KEY", "PYTEST_CURRENT_TEST"))}
    environment = {**clean, "IPYTHONDIR": str(folder), "HOME": str(folder)}
    with (folder / "stdout.log").open("wb") as out, (folder / "stderr.log").open("wb") as err:
        kernel = start_kernel(environment, str(folder), python=python, stdout=out, stderr=err)
        try:
            kernel.run(LOAD + SETUP)
            versions = kernel.run("import ipykernel, IPython; print(ipykernel.__version__, IPython.__version__)").stdout
            print("ipykernel {}, IPython {}".format(*versions.split()))
            bare = _all(kernel, folder)
            log = _log(folder)
            _register(kernel, folder)
            guarded = _all(kernel, folder)
            late = _log(folder)[len(log) :]
            leaks, blind = _print_routes(bare, guarded)
            leaks += _print_log(log, late)
            _print_transformed(kernel, folder)
        finally:
            kernel.stop()
    print(f"\n{leaks or 'zero'} listed encodings out, over {len(PROBES)} probes with {len(NAMES)} values each")
    return 1 if leaks or blind else 0


def _all(kernel: Kernel, folder: Path) -> dict[tuple[str, str], list[str]]:
    found = {}
    for name in NAMES:
        _take(kernel, folder, name)
        for probe in PROBES:
            found[probe.name, name] = what_is_seen(probe.run(kernel), SECRETS[name])
    return found


def _take(kernel: Kernel, folder: Path, name: str) -> None:
    (folder / "secret.txt").write_text(SECRETS[name], "utf-8")
    kernel.run("S = Path('secret.txt').read_text('utf-8')")


def _register(kernel: Kernel, folder: Path) -> None:
    for name in NAMES:
        (folder / "given.txt").write_text(SECRETS[name], "utf-8")
        kernel.run(f"_ = fx.secrets.set('{name}', Path('given.txt').read_text('utf-8'), hosts=['x.example'])")


def _log(folder: Path) -> bytes:
    return (folder / "stdout.log").read_bytes() + (folder / "stderr.log").read_bytes()


def _print_routes(bare: dict[Any, list[str]], guarded: dict[Any, list[str]]) -> tuple[int, int]:
    print(f"\n{'case':>4}  {'route':34} {'without':>12}  with")
    leaks = blind = 0
    for probe in PROBES:
        shown = sum(bool(bare[probe.name, name]) for name in NAMES)
        left = {form for name in NAMES for form in guarded[probe.name, name]}
        leaks += len(left)
        blind += not shown
        without = f"{shown} of {len(NAMES)} seen"
        print(f"{probe.case or '':>4}  {probe.name:34} {without:>12}  {', '.join(sorted(left)) or 'masked'}")
    return leaks, blind


def _print_log(bare: bytes, guarded: bytes) -> int:
    before = sum(bool(seen(SECRETS[name], bare)) for name in NAMES)
    left = sum(bool(seen(SECRETS[name], guarded)) for name in NAMES)
    print(f"{43:>4}  {'the files of the kernel process':34} {f'{before} of {len(NAMES)} seen':>12}  {left or 'masked'}")
    return left


def _print_transformed(kernel: Kernel, folder: Path) -> None:
    _take(kernel, folder, NAMES[0])
    print("\nNot recognised, by design; a reader who undoes it has the value:")
    for probe in TRANSFORMED:
        print(f"      {probe.name:34} {'out' if _gets_out(kernel, probe) else 'masked'}")


def _gets_out(kernel: Kernel, probe: Probe) -> bool:
    said = [message["content"]["text"] for message in probe.run(kernel) if message["msg_type"] == "stream"]
    return SECRETS[NAMES[0]] in UNDONE[probe.name]("".join(said)).replace("\n", "")


if __name__ == "__main__":
    sys.exit(main())
