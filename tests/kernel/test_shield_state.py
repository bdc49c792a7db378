"""The shield as it comes and goes in a real kernel: nothing before a secret, everything back after, order kept."""

from __future__ import annotations

import json
import os
import sqlite3
from typing import TYPE_CHECKING, Any

import pytest

from kernels import start_kernel
from leak_forms import seen

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from kernels import Kernel, Ran

KEY = "sk_" + "live_Zq7XW2mN8pL4vR6tK1s"
MASK = "[STATE_API_KEY]"

TOUCHED = """
import json, logging, sys
kernel = get_ipython().kernel
manager = get_ipython().history_manager
print(json.dumps({
    "session": sorted({"serialize", "send", "send_raw"} & set(vars(kernel.session))),
    "stdout": "_flush_buffers" in vars(sys.stdout),
    "stderr": "_flush_buffers" in vars(sys.stderr),
    "history": sorted({"store_inputs", "store_output"} & set(vars(manager))),
    "log": "log_write" in vars(get_ipython().logger),
    "loggers": [logging.getLogger(name).level for name in ("httpcore", "hpack")],
    "filters": len(logging.getLogger("httpx").filters),
    "events": [len(get_ipython().events.callbacks[name]) for name in ("post_execute", "pre_run_cell")],
    "armour": "flarex_nb.notebook.shield.armour" in sys.modules,
    "threads": sorted(t.name for t in __import__("threading").enumerate() if t.name.startswith("flarex")),
}))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("state")


@pytest.fixture(scope="module")
def kernel(folder: Path) -> Iterator[Kernel]:
    clean = {key: value for key, value in os.environ.items() if not key.endswith("_KEY")}
    clean.pop("PYTEST_CURRENT_TEST", None)  # with it, ipykernel does not watch file descriptors 1 and 2
    with (folder / "stdout.log").open("wb") as out, (folder / "stderr.log").open("wb") as err:
        environment = {**clean, "IPYTHONDIR": str(folder), "HOME": str(folder)}
        kernel = start_kernel(environment, str(folder), stdout=out, stderr=err)
        (folder / "key.txt").write_text(KEY)
        ran = kernel.run("%load_ext flarex_nb\nimport os, sys, time, threading\nfrom pathlib import Path")
        assert ran.status == "ok", ran.reply
        yield kernel
        kernel.stop()


@pytest.fixture
def guarded(kernel: Kernel) -> Kernel:
    """The kernel with the extension loaded and the key known."""
    ran = kernel.run(
        "%load_ext flarex_nb\nimport flarex_nb as fx\nS = Path('key.txt').read_text()\n"
        "note = fx.secrets.set('STATE_API_KEY', S, hosts=['x.example'])"
    )
    assert ran.status == "ok", ran.reply
    return kernel


def touched(kernel: Kernel) -> dict[str, Any]:
    ran = kernel.run(TOUCHED)
    assert ran.status == "ok", ran.reply
    return json.loads(ran.stdout)


def order(ran: Ran) -> list[str]:
    """Return what a reader sees, in order."""
    said = []
    for message in ran.messages:
        if message["msg_type"] == "stream":
            said.append(message["content"]["text"])
        elif message["msg_type"] in {"display_data", "execute_result"}:
            said.append(message["content"]["data"]["text/plain"])
    return said


def test_a_kernel_without_a_known_value_is_left_as_it_was(kernel: Kernel) -> None:
    state = touched(kernel)

    assert state == {
        "session": [],
        "stdout": False,
        "stderr": False,
        "history": [],
        "log": False,
        "loggers": [0, 0],
        "filters": 0,
        "events": state["events"],
        "armour": False,
        "threads": [],
    }


def test_unloading_puts_everything_back_and_loading_again_guards_again(kernel: Kernel) -> None:
    before = touched(kernel)
    kernel.run(
        "import flarex_nb as fx\nS = Path('key.txt').read_text()\n"
        "note = fx.secrets.set('STATE_API_KEY', S, hosts=['x.example'])"
    )
    during = touched(kernel)
    masked = kernel.run("print(S)").stdout

    kernel.run("%unload_ext flarex_nb")
    after = touched(kernel)
    bare = kernel.run("print(S)\nn = os.write(1, S.encode() + b'\\n'); time.sleep(.3)").stdout
    kernel.run("%load_ext flarex_nb")
    again = kernel.run("print(S)").stdout

    assert masked == again == f"{MASK}\n"
    assert bare == f"{KEY}\n{KEY}\n"
    assert during["session"] == ["send", "send_raw", "serialize"]
    assert during["threads"] == ["flarex-stderr log", "flarex-stdout log"]
    assert after | {"armour": False} == before


FORGET_ALL = "for info in fx.secrets.list():\n    if info.source == 'session': fx.secrets.delete(info.name)"


def test_a_doctor_without_a_known_value_leaves_nothing_on(kernel: Kernel) -> None:
    kernel.run(f"import flarex_nb as fx\n%unload_ext flarex_nb\n{FORGET_ALL}\n%load_ext flarex_nb")
    before = touched(kernel)

    ran = kernel.run("%flarex_doctor")

    assert "15 protected" in ran.plain
    assert touched(kernel) | {"armour": before["armour"]} == before


def test_a_value_that_becomes_known_while_output_is_captured_guards_the_true_streams(kernel: Kernel) -> None:
    kernel.run(f"import flarex_nb as fx\n%unload_ext flarex_nb\n{FORGET_ALL}\n%load_ext flarex_nb")

    kernel.run(
        "%%capture\nS = Path('key.txt').read_text()\nnote = fx.secrets.set('STATE_API_KEY', S, hosts=['x.example'])"
    )
    ran = kernel.run("print(S[:15], end='', flush=True)\nprint(S[15:])")

    assert ran.stdout == f"{MASK}\n"


def test_loading_twice_wraps_once(guarded: Kernel) -> None:
    before = touched(guarded)

    guarded.run("%load_ext flarex_nb\n%reload_ext flarex_nb\nfx.nothing = 1")

    assert touched(guarded) == before
    assert guarded.run("print(S)").stdout == f"{MASK}\n"


def test_a_forgotten_value_is_shown_again_and_a_rotated_one_is_masked_in_both_versions(guarded: Kernel) -> None:
    guarded.run("note = fx.secrets.set('OTHER_API_KEY', 'other-value-' + '0987', hosts=['x.example'])")
    guarded.run("note = fx.secrets.rotate('OTHER_API_KEY', 'newer-value-' + '1234')")
    both = guarded.run("print('other-value-' + '0987', 'newer-value-' + '1234')").stdout

    guarded.run("fx.secrets.delete('OTHER_API_KEY')")

    assert both == "[OTHER_API_KEY] [OTHER_API_KEY]\n"
    assert guarded.run("print('newer-value-' + '1234', S)").stdout == f"newer-value-1234 {MASK}\n"


def test_the_cell_that_typed_the_value_is_masked_where_ipython_kept_it(guarded: Kernel, folder: Path) -> None:
    typed = "typed-into-a-cell-" + "Q7x9Zk2"

    guarded.run(f"note = fx.secrets.set('CELL_API_KEY', {typed!r}, hosts=['x.example'])")
    kept = guarded.run("print(In[-2], _i)").stdout
    guarded.run("get_ipython().history_manager.writeout_cache()")

    files = list((folder / "profile_default").glob("history.sqlite*"))
    assert "[CELL_API_KEY]" in kept
    assert not any(seen(typed, path.read_bytes()) for path in files)
    with sqlite3.connect(f"file:{folder}/profile_default/history.sqlite?mode=ro", uri=True) as history:
        rows = history.execute("SELECT source_raw FROM history WHERE source_raw LIKE '%CELL_API_KEY%'").fetchall()
    history.close()
    assert any("'[CELL_API_KEY]'" in row[0] for row in rows)


@pytest.mark.parametrize(
    "write",
    [
        "%notebook kept.ipynb",
        "%history -f kept.py",
        "%save -f kept.py 1-999",
        "%logstart -o kept.log over\nS\n%logstop",
    ],
)
def test_what_ipython_writes_to_files_is_masked(guarded: Kernel, folder: Path, write: str) -> None:
    for path in folder.glob("kept.*"):
        path.unlink()
    guarded.run(f"print({KEY[:12]!r} + S[12:])")
    guarded.run("display(S)")
    guarded.run("raise ValueError(S)")
    for line in write.split("\n"):
        guarded.run(line)

    (written,) = folder.glob("kept.*")
    assert not seen(KEY, written.read_bytes())
    assert written.stat().st_size


def test_what_is_held_back_stands_before_the_display_it_was_printed_before(guarded: Kernel) -> None:
    ran = guarded.run("print('a', S[:11], end='')\ndisplay('b')\nprint('c')\n'd'")

    assert "".join(order(ran)) == f"a {KEY[:11]}'b'c\n'd'"


def test_what_is_held_back_is_shown_after_a_moment_while_the_cell_runs_on(guarded: Kernel) -> None:
    ran = guarded.run("print('x', S[:11], end='', flush=True)\ntime.sleep(1.5)\nprint('.')")

    assert ran.stdout == f"x {KEY[:11]}.\n"
    written = order(ran)  # how what came before it is cut up is the kernel's matter
    assert "".join(written[: written.index(KEY[:11])]) == "x "
    assert "".join(written[written.index(KEY[:11]) + 1 :]) == ".\n"


def test_the_end_of_a_cell_lets_nothing_wait_and_masks_the_larger_part_of_a_value(guarded: Kernel) -> None:
    short = guarded.run("print(S[:11], end='')")
    long = guarded.run("print(S[:-3], end='')")

    assert (short.stdout, long.stdout) == (KEY[:11], MASK)
    assert max(short.seconds, long.seconds) < 0.5


def test_a_value_begun_in_one_cell_is_not_finished_in_the_next(guarded: Kernel) -> None:
    first = guarded.run("print(S[:10], end='')")
    second = guarded.run("print(S[10:])")

    assert KEY not in first.stdout + second.stdout
    assert second.stdout == f"{MASK}\n"


def test_ordinary_output_comes_whole_in_order_and_at_once(guarded: Kernel) -> None:
    lines = guarded.run("for i in range(3000): print('line', i, 'sk_')").stdout
    dots = guarded.run("for i in range(50): print('s', end='', flush=True)").stdout

    assert lines == "".join(f"line {number} sk_\n" for number in range(3000))
    assert dots == "s" * 50


def test_threads_that_print_at_once_are_masked_and_lose_nothing(guarded: Kernel) -> None:
    ran = guarded.run(
        "def work(n):\n    for i in range(200): print(f'<{n} {S}>')\n"
        "ts = [threading.Thread(target=work, args=(n,)) for n in range(4)]\n[t.start() for t in ts]; [t.join() for t in ts];"
    )

    assert KEY not in ran.stdout
    assert ran.stdout.count(MASK) == 800


def test_a_program_that_is_given_the_stream_writes_masked_to_the_servers_log(guarded: Kernel, folder: Path) -> None:
    before = (folder / "stdout.log").stat().st_size

    guarded.run("import subprocess; subprocess.run(['cat', 'key.txt'], stdout=sys.stdout)")
    guarded.run("n = os.write(sys.stdout.fileno(), S.encode()); time.sleep(.2)")

    written = (folder / "stdout.log").read_bytes()[before:]
    assert written == f"{MASK}{MASK}".encode()


def test_a_subshell_is_guarded(guarded: Kernel) -> None:
    client = guarded.client
    create = client.session.msg("create_subshell_request", {})
    client.control_channel.send(create)
    subshell = client.get_control_msg(timeout=20)["content"]["subshell_id"]
    request = client.session.msg(
        "execute_request",
        {"code": "print(S)\nS", "silent": False, "store_history": False, "user_expressions": {"u": "S"}},
    )
    request["header"]["subshell_id"] = subshell

    client.shell_channel.send(request)
    ran = guarded.finish(request["header"]["msg_id"], 0.0)
    client.control_channel.send(client.session.msg("delete_subshell_request", {"subshell_id": subshell}))

    assert ran.stdout == f"{MASK}\n"
    assert MASK in ran.plain
    assert KEY not in json.dumps(ran.reply["content"], default=str)


def test_the_http_libraries_loggers_write_no_value_to_a_file(guarded: Kernel, folder: Path) -> None:
    guarded.run(
        "import logging\nhandler = logging.FileHandler('http.log')\nroot = logging.getLogger()\nold = root.level\n"
        "root.addHandler(handler); root.setLevel(logging.DEBUG)\n"
        "logging.getLogger('httpx').info('HTTP Request: GET https://x.example/?key=%s \"200\"', S)\n"
        "logging.getLogger('httpcore.http11').debug('headers=%r', [(b'X-Echo', S.encode())])\n"
        "logging.getLogger('hpack.hpack').debug('Decoded %s', S)\n"
        "logging.getLogger('urllib3.connectionpool').debug('GET /?key=%s', S)\n"
        "root.removeHandler(handler); root.setLevel(old); handler.close()"
    )

    written = (folder / "http.log").read_text()
    assert not seen(KEY, written.encode())
    assert written.count(MASK) == 2


def test_what_cannot_be_sent_is_an_error_as_without_the_shield(guarded: Kernel) -> None:
    ran = guarded.run("get_ipython().kernel.session.send(None, 'x', {'k': object()})")

    assert ran.status == "error"


def test_messages_somebody_sends_raw_are_masked(guarded: Kernel) -> None:
    ran = guarded.run(
        "class Wire:\n    def send_multipart(self, parts, *a, **k): self.parts = [bytes(p) for p in parts]\n"
        "wire = Wire(); session = get_ipython().kernel.session\n"
        "session.send_raw(wire, [b'{}', b'{}', b'{}', session.pack({'k': S}), S.encode()])\n"
        "print(S.encode() in b''.join(wire.parts), wire.parts[-1] == b'*' * len(S), wire.parts[-2])"
    )

    assert ran.stdout.startswith('False True b\'{"k":')
    assert MASK in ran.stdout


# The doctor


def test_the_doctor_tells_that_every_route_here_is_protected(guarded: Kernel) -> None:
    ran = guarded.run("%flarex_doctor")

    states = json.loads(guarded.run("print(__import__('json').dumps([[r.name, r.state] for r in _.of.routes]))").stdout)
    assert len(states) == 15
    assert {state for _, state in states} == {"protected"}
    assert "15 routes out of this kernel: 15 protected" in ran.plain
    assert "not encrypted" in ran.plain
    assert "15 protected" in ran.html
    assert "FLAREX_SELF_TEST" not in json.dumps(ran.messages, default=str)


def test_the_doctors_trials_leave_nothing_behind(guarded: Kernel, folder: Path) -> None:
    guarded.run("'before'")
    before = (folder / "stdout.log").read_bytes() + (folder / "stderr.log").read_bytes()

    guarded.run("found = get_ipython().run_line_magic('flarex_doctor', '')")
    ran = guarded.run("print(_, len(In[-2]), 'SELF' + '_TEST' in str(In) + str(Out))")

    after = (folder / "stdout.log").read_bytes() + (folder / "stderr.log").read_bytes()
    assert ran.stdout.split()[0] == "before"
    assert ran.stdout.split()[-1] == "False"
    assert after == before


BREAKS = {
    "stdout: print": "del sys.stdout._flush_buffers; del session.serialize",
    "stdout, a value that comes in pieces": "del sys.stdout._flush_buffers",
    "file descriptor 1": "del sys.stdout._flush_buffers; del session.serialize",
    "results": "del session.serialize",
    "displays": "del session.serialize",
    "errors": "del session.serialize",
    "replies": "del session.serialize",
    "widgets": "del session.serialize",
    "binary buffers": "del session.send",
    "stdout: what goes to the server's log": "tee = next(p for p in armour.pieces if p.name == 'stdout log'); tee.take_off()",
}


@pytest.mark.parametrize("route", BREAKS)
def test_the_doctor_sees_a_route_that_broke(guarded: Kernel, route: str) -> None:
    """As when a later ipykernel calls another method: ours is put on, and what is sent does not go through it."""
    guarded.run(
        "from flarex_nb.notebook.shield import SHIELDS\n"
        f"armour = SHIELDS[get_ipython()].armour; session = get_ipython().kernel.session\n{BREAKS[route]}"
    )

    ran = guarded.run(
        "found = get_ipython().run_line_magic('flarex_doctor', '').of; print([r.state for r in found.routes])"
    )
    state = guarded.run(f"print(next(r for r in found.routes if r.name.startswith({route!r})).state)").stdout
    guarded.run("%unload_ext flarex_nb")

    assert state.strip() in {"not protected", "not checked"}, ran.stdout


def test_a_route_that_broke_is_said_once_at_the_end_of_the_cell_that_made_a_value_known(kernel: Kernel) -> None:
    kernel.run(
        "%unload_ext flarex_nb\nfrom flarex_nb.notebook.shield.streams import StreamGuard\nkept = StreamGuard.put_on"
    )
    kernel.run("StreamGuard.put_on = lambda self: 1 / 0")

    loaded = kernel.run("%load_ext flarex_nb")
    after = kernel.run("1")
    kernel.run("StreamGuard.put_on = kept\n%reload_ext flarex_nb")

    assert "Known secrets may be shown here on: stdout; stderr. %flarex_doctor tells why." in loaded.stderr
    assert after.stderr == ""
