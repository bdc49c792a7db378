"""One notebook open in JupyterLab in a real browser: run cells, read outputs, keep every WebSocket frame."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import nbformat

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from playwright.sync_api import Locator, Page, WebSocket

    from lab_server import LabServer

FIND = """
  const find = (path) => {
    const main = window.jupyterapp ? [...window.jupyterapp.shell.widgets("main")] : [];
    return main.find((each) => each.context?.path === path && each.content?.widgets);
  };
"""

READY = """async (path) => {FIND
  await window.jupyterapp?.restored;
  const panel = find(path);
  if (!panel) return false;
  await panel.context.ready;
  await panel.sessionContext.ready;
  const kernel = panel.sessionContext.session?.kernel;
  await kernel?.info;
  return kernel?.status === "idle";
}"""

RUN = """async ([path, index, patience]) => {FIND
  const panel = find(path);
  window.jupyterapp.shell.activateById(panel.id);
  panel.content.activeCellIndex = index;
  panel.content.deselectAll();
  const late = new Promise((_, fail) => setTimeout(() => fail(new Error(`cell ${index} did not end`)), patience));
  await Promise.race([window.jupyterapp.commands.execute("notebook:run-cell"), late]);
}"""

OUTPUTS = "([path, index]) => {FIND return find(path).content.widgets[index].model.sharedModel.getOutputs(); }"


@dataclass(frozen=True)
class Frame:
    """One WebSocket frame of the page."""

    direction: Literal["sent", "received"]
    payload: bytes


class LabNotebook:
    """A notebook in the page. Cells count from 0; times are seconds."""

    def __init__(self, lab: LabServer, page: Page, name: str) -> None:
        """Listen to the page's sockets from the start; `open` loads the notebook."""
        self.lab = lab
        self.page = page
        self.path = lab.root / f"{name}.ipynb"
        self.frames: list[Frame] = []
        self.page.on("websocket", self._listen)

    def open(self, cells: Sequence[str], patience: float = 60.0) -> None:
        """Write a notebook of these code cells, open it, and return when its kernel is idle."""
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells])
        notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
        nbformat.write(notebook, self.path)
        self.show(patience)

    def show(self, patience: float = 60.0) -> None:
        """Open the file that is there, and return when its kernel is idle."""
        self.page.goto(f"{self.lab.url}/lab/workspaces/{self.path.stem}/tree/{self.path.name}")
        end = time.monotonic() + patience
        while not self._script(READY, self.path.name):
            if time.monotonic() > end:
                message = f"{self.path.name} was not ready after {patience} s"
                raise TimeoutError(message)
            self.page.wait_for_timeout(100)

    def run(self, *cells: int, patience: float = 60.0, may_fail: bool = False) -> None:
        """Run these cells one after the other and wait for the end of each; an error output ends the test."""
        for index in cells:
            self._script(RUN, [self.path.name, index, patience * 1000])
            failed = any(output["output_type"] == "error" for output in self.outputs(index))
            assert may_fail or not failed, self.text(index)

    def outputs(self, cell: int) -> list[dict[str, Any]]:
        """Return the outputs of a cell as nbformat has them."""
        found: list[dict[str, Any]] = self._script(OUTPUTS, [self.path.name, cell])
        return found

    def text(self, cell: int) -> str:
        """Return the text a cell printed, with the last result's text and errors after it."""
        parts = []
        for output in self.outputs(cell):
            text = output.get("text") or output.get("data", {}).get("text/plain") or output.get("traceback", "")
            parts.append("".join(text))
        return "".join(parts)

    def output_area(self, cell: int) -> Locator:
        """Return the place where a cell's output is drawn."""
        return self.page.locator(".jp-Notebook .jp-Cell").nth(cell).locator(".jp-OutputArea").first

    def command(self, name: str, **arguments: Any) -> Any:
        """Return what a JupyterLab command answers."""
        run = "([name, given]) => window.jupyterapp.commands.execute(name, given).then(() => null)"
        return self.page.evaluate(run, [name, arguments])

    def save(self) -> dict[str, Any]:
        """Save the notebook with a checkpoint, as Ctrl+S does, and return the file's content."""
        self.command("docmanager:save")
        saved: dict[str, Any] = json.loads(self.path.read_bytes())
        return saved

    def checkpoints(self) -> list[Path]:
        """Return the checkpoint files of this notebook."""
        return sorted((self.lab.root / ".ipynb_checkpoints").glob(f"{self.path.stem}*"))

    def _script(self, source: str, argument: Any) -> Any:
        return self.page.evaluate(source.replace("FIND", FIND), argument)

    def _listen(self, socket: WebSocket) -> None:
        socket.on("framesent", lambda payload: self._keep("sent", payload))
        socket.on("framereceived", lambda payload: self._keep("received", payload))

    def _keep(self, direction: Literal["sent", "received"], payload: str | bytes) -> None:
        self.frames.append(Frame(direction, payload.encode() if isinstance(payload, str) else payload))
