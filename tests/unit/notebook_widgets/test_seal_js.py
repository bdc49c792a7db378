"""The browser's sealing code, run in Node and opened by the cryptography package."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

import flarex_nb.notebook.widgets.panel as panel_module
from flarex_nb.vault.seal import entry_info

if TYPE_CHECKING:
    from tests.unit.notebook_widgets.conftest import Browser

SEAL = Path(panel_module.__file__).parent / "static" / "seal.js"
PROGRAM = """
const cases = JSON.parse(await new Promise((resolve) => {
  let text = ""; process.stdin.on("data", (part) => { text += part; }).on("end", () => resolve(text)); }));
const out = [];
for (const each of cases) {
  const info = entryInfo(each);
  const sealed = await seal(fromBase64(each.public), info, padded(each.value));
  out.push({ info: toBase64(info), sealed: toBase64(sealed) });
}
console.log(JSON.stringify(out));
"""
CASES = [
    ("plain", "KEY", "live", ["api.example.com"], "n1", "sk_sandbox_value"),
    ("no hosts", "KEY", "live", [], "n1", "x"),
    ("many hosts", "KEY", "sandbox", ["a.example", "*.b.example:8443"], "n1", "v" * 300),
    ("beyond ascii", "SCHLÜSSEL", "live", ["bücher.example"], "nöé", 'naïve "quoted" \\ \u2028 🗝'),
    ("large", "K" * 700, "live", ["h.example"], "n", "y" * 65_536),
]


@pytest.fixture(scope="module")
def secret() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@pytest.fixture(scope="module")
def sealed(secret: ec.EllipticCurvePrivateKey) -> list[dict[str, bytes]]:
    """What Node made of each case: the info bytes and enc||ct."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("no node on PATH: the browser tests cover the same code in Chromium")
    form = serialization.PublicFormat.UncompressedPoint
    public = base64.b64encode(secret.public_key().public_bytes(serialization.Encoding.X962, form)).decode()
    keys = ("panel", "name", "env", "hosts", "nonce", "value")
    cases: list[dict[str, Any]] = [{"public": public, **dict(zip(keys, case, strict=True))} for case in CASES]
    source = SEAL.read_text(encoding="utf-8") + PROGRAM
    done = subprocess.run(
        [node, "--input-type=module", "--experimental-global-webcrypto", "-e", source],
        input=json.dumps(cases),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return [{key: base64.b64decode(text) for key, text in each.items()} for each in json.loads(done.stdout)]


@pytest.mark.parametrize("number", range(len(CASES)), ids=[case[0] for case in CASES])
def test_what_the_browser_seals_opens_here(
    secret: ec.EllipticCurvePrivateKey, sealed: list[dict[str, bytes]], browser: Browser, number: int
) -> None:
    plain = browser.suite.decrypt(sealed[number]["sealed"], secret, info=sealed[number]["info"])

    assert json.loads(plain) == {"value": CASES[number][-1]}
    assert len(plain) % 256 == 0


@pytest.mark.parametrize("number", range(len(CASES)), ids=[case[0] for case in CASES])
def test_both_sides_build_the_same_info(sealed: list[dict[str, bytes]], number: int) -> None:
    panel, name, env, hosts, nonce, _ = CASES[number]

    assert sealed[number]["info"] == entry_info(panel, name, hosts, nonce, env=env)


def test_another_info_does_not_open_it(
    secret: ec.EllipticCurvePrivateKey, sealed: list[dict[str, bytes]], browser: Browser
) -> None:
    with pytest.raises(InvalidTag):
        browser.suite.decrypt(sealed[0]["sealed"], secret, info=sealed[1]["info"])


def test_short_values_of_different_length_seal_to_one_length(sealed: list[dict[str, bytes]]) -> None:
    assert len(sealed[0]["sealed"]) == len(sealed[1]["sealed"]) == 65 + 256 + 16


@pytest.mark.parametrize(
    "way", ["fetch(", "console.", "localStorage", "sessionStorage", "innerHTML", "eval(", "import("]
)
def test_the_front_end_has_no_other_way_out_for_a_value(way: str) -> None:
    assert way not in panel_module.ESM
