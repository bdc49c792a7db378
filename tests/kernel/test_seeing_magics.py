"""Seeing what happens, in a real kernel: the countdown, why, plan, status, reset, cache."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kernels import Kernel, Ran

SHOP = """
import http.server, threading, flarex_nb as fx
class Shop(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        for name, text in (("Content-Type", "application/json"), ("Content-Length", "13")):
            self.send_header(name, text)
        self.end_headers()
        self.wfile.write(b'[{"id": "1"}]')
    def log_message(self, *_): pass
shop = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Shop)
threading.Thread(target=shop.serve_forever, daemon=True).start()
fx.register(fx.Service(name="shop", base_url=f"http://127.0.0.1:{shop.server_port}", network="private"))
"""

LIMITED = "%%flarex_call stripe --simulate 429:retry-after=3,200\nGET /v1/prices?limit=1"


def value(kernel: Kernel, expression: str) -> Any:
    ran = kernel.run(f"import json; print(json.dumps({expression}))")
    assert ran.status == "ok", ran.reply
    return json.loads(ran.stdout)


def seen_by_sandbox(kernel: Kernel) -> int:
    kernel.run("from flarex_nb.sandbox import launch as _launch")
    return int(value(kernel, "len(_launch.log())"))


def drawn(ran: Ran) -> list[str]:
    """Return the texts of the progress line, in order."""
    kinds = {"display_data", "update_display_data"}
    texts = [each["content"]["data"].get("text/plain", "") for each in ran.messages if each["msg_type"] in kinds]
    return [text for text in texts if text.startswith("stripe  ")]


def test_a_wait_is_counted_down_with_who_asked_for_it_and_what_follows(kernel: Kernel) -> None:
    ran = kernel.run(LIMITED, allow_stdin=True)

    assert ran.status == "ok", ran.reply
    waits = [text for text in drawn(ran) if "waiting" in text]
    assert all(
        re.fullmatch(
            r"stripe  waiting [0-9]+ s \(Retry-After\), attempt 2 of 3; stop with the kernel's stop button", text
        )
        for text in waits
    ), waits
    left = [int(text.split("waiting ")[1].split()[0]) for text in waits]
    assert left == sorted(set(left), reverse=True)
    assert {3, 2, 1} <= set(left) <= {4, 3, 2, 1}


def test_where_nobody_watches_there_is_no_countdown(kernel: Kernel) -> None:
    ran = kernel.run(LIMITED)

    assert drawn(ran) == []
    assert ran.of("update_display_data") == []
    assert ran.of("clear_output") == []


def test_why_names_the_rule_of_each_attempt_and_what_would_change_it(kernel: Kernel) -> None:
    kernel.run("%%flarex_call stripe --simulate 503,503,503 --jitter none\nGET /v1/prices?limit=1")

    ran = kernel.run("%flarex_why")

    assert ran.status == "ok", ran.reply
    for words in ("unavailable", "attempts-exhausted", "reached the server: yes", "--attempts 5"):
        assert words in ran.plain
    assert ran.html.count("<tr>") == 4
    assert "<script" not in ran.html


def test_why_of_a_python_call_and_of_a_variable(kernel: Kernel) -> None:
    kernel.run("import flarex_nb as fx\none = fx.call('stripe', 'GET /v1/products')")

    assert "/v1/products" in kernel.run("%flarex_why").plain
    kernel.run("%flarex_call stripe GET /v1/prices limit==1")
    assert "/v1/prices" in kernel.run("%flarex_why").plain
    assert "/v1/products" in kernel.run("%flarex_why one").plain
    assert kernel.run("%flarex_why nothing_of_that_name").status == "error"


def test_why_of_a_python_call_that_failed(kernel: Kernel) -> None:
    kernel.run("import flarex_nb as fx\nfx.call('stripe', 'GET /v1/charges/ch_missing')")

    ran = kernel.run("%flarex_why")

    assert "not-retryable" in ran.plain
    assert "404" in ran.plain


def test_a_plan_sends_nothing_and_shows_the_request(kernel: Kernel) -> None:
    before = seen_by_sandbox(kernel)

    cell = kernel.run("%%flarex_call stripe --plan\n# @note charges\nPOST /v1/customers\n\nemail=a@example.com\n")
    line = kernel.run("%flarex_call stripe GET /v1/charges limit==1 --plan --pages all")
    python = kernel.run("import flarex_nb as fx\nfx.call('stripe', 'GET /v1/charges', plan=True)")

    assert [cell.status, line.status, python.status] == ["ok", "ok", "ok"], cell.reply
    for words in ("{{$secret STRIPE_SECRET_KEY}}", "email=a%40example.com", "stored-answer", "nothing sent"):
        assert words in cell.plain
    assert "nothing was sent" in python.plain
    assert value(kernel, "_launch.current().keys['STRIPE_SECRET_KEY']") not in json.dumps(
        [message["content"] for ran in (cell, line, python) for message in ran.messages], default=str
    )
    assert seen_by_sandbox(kernel) == before


def test_a_planned_write_is_no_repetition_when_it_is_sent(kernel: Kernel) -> None:
    cell = "%%flarex_call stripe{}\nPOST /v1/customers\n\nemail=planned@example.com\n"
    kernel.run(cell.format(" --plan"))

    sent = kernel.run(cell.format(""))
    again = kernel.run(cell.format(" --plan"))

    assert "same request before" not in sent.plain
    assert "same request before" in again.plain


def test_status_tells_of_an_open_breaker_and_reset_closes_it(kernel: Kernel) -> None:
    kernel.run(
        "import flarex_nb as fx\nfx.register(fx.Service(name='down', base_url='http://127.0.0.1:9', network='private'))"
    )
    for _ in range(2):
        kernel.run("%flarex_call down GET /x --jitter none --attempts 3")

    open_now = kernel.run("%flarex_status")
    refused = kernel.run("%flarex_call down GET /x")
    why = kernel.run("%flarex_why")
    done = kernel.run("%flarex_reset down")
    closed = kernel.run("%flarex_status")

    assert "open, for 1" in open_now.plain, open_now.plain
    assert refused.error == "CircuitOpen"
    assert "%flarex_reset down" in why.plain
    assert "Breaker closed" in done.stdout
    assert "open, for 1" not in closed.plain


def test_the_cache_is_listed_and_cleared(kernel: Kernel) -> None:
    kernel.run(SHOP)  # the sandbox forbids keeping, as the service it looks like does
    kernel.run("%flarex_call shop GET /things limit==7")
    kernel.run("%flarex_call shop GET /things limit==7")

    listed = kernel.run("%flarex_cache")
    cleared = kernel.run("%flarex_cache clear shop")

    assert "GET /things?limit=7" in listed.plain, listed.plain
    assert "hits 1" in listed.plain
    assert "1 answer forgotten of shop." in cleared.stdout
    assert "0 answers kept" in kernel.run("%flarex_cache").plain
    assert kernel.run("%flarex_cache klear").status == "error"


def test_a_plan_in_python_is_shown_as_a_sheet_and_sends_nothing(kernel: Kernel) -> None:
    ran = kernel.run("import flarex_nb as fx\nfx.call('stripe', 'POST /v1/customers', json={'name': 'A'}, plan=True)")

    assert ran.status == "ok", ran.reply
    assert "<table" in ran.html
    assert "POST" in ran.plain
