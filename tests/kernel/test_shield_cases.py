"""Cases 1 to 43: a registered value on every route out of one real kernel, without the shield and with it.

Without it the value must be seen, or the probe is worthless. What is seen is judged by a checker of its own
(`leak_forms`), which shares nothing with the package.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from kernels import start_kernel
from leak_forms import seen
from leak_probes import PLAIN, PROBES, SECRETS, SETUP, TRANSFORMED, UNDONE, Probe, what_is_seen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kernels import Kernel

ROOT = Path(__file__).parents[2]
LOAD = "%load_ext flarex_nb\nimport flarex_nb as fx\n"
TYPED = "sk_" + "sandbox_typed4ndKnownZ7q"
"""A value that only stands in the source of a cell."""


@dataclass
class Shown:
    """What came of each probe: (guarded, name of the secret, name of the probe) -> messages."""

    kernel: Kernel
    folder: Path
    came: dict[tuple[bool, str, str], list[dict[str, Any]]] = field(default_factory=dict)
    bare_log: bytes = b""
    guarded_log: bytes = b""

    def run(self, names: tuple[str, ...], *, guarded: bool) -> None:
        for name in names:
            (self.folder / "secret.txt").write_text(SECRETS[name], "utf-8")
            self.kernel.run("S = Path('secret.txt').read_text('utf-8')")
            for probe in PROBES:
                self.came[guarded, name, probe.name] = probe.run(self.kernel)

    def check(self, case: int) -> None:
        """Assert for each probe of the case that the value is seen without the shield, and masked with it."""
        probes = [probe for probe in PROBES if probe.case == case]
        assert probes
        for probe in probes:
            self.check_probe(probe)

    def check_probe(self, probe: Probe) -> None:
        names = [name for guarded, name, of in self.came if guarded and of == probe.name]
        bare = {name: what_is_seen(self.came[False, name, probe.name], SECRETS[name]) for name in names}
        left = {name: what_is_seen(self.came[True, name, probe.name], SECRETS[name]) for name in names}
        assert any(bare.values()), f"{probe.name}: not seen without the shield"
        assert not any(left.values()), f"{probe.name}: {left}"
        for name in names:
            messages = self.came[True, name, probe.name]
            said = "".join(text_of(message) for message in messages)
            assert f"[{name}]" in said or b"****" in b"".join(buffers_of(messages)) or not bare[name], probe.name

    def log(self) -> bytes:
        return (self.folder / "stdout.log").read_bytes() + (self.folder / "stderr.log").read_bytes()


def text_of(message: dict[str, Any]) -> str:
    content = message["content"]
    return (
        content["text"] if message["msg_type"] == "stream" else json.dumps([content, message["metadata"]], default=str)
    )


def buffers_of(messages: list[dict[str, Any]]) -> list[bytes]:
    return [bytes(buffer) for message in messages for buffer in message.get("buffers", [])]


def register(kernel: Kernel, folder: Path, names: tuple[str, ...]) -> None:
    for name in names:
        (folder / "given.txt").write_text(SECRETS[name], "utf-8")
        ran = kernel.run(f"_ = fx.secrets.set('{name}', Path('given.txt').read_text('utf-8'), hosts=['x.example'])")
        assert ran.status == "ok", ran.reply
        assert ran.stderr == "", ran.stderr


def all_shown(folder: Path, names: tuple[str, ...], python: str | None = None) -> Iterator[Shown]:
    """Run every probe in a new kernel, first without a registered value and then with all of them."""
    clean = {key: value for key, value in os.environ.items() if not key.endswith("_KEY")}
    clean.pop("PYTEST_CURRENT_TEST", None)  # with it, ipykernel does not watch file descriptors 1 and 2
    environment = {**clean, "IPYTHONDIR": str(folder), "HOME": str(folder)}
    with (folder / "stdout.log").open("wb") as out, (folder / "stderr.log").open("wb") as err:
        kernel = start_kernel(environment, str(folder), python=python, stdout=out, stderr=err)
        try:
            shown = Shown(kernel, folder)
            ran = kernel.run(LOAD + SETUP)
            assert ran.status == "ok", ran.reply
            shown.run(names, guarded=False)
            kernel.run(f"bare = '{TYPED[::-1]}'[::-1]; _ = {TYPED!r}")
            shown.bare_log = shown.log()
            register(kernel, folder, names)
            shown.run(names, guarded=True)
            shown.guarded_log = shown.log()[len(shown.bare_log) :]
            yield shown
        finally:
            kernel.stop()


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    yield from all_shown(tmp_path_factory.mktemp("shield"), ("PLAIN_API_KEY", "ODD_API_KEY"))


def test_security_case_01_print(shown: Shown) -> None:
    shown.check(1)


def test_security_case_02_print_to_stderr(shown: Shown) -> None:
    shown.check(2)


def test_security_case_03_the_last_line_of_a_cell(shown: Shown) -> None:
    shown.check(3)


def test_security_case_04_bytes(shown: Shown) -> None:
    shown.check(4)


def test_security_case_05_a_secret_with_quotes_shown_by_repr(shown: Shown) -> None:
    shown.check(5)


def test_security_case_06_html(shown: Shown) -> None:
    shown.check(6)


def test_security_case_07_a_display_and_its_update(shown: Shown) -> None:
    shown.check(7)


def test_security_case_08_an_exception_and_the_reply(shown: Shown) -> None:
    shown.check(8)


def test_security_case_09_a_verbose_traceback(shown: Shown) -> None:
    shown.check(9)


def test_security_case_10_logging(shown: Shown) -> None:
    shown.check(10)


def test_security_case_11_a_warning(shown: Shown) -> None:
    shown.check(11)


def test_security_case_12_print_in_a_thread(shown: Shown) -> None:
    shown.check(12)


def test_security_case_13_display_in_a_thread(shown: Shown) -> None:
    shown.check(13)


def test_security_case_14_an_exception_in_a_thread(shown: Shown) -> None:
    shown.check(14)


def test_security_case_15_a_shell_command(shown: Shown) -> None:
    shown.check(15)


def test_security_case_16_a_shell_commands_kept_output(shown: Shown) -> None:
    shown.check(16)


def test_security_case_17_a_subprocess_that_writes_two_halves(shown: Shown) -> None:
    shown.check(17)


def test_security_case_18_os_write(shown: Shown) -> None:
    shown.check(18)


def test_security_case_19_a_value_over_the_pipes_boundary(shown: Shown) -> None:
    shown.check(19)


def test_security_case_20_os_system(shown: Shown) -> None:
    shown.check(20)


def test_security_case_21_libc(shown: Shown) -> None:
    shown.check(21)


def test_security_case_22_the_original_stdout(shown: Shown) -> None:
    shown.check(22)


def test_security_case_23_a_forked_child(shown: Shown) -> None:
    shown.check(23)


def test_security_case_24_a_value_char_by_char(shown: Shown) -> None:
    shown.check(24)


def test_security_case_25_a_bash_cell(shown: Shown) -> None:
    shown.check(25)


def test_security_case_26_a_dataframe(shown: Shown) -> None:
    shown.check(26)


def test_security_case_27_whos(shown: Shown) -> None:
    shown.check(27)


def test_security_case_28_out(shown: Shown) -> None:
    shown.check(28)


def test_security_case_29_help_in_the_pager(shown: Shown) -> None:
    shown.check(29)


def test_security_case_30_set_next_input(shown: Shown) -> None:
    shown.check(30)


def test_security_case_31_inspection(shown: Shown) -> None:
    shown.check(31)


def test_security_case_32_completion(shown: Shown) -> None:
    shown.check(32)


def test_security_case_33_user_expressions(shown: Shown) -> None:
    shown.check(33)


def test_security_case_34_the_debuggers_variables(shown: Shown) -> None:
    shown.check(34)


def test_security_case_35_a_comm(shown: Shown) -> None:
    shown.check(35)


def test_security_case_36_a_buffer(shown: Shown) -> None:
    shown.check(36)

    for name in ("PLAIN_API_KEY", "ODD_API_KEY"):
        bare, masked = (buffers_of(shown.came[guarded, name, "a buffer"]) for guarded in (False, True))
        assert [len(buffer) for buffer in masked] == [len(buffer) for buffer in bare]
        assert masked[0].startswith(b"\x89PNG")
        assert masked[0].endswith(b"\xff\x00")


def test_security_case_37_base64(shown: Shown) -> None:
    shown.check(37)


def test_security_case_38_basic_credentials(shown: Shown) -> None:
    shown.check(38)


def test_security_case_39_url_quoting(shown: Shown) -> None:
    shown.check(39)


def test_security_case_40_hex(shown: Shown) -> None:
    shown.check(40)


def test_security_case_41_json(shown: Shown) -> None:
    shown.check(41)

    for name in ("PLAIN_API_KEY", "ODD_API_KEY"):
        (document,) = [
            message["content"]["data"]["application/json"]
            for message in shown.came[True, name, "a JSON display"]
            if message["msg_type"] == "display_data"
        ]
        assert document == {"k": f"[{name}]", f"[{name}]": [1, {"deep": f"[{name}]"}]}
        for line in stdout_of(shown.came[True, name, "JSON in text"]).splitlines():
            assert json.loads(line) == {"k": f"[{name}]"}


def stdout_of(messages: list[dict[str, Any]]) -> str:
    return "".join(message["content"]["text"] for message in messages if message["msg_type"] == "stream")


def test_security_case_42_a_value_typed_into_a_cell_is_not_in_the_history(shown: Shown) -> None:
    """Typed before it was known it is there, or this shows nothing; made known, it goes, and stays away."""
    history = shown.folder / "profile_default" / "history.sqlite"
    shown.kernel.run("get_ipython().history_manager.writeout_cache()")
    assert seen(TYPED, history.read_bytes())

    shown.kernel.run(f"_ = fx.secrets.set('TYPED_API_KEY', {TYPED!r}, hosts=['x.example'])")
    ran = shown.kernel.run(f"_ = {TYPED!r}\nIn, _i, _ii, _iii")
    shown.kernel.run("get_ipython().history_manager.writeout_cache()")

    files = b"".join(path.read_bytes() for path in history.parent.glob("history.sqlite*"))
    assert not seen(TYPED, files)
    assert b"[TYPED_API_KEY]" in files
    assert TYPED not in ran.plain
    shown.check(42)


def test_security_case_43_the_kernels_own_output_files_do_not_hold_it(shown: Shown) -> None:
    for name in ("PLAIN_API_KEY", "ODD_API_KEY"):
        assert seen(SECRETS[name], shown.bare_log)
        assert not seen(SECRETS[name], shown.guarded_log)
        assert f"[{name}]".encode() in shown.guarded_log


@pytest.mark.parametrize("probe", [probe for probe in PROBES if not probe.case], ids=lambda probe: probe.name)
def test_other_ways_are_masked_too(shown: Shown, probe: Probe) -> None:
    shown.check_probe(probe)


@pytest.mark.parametrize("probe", TRANSFORMED, ids=lambda probe: probe.name)
def test_a_value_that_code_changed_first_does_get_out_as_the_pages_say(shown: Shown, probe: Probe) -> None:
    """No promise: when one of these is masked one day, docs/leaks.md is to be changed with it."""
    (shown.folder / "secret.txt").write_text(PLAIN, "utf-8")
    shown.kernel.run("S = Path('secret.txt').read_text('utf-8')")

    said = stdout_of(probe.run(shown.kernel))

    assert PLAIN in UNDONE[probe.name](said).replace("\n", "")


@pytest.mark.full
def test_every_case_holds_for_values_beyond_ascii_and_for_long_ones(tmp_path: Path) -> None:
    for shown in all_shown(tmp_path, ("ACCENTED_API_KEY", "LONG_API_KEY")):
        for probe in PROBES:
            for name in ("ACCENTED_API_KEY", "LONG_API_KEY"):
                assert not what_is_seen(shown.came[True, name, probe.name], SECRETS[name]), (probe.name, name)


@pytest.mark.full
@pytest.mark.timeout(600)
def test_every_case_holds_in_the_kernel_before_the_last_one(tmp_path: Path, older_python: str) -> None:
    """ipykernel 6.31, as Colab and older servers have it."""
    for shown in all_shown(tmp_path, ("PLAIN_API_KEY", "ODD_API_KEY"), older_python):
        assert shown.kernel.run("import ipykernel; print(ipykernel.__version__)").stdout.startswith("6.31")
        for probe in PROBES:
            shown.check_probe(probe)


@pytest.fixture
def older_python(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A Python of its own with ipykernel 6.31, made for this test."""
    made = tmp_path_factory.mktemp("older")
    subprocess.run([sys.executable, "-m", "venv", str(made)], check=True)
    python = str(made / "bin" / "python")
    command = [python, "-m", "pip", "install", "-q", "ipykernel==6.31.0", "-e", str(ROOT)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    if ran.returncode:
        pytest.skip(f"ipykernel 6.31 cannot be installed here: {ran.stderr[-300:]}")
    return python
