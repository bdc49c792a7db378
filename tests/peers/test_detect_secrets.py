"""`flarex-nb scan` beside detect-secrets on the same labelled notebooks: level or better in both figures."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

TOOLS = Path(__file__).parents[2] / "tools"


@pytest.fixture
def tool(monkeypatch):
    monkeypatch.syspath_prepend(str(TOOLS))
    spec = importlib.util.spec_from_file_location("scan_compare", TOOLS / "scan_compare.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    sys.modules.pop("scan_samples", None)


@pytest.mark.peers
@pytest.mark.parametrize("seed", [7, 2026])
def test_ours_finds_as_many_keys_with_as_few_false_ones_as_detect_secrets(tool, seed):
    ours, theirs, *_ = tool.compare(each=2, seed=seed)

    assert ours.keys >= 60
    assert ours.benign >= 60
    assert theirs.recall > 0.3, "the counterpart did not run as it should"
    assert ours.recall >= max(theirs.recall, 0.95)
    assert ours.precision >= max(theirs.precision, 0.99)
