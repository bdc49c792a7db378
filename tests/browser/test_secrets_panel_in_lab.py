"""The secrets panel in JupyterLab: what is typed reaches the kernel, and nothing on the way, and no file, holds it."""

from __future__ import annotations

import hashlib
import json

import pytest
from playwright.sync_api import expect

from leak_forms import seen

VALUE = 'sk_sandbox_"Q7/+=&<w>9~typed'
DIGEST = hashlib.sha256(VALUE.encode()).hexdigest()

STORE = """
import hashlib
from flarex_nb.clock import RealClock
from flarex_nb.model import SecretRef
from flarex_nb.notebook.widgets.panel import ESM, SecretsPanel
from flarex_nb.vault.facade import Secrets
from flarex_nb.vault.sources import Declared, Sources
from flarex_nb.vault.store import SessionStore

hosts = {"DEMO_API_KEY": ("api.demo.example",), "CRM_API_KEY": ("crm.example:8443",)}
known = [Declared(service=name[:-8].lower(), name=name, hosts=bound) for name, bound in hosts.items()]
session = SessionStore(RealClock())
sources = Sources(session, environ={}, declared=lambda: known, default_hosts=lambda name: hosts.get(name, ()))
store = Secrets(sources, lambda: "live")
"""

LISTEN = """
import pathlib
_session = get_ipython().kernel.session
_log = open({path!r}, "ab", buffering=0)
_read, _write = _session.deserialize, _session.serialize

def _received(parts, *args, _read=_read, _log=_log, **kwargs):
    for part in parts:
        _log.write(b"<" + bytes(getattr(part, "bytes", part)) + b"\\n")
    return _read(parts, *args, **kwargs)

def _sent(*args, _write=_write, _log=_log, **kwargs):
    parts = _write(*args, **kwargs)
    for part in parts:
        _log.write(b">" + bytes(getattr(part, "bytes", part)) + b"\\n")
    return parts

_session.deserialize, _session.serialize = _received, _sent
"""

SHOW = "panel = SecretsPanel(store)\npanel"
KEPT = """
for each in session.list():
    value = session.value(SecretRef(each.name, each.env))
    print(each.name, each.env, ",".join(each.hosts), hashlib.sha256(value.encode()).hexdigest())
    del value
print("end")
"""
LEAKY = """
class Leaky(SecretsPanel):
    _esm = ESM.replace("this.ask({ kind: \\"store\\",", CHANGE)

assert Leaky._esm != ESM
panel = Leaky(store)
panel
"""
ASK = 'this.ask({ kind: "store", '
TAMPER = """
  const send = WebSocket.prototype.send;
  window.swap = null;
  WebSocket.prototype.send = function (data) {
    if (window.swap && data instanceof ArrayBuffer) {
      const text = new TextDecoder("latin1").decode(data);
      const [from, to] = window.swap;
      const changed = text.replace(new RegExp(from), to);
      if (changed !== text) data = Uint8Array.from(changed, (letter) => letter.charCodeAt(0)).buffer;
    }
    return send.call(this, data);
  };
"""
REPLAY = """async ([path, content]) => {
  const main = [...window.jupyterapp.shell.widgets("main")];
  const kernel = main.find((each) => each.context?.path === path).sessionContext.session.kernel;
  const header = { date: new Date().toISOString(), msg_id: crypto.randomUUID(), msg_type: "comm_msg",
    session: kernel.clientId, username: "", version: "5.4" };
  kernel.sendShellMessage({ header, parent_header: {}, metadata: {}, content, channel: "shell", buffers: [] }, false);
}"""


@pytest.fixture
def shown(open_notebook, tmp_path):
    """A notebook whose cell 2 shows the panel and whose cell 3 prints digests; its kernel logs what it is sent."""
    return opened_with(open_notebook, tmp_path, SHOW)


def opened_with(open_notebook, tmp_path, *show, before=""):
    """A notebook as in `shown`, with other cells from 2 on or another page."""
    path = tmp_path / "kernel.log"
    notebook = open_notebook([STORE, LISTEN.format(path=str(path)), *show, KEPT], before=before)
    notebook.kernel_log = path
    notebook.run(0, 1, 2)
    return notebook


def area(notebook, cell=2):
    return notebook.output_area(cell).locator(".flarex-panel")


