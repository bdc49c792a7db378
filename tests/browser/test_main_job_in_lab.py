"""The main job in JupyterLab, as a person does it: type a key into the panel, run a cell, look at the table.

All of it runs against the sandbox. A key that is typed must be the one that is sent, and must be nowhere else.
"""

from __future__ import annotations

import contextlib
import json
import re
import secrets
import time

import nbformat
import pytest
from playwright.sync_api import expect

from leak_forms import seen
from test_secrets_panel_in_lab import LISTEN

LOAD = "%load_ext flarex_nb\n%flarex_sandbox on"
PANEL = "%flarex_secrets"
CALL = "%%flarex_call stripe --into charges --pages all --cache bypass\nGET /v1/charges"
USED = """
import json
import flarex_nb as fx
from flarex_nb.sandbox import launch
held = [each for each in fx.secrets.list() if each.env == "sandbox"]
print(json.dumps({
    "held": [[each.name, each.version, each.hosts == (f"127.0.0.1:{launch.current().port}",)] for each in held],
    "keys": [entry["key"] for entry in launch.log()],
}))
"""
MISSING = "%%flarex_call stripe\nGET /v1/charges/ch_missing"
SLOW = "%%flarex_call stripe --simulate 429:retry-after={wait},200 --jitter none\nGET /v1/charges?limit=3"
SEEN = "from flarex_nb.sandbox import launch\nprint(len(launch.log()))"
HOSTILE = """
import json, threading
from http.server import BaseHTTPRequestHandler, HTTPServer
import flarex_nb as fx

EVIL = "<img src=x onerror=window.pwned=1>"

class Hostile(BaseHTTPRequestHandler):
    def do_GET(self):
        fine = self.path.startswith("/fine")
        made = {EVIL: EVIL, "deep": [{EVIL: EVIL * 9}] * 2, "url": "javascript:window.pwned=1"}
        body = json.dumps([{"x": EVIL, **made}] * 2 if fine else {"error": {"message": EVIL, "code": EVIL}}).encode()
        self.send_response(200 if fine else 400)
        self.send_header("Content-Type", "application/json")
        self.send_header("X-Request-Id", EVIL)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass

server = HTTPServer(("127.0.0.1", 0), Hostile)
threading.Thread(target=server.serve_forever, daemon=True).start()
fx.register(fx.Service(name="evil", base_url=f"http://127.0.0.1:{server.server_port}", network="private"))
"""
START = """([path, index]) => {FIND
  const panel = find(path);
  window.jupyterapp.shell.activateById(panel.id);
  panel.content.activeCellIndex = index;
  window.ran = window.jupyterapp.commands.execute("notebook:run-cell");
}"""


def used(notebook, cell):
    """What secrets the sandbox's calls have, and how the sandbox judged the key of each request it has seen."""
    notebook.run(cell)
    return json.loads(notebook.text(cell))


def begin(notebook, cell):
    """Start a cell and return at once."""
    notebook._script(START, [notebook.path.name, cell])


def end(notebook):
    """Wait for the cell that `begin` started."""
    notebook.page.evaluate("() => window.ran.then(() => null)")


def type_into(panel, button, value):
    """Press a button of the panel, then the keys of the value, then Enter."""
    panel.get_by_role("button", name=button, exact=True).click()
    field = panel.get_by_label("Value", exact=True)
    expect(field).to_be_focused()
    panel.page.keyboard.type(value)
    expect(field).to_have_value(value)
    panel.page.keyboard.press("Enter")


def leaks(notebook, value, kernel_log):
    """Where any form of the value is: frames, messages of the kernel, files of the server and its kernels, the page."""
    found = {f"frame {frame.direction}" for frame in notebook.frames if seen(value, frame.payload)}
    found |= {path.name for path, data in notebook.lab.files() if seen(value, data)}
    found |= {"kernel message"} if seen(value, kernel_log.read_bytes()) else set()
    found |= {"page"} if seen(value, notebook.page.content().encode()) else set()
    return found


