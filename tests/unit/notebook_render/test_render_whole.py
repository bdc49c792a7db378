"""Answers that are no table: pictures, texts and bytes, each shown as far as that is safe."""

from __future__ import annotations

import base64

import pandas as pd
import pytest

from flarex_nb.notebook.render import result_html, result_text
from flarex_nb.notebook.render.whole import PICTURE_LIMIT

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAUAAAAFCAYAAACNbyblAAAAHElEQVQI12P4//8/w38GIAXDIBKE0DHxgljNBAAO9TXL0Y4OHwAAAABJRU5ErkJggg=="
)


@pytest.fixture
def answer(shown):
    """Make a result of this content type and body, as the pipeline would."""

    def make(kind: str, content: bytes, data: object = None, frame: pd.DataFrame | None = None):
        result = shown(records=[] if data is None else [data], frame=frame)
        result.content, result.data, result.headers = content, data, (("Content-Type", kind),)
        return result

    return make


def test_a_picture_is_shown_with_words_for_who_does_not_see_it(answer):
    html = result_html(answer("image/png", PNG))

    assert f'src="data:image/png;base64,{base64.b64encode(PNG).decode()}"' in html
    assert 'alt="image/png, 85 bytes, 5 × 5 pixels"' in html
    assert "5 x 5 pixels" in result_text(answer("image/png", PNG))


@pytest.mark.parametrize("content", [b"<script>alert(1)</script>", b"GIF8", b"x" + PNG])
def test_what_only_calls_itself_a_picture_is_not_shown(answer, seen, content):
    page = seen(result_html(answer("image/png", content)))

    assert page.of("img") == []
    assert page.of("script") == []
    assert "though it says so" in page.text


def test_a_picture_too_large_for_a_notebook_is_named_and_not_put_in(answer, seen):
    html = result_html(answer("image/png", PNG + b"x" * PICTURE_LIMIT))

    assert len(html) < 20_000
    assert "--save FILE" in seen(html).text


@pytest.mark.parametrize("kind", ["text/html", "image/svg+xml", "application/xhtml+xml", "TEXT/HTML; charset=x"])
@pytest.mark.parametrize(
    "body", [b"<svg onload=alert(1)>", b"<script>alert(1)</script>", b"</pre><img src=x onerror=alert(1)>"]
)
def test_markup_of_a_server_is_text(answer, seen, kind, body):
    page = seen(result_html(answer(kind, body, data=body.decode())))

    assert {tag for tag, _ in page.tags} <= {"style", "div", "b", "code", "span", "pre", "ul", "li"}
    assert body.decode() in page.text
    assert "nothing of it runs" in page.text


def test_a_long_text_shows_its_beginning_and_says_so(answer, seen):
    body = "".join(f"line {number}\n" for number in range(100_000)).encode()

    html = result_html(answer("text/plain", body, data=body.decode()))

    assert len(html) < 20_000
    assert "line 39" in html
    assert "line 40" not in html
    assert "its beginning" in seen(html).text
    assert "result.text has all of it" in result_text(answer("text/plain", body, data=body.decode()))


def test_a_text_of_one_endless_line_stays_small(answer):
    assert len(result_html(answer("text/plain", b"x" * 5_000_000, data="x" * 5_000_000))) < 20_000


@pytest.mark.parametrize("kind", ["application/pdf", "application/octet-stream", "", "video/mp4"])
def test_bytes_are_named_and_not_shown(answer, seen, kind):
    page = seen(result_html(answer(kind, b"%PDF-1.4" + bytes(range(256)))))

    assert "264 bytes" in page.text
    assert "--save FILE" in page.text
    assert page.of("pre") == []


def test_a_text_that_became_a_table_is_a_table(answer, seen):
    page = seen(
        result_html(answer("text/csv", b"a,b\n1,2\n", data="a,b\n1,2\n", frame=pd.DataFrame({"a": [1], "b": [2]})))
    )

    assert page.of("pre") == []
    assert page.of("table")


@pytest.mark.parametrize(
    ("kind", "reader"), [("text/csv", "pandas.read_csv"), ("application/x-ndjson", "pandas.read_json")]
)
def test_a_text_that_could_be_a_table_says_how(answer, kind, reader):
    assert reader in result_text(answer(kind, b"a,b\n1,2\n", data="a,b\n1,2\n"))


def test_terminal_codes_and_turned_text_are_made_visible(answer):
    body = "\x1b[31mred\u202etxt"

    text = result_text(answer("text/plain", body.encode(), data=body))

    assert "\x1b" not in text
    assert "\u202e" not in text
