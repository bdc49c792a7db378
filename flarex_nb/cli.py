"""The command line: `flarex-nb demo` shows the main job without a key or a network, `scan` finds keys in files."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import TextIO

    from flarex_nb.vault.scan_allow import Baseline
    from flarex_nb.vault.scan_report import Report

QUICKSTART = "00_quickstart.ipynb"


def main(arguments: Sequence[str] | None = None) -> int:
    """Return the exit code: 0 done, 1 a call failed or keys were found, 2 wrong arguments or something else first."""
    parser = argparse.ArgumentParser(prog="flarex-nb", description="Call any HTTP API from a notebook cell.")
    commands = parser.add_subparsers(dest="command", required=True)
    demo = commands.add_parser("demo", help="the main job on the local sandbox: no key, no network")
    demo.add_argument("--headless", action="store_true", help="run it here and print the table, without JupyterLab")
    demo.add_argument("--folder", type=Path, default=Path("flarex-demo"), help="where the notebook is put")
    _scan_arguments(commands.add_parser("scan", help="find keys in notebooks, files and IPython's history"))
    commands.add_parser("doctor", help="what bears on secrets on this machine; in a notebook: %%flarex_doctor")
    given = parser.parse_args(arguments)
    if given.command == "scan":
        return _scan(given)
    if given.command == "doctor":
        return _doctor()
    return _headless() if given.headless else _lab(given.folder)


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _scan_arguments(scan: argparse.ArgumentParser) -> None:
    scan.description = "Exit code 0: no key. 1: keys found. 2: something could not be read, and is named."
    scan.add_argument("paths", nargs="*", type=Path, default=[Path()], help="files and folders; this folder if none")
    scan.add_argument("--fix", action="store_true", help="clear outputs and widget state that hold keys, in notebooks")
    scan.add_argument("--history", action="store_true", help="look through IPython's history too; with --fix mend it")
    scan.add_argument("--baseline", type=Path, help="let be the keys this file knows")
    scan.add_argument("--write-baseline", type=Path, metavar="FILE", help="let be all that is found now, in this file")
    scan.add_argument("--no-known", action="store_true", help="do not look for the values of .env and the environment")
    form = scan.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print the findings as JSON")
    form.add_argument("--sarif", action="store_true", help="print the findings as SARIF 2.1.0")


def _scan(given: argparse.Namespace) -> int:
    """Look through the paths, mend what is to be mended, print what is left."""
    from flarex_nb.errors import UsageError  # noqa: PLC0415
    from flarex_nb.vault.scan_files import Scan  # noqa: PLC0415 - only when it is asked for
    from flarex_nb.vault.scan_history import histories  # noqa: PLC0415
    from flarex_nb.vault.scan_known import known_values  # noqa: PLC0415
    from flarex_nb.vault.scan_mend import mend_files  # noqa: PLC0415

    paths = [*given.paths, *(histories(os.environ) if given.history else ())]
    contains = None if given.no_known else known_values(Path.cwd(), os.environ).find
    shown = sys.stderr if sys.stderr.isatty() else None
    try:
        baseline = _baseline(given)
        scan = Scan(contains, baseline=baseline, on_file=_counter(shown))
        try:
            report = scan.paths(paths).report()
        except KeyboardInterrupt:
            report = scan.report(stopped=True)
        if shown:
            shown.write("\r\033[K")
        if given.fix and report.findings and not report.stopped:
            for change in mend_files(dict.fromkeys(found.spot.file for found in report.findings), contains):
                sys.stderr.write(change + "\n")
            report = Scan(contains, baseline=baseline).paths(paths).report()
        if given.write_baseline and baseline is not None:
            baseline.write((found.spot.file, found.mark) for found in report.findings)
            _say(f"{len(report.findings)} keys are let be from now on: --baseline {given.write_baseline}")
            return 2 if report.unread else 0
    except UsageError as error:
        _say(error.explain())
        return 2
    _say(_in_form(report, given))
    return report.exit_code


def _baseline(given: argparse.Namespace) -> Baseline | None:
    from flarex_nb.vault.scan_allow import Baseline  # noqa: PLC0415

    if given.write_baseline:
        return Baseline.new(given.write_baseline)
    return Baseline.read(given.baseline) if given.baseline else None


def _counter(stream: TextIO | None) -> Callable[[int, str], None]:
    """Return what shows the number of files on a terminal, every hundredth time."""

    def show(count: int, _file: str) -> None:
        if stream is not None and count % 100 == 0:
            stream.write(f"\r{count:,} files")
            stream.flush()

    return show


def _in_form(report: Report, given: argparse.Namespace) -> str:
    from flarex_nb._version import __version__  # noqa: PLC0415
    from flarex_nb.vault.scan_words import report_json, report_sarif, report_text  # noqa: PLC0415

    if given.sarif:
        return report_sarif(report, __version__)
    return report_json(report) if given.json else report_text(report)


def _doctor() -> int:
    """Print what the doctor can tell outside a kernel."""
    from flarex_nb.client import Client  # noqa: PLC0415
    from flarex_nb.notebook.doctor import checkup  # noqa: PLC0415
    from flarex_nb.notebook.render.doctor import checkup_text  # noqa: PLC0415

    _say(checkup_text(checkup(Client())))
    return 0


def _headless() -> int:
    """Fetch every charge of the sandbox's Stripe look-alike and print the table and how it went."""
    from flarex_nb.client import Client  # noqa: PLC0415 - what a call needs loads with the call
    from flarex_nb.errors import FlarexError  # noqa: PLC0415
    from flarex_nb.notebook.render import error_text, result_text  # noqa: PLC0415

    client = Client()
    try:
        client.sandbox_on()
        result = client.call("stripe", "GET /v1/charges", pages="all", columns="id,amount,currency,created,status")
    except FlarexError as error:
        _say(error_text(error))
        return 1
    finally:
        client.sandbox_off()
    _say(result_text(result))
    return 0


def _lab(folder: Path) -> int:
    """Put the quickstart into the folder and open JupyterLab on it."""
    if shutil.which("jupyter-lab", path=str(Path(sys.executable).parent)) is None:
        _say('JupyterLab is not installed here: pip install "flarex_nb[lab]", or add --headless.')
        return 2
    target = folder / QUICKSTART
    folder.mkdir(parents=True, exist_ok=True)
    if not target.exists():
        target.write_bytes(_quickstart().read_bytes())
    _say(f"Opening {target} in JupyterLab; stop it with Ctrl-C twice.")
    command = [sys.executable, "-m", "jupyterlab", str(target)]
    try:
        return subprocess.call(command)  # noqa: S603 - our own interpreter and a path we made
    except KeyboardInterrupt:
        return 0


def _quickstart() -> Path:
    """Return the notebook: inside the installed package, or beside it in a checkout."""
    packaged = Path(str(resources.files("flarex_nb"))) / "_notebooks" / QUICKSTART
    return packaged if packaged.exists() else Path(__file__).parent.parent / "notebooks" / QUICKSTART


if __name__ == "__main__":
    sys.exit(main())
