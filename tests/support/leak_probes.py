"""Ways out of a kernel: each sends the value in `S` (and in the file `secret.txt`) along one route. Knows nothing of ours.

A probe that shows nothing when nothing guards is worthless, so each is run both ways.
"""

from __future__ import annotations

import ast
import codecs
import json
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from leak_forms import seen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from kernels import Kernel

PLAIN = "sk_" + "sandbox_Zq7XW2mN8pL4vR6t"
ODD = "q'W\"e\\r<t>&y/u i+o=%Zq7X"
ACCENTED = "Zürich-Kéy-Zq7XW2mNßL4v"
LONG = "Zq7XW2mN8pL4vR6tYd3K" * 12
SECRETS = {"PLAIN_API_KEY": PLAIN, "ODD_API_KEY": ODD, "ACCENTED_API_KEY": ACCENTED, "LONG_API_KEY": LONG}
"""Visibly made up; one with what each kind of escaping changes, one beyond ASCII, one longer than most lines."""

NOT_LISTED = ("codes", "base64 reversed")
"""Forms the checker knows that nobody promises to mask."""

SETUP = """
import base64, html, json, logging, os, subprocess, sys, threading, time, urllib.parse, warnings
from pathlib import Path
from IPython.display import HTML, JSON, Markdown, SVG, display, clear_output
warnings.simplefilter("always")
"""


@dataclass(frozen=True)
class Probe:
    """One route: code of a cell, or a request made of the kernel; `case` is its number in the list of cases."""

    name: str
    code: str = ""
    case: int = 0
    ask: Callable[[Kernel], Iterable[dict[str, Any]]] | None = None
    before: str = ""

    def run(self, kernel: Kernel) -> list[dict[str, Any]]:
        """Return every message that came of it."""
        if self.before:
            kernel.run(self.before)
        if self.ask is not None:
            return list(self.ask(kernel))
        ran = kernel.run(self.code)
        return [*ran.messages, ran.reply]


def what_is_seen(messages: list[dict[str, Any]], value: str) -> list[str]:
    """Return the listed forms of the value in what the messages say, a stream's pieces joined and buffers included."""
    said: dict[str, str] = {}
    rest: list[bytes] = []
    for message in messages:
        if message["msg_type"] == "stream":
            name = message["content"]["name"]
            said[name] = said.get(name, "") + message["content"]["text"]
        elif message["msg_type"] != "execute_input":
            rest.append(json.dumps([message["content"], message["metadata"]], default=str).encode())
            rest += [bytes(buffer) for buffer in message.get("buffers", [])]
    data = b"\n".join([*rest, *(text.encode() for text in said.values())])
    decoded = b"\n".join(json.dumps(text, ensure_ascii=False).encode() for text in said.values())
    wide = json.dumps([message["content"] for message in messages], default=str, ensure_ascii=False).encode()
    forms = seen(value, data) + seen(value, decoded) + seen(value, wide)
    return sorted({form for form in forms if not form.startswith(NOT_LISTED)})


def _reply_to(kernel: Kernel, request: str, channel: Callable[..., dict[str, Any]]) -> list[dict[str, Any]]:
    while True:
        reply = channel(timeout=20)
        if reply["parent_header"].get("msg_id") == request:
            return [reply]


def _inspect(kernel: Kernel) -> list[dict[str, Any]]:
    return _reply_to(kernel, kernel.client.inspect("S", 1), kernel.client.get_shell_msg)


def _complete(kernel: Kernel) -> list[dict[str, Any]]:
    return _reply_to(kernel, kernel.client.complete("keyed['", 7), kernel.client.get_shell_msg)


def _history(kernel: Kernel) -> list[dict[str, Any]]:
    request = kernel.client.history(raw=True, output=True, hist_access_type="range", session=0, start=1)
    return _reply_to(kernel, request, kernel.client.get_shell_msg)


def _expressions(kernel: Kernel) -> list[dict[str, Any]]:
    request = kernel.client.execute("1", user_expressions={"u": "S"}, store_history=False)
    return [kernel.finish(request, 0.0).reply]


def _prompt(kernel: Kernel) -> list[dict[str, Any]]:
    request = kernel.client.execute("_ = input(S)", allow_stdin=True)
    asked = kernel.client.get_stdin_msg(timeout=20)
    kernel.client.input("")
    kernel.finish(request, 0.0)
    return [asked]


def _debug(command: str, **arguments: Any) -> Callable[[Kernel], list[dict[str, Any]]]:
    def ask(kernel: Kernel) -> list[dict[str, Any]]:
        content = {"type": "request", "seq": 1, "command": command, "arguments": arguments}
        message = kernel.client.session.msg("debug_request", content)
        kernel.client.control_channel.send(message)
        return _reply_to(kernel, message["header"]["msg_id"], kernel.client.get_control_msg)

    return ask


