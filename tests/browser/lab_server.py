"""One JupyterLab server in directories of its own, started and stopped by the tests."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_DIRECTORIES = {
    "HOME": "home",
    "JUPYTER_CONFIG_DIR": "config",
    "JUPYTER_DATA_DIR": "data",
    "JUPYTER_RUNTIME_DIR": "runtime",
    "JUPYTERLAB_SETTINGS_DIR": "settings",
    "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
    "IPYTHONDIR": "ipython",
    "TMPDIR": "tmp",
}
_SETTINGS = {
    "@jupyterlab/apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "@jupyter-widgets/jupyterlab-manager/plugin": {"saveState": True},
    "@jupyterlab/notebook-extension/tracker": {"windowingMode": "none"},
}
"""No news pop-up over the page; the widgets' state IS saved with each notebook, the worse case for a secret; and cells
out of view stay in the page."""


class LabServer:
    """A running JupyterLab; `root` is the folder it serves, `home` the folder of everything it may write."""

    def __init__(self, home: Path) -> None:
        """Make the directories; nothing runs yet."""
        self.home = home
        self.root = home / "notebooks"
        self.log = home / "server.log"
        self.url = ""
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, patience: float = 90.0) -> None:
        """Start the server on a free port and return when it answers."""
        self._make_directories()
        port = _free_port()
        self.url = f"http://127.0.0.1:{port}"
        options = ["--no-browser", "--ip=127.0.0.1", f"--port={port}", "--ServerApp.port_retries=0", "--allow-root"]
        options += ["--IdentityProvider.token=", "--ServerApp.password=", "--LabApp.expose_app_in_browser=True"]
        options += [f"--ServerApp.root_dir={self.root}"]
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "jupyterlab", *options],
                cwd=self.root,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self._await_answer(patience)

    def stop(self) -> None:
        """Stop the server and its kernels."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def api(self, path: str, method: str = "GET") -> Any:
        """Return what the server's REST API answers to a path below /api/, None for an empty answer."""
        twice = {"Cookie": "_xsrf=tests", "X-XSRFToken": "tests"}  # the server's check: cookie and header agree
        request = urllib.request.Request(f"{self.url}/api/{path}", method=method, headers=twice)
        with urllib.request.urlopen(request, timeout=20) as answer:
            body = answer.read()
        return json.loads(body) if body else None

    def end_kernels(self) -> None:
        """Shut every notebook session down."""
        for session in self.api("sessions"):
            self.api(f"sessions/{session['id']}", "DELETE")

    def files(self) -> Iterator[tuple[Path, bytes]]:
        """Return each file the server or its kernels have written, with its bytes."""
        for path in sorted(self.home.rglob("*")):
            if path.is_file() and not path.is_symlink():
                yield path, path.read_bytes()

    def _make_directories(self) -> None:
        self.root.mkdir(parents=True)
        for name in _DIRECTORIES.values():
            (self.home / name).mkdir()
        for plugin, settings in _SETTINGS.items():
            path = self.home / "settings" / f"{plugin}.jupyterlab-settings"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(settings), encoding="utf-8")

    def _environment(self) -> dict[str, str]:
        kept = {key: text for key, text in os.environ.items() if not key.upper().startswith(("FLAREX_", "JUPYTER"))}
        proxies = [key for key in kept if key.upper().endswith("_PROXY")]
        for key in proxies:
            del kept[key]
        return kept | {key: str(self.home / name) for key, name in _DIRECTORIES.items()}

    def _await_answer(self, patience: float) -> None:
        assert self._process is not None
        end = time.monotonic() + patience
        while time.monotonic() < end and self._process.poll() is None:
            try:
                self.api("status")
            except (urllib.error.URLError, OSError):
                time.sleep(0.2)
            else:
                return
        self.stop()
        message = f"JupyterLab did not answer; its log ends:\n{self.log.read_text(errors='replace')[-2000:]}"
        raise RuntimeError(message)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
