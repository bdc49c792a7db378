"""What all tests share: markers by folder, Hypothesis without a clock, and a word about what was not run."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent

FOLDER_MARKS = {"kernel": "kernel", "browser": "browser", "peers": "peers", "benchmarks": "benchmark"}
"""A test of these folders has the mark without asking for it, so that none is forgotten."""

hypothesis.settings.register_profile(
    "flarex",
    deadline=None,  # a slow machine is not a failure
    derandomize=bool(os.environ.get("CI")),  # the same examples in every run of a commit
    print_blob=True,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("flarex")


@pytest.hookimpl(tryfirst=True)  # before pytest picks by -m
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test by its folder, and put the browser tests last.

    Playwright's synchronous interface leaves a running event loop in the main thread for the rest of the session, and no
    test behind it could run one of its own.
    """
    for item in items:
        if item.path.is_relative_to(HERE):
            mark = FOLDER_MARKS.get(item.path.relative_to(HERE).parts[0])
            if mark:
                item.add_marker(mark)
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say loudly that browser tests did not run: a reader of the last lines must not take them for passed."""
    skipped = [report for report in terminalreporter.stats.get("skipped", []) if "browser/" in report.nodeid]
    if skipped:
        terminalreporter.section("NOT RUN: browser tests", sep="!", red=True, bold=True)
        terminalreporter.line(
            f"{len(skipped)} browser tests were skipped. Install chromium (Debian: apt install chromium) or name one "
            "with FLAREX_CHROMIUM=/path/to/chromium, and run again."
        )


@pytest.fixture(autouse=True)
def environment_left_as_found() -> Iterator[None]:
    """Undo what a test changed in the environment, so that no test depends on the one before it."""
    before = dict(os.environ)
    yield
    for name in os.environ.keys() - before.keys():
        del os.environ[name]
    os.environ.update(before)
