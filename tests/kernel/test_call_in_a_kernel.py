"""The main job in a real kernel: a cell in, a table and a DataFrame out; an error box; an interrupt."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from kernels import Kernel

ALL_CHARGES = "%%flarex_call stripe --into charges --pages all\nGET /v1/charges"


def value(kernel: Kernel, expression: str) -> Any:
    ran = kernel.run(f"import json; print(json.dumps({expression}))")
    assert ran.status == "ok", ran.reply
    return json.loads(ran.stdout)


def log(kernel: Kernel) -> list[dict[str, Any]]:
    kernel.run("from flarex_nb.sandbox import launch as _launch")
    return value(kernel, "_launch.log()")


def test_all_3000_charges_become_a_frame(kernel: Kernel) -> None:
    ran = kernel.run(ALL_CHARGES)

    assert ran.status == "ok", ran.reply
    assert "3,000" in ran.plain
    assert "<table" in ran.html
    assert "<script" not in ran.html
    assert value(kernel, "[len(charges), charges.id.is_unique]") == [3000, True]
    assert value(kernel, "str(charges.created.dtype)").startswith("datetime64[")
    assert value(kernel, "str(charges.created.dtype.tz)") == "UTC"
    assert value(kernel, "str(charges.amount.dtype)") == "Int64"
    assert value(kernel, "[c for c in charges.columns if c.startswith('metadata.')]") == []


def test_the_same_call_in_python_gives_an_equal_frame(kernel: Kernel) -> None:
    kernel.run(ALL_CHARGES)

    ran = kernel.run(
        "import flarex_nb as fx, pandas as pd\n"
        "same = fx.call('stripe', 'GET /v1/charges', pages='all', cache='bypass')\n"
        "pd.testing.assert_frame_equal(same.df, charges)\nprint(same.rows)"
    )

    assert ran.stdout.strip() == "3000", ran.reply


def test_three_scripted_attempts_are_shown_with_waits_and_reasons(kernel: Kernel) -> None:
    ran = kernel.run("%%flarex_call stripe --simulate 503,429:retry-after=1,200 --jitter none\nGET /v1/charges?limit=3")

    assert ran.status == "ok", ran.reply
    assert "503" in ran.plain
    assert "429" in ran.plain
    assert "Retry-After" in ran.plain
    assert value(kernel, "[a.outcome for a in _.attempts]") == ["503", "429", "200"]


def test_three_503s_end_in_a_box_with_the_providers_words_and_the_timeline(kernel: Kernel) -> None:
    ran = kernel.run("%%flarex_call stripe --simulate 503,503,503\nGET /v1/charges?limit=3")

    assert ran.status == "error"
    assert ran.error == "ServerError"
    assert ran.plain.count("503") >= 3
    assert "<table" in ran.html
    assert len(ran.of("error")[0]["traceback"]) == 1


def test_the_servers_log_shows_exactly_the_recorded_attempts(kernel: Kernel) -> None:
    before = len(log(kernel))

    kernel.run("%%flarex_call stripe --simulate reset,503,200 --jitter none --cache bypass\nGET /v1/products?limit=2")

    seen = log(kernel)[before:]
    recorded = value(kernel, "[[a.number, a.outcome] for a in _.attempts]")
    assert len(seen) == len(recorded) == 3


def test_an_interrupt_during_a_wait_ends_the_cell_and_nothing_follows(kernel: Kernel) -> None:
    before = len(log(kernel))

    ran, seconds = kernel.interrupt_after(
        "%%flarex_call stripe --simulate 429:retry-after=20,200\nGET /v1/prices?limit=1", 1.5
    )

    assert ran.error == "KeyboardInterrupt"
    assert seconds < 0.5 + 0.3, seconds  # 0.3 s for the messages of a loaded machine
    assert len(log(kernel)) == before + 1
    kernel.run("import time; time.sleep(2)")
    assert len(log(kernel)) == before + 1


def test_an_interrupt_while_the_server_is_silent_ends_the_cell(kernel: Kernel) -> None:
    ran, seconds = kernel.interrupt_after("%%flarex_call stripe --simulate hang\nGET /v1/prices?limit=1", 1.0)

    assert ran.error == "KeyboardInterrupt"
    assert seconds < 0.8, seconds


def test_a_post_run_again_uses_the_same_key_and_makes_one_customer(kernel: Kernel) -> None:
    cell = "%%flarex_call stripe --into made\nPOST /v1/customers\n\n" + '{"email": {{email}}, "name": "Ann"}'
    kernel.run("email = 'ann@example.com'")

    first = kernel.run(cell)
    one = value(kernel, "made.id[0]")
    second = kernel.run(cell)

    assert (first.status, second.status) == ("ok", "ok"), first.reply
    assert value(kernel, "made.id[0]") == one


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("%%flarex_call strpe\nGET /v1/charges", "Did you mean 'stripe'"),
        ("%%flarex_call stripe --atempts 2\nGET /v1/charges", "attempts"),
        ("%%flarex_call stripe\nGTE /v1/charges", "GET"),
        ("%%flarex_call stripe\nGET /v1/charges?limit={{limti}}", "limti"),
        ('%%flarex_call stripe\nPOST /v1/customers\n\n{"email": "a",}', "line 4"),
        (
            "%%flarex_call stripe\nGET /v1/charges\nAuthorization: Bearer " + "sk_" + "live_" + "a1B2c3D4" * 3,
            "%flarex_secrets",
        ),
        ("%%flarex_call stripe\nGET /v1/charges\nHost: evil.example", "Host"),
        ("%%flarex_call\nGET /v1/charges", "service"),
        ("%%flarex_call stripe --attempt-timeout 40\nGET /v1/charges", "attempt_timeout"),
        ("%flarex_sandbox onn", "Did you mean 'on'"),
        ("%flarex_secrets set", "name"),
        ("%flarex_secrets set X_KEY=" + "sk_" + "live_" + "a1B2c3D4" * 3, "%flarex_secrets"),
        ("%flarex_secrets " + "sk_" + "live_" + "a1B2c3D4" * 3, "%flarex_secrets"),
        ("%flarex_services show a1B2c3D4a1B2c3D4", "not the name of a service"),
        ("%flarex_secrets scope STRIPE_SECRET_KEY", "hosts"),
        ("%flarex_secrets rotate NOPE_API_KEY", "keeps no value"),
        ('%flarex_secrets "x', "quote"),
        ("x = 1\n%%flarex_call stripe", "first line"),
    ],
)
def test_bad_input_is_one_box_with_the_next_step_and_sends_nothing(kernel: Kernel, cell: str, words: str) -> None:
    before = len(log(kernel))

    ran = kernel.run(cell)

    shown = ran.plain + ran.stderr + "\n".join(ran.of("error")[0]["traceback"] if ran.of("error") else [])
    assert ran.status == "error"
    assert words in shown, shown
    assert "a1B2c3D4" not in shown
    assert len(ran.of("error")[0]["traceback"]) <= 3
    assert len(log(kernel)) == before


def test_a_missing_secret_names_what_to_set(kernel: Kernel) -> None:
    kernel.run("import flarex_nb as fx")
    kernel.run(
        "fx.register(fx.Service(name='crm', base_url='http://127.0.0.1:9', network='private',"
        " auth={'kind': 'bearer', 'secret': 'CRM_API_KEY'}))"
    )

    ran = kernel.run("%flarex_call crm GET /contacts")

    assert ran.error == "SecretMissing"
    assert "CRM_API_KEY" in ran.plain
    assert "%flarex_secrets set CRM_API_KEY" in ran.plain


def test_a_comment_above_and_no_body_are_mended(kernel: Kernel) -> None:
    ran = kernel.run("# all of them\n\n%%flarex_call stripe GET /v1/products limit==2")

    assert ran.status in {"ok", "error"}
    assert "not found" not in ran.stderr


def test_dollar_and_braces_on_the_line_stay_as_typed(kernel: Kernel) -> None:
    kernel.run("limit = 2")

    ran = kernel.run("%flarex_call stripe GET /v1/charges limit=={{limit}}")

    assert ran.status == "ok", ran.reply
    assert value(kernel, "_.rows") == 2


def test_a_provider_error_is_in_its_own_words(kernel: Kernel) -> None:
    ran = kernel.run("%flarex_call stripe GET /v1/charges/ch_missing")

    assert ran.error == "NotFound"
    assert "No such charge" in ran.plain
    assert "resource_missing" in ran.plain


def test_the_headless_panel_is_the_list_and_says_how_to_set(kernel: Kernel) -> None:
    ran = kernel.run("%flarex_secrets")

    assert ran.status == "ok", ran.reply
    assert "STRIPE_SECRET_KEY" in ran.plain + ran.stdout
    assert "widget" not in json.dumps(ran.of("execute_result"))


def test_set_asks_where_it_is_not_shown_and_the_value_is_in_no_message(kernel: Kernel) -> None:
    typed = "sk_sandbox_" + "typed0" * 5

    ran = kernel.run("%flarex_secrets set STRIPE_SECRET_KEY", allow_stdin=True, answer=typed)
    used = kernel.run("%flarex_call stripe GET /v1/charges limit==1 --cache bypass")

    assert ran.status == "ok", ran.reply
    assert used.status == "ok", used.reply
    assert typed not in json.dumps(kernel.everything, default=str)


def test_no_value_is_in_any_object_a_person_can_look_at(kernel: Kernel) -> None:
    secret = value(kernel, "_launch.current().keys['STRIPE_SECRET_KEY']") if log(kernel) is not None else ""

    looked = kernel.run("%whos\nprint(fx.secrets, repr(fx.secrets), vars(fx.secrets))\nfx.secrets")

    assert secret
    assert secret not in json.dumps([message["content"] for message in looked.messages], default=str)


def test_reloading_doubles_nothing_and_unloading_leaves_nothing(kernel: Kernel) -> None:
    ran = kernel.run(
        "%reload_ext flarex_nb\n%load_ext flarex_nb\nip = get_ipython()\n"
        "print(sum(getattr(f, '__name__', '') == 'mend' for f in ip.input_transformers_cleanup))\n"
        "%unload_ext flarex_nb\n"
        "left = [n for kind in ip.magics_manager.magics.values() for n in kind if 'flarex' in n]\n"
        "print(left, sum(getattr(f, '__name__', '') == 'mend' for f in ip.input_transformers_cleanup))\n"
        "%load_ext flarex_nb"
    )

    assert ran.status == "ok", ran.reply
    assert ran.stdout.strip().splitlines()[-2:] == ["1", "[] 0"]
    assert kernel.run("%flarex_call stripe GET /v1/charges limit==1").status == "ok"


def test_the_sandbox_dies_with_the_kernel(tmp_path: Any) -> None:
    import os
    import time

    from kernels import start_kernel

    other = start_kernel({**os.environ, "HOME": str(tmp_path), "IPYTHONDIR": str(tmp_path)}, str(tmp_path))
    ran = other.run(
        "%load_ext flarex_nb\n%flarex_sandbox on\nfrom flarex_nb.sandbox import launch\nprint(launch.current().pid)"
    )
    pid = int(ran.stdout.strip().splitlines()[-1])
    os.kill(pid, 0)

    other.stop()

    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.1)
    pytest.fail("the sandbox outlived its kernel")


def test_a_column_there_is_none_of_ends_the_cell_and_does_not_deny_the_sending(kernel: Kernel) -> None:
    ran = kernel.run("%%flarex_call stripe --columns id,amuont\nGET /v1/charges?limit=2")

    assert ran.error == "UsageError"
    assert "amuont" in ran.plain
    assert "Nothing was sent" not in ran.plain
