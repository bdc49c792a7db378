"""The vault file by the numbered cases of its specification, and what stands around them."""

from __future__ import annotations

import base64
import copy
import gc
import json
import os
import pickle
import stat
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from flarex_nb.clock import VirtualClock
from flarex_nb.errors import SecretError, SecretExpired, SecretMissing, UsageError, VaultLocked
from flarex_nb.model import SecretRef
from flarex_nb.vault import disk, envelope, opening
from flarex_nb.vault.kept import PREVIOUS
from flarex_nb.vault.layout import parse
from flarex_nb.vault.opening import Around, create, rekey
from flarex_nb.vault.redact import Redactor
from vaults import CHEAP, NAME, OTHER, PASSPHRASE, cheap_vault, open_vault, opens, value_of

REF = SecretRef(NAME)


@pytest.fixture(autouse=True)
def quick_derivation(monkeypatch):
    """New vaults cost what reading asks at least; one test asks for the usual cost."""
    monkeypatch.setattr(envelope, "Kdf", CHEAP)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "vault.json"


@pytest.fixture
def vault(path):
    """A vault with one secret, bound to one host."""
    vault = cheap_vault(path)
    vault.set(NAME, value_of("one"), hosts=["api.crm.example"])
    return vault


def rewritten(path, change):
    """Write the file's JSON again after `change` had its way with it, in the form the package writes."""
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document, indent=1) + "\n")


def refused(path, kind=SecretError):
    """Return what opening the file says; it must not have been touched."""
    before, files = path.read_bytes(), sorted(path.parent.iterdir())
    with pytest.raises(kind) as caught:
        open_vault(path)
    assert path.read_bytes() == before
    assert sorted(path.parent.iterdir()) == files
    return caught.value


def test_what_is_kept_is_there_in_another_kernel(vault, path):
    other = open_vault(path)

    [info] = other.list()

    assert other.value(REF) == value_of("one")
    assert (info.name, info.source, info.state, info.hosts, info.version) == (
        NAME, "vault", "set", ("api.crm.example",), 1,
    )  # fmt: skip
    assert info.created_wall == 1_700_000_000


def test_no_byte_of_a_value_or_its_length_is_in_the_file(vault, path):
    sizes = set()
    for length in (1, 30, 200):
        vault.set(NAME, "ab" * length)
        sizes.add(len(base64.b64decode(json.loads(path.read_text())["records"][0]["sealed"])))
    text = path.read_bytes() + disk.backup_of(path).read_bytes()

    assert len(sizes) == 2
    for encoded in (
        value_of("one").encode(),
        base64.b64encode(value_of("one").encode()),
        value_of("one").encode().hex(),
    ):
        assert (encoded if isinstance(encoded, bytes) else encoded.encode()) not in text


def test_the_same_value_twice_is_sealed_differently(vault, path):
    vault.set("OTHER_API_KEY", value_of("one"), hosts=["api.crm.example"])

    records = json.loads(path.read_text())["records"]

    assert len({each["sealed"] for each in records}) == 2
    assert len({each["sealed"][:16] for each in records}) == 2


@pytest.mark.parametrize("umask", [0, 0o022, 0o777])
def test_security_case_54_a_new_vault_its_backup_and_its_lock_are_for_the_owner_alone(path, umask):
    before = os.umask(umask)
    try:
        vault = create(path, PASSPHRASE, Around(VirtualClock()))
        vault.set(NAME, value_of("one"))
    finally:
        os.umask(before)

    modes = {each.name: stat.S_IMODE(each.stat().st_mode) for each in path.parent.iterdir()}

    assert modes == {"vault.json": 0o600, "vault.json.bak": 0o600, "vault.json.lock": 0o600}


def test_security_case_54_the_file_is_private_from_its_first_byte(path, monkeypatch):
    seen = []
    real = os.open

    def watched(name, flags, mode=0o777, **more):
        file = real(name, flags, mode, **more)
        if flags & os.O_CREAT:
            seen.append((stat.S_IMODE(os.fstat(file).st_mode), os.fstat(file).st_size, bool(flags & os.O_EXCL)))
        return file

    before = os.umask(0)
    try:
        monkeypatch.setattr(os, "open", watched)
        cheap_vault(path).set(NAME, value_of("one"))
    finally:
        os.umask(before)

    assert {mode for mode, _, _ in seen} == {0o600}
    assert {size for _, size, _ in seen} == {0}
    assert sum(exclusive for _, _, exclusive in seen) == 3  # the vault twice and its backup; the lock is shared


