"""Reading a vault file: every number bounded before it is used, nothing accepted that was not written so."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flarex_nb.errors import SecretError
from flarex_nb.vault import envelope
from flarex_nb.vault.layout import LARGEST, Document, parse
from flarex_nb.vault.layout_parts import Gone, Kdf, Record, Unreadable, Wrap
from vaults import NAME, cheap_vault, open_vault, value_of

FULL = Document(
    "0123456789abcdef" * 2,
    Kdf(b"s" * 16),
    (Wrap("passphrase", b"w" * 60), Wrap("keyring", b"k" * 60)),
    7,
    (
        Record(NAME, "live", 1, ("a.example",), ("header", "body"), 5, 0, 900, 6, b"o" * (28 + 256)),
        Record(NAME, "live", 2, ("a.example", "*.b.example:8443"), (), 5, 9, 0, 0, b"n" * (28 + 512)),
    ),
    (Gone("GONE_API_KEY", "sandbox", 3),),
    b"m" * 32,
)


def changed(*path, to):
    """Return the file's bytes with the value at `path` replaced, in the form the package writes."""
    document = json.loads(FULL.to_bytes())
    *way, last = path
    place = document
    for step in way:
        place = place[step]
    place[last] = to
    return json.dumps(document, indent=1).encode() + b"\n"


def test_what_is_written_reads_back():
    assert parse(FULL.to_bytes()) == FULL
    assert parse(changed("counter", to=8)) == replace(FULL, counter=8)


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("m", 8), ("m", 19455), ("m", 1048577), ("m", 100 * 1024 * 1024), ("m", -65536), ("m", 2**70), ("m", True),
        ("m", "65536"), ("m", None), ("t", 0), ("t", 11), ("t", 10**9), ("p", 0), ("p", 17), ("p", 2**31), ("name", "scrypt"),
        ("name", "argon2i"), ("salt", ""), ("salt", "c2FsdA=="), ("salt", "x" * 10**6), ("salt", 5),
    ],
)  # fmt: skip
def test_a_key_derivation_out_of_bounds_is_refused_before_anything_is_derived(monkeypatch, tmp_path, part, value):
    monkeypatch.setattr(envelope, "Argon2id", None)  # whoever derives fails loudly
    path = tmp_path / "vault.json"
    path.write_bytes(changed("kdf", part, to=value))
    path.chmod(0o600)

    with pytest.raises(SecretError, match="Nothing of it was loaded"):
        open_vault(path)


@pytest.mark.parametrize(("m", "t"), [(19456, 1), (1048576, 5), (524288, 9)])
def test_memory_and_passes_are_bounded_together(m, t):
    document = json.loads(FULL.to_bytes())
    document["kdf"].update(m=m, t=t)

    with pytest.raises(Unreadable, match="cost"):
        parse(json.dumps(document, indent=1).encode() + b"\n")


