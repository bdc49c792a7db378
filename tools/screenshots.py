"""Take the pictures of the documentation again: real cells, run in JupyterLab against the sandbox.

    python tools/screenshots.py                   docs/images/quickstart.png, panel.png and error.png
    python tools/screenshots.py --every FOLDER    every view in the light and the dark theme, to look at after a change
    python tools/screenshots.py --notebooks FOLDER [WORD...]   every kept notebook, run again, in one picture each

Needs what the browser tests need: the package with its `test` extra, and a chromium (FLAREX_CHROMIUM names another).
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "browser"))  # the harness of the browser tests

from lab_page import LabNotebook  # noqa: E402 - found through the line above
from lab_server import LabServer  # noqa: E402

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

IMAGES = ROOT / "docs" / "images"
KEPT = {"quickstart", "panel", "error"}
"""The views whose light picture is in the documentation."""

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
WIDTH, SCALE = 940, 1.5
"""CSS pixels a cell is wide, about what a README page shows, and the picture's pixels for each of them."""

THEMES = ("Light", "Dark")

_LOAD = """
%load_ext flarex_nb
%flarex_sandbox on
import flarex_nb as fx
crm = fx.Service(name="crm", base_url="https://crm.example.com", auth={"kind": "bearer", "secret": "CRM_API_KEY"})
fx.register(crm)
fx.secrets.set("CRM_API_KEY", "sk_sandbox_" + "0" * 12, env="live")
"""
_NO_SECRETS = """
from flarex_nb.notebook.widgets.panel import SecretsPanel
class Nothing:
    list = suggestions = lambda self: ()
SecretsPanel(Nothing())
"""
_PRODUCTS = "GET /v1/products?limit=3"
CELLS = {
    "quickstart": (
        "%%flarex_call stripe --into charges --pages all --columns id,amount,currency,status,created\nGET /v1/charges"
    ),
    "columns": "%%flarex_call stripe --pages all\nGET /v1/charges",
    "nested": (
        "%%flarex_call stripe --columns id,payment_method_details,receipt_url,metadata,outcome\nGET /v1/charges?limit=4"
    ),
    "record": (
        "%%flarex_call stripe --into customer --columns id,name,email,metadata\nPOST /v1/customers\n\n"
        '{"name": "Ada Lovelace", "email": "ada@example.com", "metadata": {"plan": "team"}}'
    ),
    "charge": "charge = charges.id[0]\n%flarex_call stripe GET /v1/charges/{{charge}}",
    "none": "%%flarex_call stripe\nGET /v1/charges?created[gte]=4000000000",
    "timeline": (f"%%flarex_call stripe --columns id,name,active --simulate 503,429:retry-after=1,200\n{_PRODUCTS}"),
    "error": "%%flarex_call stripe\nGET /v1/charges/ch_missing",
    "failed": f"%%flarex_call stripe --simulate 503,reset,503\n{_PRODUCTS}",
    "slip": "%%flarex_call stripe\nGET /v1/charges?limit={{limti}}",
    "line": f"%flarex_call stripe --simulate 429:retry-after=1,200 {_PRODUCTS.replace('?limit=', ' limit==')}",
    "panel": "%flarex_secrets",
    "no-secrets": _NO_SECRETS.strip(),
}
"""The name of each view and the cell that makes it, in the order they run."""

_PLAIN = """
.jp-InputPrompt, .jp-OutputPrompt { min-width: 60px !important; flex-basis: 60px !important; }
.jp-Cell .jp-Collapser, .jp-cell-toolbar, .jp-Toolbar { visibility: hidden !important; }
.jp-Cell {
  padding: 10px 14px 10px 4px !important;
  border-color: transparent !important; outline: none !important; box-shadow: none !important;
}
"""
"""Narrow prompts, and none of the marks of the cell that happens to be selected."""


