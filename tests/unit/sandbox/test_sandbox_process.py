"""The sandbox process belongs to one parent: found again, replaced when stale, gone when the parent is."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from flarex_nb.sandbox import launch, places, process

PARENT = """
import json, sys
from pathlib import Path
from flarex_nb.sandbox import launch
r = launch.start(state_dir=Path(sys.argv[1]))
print(json.dumps({"pid": r.pid, "port": r.port, "key": r.keys["STRIPE_SECRET_KEY"]}), flush=True)
exec(sys.argv[2])
"""


@pytest.fixture
def parent():
    """Give a function that starts a process with a sandbox, as a kernel is; whatever a test does, none stays."""
    started: list[subprocess.Popen[str]] = []

    def start(state: Path, then: str = "sys.stdin.read()", **more) -> subprocess.Popen[str]:
        arguments = [sys.executable, "-c", PARENT, str(state), then]
        kernel = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, **more)
        started.append(kernel)
        return kernel

    yield start
    for kernel in started:
        kernel.kill()
        finish(kernel)


def told(process: subprocess.Popen[str]) -> dict:
    return json.loads(process.stdout.readline())


def finish(process: subprocess.Popen[str]) -> None:
    process.stdin.close()
    process.wait(10)
    process.stdout.close()


def gone_within(pid: int, seconds: float) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return True
        if state == "Z":
            return True
        os.sched_yield()
    return False


@pytest.fixture
def fresh(tmp_path):
    """Give a state folder, and leave no sandbox of this process behind."""
    launch.stop()
    yield tmp_path
    launch.stop(state_dir=tmp_path)


def test_a_killed_parent_takes_the_sandbox_with_it(tmp_path, parent):
    kernel = parent(tmp_path)
    pid = told(kernel)["pid"]

    kernel.kill()
    kernel.wait()

    assert gone_within(pid, 2.0)


def test_it_goes_even_when_a_forked_child_of_the_parent_keeps_the_pipe_open(tmp_path, parent):
    then = "import os, time; child = os.fork(); (child or time.sleep(30)); print(child, flush=True); sys.stdin.read()"
    kernel = parent(tmp_path, then)
    pid, forked = told(kernel)["pid"], int(kernel.stdout.readline())

    kernel.kill()
    kernel.wait()

    try:
        assert gone_within(pid, 2.0)
    finally:
        os.kill(forked, signal.SIGKILL)


def test_an_ordinary_end_of_the_parent_leaves_neither_process_nor_file(tmp_path, parent):
    kernel = parent(tmp_path)
    pid = told(kernel)["pid"]

    finish(kernel)

    assert gone_within(pid, 2.0)
    assert list(tmp_path.iterdir()) == []


INTERRUPTED = """
import time
try:
    print("armed", flush=True)
    while True:
        time.sleep(0.01)
except KeyboardInterrupt:
    print(launch.status()["pid"], flush=True)
