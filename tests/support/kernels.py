"""A real ipykernel over jupyter_client: runs cells, keeps every message, interrupts."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from jupyter_client.manager import KernelManager

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jupyter_client.blocking.client import BlockingKernelClient


@dataclass
class Ran:
    """What one cell did: its iopub messages in order, its reply, and the seconds it took."""

    messages: list[dict[str, Any]]
    reply: dict[str, Any]
    seconds: float

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [message["content"] for message in self.messages if message["msg_type"] == kind]

    @property
    def stdout(self) -> str:
        return "".join(part["text"] for part in self.of("stream") if part["name"] == "stdout")

    @property
    def stderr(self) -> str:
        return "".join(part["text"] for part in self.of("stream") if part["name"] == "stderr")

    @property
    def plain(self) -> str:
        """Every text/plain shown, results and displays, in order."""
        return "\n".join(
            message["content"]["data"].get("text/plain", "")
            for message in self.messages
            if message["msg_type"] in {"execute_result", "display_data"}
        )

    @property
    def html(self) -> str:
        return "\n".join(
            message["content"]["data"].get("text/html", "")
            for message in self.messages
            if message["msg_type"] in {"execute_result", "display_data"}
        )

    @property
    def status(self) -> str:
        return str(self.reply["content"]["status"])

    @property
    def error(self) -> str:
        return str(self.reply["content"].get("ename", ""))


@dataclass
class Kernel:
    """One kernel; `run` blocks, `start` and `finish` leave room for something in between."""

    manager: KernelManager
    client: BlockingKernelClient
    everything: list[dict[str, Any]] = field(default_factory=list)

    def run(
        self, code: str, *, timeout: float = 60, allow_stdin: bool = False, answer: str | Sequence[str] = ()
    ) -> Ran:
        began = time.monotonic()
        request = self.client.execute(code, allow_stdin=allow_stdin, store_history=True)
        for text in (answer,) if isinstance(answer, str) else answer:
            message = self.client.get_stdin_msg(timeout=timeout)
            assert message["msg_type"] == "input_request"
            self.client.input(text)
        return self.finish(request, began, timeout=timeout)

    def finish(self, request: str, began: float, *, timeout: float = 60) -> Ran:
        messages: list[dict[str, Any]] = []
        while True:
            message = self.client.get_iopub_msg(timeout=timeout)
            self.everything.append(message)
            if message["parent_header"].get("msg_id") != request:
                continue
            messages.append(message)
            if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
                break
        seconds = time.monotonic() - began
        while True:
            reply = self.client.get_shell_msg(timeout=timeout)
            self.everything.append(reply)
            if reply["parent_header"].get("msg_id") == request:
                return Ran(messages, reply, seconds)

    def interrupt_after(self, code: str, seconds: float, *, until: Any = None) -> tuple[Ran, float]:
        """Run, interrupt after so many seconds (or when `until()` is true), and return also how long the end took."""
        began = time.monotonic()
        request = self.client.execute(code, allow_stdin=False)
        while time.monotonic() - began < seconds:
            if until is not None and until():
                break
            time.sleep(0.02)
        at = time.monotonic()
        self.manager.interrupt_kernel()
        ran = self.finish(request, began)
        return ran, time.monotonic() - at

    def stop(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


def start_kernel(env: Mapping[str, str], cwd: str, *, python: str | None = None, **popen: Any) -> Kernel:
    """Return a running kernel that answers: of this Python, or of another environment's."""
    manager = KernelManager(kernel_name="python3")
    if python is not None:
        command = [python, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        manager.kernel_spec.argv = command
    manager.start_kernel(env=dict(env), cwd=cwd, **popen)
    client = manager.client()
    client.start_channels()
    client.wait_for_ready(timeout=60)
    return Kernel(manager, client)
