"""The vault file over two real kernels: made in one, opened in the other, and nothing of it in what they say."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from kernels import Kernel, start_kernel
from vaults import NAME, PASSPHRASE, value_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SECRET = value_of("kernel")
LOOK = f"""
import flarex_nb as fx
from flarex_nb.client import default
ref = fx.secrets["{NAME}"].ref
print(len(default()._sources.value(default()._sources.find(ref))))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("vault-kernels")


@pytest.fixture(scope="module")
def fresh(folder: Path) -> Iterator[Callable[[], Kernel]]:
    """Start kernels that share a home, each with the extension loaded."""
    clean = {name: value for name, value in os.environ.items() if not name.endswith("_KEY")}
    places = {"HOME": str(folder), "IPYTHONDIR": str(folder / "ipython"), "XDG_CONFIG_HOME": str(folder / "config")}
    running: list[Kernel] = []

    def start() -> Kernel:
        running.append(start_kernel(clean | places, str(folder)))
        assert running[-1].run("%load_ext flarex_nb").status == "ok"
        return running[-1]

    yield start
    for kernel in running:
        kernel.stop()


@pytest.fixture(scope="module")
def first(fresh: Callable[[], Kernel]) -> Kernel:
    """A kernel that keeps a secret in a vault it made, everything typed at its prompts."""
    kernel = fresh()
    kernel.run(f"%flarex_secrets set {NAME} api.crm.example", allow_stdin=True, answer=SECRET)
    ran = kernel.run("%flarex_secrets persist", allow_stdin=True, answer=[PASSPHRASE, PASSPHRASE])
    assert ran.status == "ok", ran.reply
    return kernel


def test_a_second_kernel_opens_what_the_first_kept(first: Kernel, fresh: Callable[[], Kernel], folder: Path) -> None:
    second = fresh()
    locked = second.run("%flarex_secrets list")
    wrong = second.run("%flarex_secrets unlock", allow_stdin=True, answer="not the right words")
    opened = second.run("%flarex_secrets unlock", allow_stdin=True, answer=PASSPHRASE)

    assert "locked" in locked.plain
    assert wrong.error == "VaultLocked"
    assert "is open, with 1 secret." in opened.stdout
    assert second.run(LOOK).stdout.strip() == str(len(SECRET))
    assert (folder / "config" / "flarex_nb" / "vault.json").stat().st_mode & 0o777 == 0o600


def test_where_nobody_can_be_asked_the_error_is_typed_and_a_file_helps(
    first: Kernel, fresh: Callable[[], Kernel], folder: Path
) -> None:
    headless = fresh()
    refused = headless.run("%flarex_secrets unlock")
    (folder / "passphrase").write_text(PASSPHRASE)

    opened = headless.run("%flarex_secrets unlock --passphrase-file passphrase")

    assert refused.error == "VaultLocked"
    assert "--passphrase-file" in refused.plain
    assert "is open" in opened.stdout
    assert headless.run(LOOK).stdout.strip() == str(len(SECRET))


def test_security_case_46_a_handle_is_not_stored_by_store(first: Kernel) -> None:
    ran = first.run(f"import flarex_nb as fx\nhandle = fx.secrets['{NAME}']\n%store handle")

    assert ran.error == "TypeError" or "cannot be pickled" in ran.stdout + ran.stderr + ran.plain
    again = first.run("handle = None\n%store -r handle\nprint(handle)")
    assert SECRET not in str(again.messages)
    assert "<Secret" not in again.stdout


def test_security_case_52_an_environment_shown_by_a_child_holds_no_secret(first: Kernel) -> None:
    ran = first.run("!env")

    assert "PATH=" in ran.stdout
    assert NAME not in ran.stdout
    assert SECRET not in ran.stdout


def test_what_the_kernels_said_holds_neither_value_nor_passphrase(first: Kernel) -> None:
    said = str(first.everything)

    assert NAME in said
    assert SECRET not in said
    assert PASSPHRASE not in said
