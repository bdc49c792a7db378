"""A real JupyterLab for the session and a real browser page for each test.

The browser is one that is on the machine already (FLAREX_CHROMIUM, or `chromium` on PATH); none is downloaded. Without
one the tests are skipped with that reason, and fail where the variable CI is set.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # the harness beside this file; tests are not a package

from lab_page import LabNotebook
from lab_server import LabServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser

_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
_FLAGS += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
_NAMES = ("chromium", "chromium-browser", "google-chrome")


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker, for runs of this folder without the project's own configuration."""
    config.addinivalue_line("markers", "browser: drives a real JupyterLab in a real browser")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test of this folder."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """Return the browser's program; skip without one, or fail where CI asks for the whole suite."""
    named = os.environ.get("FLAREX_CHROMIUM")
    found = named or next(filter(None, map(shutil.which, _NAMES)), None)
    if found and Path(found).exists():
        return found
    looked_for = f"{named}, named by FLAREX_CHROMIUM," if named else f"any of {', '.join(_NAMES)}"
    reason = f"no browser: {looked_for} was not found; install chromium or set FLAREX_CHROMIUM"
    if os.environ.get("CI", "").lower() not in ("", "0", "false"):
        pytest.fail(f"{reason} (CI is set, so browser tests must run)")
    pytest.skip(reason)


@pytest.fixture(scope="session")
def chromium(chromium_path: str) -> Iterator[Browser]:
    """Return the running browser."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=_FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def lab(chromium_path: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabServer]:
    """Return one JupyterLab server for the whole session."""
    server = LabServer(tmp_path_factory.mktemp("lab") / "server")
    server.start()
    yield server
    server.stop()


@pytest.fixture
def open_notebook(
    lab: LabServer, chromium: Browser, request: pytest.FixtureRequest
) -> Iterator[Callable[..., LabNotebook]]:
    """Return a function that opens a notebook of the given code cells in a fresh page.

    `before` is JavaScript to run in the page before anything else. The first page's failure leaves a screenshot
    beside pytest's other temporary files when FLAREX_SCREENSHOTS names a folder.
    """
    contexts = []
    stem = re.sub(r"\W+", "-", request.node.name)

    def opened(cells: list[str], *, before: str = "") -> LabNotebook:
        context = chromium.new_context(viewport={"width": 1280, "height": 900})
        contexts.append(context)
        if before:
            context.add_init_script(before)
        page = context.new_page()
        page.set_default_timeout(30_000)
        notebook = LabNotebook(lab, page, f"{stem}-{len(contexts)}")
        notebook.open(cells)
        return notebook

    yield opened
    for context in contexts:
        context.close()
    lab.end_kernels()
