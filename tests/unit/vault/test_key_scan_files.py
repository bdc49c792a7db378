"""A scan over files: which are looked at, how each is read, and that what was left out is said."""

from __future__ import annotations

import codecs
import json
import os
import subprocess
import time
import tracemalloc

import pytest

from flarex_nb.vault import scan_text
from flarex_nb.vault.scan_files import Scan
from flarex_nb.vault.scan_known import known_values
from written_keys import CHANCE, KEY, OTHER, code, notebook, printed, saved


def scanned(*paths, **options):
    return Scan(**options).paths(paths).report()


def git(folder, *words):
    subprocess.run(
        ["git", "-c", "user.name=a", "-c", "user.email=a@example.com", *words],
        cwd=folder,
        check=True,
        capture_output=True,
    )


def test_nothing_found_is_zero_findings_one_something_unread_two(tmp_path):
    (tmp_path / "clean.py").write_text("x = 1\n")
    assert scanned(tmp_path).exit_code == 0

    (tmp_path / "a.py").write_text(f'x = "{KEY}"\n')
    assert scanned(tmp_path).exit_code == 1

    assert scanned(tmp_path, tmp_path / "gone.py").exit_code == 2
    assert scanned(tmp_path / "gone.py").unread == ((str(tmp_path / "gone.py"), "there is no such file"),)


@pytest.mark.parametrize(
    "name", ["a.py", "a.md", "notes", "Makefile", "a.http", "deep/er/a.yaml", ".ipynb_checkpoints/a.txt"]
)
def test_any_text_file_is_looked_at(tmp_path, name):
    file = tmp_path / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"one\ntwo\n  {KEY}\n")

    [found] = scanned(tmp_path).findings

    assert (found.line, found.column, found.spot.file) == (3, 3, str(file))


def test_a_checkpoint_is_looked_at_and_is_to_be_deleted(tmp_path):
    (tmp_path / ".ipynb_checkpoints").mkdir()
    saved(tmp_path / ".ipynb_checkpoints" / "a-checkpoint.ipynb", notebook(code("x", printed(KEY))))

    [found] = scanned(tmp_path).findings

    assert found.mend.startswith("Delete this checkpoint")


@pytest.mark.parametrize("folder", [".git", "node_modules", "__pycache__", "mine"])
def test_other_peoples_folders_are_passed_over_and_named(tmp_path, folder):
    (tmp_path / folder).mkdir()
    (tmp_path / folder / "a.py").write_text(f'x = "{KEY}"')
    if folder == "mine":
        (tmp_path / folder / "pyvenv.cfg").touch()

    report = scanned(tmp_path)

    assert report.findings == ()
    assert any(note.startswith("Not looked at: ") and note.endswith(" (1).") for note in report.notes)


def test_binary_files_are_counted_not_read(tmp_path):
    (tmp_path / "a.bin").write_bytes(b"\0\1" + KEY.encode())

    report = scanned(tmp_path)

    assert (report.findings, report.notes) == ((), ("Not looked at: files that are no text (1).",))


@pytest.mark.parametrize(
    ("encoding", "mark"),
    [
        ("utf-16-le", codecs.BOM_UTF16_LE),
        ("utf-16-be", codecs.BOM_UTF16_BE),
        ("utf-8", codecs.BOM_UTF8),
        ("latin-1", b""),
    ],
)
def test_a_file_of_another_encoding_is_read_by_its_mark(tmp_path, encoding, mark):
    (tmp_path / "a.txt").write_bytes(mark + f"é\nkey: {KEY}\n".encode(encoding))

    [found] = scanned(tmp_path).findings

    assert (found.line, found.column) == (2, 6)


def test_a_notebook_with_a_byte_order_mark_is_read_as_a_notebook(tmp_path):
    (tmp_path / "a.ipynb").write_bytes(codecs.BOM_UTF8 + json.dumps(notebook(code(f"x='{KEY}'"))).encode())

    [found] = scanned(tmp_path).findings

    assert found.spot.cell == 1


def test_links_and_pipes_are_neither_followed_nor_waited_for(tmp_path):
    (tmp_path / "inside").mkdir()
    (tmp_path / "inside" / "round").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "lost").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "pipe")

    report = scanned(tmp_path)

    assert set(report.notes) == {
        "Not looked at: linked folders (1).",
        "Not looked at: links to nothing (1).",
        "Not looked at: pipes, sockets and devices (1).",
    }
    assert scanned(tmp_path / "pipe").unread == ((str(tmp_path / "pipe"), "it is no file"),)


def test_a_file_that_cannot_be_read_is_named_and_the_others_are_read(tmp_path, monkeypatch):
    (tmp_path / "a.py").write_text(f'x = "{KEY}"')
    (tmp_path / "b.py").write_text(f'x = "{KEY}"')
    real = scan_text.head_of

    def refused(path):
        if path.name == "a.py":
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(scan_text, "head_of", refused)

    report = scanned(tmp_path)

    assert report.unread == ((str(tmp_path / "a.py"), "Permission denied"),)
    assert len(report.findings) == 1
    assert report.exit_code == 2


# .env


def dotenv(folder, name=".env"):
    (folder / name).write_text(f"CRM_API_KEY={CHANCE}\nDEBUG=1\n")
    return folder / name