@pytest.mark.parametrize(("m", "t"), [(19456, 2), (47104, 1), (65536, 3), (1048576, 4)])
def test_the_costs_that_people_recommend_are_within_the_bounds(m, t):
    document = replace(FULL, kdf=Kdf(b"s" * 16, m, t))

    assert parse(document.to_bytes()) == document


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("format",), "zip"), (("v",), 2), (("v",), True), (("v",), "1"), (("v",), None),
        (("file_id",), "0" * 31), (("file_id",), "G" * 32), (("file_id",), 5), (("counter",), -1), (("counter",), 2**53 + 1),
        (("counter",), 1.0), (("counter",), True), (("keys",), {}), (("keys",), [1, 2, 3]), (("mac",), ""), (("mac",), "AAAA"),
        (("mac",), None), (("records",), None), (("records",), [{}]), (("records",), [[]]), (("gone",), ["x"]),
        (("keys", 0, "kek_id"), "mine"), (("keys", 0, "kek_id"), []), (("keys", 0, "wrapped_dek"), "AAAA"),
        (("keys", 1, "kek_id"), "passphrase"), (("records", 0, "name"), "lower"), (("records", 0, "name"), ["A"]),
        (("records", 0, "env"), "prod"), (("records", 0, "version"), 0), (("records", 0, "version"), 2),
        (("records", 0, "version"), 2**40), (("records", 0, "hosts"), "a.example"), (("records", 0, "hosts"), ["https://a/"]),
        (("records", 0, "hosts"), ["A.example"]), (("records", 0, "hosts"), ["a.example"] * 2),
        (("records", 0, "hosts"), ["*"]), (("records", 0, "hosts"), [f"h{at}.example" for at in range(65)]),
        (("records", 0, "places"), ["cookie"]), (("records", 0, "places"), ["body", "header"]),
        (("records", 0, "created"), -5), (("records", 0, "expires"), 2**41), (("records", 0, "until"), 1e3),
        (("records", 0, "sealed"), ""), (("records", 0, "sealed"), "AAAA"), (("records", 0, "sealed"), "A" * 400),
        (("records", 0, "sealed"), "A" * 400_000), (("records", 0, "sealed"), "*" * 380), (("gone", 0, "version"), 0),
        (("gone", 0, "name"), ""),
    ],
    ids=lambda each: str(each)[:40],
)  # fmt: skip
def test_a_field_that_is_not_what_it_should_be_is_refused(place, value):
    with pytest.raises(Unreadable):
        parse(changed(*place, to=value))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b"7",
        b"\xff\xfe",
        b"PK\x03\x04",
        FULL.to_bytes()[:-1],
        FULL.to_bytes() + b"\n",
        FULL.to_bytes() + b" ",
        FULL.to_bytes().replace(b"\n", b"\r\n"),
        json.dumps(json.loads(FULL.to_bytes())).encode(),
        b"\xef\xbb\xbf" + FULL.to_bytes(),
        FULL.to_bytes().replace(b'"counter": 7', b'"counter": 7.0'),
        FULL.to_bytes().replace(b'"counter": 7', b'"counter": 07'),
        FULL.to_bytes().replace(b'"counter": 7', b'"counter": NaN'),
        FULL.to_bytes().replace(b'"counter": 7', b'"counter": 7,\n "counter": 7'),
        FULL.to_bytes().replace(b'"counter": 7', b'"counter": ' + b"9" * 5000),
        FULL.to_bytes().replace(b'"counter": 7', b'"more": 1,\n "counter": 7'),
        FULL.to_bytes().replace(b'"CRM_API_KEY"', b'"\\u0043RM_API_KEY"'),
        b"[" * 100_000,
        b'{"format":' * 50_000,
    ],
    ids=lambda data: str(data)[:30],
)
def test_a_text_that_is_not_exactly_a_vault_is_refused(data):
    with pytest.raises(Unreadable) as caught:
        parse(data)

    assert "s" * 16 not in str(caught.value)


def test_a_key_that_stands_twice_is_refused_for_that():
    twice = FULL.to_bytes().replace(b'"v": 1', b'"v": 1,\n "v": 1')

    with pytest.raises(Unreadable, match="not the text of a vault"):
        parse(twice)


def test_a_file_larger_than_a_vault_may_be_is_not_read(tmp_path):
    path = tmp_path / "vault.json"
    path.touch(mode=0o600)
    with path.open("r+b") as file:
        file.truncate(50 * 1024**3)  # a sparse file of 50 GiB

    with pytest.raises(SecretError, match=f"larger than {LARGEST:,} bytes"):
        open_vault(path)


def test_an_unknown_version_says_that_it_is_one():
    with pytest.raises(Unreadable, match="another version"):
        parse(changed("v", to=2))


@given(st.binary(max_size=300))
def test_any_bytes_are_refused_as_unreadable(data):
    with pytest.raises(Unreadable):
        parse(data)


@given(st.data())
def test_any_change_of_some_bytes_is_refused_or_is_another_document(data):
    whole = FULL.to_bytes()
    start = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(start, min(len(whole), start + 8)))
    text = whole[:start] + data.draw(st.binary(max_size=8)) + whole[end:]

    try:
        read = parse(text)
    except Unreadable:
        return

    assert read.to_bytes() == text


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(list(json.loads(FULL.to_bytes()))), JSON), st.booleans())
def test_any_json_in_the_place_of_a_part_is_refused(parts, some):
    document = {**json.loads(FULL.to_bytes()), **parts} if some else parts

    try:
        read = parse(json.dumps(document, indent=1).encode() + b"\n")
    except Unreadable:
        return

    assert json.loads(read.to_bytes()) == document


def test_a_vault_that_a_newer_writer_left_is_not_written_over(tmp_path):
    path = tmp_path / "vault.json"
    vault = cheap_vault(path)
    path.write_bytes(path.read_bytes().replace(b'"v": 1', b'"v": 2'))
    before = path.read_bytes()

    with pytest.raises(SecretError, match="another version"):
        vault.set(NAME, value_of("one"))

    assert path.read_bytes() == before