def main(arguments: list[str] | None = None) -> int:
    """Return the exit code: 0 when every picture is taken."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--every", type=Path, metavar="FOLDER", help="every view in both themes, into this folder")
    parser.add_argument("--notebooks", type=Path, metavar="FOLDER", help="every kept notebook, run, into this folder")
    parser.add_argument("names", nargs="*", help="with --notebooks: only those whose path has one of these words")
    chosen = parser.parse_args(arguments)
    program = os.environ.get("FLAREX_CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        print("No chromium: install it, or name one with FLAREX_CHROMIUM.", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="flarex-screenshots-") as home:
        server = LabServer(Path(home) / "server")
        server.start()
        try:
            if chosen.notebooks:
                _notebooks(server, program, chosen.notebooks, chosen.names)
            else:
                _with_browser(server, program, chosen.every)
        finally:
            server.stop()
    return 0


def _with_browser(server: LabServer, program: str, every: Path | None) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": WIDTH, "height": 3000}, device_scale_factor=SCALE)
        page.set_default_timeout(30_000)
        notebook = LabNotebook(server, page, "pictures")
        wanted = {name: source for name, source in CELLS.items() if every or name in KEPT}
        notebook.open([_LOAD.strip(), *wanted.values()])
        notebook.command("application:toggle-left-area")
        page.add_style_tag(content=_PLAIN)
        notebook.run(*range(len(wanted) + 1), may_fail=True)
        for theme in THEMES if every else THEMES[:1]:
            _wear(notebook, theme)
            for number, name in enumerate(wanted, 1):
                _cell(notebook, number, (every / f"{name}-{theme.lower()}.png") if every else IMAGES / f"{name}.png")
            if every:
                panel = notebook.output_area(1 + list(wanted).index("panel")).locator(".flarex-panel")
                _at_work(panel, every, theme.lower())
        browser.close()


def _notebooks(server: LabServer, program: str, folder: Path, names: list[str]) -> None:
    kept = sorted(path for path in (ROOT / "notebooks").rglob("*.ipynb") if "checkpoint" not in path.name)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        for path in kept:
            if names and not any(name in str(path) for name in names):
                continue
            page = browser.new_page(viewport={"width": WIDTH, "height": 1000})
            page.set_default_timeout(60_000)
            shutil.copy(path, server.root / path.name)
            notebook = LabNotebook(server, page, path.stem)
            notebook.show()
            notebook.command("application:toggle-left-area")
            page.add_style_tag(content=_PLAIN)
            notebook.command("notebook:run-all-cells")  # goes on after a cell that is tagged to fail
            page.set_viewport_size({"width": WIDTH, "height": 14_000})  # so that every cell is drawn
            page.locator(".jp-WindowedPanel-outer").first.evaluate("place => { place.scrollTop = 0; }")
            page.wait_for_timeout(1500)
            page.locator(".fx-more").evaluate_all("all => all.forEach((each) => { each.open = true; })")
            bottom = page.locator(".jp-Notebook .jp-Cell").last.bounding_box()
            height = int(bottom["y"] + bottom["height"]) + 60 if bottom else 14_000
            page.set_viewport_size({"width": WIDTH, "height": height})
            page.locator(".jp-WindowedPanel-outer").first.evaluate("place => { place.scrollTop = 0; }")
            page.wait_for_timeout(500)
            folder.mkdir(parents=True, exist_ok=True)
            page.screenshot(path=folder / f"{path.stem}.png", animations="disabled")
            print(path.stem)
            page.close()
        browser.close()


def _wear(notebook: LabNotebook, theme: str) -> None:
    notebook.command("apputils:change-theme", theme=f"JupyterLab {theme}")
    notebook.page.locator(f"body[data-jp-theme-name='JupyterLab {theme}']").wait_for(state="attached")
    notebook.page.wait_for_timeout(1500)  # its style sheet comes a moment after the mark


def _cell(notebook: LabNotebook, number: int, path: Path) -> None:
    """Save the cell with its output; what can be opened below a table is open."""
    cell = notebook.page.locator(".jp-Notebook .jp-Cell").nth(number)
    cell.locator(".jp-OutputArea-output").last.wait_for()
    for folded in cell.locator(".fx-more:not([open]) > summary").all():
        folded.click()
    notebook.page.locator(".jp-Notebook .jp-InputPrompt").first.click()  # the first cell is in no picture
    notebook.page.mouse.move(0, 0)
    _save(cell, path)


def _at_work(panel: Locator, folder: Path, theme: str) -> None:
    """Save the panel while a secret is added, rotated, asked about, and after a slip."""
    page: Page = panel.page
    panel.get_by_role("button", name="Add secret").click()
    _save(panel, folder / f"panel-adding-{theme}.png")
    panel.get_by_label("Name", exact=True).fill("stripe secret key")
    page.keyboard.press("Tab")
    panel.get_by_label("Value", exact=True).fill("0" * 32)
    _save(panel, folder / f"panel-typed-{theme}.png")
    panel.get_by_label("Value", exact=True).fill("")
    panel.get_by_role("button", name="Save").click()
    _save(panel, folder / f"panel-slip-{theme}.png")
    panel.get_by_role("button", name="Cancel").click()
    panel.get_by_role("button", name="Rotate CRM_API_KEY").click()
    _save(panel, folder / f"panel-rotating-{theme}.png")
    panel.get_by_label("Value", exact=True).fill("sk_sandbox_" + "1" * 12)
    panel.get_by_role("button", name="Save").click()
    panel.get_by_text("has a new value").wait_for()
    _save(panel, folder / f"panel-done-{theme}.png")
    panel.get_by_role("button", name="Delete CRM_API_KEY").click()
    _save(panel, folder / f"panel-asking-{theme}.png")
    panel.get_by_role("button", name="Keep").click()


def _save(place: Locator, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    place.screenshot(path=path, animations="disabled")
    print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    sys.exit(main())