def test_security_case_55_one_flipped_bit_is_an_error_that_says_so(vault, path):
    whole = path.read_bytes()
    places = range(0, len(whole), 97)

    for at in places:
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x04]) + whole[at + 1 :])
        error = refused(path)
        assert str(path) in error.message
        assert error.hint
        assert value_of("one") not in error.explain()


def test_security_case_56_two_records_swapped_are_refused(vault, path):
    vault.set("OTHER_API_KEY", value_of("two"), hosts=["api.crm.example"])

    def swap(document):
        one, two = document["records"]
        one["sealed"], two["sealed"] = two["sealed"], one["sealed"]

    rewritten(path, swap)

    assert "changed since it was written" in refused(path).message


def test_security_case_56_a_swap_under_a_right_mac_opens_neither_record(vault, path):
    vault.set("OTHER_API_KEY", value_of("two"), hosts=["api.crm.example"])
    opened = vault.opened
    one, two = opened.now.records
    swapped = (replace(one, sealed=two.sealed), replace(two, sealed=one.sealed))
    opened._held = opened.held._replace(document=replace(opened.now, records=swapped))

    for name in (NAME, "OTHER_API_KEY"):
        with pytest.raises(SecretError, match="not the one that was sealed for it"):
            vault.value(SecretRef(name))


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"hosts": ("evil.example",)},
        {"hosts": ("api.crm.example", "evil.example")},
        {"places": ("body",)},
        {"env": "sandbox"},
        {"name": "EVIL_API_KEY"},
        {"expires": 2**33},
        {"created": 5},
        {"until": 2**33},
    ],
    ids=str,
)
def test_a_value_is_bound_to_everything_its_record_says(vault, change):
    opened = vault.opened
    [record] = opened.now.records

    changed = replace(record, **change)

    assert opened.held.keys.opened(record, opened.now) == value_of("one")
    assert opened.held.keys.opened(changed, opened.now) is None
    assert opened.held.keys.opened(record, replace(opened.now, file_id="0" * 32)) is None
    assert opened.held.keys.opened(record, replace(opened.now, kdf=replace(opened.now.kdf, m=64 * 1024))) is None


@pytest.mark.parametrize(
    "change",
    [
        lambda document: document["records"].pop(),
        lambda document: document["records"][0].update(used=5),
        lambda document: document["records"][0].update(hosts=["evil.example"]),
        lambda document: document.update(counter=9),
        lambda document: document["gone"].append({"name": "GONE_API_KEY", "env": "live", "version": 1}),
        lambda document: document.update(file_id="0" * 32),
        lambda document: document["kdf"].update(t=3),
        lambda document: document["keys"].clear(),
    ],
)
def test_nothing_can_be_taken_out_put_in_or_changed(vault, path, change):
    rewritten(path, change)

    refused(path)


def test_security_case_57_a_wrong_passphrase_is_told_and_loads_nothing(vault, path):
    before = path.read_bytes()

    with pytest.raises(VaultLocked) as caught:
        open_vault(path, OTHER)

    assert path.read_bytes() == before
    assert "unlock" in caught.value.hint
    assert OTHER not in caught.value.explain()
    frames = [
        frame for frame, _ in traceback.walk_tb(caught.value.__traceback__) if "/flarex_nb/" in frame.f_code.co_filename
    ]
    assert frames
    assert not any(OTHER in repr(local) for frame in frames for local in frame.f_locals.values())


def test_security_case_57_making_a_vault_where_one_is_needs_its_passphrase(vault, path):
    before = path.read_bytes()

    with pytest.raises(VaultLocked):
        create(path, OTHER, Around(VirtualClock()))

    assert path.read_bytes() == before
    assert create(path, PASSPHRASE, Around(VirtualClock())).value(REF) == value_of("one")


class KilledHere(BaseException):
    """Stands for the process ending."""


