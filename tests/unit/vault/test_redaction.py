"""Redaction: no listed form of a value is left, and what is not a secret stays as it was.

The forms are made here by other means than the package's: by real writers around a longer text, and by hand.
"""

from __future__ import annotations

import binascii
import copy
import html
import json
import math
import pickle

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from flarex_nb.vault.intake import is_maskable
from flarex_nb.vault.redact import Redactor

NAME = "CRM_API_KEY"
MASK = f"[{NAME}]"
KEY = "sk_sandbox_aZ09bY18cX27"
ODD = "p'a\"s\\s<w>&o/r d+é=%ü"

VALUES = st.text(
    st.characters(min_codepoint=0x21, max_codepoint=0xFF, exclude_categories=["Cc", "Cf", "Zs"]),
    min_size=8,
    max_size=80,
).filter(lambda value: len(set(value)) > 3 and is_maskable(value))
PLAIN = st.text("abcdefghijklmnop \n,:", max_size=12)


def redactor(*values: str) -> Redactor:
    made = Redactor()
    for number, value in enumerate(values):
        assert made.register(NAME if number == 0 else f"KEY_{number}", value)
    return made


def percent(data: bytes, keep: str, letters: str) -> str:
    """Quote by hand: every byte but those of `keep` as %XX."""
    return "".join(chr(byte) if byte < 128 and chr(byte) in keep else f"%{format(byte, letters)}" for byte in data)


ALNUM = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


def shown_forms(value: str) -> dict[str, str]:
    """Return texts in which the value stands written in each listed way, each between other letters."""
    data = value.encode()
    inside = f"ab {value} yz"
    forms = {
        "raw": inside,
        "json ascii": json.dumps({"k": inside}),
        "json": json.dumps([inside], ensure_ascii=False),
        "repr": repr(inside),
        "repr with both quotes": repr([inside + "'\""]),
        "repr of bytes": repr(b"ab" + data + b"yz"),
        "repr of latin-1 bytes": repr(value.encode("latin-1")),
        "html": html.escape(inside),
        "html text": html.escape(inside, quote=False),
        "html by number": "".join(f"&#{ord(c)};" if c in "'\"" else html.escape(c) for c in inside),
        "reversed": "".join(reversed(inside)),
        "hex": binascii.hexlify(b"a" + data).decode(),
        "hex upper": binascii.hexlify(data).decode().upper(),
        "form": percent(data, ALNUM + "_.-~", "02X").replace("%20", "+"),
    }
    for letters in ("02X", "02x"):
        forms[f"url {letters}"] = percent(data, ALNUM + "_.-~", letters)
        forms[f"url with slash {letters}"] = percent(data, ALNUM + "_.-~/", letters)
        forms[f"url component {letters}"] = percent(data, ALNUM + "_.-~!'()*", letters)
    return forms


def base64_cores(value: bytes) -> list[str]:
    """Return, for each place the value can begin at, the base64 characters all of whose six bits are the value's.

    Counted out bit by bit, with letters from the table of RFC 4648.
    """
    cores = []
    for table in (ALNUM + "+/", ALNUM + "-_"):
        for before in range(3):
            bits = "".join(f"{byte:08b}" for byte in b"\xff" * before + value)
            first, last = math.ceil(before * 8 / 6) * 6, len(bits) // 6 * 6
            cores.append("".join(table[int(bits[at : at + 6], 2)] for at in range(first, last, 6)))
    return cores


def decoded_again(way: str, text: str) -> str:
    """Undo the writing where a real reader would, so that a value split by an escape is seen too."""
    if way.startswith("json"):
        return str(json.loads(text))
    return html.unescape(text) if way.startswith("html") else text


@given(VALUES, PLAIN, PLAIN)
@example(ODD, "", "")
def test_no_listed_form_of_a_value_is_left(value, before, after):
    assume(value not in before + after)
    mask = redactor(value)

    for way, text in shown_forms(value).items():
        left = mask(before + text + after if not way.startswith("json") else text)

        assert MASK in left, way
        assert value not in left, way
        assert value not in decoded_again(way, left), way


@given(VALUES, st.binary(max_size=5), st.binary(max_size=5))
def test_no_base64_of_a_value_is_left_wherever_it_begins(value, before, after):
    mask = redactor(value)
    data = value.encode()
    for encode in (binascii.b2a_base64, lambda raw: binascii.b2a_base64(raw).translate(bytes.maketrans(b"+/", b"-_"))):
        text = encode(before + data + after).decode()

        left = mask(text)

        assert MASK in left
        assert not any(core in left for core in base64_cores(data))


