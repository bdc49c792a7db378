"""The public conformance suite for HTTP caches (http-cache-tests 0.4.5) against our client in "http" mode.

138 of the 157 tests it calls required pass (squid 134, hishel 111, apache 124 by the suite's own results). The other 19
are beyond a private cache of this design, each for a reason in `BEYOND`: so 138 is the ceiling, and reached.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PROXY = Path(__file__).with_name("http_cache_proxy.py")
PACKAGES = ("http-cache-tests@0.4.5", "node-fetch@2")

BEYOND = {
    "for shared caches: a private one passes s-maxage by and keeps what is private": (
        "freshness-s-maxage-shared", "freshness-max-age-s-maxage-shared-longer",
        "freshness-max-age-s-maxage-shared-longer-reversed", "freshness-max-age-s-maxage-shared-longer-multiple",
        "cc-resp-private-shared",
    ),
    "a cookie is a credential, and no credential is stored": (
        "headers-store-Set-Cookie", "headers-store-Set-Cookie2",
        "304-etag-update-response-Set-Cookie", "304-etag-update-response-Set-Cookie2",
    ),
    "the server hangs up and a normal answer is wanted: no cache in the suite's own results passes": (
        "stale-close-must-revalidate", "stale-close-proxy-revalidate", "stale-close-no-cache", "stale-close-s-maxage=2",
    ),
    "the wire refuses an unknown encoding, and a body that is not as long as it says": (
        "headers-store-Content-Encoding", "headers-store-Content-Length",
        "304-etag-update-response-Content-Encoding", "304-etag-update-response-Content-Length",
    ),
    "wants Age: 0,7200 fresh, where Age: 0, 0 and the same on two lines must be stale": ("age-parse-prefix",),
    "a request for a range passes the cache by": ("partial-use-headers",),
}  # fmt: skip

RUN = """
ip link set lo up
cd "$SUITE"
node server/server.mjs >/dev/null 2>&1 &
"$PYTHON" "$PROXY" 8001 8000 >/dev/null 2>&1 &
for port in 8000 8001; do
  for _ in $(seq 150); do (echo >"/dev/tcp/127.0.0.1/$port") 2>/dev/null && break; sleep 0.1; done
done
node --no-warnings cli.mjs
kill %1 %2
"""


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], set[str]]:
    """Run the suite in a network namespace of its own; return its results, and the ids of the required tests."""
    missing = [name for name in ("node", "npm", "unshare", "ip") if shutil.which(name) is None]
    if missing:
        reason = f"NOT RUN: the cache suite needs {', '.join(missing)} on the PATH"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    folder = tmp_path_factory.mktemp("suite")
    subprocess.run(["npm", "install", "--silent", "--no-fund", "--no-audit", *PACKAGES], cwd=folder, check=True)
    suite = folder / "node_modules" / "http-cache-tests"
    env = os.environ | {
        "SUITE": str(suite), "PYTHON": sys.executable, "PROXY": str(PROXY),
        "npm_config_protocol": "http", "npm_config_port": "8000", "npm_config_base": "http://127.0.0.1:8001",
        "npm_config_id": "", "npm_package_config_id": "", "npm_config_pidfile": str(folder / "pid"),
    }  # fmt: skip
    alone = ["unshare", "-n"] if os.geteuid() == 0 else ["unshare", "-rn"]
    ran = subprocess.run([*alone, "bash", "-c", RUN], env=env, capture_output=True, text=True, timeout=300, check=False)
    assert "{" in ran.stdout, ran.stderr
    return json.loads(ran.stdout[ran.stdout.index("{") :]), _required(suite)


def _required(suite: Path) -> set[str]:
    code = """
        import tests from './tests/index.mjs'
        const ids = tests.flatMap(suite => suite.tests)
            .filter(test => (test.kind || 'required') === 'required' && !test.browser_only).map(test => test.id)
        console.log(JSON.stringify(ids))
    """
    listed = subprocess.run(
        ["node", "--input-type=module", "-e", code], cwd=suite, capture_output=True, text=True, check=True
    )
    return set(json.loads(listed.stdout))


@pytest.mark.full
@pytest.mark.timeout(400)
def test_every_required_test_within_reach_passes(results: tuple[dict[str, Any], set[str]]) -> None:
    found, required = results
    beyond = {name for names in BEYOND.values() for name in names}

    passed = {name for name in required if found.get(name) is True}

    assert len(required) == 157
    assert {name: found.get(name) for name in required - passed - beyond} == {}
    assert len(passed) >= 138
