"""`flarex-nb scan`: its exit codes, its three forms, its mending and its baseline; no key in anything it prints."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from flarex_nb.cli import main
from written_keys import CHANCE, KEY, code, notebook, printed, saved


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    return tmp_path / "work"


def test_a_clean_folder_is_zero(folder, capsys):
    saved(folder / "a.ipynb", notebook(code("1 + 1")))

    assert main(["scan"]) == 0

    assert capsys.readouterr().out == "No key found in 1 file.\n"


def test_a_key_is_one_and_is_told_with_place_excerpt_and_next_step(folder, capsys):
    saved(folder / "a.ipynb", notebook(code(f"x = '{KEY}'", printed(KEY))))

    assert main(["scan"]) == 1

    lines = capsys.readouterr().out.splitlines()
    assert lines[:3] == [
        "a.ipynb: cell 1, source, line 1, column 6: a Stripe secret key",
        "    x = 'sk_live_********'",
        '    Run %flarex_secrets set STRIPE_SECRET_KEY; take secrets["STRIPE_SECRET_KEY"] or the environment here.',
    ]
    assert "2 keys found in 1 file." in lines
    assert "replace it at its issuer" in lines[-1]


def test_what_cannot_be_read_is_two(folder, capsys):
    assert main(["scan", "gone.ipynb"]) == 2

    assert "Could not be read: gone.ipynb: there is no such file." in capsys.readouterr().out


def test_a_wrong_option_is_two(folder, capsys):
    with pytest.raises(SystemExit) as caught:
        main(["scan", "--nonsense"])

    assert caught.value.code == 2


def test_only_the_files_that_are_named_are_looked_at(folder):
    (folder / "a.py").write_text(f'x = "{KEY}"')
    (folder / "b.py").write_text("x = 1")

    assert main(["scan", "b.py"]) == 0


def test_json_lists_every_finding_and_what_was_left_out(folder, capsys):
    saved(folder / "a.ipynb", notebook(code("x", printed(["hello\n", KEY]))))
    (folder / "b.bin").write_bytes(b"\0")

    main(["scan", "--json"])

    told = json.loads(capsys.readouterr().out)
    [found] = told["findings"]
    assert {name: found[name] for name in ("file", "cell", "part", "line", "column", "length", "how", "name")} == {
        "file": "a.ipynb", "cell": 1, "part": "output", "line": 2, "column": 1, "length": len(KEY), "how": "shape",
        "name": "STRIPE_SECRET_KEY",
    }  # fmt: skip
    assert told["files"] == 2
    assert told["notes"] == ["Not looked at: files that are no text (1)."]
    assert CHANCE[:12] not in json.dumps(told)


def test_sarif_gives_regions_for_files_and_none_inside_notebooks(folder, capsys):
    saved(folder / "a.ipynb", notebook(code(f"x = '{KEY}'")))
    (folder / "b.py").write_text(f'x = "{KEY}"')

    main(["scan", "--sarif"])

    told = json.loads(capsys.readouterr().out)
    first, second = told["runs"][0]["results"]
    assert told["version"] == "2.1.0"
    assert first["locations"][0]["physicalLocation"] == {"artifactLocation": {"uri": "a.ipynb"}}
    assert second["locations"][0]["physicalLocation"]["region"] == {
        "startLine": 1,
        "startColumn": 6,
        "charLength": len(KEY),
    }
    assert {each["ruleId"] for each in told["runs"][0]["results"]} <= {
        rule["id"] for rule in told["runs"][0]["tool"]["driver"]["rules"]
    }


def test_fix_clears_what_it_can_and_the_code_is_of_what_is_left(folder, capsys):
    saved(folder / "a.ipynb", notebook(code("x", printed(KEY))))

    assert main(["scan", "--fix"]) == 0

    told = capsys.readouterr()
    assert "a.ipynb: Cell 1: outputs cleared." in told.err
    assert told.out == "No key found in 1 file.\n"
    saved(folder / "a.ipynb", notebook(code(f"x = '{KEY}'", printed(KEY))))
    assert main(["scan", "--fix"]) == 1


def test_a_baseline_lets_the_keys_of_today_be(folder, capsys):
    (folder / "a.py").write_text(f'x = "{KEY}"\n')
    assert main(["scan", "--write-baseline", "known.json", "a.py"]) == 0

    assert main(["scan", "--baseline", "known.json"]) == 0

    assert "1 more let be by the baseline" in capsys.readouterr().out
    assert main(["scan"]) == 1
    assert main(["scan", "--baseline", "gone.json"]) == 2


def test_the_values_of_the_dotenv_are_known_unless_told_otherwise(folder):
    (folder / ".env").write_text("CRM_PASSWORD=plainly-words-value\n")
    (folder / "a.md").write_text("plainly-words-value")

    assert main(["scan", "a.md"]) == 1
    assert main(["scan", "--no-known", "a.md"]) == 0


def test_a_scan_that_is_stopped_says_so_and_shows_what_it_has(folder, capsys, monkeypatch):
    (folder / "a.py").write_text(f'x = "{KEY}"\n')
    (folder / "b.ipynb").write_text("{}")

    def stop(*_arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr("flarex_nb.vault.scan_files.Scan._notebook", stop)

    assert main(["scan"]) == 2

    assert "1 key found in 2 files. It was stopped before its end." in capsys.readouterr().out


def test_it_runs_as_a_command_without_jupyter_and_loads_nothing_heavy(folder):
    (folder / "a.py").write_text("x = 1\n")
    report = (
        "import sys, flarex_nb.cli as c; code = c.main(['scan']);"
        "print(sorted({n.split('.')[0] for n in sys.modules} & {'IPython','pandas','httpx','aiohttp','pydantic','ipywidgets'}));"
        "sys.exit(code)"
    )

    done = subprocess.run([sys.executable, "-c", report], capture_output=True, text=True, check=True)

    assert done.stdout == "No key found in 1 file.\n[]\n"