HALVES = """\
half = "import time,sys; s=open('secret.txt',encoding='utf-8').read(); n=len(s)//2;"
half += "w=lambda t: (sys.stdout.buffer.write(t.encode()), sys.stdout.flush()); w(s[:n]); time.sleep(.5); w(s[n:])"
open("half.py", "w").write(half)
!{sys.executable} half.py"""

PROBES = (
    Probe("print", "print(S)", 1),
    Probe("print to stderr", "print(S, file=sys.stderr)", 2),
    Probe("last line of a cell", "S", 3),
    Probe("bytes", "S.encode()", 4),
    Probe("repr in a list, twice", "[S, [repr(S)]]", 5),
    Probe("HTML", "display(HTML(f'<b>{S}</b>'))", 6),
    Probe("escaped HTML", "display(HTML(html.escape(S)))", 6),
    Probe("a display and its update", "shown = display(S, display_id=True); shown.update(S)", 7),
    Probe("an exception", "raise ValueError(S)", 8),
    Probe("an exception's cause and note", "e = ValueError(S); e.add_note(S)\nraise RuntimeError(1) from e", 8),
    Probe("a verbose traceback", "def f(x):\n    own = x\n    1/0\nf(S)", 9, before="%xmode Verbose"),
    Probe("logging", "logging.getLogger('probe').warning(S)", 10, before="%xmode Context"),
    Probe("a warning", "warnings.warn(S)", 11),
    Probe("print in a thread", "t = threading.Thread(target=lambda: print(S)); t.start(); t.join()", 12),
    Probe("display in a thread", "t = threading.Thread(target=lambda: display(S)); t.start(); t.join()", 13),
    Probe("an exception in a thread", "t = threading.Thread(target=lambda: int(S)); t.start(); t.join()", 14),
    Probe("!command", "!cat secret.txt", 15),
    Probe("!command, kept", "kept = !cat secret.txt\nkept", 16),
    Probe("!command in two halves", HALVES, 17),
    Probe("os.write", "_ = os.write(1, S.encode()); time.sleep(.3)", 18),
    Probe("over a pipe's boundary", "_ = os.write(1, b'a' * (1000 - len(S) // 2) + S.encode()); time.sleep(.3)", 19),
    Probe("os.system", "_ = os.system('cat secret.txt'); time.sleep(.3)", 20),
    Probe(
        "libc",
        "import ctypes; c = ctypes.CDLL(None); c.puts(S.encode()); c.fflush(None); time.sleep(.3)",
        21,
    ),
    Probe("sys.__stdout__", "sys.__stdout__.write(S); sys.__stdout__.flush(); time.sleep(.3)", 22),
    Probe(
        "a forked child",
        "pid = os.fork()\nif pid == 0:\n    print(S, flush=True)\n    os._exit(0)\n_ = os.waitpid(pid, 0); time.sleep(.3)",
        23,
    ),
    Probe(
        "a forked child, char by char",
        "pid = os.fork()\nif pid == 0:\n    for c in S + '.': print(c, end='', flush=True)\n    os._exit(0)\n"
        "_ = os.waitpid(pid, 0); time.sleep(.3)",
        23,
    ),
    Probe(
        "multiprocessing",
        "import multiprocessing as m; p = m.get_context('fork').Process(target=print, args=(S,)); p.start(); p.join()\n"
        "time.sleep(.3)",
        23,
    ),
    Probe("char by char", "for c in S: print(c, end='', flush=True)", 24),
    Probe("char by char, stderr", "for c in S: print(c, end='', flush=True, file=sys.stderr)", 24),
    Probe("base64, char by char", "for c in base64.b64encode(S.encode()).decode(): print(c, end='', flush=True)", 24),
    Probe(
        "os.write, byte by byte", "for b in S.encode(): os.write(1, bytes([b])); time.sleep(.002)\ntime.sleep(.3)", 24
    ),
    Probe("%%bash", "%%bash\ncat secret.txt", 25),
    Probe(
        "a DataFrame", "import pandas as pd; pd.set_option('display.max_colwidth', None); pd.DataFrame({'k': [S]})", 26
    ),
    Probe("%whos", "%whos str", 27),
    Probe("Out", "Out", 28, before="S"),
    Probe("name?", "S?", 29),
    Probe("help", "def f(): pass\nf.__doc__ = S\nhelp(f)", 29),
    Probe("name? of a docstring", "f?", 29, before="def f(): pass\nf.__doc__ = S"),
    Probe("set_next_input", "get_ipython().set_next_input(S)", 30),
    Probe("%load", "%load secret.txt", 30),
    Probe("inspection (Shift-Tab)", case=31, ask=_inspect),
    Probe("completion", case=32, ask=_complete, before="keyed = {S: 1}"),
    Probe("user expressions", case=33, ask=_expressions),
    Probe("the debugger's variables", case=34, ask=_debug("inspectVariables"), before="T = S"),
    Probe("the debugger's rich variables", case=34, ask=_debug("richInspectVariables", variableName="S")),
    Probe("a comm", "from comm import create_comm\nc = create_comm('probe', data={'k': S}); c.send({'k': [S]})", 35),
    Probe("a widget's text", "import ipywidgets; _ = ipywidgets.Text(S)", 35),
    Probe("a buffer", "import ipywidgets; _ = ipywidgets.Image(value=b'\\x89PNG' + S.encode() + b'\\xff\\x00')", 36),
    Probe(
        "a buffer of a comm",
        "c = __import__('comm').create_comm('probe'); c.send({}, buffers=[S.encode('utf-16-le')])",
        36,
    ),
    Probe("base64", "print(base64.b64encode(S.encode()).decode())", 37),
    Probe("base64 for URLs", "print(base64.urlsafe_b64encode(S.encode()).decode())", 37),
    Probe("Basic credentials", "print(base64.b64encode(b'user:' + S.encode()).decode())", 38),
    Probe(
        "base64 of JSON", "print(base64.b64encode(json.dumps({'key': S}, ensure_ascii=False).encode()).decode())", 38
    ),
    Probe("quoted for a URL", "print(urllib.parse.quote(S, safe='')); print(urllib.parse.quote(S).lower())", 39),
    Probe("a form", "print(urllib.parse.urlencode({'k': S}))", 39),
    Probe("hex", "print(S.encode().hex())", 40),
    Probe("hex in capitals", "print(S.encode().hex().upper())", 40),
    Probe("JSON in text", "print(json.dumps({'k': S})); print(json.dumps({'k': S}, ensure_ascii=False))", 41),
    Probe("JSON in JSON", "print(json.dumps({'k': json.dumps({'k': S})}))", 41),
    Probe("a JSON display", "display(JSON({'k': S, S: [1, {'deep': S}]}))", 41),
    Probe("the history reply", case=42, ask=_history, before="S"),
    Probe("reversed", "print(S[::-1])"),
    Probe("an input prompt", ask=_prompt),
    Probe("Markdown", "display(Markdown(f'**{S}**'))"),
    Probe("metadata of a display", "display({'text/plain': '1'}, metadata={'k': S}, raw=True)"),
    Probe("a captured cell, shown", "caught.show()", before="%%capture caught\nprint(S)"),
    Probe("%run", "%run -i probe_script.py", before="open('probe_script.py', 'w').write('print(S)')"),
    Probe("%timeit's output", "%time print(S)"),
    Probe("an awaited print", "import asyncio\nasync def f():\n    print(S)\nawait f()"),
    Probe(
        "a subprocess through a pipe",
        "print(subprocess.run(['cat', 'secret.txt'], capture_output=True, text=True).stdout)",
    ),
    Probe(
        "half printed, half written", "print(S[:9], end='', flush=True); os.write(1, S[9:].encode()); time.sleep(.3)"
    ),
    Probe("half before a long pause", "n = len(S) // 2\nprint(S[:n], end='', flush=True); time.sleep(1); print(S[n:])"),
)