@given(VALUES, VALUES, PLAIN)
def test_two_secrets_are_both_masked_wherever_they_stand(one, two, between):
    assume(one not in two and two not in one and MASK not in one + two)
    mask = redactor(one, two)

    left = mask(f"{one} {between} {two}")

    assert one not in left
    assert two not in left


@given(st.text(max_size=200))
def test_a_text_without_a_secret_is_left_alone(text):
    assume(KEY not in text)

    assert redactor(KEY)(text) == text


def test_a_secret_that_holds_another_is_masked_whole():
    mask = redactor(KEY, KEY + "_longer")

    assert mask(f"{KEY} {KEY}_longer") == f"{MASK} [KEY_1]"


@pytest.mark.parametrize("user", ["", "u", "us", "user"])
def test_security_case_38_a_basic_authorization_is_masked(user):
    text = "Basic " + binascii.b2a_base64(f"{user}:{KEY}".encode(), newline=False).decode()

    left = redactor(KEY)(text)

    tail = left.removeprefix("Basic ").rpartition("]")[2]
    assert MASK in left
    assert len(tail.rstrip("=")) <= 1


def test_json_inside_json_and_repr_inside_repr_are_masked():
    mask = redactor(ODD)

    for text in (
        json.dumps({"body": json.dumps({"k": ODD})}),
        repr(repr(ODD)),
        json.dumps({"body": json.dumps(ODD, ensure_ascii=False)}),
    ):
        assert MASK in mask(text), text


def test_templates_and_browsers_json_is_masked():
    mask = redactor(ODD)
    escaped = json.dumps(ODD)
    upper = escaped.replace("\\u00e9", "\\u00E9").replace("\\u00fc", "\\u00FC")
    safe = escaped.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026").replace("'", "\\u0027")

    assert all(MASK in mask(text) for text in (upper, safe, escaped.replace("/", "\\/")))


def test_each_long_line_of_a_secret_with_lines_is_masked_and_its_public_frame_is_not():
    lines = [
        "-----BEGIN PRIVATE KEY-----",
        "MIIsandbox" + "Ab1" * 10,
        "QQsandbox" + "Cd2" * 10,
        "short==",
        "-----END PRIVATE KEY-----",
    ]
    mask = redactor("\n".join(lines))

    assert mask("\n".join(lines)) == MASK
    assert mask(f"> {lines[1]}\n> {lines[2]}") == f"> {MASK}\n> {MASK}"
    assert mask(lines[0]) == lines[0]
    assert MASK in mask(json.dumps("\n".join(lines)))


LONG = "sk-" + "proj-" + "aB3dE6gH9jK2mN5p" * 3 + "Q8sT1vW4xY7zA0cD" * 3 + "endOfIt5yes"


def test_what_viewers_leave_of_a_long_value_is_masked_but_for_a_few_characters():
    mask = redactor(LONG)
    for shown in (f"{LONG[:47]}...", f"{LONG[:25]}<...>{LONG[-25:]}", f"'{LONG[:70]}…", f"...{LONG[-40:]}'"):
        left = mask(shown)

        assert MASK in left
        assert MASK + MASK not in left
        assert not any(LONG[at : at + 16] in left for at in range(len(LONG) - 15))


def test_blocks_of_addresses_and_of_token_heads_are_ordinary_text():
    address = "https://hooks.chat.example/services/T012345678/B012345678/" + "aB3dE6gH9jK2mN5p"
    token = (
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9." + "eyJzdWIiOiIxMjM0NTY3ODkwIn0." + "dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P"
    )
    mask = redactor(address, token)
    other = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.and-more"

    assert (
        mask("https://hooks.chat.example/services/ is the address")
        == "https://hooks.chat.example/services/ is the address"
    )
    assert mask(other) == other
    assert mask(f"cut: {address[-20:]}") != f"cut: {address[-20:]}"
    assert mask(token) == "[KEY_1]"


def test_a_json_mimetype_that_is_text_stays_json_where_a_value_meets_an_escape():
    mask = redactor("nabcdef12345")
    document = json.dumps({"text": "first\nabcdef12345", "key": "nabcdef12345"})

    left = mask.walk({"application/vnd.own+json": document, "text/plain": "nabcdef12345"})

    assert json.loads(left["application/vnd.own+json"]) == {"text": "first\nabcdef12345", "key": MASK}
    assert left["text/plain"] == MASK
    assert mask.walk({"application/json": "no json: nabcdef12345"}) == {"application/json": f"no json: {MASK}"}


def test_a_character_cut_in_two_where_a_piece_of_bytes_ended_does_not_hide_the_value():
    value = "Zürich-Key-0987-aß"
    mask = redactor(value)
    data = value.encode()

    for place in range(1, len(data)):
        text = data[:place].decode(errors="replace") + data[place:].decode(errors="replace")

        assert mask(text) == MASK, text


