"""The machine as every test and every notebook cell sees it: no credential, no proxy, nobody's home.

This happens before the first test is collected, so that a kernel, a server or a sandbox started by a fixture of any
scope inherits it. Fixtures belong in the folders under tests/.
"""

from __future__ import annotations

import atexit
import os
import re
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator

CREDENTIAL = re.compile(
    r"""(^|_)(API_?KEY|KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIALS?|WEBHOOK_URL|DSN)(_|$)
    | ^(AWS|AZURE|GCP|GOOGLE|STRIPE|OPENAI|ANTHROPIC|DISCORD|GITHUB|GH|SLACK|HF)_""",
    re.VERBOSE | re.IGNORECASE,
)
NETWORK = re.compile(
    r"^(HTTPS?|ALL|NO|FTP)_PROXY$|^SSL_CERT_(FILE|DIR)$|^(REQUESTS|CURL)_CA_BUNDLE$|^SSLKEYLOGFILE$", re.IGNORECASE
)
OURS = re.compile(r"^FLAREX_(?!CHROMIUM$)")
"""Settings of whoever runs the tests; where the browser is stays known."""

PLACES = {
    "HOME": "home",
    "USERPROFILE": "home",
    "IPYTHONDIR": "ipython",
    "JUPYTER_CONFIG_DIR": "jupyter/config",
    "JUPYTER_DATA_DIR": "jupyter/data",
    "JUPYTER_RUNTIME_DIR": "jupyter/runtime",
    "XDG_CONFIG_HOME": "xdg/config",
    "XDG_CACHE_HOME": "xdg/cache",
    "XDG_DATA_HOME": "xdg/data",
    "XDG_STATE_HOME": "xdg/state",
    "XDG_RUNTIME_DIR": "xdg/runtime",
}

DETERMINISTIC = "FLAREX_DETERMINISTIC"
"""Drops times, ids and dates from what is shown: on for notebooks, whose kept outputs are compared; off for tests."""

NEEDS = {"12_shared_cache.ipynb": "redis-server"}
"""The notebooks that need a program which pip does not bring; without it they are skipped aloud."""

_before: dict[str, str] = {}


def is_foreign(name: str) -> bool:
    """Return whether the environment variable must not reach a test."""
    return any(pattern.search(name) for pattern in (CREDENTIAL, NETWORK, OURS))


def pytest_configure() -> None:
    """Take the outside away for the length of the run."""
    _before.update(os.environ)
    for name in filter(is_foreign, list(os.environ)):
        del os.environ[name]
    root = Path(tempfile.mkdtemp(prefix="flarex-tests-"))
    atexit.register(_remove, root, os.getpid())  # after what registered later: IPython writes its history at exit
    for name, place in PLACES.items():
        folder = root / place
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.environ[name] = str(folder)


def _remove(root: Path, pid: int) -> None:
    if os.getpid() == pid:  # not at the exit of a forked child
        shutil.rmtree(root, ignore_errors=True)


def pytest_unconfigure() -> None:
    """Put the environment back, for whoever runs pytest inside another program."""
    os.environ.clear()
    os.environ.update(_before)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, None, None]:
    """Turn deterministic output on for a notebook's cells: nbval starts the kernel in this phase."""
    if item.path.suffix == ".ipynb":
        if item.path.name in NEEDS and shutil.which(NEEDS[item.path.name]) is None:
            reason = f"{item.path.name} needs {NEEDS[item.path.name]}, which is not on this machine"
            pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
        os.environ[DETERMINISTIC] = "1"
    else:
        os.environ.pop(DETERMINISTIC, None)
    return (yield)