def fill(panel, value, name=None, hosts=None):
    if name is not None:
        panel.get_by_label("Name", exact=True).fill(name)
    if hosts is not None:
        panel.get_by_label("Hosts").fill(hosts)
    panel.get_by_label("Value", exact=True).fill(value)
    panel.get_by_role("button", name="Save").click()


def sealed_content(notebook):
    """The content of the message that carried a sealed value, read from its frame."""
    (payload,) = [
        frame.payload for frame in notebook.frames if frame.direction == "sent" and b'"sealed"' in frame.payload
    ]
    content, _ = json.JSONDecoder().raw_decode(payload[payload.index(b'{"comm_id"') :].decode("latin-1"))
    return content


def leaks(notebook, value):
    """Return where any form of the value is found: frames, files of the server and its kernels, the kernel's log."""
    found = {f"frame {frame.direction}" for frame in notebook.frames if seen(value, frame.payload)}
    found |= {path.name for path, data in notebook.lab.files() if seen(value, data)}
    found |= {"kernel log"} if seen(value, notebook.kernel_log.read_bytes()) else set()
    return found


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


LEAKS = {
    "plain in json": f"{ASK}hint: value, ",
    "reversed in json": f"{ASK}hint: [...value].reverse().join(''), ",
    "base64 at 1": f"{ASK}hint: btoa(' ' + value), ",
    "url of a browser": f"{ASK}hint: encodeURIComponent(value), ",
}


def test_a_front_end_that_leaks_is_seen_by_the_same_checks(open_notebook, tmp_path):
    cells = [LEAKY.replace("CHANGE", repr(change)) for change in LEAKS.values()]
    notebook = opened_with(open_notebook, tmp_path, *cells)

    for number, form in enumerate(LEAKS, start=2):
        notebook.run(number)
        panel, before = area(notebook, number), len(notebook.frames)
        panel.get_by_role("button", name="Add secret").click()
        fill(panel, VALUE, name="CRM_API_KEY")
        expect(panel.get_by_role("status")).to_have_text("CRM_API_KEY is set.")
        sent = b"".join(frame.payload for frame in notebook.frames[before:] if frame.direction == "sent")
        assert form in seen(VALUE, sent)
        assert "plain" not in seen(VALUE, sent)  # the quotes in it are escaped, so plain search alone would be blind

    assert {"frame sent", "kernel log"} <= leaks(notebook, VALUE)


def test_a_value_in_a_synced_trait_is_seen_in_the_saved_notebook_and_its_checkpoint(open_notebook, tmp_path):
    change = f'this.model.set("tooltip", value); this.model.save_changes(); {ASK}'
    notebook = opened_with(open_notebook, tmp_path, LEAKY.replace("CHANGE", repr(change)))
    panel = area(notebook)
    panel.get_by_role("button", name="Add secret").click()

    fill(panel, VALUE, name="CRM_API_KEY")

    expect(panel.get_by_role("status")).to_have_text("CRM_API_KEY is set.")
    notebook.save()
    assert {notebook.path.name, notebook.checkpoints()[0].name} <= leaks(notebook, VALUE)


def test_security_case_49_a_replayed_message_is_rejected(shown):
    panel = area(shown)
    panel.get_by_role("button", name="Add secret").click()
    fill(panel, VALUE, name="CRM_API_KEY")
    expect(panel.get_by_role("status")).to_have_text("CRM_API_KEY is set.")
    panel.get_by_role("button", name="Delete CRM_API_KEY").click()
    panel.get_by_role("button", name="Yes").click()
    expect(panel.get_by_role("status")).to_have_text("CRM_API_KEY is deleted.")

    shown.page.evaluate(REPLAY, [shown.path.name, sealed_content(shown)])

    shown.run(3)
    assert shown.text(3) == "end\n"
    assert b"already used" in shown.kernel_log.read_bytes()


SWAPS = {
    "another name": ['"name":"CRM_API_KEY"', '"name":"CRN_API_KEY"'],
    "another host": ['"hosts":."crm.example:8443"', '"hosts":["evil.exampl:8443"'],
    "another byte": ['("sealed":".{200})(.)', "$1_"],
    "another point": ['("sealed":".{20})(.{4})', "$1AAAA"],
}


