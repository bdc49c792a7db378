"""The names answers are kept under: who shares one, and what a name tells."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from flarex_nb.errors import SecretMissing
from flarex_nb.model import Placement, SecretRef
from flarex_nb.stores.key import Keys, selecting, with_credentials

REF = SecretRef("CRM_API_KEY")
BEARER = Placement(REF, "header", "Authorization", "Bearer {}")


def credential(keys: Keys, value: str, placement: Placement = BEARER, *written: SecretRef) -> str:
    return keys.credential([placement], written, lambda _ref: value)


def test_the_same_credential_has_the_same_mark_and_another_value_place_or_user_has_not() -> None:
    keys = Keys(b"k" * 32)
    marks = {
        credential(keys, "one"),
        credential(keys, "two"),
        credential(keys, "one", Placement(REF, "query", "key")),
        credential(keys, "one", Placement(REF, "userinfo", "anna")),
        credential(keys, "one", Placement(REF, "userinfo", "bert")),
        credential(keys, "one", BEARER, REF),
    }

    assert len(marks) == 6
    assert credential(Keys(b"k" * 32), "one") in marks
    assert credential(Keys(b"j" * 32), "one") not in marks


def test_a_secret_written_into_the_request_counts_by_its_value() -> None:
    keys = Keys(b"k" * 32)

    marks = {keys.credential([], [REF], lambda _ref, value=value: value) for value in ("one", "two")}

    assert len(marks) == 2


def test_case_37_neither_the_value_nor_its_plain_hash_is_in_a_mark() -> None:
    value = "visibly-fake-value"

    mark = credential(Keys(), value)

    assert value not in mark
    assert hashlib.sha256(value.encode()).hexdigest() not in mark


def test_a_credential_without_a_value_is_an_error_for_who_sends() -> None:
    def missing(_ref: Any) -> str:
        msg = "no value"
        raise SecretMissing(msg)

    with pytest.raises(SecretMissing):
        Keys().credential([BEARER], [], missing)


def test_parts_of_a_name_cannot_run_into_each_other() -> None:
    keys = Keys(b"k" * 32)

    assert keys.mark("ab", "c") != keys.mark("a", "bc")
    assert keys.mark("a:1", "b") != keys.mark("a", "1:b")


def test_header_lines_that_look_like_a_credential_tell_askers_apart() -> None:
    lines = (
        ("Authorization", "x"), ("Cookie", "x"), ("X-Api-Key", "x"), ("apikey", "x"), ("X-Auth-Token", "x"),
        ("Accept", "x"), ("X-Team", "x"), ("Ocp-Apim-Subscription-Key", "x"), ("X-Session-Id", "x"),
    )  # fmt: skip

    assert [name for name, _ in with_credentials(lines)] == [
        "Authorization", "Cookie", "X-Api-Key", "apikey", "X-Auth-Token", "Ocp-Apim-Subscription-Key", "X-Session-Id",
    ]  # fmt: skip


def test_selecting_fields_are_compared_without_their_spaces() -> None:
    assert selecting(("foo",), (("Foo", "1,2"),)) == selecting(("foo",), (("foo", " 1 ,  2 "),))
    assert selecting(("foo",), (("Foo", "1"), ("Foo", "2"))) == selecting(("foo",), (("Foo", "1, 2"),))
    assert selecting(("foo",), ()) != selecting(("foo",), (("Foo", ""),))
