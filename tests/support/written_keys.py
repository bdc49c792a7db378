"""Visibly fake keys, assembled from parts so that no whole one stands in a file, and notebooks that hold them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

CHANCE = "aZ3bY7cX1dW9eV5fU2gT8hS4iR6jQ0kP"
KEY = "_".join(("sk", "live", CHANCE[:24]))
OTHER = "-".join(("sk", "ant", "api03", CHANCE * 3))


def notebook(*cells: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    """Return a notebook of these cells."""
    return {"cells": list(cells), "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def code(source: str | list[str], *outputs: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return a code cell."""
    return {
        "cell_type": "code", "id": "c", "execution_count": 1, "metadata": {}, "source": source, "outputs": list(outputs),
    } | more  # fmt: skip


def shown(**data: Any) -> dict[str, Any]:
    """Return an output of these types, `text_html` for text/html."""
    return {
        "output_type": "display_data",
        "metadata": {},
        "data": {name.replace("_", "/", 1): value for name, value in data.items()},
    }


def printed(text: str | list[str]) -> dict[str, Any]:
    """Return what a cell printed."""
    return {"output_type": "stream", "name": "stdout", "text": text}


def saved(path: Path, document: Any, **options: Any) -> Path:
    """Return the path after the document was written there as Jupyter writes it."""
    path.write_text(json.dumps(document, indent=1, ensure_ascii=False, **options) + "\n", encoding="utf-8")
    return path
