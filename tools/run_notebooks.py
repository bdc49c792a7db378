"""Run the notebooks again and keep what they show, without what only makes noise.

    python tools/run_notebooks.py                     every notebook under notebooks/, in place
    python tools/run_notebooks.py notebooks/00_*.ipynb
    python tools/run_notebooks.py --check             change nothing; say what is not as it should be kept

Outputs and execution counts stay in git: nbval compares nothing where the count is missing. What goes: execution times,
widget state and views (their ids differ each run; the table or text beside them stays), the versions of the machine.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import nbformat

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = ROOT / "notebooks"

KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
LANGUAGE = {"name": "python", "file_extension": ".py", "mimetype": "text/x-python"}
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
CELL_TIMEOUT = 120


def main(arguments: list[str] | None = None) -> int:
    """Return the exit code: 0 when every notebook ran, or, with --check, is as it should be kept."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("notebooks", nargs="*", type=Path, help="default: all under notebooks/")
    parser.add_argument("--check", action="store_true", help="run nothing, change nothing, name what is wrong")
    chosen = parser.parse_args(arguments)
    paths = [path.resolve() for path in chosen.notebooks] or sorted(NOTEBOOKS.glob("**/[!.]*.ipynb"))
    missing = [str(path) for path in paths if not path.is_file()]
    if missing or not paths:
        print(
            f"No such notebook: {', '.join(missing)}" if missing else f"No notebook under {NOTEBOOKS.name}/",
            file=sys.stderr,
        )
        return 2
    if chosen.check:
        return _check(paths)
    return _run(paths)


def faults(notebook: nbformat.NotebookNode) -> list[str]:
    """Return what keeps the notebook from being kept as it is, one sentence each; empty when nothing does."""
    found = [
        f"code cell {number} has no execution count, so nbval would compare nothing there"
        for number, cell in enumerate(notebook.cells)
        if cell.cell_type == "code" and cell.source.strip() and cell.execution_count is None
    ]
    counts = [cell.execution_count for cell in notebook.cells if cell.cell_type == "code" and cell.execution_count]
    if counts != list(range(1, len(counts) + 1)):
        found.append(f"the execution counts are {counts}: it was not run from top to bottom in one go")
    if nbformat.writes(strip(nbformat.from_dict(notebook))) != nbformat.writes(notebook):
        found.append("it holds times, widget state or versions of the machine it ran on")
    return found


def strip(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Return a copy of the notebook without what differs from run to run and tells a reader nothing."""
    kept = nbformat.from_dict(notebook)
    kept.metadata = nbformat.from_dict({"kernelspec": KERNEL, "language_info": LANGUAGE})
    for cell in kept.cells:
        cell.metadata = nbformat.from_dict({key: value for key, value in cell.metadata.items() if key == "tags"})
        for output in cell.get("outputs", []):
            if "data" in output and len(output.data) > 1:
                output.data.pop(WIDGET_VIEW, None)
            if "metadata" in output:
                output.metadata = nbformat.from_dict({})
    return kept


def execute(path: Path) -> nbformat.NotebookNode:
    """Return the notebook run from top to bottom in a fresh kernel of this Python, in the notebook's own folder."""
    from nbclient import NotebookClient  # noqa: PLC0415 - --check needs no kernel

    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=CELL_TIMEOUT,
        kernel_name="python3",
        store_widget_state=False,
        record_timing=False,
        resources={"metadata": {"path": str(path.parent)}},
    )
    with tempfile.TemporaryDirectory(prefix="flarex-notebooks-") as home:
        return client.execute(env=_environment(home))


def _environment(home: str) -> dict[str, str]:
    """Return an environment without the credentials of whoever runs this: no output may depend on them."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("FLAREX_", "JUPYTER_"))}
    kept = {
        name: value for name, value in kept.items() if not name.endswith(("_KEY", "_TOKEN", "_SECRET", "_PASSWORD"))
    }
    return kept | {"FLAREX_DETERMINISTIC": "1", "HOME": home, "IPYTHONDIR": f"{home}/ipython"}


def _run(paths: list[Path]) -> int:
    for path in paths:
        print(f"{path.name}: running")
        notebook: Any = strip(execute(path))
        nbformat.validate(notebook)
        path.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8")
        print(f"{path.name}: {sum(cell.cell_type == 'code' for cell in notebook.cells)} code cells kept")
    return 0


def _check(paths: list[Path]) -> int:
    wrong = 0
    for path in paths:
        for fault in faults(nbformat.read(path, as_version=4)):
            wrong += 1
            print(f"{path.name}: {fault}", file=sys.stderr)
    if wrong:
        print("To mend: python tools/run_notebooks.py", file=sys.stderr)
    else:
        print(f"{len(paths)} notebooks are as they should be kept")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
