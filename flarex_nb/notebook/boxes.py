"""Errors in a notebook: one box that says what failed and what to do, and a cell that ends as an error."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from IPython.display import display

from flarex_nb.errors import FlarexError

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def boxed() -> Iterator[None]:
    """Show a FlarexError of the body as a box and raise it on with a single line instead of a traceback."""
    try:
        yield
    except FlarexError as error:
        show_error(error)
        raise
    except KeyboardInterrupt as stop:
        _shorten(stop)
        raise


def show_error(error: FlarexError) -> None:
    """Display the error's box, once."""
    from flarex_nb.notebook.render import error_html, error_text  # noqa: PLC0415 - only when something failed

    if not error.shown:
        error.shown = True
        display({"text/html": error_html(error), "text/plain": error_text(error)}, raw=True)


def _shorten(stop: KeyboardInterrupt) -> None:
    """Let IPython show one line for an interrupt: its traceback would be ours, not the person's."""
    notes = getattr(stop, "__notes__", []) or ["stopped by you. Nothing more is sent."]
    words = f"KeyboardInterrupt: {notes[-1]}"
    stop._render_traceback_ = lambda: [words]  # type: ignore[attr-defined]