TRANSFORMED = (
    Probe("rot13", "import codecs; print(codecs.encode(S, 'rot13'))"),
    Probe("upper case", "print(S.swapcase())"),
    Probe("spaced", "print(*S)"),
    Probe("slices", "print(S[:10]); print(S[10:])"),
    Probe("zlib", "import zlib; print(zlib.compress(S.encode()))"),
    Probe("ANSI colours inside", "print(S[:9] + '\\x1b[31m' + S[9:] + '\\x1b[0m')"),
    Probe("wrapped lines", "import textwrap; print('\\n'.join(textwrap.wrap(S, 9)))"),
    Probe("halves on two streams", "print(S[:9], end=''); print(S[9:], file=sys.stderr)"),
    Probe("numbers", "print(list(S.encode()))"),
)
"""What no list of written forms finds: said openly, not masked."""


def _unzipped(text: str) -> str:
    return zlib.decompress(ast.literal_eval(text.strip())).decode()


UNDONE = {
    "rot13": lambda text: codecs.encode(text, "rot13"),
    "upper case": lambda text: text.swapcase(),
    "spaced": lambda text: text.replace(" ", ""),
    "slices": lambda text: text.replace("\n", ""),
    "zlib": _unzipped,
    "ANSI colours inside": lambda text: text.replace("\x1b[31m", "").replace("\x1b[0m", ""),
    "wrapped lines": lambda text: text.replace("\n", ""),
    "halves on two streams": lambda text: text,
    "numbers": lambda text: bytes(json.loads(text)).decode(),
}
"""What a reader does to have the value of each."""