sys.stdin.read()
"""


def test_an_interrupt_of_the_kernels_process_group_does_not_reach_it(tmp_path, parent):
    kernel = parent(tmp_path, INTERRUPTED, start_new_session=True)
    pid = told(kernel)["pid"]

    assert kernel.stdout.readline() == "armed\n"
    os.killpg(kernel.pid, signal.SIGINT)

    assert int(kernel.stdout.readline()) == pid


def test_an_interrupt_sent_to_it_is_ignored(fresh):
    running = launch.start(state_dir=fresh)

    os.kill(running.pid, signal.SIGINT)

    assert launch.status()["pid"] == running.pid


def test_two_kernels_have_two_sandboxes(tmp_path, parent):
    first, second = parent(tmp_path), parent(tmp_path)

    one, two = told(first), told(second)

    assert one["port"] != two["port"]
    assert one["key"] != two["key"]
    finish(first)
    finish(second)


def test_starting_twice_gives_the_same_one(fresh):
    first = launch.start(state_dir=fresh)

    again = launch.start(state_dir=fresh)

    assert again == first
    assert launch.current() == first


def test_without_reuse_a_new_one_replaces_the_old(fresh):
    first = launch.start(state_dir=fresh)

    second = launch.start(state_dir=fresh, reuse=False)

    assert second.pid != first.pid
    assert second.keys != first.keys
    assert gone_within(first.pid, 2.0)


def test_a_reloaded_extension_finds_the_running_one_and_can_stop_it(fresh, monkeypatch):
    first = launch.start(state_dir=fresh)
    held = launch._held[0]
    monkeypatch.setattr(launch, "_held", [])

    again = launch.start(state_dir=fresh)
    launch.stop(state_dir=fresh)

    assert again == first
    assert gone_within(first.pid, 2.0)
    process.end(held.child)


def test_a_dead_one_is_replaced(fresh):
    first = launch.start(state_dir=fresh)
    os.kill(first.pid, signal.SIGKILL)
    os.waitid(os.P_PID, first.pid, os.WEXITED | os.WNOWAIT)

    assert launch.current() is None
    second = launch.start(state_dir=fresh)

    assert second.pid != first.pid
    assert launch.status()["pid"] == second.pid


def test_a_state_file_left_by_a_dead_kernel_of_the_same_pid_is_not_believed(fresh, monkeypatch):
    running = launch.start(state_dir=fresh)
    state = places.path(fresh)
    found = places.read(state)
    places.write(state, found | {"token": "another"})
    held = launch._held[0]
    monkeypatch.setattr(launch, "_held", [])

    assert launch.current(state_dir=fresh) is None

    assert not state.exists()
    assert running.pid == held.running.pid
    process.end(held.child)


def test_the_sandbox_of_another_kernel_is_not_taken_over(fresh, tmp_path_factory, parent):
    elsewhere = tmp_path_factory.mktemp("other")
    kernel = parent(elsewhere)
    other = told(kernel)
    places.write(places.path(fresh), places.read(elsewhere / f"sandbox-{kernel.pid}.json"))

    mine = launch.start(state_dir=fresh)

    assert mine.pid != other["pid"]
    assert not gone_within(other["pid"], 0.1)


def test_files_of_dead_kernels_are_swept_and_those_of_live_ones_kept(fresh):
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    (fresh / f"sandbox-{dead.pid}.json").write_text("{}")
    (fresh / f"sandbox-{os.getppid()}.json").write_text("{}")

    launch.start(state_dir=fresh)

    assert sorted(path.name for path in fresh.iterdir()) == sorted(
        f"sandbox-{pid}.json" for pid in (os.getpid(), os.getppid())
    )


def test_a_state_file_others_could_have_written_is_not_read(fresh):
    places.write(places.path(fresh), {"token": "x"})
    assert places.read(places.path(fresh)) == {"token": "x"}

    places.path(fresh).chmod(0o666)

    assert places.read(places.path(fresh)) is None


def test_a_state_file_that_is_a_link_is_not_followed(fresh):
    places.write(fresh / "elsewhere", {"token": "x"})
    places.path(fresh).symlink_to(fresh / "elsewhere")

    assert places.read(places.path(fresh)) is None


def test_the_usual_folder_must_be_ours_alone(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    made = places.folder()
    assert made.stat().st_mode & 0o777 == 0o700

    made.chmod(0o755)

    with pytest.raises(PermissionError, match="only you"):
        places.folder()


def test_the_state_file_is_readable_by_its_user_alone(fresh):
    launch.start(state_dir=fresh)

    assert places.path(fresh).stat().st_mode & 0o777 == 0o600


def test_no_representation_holds_a_key_or_the_token(fresh):
    running = launch.start(state_dir=fresh)

    shown = repr(running) + str(running) + repr(launch.status())

    assert running.keys["STRIPE_SECRET_KEY"] not in shown
    assert running.token not in shown


def test_the_child_gets_no_credential_of_the_kernels_environment(fresh, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "canary-value")

    running = launch.start(state_dir=fresh)

    assert b"canary-value" not in Path(f"/proc/{running.pid}/environ").read_bytes()


def test_keys_and_tokens_are_not_on_the_command_line(fresh):
    running = launch.start(state_dir=fresh)

    words = Path(f"/proc/{running.pid}/cmdline").read_bytes()

    assert running.token.encode() not in words
    assert running.keys["STRIPE_SECRET_KEY"].encode() not in words


def test_a_module_beside_the_notebook_does_not_stand_in_for_the_standard_librarys(fresh, monkeypatch):
    (fresh / "random.py").write_text("raise SystemExit('wrong random')")
    monkeypatch.chdir(fresh)

    assert launch.start(state_dir=fresh).port


def test_a_start_that_fails_says_what_the_process_wrote(fresh, monkeypatch):
    monkeypatch.setattr(process, "_environment", lambda: {"PYTHONHOME": "/nowhere"})

    with pytest.raises(launch.SandboxError, match=r"encodings|Python path") as caught:
        launch.start(state_dir=fresh)

    assert "did not start" in str(caught.value)


def test_a_process_that_never_gets_ready_is_given_up_and_ended(fresh, monkeypatch):
    monkeypatch.setattr(process, "READY_WITHIN", 0.001)

    with pytest.raises(launch.SandboxError, match="no ready line"):
        launch.start(state_dir=fresh)

    assert launch.current(state_dir=fresh) is None


@pytest.mark.parametrize("ask", [launch.status, launch.log, launch.reset])
def test_asking_one_that_is_off_says_how_to_start_it(ask, fresh, monkeypatch):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(fresh))

    with pytest.raises(launch.SandboxError, match="flarex_sandbox on"):
        ask()


def test_the_launcher_loads_nothing_outside_the_standard_library():
    code = (
        "import sys, flarex_nb.sandbox.launch\n"
        "roots = {name.partition('.')[0] for name in sys.modules}\n"
        "print(sorted(roots - set(sys.stdlib_module_names) - {'flarex_nb', '__main__'}))"
    )

    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)

    foreign = [
        name for name in json.loads(done.stdout.replace("'", '"')) if not name.startswith(("_", "sitecustomize"))
    ]
    assert foreign == []


def test_by_hand_it_serves_until_its_input_closes():
    server = subprocess.Popen(
        [sys.executable, "-m", "flarex_nb.sandbox"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with server, server.stdout as lines:
        ready = json.loads(lines.readline())
        server.stdin.close()
        try:
            ended = server.wait(2)
        finally:
            server.kill()

    assert (ready["ready"], ready["services"], ended) == (True, ["stripe"], 0)