def test_a_typed_key_brings_3000_charges_and_is_nowhere_else(open_notebook, tmp_path):
    good, other = (f"sk_sandbox_{secrets.token_urlsafe(12)}~/+=." + secrets.token_hex(4) for _ in range(2))
    wrong, wronger = "wrong_key_value_123456", "wronger_key_value_123456"
    log = tmp_path / "kernel.log"
    notebook = open_notebook([LOAD, LISTEN.format(path=str(log)), PANEL, CALL, USED])
    notebook.run(0, 1, 2)
    panel, output = notebook.output_area(2).locator(".flarex-panel"), notebook.output_area(3)
    status = panel.get_by_role("status")

    type_into(panel, "Rotate STRIPE_SECRET_KEY", good)
    expect(status).to_have_text("STRIPE_SECRET_KEY has a new value.")
    notebook.run(3)

    expect(output.locator("caption")).to_contain_text("GET /v1/charges")
    expect(output.locator("caption")).to_contain_text("3,000 rows")
    expect(output.locator("tbody tr")).to_have_count(10)
    first = used(notebook, 4)
    assert [[name, bound] for name, _, bound in first["held"]] == [["STRIPE_SECRET_KEY", True]]
    assert first["keys"] == ["accepted"] * 30

    # That what was typed is what was sent: a wrong value is refused, and the one before it still serves for a while.
    type_into(panel, "Rotate STRIPE_SECRET_KEY", wrong)
    expect(status).to_have_text("STRIPE_SECRET_KEY has a new value.")
    notebook.run(3)
    expect(output.locator("caption")).to_contain_text("3,000 rows")
    second = used(notebook, 4)
    assert second["keys"][30:] == ["refused", "accepted"] * 30

    # With two wrong ones in a row nothing is left that serves; the right one changes it back.
    type_into(panel, "Rotate STRIPE_SECRET_KEY", wronger)
    expect(status).to_have_text("STRIPE_SECRET_KEY has a new value.")
    notebook.run(3, may_fail=True)
    expect(output.get_by_role("group", name=re.compile("^Error: .*401"))).to_contain_text("authentication-failed")
    expect(output.locator("caption")).to_have_count(0)
    third = used(notebook, 4)
    assert third["keys"][90:] == ["refused", "refused"]
    type_into(panel, "Rotate STRIPE_SECRET_KEY", other)
    expect(status).to_have_text("STRIPE_SECRET_KEY has a new value.")
    notebook.run(3)
    expect(output.locator("caption")).to_contain_text("3,000 rows")
    fourth = used(notebook, 4)
    assert fourth["keys"][92:] == ["accepted"] * 30
    versions = [each["held"][0][1] for each in (first, second, third, fourth)]
    assert versions == sorted(set(versions))

    assert "widgets" in notebook.save()["metadata"]
    assert notebook.checkpoints()
    assert len(set(re.findall(rb'"sealed": ?"([^"]+)"', log.read_bytes()))) == 4
    typed = (good, wrong, wronger, other)
    assert {value: leaks(notebook, value, log) for value in typed} == {value: set() for value in typed}


def test_the_same_search_finds_a_key_that_a_cell_prints(open_notebook, tmp_path):
    """Without this the search above could be blind."""
    value = f"sk_sandbox_{secrets.token_urlsafe(12)}~/+=."
    log = tmp_path / "kernel.log"
    notebook = open_notebook([LISTEN.format(path=str(log)), f"print({value[:18]!r} + {value[18:]!r})"])

    notebook.run(0, 1)
    notebook.save()

    found = leaks(notebook, value, log)
    assert found == {"frame received", "kernel message", "page", notebook.path.name, notebook.checkpoints()[0].name}


def test_a_key_added_for_the_sandbox_by_name_is_used_for_its_calls(open_notebook):
    notebook = open_notebook([LOAD, PANEL, "%%flarex_call stripe --cache bypass\nGET /v1/charges?limit=2", USED])
    notebook.run(0, 1)
    panel = notebook.output_area(1).locator(".flarex-panel")

    panel.get_by_role("button", name="Add secret").click()
    notebook.page.keyboard.type("stripe secret key")
    notebook.page.keyboard.press("Tab")
    environment, hosts = panel.get_by_label("Environment"), panel.get_by_label("Hosts")
    expect(environment).to_have_value("sandbox")
    expect(hosts).to_have_value("")  # the real service's hosts would be wrong for the sandbox's key
    environment.select_option("live")
    expect(hosts).to_have_value("api.stripe.com")
    environment.select_option("sandbox")
    expect(hosts).to_have_value("")
    panel.get_by_label("Value", exact=True).fill("wrong_key_value_123456")
    panel.get_by_role("button", name="Save").click()

    expect(panel.get_by_role("status")).to_contain_text("STRIPE_SECRET_KEY is set.")
    notebook.run(2, may_fail=True)
    assert used(notebook, 3)["keys"] == ["refused"], notebook.text(2)


def test_progress_is_shown_while_a_call_waits_and_gone_when_it_ends(open_notebook):
    line = "%flarex_call stripe GET /v1/charges limit==3 --simulate 429:retry-after=2,200 --jitter none --cache bypass"
    notebook = open_notebook([LOAD, SLOW.format(wait=2), line])
    notebook.run(0)

    for cell in (1, 2):
        output = notebook.output_area(cell)
        begin(notebook, cell)
        expect(output).to_contain_text(re.compile(r"stripe\s+waiting [12](\.\d+)? s"))
        end(notebook)

        expect(output.locator("caption")).to_contain_text("3 rows")
        expect(output).not_to_contain_text(re.compile(r"stripe\s+(waiting|sending|attempt|page)"))
    assert [kept["output_type"] for kept in notebook.outputs(1)] == ["execute_result"]


