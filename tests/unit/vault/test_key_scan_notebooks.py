"""Keys in every corner of a notebook are found, named by cell and output, and never shown."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flarex_nb.vault.redact import Redactor
from flarex_nb.vault.scan_files import Scan
from flarex_nb.vault.scan_notebook import pieces
from flarex_nb.vault.scan_words import report_json, report_sarif, report_text
from written_keys import CHANCE, KEY, code, notebook, printed, saved, shown

WIDGETS = "application/vnd.jupyter.widget-state+json"


def widgets(**models):
    state = {
        name: {"model_name": kind, "model_module": "@jupyter-widgets/controls", "state": fields}
        for name, (kind, fields) in models.items()
    }
    return {WIDGETS: {"state": state, "version_major": 2, "version_minor": 0}}


def trace(*lines):
    return {"output_type": "error", "ename": "AuthError", "evalue": "no", "traceback": list(lines)}


PLACES = {
    "cell 1, source, line 2": code(f"import x\nx.connect('{KEY}')"),
    "cell 1, source, line 3": code(["import x\n", "\n", f"x.connect('{KEY}')"]),
    "cell 1, output 1 (stdout), line 2": code("x", printed(["hello\n", f"{KEY}\n"])),
    "cell 1, output 2 (text/plain)": code("x", shown(text_plain="a"), shown(text_plain=[f"'{KEY}'"])),
    "cell 1, output 1 (text/html)": code("x", shown(text_html=f"<td>&quot;api_key&quot;: &quot;{CHANCE}&quot;</td>")),
    "cell 1, output 1 (image/svg+xml)": code("x", shown(**{"image_svg+xml": f"<text>{KEY}</text>"})),
    "cell 1, output 1 (text/markdown)": code("x", shown(text_markdown=f"`api_key`: {CHANCE}\napi_key: {CHANCE}")),
    "cell 1, output 1 (application/json)": code("x", shown(application_json={"a": [{"clientSecret": CHANCE}]})),
    "cell 1, output 1 (application/vnd.x+json)": code("x", shown(**{"application_vnd.x+json": {"token": CHANCE}})),
    "cell 1, output 1 (error), line 2": code(
        "x", trace("\x1b[0;31mAuthError\x1b[0m", f"api_key\x1b[0;34m=\x1b[0m\x1b[0;34m'{CHANCE}'\x1b[0m")
    ),
    "cell 1, output 1 (error)": code("x", {"output_type": "error", "ename": "E", "evalue": f"bad {KEY}", "traceback": []}),
    "cell 1, output 1 (metadata)": code("x", shown(text_plain="a") | {"metadata": {"url": {"token": CHANCE}}}),
    "cell 1, metadata": code("x", metadata={"papermill": {"parameters": {"api_key": CHANCE}}}),
    "cell 1, attachment notes.txt (text/plain)": {
        "cell_type": "markdown", "source": "", "metadata": {}, "attachments": {"notes.txt": {"text/plain": KEY}},
    },
}  # fmt: skip


@pytest.mark.parametrize(("place", "cell"), PLACES.items(), ids=PLACES)
def test_a_key_is_found_where_it_stands_in_a_cell_and_is_not_repeated(tmp_path, place, cell):
    file = saved(tmp_path / "a.ipynb", notebook(cell))

    report = Scan().paths([file]).report()

    assert report.findings
    assert all(found.place.startswith(f"{file}: {place}") for found in report.findings)
    told = report_text(report) + report_json(report) + report_sarif(report, "1") + repr(report)
    assert CHANCE[:20] not in told
    assert "sk_live_" in told or KEY not in json.dumps(cell)
    assert report.exit_code == 1


def test_an_old_notebooks_cells_are_found_too(tmp_path):
    cell = {"cell_type": "code", "language": "python", "input": [f"x = '{KEY}'"], "outputs": [], "prompt_number": 1}
    old = {"worksheets": [{"cells": [cell]}], "metadata": {"name": ""}, "nbformat": 3, "nbformat_minor": 0}

    [found] = Scan().paths([saved(tmp_path / "old.ipynb", old)]).report().findings

    assert (found.spot.cell, found.spot.part, found.column) == (1, "source", 6)


def test_an_old_outputs_traceback_and_html_are_found_too(tmp_path):
    outputs = [
        {"output_type": "pyerr", "ename": "E", "evalue": KEY, "traceback": []},
        {"output_type": "pyout", "html": KEY},
    ]
    cell = {"cell_type": "code", "input": "x", "outputs": outputs}
    old = {"worksheets": [{"cells": [cell]}], "nbformat": 3, "nbformat_minor": 0}

    found = Scan().paths([saved(tmp_path / "old.ipynb", old)]).report().findings

    assert len(found) == 2


def test_what_a_password_field_held_is_a_key_whatever_it_looks_like(tmp_path):
    file = saved(tmp_path / "a.ipynb", notebook(widgets=widgets(a=("PasswordModel", {"value": "swordfish"}))))

    [found] = Scan().paths([file]).report().findings

    assert found.kind == "what a password field held"
    assert found.spot.part == "widget state"
    assert "swordfish" not in report_text(Scan().paths([file]).report())


def test_a_text_field_is_judged_by_its_label(tmp_path):
    fields = {
        "a": ("TextModel", {"description": "API key:", "value": CHANCE}),
        "b": ("TextModel", {"description": "Search:", "value": CHANCE}),
        "c": ("PasswordModel", {"description": "Password", "value": ""}),
    }
    file = saved(tmp_path / "a.ipynb", notebook(widgets=widgets(**fields)))

    [found] = Scan().paths([file]).report().findings

    assert "TextModel" in found.place


def test_a_trait_of_any_widget_is_judged_by_its_name(tmp_path):
    file = saved(tmp_path / "a.ipynb", notebook(widgets=widgets(a=("AnyModel", {"access_token": CHANCE, "n": 1}))))

    assert len(Scan().paths([file]).report().findings) == 1


def test_metadata_of_the_notebook_is_looked_at(tmp_path):
    file = saved(tmp_path / "a.ipynb", notebook(setup={"deep": [{"api_key": CHANCE}]}))

    [found] = Scan().paths([file]).report().findings

    assert "metadata of the notebook" in found.place


def test_pictures_are_passed_over(tmp_path):
    picture = "AK" + "IA2OGYBAH6QWERTZUI"
    cell = code("x", shown(image_png=picture, application_pdf=picture, text_plain="<Figure>"))
    attached = {"cell_type": "markdown", "source": "", "metadata": {}, "attachments": {"a.png": {"image/png": picture}}}

    assert Scan().paths([saved(tmp_path / "a.ipynb", notebook(cell, attached))]).report().findings == ()


def test_a_known_value_is_found_in_an_output_in_another_form(tmp_path):
    known = Redactor()
    known.register("CRM_API_KEY", "plainly-words-value")
    cell = code("x", printed("eulav-sdrow-ylnialp"), shown(application_json={"a": "plainly-words-value"}))

    found = Scan(known.find).paths([saved(tmp_path / "a.ipynb", notebook(cell))]).report().findings

    assert [each.name for each in found] == ["CRM_API_KEY", "CRM_API_KEY"]
    assert all("kept already" in each.mend or "Clear the output" in each.mend for each in found)


@pytest.mark.parametrize(
    "text", ["{", "[]", "null", '"text"', "<<<<<<< HEAD\n{}\n=======\n", '{"cells": 3}', '{"cells": [1, null, {}]}', ""]
)
def test_a_broken_notebook_is_looked_through_as_text_or_holds_nothing(tmp_path, text):
    file = tmp_path / "broken.ipynb"
    file.write_text(f"{text}\n", encoding="utf-8")
    clean = Scan().paths([file]).report()
    file.write_text(f'{text}\n# api_key = "{CHANCE}"\n', encoding="utf-8")

    report = Scan().paths([file]).report()

    assert clean.findings == ()
    assert len(report.findings) == 1
    assert report.findings[0].line == text.count("\n") + 2
    assert "looked through as text" in report.notes[0]


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=20),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(["cells", "source", "outputs", "data", "text", "metadata", "widgets", WIDGETS, "state"])
                | st.sampled_from(["output_type", "traceback", "attachments", "worksheets", "model_name", "value"]),
                inner,
                max_size=6,
            )
        ),
        max_leaves=30,
    )
)
def test_any_document_comes_apart_into_pieces(document):
    for piece in pieces({"metadata": document, "cells": document, "worksheets": document}, "a.ipynb"):
        assert isinstance(piece.text, str)
