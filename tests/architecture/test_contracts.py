"""The house's import contracts hold, and each of them sees a violation planted in a copy of the tree."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
ID_OF_NAME = {contract["name"]: contract["id"] for contract in CONTRACTS}
VERDICT = re.compile(r"^(?P<name>.+?) (?P<verdict>KEPT|BROKEN)\b", re.MULTILINE)


class Plant(NamedTuple):
    """Lines added to a file of the package, and the contract that must see them."""

    contract: str
    file: str
    lines: str


LAZY = "def _later() -> None:\n    {}\n"

PLANTS = [
    Plant("floors", "errors.py", "from flarex_nb import model"),
    Plant("floors", "model.py", "from flarex_nb.catalog.profile import Service"),
    Plant("floors", "clock.py", "from flarex_nb.portal import PORTAL"),
    Plant("floors", "text/__init__.py", "from flarex_nb.vault import ref"),
    Plant("floors", "net/__init__.py", "import flarex_nb.frames"),
    Plant("floors", "stores/memory.py", "from flarex_nb.pipeline import cache"),
    Plant("floors", "pipeline/bind.py", "from flarex_nb.client import Client"),
    Plant("floors", "client.py", "from flarex_nb.notebook import extension"),
    Plant("floors", "errors.py", LAZY.format("from flarex_nb.pipeline import view")),
    Plant("floors", "util.py", '"""A module nobody gave a floor."""'),
    Plant("stations", "pipeline/bind.py", "from flarex_nb.pipeline import transmit"),
    Plant("stations", "pipeline/view.py", LAZY.format("from flarex_nb.pipeline.cache import Cache")),
    Plant("stations", "pipeline/bind.py", "import flarex_nb.pipeline"),
    Plant("stations", "pipeline/extra.py", '"""A station nobody listed."""'),
    Plant("cycles", "catalog/paging.py", "import flarex_nb.catalog.zig"),
    Plant("front-door", "settings.py", "from flarex_nb import call"),
    Plant("front-door", "sandbox/__init__.py", "import flarex_nb"),
    Plant("jupyter", "client.py", "import IPython"),
    Plant("jupyter", "vault/__init__.py", "from ipywidgets import Password"),
    Plant("jupyter", "settings.py", LAZY.format("from traitlets.config import Configurable")),
    Plant("jupyter", "frames/__init__.py", "import anywidget"),
    Plant("wire", "client.py", "import httpx"),
    Plant("wire", "catalog/toml.py", "from httpcore import Request"),
    Plant("wire", "pipeline/transmit.py", "import socket"),
    Plant("wire", "stores/memory.py", LAZY.format("import ssl")),
    Plant("wire", "notebook/__init__.py", "from aiohttp import ClientSession"),
    Plant("wire", "text/__init__.py", "import httpx_aiohttp"),
    Plant("threads", "client.py", "import threading"),
    Plant("threads", "events.py", LAZY.format("from threading import Thread")),
    Plant("policies", "policies/__init__.py", "import time"),
    Plant("policies", "policies/__init__.py", "from random import random"),
    Plant("policies", "policies/__init__.py", LAZY.format("import asyncio")),
    Plant("policies", "policies/__init__.py", "import threading"),
    Plant("policies", "policies/__init__.py", "from flarex_nb.clock import RealClock"),
    Plant("sandbox", "sandbox/__init__.py", "from flarex_nb.errors import FlarexError"),
    Plant("sandbox", "sandbox/providers/__init__.py", LAZY.format("from flarex_nb.text import form")),
    Plant("sandbox-door", "client.py", "from flarex_nb.sandbox import server"),
    Plant("sandbox-door", "pipeline/bind.py", "from flarex_nb.sandbox import launch"),
    Plant("sandbox-door", "catalog/toml.py", "import flarex_nb.sandbox"),
    Plant("reveal", "pipeline/bind.py", "from flarex_nb.vault.reveal import Revealer"),
    Plant("reveal", "vault/__init__.py", "from flarex_nb.vault import reveal"),
    Plant("reveal", "notebook/__init__.py", LAZY.format("import flarex_nb.vault.reveal")),
]

ALLOWED = [
    ("model.py", "if TYPE_CHECKING:\n    from flarex_nb.pipeline.view import CallResult"),
    ("notebook/__init__.py", "import IPython, ipywidgets"),
    ("net/url.py", "import httpx, socket"),
    ("client.py", "from flarex_nb.vault.reveal import Revealer\nfrom flarex_nb.sandbox import launch"),
    ("sandbox/server.py", "import socket, threading, time, random"),
]


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """A copy of the package and its contracts, plus one half of a cycle that a plant can close."""
    folder = tmp_path_factory.mktemp("house")
    shutil.copy(ROOT / "pyproject.toml", folder)
    for source in (ROOT / "flarex_nb").rglob("*.py"):
        target = folder / source.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
    (folder / "flarex_nb/catalog/zig.py").write_text("import flarex_nb.catalog.paging\n")
    return folder


@pytest.fixture
def plant(tree):
    """A function that adds lines to a file of the copy; all is as before after the test."""
    touched = {}

    def add(name, lines):
        path = tree / "flarex_nb" / name
        touched.setdefault(path, path.read_text("utf-8") if path.exists() else None)
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"{touched[path] or ''}\n{lines}\n", "utf-8")

    yield add
    for path, text in touched.items():
        if text is None:
            path.unlink()
        else:
            path.write_text(text, "utf-8")


def lint_imports(folder):
    """Return what the linter printed, and the ids of the broken contracts."""
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "from importlinter.cli import lint_imports_command as run; run()",
            "--no-cache",
            "--no-logo",
        ],
        cwd=folder,
        env=os.environ | {"COLUMNS": "250", "PYTHONPATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    printed = done.stdout + done.stderr
    verdicts = {
        ID_OF_NAME[found["name"]]: found["verdict"]
        for found in VERDICT.finditer(printed)
        if found["name"] in ID_OF_NAME
    }
    broken = {name for name, verdict in verdicts.items() if verdict == "BROKEN"}
    assert verdicts.keys() == set(ID_OF_NAME.values()), printed
    assert bool(broken) == bool(done.returncode), printed
    return printed, broken


def test_every_contract_is_kept():
    printed, broken = lint_imports(ROOT)

    assert not broken, printed


def test_the_copy_with_half_a_cycle_keeps_every_contract(tree):
    printed, broken = lint_imports(tree)

    assert not broken, printed


def test_every_contract_has_a_planted_violation():
    assert {planted.contract for planted in PLANTS} == set(ID_OF_NAME.values())


@pytest.mark.parametrize(
    "planted", PLANTS, ids=lambda planted: f"{planted.contract}-{planted.file}-{planted.lines.split()[-1]}"
)
def test_a_planted_violation_breaks_its_contract(planted, plant, tree):
    plant(planted.file, planted.lines)

    printed, broken = lint_imports(tree)

    assert planted.contract in broken, printed


@pytest.mark.parametrize(("file", "lines"), ALLOWED, ids=[file for file, _ in ALLOWED])
def test_what_is_allowed_breaks_nothing(file, lines, plant, tree):
    plant(file, lines)

    printed, broken = lint_imports(tree)

    assert not broken, printed