def test_an_error_is_one_box_with_the_providers_words_and_no_traceback(open_notebook):
    notebook = open_notebook([LOAD, MISSING])
    notebook.run(0)

    notebook.run(1, may_fail=True)

    box = notebook.output_area(1).get_by_role("group", name=re.compile("^Error: .*404"))
    expect(box).to_be_visible()
    expect(box).to_contain_text("No such charge: 'ch_missing'")
    expect(box).to_contain_text("resource_missing")
    expect(notebook.output_area(1)).not_to_contain_text(re.compile(r"Traceback|site-packages|File .*line \d|\.py"))
    assert notebook.output_area(1).bounding_box()["height"] - box.bounding_box()["height"] < 60


def test_jupyterlabs_own_style_does_not_reach_into_a_box(open_notebook):
    """Its rules for `code`, `dt` and table cells are strong; each of these was once seen to win."""
    failed = "%%flarex_call stripe --simulate 503,reset,503 --jitter none\nGET /v1/products?limit=3"
    notebook = open_notebook([LOAD, failed, "%flarex_call stripe GET /v1/products limit==3"])
    notebook.page.set_viewport_size({"width": 900, "height": 900})
    notebook.command("application:toggle-left-area")
    notebook.run(0, 1, 2, may_fail=True)
    box, table = notebook.output_area(1).locator(".fxr"), notebook.output_area(2).locator(".fxr")

    for code in (box.locator("code"), table.locator("caption code")):
        expect(code).to_have_css("background-color", "rgba(0, 0, 0, 0)")
    heights = "every => every.map((each) => Math.round(each.getBoundingClientRect().height))"
    assert max(box.locator("dt").evaluate_all(heights)) < 25  # one line each
    assert max(table.locator("tbody tr").evaluate_all(heights)) < 32
    assert box.locator(".fx-scroll").evaluate("each => each.scrollWidth <= each.clientWidth")


def test_the_interrupt_button_ends_a_wait_at_once_and_nothing_more_is_sent(open_notebook):
    later = f"import time\ntime.sleep(4)\n{SEEN}"  # when the call would have sent again
    notebook = open_notebook([LOAD, SLOW.format(wait=3), later, SLOW.format(wait=20), SEEN])
    notebook.run(0)

    for cell in (1, 3):
        begin(notebook, cell)
        expect(notebook.output_area(cell)).to_contain_text(re.compile(r"waiting \d"))
        pressed = time.monotonic()
        notebook.command("notebook:interrupt-kernel")
        end(notebook)
        elapsed = time.monotonic() - pressed

        assert elapsed < 1.5, elapsed  # 0.5 s in the kernel; the rest is the way there and back on a loaded machine
        (error,) = [output for output in notebook.outputs(cell) if output["output_type"] == "error"]
        assert error["ename"] == "KeyboardInterrupt"
        assert len(error["traceback"]) == 1
        expect(notebook.output_area(cell)).not_to_contain_text(re.compile(r"waiting \d"))
        notebook.run(cell + 1)
    assert [notebook.text(cell).strip() for cell in (2, 4)] == ["1", "2"]


@pytest.mark.parametrize("path", ["fine", "error"])
def test_nothing_of_a_hostile_answer_runs_in_the_page(open_notebook, path):
    notebook = open_notebook(["%load_ext flarex_nb", HOSTILE, f"%flarex_call evil GET /{path}"])
    notebook.run(0, 1)

    notebook.run(2, may_fail=True)

    output = notebook.output_area(2)
    expect(output).to_contain_text("<img src=x onerror=window.pwned=1>")
    for folded in output.locator("summary").all():
        folded.click()
    notebook.page.wait_for_timeout(300)  # an image that fails to load tells so a moment later
    assert notebook.page.evaluate("window.pwned === undefined")
    assert output.locator("img, script, iframe, a[href^=javascript]").count() == 0


def test_the_page_would_run_such_markup_if_it_were_shown_as_it_is(open_notebook):
    notebook = open_notebook(["from IPython.display import HTML\nHTML('<img src=x onerror=window.pwned=1>')"])

    notebook.run(0)

    notebook.page.wait_for_function("window.pwned === 1")


def test_notebook_7_shows_the_table_and_the_panel(lab, chromium):
    cells = [nbformat.v4.new_code_cell(source) for source in (LOAD, CALL, PANEL)]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), lab.root / "seven.ipynb")
    page = chromium.new_context(viewport={"width": 1280, "height": 900}).new_page()
    page.set_default_timeout(60_000)
    try:
        page.goto(f"{lab.url}/notebooks/seven.ipynb")
        expect(page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]")).to_be_visible(timeout=60_000)
        first = page.locator(".jp-Cell .jp-InputPrompt").first
        for _ in range(20):  # a key that comes before the kernel is ready is lost
            page.locator(".jp-Cell .cm-content").first.click()
            page.keyboard.press("Shift+Enter")
            with contextlib.suppress(AssertionError):
                expect(first).to_have_text(re.compile(r"\[[*1]\]:"), timeout=2_000)
                break
        for _ in cells[1:]:
            page.keyboard.press("Shift+Enter")

        expect(page.locator(".jp-OutputArea caption")).to_contain_text("3,000 rows", timeout=60_000)
        expect(page.locator(".flarex-panel")).to_contain_text("STRIPE_SECRET_KEY")
    finally:
        page.context.close()
        lab.end_kernels()
