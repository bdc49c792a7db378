"""The attempts: the picture to scale, its twin in words, and what of many pages is worth a row."""

from __future__ import annotations

import re

import pytest

from flarex_nb.errors import (
    AttemptTimeout,
    BadRequest,
    CellSyntaxError,
    CircuitOpen,
    ConnectionLost,
    IncompletePages,
    RateLimited,
    SecretMissing,
    ServerError,
)
from flarex_nb.events import Event
from flarex_nb.model import Reply
from flarex_nb.notebook.render import error_html, error_text, progress_line, result_html, result_text


@pytest.fixture(scope="session")
def recovered(attempt):
    """503, two seconds asked for, lost, our backoff, 200."""
    return (
        attempt(1, "503", elapsed=0.5),
        attempt(2, "connection-lost", started=2.5, elapsed=0.5, waited=2.0, source="Retry-After", sent="maybe"),
        attempt(3, "200", "done", started=4.0, elapsed=1.0, waited=1.0, source="backoff", reason="succeeded",
                sentence="The answer is good."),
    )  # fmt: skip


def test_waits_and_sends_are_drawn_to_one_scale(shown, seen, recovered):
    page = seen(result_html(shown([{"a": 1}], attempts=recovered)))

    bars = [(float(bar["x"]), float(bar["width"])) for bar in page.of("rect")]
    waits = [path["d"] for path in page.of("path") if path["class"] == "fx-w"]
    unit = bars[2][1]  # pixels of one second
    assert [round(x / unit, 1) for x, _ in bars] == [0, 2.5, 4]
    assert [round(length / unit, 1) for _, length in bars] == [0.5, 0.5, 1]
    assert [re.findall(r"[\d.]+", wait)[0] for wait in waits] == [f"{0.5 * unit:.1f}", f"{3 * unit:.1f}"]
    assert "0 to 5.0 s" in page.text


def test_each_picture_says_the_same_in_words(shown, seen, recovered):
    pictures = seen(result_html(shown([{"a": 1}], attempts=recovered))).of("svg")

    assert [(picture["role"], picture["aria-label"]) for picture in pictures] == [
        ("img", "Attempt 1: sends for 500 ms; 503."),
        ("img", "Attempt 2: waits 2.0 s (Retry-After), then sends for 500 ms; connection-lost."),
        ("img", "Attempt 3: waits 1.0 s (our backoff), then sends for 1.0 s; 200."),
    ]


def test_the_text_has_the_same_facts(shown, recovered):
    text = result_text(shown([{"a": 1}, {"a": 2}], attempts=recovered))

    assert text.splitlines()[7:] == [
        "3 attempts, 3.0 s of it waiting:",
        "  1  503              sent in 500 ms, tried again: The server is unavailable.",
        "  2  connection-lost  after 2.0 s (Retry-After), sent in 500 ms, tried again: The server is",
        "                      unavailable.",
        "  3  200              after 1.0 s (our backoff), sent in 1.0 s, done: The answer is good.",
    ]


def test_a_send_too_short_to_see_is_still_drawn(shown, seen, attempt):
    tries = (attempt(1, "503", elapsed=0.001),
             attempt(2, "200", "done", started=60.0, elapsed=0.0, waited=60.0, source="Retry-After"))  # fmt: skip

    bars = seen(result_html(shown([{"a": 1}], attempts=tries))).of("rect")

    assert all(float(bar["width"]) >= 2 for bar in bars)
    assert all(float(bar["x"]) + float(bar["width"]) <= 150.1 for bar in bars)


def test_of_many_pages_only_those_where_something_happened_are_shown(shown, seen, attempt):
    tries = [attempt(1, "200", "done", reason="succeeded") for _ in range(1000)]
    tries[500:501] = [attempt(1, "429"), attempt(2, "200", "done", waited=1.0, source="Retry-After", started=1.1)]

    page = seen(result_html(shown([{"a": 1}], pages=1000, attempts=tuple(tries))))

    assert "1,001 attempts for 1,000 pages, 1.0 s of it waiting" in page.text
    assert "page 501, 1" in page.texts
    assert "page 501, 2" in page.texts
    assert "999 pages came at the first attempt." in page.text


def test_pages_that_all_came_at_once_have_no_table(shown, attempt):
    tries = tuple(attempt(1, "200", "done") for _ in range(5))

    assert "<svg" not in result_html(shown([{"a": 1}], attempts=tries))
    assert "5 attempts" in result_text(shown([{"a": 1}], attempts=tries))


def test_of_very_many_attempts_the_first_and_the_last_are_shown(shown, seen, attempt):
    tries = tuple(attempt(number, "503", "stop" if number == 50 else "again") for number in range(1, 51))

    page = seen(result_html(shown([{"a": 1}], attempts=tries)))

    assert len(page.of("svg")) == 8
    assert "42 attempts between these not shown." in page.text


def failed(error, attempts=(), **context):
    error.attempts, error.context = tuple(attempts), {"call": "POST /v1/charges on stripe", **context}
    return error


def declined():
    error = BadRequest("Your card was declined.", status=402, code="card_declined", hint="Use another card.")
    error.reply = Reply(402, (), b"", 0.2, request_id="req_sandbox_9")
    return failed(error, **{"decline code": "insufficient_funds", "docs": "https://docs.example.com/" + "x" * 30})


def test_an_error_says_what_in_whose_words_where_sent_and_next(seen):
    page = seen(error_html(declined()))
    text = error_text(declined())

    for words in ("Stripe answered 402: Your card was declined.", "POST /v1/charges on stripe", "bad-request",
                  "card_declined, decline code insufficient_funds", "The server received it and refused it.",
                  "req_sandbox_9", "Use another card."):  # fmt: skip
        assert words in page.text
        assert words in text
    group = next(attributes for attributes in page.of("div") if attributes.get("role") == "group")
    assert group["aria-label"] == "Error: Stripe answered 402: Your card was declined."