def test_a_dotenv_that_git_tracks_is_a_finding(tmp_path):
    git(tmp_path, "init", "-q")
    file = dotenv(tmp_path)
    git(tmp_path, "add", "-f", ".env")

    [found] = scanned(tmp_path).findings

    assert found.spot.part == "dotenv"
    assert found.mend.startswith(f"Run git rm --cached {file}")


@pytest.mark.parametrize("ignored", [True, False])
def test_a_dotenv_that_git_does_not_track_is_where_keys_belong(tmp_path, ignored):
    git(tmp_path, "init", "-q")
    file = dotenv(tmp_path)
    (tmp_path / ".gitignore").write_text(".env\n" if ignored else "")

    report = scanned(tmp_path)

    assert report.findings == ()
    assert report.notes[0] == f"{file} holds 1 key and is not in git, which is right." + (
        "" if ignored else " It is not in .gitignore yet: add it there."
    )


def test_an_example_of_a_dotenv_is_a_file_like_any_other(tmp_path):
    dotenv(tmp_path, ".env.example")

    assert len(scanned(tmp_path).findings) == 1


def test_the_values_of_the_dotenv_and_of_the_environment_are_known(tmp_path):
    (tmp_path / ".env").write_text("CRM_PASSWORD=plainly-words-value\nPLACE=elsewhere-and-nowhere\n")
    (tmp_path / "a.md").write_text("plainly-words-value elsewhere-and-nowhere twice-upon-a-time\n")
    known = known_values(
        tmp_path, {"ERP_TOKEN": "twice-upon-a-time", "HOME": "elsewhere-and-nowhere", "BAD NAME_KEY": "x" * 20}
    )

    found = Scan(known.find).paths([tmp_path / "a.md"]).report().findings

    assert [each.name for each in found] == ["CRM_PASSWORD", "ERP_TOKEN"]


# large files


def test_a_large_file_is_read_in_windows_and_every_key_found_once(tmp_path, monkeypatch):
    monkeypatch.setattr(scan_text, "_WINDOW", 4000)
    monkeypatch.setattr(scan_text, "_OVERLAP", 400)
    lines = [f"{'x' * (number % 97)} {KEY[:-4]}{number:04d} {OTHER}" if number % 3 else "" for number in range(900)]
    (tmp_path / "a.log").write_text("\n".join(lines))

    found = scanned(tmp_path).findings

    expected = [
        (number + 1, column)
        for number, line in enumerate(lines)
        if line
        for column in (number % 97 + 2, number % 97 + 3 + len(KEY))
    ]
    assert [(each.line, each.column) for each in found] == expected


def test_one_endless_line_keeps_its_columns(tmp_path, monkeypatch):
    monkeypatch.setattr(scan_text, "_WINDOW", 4000)
    monkeypatch.setattr(scan_text, "_OVERLAP", 400)
    places = [10, 3_590, 3_680, 7_300, 20_000]
    text = ""
    for place in places:
        text = f"{text:<{place}}{KEY} "
    (tmp_path / "a.log").write_text(text)

    found = scanned(tmp_path).findings

    assert [(each.line, each.column - 1) for each in found] == [(1, place) for place in places]


def test_a_notebook_too_large_to_be_parsed_is_looked_through_as_text_and_that_is_said(tmp_path):
    file = saved(
        tmp_path / "a.ipynb", notebook(*[code("x = 1", printed("y" * 500)) for _ in range(40)], code(f"x='{KEY}'"))
    )

    report = scanned(file, large=10_000)

    assert len(report.findings) == 1
    assert report.findings[0].spot.cell == 0
    assert f"'{KEY}'" in file.read_text().splitlines()[report.findings[0].line - 1]
    assert "too large to be read as a notebook" in report.notes[0]


@pytest.mark.full
def test_a_notebook_of_100_mb_is_scanned_within_bounded_memory(tmp_path):
    file = tmp_path / "a.ipynb"
    with file.open("w") as out:
        out.write('{"cells": [{"cell_type": "code", "source": "x", "outputs": [{"output_type": "stream", "text": [\n')
        for _ in range(100):
            out.write('"' + ("lorem ipsum 0.123 " * 1000 + '\\n", "') * 57 + '",\n')
        out.write(f'"{KEY}"]}}]}}]}}')
    assert file.stat().st_size > 100_000_000
    tracemalloc.start()

    report = scanned(file)

    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(report.findings) == 1
    assert peak < 64_000_000


@pytest.mark.full
def test_500_notebooks_of_200_kb_take_seconds(tmp_path):
    rows = "".join(
        f"<tr><td>ch_{number:024x}</td><td>{number / 7:.5f}</td><td>usd</td></tr>\n" for number in range(100)
    )
    cells = [code("df.groupby('key').sum()", {"output_type": "display_data", "data": {"text/html": rows}})] * 30
    text = json.dumps(notebook(*cells))
    for number in range(500):
        (tmp_path / f"{number}.ipynb").write_text(text)
    began = time.process_time()

    report = scanned(tmp_path)

    assert report.files == 500
    assert 180_000 < len(text) < 260_000
    assert time.process_time() - began < 30


def test_an_interrupted_scan_still_has_its_report(tmp_path):
    for name in "abc":
        (tmp_path / f"{name}.py").write_text(f'x = "{KEY}"')

    def stop(count, _file):
        if count == 3:
            raise KeyboardInterrupt

    scan = Scan(on_file=stop)
    with pytest.raises(KeyboardInterrupt):
        scan.paths([tmp_path])
    report = scan.report(stopped=True)

    assert len(report.findings) == 2
    assert report.exit_code == 2
