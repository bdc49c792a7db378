"""The panel in a notebook that nbclient runs and saves with the state of its widgets."""

from __future__ import annotations

import hashlib
import warnings

import nbformat
import pytest
from nbclient import NotebookClient

pytestmark = pytest.mark.kernel

VALUE = hashlib.sha256(b"a visibly fake value").hexdigest()

STORE = """
import base64, hashlib, json
from flarex_nb.notebook.widgets.panel import SecretsPanel
from flarex_nb.vault.commands import VaultState

value = hashlib.sha256(b"a visibly fake value").hexdigest()

class Memory:
    held = {}
    def list(self): return []
    def suggestions(self): return []
    def vault(self): return VaultState(None, False, False)
    def set(self, name, value, *, hosts=(), env="live"):
        self.held[name] = value
        return ()
"""

SHOW = """
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric import ec

panel = SecretsPanel(Memory())
display(panel)
entry = panel.entry
info = b"flarex/1"
for part in (entry["panel"], "DEMO_API_KEY", "live", "", entry["nonce"]):
    info += len(part).to_bytes(2, "big") + part.encode()
suite = hpke.Suite(hpke.KEM.P256, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)
public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), base64.b64decode(entry["public"]))
sealed = suite.encrypt(json.dumps({"value": value}).encode(), public, info=info)
message = {"kind": "store", "id": "1", "action": "set", "name": "DEMO_API_KEY", "env": "live", "hosts": [],
           "nonce": entry["nonce"], "sealed": base64.b64encode(sealed).decode()}
panel._handle_msg({"content": {"data": {"method": "custom", "content": message}}, "buffers": []})
print(Memory.held == {"DEMO_API_KEY": value})
"""

LEAK = "import ipywidgets\nipywidgets.Password(value=value)"


def executed(*cells: str) -> nbformat.NotebookNode:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        NotebookClient(notebook, kernel_name="python3", timeout=60, store_widget_state=True).execute()
    return notebook


def test_security_case_48_no_value_is_saved_with_the_panel_and_the_same_check_sees_a_password_widget() -> None:
    clean, leaky = executed(STORE, SHOW), executed(STORE, LEAK)

    assert clean.cells[1].outputs[-1].text == "True\n"
    states = clean.metadata.widgets["application/vnd.jupyter.widget-state+json"]["state"]
    assert any("entry" in each["state"] for each in states.values())
    assert VALUE not in nbformat.writes(clean)
    assert VALUE in nbformat.writes(leaky)