def test_a_long_message_of_the_provider_does_not_stand_in_bold(seen):
    error = failed(ServerError("x " * 200, status=500))

    page = seen(error_html(error))

    assert "Stripe answered 500." in page.texts
    assert "In its words" in page.texts


def test_a_fault_in_the_cell_names_its_place(seen):
    error = CellSyntaxError("the header line has no colon", hint="Write it as Name: value.", place="line 3, column 8")

    assert error_text(error) == (
        "The header line has no colon.\n"
        "cell-syntax\n"
        "  Where  line 3, column 8\n"
        "  Sent   Nothing was sent.\n"
        "  Next   Write it as Name: value."
    )
    assert "line 3, column 8" in seen(error_html(error)).texts


def test_what_was_tried_is_shown_with_its_waits(seen, recovered, attempt):
    tries = (*recovered[:2], attempt(3, "503", "stop", waited=1.0, source="backoff", started=4.0,
                                     sentence="All 3 attempts are used."))  # fmt: skip
    error = failed(ServerError("Overloaded", status=503), tries, **{"why it ended": "All 3 attempts are used."})

    page = seen(error_html(error))

    assert len(page.of("svg")) == 3
    assert "open" in next(details for details in page.of("details"))
    assert "Why it ended" in page.texts
    assert "after 2.0 s (Retry-After)" in error_text(error)


def test_a_lone_attempt_is_a_sentence(attempt):
    error = failed(BadRequest("No", status=400), [attempt(1, "400", "stop", sentence="A 400 is not repeated.")])

    assert "Once: 400 after 100 ms. A 400 is not repeated." in error_text(error)
    assert "<svg" not in error_html(error)


@pytest.mark.parametrize(
    ("error", "call", "words"),
    [
        (SecretMissing("STRIPE_SECRET_KEY is not set"), "POST /x on stripe", "Nothing was sent."),
        (ConnectionLost("lost", sent="maybe"), "POST /x on stripe",
         "The request may have reached the server, and may have been applied: look there before sending it again."),
        (ConnectionLost("lost", sent="maybe"), "GET /x on stripe",
         "The request may have reached the server; it only reads, so it can be sent again."),
        (AttemptTimeout("slow", sent="maybe"), "",
         "The request may have reached the server, and may have been applied: look there before sending it again."),
        (RateLimited("slow down", status=429), "POST /x on stripe", "The server received it and refused it."),
        (ServerError("oops", status=500), "POST /x on stripe",
         "The server received it, and may have applied it: look there before sending it again."),
        (ServerError("oops", status=500), "GET /x on stripe", "The server received it."),
    ],
)  # fmt: skip
def test_whether_it_was_sent_is_said_with_what_that_means(error, call, words):
    error.context = {"call": call}

    assert words in " ".join(error_text(error).split())


def test_an_earlier_attempt_that_may_have_arrived_counts_too(attempt):
    """The breaker refuses the last attempt before it is sent; the first may have been applied all the same."""
    error = failed(CircuitOpen("not called"), [attempt(1, "connection-lost", sent="maybe")])

    assert "may have been applied" in error_text(error)


def test_a_refusal_after_an_attempt_that_may_have_arrived_is_no_proof_of_nothing(attempt):
    tries = [attempt(1, "connection-lost", sent="maybe"), attempt(2, "400", "stop", waited=1.0, source="backoff")]

    assert "may have applied it" in error_text(failed(BadRequest("No", status=400), tries))


def test_partial_pages_say_where_they_are():
    error = failed(IncompletePages("2 pages came, then page 3 failed", result=object(), resume=object))

    assert "What came before it is in .result of the error." in error_text(error)


def test_facts_of_a_call_may_come_one_by_one():
    error = SecretMissing("no key")
    error.context = {"service": "crm", "method": "GET", "path": "/contacts", "request_id": "r1"}

    assert "secret-missing: GET /contacts on crm" in error_text(error)
    assert "r1" in error_text(error)


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (Event("attempt", "stripe", 1), "stripe  sending"),
        (Event("attempt", "stripe", 2), "stripe  sending, attempt 2 of 3"),
        (Event("answer", "stripe", 1, text="200"), ""),
        (Event("answer", "stripe", 1, text="503"), "stripe  attempt 1 of 3 ended with 503"),
        (Event("answer", "stripe", 1, text="connection-lost"), "stripe  attempt 1 of 3 ended with connection-lost"),
        (Event("wait", "stripe", 2, 0, 2.0, "Retry-After"), "stripe  waiting 2.0 s (Retry-After), attempt 2 of 3"),
        (Event("wait", "stripe", 2, 0, 0.4, "backoff"), "stripe  waiting 400 ms (our backoff), attempt 2 of 3"),
        (Event("wait", "stripe", seconds=200.0, text="RateLimit"), "stripe  waiting 3 min 20 s (RateLimit)"),
        (Event("page", "stripe", 12, 1200), "stripe  page 12, 1,200 records"),
        (Event("cache", "stripe"), "stripe  answered from the cache"),
    ],
)
def test_progress_is_told_in_a_line(event, line):
    assert progress_line(event, 3) == line


def test_progress_without_a_number_of_attempts():
    assert (
        progress_line(Event("wait", "crm", 2, 0, 1.0, "Retry-After")) == "crm  waiting 1.0 s (Retry-After), attempt 2"
    )
