"""The text twin, and output that is the same in every run."""

from __future__ import annotations

from flarex_nb.errors import CircuitOpen, ServerError
from flarex_nb.frames.spec import FrameSpec
from flarex_nb.model import Reply
from flarex_nb.notebook.render import error_html, error_text, result_html, result_text


def test_a_table_as_text(shown):
    records = [
        {"id": "ch_1", "amount": 999, "name": "Jenny", "created": 0},
        {"id": "ch_22", "amount": 120000, "name": None, "created": 1700000000},
    ]

    text = result_text(shown(records, spec=FrameSpec(epoch_seconds=("created",)), into="charges"))

    assert text == (
        "stripe  GET /v1/charges  200, live\n"
        "2 rows x 4 columns, 1 page, 1 attempt, cache miss, 412 ms, request req_sandbox_1\n"
        "\n"
        "   id     amount  name   created\n"
        "0  ch_1      999  Jenny  1970-01-01 00:00:00\n"
        "1  ch_22  120000  null   2023-11-14 22:13:20\n"
        "\n"
        "The frame is charges."
    )


def test_wide_letters_keep_the_columns_straight(shown):
    lines = result_text(shown([{"a": "日本", "b": "x"}, {"a": "abcd", "b": "y"}])).splitlines()

    assert lines[4] == "0  日本  x"
    assert lines[5] == "1  abcd  y"


def test_a_record_as_text_leaves_nulls_out_and_counts_them(shown):
    text = result_text(shown([{"id": "cs_1", "mode": "payment", "gone": None}]))

    assert "id    cs_1\nmode  payment\n" in text
    assert "1 field is null." in text


def test_columns_that_do_not_fit_are_counted(shown):
    text = result_text(shown([{f"column_{i}": "some text here" for i in range(40)}] * 30))

    assert "10 of 30 rows and 6 of 40 columns shown." in text
    assert max(map(len, text.splitlines())) <= 100


def test_a_first_column_wider_than_the_page_is_shown_all_the_same(shown):
    text = result_text(shown([{"a" * 300: "b" * 300}] * 2))

    assert "b" * 31 + "…" in text


def test_no_records_as_text(shown):
    assert result_text(shown([])).endswith("No records.")


def run(shown, attempt, *, jitter: float):
    """One run of the same call: what chance and the clock decide differs with `jitter`."""
    tries = (
        attempt(1, "503", elapsed=0.3 + jitter,
                sentence=f"The server is unavailable. The server asks for 2 s (Retry-After): next attempt in {2 + jitter / 7} s."),
        attempt(2, "connection-lost", started=2.4 + jitter, waited=2.0 + jitter / 7, source="Retry-After",
                sentence=f"The connection was lost. Next attempt in {jitter} s (our own backoff)."),
        attempt(3, "200", "done", started=4 + jitter, waited=jitter, source="backoff", sentence="The answer is good."),
    )  # fmt: skip
    result = shown([{"id": 1, "created": 0}] * 3, elapsed=3 + jitter, request_id=f"req_{jitter}", attempts=tries)
    error = ServerError("Overloaded", status=503, hint=f"Wait {jitter} s.")
    error.attempts, error.reply = tries, Reply(503, (), b"", jitter, request_id=f"req_{jitter}")
    error.context = {
        "call": "GET /x on stripe",
        "why it ended": f"The next wait is {jitter} s, and 0.{jitter} s are left.",
    }
    refused = CircuitOpen(
        f"stripe is not called: open for {jitter} s more", hint=f"Wait {jitter} s: it failed too often."
    )
    return result, error, refused


def everything(result, error, refused):
    return "\n".join(
        [result_html(result), result_text(result), error_html(error), error_text(error), error_html(refused),
         error_text(refused)]
    )  # fmt: skip


def test_deterministic_output_is_the_same_in_every_run(shown, attempt, monkeypatch):
    one, other = run(shown, attempt, jitter=0.25), run(shown, attempt, jitter=0.75)
    assert everything(*one) != everything(*other)

    monkeypatch.setenv("FLAREX_DETERMINISTIC", "1")

    assert everything(*one) == everything(*other)


def test_deterministic_output_keeps_what_the_server_asked_for(shown, attempt, monkeypatch):
    monkeypatch.setenv("FLAREX_DETERMINISTIC", "1")

    text = " ".join(result_text(run(shown, attempt, jitter=0.5)[0]).split())

    assert "after 2 s (Retry-After)" in text
    assert "asks for 2 s (Retry-After): next attempt in … s." in text
    assert "after a moment (our backoff)" in text
    assert "req_" not in text
