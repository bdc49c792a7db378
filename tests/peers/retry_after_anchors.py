"""What known clients do when a server answers 429 with `Retry-After: 3600`, each run for real; prints docs/retry_after.md's table.

    python tests/peers/retry_after_anchors.py [--python PATH] [--seconds 8]

`--python` is an interpreter with the clients installed (a throwaway environment); what is not there is left out and
named. Each client runs in a process of its own against a loopback server that counts what it is asked, and is ended
after `--seconds`: what sleeps then would have slept the whole hour, or whatever it makes of it.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator

Verdict = Literal["at once", "asleep", "early"]
LOADING = 30.0
"""Seconds a client may take to load and send its first request."""


@dataclass(frozen=True)
class Anchor:
    """One client in one setting: `packages` it needs (the first gives the version), `does` in words, `code` that runs it.

    `expect` is what it did when this was written: "at once" (gives the answer back), "asleep" (sleeps until it is
    ended), "early" (sends again before the hour is over).
    """

    packages: tuple[str, ...]
    does: str
    expect: Verdict
    code: str


OURS = Anchor(
    ("flarex_nb",), "`fx.call(...)`, defaults", "at once",
    """
    import flarex_nb as fx
    fx.register(fx.Service(name="peer", base_url=URL, network="private"))
    fx.call("peer", "GET /")
    """,
)  # fmt: skip

ANCHORS = (
    Anchor(
        ("httpx",), "`httpx.get`, no retries of its own", "at once",
        "import httpx; httpx.get(URL).raise_for_status()",
    ),
    Anchor(
        ("httpx-retries", "httpx"), "`RetryTransport()`, defaults", "asleep",
        """
        import httpx, httpx_retries
        httpx.Client(transport=httpx_retries.RetryTransport()).get(URL).raise_for_status()
        """,
    ),
    Anchor(
        ("httpx-retries", "httpx"), "`Retry(total=3, max_backoff_wait=2)`", "early",
        """
        import httpx, httpx_retries
        retry = httpx_retries.Retry(total=3, max_backoff_wait=2)
        httpx.Client(transport=httpx_retries.RetryTransport(retry=retry)).get(URL).raise_for_status()
        """,
    ),
    Anchor(
        ("urllib3",), "`PoolManager().request`, defaults", "asleep",
        "import urllib3; urllib3.PoolManager().request('GET', URL)",
    ),
    Anchor(
        ("requests", "urllib3"), "`requests.get`, no retries of its own", "at once",
        "import requests; requests.get(URL).raise_for_status()",
    ),
    Anchor(
        ("requests", "urllib3"), "`HTTPAdapter(max_retries=Retry(3, status_forcelist=[429]))`", "asleep",
        """
        import requests, urllib3
        retry = urllib3.Retry(3, status_forcelist=[429], backoff_factor=1)
        session = requests.Session()
        session.mount("http://", requests.adapters.HTTPAdapter(max_retries=retry))
        session.get(URL).raise_for_status()
        """,
    ),
    Anchor(
        ("tenacity", "httpx"), "`stop_after_attempt(3)`, `wait_exponential()` around httpx", "early",
        """
        import httpx, tenacity
        @tenacity.retry(stop=tenacity.stop_after_attempt(3), wait=tenacity.wait_exponential(), reraise=True)
        def get(): httpx.get(URL).raise_for_status()
        get()
        """,
    ),
    Anchor(
        ("stamina", "httpx"), "`retry(on=HTTPStatusError, attempts=3)` around httpx", "early",
        """
        import httpx, stamina
        @stamina.retry(on=httpx.HTTPStatusError, attempts=3)
        def get(): httpx.get(URL).raise_for_status()
        get()
        """,
    ),
    Anchor(
        ("stamina", "httpx"), "the same with a hook that returns the header, and `timeout=5`", "asleep",
        """
        import httpx, stamina
        def wait(error):
            return isinstance(error, httpx.HTTPStatusError) and float(error.response.headers["Retry-After"])
        @stamina.retry(on=wait, attempts=3, timeout=5)
        def get(): httpx.get(URL).raise_for_status()
        get()
        """,
    ),
    Anchor(
        ("aiohttp-retry", "aiohttp"), "`ExponentialRetry(attempts=3, statuses={429})`", "early",
        """
        import asyncio, aiohttp_retry
        async def get():
            options = aiohttp_retry.ExponentialRetry(attempts=3, statuses={429})
            async with aiohttp_retry.RetryClient(retry_options=options, raise_for_status=True) as client:
                await client.get(URL)
        asyncio.run(get())
        """,
    ),
    Anchor(
        ("openai",), "`OpenAI().chat.completions.create`, defaults", "at once",
        """
        import openai
        client = openai.OpenAI(api_key="none", base_url=URL)
        client.chat.completions.create(model="m", messages=[{"role": "user", "content": "?"}])
        """,
    ),
    Anchor(
        ("anthropic",), "`Anthropic().messages.create`, defaults", "asleep",
        """
        import anthropic
        client = anthropic.Anthropic(api_key="none", base_url=URL)
        client.messages.create(model="m", max_tokens=1, messages=[{"role": "user", "content": "?"}])
        """,
    ),
    Anchor(
        ("stripe",), "`StripeClient().v1.charges.list`, defaults", "at once",
        """
        import stripe
        stripe.StripeClient("none", base_addresses={"api": URL}).v1.charges.list()
        """,
    ),
    Anchor(
        ("google-api-core", "requests"), "`Retry()` around requests, defaults", "early",
        """
        import requests
        from google.api_core import exceptions, retry
        @retry.Retry()
        def get():
            answer = requests.get(URL)
            if answer.status_code >= 400:
                raise exceptions.from_http_response(answer)
        get()
        """,
    ),
    Anchor(
        ("google-api-python-client", "httplib2"), "`HttpRequest(...).execute(num_retries=3)`", "early",
        """
        import httplib2
        from googleapiclient.http import HttpRequest
        HttpRequest(httplib2.Http(), lambda answer, content: content, URL).execute(num_retries=3)
        """,
    ),
    Anchor(
        ("PyGithub",), "`Github().get_user().login`, defaults", "asleep",
        """
        import github
        github.Github(base_url=URL, auth=github.Auth.Token("none")).get_user().login
        """,
    ),
)  # fmt: skip

PROGRAM = """
import json, sys, warnings
from importlib.metadata import version
warnings.simplefilter("ignore")
URL, packages = sys.argv[1], sys.argv[2:]
try:
    versions = [package + " " + version(package) for package in packages]