@pytest.mark.parametrize("step", ["write", "fsync", "replace 1", "replace 2"])
def test_security_case_58_a_process_that_ends_while_writing_leaves_the_old_vault(vault, path, monkeypatch, step):
    before = path.read_bytes()
    count = [0]

    def die(*_arguments):
        count[0] += 1
        if not step.endswith("2") or count[0] == 2:
            raise KilledHere

    with monkeypatch.context() as patched:
        if step.startswith("replace"):
            real = type(path).replace
            patched.setattr(type(path), "replace", lambda self, to: die() or real(self, to))
        else:
            patched.setattr(os, step, die)
        with pytest.raises(KilledHere):
            vault.set(NAME, value_of("two"))

    assert path.read_bytes() == before
    assert open_vault(path).value(REF) == value_of("one")
    vault.set(NAME, value_of("three"))
    assert open_vault(path).value(REF) == value_of("three")
    assert not list(path.parent.glob(".*.tmp"))


def test_security_case_58_a_full_disk_changes_nothing(vault, path, monkeypatch):
    before = path.read_bytes()

    def full(*_arguments):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", full)
        with pytest.raises(SecretError, match="No space left") as caught:
            vault.set(NAME, value_of("two"))

    assert "Nothing was lost" in caught.value.hint
    assert path.read_bytes() == before
    assert vault.value(REF) == value_of("one")
    assert sorted(each.name for each in path.parent.iterdir() if each.name.endswith(".tmp")) == []


