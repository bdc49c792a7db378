"""The looks, in one place: follows the theme of JupyterLab, Notebook and VS Code, and reads without any of it.

Colour is never the only sign: each mark has its word. All rules are scoped to `.fxr`; no script, font or image.
"""

from __future__ import annotations

import re

_SHEET = """
.fxr {
  --t: var(--jp-content-font-color1, var(--vscode-editor-foreground, currentColor));
  --q: var(--jp-content-font-color2, var(--vscode-descriptionForeground, currentColor));
  --l: var(--jp-border-color2, var(--vscode-panel-border, #8884));
  --f: var(--jp-layout-color2, var(--vscode-editorWidget-background, #8881));
  --good: var(--jp-success-color1, #388e3c);
  --warn: var(--jp-warn-color1, #e08600);
  --bad: var(--jp-error-color1, #d32f2f);
  --m: var(--jp-code-font-family, ui-monospace, Menlo, Consolas, monospace);
  --b: var(--jp-layout-color0, var(--vscode-editor-background, Canvas));
  display: inline-block; box-sizing: border-box; max-width: 100%; min-width: min(100%, 600px); margin: 4px 0;
  border: 1px solid var(--l); border-radius: 6px; overflow: hidden;
  color: var(--t); font: 13px/1.5 var(--jp-ui-font-family, system-ui, sans-serif); text-align: left;
}
.fxr .fx-scroll {
  overflow-x: auto;
  background:
    linear-gradient(to left, var(--b) 14px, transparent 28px) 0 -1px / 100% calc(100% + 2px) local,
    linear-gradient(to left, #8885, transparent 12px) 0 0 / 100% calc(100% - 2px) no-repeat;
}
.fxr table {
  width: 100%; margin: 0; border: 0; border-collapse: collapse; table-layout: auto; font-size: 12px; color: inherit;
}
.fxr caption { padding: 9px 14px 8px; caption-side: top; text-align: left; color: inherit; font-size: 13px; }
.fxr caption > div { position: sticky; left: 14px; width: max-content; max-width: min(100%, 840px); }
.fxr .fx-cap { padding: 9px 14px 8px; }
.fxr .fx-whole { padding: 8px 14px; border-top: 1px solid var(--l); overflow: auto; }
.fxr .fx-whole img { display: block; max-width: 100%; margin: 0; }
.fxr .fx-top { display: flex; flex-wrap: wrap; align-items: baseline; gap: 2px 8px; }
.fxr .fx-facts { color: var(--q); font-size: 12px; }
.fxr.fxr code, .fxr.fxr pre, .fxr .fx-m {
  flex: 0 1 auto; margin: 0; padding: 0; border: 0; background: none; color: inherit; font: 12px/1.5 var(--m);
  overflow-wrap: anywhere; white-space: pre-wrap;
}
.fxr .fx-mark {
  padding: 0 7px; border: 1px solid var(--l); border-radius: 9px;
  font-size: 11px; line-height: 16px; white-space: nowrap;
}
.fxr .fx-good::before, .fxr .fx-warn::before, .fxr .fx-bad::before {
  content: ""; display: inline-block; width: 7px; height: 7px; margin-right: 5px;
  border-radius: 50%; background: var(--good);
}
.fxr .fx-warn::before { border-radius: 0; background: var(--warn); transform: rotate(45deg) scale(.9); }
.fxr .fx-bad::before { border-radius: 1px; background: var(--bad); }
.fxr tr, .fxr tbody tr:nth-child(n) { background: none; }
.fxr tbody tr:hover { background: var(--f); }
.fxr th, .fxr td {
  padding: 3px 14px 3px 0; border: 0; border-top: 1px solid var(--l); background: none; color: inherit;
  text-align: left; vertical-align: top; font-weight: normal; white-space: nowrap; line-height: 1.5;
}
.fxr .fx-grid .fx-m { white-space: nowrap; }
.fxr .fx-grid tr::after { content: ""; display: table-cell; width: 100%; border-top: 1px solid var(--l); }
.fxr tr > :first-child { padding-left: 14px; }
.fxr thead th { padding-top: 5px; font-weight: 600; vertical-align: bottom; }
.fxr thead th small { display: block; color: var(--q); font-size: 10.5px; font-weight: normal; line-height: 1.3; }
.fxr td { max-width: 420px; overflow: hidden; text-overflow: ellipsis; }
.fxr .fx-n { text-align: right; font-variant-numeric: tabular-nums; }
.fxr tbody th, .fxr .fx-null { color: var(--q); }
.fxr .fx-null { font-style: italic; opacity: .8; }
.fxr .fx-record { table-layout: fixed; }
.fxr .fx-record tr > th:first-child { width: 36%; white-space: normal; overflow-wrap: anywhere; }
.fxr .fx-record tbody th { color: inherit; font-weight: 500; }
.fxr .fx-record td, .fxr .fx-why { white-space: normal; overflow-wrap: anywhere; }
.fxr .fx-record td { max-width: 640px; }
.fxr .fx-why { width: 100%; min-width: 180px; }
.fxr td > small { display: block; color: var(--q); font-size: 11px; }
.fxr a { color: var(--jp-content-link-color, var(--vscode-textLink-foreground, #1a6fd4)); }
.fxr summary { cursor: pointer; }
.fxr td summary { font: 12px/1.5 var(--m); overflow: hidden; text-overflow: ellipsis; }
.fxr td pre { padding: 4px 0 4px 14px; color: var(--q); }
.fxr .fx-foot { padding: 6px 14px; border-top: 1px solid var(--l); color: var(--q); font-size: 12px; }
.fxr .fx-foot ul { margin: 0; padding: 0; list-style: none; }
.fxr .fx-foot code { color: var(--t); }
.fxr .fx-foot b { color: var(--t); font-weight: 600; }
.fxr .fx-more > summary { padding: 6px 14px; border-top: 1px solid var(--l); color: var(--q); font-size: 12px; }
.fxr .fx-more .fx-scroll :is(th, td) { padding-right: 10px; }
.fxr svg { display: block; width: 150px; min-width: 150px; max-width: none; height: 18px; overflow: visible; }
.fxr .fx-w { stroke: var(--q); stroke-width: 1.5; stroke-dasharray: 3 3; }
.fxr .fx-e { stroke: var(--q); stroke-width: 1.5; }
.fxr rect { fill: var(--good); }
.fxr .fx-warn rect { fill: var(--warn); }
.fxr .fx-bad rect { fill: var(--bad); }
.fxr.fx-fail { border-left: 3px solid var(--bad); max-width: min(100%, 860px); }
.fxr .fx-what { padding: 9px 14px 0; font-size: 14px; font-weight: 600; overflow-wrap: anywhere; }
.fxr .fx-sub { padding: 0 14px 7px; }
.fxr dl {
  box-sizing: border-box;
  display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: 3px 14px;
  margin: 0; padding: 7px 14px 9px; border-top: 1px solid var(--l);
}
.fxr dt, .fxr dd { float: none; width: auto; margin: 0; }
.fxr dt { color: var(--q); font-weight: normal; }
.fxr dd { overflow-wrap: anywhere; }
.fxr .fx-next { font-weight: 600; }
@media (forced-colors: active) { .fxr rect { fill: CanvasText; } }
"""


def _pressed(sheet: str) -> str:
    """Return the sheet without the white space that is for its readers.

    The class is doubled: JupyterLab's own rule for `th` names two classes, and the later of two equals wins. Its rule
    for `code` is stronger still, so that one is written with the class twice and comes out with three.
    """
    flat = re.sub(r"\s+", " ", sheet).strip().replace(".fxr ", ".fxr.fxr ")
    return re.sub(r" ?([{};,]) ?", r"\1", flat).replace(": ", ":")


STYLE = f"<style>{_pressed(_SHEET)}</style>"
"""The element that goes with every box."""