@pytest.mark.parametrize("value", ["", "seven77", "password", "LOCALHOST", "aaaaaaaaaaaa", "development"])
def test_short_and_common_values_are_not_registered(value):
    mask = Redactor()

    assert not mask.register(NAME, value)
    assert mask(f"a {value} b") == f"a {value} b"
    assert mask.names() == ()


def test_what_is_forgotten_is_masked_no_more_and_the_rest_still_is():
    mask = redactor(KEY, "other-value-1")
    before = mask.mask(KEY.encode())

    mask.forget(NAME)
    mask.forget("NEVER_KNOWN")

    assert mask(f"{KEY} other-value-1") == f"{KEY} [KEY_1]"
    assert before == b"*" * len(KEY)
    assert mask.mask(KEY.encode()) == KEY.encode()


def test_every_value_a_name_had_is_masked():
    mask = redactor(KEY)
    mask.register(NAME, "second-value-2")
    mask.register(NAME, KEY)

    assert mask(f"{KEY} second-value-2") == f"{MASK} {MASK}"


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=8)
    | st.just(f"a {KEY} b"),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6) | st.just(KEY), inner, max_size=4),
    max_leaves=20,
)


@given(JSON)
def test_security_case_41_a_structure_is_masked_throughout_and_stays_json(obj):
    left = redactor(KEY).walk(obj)

    assert KEY not in json.dumps(left)
    assert json.loads(json.dumps(left)) == left
    assert (left == obj) == (KEY not in json.dumps(obj))


def test_keys_numbers_tuples_and_buffers_in_a_structure_are_masked():
    mask = redactor(KEY)
    mask.register("PIN_SECRET", "90817263")

    left = mask.walk({KEY: 1, "n": [90817263, 90817264, True, 5.5], "t": (KEY,), "b": KEY.encode(), "other": object})

    assert left == {
        MASK: 1,
        "n": ["[PIN_SECRET]", 90817264, True, 5.5],
        "t": (MASK,),
        "b": b"*" * len(KEY),
        "other": object,
    }


def test_two_secrets_as_keys_stay_two_entries():
    mask = redactor(KEY)
    mask.register(NAME, "second-value-2")

    assert mask.walk({KEY: 1, "second-value-2": 2}) == {MASK: 1, f"{MASK} 2": 2}


def test_the_walked_structure_itself_is_not_changed():
    obj = {"a": [KEY]}

    redactor(KEY).walk(obj)

    assert obj == {"a": [KEY]}


def test_what_nests_too_deeply_is_not_let_through():
    deep = KEY
    for _ in range(5000):
        deep = [deep]

    left = redactor(KEY).walk(deep)

    assert KEY not in repr(left)
    assert "too deeply" in repr(left)


@given(VALUES, st.binary(max_size=30), st.binary(max_size=30))
def test_security_case_36_a_buffer_keeps_its_length(value, before, after):
    mask = redactor(value)
    for encoding in ("utf-8", "latin-1", "utf-16-le", "utf-32-le"):
        data = value.encode(encoding)

        for buffer in (before + data + after, bytearray(before + data + after), memoryview(before + data + after)):
            left = mask.mask(buffer)

            assert len(left) == len(before + data + after)
            assert data not in left


def test_a_buffer_without_a_secret_is_left_alone():
    data = bytes(range(256)) * 20

    assert redactor(KEY).mask(data) == data


def test_known_values_are_found_by_place_and_name():
    mask = redactor(KEY, "other-value-1")

    assert mask.find(f"ab{KEY} other-value-1") == [(2, 2 + len(KEY), NAME), (3 + len(KEY), 16 + len(KEY), "KEY_1")]
    assert mask.find("nothing here") == []


@pytest.mark.parametrize("leave", [pickle.dumps, copy.copy, copy.deepcopy])
def test_a_redactor_shows_names_only_and_stays_in_its_kernel(leave):
    mask = redactor(KEY)

    with pytest.raises(TypeError):
        leave(mask)

    assert repr(mask) == f"<Redactor of {NAME}>"
    assert not hasattr(mask, "__dict__")
    assert all(KEY not in repr(getattr(mask, slot)) for slot in ("_by_name", "_forms"))
    assert KEY not in repr(mask.pairs())


def test_an_ordinary_key_has_few_forms_so_that_a_pass_stays_short():
    mask = redactor(*(f"sk_sandbox_{number:02}aZ09bY18cX27" for number in range(20)))

    assert len(mask.pairs()) <= 20 * 9
