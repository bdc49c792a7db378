"""Taking keys out of notebooks: what can be changed rightly is, once; a notebook is replaced whole or not at all."""

from __future__ import annotations

import json
import stat

import nbformat
import pytest

from flarex_nb.errors import UsageError
from flarex_nb.vault import scan_mend, scan_write
from flarex_nb.vault.scan_files import Scan
from flarex_nb.vault.scan_mend import mend_files, mend_notebook
from written_keys import CHANCE, KEY, code, notebook, printed, saved

CALL = f"%%flarex_call stripe --into charges\nGET /v1/charges?limit=3\nAuthorization: Bearer {KEY}\n"


def cells(file):
    return json.loads(file.read_text("utf-8"))["cells"]


def test_an_output_with_a_key_is_cleared_and_no_other(tmp_path):
    file = saved(
        tmp_path / "a.ipynb", notebook(code("x", printed(KEY)), code("y", printed("fine")), code("z", printed("é")))
    )

    done = mend_notebook(file)

    first, *others = cells(file)
    assert (first["outputs"], first["execution_count"]) == ([], None)
    assert others == [code("y", printed("fine")), code("z", printed("é"))]
    assert done == scan_mend.Mended(("Cell 1: outputs cleared.",), 0)
    assert Scan().paths([file]).report().exit_code == 0


@pytest.mark.parametrize("source", [CALL, CALL.splitlines(keepends=True)], ids=["text", "lines"])
def test_a_key_in_a_call_of_ours_becomes_a_reference(tmp_path, source):
    file = saved(tmp_path / "a.ipynb", notebook(code(source)))

    done = mend_notebook(file)

    expected = CALL.replace(KEY, "{{$secret STRIPE_SECRET_KEY}}")
    found = cells(file)[0]["source"]
    assert found == (expected if isinstance(source, str) else expected.splitlines(keepends=True))
    assert "%flarex_secrets set" in done.changes[0]
    assert done.left == 0


def test_several_keys_in_a_call_keep_their_places(tmp_path):
    text = f'%%flarex_call crm\nPOST /x?api_key={CHANCE}\nX-Api-Key: {CHANCE[::-1]}\n\n{{"note": "{KEY}"}}'
    file = saved(tmp_path / "a.ipynb", notebook(code(text)))

    mend_notebook(file)

    assert cells(file)[0]["source"] == (
        "%%flarex_call crm\nPOST /x?api_key={{$secret SERVICE_API_KEY}}\nX-Api-Key: {{$secret SERVICE_API_KEY}}\n\n"
        '{"note": "{{$secret STRIPE_SECRET_KEY}}"}'
    )


@pytest.mark.parametrize(
    "source", [f"api_key = '{KEY}'", f"%flarex_call stripe GET /v1/charges Authorization:'Bearer {KEY}'", f"# {KEY}"]
)
def test_a_key_where_no_reference_would_work_is_left_and_counted(tmp_path, source):
    file = saved(tmp_path / "a.ipynb", notebook(code(source)))
    before = file.read_bytes()

    done = mend_notebook(file)

    assert (done.changes, done.left) == ((), 1)
    assert file.read_bytes() == before


def test_widget_state_with_a_key_is_dropped_whole(tmp_path):
    state = {"state": {"a": {"model_name": "PasswordModel", "state": {"value": "swordfish"}}}, "version_major": 2}
    file = saved(
        tmp_path / "a.ipynb",
        notebook(widgets={"application/vnd.jupyter.widget-state+json": state}, kernelspec={"name": "python3"}),
    )

    done = mend_notebook(file)

    assert json.loads(file.read_text())["metadata"] == {"kernelspec": {"name": "python3"}}
    assert done.left == 0


def test_mending_again_changes_nothing(tmp_path):
    file = saved(tmp_path / "a.ipynb", notebook(code(CALL, printed(KEY)), code(f"x = '{KEY}'", printed(KEY))))
    mend_notebook(file)
    before = file.read_bytes()

    done = mend_notebook(file)

    assert (done.changes, done.left) == ((), 1)
    assert file.read_bytes() == before


@pytest.mark.parametrize("ascii_only", [True, False])
@pytest.mark.parametrize("indent", [1, 4, None])
def test_nothing_else_in_the_file_moves(tmp_path, ascii_only, indent):
    file = tmp_path / "a.ipynb"
    document = notebook(code("é = '😀'"), code("x", printed(KEY)), zeta=1, alpha={"b": 2, "a": 1})
    file.write_text(json.dumps(document, indent=indent, ensure_ascii=ascii_only), encoding="utf-8")
    document["cells"][1] |= {"outputs": [], "execution_count": None}

    mend_notebook(file)

    assert file.read_text("utf-8") == json.dumps(document, indent=indent, ensure_ascii=ascii_only)


def test_what_is_written_is_a_valid_notebook_with_the_files_own_mode(tmp_path):
    made = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell("x", outputs=[nbformat.v4.new_output("stream", text=KEY)])]
    )
    file = tmp_path / "a.ipynb"
    nbformat.write(made, file)
    file.chmod(0o640)

    mend_notebook(file)

    nbformat.validate(nbformat.read(file, as_version=4))
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert [path.name for path in tmp_path.iterdir()] == ["a.ipynb"]


def test_a_link_stays_a_link(tmp_path):
    file = saved(tmp_path / "a.ipynb", notebook(code("x", printed(KEY))))
    (tmp_path / "link.ipynb").symlink_to(file)

    mend_notebook(tmp_path / "link.ipynb")

    assert (tmp_path / "link.ipynb").is_symlink()
    assert KEY not in file.read_text()


def test_a_write_that_fails_leaves_the_notebook_and_nothing_beside_it(tmp_path, monkeypatch):
    file = saved(tmp_path / "a.ipynb", notebook(code("x", printed(KEY))))
    before = file.read_bytes()

    def full(_number):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(scan_write.os, "fsync", full)

    [told] = mend_files([str(file)])

    assert "left as it is" in told
    assert file.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["a.ipynb"]


def test_a_notebook_somebody_saved_in_the_meantime_is_left(tmp_path, monkeypatch):
    file = saved(tmp_path / "a.ipynb", notebook(code("x", printed(KEY))))
    real = scan_mend._mend_cell

    def meanwhile(*arguments):
        file.write_text(file.read_text().replace('"x"', '"theirs"'))
        return real(*arguments)

    monkeypatch.setattr(scan_mend, "_mend_cell", meanwhile)

    with pytest.raises(UsageError, match="changed by somebody"):
        mend_notebook(file)
    assert "theirs" in file.read_text()


def test_a_broken_notebook_is_left(tmp_path):
    file = tmp_path / "a.ipynb"
    file.write_text(f"<<<<<<< {KEY}")

    with pytest.raises(UsageError, match="left as it is") as caught:
        mend_notebook(file)

    assert KEY not in caught.value.explain()
    assert file.read_text() == f"<<<<<<< {KEY}"


def test_an_allowed_key_is_left_where_it_is(tmp_path):
    file = saved(tmp_path / "a.ipynb", notebook(code(f"# flarex: allow\nx = '{KEY}'")))

    assert mend_notebook(file) == scan_mend.Mended((), 0)
