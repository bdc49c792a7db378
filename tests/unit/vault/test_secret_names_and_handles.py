"""Names, markers and handles: a secret can be named, placed and shown, and its value is in none of it."""

from __future__ import annotations

import copy
import gc
import json
import pickle
import subprocess
import sys
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flarex_nb.clock import VirtualClock
from flarex_nb.errors import UsageError
from flarex_nb.vault.facade import Secrets
from flarex_nb.vault.ref import Secret, check_name, find_markers, marker, show_markers
from flarex_nb.vault.sources import Sources
from flarex_nb.vault.store import SessionStore

NAMES = st.from_regex(r"[A-Z][A-Z0-9]{0,8}(_[A-Z0-9]{1,8}){1,3}", fullmatch=True)


def value_of(name: str) -> str:
    return "_".join(["sk", "sandbox", name.lower()[::-1] * 3])


@pytest.fixture
def held(tmp_path):
    """Make a facade that holds CRM_API_KEY in the session and MAIL_API_KEY in the environment."""
    store = SessionStore(VirtualClock())
    sources = Sources(store, environ={"MAIL_API_KEY": value_of("MAIL")}, start_dir=tmp_path)
    secrets = Secrets(sources, lambda: "live")
    secrets.set("CRM_API_KEY", value_of("CRM"), hosts=["api.crm.example"])
    return secrets


@pytest.mark.parametrize("name", ["CRM_API_KEY", "A", "TOKEN", "S3_SECRET_KEY_2", "A" * 128])
def test_a_name_by_the_convention_is_accepted(name):
    assert check_name(name) == name


@pytest.mark.parametrize("name", ["", "crm", "Crm_Api_Key", "1KEY", "A-B", "A B", "É_KEY", "A" * 129, "KEY\n", None, 5])
def test_another_name_is_refused_with_the_convention(name):
    with pytest.raises(UsageError) as caught:
        check_name(name)

    assert "<SERVICE>_API_KEY" in caught.value.hint


@pytest.mark.parametrize("name", ["crm_api_key", "crm-api-key", "Crm Api Key", "crm.api.key"])
def test_a_name_in_other_letters_gets_its_spelling_back(name):
    with pytest.raises(UsageError) as caught:
        check_name(name)

    assert "CRM_API_KEY" in caught.value.hint


@pytest.mark.parametrize(
    "value",
    [
        "sk_" + "live_" + "a1B2c3D4e5F6",
        "AKIA" + "2OGYBAH6QWERTZUI",
        "hunter2hunter2",
        "c0ffee" * 8,
        "correct_horse_key_9",
    ],
)
def test_a_value_in_the_place_of_the_name_is_not_repeated(value):
    with pytest.raises(UsageError) as caught:
        check_name(value)

    shown = caught.value.explain().lower()
    assert value.lower() not in shown
    assert value[4:10].lower() not in shown


@given(NAMES, st.text(), st.text())
def test_a_marker_is_found_where_it_stands_in_any_text(name, before, after):
    text = before + marker(name) + after

    found = find_markers(text)

    assert found == [(len(before), len(text) - len(after), name)]
    assert show_markers(text) == before + "{{$secret " + name + "}}" + after


@given(st.lists(NAMES, min_size=2, max_size=4))
def test_markers_side_by_side_stay_apart(names):
    text = "".join(map(marker, names))

    assert [name for _, _, name in find_markers(text)] == names


@given(NAMES)
def test_no_quoting_changes_a_marker(name):
    text = marker(name)

    assert quote(text, safe="") == quote_plus(text) == json.dumps(text)[1:-1] == text
    assert find_markers(f"https://x.example/{text}?k={text}")[1][2] == name


@given(st.text(), NAMES)
def test_text_from_outside_asks_for_no_secret(text, name):
    assert not find_markers(text)
    assert not find_markers(f"{text}{{{{$secret {name}}}}} flarex-secret.{'0' * 32}.{name}.")


def test_a_marker_of_another_process_is_none_here():
    command = "from flarex_nb.vault.ref import marker; print(marker('CRM_API_KEY'))"

    foreign = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True, check=True).stdout.strip()

    assert foreign.endswith(".CRM_API_KEY.")
    assert foreign != marker("CRM_API_KEY")
    assert find_markers(foreign) == []


def test_security_case_44_no_way_of_printing_a_handle_shows_the_value(held):
    handle = held["CRM_API_KEY"]

    shown = [
        repr(handle),
        str(handle),
        f"{handle}",
        f"{handle!r:>90}",
        format(handle, ">90"),
        " ".join(map(str, [handle])),
        repr([handle]),
    ]

    assert all("CRM_API_KEY" in text and value_of("CRM") not in text for text in shown)
    assert repr(handle) == str(handle) == "<Secret CRM_API_KEY: set from session, bound to api.crm.example>"


def test_a_handle_tells_how_things_stand_when_it_is_looked_at(held):
    handle, other, later = held["CRM_API_KEY"], held["MAIL_API_KEY"], held["NEW_API_KEY"]

    before = repr(later)
    held.set("NEW_API_KEY", value_of("NEW"))
    held.delete("CRM_API_KEY")

    assert before == repr(handle).replace("CRM", "NEW") == "<Secret NEW_API_KEY: missing>"
    assert "set from session, bound to no host yet" in repr(later)
    assert "set from the environment" in repr(other)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_security_case_45_a_handle_cannot_be_pickled(held, protocol):
    with pytest.raises(TypeError, match="CRM_API_KEY"):
        pickle.dumps({"config": [held["CRM_API_KEY"]]}, protocol)


def test_security_case_47_a_deep_copy_is_refused_and_a_copy_is_the_same_handle(held):
    handle = held["CRM_API_KEY"]

    with pytest.raises(TypeError, match="CRM_API_KEY"):
        copy.deepcopy({"config": handle})

    assert copy.copy(handle) is handle


def test_a_handle_cannot_be_written_as_json(held):
    with pytest.raises(TypeError):
        json.dumps(held["CRM_API_KEY"])


def reachable_texts(start):
    """Return every str and bytes that can be reached from an object by following references, code and modules aside."""
    seen, texts, todo = set(), [], [start]
    while todo:
        here = todo.pop()
        if id(here) in seen or isinstance(here, type | type(sys)) or callable(getattr(here, "__code__", None)):
            continue
        seen.add(id(here))
        if isinstance(here, str | bytes | bytearray):
            texts.append(here.encode("utf-8", "surrogatepass") if isinstance(here, str) else bytes(here))
        todo += gc.get_referents(here)
    return texts


@pytest.mark.parametrize("name", ["CRM_API_KEY", "MAIL_API_KEY"])
def test_following_a_handles_references_never_meets_the_value(held, name):
    handle = held[name]
    assert "set from" in repr(handle)

    met = reachable_texts(handle)

    assert name.encode() in met
    assert not any(value_of(name.partition("_")[0]).encode() in text for text in met)


def test_two_handles_of_one_secret_are_equal_and_those_of_two_environments_are_not():
    assert Secret("CRM_API_KEY") == Secret("CRM_API_KEY")
    assert len({Secret("CRM_API_KEY"), Secret("CRM_API_KEY"), Secret("CRM_API_KEY", "sandbox")}) == 2
    assert "(sandbox)" in repr(Secret("CRM_API_KEY", "sandbox"))


def test_a_handle_gives_its_marker_for_a_header():
    assert find_markers(f"Bearer {Secret('CRM_API_KEY').marker}")[0][2] == "CRM_API_KEY"