@pytest.mark.parametrize("failing", ["write", "verify"])
def test_no_frame_of_a_failed_write_holds_the_value_or_the_passphrase(vault, monkeypatch, failing):
    box, word = [value_of("two")], [OTHER]

    def full(*_arguments):
        raise OSError(28, "No space left on device")

    if failing == "write":
        monkeypatch.setattr(os, "write", full)
    else:
        monkeypatch.setattr(disk, "_held", lambda fresh: fresh.read_bytes()[:-5])
    with pytest.raises(SecretError) as first:
        vault.set(NAME, box.pop())
    with pytest.raises(SecretError) as second:
        rekey(vault, word.pop(), Around(VirtualClock()))

    for caught, text in ((first, value_of("two")), (second, OTHER)):
        error, frames = caught.value, []
        while error is not None:
            frames += [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
            error = error.__cause__ or error.__context__
        ours = [frame for frame in frames if "/flarex_nb/" in frame.f_code.co_filename]
        assert len(ours) >= 3
        for frame in ours:
            assert not any(text in repr(local) for local in list(frame.f_locals.values())), frame


def test_security_case_58_what_was_written_wrong_never_takes_the_old_ones_place(vault, path, monkeypatch):
    before = path.read_bytes()
    monkeypatch.setattr(disk, "_held", lambda fresh: fresh.read_bytes()[:-5])

    with pytest.raises(SecretError, match="was not changed"):
        vault.set(NAME, value_of("two"))

    assert path.read_bytes() == before


def test_security_case_59_two_kernels_add_different_names_and_both_are_there(vault, path):
    one, two = open_vault(path), open_vault(path)

    one.set("ONE_API_KEY", value_of("1"))
    two.set("TWO_API_KEY", value_of("2"))
    one.set("THREE_API_KEY", value_of("3"))

    for kernel in (one, two, vault, open_vault(path)):
        assert [info.name for info in kernel.list()] == [NAME, "ONE_API_KEY", "THREE_API_KEY", "TWO_API_KEY"]
        assert kernel.value(SecretRef("TWO_API_KEY")) == value_of("2")


def test_security_case_59_of_two_values_for_one_name_the_later_is_the_next_version(vault, path):
    one, two = open_vault(path), open_vault(path)

    one.set(NAME, value_of("first"))
    two.set(NAME, value_of("second"))

    assert one.info(NAME, "live").version == 3
    assert one.value(REF) == value_of("second")


def test_security_case_60_after_a_change_the_old_passphrase_opens_neither_vault_nor_backup(vault, path):
    vault.set("OTHER_API_KEY", value_of("two"))
    vault.rotate(NAME, value_of("three"), keep=600)

    rekey(vault, OTHER, Around(VirtualClock()))

    for file in (path, disk.backup_of(path)):
        assert not opens(file)
        again = open_vault(file, OTHER)
        assert again.value(REF) == value_of("three")
        assert again.value(SecretRef(NAME, version=PREVIOUS)) == value_of("one")
        assert again.value(SecretRef("OTHER_API_KEY")) == value_of("two")
        assert again.info(NAME, "live").hosts == ("api.crm.example",)
    assert vault.value(REF) == value_of("three")


def test_security_case_60_a_change_that_fails_leaves_the_old_passphrase(vault, path, monkeypatch):
    before = path.read_bytes()
    monkeypatch.setattr(opening, "_reopens", lambda _passphrase: lambda _data: (_ for _ in ()).throw(OSError))

    with pytest.raises(SecretError, match="was not changed"):
        rekey(vault, OTHER, Around(VirtualClock()))

    assert path.read_bytes() == before
    assert vault.value(REF) == value_of("one")
    vault.set(NAME, value_of("two"))
    assert open_vault(path).value(REF) == value_of("two")


def test_security_case_60_a_new_passphrase_is_tried_on_what_was_written(vault, path, monkeypatch):
    before = path.read_bytes()
    real = opening.new_document
    monkeypatch.setattr(opening, "new_document", lambda passphrase, **more: real(passphrase + "!", **more))

    with pytest.raises(SecretError, match="was not changed"):
        rekey(vault, OTHER, Around(VirtualClock()))

    assert path.read_bytes() == before


def test_security_case_60_another_kernel_learns_that_the_passphrase_is_another(vault, path):
    other = open_vault(path)

    rekey(vault, OTHER, Around(VirtualClock()))

    for act in (lambda: other.value(REF), lambda: other.set(NAME, value_of("two")), other.list):
        with pytest.raises(VaultLocked, match="another passphrase"):
            act()
    assert open_vault(path, OTHER).value(REF) == value_of("one")


def test_a_rekeyed_vault_has_other_ciphertexts_and_another_salt(vault, path):
    before = json.loads(path.read_text())

    rekey(vault, OTHER, Around(VirtualClock()))

    after = json.loads(path.read_text())
    assert after["file_id"] == before["file_id"]
    assert after["counter"] > before["counter"]
    assert after["kdf"]["salt"] != before["kdf"]["salt"]
    assert after["records"][0]["sealed"] != before["records"][0]["sealed"]


@pytest.mark.parametrize("passphrase", ["", "short", " " * 20, "x" * 2000, None, b"bytes of it"])
def test_a_passphrase_that_protects_nothing_is_refused(path, passphrase):
    with pytest.raises(UsageError, match="8 to 1,024"):
        create(path, passphrase, Around(VirtualClock()))

    assert list(path.parent.iterdir()) == []


def test_a_passphrase_typed_composed_or_decomposed_is_the_same(path):
    create(path, "caf\u00e9 au lait", Around(VirtualClock()))

    open_vault(path, "cafe\u0301 au lait")


def test_the_written_cost_is_the_second_choice_of_rfc_9106(path, monkeypatch):
    monkeypatch.undo()
    create(path, PASSPHRASE, Around(VirtualClock()))

    kdf = json.loads(path.read_text())["kdf"]

    assert (kdf["name"], kdf["m"], kdf["t"], kdf["p"]) == ("argon2id", 65536, 3, 4)


def test_an_older_file_in_the_place_of_a_newer_one_is_seen_while_it_is_open(vault, path):
    older = path.read_bytes()
    vault.set(NAME, value_of("two"))
    path.write_bytes(older)

    for act in (lambda: vault.value(REF), lambda: vault.set(NAME, value_of("three"))):
        with pytest.raises(SecretError, match="older than the one"):
            act()
    assert path.read_bytes() == older


def test_a_vault_that_is_gone_is_said_to_be_gone_and_not_made_again(vault, path):
    path.unlink()

    for act in (lambda: vault.value(REF), lambda: vault.set(NAME, value_of("two"))):
        with pytest.raises(SecretError, match="is gone"):
            act()
    assert not path.exists()


def test_a_damaged_vault_is_never_written_over(vault, path):
    path.write_bytes(b"{}")

    with pytest.raises(SecretError, match="cannot be read"):
        vault.set(NAME, value_of("two"))

    assert path.read_bytes() == b"{}"
    backup = disk.backup_of(path)
    assert str(backup) in refused(path).hint
    path.unlink()
    path.write_bytes(backup.read_bytes())
    path.chmod(0o600)
    assert open_vault(path).list() == ()  # what was there before the last change


def test_a_deleted_value_is_gone_from_the_backup_too_and_its_versions_go_on(vault, path):
    vault.delete(NAME)

    assert not vault.has(NAME)
    for file in (path, disk.backup_of(path)):
        assert parse(file.read_bytes()).records == ()
    with pytest.raises(SecretMissing):
        vault.value(REF)
    with pytest.raises(SecretMissing):
        vault.delete(NAME)
    vault.set(NAME, value_of("two"))
    assert vault.info(NAME, "live").version == 2


def test_the_value_before_a_rotation_counts_as_long_as_said(path):
    clock = VirtualClock()
    vault = cheap_vault(path, clock)
    vault.set(NAME, value_of("one"), hosts=["a.example"])
    vault.rotate(NAME, value_of("two"), keep=600)
    before = SecretRef(NAME, version=PREVIOUS)

    assert (vault.value(REF), vault.value(before)) == (value_of("two"), value_of("one"))
    assert open_vault(path, clock=clock).value(SecretRef(NAME, version=1)) == value_of("one")
    vault.scope(NAME, ["b.example"])
    assert vault.value(before) == value_of("one")
    clock.advance(601)
    assert not vault.has_previous(NAME, "live")
    with pytest.raises(SecretExpired, match="replaced by version 2"):
        vault.value(before)
    vault.set("OTHER_API_KEY", value_of("three"))
    assert len(parse(path.read_bytes()).records) == 2


def test_a_value_whose_time_is_over_is_not_given(path):
    clock = VirtualClock()
    vault = cheap_vault(path, clock)
    vault.set(NAME, value_of("one"), expires=clock.wall() + 60)
    assert vault.value(REF) == value_of("one")

    clock.advance(60)

    assert vault.info(NAME, "live").state == "expired"
    with pytest.raises(SecretExpired, match=f"{NAME} expired on 2023-11-14 22:14:20Z") as caught:
        open_vault(path, clock=clock).value(REF)
    assert "rotate" in caught.value.hint


def test_values_are_masked_when_they_are_kept_and_when_they_are_revealed(path):
    vault = cheap_vault(path)
    vault.set(NAME, value_of("one"))
    redactor = Redactor()
    other = open_vault(path, masks=redactor)

    assert value_of("one") in redactor(f"x {value_of('one')}")  # nobody here knows it yet
    other.value(REF)

    assert value_of("one") not in redactor(f"x {value_of('one')}")


def test_a_use_is_noted_with_the_next_change(vault, path):
    assert parse(path.read_bytes()).records[0].used == 0

    vault.value(REF)
    vault.set("OTHER_API_KEY", value_of("two"))

    assert [each.used for each in parse(path.read_bytes()).records] == [1_700_000_000, 0]


@pytest.mark.parametrize("leave", [pickle.dumps, copy.deepcopy, copy.copy])
def test_an_open_vault_stays_in_its_kernel(vault, leave):
    for held in (vault, vault.opened, vault.opened.held.keys):
        with pytest.raises(TypeError):
            leave(held)


def test_nothing_reachable_from_an_open_vault_holds_a_value_or_a_passphrase(vault):
    vault.value(REF)
    seen, todo, texts = set(), [vault], []
    while todo:
        here = todo.pop()
        if id(here) in seen or isinstance(here, type | type(sys)) or hasattr(here, "__code__"):
            continue
        seen.add(id(here))
        if isinstance(here, str | bytes):
            texts.append(here.encode() if isinstance(here, str) else here)
        todo += gc.get_referents(here)

    assert NAME.encode() in texts
    assert not any(value_of("one").encode() in text or PASSPHRASE.encode() in text for text in texts)


@pytest.mark.parametrize("bad", ["a\x07b", "", "\u201d"])
def test_a_value_that_cannot_be_kept_changes_no_file(vault, path, bad):
    before = path.read_bytes()

    with pytest.raises(UsageError):
        vault.set(NAME, bad + (value_of("two") if bad else ""))

    assert path.read_bytes() == before


def test_threads_of_one_kernel_lose_nothing_either(vault, path):
    def write(letter):
        for count in range(8):
            vault.set(f"{letter}_{count}_KEY", value_of(letter))
            assert vault.value(REF) == value_of("one")

    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(write, letter) for letter in "ABC"]:
            done.result()

    assert len(open_vault(path).list()) == 1 + 3 * 8


def test_a_vault_that_is_full_says_so_and_stays_as_it_is(vault, path, monkeypatch):
    from flarex_nb.vault import edits

    before = path.read_bytes()
    monkeypatch.setattr(edits, "LARGEST", len(before) + 10)

    with pytest.raises(SecretError, match="hold more than"):
        vault.set("OTHER_API_KEY", value_of("two"))

    assert path.read_bytes() == before
    assert vault.value(REF) == value_of("one")
