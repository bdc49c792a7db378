"""What a cell shows, checked by axe against WCAG 2 A and AA in a real JupyterLab, in the light and the dark theme.

Only our own output is judged: the page around it is JupyterLab's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser

    from lab_page import LabNotebook

RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}}
OURS = (".fxr", ".flarex-panel")
TALL = "body { height: 100vh !important; }"
"""JupyterLab's body has no height and hides what overflows, which axe takes for a page where no text is to be seen."""

THEMES = ("Light", "Dark")

START = """
%load_ext flarex_nb
%flarex_sandbox on
import struct, threading, zlib
from http.server import BaseHTTPRequestHandler, HTTPServer
import flarex_nb as fx

def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

HEAD = struct.pack(">IIBBBBB", 8, 8, 8, 2, 0, 0, 0)
ROWS = zlib.compress((b"\\x00" + b"\\x80" * 24) * 8)
PNG = b"\\x89PNG\\r\\n\\x1a\\n" + chunk(b"IHDR", HEAD) + chunk(b"IDAT", ROWS) + chunk(b"IEND", b"")
ANSWERS = {
    "/picture": ("image/png", PNG),
    "/text": ("text/plain", b"A line of words.\\n" * 40),
    "/page": ("text/html", b"<h1>Not a heading of this notebook</h1>"),
    "/bytes": ("application/octet-stream", bytes(range(256))),
}

class Files(BaseHTTPRequestHandler):
    def do_GET(self):
        kind, body = ANSWERS[self.path]
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass

server = HTTPServer(("127.0.0.1", 0), Files)
threading.Thread(target=server.serve_forever, daemon=True).start()
fx.register(fx.Service(name="files", base_url=f"http://127.0.0.1:{server.server_port}", network="private"))

from pydantic import BaseModel

class Product(BaseModel):
    id: str
    unit_label: str
"""

VIEWS = {
    "table": "%%flarex_call stripe --into charges --pages all --columns id,amount,currency,created\nGET /v1/charges",
    "wide": "%%flarex_call stripe\nGET /v1/charges?limit=20",
    "nested": "%%flarex_call stripe --columns id,payment_method_details,metadata,outcome\nGET /v1/charges?limit=4",
    "record": "%flarex_call stripe GET /v1/charges/{{charges.id[0]}}",
    "nothing": "%%flarex_call stripe\nGET /v1/charges?created[gte]=4000000000",
    "timeline": "%%flarex_call stripe --simulate 503,429:retry-after=1,200 --jitter none\nGET /v1/products?limit=3",
    "misfits": "%%flarex_call stripe --validate Product\nGET /v1/products?limit=20",
    "error": "%%flarex_call stripe\nGET /v1/charges/ch_missing",
    "failed": "%%flarex_call stripe --simulate 503,reset,503 --jitter none\nGET /v1/products?limit=3",
    "slip": "%%flarex_call stripe\nGET /v1/charges?limit={{limti}}",
    "why": "%flarex_why",
    "plan": "%%flarex_call stripe --plan\nPOST /v1/customers\n\nemail=ada@example.com",
    "panel": "%flarex_secrets",
    "audit": "%flarex_secrets audit",
    "status": "%flarex_status",
    "cache": "%flarex_cache",
    "scan": "%flarex_scan",
    "doctor": "%flarex_doctor",
    "picture": "%flarex_call files GET /picture",
    "text": "%flarex_call files GET /text",
    "page": "%flarex_call files GET /page",
    "bytes": "%flarex_call files GET /bytes",
}
"""The name of each view and the cell that makes it, in the order they run."""


@pytest.fixture(scope="module")
def views(lab: Any, chromium: Browser) -> Iterator[LabNotebook]:
    """A notebook whose cell n + 1 shows the n-th view, everything that opens opened."""
    from lab_page import LabNotebook

    context = chromium.new_context(viewport={"width": 1280, "height": 1600})
    page = context.new_page()
    page.set_default_timeout(30_000)
    notebook = LabNotebook(lab, page, "accessibility")
    notebook.open([START.strip(), *VIEWS.values()])
    notebook.run(0)
    notebook.run(*range(1, len(VIEWS) + 1), may_fail=True)
    page.add_style_tag(content=TALL)
    page.locator(".jp-Notebook .fxr details").evaluate_all("all => all.forEach((each) => { each.open = true; })")
    yield notebook
    context.close()
    lab.end_kernels()


def wear(notebook: LabNotebook, theme: str) -> None:
    notebook.command("apputils:change-theme", theme=f"JupyterLab {theme}")
    notebook.page.locator(f"body[data-jp-theme-name='JupyterLab {theme}']").wait_for(state="attached")
    notebook.page.wait_for_timeout(1500)  # its style sheet comes a moment after the mark


def violations(notebook: LabNotebook, view: str) -> list[str]:
    """Return what axe holds against our output of that cell, a line each, and fail where there is none of it."""
    area = notebook.output_area(1 + list(VIEWS).index(view))
    area.scroll_into_view_if_needed()
    ours = area.locator(", ".join(OURS))
    expect(ours.first).to_be_visible()
    area.evaluate("(area, name) => { area.dataset.view = name; }", view)
    found = Axe().run(
        notebook.page, [[f"[data-view={view}] {own}"] for own in OURS if area.locator(own).count()], RULES
    )
    assert found.response["passes"], "axe judged nothing"
    return [
        f"{each['id']}: {node['html'][:200]} {node['failureSummary']}"
        for each in found.response["violations"]
        for node in each["nodes"]
    ]


@pytest.fixture(scope="module", params=THEMES)
def in_a_theme(request: pytest.FixtureRequest, views: LabNotebook) -> LabNotebook:
    wear(views, request.param)
    return views


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_has_no_violation(in_a_theme: LabNotebook, view: str) -> None:
    found = violations(in_a_theme, view)

    assert not found, "\n\n".join(found)


def test_the_panel_at_work_has_no_violation(in_a_theme: LabNotebook) -> None:
    panel = in_a_theme.output_area(1 + list(VIEWS).index("panel")).locator(".flarex-panel")
    steps: list[tuple[str, Callable[[], None]]] = [
        ("adding", panel.get_by_role("button", name="Add secret").click),
        ("a slip", panel.get_by_role("button", name="Save").click),
        ("rotating", panel.get_by_role("button", name="Rotate STRIPE_SECRET_KEY").click),
    ]

    found = {}
    for name, press in steps:
        press()
        found[name] = violations(in_a_theme, "panel")
        if name != "adding":
            panel.get_by_role("button", name="Cancel").click()

    assert found == {"adding": [], "a slip": [], "rotating": []}


def test_the_check_sees_a_violation(views: LabNotebook) -> None:
    """A picture without words and faint words, put into our own output, are found."""
    views.output_area(1).locator(".fxr").first.evaluate(
        "place => place.insertAdjacentHTML('afterbegin', "
        "'<p class=planted style=\"color: #bbb; background: #fff\">Faint</p><img class=planted src=data:,>')"
    )

    found = violations(views, "table")

    views.output_area(1).locator(".planted").evaluate_all("all => all.forEach((each) => each.remove())")
    assert {each.split(":")[0] for each in found} == {"color-contrast", "image-alt"}
