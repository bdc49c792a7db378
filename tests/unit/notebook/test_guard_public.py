"""`%%flarex_call --guard public`: a URL out of data in a cell, without a service and without secrets."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

from flarex_nb.errors import AddressBlocked, GuardError, ScopeDenied, UsageError
from flarex_nb.notebook import commands_call
from flarex_nb.notebook.journal import Memory
from scripted import KEY, reply

URL = "https://data.example/rows"


@pytest.fixture
def cell(monkeypatch: pytest.MonkeyPatch, world: Any) -> Any:
    """Run a cell in a shell of its own, and see what was sent."""
    here = world(reply(200, [{"id": 1}]))
    monkeypatch.setattr(commands_call, "default", lambda: here.client)
    monkeypatch.setattr(commands_call, "is_batch", lambda _shell: True)
    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance()

    def run(line: str, text: str | None = None, **names: Any) -> Any:
        shell.user_ns.update(names)
        return commands_call.call(shell, Memory(), line, text)

    yield SimpleNamespace(run=run, shell=shell, wire=here.wire, client=here.client)
    InteractiveShell.clear_instance()


def test_a_url_out_of_data_becomes_a_frame(cell: Any) -> None:
    result = cell.run(
        "--guard public --max-bytes 2MB --into rows", "GET {{user_url}}\n", user_url=f"{URL}?a=1&b=%20x#top"
    )

    assert cell.wire.seen[0].url == f"{URL}?a=1&b=%20x"
    assert cell.wire.reaches[0].max_wire_bytes == 2_000_000
    assert list(cell.shell.user_ns["rows"]["id"]) == [1]
    assert result.service == "public"


def test_it_works_in_one_line_and_as_a_setting_above_the_request(cell: Any) -> None:
    cell.run(f"--guard public GET {URL} a==1")
    cell.run("", f"# @guard public\nGET {URL}\n")

    assert [out.url for out in cell.wire.seen] == [f"{URL}?a=1", URL]


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8888/",
        "http://169.254.169.254/latest/",
        "https://localhost/",
        "http://0x7f.1/",
        "https://[::1]/",
    ],
)
def test_a_private_address_names_the_rule_and_sends_nothing(cell: Any, url: str) -> None:
    with pytest.raises(GuardError) as caught:
        cell.run("--guard public", "GET {{user_url}}\n", user_url=url)

    assert cell.wire.seen == []
    if isinstance(caught.value, AddressBlocked):
        assert "not a public address: " in caught.value.message


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("--guard public", "GET https://data.example/\nX-Key: {{$secret CRM_API_KEY}}\n"),
        ("--guard public", "GET https://data.example/?k={{value}}\n"),
        ("--guard public", "GET https://data.example/\nX-Trace: {{value}}\n"),
    ],
)
def test_no_secret_can_be_attached(cell: Any, line: str, text: str) -> None:
    with pytest.raises((ScopeDenied, UsageError)) as caught:
        cell.run(line, text, value=KEY)

    assert cell.wire.seen == []
    assert KEY not in caught.value.explain()


def test_a_service_with_it_is_a_contradiction(cell: Any) -> None:
    with pytest.raises(UsageError, match="'plainly' is named"):
        cell.run("plainly --guard public", f"GET {URL}\n")


def test_a_plan_says_what_would_be_reached(cell: Any) -> None:
    shown = cell.run("--guard public --plan", f"GET {URL}\n")

    assert cell.wire.seen == []
    assert "public addresses only" in str(shown.of.explain())
