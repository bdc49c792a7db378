"""The kernel's side of the secrets panel: what it shows, stores and refuses."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flarex_nb.errors import UsageError, VaultLocked
from vaults import PASSPHRASE

if TYPE_CHECKING:
    from tests.unit.notebook_widgets.conftest import Browser, HeardPanel, MemorySecrets

VALUE = "sk_sandbox_panel_unit_7f3a"
NAME = "DEMO_API_KEY"


def test_a_sealed_value_is_stored_under_its_name(panel: HeardPanel, store: MemorySecrets, browser: Browser) -> None:
    answer = panel.receive(browser.message(panel.entry, NAME, VALUE))

    assert store.values == {(NAME, "live"): VALUE}
    assert answer == {"kind": "answer", "id": "1", "ok": True, "text": "DEMO_API_KEY is set.", "hint": ""}
    assert store.hosts == {(NAME, "live"): ("api.demo.example",)}


def test_the_list_shows_the_new_secret_and_no_value(panel: HeardPanel, browser: Browser) -> None:
    panel.receive(browser.message(panel.entry, "OTHER_API_KEY", VALUE, env="sandbox"))

    assert panel.rows == [
        {"name": NAME, "env": "live", "source": "", "state": "missing", "hosts": ["api.demo.example"]},
        {"name": "OTHER_API_KEY", "env": "sandbox", "source": "session", "state": "set", "hosts": ["api.demo.example"]},
    ]
    assert VALUE not in json.dumps(panel.get_state(), default=str)
    assert VALUE not in json.dumps(panel.heard)


def test_the_synced_state_is_names_and_a_public_key_only(panel: HeardPanel) -> None:
    ours = {key for key in panel.get_state() if not key.startswith("_")}

    assert ours - {"layout", "tabbable", "tooltip"} == {"rows", "services", "environment", "vault", "entry"}
    assert set(panel.entry) == {"panel", "public", "nonce"}


def test_security_case_49_a_replayed_message_is_rejected(
    panel: HeardPanel, store: MemorySecrets, browser: Browser
) -> None:
    message = browser.message(panel.entry, NAME, VALUE)
    panel.receive(message)
    store.values.clear()

    answer = panel.receive(message)

    assert answer["ok"] is False
    assert "already used" in answer["text"]
    assert store.values == {}


@pytest.mark.parametrize(
    "change",
    [
        {"name": "OTHER_API_KEY"},
        {"env": "sandbox"},
        {"hosts": ["evil.example"]},
        {"hosts": []},
        {"hosts": ["api.demo.example", "evil.example"]},
    ],
    ids=str,
)
def test_security_case_50_a_value_sealed_for_one_place_is_not_stored_in_another(
    panel: HeardPanel, store: MemorySecrets, browser: Browser, change: dict[str, Any]
) -> None:
    sealed = browser.message(panel.entry, NAME, VALUE)

    answer = panel.receive(sealed | change)

    assert answer["ok"] is False
    assert "sealed for another secret" in answer["text"]
    assert store.values == {}


@pytest.mark.parametrize("at", [0, 5, 64, 65, 80, -1])
def test_a_changed_byte_is_rejected(panel: HeardPanel, store: MemorySecrets, browser: Browser, at: int) -> None:
    message = browser.message(panel.entry, NAME, VALUE)
    raw = bytearray(browser.decoded(message["sealed"]))
    raw[at] ^= 1

    answer = panel.receive(message | {"sealed": browser.encoded(bytes(raw))})

    assert answer["ok"] is False
    assert store.values == {}


def test_the_key_is_new_after_every_sealed_message(panel: HeardPanel, browser: Browser) -> None:
    first = panel.entry
    panel.receive(browser.message(first, NAME, VALUE))
    second = panel.entry
    panel.receive(browser.message(second, NAME, VALUE) | {"name": "OTHER_API_KEY"})
    third = panel.entry

    assert len({each["public"] for each in (first, second, third)}) == 3
    assert len({each["nonce"] for each in (first, second, third)}) == 3
    assert len({each["panel"] for each in (first, second, third)}) == 1


def test_a_rejected_message_does_not_close_the_door_to_the_next(
    panel: HeardPanel, store: MemorySecrets, browser: Browser
) -> None:
    panel.receive(browser.message(panel.entry, NAME, VALUE) | {"name": "OTHER_API_KEY"})

    answer = panel.receive(browser.message(panel.entry, NAME, VALUE))

    assert answer["ok"] is True
    assert store.values == {(NAME, "live"): VALUE}


def test_a_message_for_one_panel_is_nothing_to_another(
    panel: HeardPanel, store: MemorySecrets, browser: Browser
) -> None:
    other = type(panel)(store)

    answer = other.receive(browser.message(panel.entry, NAME, VALUE))

    assert answer["ok"] is False
    assert store.values == {}


@pytest.mark.parametrize("value", [None, 7, ["x"], {"value": "x"}])
def test_a_sealed_text_that_is_not_a_value_is_rejected(
    panel: HeardPanel, store: MemorySecrets, browser: Browser, value: object
) -> None:
    answer = panel.receive(browser.message(panel.entry, NAME, value))

    assert answer["ok"] is False
    assert store.values == {}


def test_an_unforeseen_failure_tells_its_type_and_never_its_text(
    panel: HeardPanel, store: MemorySecrets, browser: Browser, capfd: pytest.CaptureFixture[str]
) -> None:
    store.fails_with = ValueError(f"cannot keep {VALUE}")

    answer = panel.receive(browser.message(panel.entry, NAME, VALUE))

    assert answer["text"] == "The kernel could not do it (ValueError)."
    assert VALUE not in json.dumps(panel.heard)
    assert capfd.readouterr() == ("", "")


def test_a_refusal_of_the_store_is_told_with_its_next_step(
    panel: HeardPanel, store: MemorySecrets, browser: Browser
) -> None:
    store.fails_with = UsageError("a name is upper case", hint="Write DEMO_API_KEY.")

    answer = panel.receive(browser.message(panel.entry, "demo", VALUE))

    assert (answer["ok"], answer["text"], answer["hint"]) == (False, "a name is upper case.", "Write DEMO_API_KEY.")


def test_notes_of_the_store_are_told(panel: HeardPanel, browser: Browser) -> None:
    answer = panel.receive(browser.message(panel.entry, NAME, f" {VALUE}\n"))

    assert answer["text"] == "DEMO_API_KEY is set. surrounding whitespace was removed."


@pytest.mark.parametrize("action", ["persist", "unlock"])
def test_the_vault_file_is_opened_with_a_sealed_passphrase(
    panel: HeardPanel, store: MemorySecrets, browser: Browser, action: str
) -> None:
    before = panel.vault

    answer = panel.receive(browser.vault_message(panel.entry, action, PASSPHRASE))

    assert (answer["ok"], answer["text"]) == (True, "The vault file is open.")
    assert store.passphrases == [PASSPHRASE]
    assert (before, panel.vault) == ("none", "open")
    assert PASSPHRASE not in json.dumps([panel.get_state(), panel.heard], default=str)
    panel.receive({"kind": "lock", "id": "2"})
    assert panel.vault == "locked"


def test_a_passphrase_sealed_for_one_thing_is_not_used_for_another(
    panel: HeardPanel, store: MemorySecrets, browser: Browser
) -> None:
    first = browser.vault_message(panel.entry, "unlock", PASSPHRASE)
    as_secret = browser.message(panel.entry, NAME, "x") | {
        "name": "vault unlock",
        "hosts": [],
        "sealed": first["sealed"],
    }

    for message in (first | {"action": "persist"}, browser.vault_message(panel.entry, "unlock", PASSPHRASE, nonce="n")):
        assert panel.receive(message)["ok"] is False
    assert panel.receive(as_secret)["ok"] is False
    assert panel.receive(first)["ok"] is False
    assert (store.passphrases, store.values) == ([], {})


def test_a_wrong_passphrase_is_told_and_not_repeated(panel: HeardPanel, store: MemorySecrets, browser: Browser) -> None:
    store.fails_with = VaultLocked("it does not open", hint="Try again.")

    answer = panel.receive(browser.vault_message(panel.entry, "unlock", PASSPHRASE))

    assert (answer["ok"], answer["text"], answer["hint"]) == (False, "it does not open.", "Try again.")
    assert PASSPHRASE not in json.dumps(panel.heard)


def test_rotating_replaces_the_value_and_keeps_the_hosts(
    panel: HeardPanel, store: MemorySecrets, browser: Browser
) -> None:
    panel.receive(browser.message(panel.entry, NAME, VALUE))

    answer = panel.receive(browser.message(panel.entry, NAME, "sk_sandbox_second", action="rotate"))

    assert answer["text"] == "DEMO_API_KEY has a new value."
    assert store.values[NAME, "live"] == "sk_sandbox_second"
    assert store.hosts[NAME, "live"] == ("api.demo.example",)


def test_deleting_takes_the_environment_that_was_named(
    panel: HeardPanel, store: MemorySecrets, browser: Browser
) -> None:
    for env in ("live", "sandbox"):
        panel.receive(browser.message(panel.entry, NAME, VALUE, env=env))

    answer = panel.receive({"kind": "delete", "id": "9", "name": NAME, "env": "sandbox"})

    assert (answer["ok"], answer["id"]) == (True, "9")
    assert list(store.values) == [(NAME, "live")]


def test_refresh_shows_what_changed_elsewhere(panel: HeardPanel, store: MemorySecrets) -> None:
    store.set("ELSEWHERE_API_KEY", VALUE, hosts=("a.example",))

    panel.receive({"kind": "refresh", "id": "1"})

    assert [row["name"] for row in panel.rows] == [NAME, "ELSEWHERE_API_KEY"]


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "other"},
        {"kind": "vault"},
        {"kind": "vault", "action": "read"},
        {"kind": "vault", "action": "unlock", "nonce": 5},
        {"kind": "vault", "action": "unlock", "sealed": ""},
        {"action": "read"},
        {"name": 5},
        {"name": ""},
        {"name": "N" * 300},
        {"env": "staging"},
        {"hosts": "api.demo.example"},
        {"hosts": ["a.example,b.example"]},
        {"hosts": ["https://a.example/path"]},
        {"hosts": ["user@a.example"]},
        {"hosts": [1]},
        {"hosts": ["a.example"] * 100},
        {"nonce": None},
        {"sealed": "not base64!"},
        {"sealed": "A" * 600_000},
    ],
    ids=lambda change: str(change)[:40],
)
def test_a_message_of_another_shape_is_refused(
    panel: HeardPanel, store: MemorySecrets, browser: Browser, change: dict[str, Any]
) -> None:
    answer = panel.receive(browser.message(panel.entry, NAME, VALUE) | change)

    assert answer["ok"] is False
    assert answer["hint"]
    assert store.values == {}


def test_two_hosts_cannot_be_passed_off_as_one_with_a_comma(
    panel: HeardPanel, store: MemorySecrets, browser: Browser
) -> None:
    sealed = browser.message(panel.entry, NAME, VALUE, hosts=["a.example", "b.example"])

    answer = panel.receive(sealed | {"hosts": ["a.example,b.example"]})

    assert answer["ok"] is False
    assert store.values == {}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
FIELDS = ("kind", "id", "action", "name", "env", "hosts", "nonce", "sealed")


@given(junk=st.dictionaries(st.sampled_from(FIELDS), JSON | st.sampled_from(["store", "live", "set"])) | JSON)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_message_is_answered_and_none_breaks_the_panel(
    panel: HeardPanel, store: MemorySecrets, junk: object
) -> None:
    before = len(panel.heard)

    panel.receive(junk)

    assert len(panel.heard) == before + 1
    assert store.values == {}


def test_front_ends_without_widgets_get_the_list_as_aligned_text(panel: HeardPanel, browser: Browser) -> None:
    panel.receive(browser.message(panel.entry, "LONG_NAMED_API_KEY", VALUE, hosts=[]))

    bundle = panel._repr_mimebundle_()

    assert bundle is not None
    assert bundle[0]["text/plain"].splitlines() == [
        "name                state    from          bound to          environment",
        "DEMO_API_KEY        missing  -             api.demo.example  live",
        "LONG_NAMED_API_KEY  set      this session  -                 live",
    ]
    assert "application/vnd.jupyter.widget-view+json" in bundle[0]


def test_showing_the_panel_again_looks_at_the_sources_again(panel: HeardPanel, store: MemorySecrets) -> None:
    store.set("ELSEWHERE_API_KEY", VALUE)

    bundle = panel._repr_mimebundle_()

    assert bundle is not None
    assert "ELSEWHERE_API_KEY" in bundle[0]["text/plain"]
    assert "ELSEWHERE_API_KEY" in repr(panel)
    assert VALUE not in repr(panel)


def test_the_environment_of_new_secrets_follows_the_session(store: MemorySecrets, panel: HeardPanel) -> None:
    environment = ["live"]
    other = type(panel)(store, environment=lambda: environment[0])
    environment[0] = "sandbox"

    other.refresh()

    assert other.environment == "sandbox"
