"""The secrets panel in JupyterLab: what is typed reaches the kernel, and nothing on the way, and no file, holds it."""

from __future__ import annotations

import hashlib
import json

import pytest
from leak_forms import seen
from playwright.sync_api import expect

VALUE = 'sk_sandbox_"Q7/+=&<w>9~typed'
DIGEST = hashlib.sha256(VALUE.encode()).hexdigest()

STORE = """
import hashlib
from dataclasses import dataclass
from flarex_nb.notebook.widgets.panel import ESM, SecretsPanel

@dataclass
class Shown:
    name: str
    env: str
    source: str
    hosts: tuple
    state: str

class Memory:
    def __init__(self):
        self.held, self.bound = {}, {}
    def list(self):
        held = [Shown(name, env, "session", self.bound[name, env], "set") for name, env in self.held]
        if ("DEMO_API_KEY", "live") not in self.held:
            held.append(Shown("DEMO_API_KEY", "live", "", ("api.demo.example",), "missing"))
        return [*held, Shown("PATH_API_KEY", "live", "env", ("api.path.example",), "set")]
    def set(self, name, value, *, hosts=(), env="live"):
        self.held[name, env], self.bound[name, env] = value, tuple(hosts)
        return ()
    def rotate(self, name, value, *, env="live"):
        self.held[name, env] = value
        return ()
    def delete(self, name, *, env="live"):
        del self.held[name, env]
    def suggestions(self):
        return [("demo", "DEMO_API_KEY", ("api.demo.example",)), ("crm", "CRM_API_KEY", ("crm.example:8443",))]

memory = Memory()
"""

LISTEN = """
import pathlib
_session = get_ipython().kernel.session
_log = open({path!r}, "ab", buffering=0)
_read, _write = _session.deserialize, _session.serialize

def _received(parts, *args, **kwargs):
    for part in parts:
        _log.write(b"<" + bytes(getattr(part, "bytes", part)) + b"\\n")
    return _read(parts, *args, **kwargs)

def _sent(*args, **kwargs):
    parts = _write(*args, **kwargs)
    for part in parts:
        _log.write(b">" + bytes(getattr(part, "bytes", part)) + b"\\n")
    return parts

_session.deserialize, _session.serialize = _received, _sent
"""

SHOW = "panel = SecretsPanel(memory)\npanel"
KEPT = """
for (name, env), value in memory.held.items():
    print(name, env, ",".join(memory.bound[name, env]), hashlib.sha256(value.encode()).hexdigest())
print("end")
"""
LEAKY = """
class Leaky(SecretsPanel):
    _esm = ESM.replace("...entry, sealed }", "...entry, sealed, CHANGE }")
panel = Leaky(memory)
panel
"""


@pytest.fixture
def shown(open_notebook, tmp_path):
    """A notebook whose cell 2 shows the panel and whose cell 3 prints digests; its kernel logs what it is sent."""
    notebook = open_notebook([STORE, LISTEN.format(path=str(tmp_path / "kernel.log")), SHOW, KEPT])
    notebook.run(0, 1, 2)
    notebook.kernel_log = tmp_path / "kernel.log"
    return notebook


def area(notebook, cell=2):
    return notebook.output_area(cell).locator(".flarex-panel")


def fill(panel, value, name=None, hosts=None):
    if name is not None:
        panel.get_by_label("Name").fill(name)
    if hosts is not None:
        panel.get_by_label("Hosts").fill(hosts)
    panel.get_by_label("Value").fill(value)
    panel.get_by_role("button", name="Save").click()


def leaks(notebook, value):
    """Return where any form of the value is found, over frames, saved files, the server's files and the kernel's log."""
    places = {f"frame {frame.direction}": frame.payload for frame in ()}
    found = {f"frame {frame.direction}" for frame in notebook.frames if seen(value, frame.payload)}
    found |= {path.name for path, data in notebook.lab.files() if seen(value, data)}
    found |= {"kernel log"} if seen(value, notebook.kernel_log.read_bytes()) else set()
    return found | set(places)


def test_a_typed_secret_is_stored_and_nothing_on_the_way_holds_it(shown):
    panel = area(shown)
    panel.get_by_role("button", name="Add secret").click()

    fill(panel, VALUE, name="crm api-key")

    expect(panel.get_by_role("status")).to_have_text("CRM_API_KEY is set.")
    shown.run(3)
    assert f"CRM_API_KEY live crm.example:8443 {DIGEST}\n" in shown.text(3)
    saved = shown.save()
    assert "widgets" in saved["metadata"]
    assert shown.checkpoints()
    assert b'"sealed"' in shown.kernel_log.read_bytes()
    assert len([frame for frame in shown.frames if frame.direction == "sent"]) > 5
    assert leaks(shown, VALUE) == set()


@pytest.mark.parametrize(
    "change",
    ["value", "hint: [...value].reverse().join('')", "hint: btoa(' ' + value)", "hint: encodeURIComponent(value)"],
)
def test_a_front_end_that_leaks_is_seen_by_the_same_checks(open_notebook, tmp_path, change):
    notebook = open_notebook([STORE, LISTEN.format(path=str(tmp_path / "kernel.log")), LEAKY.replace("CHANGE", change)])
    notebook.kernel_log = tmp_path / "kernel.log"
    notebook.run(0, 1, 2)
    panel = area(notebook)
    panel.get_by_role("button", name="Add secret").click()

    fill(panel, VALUE, name="CRM_API_KEY")

    expect(panel.get_by_role("status")).to_have_text("CRM_API_KEY is set.")
    assert {"frame sent", "kernel log"} <= leaks(notebook, VALUE)