except ModuleNotFoundError as error:
    sys.exit("missing: " + str(error.name))
print(json.dumps(versions), flush=True)
try:
{code}
except Exception as error:
    print(type(error).__name__)
else:
    print("")
"""


@dataclass
class Seen:
    """What one run did: `asked` are the moments of its requests, in seconds after the first.

    `ended` is when the program ended, None when it had to be stopped; `error` is what it raised, "" for nothing.
    `versions` are the packages with their versions; `silent` says that a person watching would have seen no word.
    """

    versions: list[str] = field(default_factory=list)
    silent: bool = True
    asked: list[float] = field(default_factory=list)
    ended: float | None = None
    error: str = ""

    @property
    def verdict(self) -> Verdict:
        if len(self.asked) > 1:
            return "early"
        return "asleep" if self.ended is None else "at once"


class NotInstalledError(RuntimeError):
    """The interpreter has not got the client."""


class Limited(ThreadingHTTPServer):
    """A server that refuses with `Retry-After: wait`, always or only the first time, and notes when it was asked."""

    daemon_threads = True

    def __init__(self, wait: int, *, always: bool) -> None:
        super().__init__(("127.0.0.1", 0), _Refusal)
        self.wait, self.always = wait, always
        self.moments: list[float] = []
        self.first = threading.Event()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Refusal(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Limited

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.moments.append(time.monotonic())
        self.server.first.set()
        refused = self.server.always or len(self.server.moments) == 1
        error = {"message": "too many requests", "type": "rate_limit_error", "code": "rate_limit"}
        body = json.dumps({"error": error} if refused else {}).encode()
        self.send_response(429 if refused else 200)
        if refused:
            self.send_header("Retry-After", str(self.server.wait))
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def run(anchor: Anchor, *, wait: int, always: bool, seconds: float, python: str = sys.executable) -> Seen:
    """Return what the client did within so many seconds of its first request.

    Raises:
        NotInstalledError: the interpreter has not got it.
    """
    server = Limited(wait, always=always)
    program = PROGRAM.format(code=textwrap.indent(textwrap.dedent(anchor.code).strip(), "    "))
    with tempfile.TemporaryDirectory() as home:
        kept = {name: value for name, value in os.environ.items() if name in {"PATH", "PYTHONPATH", "SYSTEMROOT"}}
        child = subprocess.Popen(
            [python, "-c", program, server.url, *anchor.packages],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=home,
            env=kept | {"HOME": home, "NO_PROXY": "*"},
        )  # fmt: skip
        try:
            return _watched(child, server, seconds)
        finally:
            child.kill()
            child.communicate()
            server.shutdown()
            server.server_close()


def _watched(child: subprocess.Popen[str], server: Limited, seconds: float) -> Seen:
    seen = Seen()
    limit = time.monotonic() + LOADING
    while not server.first.wait(0.02) and child.poll() is None and time.monotonic() < limit:
        pass
    ended = None
    if server.first.is_set():
        try:
            child.wait(max(0.0, server.moments[0] + seconds - time.monotonic()))
            ended = time.monotonic()
        except subprocess.TimeoutExpired:
            child.kill()
    out, err = child.communicate(timeout=10)
    if err.startswith("missing: "):
        raise NotInstalledError(err.removeprefix("missing: ").strip())
    if not server.moments:
        msg = f"it sent nothing; it said:\n{out}{err[-2000:]}"
        raise RuntimeError(msg)
    seen.versions = json.loads(out.splitlines()[0])
    seen.asked = [moment - server.moments[0] for moment in server.moments]
    seen.ended = None if ended is None else ended - server.moments[0]
    seen.error = out.splitlines()[-1] if seen.ended is not None else ""
    seen.silent = not err.strip() and len(out.splitlines()) <= 1
    return seen


def hour(seen: Seen, seconds: float) -> str:
    """Return what came of an hour's wait, in words."""
    if seen.verdict == "early":
        times = ", ".join(f"{moment:.1f}" for moment in seen.asked[1:4])
        more = ", ..." if len(seen.asked) > 4 else ""
        end = "still going on" if seen.ended is None else f"then {seen.error}"
        return f"**sends again** after {times}{more} s; {end}"
    if seen.verdict == "asleep":
        manner = ", without a word" if seen.silent else ""
        return f"**sleeps**{manner}; still asleep when it was stopped after {seconds:g} s"
    return f"ends at once with {seen.error or 'the answer'}"


