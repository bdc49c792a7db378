"""Files named by a body: read inside one folder, as they are or filled in."""

from __future__ import annotations

import pytest

from flarex_nb.errors import CellSyntaxError, UsageError
from flarex_nb.model import FormBody, JsonBody, RawBody
from flarex_nb.text.files import check_path, file_line, folder_reader
from flarex_nb.text.source import Source


@pytest.fixture
def folder(tmp_path):
    """A notebook's folder with files in it, and one beside it."""
    inside = tmp_path / "notebooks"
    (inside / "data").mkdir(parents=True)
    (inside / "data" / "body.json").write_bytes(b'{"a": {{x}},\r\n "b": [1]}')
    (inside / "plain.json").write_text('{"a": 1}')
    (inside / "latin.txt").write_bytes("né {{x}}".encode("latin-1"))
    (inside / "picture.png").write_bytes(b"\x89PNG")
    (inside / "form.txt").write_text("a={{x}}\n&b=2\n")
    (tmp_path / "outside.txt").write_text("not yours")
    (inside / "link.txt").symlink_to(tmp_path / "outside.txt")
    (inside / "inner.txt").symlink_to(inside / "form.txt")
    return inside


def test_a_file_is_sent_as_it_is(language, folder):
    read = folder_reader(folder)

    assert language.fill("POST /x\n\n< ./picture.png", read=read).body == RawBody(b"\x89PNG", "image/png")
    assert language.fill("POST /x\n\n< plain.json\n", read=read).body == JsonBody({"a": 1})
    assert language.fill("POST /x\n\n<  inner.txt", read=read).body.content == b"a={{x}}\n&b=2\n"
    raw = language.fill("POST /x\nContent-Type: text/plain\n\n< plain.json", read=read)
    assert raw.body.content == b'{"a": 1}'
    assert raw.headers == (("Content-Type", "text/plain"),)


def test_a_file_with_an_at_is_filled_in(language, folder):
    read = folder_reader(folder)

    assert language.fill("POST /x\n\n<@ ./data/{{n}}.json", read=read, x="q", n="body").body == JsonBody(
        {"a": "q", "b": [1]}
    )
    assert language.fill("POST /x\n\n<@latin1 latin.txt", read=read, x=5).body.content == "né 5".encode()
    form = "POST /x\nContent-Type: application/x-www-form-urlencoded\n\n<@ form.txt"
    assert language.fill(form, read=read, x="&").body == FormBody((("a", "&"), ("b", "2")))


def test_an_error_in_a_file_names_the_file_and_the_place_in_it(language, folder):
    (folder / "bad.json").write_text('{"a": 1,\n "b": {{nope}}}')

    with pytest.raises(CellSyntaxError) as caught:
        language.fill("POST /x\n\n<@ bad.json", read=folder_reader(folder))

    assert caught.value.place == "file bad.json, line 2, column 9"


@pytest.mark.parametrize(
    "path",
    [
        "../outside.txt",
        "/etc/passwd",
        "data/../../outside.txt",
        "~/x",
        "C:\\x",
        "\\\\host\\x",
        "a\0b",
        "..\\outside.txt",
        ".",
    ],
)
def test_a_path_outside_the_folder_is_refused_as_text(path):
    with pytest.raises(UsageError, match="not inside the notebook's folder"):
        check_path(path)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("< ../outside.txt", "not inside"),
        ("< link.txt", "leads out"),
        ("< none.txt", "there is no file"),
        ("< data", "there is no file"),
        ("< {{up}}", "not inside"),
        ("<@ picture.png", "not text in utf-8"),
        ("<@nonsense form.txt", "no encoding"),
        ("<@hex form.txt", "not text"),
        ("< picture.png", "more than 3 bytes"),
        ("< plain.json", "more than 3 bytes"),
    ],
)
def test_a_file_that_cannot_be_sent_is_an_error_with_its_place(language, folder, line, words):
    read = folder_reader(folder, 3 if "bytes" in words else 1000)

    with pytest.raises(UsageError, match=words) as caught:
        language.fill(f"POST /x\n\n{line}", read=read, up="../outside.txt")

    assert "line 3" in caught.value.place
    assert str(folder) not in caught.value.explain()


def test_without_a_folder_no_file_is_read(language):
    with pytest.raises(UsageError, match="no folder is known"):
        language.fill("POST /x\n\n< plain.json")


@pytest.mark.parametrize("text", ["<a>b</a>", "<b", "< a\n< b", "x < y", "<", "< "])
def test_markup_and_text_are_no_files(text):
    assert file_line(Source(text)) is None


def test_a_raw_body_may_look_like_a_file(language):
    assert language.fill("# @body raw\nPOST /x\n\n< plain.json").body.content == b"< plain.json"