def test_a_message_changed_on_the_way_is_rejected_and_the_next_one_is_kept(open_notebook, tmp_path):
    notebook = opened_with(open_notebook, tmp_path, SHOW, before=TAMPER)
    panel = area(notebook)
    panel.get_by_role("button", name="Add secret").click()

    for swap in SWAPS.values():
        notebook.page.evaluate("swap => { window.swap = swap; }", swap)
        fill(panel, VALUE, name="CRM_API_KEY")
        expect(panel.get_by_role("status")).to_contain_text("rejected: the message")
        expect(panel.get_by_label("Value", exact=True)).to_be_focused()
    notebook.run(3)
    assert notebook.text(3) == "end\n"

    notebook.page.evaluate("() => { window.swap = null; }")
    fill(panel, VALUE)
    expect(panel.get_by_role("status")).to_have_text("CRM_API_KEY is set.")
    notebook.run(3)
    assert DIGEST in notebook.text(3)


def test_security_case_51_a_page_without_crypto_refuses_the_value_and_sends_nothing(open_notebook, tmp_path):
    without = 'Object.defineProperty(Crypto.prototype, "subtle", { get: () => undefined });'
    notebook = opened_with(open_notebook, tmp_path, SHOW, before=without)
    panel = area(notebook)
    before = len(notebook.frames)

    panel.get_by_role("button", name="Add secret").click()

    expect(panel.get_by_label("Value", exact=True)).to_be_disabled()
    expect(panel.get_by_role("button", name="Save")).to_be_disabled()
    expect(panel.get_by_role("status")).to_contain_text("not in a secure context")
    expect(panel.get_by_role("status")).to_contain_text("%flarex_secrets set NAME")
    panel.get_by_label("Name", exact=True).fill("CRM_API_KEY")
    panel.get_by_label("Name", exact=True).press("Enter")
    notebook.page.wait_for_timeout(500)
    assert [frame for frame in notebook.frames[before:] if b"comm_msg" in frame.payload] == []


def test_the_keyboard_alone_is_enough_and_focus_comes_back(shown):
    panel = area(shown)
    add, value = panel.get_by_role("button", name="Add secret"), panel.get_by_label("Value", exact=True)
    add.focus()
    add.press("Enter")
    expect(panel.get_by_label("Name", exact=True)).to_be_focused()
    shown.page.keyboard.type("crm api key")
    for _ in range(3):
        shown.page.keyboard.press("Tab")
    expect(value).to_be_focused()
    expect(panel.get_by_label("Name", exact=True)).to_have_value("CRM_API_KEY")
    expect(panel.get_by_label("Hosts")).to_have_value("crm.example:8443")
    shown.page.keyboard.type(VALUE)
    shown.page.keyboard.press("Enter")

    expect(panel.get_by_role("status")).to_have_text("CRM_API_KEY is set.")
    expect(add).to_be_focused()
    rotate = panel.get_by_role("button", name="Rotate CRM_API_KEY")
    rotate.focus()
    rotate.press("Enter")
    expect(value).to_be_focused()
    shown.page.keyboard.type("half a val")
    shown.page.keyboard.press("Escape")
    expect(rotate).to_be_focused()
    rotate.press("Enter")
    expect(value).to_have_value("")


def test_rotating_and_deleting_reach_the_store(shown):
    panel = area(shown)
    panel.get_by_role("button", name="Set DEMO_API_KEY").click()
    fill(panel, "sk_sandbox_first")
    expect(panel.get_by_role("status")).to_have_text("DEMO_API_KEY is set.")
    panel.get_by_role("button", name="Rotate DEMO_API_KEY").click()

    fill(panel, VALUE)

    expect(panel.get_by_role("status")).to_have_text("DEMO_API_KEY has a new value.")
    shown.run(3)
    assert shown.text(3) == f"DEMO_API_KEY live api.demo.example {DIGEST}\nend\n"
    remove = panel.get_by_role("button", name="Delete DEMO_API_KEY")
    remove.click()
    expect(panel.get_by_role("button", name="Keep")).to_be_focused()
    panel.get_by_role("button", name="Keep").click()
    expect(remove).to_be_focused()
    remove.click()
    panel.get_by_role("button", name="Yes").click()
    expect(panel.get_by_role("status")).to_have_text("DEMO_API_KEY is deleted.")
    shown.run(3)
    assert shown.text(3) == "end\n"


