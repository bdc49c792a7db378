"""Files for their owner alone: what is not used, what is not touched, and how processes take turns."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

import pytest

from flarex_nb.errors import SecretError
from flarex_nb.vault import disk
from flarex_nb.vault.disk import backup_of, locked, read, replace
from vaults import NAME, cheap_vault, open_vault, value_of

POSIX = pytest.mark.skipif(os.name != "posix", reason="modes and owners as POSIX has them")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "vault.json"


def put(path, data, **how):
    replace(path, data, verify=lambda _data: None, **{"before": read(path, 10**6), **how})


def test_a_file_that_is_not_there_is_none(path):
    assert read(path, 100) is None


def test_a_file_is_replaced_whole_with_one_backup(path):
    for data in (b"one", b"two", b"three"):
        put(path, data)

    assert (path.read_bytes(), backup_of(path).read_bytes()) == (b"three", b"two")
    assert sorted(each.name for each in path.parent.iterdir()) == ["vault.json", "vault.json.bak"]


def test_a_purged_file_leaves_nothing_of_the_old_one(path):
    put(path, b"one")

    put(path, b"two", purge=True)

    assert path.read_bytes() == backup_of(path).read_bytes() == b"two"


@POSIX
@pytest.mark.parametrize("mode", [0o644, 0o660, 0o604, 0o601, 0o700 | 0o010, 0o666])
def test_a_file_that_others_can_get_at_is_not_used_and_the_way_out_is_named(path, mode):
    cheap_vault(path)
    path.chmod(mode)

    with pytest.raises(SecretError) as caught:
        open_vault(path)

    assert caught.value.hint == f"chmod 600 {path}"
    assert path.stat().st_mode & 0o777 == mode


@POSIX
def test_a_symbolic_link_is_not_followed_for_reading_or_writing(path, tmp_path):
    real = tmp_path / "elsewhere.json"
    vault = cheap_vault(real)
    path.symlink_to(real)
    before = real.read_bytes()

    with pytest.raises(SecretError, match="symbolic link"):
        open_vault(path)
    vault.opened.path = path
    with pytest.raises(SecretError, match="symbolic link"):
        vault.set(NAME, value_of("one"))

    assert real.read_bytes() == before
    assert path.is_symlink()


@POSIX
def test_a_link_that_leads_nowhere_is_a_link_and_not_a_missing_file(path, tmp_path):
    path.symlink_to(tmp_path / "nowhere")

    with pytest.raises(SecretError, match="symbolic link"):
        read(path, 100)

    assert not (tmp_path / "nowhere").exists()


@POSIX
def test_a_linked_lock_file_is_refused(path, tmp_path):
    vault = cheap_vault(path)
    (tmp_path / "vault.json.lock").symlink_to(tmp_path / "target")

    with pytest.raises(SecretError, match="no lock"):
        vault.set(NAME, value_of("one"))

    assert not (tmp_path / "target").exists()


@POSIX
@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_of_another_account_is_not_used(path):
    cheap_vault(path)
    os.chown(path, 12345, 12345)

    with pytest.raises(SecretError, match="another account"):
        open_vault(path)


@POSIX
@pytest.mark.parametrize("make", ["fifo", "folder", "socket", "device"])
def test_what_is_no_plain_file_is_refused_at_once(path, make, monkeypatch):
    if make == "fifo":
        os.mkfifo(path, 0o600)
    elif make == "folder":
        path.mkdir(mode=0o700)
    elif make == "socket":
        monkeypatch.chdir(path.parent)
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(path.name)
    else:
        path = path.__class__("/dev/zero")

    with pytest.raises(SecretError, match="is not used"):
        read(path, 100)


@POSIX
def test_a_file_that_grows_while_it_is_read_is_still_bounded(path, monkeypatch):
    put(path, b"x" * 50)
    monkeypatch.setattr(os, "read", lambda _file, size: b"y" * size)

    with pytest.raises(SecretError, match="larger"):
        read(path, 100)


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")

    with pytest.raises(SecretError, match="cannot be made"):
        disk.prepare_folder(tmp_path / "file" / "sub" / "vault.json")


@POSIX
def test_a_new_folder_is_for_its_owner_alone(tmp_path):
    before = os.umask(0)
    try:
        disk.prepare_folder(tmp_path / "sub" / "vault.json")
    finally:
        os.umask(before)

    assert (tmp_path / "sub").stat().st_mode & 0o777 == 0o700


def test_one_at_a_time_and_the_other_waits_its_turn(path):
    waits = []

    with (
        locked(path),
        pytest.raises(SecretError, match="another process"),
        locked(path, patience=0.1, pause=waits.append),
    ):
        pytest.fail("two at a time")

    assert len(waits) == 5
    with locked(path, patience=0):
        pass


def test_a_process_that_dies_lets_go_of_the_lock(path):
    holder = (
        "import sys, time\nfrom pathlib import Path\nfrom flarex_nb.vault.disk import locked\n"
        f"with locked(Path({str(path)!r})):\n    print('held', flush=True)\n    time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", holder], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout.readline() == "held\n"
        with pytest.raises(SecretError, match="another process"), locked(path, patience=0):
            pass
        child.kill()
        child.wait()

    with locked(path, patience=0):
        pass


def test_a_lock_in_a_folder_that_cannot_be_written_is_refused(path, monkeypatch):
    vault = cheap_vault(path)

    def refuse(*_arguments, **_more):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(SecretError, match="no lock"):
        vault.set(NAME, value_of("one"))


def test_what_a_killed_writer_left_is_swept_with_the_next_write_and_nothing_else(path):
    put(path, b"one")
    left, other = path.parent / ".vault.json.0123.tmp", path.parent / ".other.json.0123.tmp"
    left.write_bytes(b"half")
    other.write_bytes(b"of somebody else")

    put(path, b"two")

    assert not left.exists()
    assert other.exists()
