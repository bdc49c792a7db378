"""The command line: `flarex-nb demo` shows the main job in JupyterLab or the terminal, without a key or a network."""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

QUICKSTART = "00_quickstart.ipynb"


def main(arguments: Sequence[str] | None = None) -> int:
    """Return the exit code: 0 done, 1 a call failed, 2 wrong arguments or something to install first."""
    parser = argparse.ArgumentParser(prog="flarex-nb", description="Call any HTTP API from a notebook cell.")
    commands = parser.add_subparsers(dest="command", required=True)
    demo = commands.add_parser("demo", help="the main job on the local sandbox: no key, no network")
    demo.add_argument("--headless", action="store_true", help="run it here and print the table, without JupyterLab")
    demo.add_argument("--folder", type=Path, default=Path("flarex-demo"), help="where the notebook is put")
    commands.add_parser("doctor", help="what bears on secrets on this machine; in a notebook: %%flarex_doctor")
    given = parser.parse_args(arguments)
    if given.command == "doctor":
        return _doctor()
    return _headless() if given.headless else _lab(given.folder)


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


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