def test_keys_typed_in_the_panel_are_not_commands_of_the_notebook(shown):
    main = "[...window.jupyterapp.shell.widgets('main')]"
    cells = f"path => {main}.find((each) => each.context?.path === path).content.widgets.map((each) => each.model.id)"
    before = shown.page.evaluate(cells, shown.path.name)

    area(shown).get_by_role("button", name="Add secret").click()
    for focusable in area(shown).locator("button:visible, select:visible, input:visible").all():
        focusable.focus()
        for key in "ddab":
            shown.page.keyboard.press(key)
    shown.page.wait_for_timeout(300)

    assert shown.page.evaluate(cells, shown.path.name) == before


def test_the_value_leaves_the_field_before_the_kernel_answers(shown):
    panel = area(shown)
    panel.get_by_role("button", name="Add secret").click()
    watch = """element => { window.typed = [];
      WebSocket.prototype.send = new Proxy(WebSocket.prototype.send, { apply(call, self, given) {
        window.typed.push(element.value); return Reflect.apply(call, self, given); } }); }"""
    panel.get_by_label("Value", exact=True).evaluate(watch)

    fill(panel, VALUE, name="CRM_API_KEY")

    expect(panel.get_by_role("status")).to_have_text("CRM_API_KEY is set.")
    assert set(shown.page.evaluate("window.typed")) == {""}
    assert VALUE not in shown.page.content()


def test_the_field_asks_the_browser_to_keep_nothing(shown):
    panel = area(shown)
    panel.get_by_role("button", name="Add secret").click()

    value = panel.get_by_label("Value", exact=True)

    expect(value).to_have_attribute("type", "password")
    expect(value).to_have_attribute("autocomplete", "new-password")
    expect(value).to_have_attribute("spellcheck", "false")


IN_VAULT = 'sk_sandbox_"kept"&<in>/a+file~7'
PASSPHRASE = 'four "fake" words &<here>'
WITH_VAULT = """
import os
sources.vault._environ = {"FLAREX_VAULT": os.path.abspath("kept/vault.json")}
panel = SecretsPanel(store)
panel
"""


def enter(panel, passphrase, again=None):
    panel.get_by_label("Passphrase").fill(passphrase)
    if again is not None:
        panel.get_by_label("Again").fill(again)
    panel.locator("[data-key=save]").click()


def test_a_vault_file_is_made_locked_and_unlocked_and_nothing_on_the_way_holds_the_passphrase(open_notebook, tmp_path):
    notebook = opened_with(open_notebook, tmp_path, WITH_VAULT)
    panel, status = area(notebook), area(notebook).get_by_role("status")
    panel.get_by_role("button", name="Add secret").click()
    fill(panel, IN_VAULT, name="CRM_API_KEY")
    expect(status).to_have_text("CRM_API_KEY is set.")

    panel.get_by_role("button", name="Make a vault file").click()
    expect(panel.get_by_label("Passphrase")).to_be_focused()
    enter(panel, PASSPHRASE, "another")
    expect(status).to_contain_text("The two passphrases differ.")
    enter(panel, "short", "short")
    expect(status).to_contain_text("8 to 1,024 characters")
    enter(panel, PASSPHRASE, "another")
    expect(status).to_contain_text("The two passphrases differ.")
    enter(panel, PASSPHRASE, PASSPHRASE)
    expect(status).to_contain_text("The vault file is open. CRM_API_KEY moved from this session into the vault.")
    expect(panel.get_by_role("row", name="CRM_API_KEY")).to_contain_text("vault file")
    lock = panel.get_by_role("button", name="Lock", exact=True)
    lock.click()
    expect(status).to_have_text("The vault file is locked.")
    expect(panel.get_by_role("row", name="CRM_API_KEY")).to_contain_text("locked")
    panel.get_by_role("button", name="Unlock").click()
    enter(panel, "not the right words")
    expect(status).to_contain_text("does not open the vault file")
    enter(panel, PASSPHRASE)
    expect(status).to_have_text("The vault file is open.")

    expect(panel.get_by_role("button", name="Rotate CRM_API_KEY")).to_be_visible()
    notebook.save()
    assert leaks(notebook, PASSPHRASE) == set()
    assert leaks(notebook, IN_VAULT) == set()
