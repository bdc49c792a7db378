"""A notebook file as pieces of text with their places: sources, outputs of every type, metadata, attachments, widgets.

Everything that is a string somewhere in the file comes out once, whatever the notebook's version; pictures and sound
do not, and are counted. Reads a parsed document; opens no file and finds no key.
"""

from __future__ import annotations

import html
import json
import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from flarex_nb.vault.scan_report import Spot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flarex_nb.vault.scan_report import Part

WIDGET_STATE: Final = "application/vnd.jupyter.widget-state+json"
_BINARY: Final = re.compile(r"(?:image/(?!svg)|audio/|video/|font/|application/(?:pdf|octet-stream|zip))[\w.+-]*")
_OLD_BINARY: Final = frozenset({"png", "jpeg", "pdf"})
"""What version 3 of the format called its types."""

_COLOUR: Final = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_CALL: Final = re.compile(r"\s*(?:#[^\n]*\n\s*)*%%?flarex_call\b")
_MARKUP: Final = ("html", "svg", "xml", "markdown", "latex")
_TEXTUAL: Final = ("TextModel", "TextareaModel", "ComboboxModel", "PasswordModel")


class Piece(NamedTuple):
    """One text of the notebook; `code` says it is source, `secret` that all of it is one, as in a password field."""

    spot: Spot
    text: str
    code: bool = False
    secret: bool = False


def pieces(notebook: dict[str, Any], file: str) -> Iterator[Piece]:
    """Return every piece of text in the notebook, cells first, in their order."""
    for number, cell in enumerate(cells_of(notebook), 1):
        if isinstance(cell, dict):
            yield from _cell(cell, file, number)
    rest = {key: value for key, value in notebook.items() if key not in {"cells", "worksheets"}}
    metadata = rest.get("metadata")
    if isinstance(metadata, dict) and "widgets" in metadata:
        yield from _widgets(metadata["widgets"], file)
        rest["metadata"] = {key: value for key, value in metadata.items() if key != "widgets"}
    yield from _tree(rest, Spot(file, "metadata", detail="of the notebook"))


def cells_of(notebook: dict[str, Any]) -> list[Any]:
    """Return the cells, of an old notebook those of all its worksheets."""
    cells = notebook.get("cells")
    if isinstance(cells, list):
        return cells
    sheets = notebook.get("worksheets")
    sheets = sheets if isinstance(sheets, list) else []
    inside = [sheet.get("cells") for sheet in sheets if isinstance(sheet, dict)]
    return [cell for cells in inside if isinstance(cells, list) for cell in cells]


def is_call(source: str) -> bool:
    """Return whether the cell is one of our calls, where `{{$secret NAME}}` may stand."""
    return bool(_CALL.match(source))


def text_of(value: object) -> str | None:
    """Return a text that may be kept as a list of lines, None where the value is no text."""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and value and all(isinstance(each, str) for each in value):
        return "".join(value)
    return None


def _cell(cell: dict[str, Any], file: str, number: int) -> Iterator[Piece]:
    source = text_of(cell.get("source", cell.get("input"))) or ""
    code = cell.get("cell_type") == "code"
    yield Piece(Spot(file, "source", number, call=is_call(source)), source, code=code)
    outputs = cell.get("outputs")
    for count, output in enumerate(outputs if isinstance(outputs, list) else (), 1):
        if isinstance(output, dict):
            yield from _output(output, file, number, count)
    attachments = cell.get("attachments")
    for name, bundle in (attachments if isinstance(attachments, dict) else {}).items():
        yield from _bundle(bundle, Spot(file, "attachment", number, str(name)), "")
    rest = {key: each for key, each in cell.items() if key not in {"source", "input", "outputs", "attachments"}}
    yield from _tree(rest, Spot(file, "metadata", number))


def _output(output: dict[str, Any], file: str, number: int, count: int) -> Iterator[Piece]:
    def spot(what: str) -> Spot:
        return Spot(file, "output", number, f"{count} ({what})")

    kind = str(output.get("output_type", ""))
    rest = dict(output)
    if kind in {"error", "pyerr"}:
        trace = rest.pop("traceback", None)
        lines = [str(each) for each in trace] if isinstance(trace, list) else []
        said = f"{rest.pop('ename', '')}: {rest.pop('evalue', '')}"
        yield Piece(spot("error"), _COLOUR.sub("", "\n".join([*lines, *([] if lines else [said])])))
        if lines and said not in lines[-1]:
            yield Piece(spot("error"), said)
    elif kind == "stream":
        yield Piece(spot(str(rest.pop("name", rest.pop("stream", "stream")))), _plain(rest.pop("text", "")))
    else:
        yield from _bundle(rest.pop("data", None), Spot(file, "output", number, str(count)), "")
    yield from _bundle(rest, Spot(file, "output", number, str(count)), "metadata")


def _bundle(bundle: object, spot: Spot, otherwise: str) -> Iterator[Piece]:
    """Return the texts of a bundle of types; what is no text is shown as indented JSON."""
    for mime, value in (bundle if isinstance(bundle, dict) else {}).items():
        if _BINARY.fullmatch(mime) or mime in _OLD_BINARY or mime in {"output_type", "execution_count"}:
            continue
        part: Part = spot.part
        here = Spot(spot.file, part, spot.cell, f"{spot.detail} ({mime or otherwise})")
        text = None if "json" in mime else text_of(value)
        if text is None:
            yield from _tree(value, here)
        else:
            yield Piece(here, _plain(text, markup=any(word in mime for word in _MARKUP)))


def _plain(text: object, *, markup: bool = False) -> str:
    """Return the text as a reader sees it: without colours, and with the entities of markup as characters."""
    shown = _COLOUR.sub("", text_of(text) or "")
    return html.unescape(shown) if markup and "&" in shown else shown


def _tree(value: object, spot: Spot) -> Iterator[Piece]:
    """Return a structure as the lines of its JSON, so that a name and its value stand side by side."""
    if isinstance(value, str):
        yield Piece(spot, value)
    elif isinstance(value, dict | list) and value:
        yield Piece(spot, json.dumps(value, indent=1, ensure_ascii=False))


def _widgets(state: object, file: str) -> Iterator[Piece]:
    """Return the saved widgets: what a password field holds is a secret, a text field's text has its label's name."""
    bundle = state.get(WIDGET_STATE, state) if isinstance(state, dict) else state
    models = bundle.get("state", bundle) if isinstance(bundle, dict) else None
    for name, model in (models if isinstance(models, dict) else {}).items():
        kind = str(model.get("model_name", "")) if isinstance(model, dict) else ""
        spot = Spot(file, "widget state", detail=f"{kind or 'widget'} {str(name)[:8]}")
        fields = model.get("state") if isinstance(model, dict) else None
        if isinstance(fields, dict) and kind in _TEXTUAL and isinstance(fields.get("value"), str):
            yield from _field(fields, kind, spot)
        yield from _tree(model, spot)


def _field(fields: dict[str, Any], kind: str, spot: Spot) -> Iterator[Piece]:
    value = fields["value"]
    if kind == "PasswordModel" and value:
        yield Piece(spot, value, secret=True)
        return
    for label in (fields.get("description"), fields.get("placeholder")):
        if isinstance(label, str) and label.strip():
            yield Piece(spot, f"{label.strip().rstrip(':=?')}: {json.dumps(value)}")
