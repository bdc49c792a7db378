"""A baseline lets be the keys somebody looked at, and no other; nothing of a key is in it."""

from __future__ import annotations

import json

import pytest

from flarex_nb.errors import UsageError
from flarex_nb.vault.scan_allow import Baseline
from flarex_nb.vault.scan_files import Scan
from written_keys import KEY, OTHER


def kept(folder):
    baseline = Baseline.new(folder / "base.json")
    report = Scan(baseline=baseline).paths([folder / "a.py"]).report()
    baseline.write((found.spot.file, found.mark) for found in report.findings)
    return folder / "base.json"


def test_a_key_in_the_baseline_is_let_be_and_counted(tmp_path):
    (tmp_path / "a.py").write_text(f'x = "{KEY}"\n')
    file = kept(tmp_path)
    (tmp_path / "a.py").write_text(f'\n\n# moved\nx = "{KEY}"\n')

    report = Scan(baseline=Baseline.read(file)).paths([tmp_path / "a.py"]).report()

    assert (report.findings, report.allowed, report.exit_code) == ((), 1, 0)


def test_another_key_in_its_place_and_the_same_key_in_another_file_are_findings(tmp_path):
    (tmp_path / "a.py").write_text(f'x = "{KEY}"\n')
    file = kept(tmp_path)
    (tmp_path / "a.py").write_text(f'x = "{OTHER}"\n')
    (tmp_path / "b.py").write_text(f'x = "{KEY}"\n')

    report = Scan(baseline=Baseline.read(file)).paths([tmp_path / "a.py", tmp_path / "b.py"]).report()

    assert len(report.findings) == 2


def test_it_holds_with_the_files_moved_together_and_from_another_folder(tmp_path, monkeypatch):
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "a.py").write_text(f'x = "{KEY}"\n')
    kept(tmp_path / "one")
    (tmp_path / "one").rename(tmp_path / "two")
    monkeypatch.chdir(tmp_path / "two")
    from pathlib import Path

    report = Scan(baseline=Baseline.read(Path("base.json"))).paths([Path("a.py")]).report()

    assert report.allowed == 1


def test_nothing_of_the_key_is_in_the_file_and_two_files_share_no_mark(tmp_path):
    (tmp_path / "a.py").write_text(f'x = "{KEY}"\n')
    first = json.loads(kept(tmp_path).read_text())
    second = json.loads(kept(tmp_path).read_text())

    assert KEY[:12] not in json.dumps(first)
    assert first["keys"]["a.py"] != second["keys"]["a.py"]
    assert len(first["keys"]["a.py"][0]) == 12


@pytest.mark.parametrize(
    "text", [None, "", "[]", "{}", '{"flarex_baseline": 1}', '{"flarex_baseline": 9, "salt": "00", "keys": {}}', '{"flarex_baseline": 1, "salt": "zz", "keys": {}}', '{"flarex_baseline": 1, "salt": "00", "keys": []}', "\x00"]
)  # fmt: skip
def test_what_is_no_baseline_is_refused_with_the_way_to_make_one(tmp_path, text):
    file = tmp_path / "base.json"
    if text is not None:
        file.write_text(text)

    with pytest.raises(UsageError) as caught:
        Baseline.read(file)

    assert "base.json" in caught.value.message
    assert "--write-baseline" in caught.value.hint
