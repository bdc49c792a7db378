"""The notebooks in git: run from top to bottom, outputs and counts kept, nothing in them that belongs to a person."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[2]
KEPT = sorted((ROOT / "notebooks").glob("**/[!.]*.ipynb"))
NAMES = [path.name for path in KEPT]

KEY_SHAPES = {
    "a Stripe-like key": r"\b[sr]k_(?:live|test)_\w{8,}|\bwhsec_\w{8,}",
    "a key of the sandbox": r"\b[sr]k_sandbox_\w{8,}",
    "an OpenAI-like or Anthropic-like key": r"\bsk-(?:proj-|ant-)?[\w-]{16,}",
    "a GitHub-like token": r"\bgh[pousr]_\w{16,}|\bgithub_pat_\w{16,}",
    "a Google-like key": r"\bAIza[\w-]{20,}|\bya29\.[\w-]{16,}",
    "a Slack-like token": r"\bxox[abprs]-[\w-]{10,}",
    "an AWS-like key": r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b",
    "a webhook whose address is its secret": r"/api/webhooks/\d+/[\w-]{16,}",
    "a signed token": r"\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*",
    "a private key": r"-----BEGIN [A-Z ]*PRIVATE KEY",
    "a bearer credential": r"\bBearer\s+(?!\[|\{\{|\.\.\.)[\w.~+/-]{12,}",
    "somebody's home": r"(?<![\w.])/(?:home|Users)/\w|(?<![\w.~])/roo[t]/|[A-Za-z]:\\+Users\\",
    "a temporary folder of one run": r"/tmp/\w|/var/folders/\w",
    "a canary": r"(?i)canary",
}


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]


def finds(text):
    """Return what of KEY_SHAPES the text holds, by its name."""
    return [what for what, shape in KEY_SHAPES.items() if re.search(shape, text)]


@pytest.fixture(scope="module")
def tool():
    """The script that runs and strips the notebooks."""
    spec = importlib.util.spec_from_file_location("run_notebooks", ROOT / "tools" / "run_notebooks.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def small():
    """A notebook of two code cells as it should be kept."""
    cells = [
        nbformat.v4.new_code_cell("1 + 1", execution_count=1, id="cell-00"),
        nbformat.v4.new_code_cell("print(2)", execution_count=2, id="cell-01"),
    ]
    cells[0].outputs = [nbformat.v4.new_output("execute_result", {"text/plain": "2"}, execution_count=1)]
    return nbformat.v4.new_notebook(cells=cells)


def test_there_is_a_notebook():
    assert "00_quickstart.ipynb" in NAMES


@pytest.mark.parametrize("path", KEPT, ids=NAMES)
def test_each_code_cell_has_its_count_in_order(path):
    cells = code_cells(nbformat.read(path, as_version=4))

    counts = [cell.execution_count for cell in cells]

    assert counts == list(range(1, len(cells) + 1)), "run: python tools/run_notebooks.py"


@pytest.mark.parametrize("path", KEPT, ids=NAMES)
def test_only_a_cell_that_says_so_ends_in_an_error(path):
    cells = code_cells(nbformat.read(path, as_version=4))

    failed = [cell.source for cell in cells if any(output.output_type == "error" for output in cell.outputs)]
    expected = [cell.source for cell in cells if "raises-exception" in cell.metadata.get("tags", [])]

    assert failed == expected


@pytest.mark.parametrize("path", KEPT, ids=NAMES)
def test_no_cell_switches_the_comparison_off(path):
    notebook = nbformat.read(path, as_version=4)

    tags = {tag for cell in notebook.cells for tag in cell.metadata.get("tags", [])}

    assert tags <= {"raises-exception"}
    assert not re.search(r"#\s*(NBVAL|PYTEST_VALIDATE)", "\n".join(cell.source for cell in notebook.cells))


@pytest.mark.parametrize("path", KEPT, ids=NAMES)
def test_nothing_in_it_is_a_key_a_home_or_a_canary(path):
    text = path.read_text("utf-8")
    decoded = json.dumps(json.loads(text), ensure_ascii=False)

    assert not finds(text) + finds(decoded)


@pytest.mark.parametrize("path", KEPT, ids=NAMES)
def test_it_is_kept_without_noise(path, tool):
    assert not tool.faults(nbformat.read(path, as_version=4)), "run: python tools/run_notebooks.py"


PLANTED = [
    "sk_" + "live_a1B2c3D4e5",
    "whsec_" + "a1B2c3D4e5",
    "sk_sandbox_" + "0123456789abcdef",
    "sk-" + "ant-api03-a1B2c3D4e5F6",
    "gh" + "p_a1B2c3D4e5F6a1B2c3D4",
    "AI" + "za" + "a1B2c3D4e5F6a1B2c3D4e5",
    "xox" + "b-1234567890-abc",
    "AKIA" + "ABCDEFGHIJKLMNOP",
    "https://chat.example/api/webhooks/123456/" + "a1B2c3D4e5F6a1B2",
    "ey" + "JhbGciOiJI.eyJzdWIiOiIx.c2lnbmF0dXJl",
    "-----BEGIN RSA " + "PRIVATE KEY-----",
    "Authorization: Bearer " + "a1B2c3D4e5F6",
    "/home/ada/notebooks",
    "/tmp/flarex-1234",
    "CANARY-7",
]


@pytest.mark.parametrize("planted", PLANTED)
def test_the_search_sees_what_is_planted(planted):
    assert finds(f'{{"text/plain": "x {planted} y"}}')


@pytest.mark.parametrize(
    "harmless", ["Bearer [STRIPE_SECRET_KEY]", "Bearer {{$secret CRM_API_KEY}}", "ch_000123", "/v1/charges"]
)
def test_the_search_lets_be(harmless):
    assert not finds(harmless)


def test_a_notebook_as_it_should_be_kept_has_no_fault(tool, small):
    assert not tool.faults(tool.strip(small))


@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        (lambda cells: cells[1].update(execution_count=None), "no execution count"),
        (lambda cells: cells[1].update(execution_count=7), "one go"),
        (lambda cells: cells[0].metadata.update(execution={"iopub.status.busy": "2026-01-01"}), "holds times"),
        (lambda cells: cells[0].outputs[0].data.update({"application/vnd.jupyter.widget-view+json": {}}), "widget"),
    ],
)
def test_a_fault_is_named(tool, small, spoil, fault):
    kept = tool.strip(small)

    spoil(kept.cells)

    assert any(fault in sentence for sentence in tool.faults(kept))


def test_versions_and_widget_state_are_faults(tool, small):
    kept = tool.strip(small)

    kept.metadata.language_info["version"] = "3.11.7"
    kept.metadata["widgets"] = {}

    assert tool.faults(kept) == ["it holds times, widget state or versions of the machine it ran on"]


def test_stripping_keeps_outputs_counts_and_tags(tool, small):
    small.cells[0].metadata.update(tags=["raises-exception"], collapsed=True)

    kept = tool.strip(small)

    assert kept.cells[0].outputs == small.cells[0].outputs
    assert [cell.execution_count for cell in kept.cells] == [1, 2]
    assert kept.cells[0].metadata == {"tags": ["raises-exception"]}