def second(seen: Seen) -> str:
    """Return what came of a second's wait, in words."""
    if len(seen.asked) == 1:
        return "is not sent again"
    return f"sent again after {seen.asked[1]:.1f} s" + ("" if seen.asked[1] >= 0.995 else ", **too early**")


def rows(python: str, seconds: float) -> Iterator[str]:
    """Yield the lines of the table, a client at a time."""
    yield "| client | what was run | `Retry-After: 3600` | requests | `Retry-After: 1` |"
    yield "|---|---|---|---|---|"
    for anchor in (OURS, *ANCHORS):
        try:
            long = run(anchor, wait=3600, always=True, seconds=seconds, python=python)
            short = run(anchor, wait=1, always=False, seconds=seconds, python=python)
        except NotInstalledError as error:
            sys.stderr.write(f"{anchor.packages[0]}: left out, {error} is not installed\n")
            continue
        name = f"**{long.versions[0]}**" if anchor is OURS else long.versions[0]
        yield f"| {name} | {anchor.does} | {hour(long, seconds)} | {len(long.asked)} | {second(short)} |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--python", default=sys.executable, help="an interpreter that has the clients")
    parser.add_argument("--seconds", type=float, default=8.0, help="after how many seconds a client is stopped")
    chosen = parser.parse_args()
    for line in rows(chosen.python, chosen.seconds):
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
    sys.stdout.write(f"\nPython {platform.python_version()}, {platform.system()}.\n")


if __name__ == "__main__":
    main()
