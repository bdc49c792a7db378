"""What a magic shows besides a result: a sheet in HTML and text, or an error as one box and a cell that ends as one."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from IPython.display import display
from typing_extensions import override

from flarex_nb.errors import FlarexError

if TYPE_CHECKING:
    from collections.abc import Iterator


class Sheet:
    """A magic's answer, shown as HTML where that can be and as the same facts in text elsewhere.

    `of` is what it shows, for code that wants to go on with it.
    """

    def __init__(self, html: str, text: str, of: object = None) -> None:
        """Keep both forms."""
        self._html, self._text = html, text
        self.of = of

    def _repr_html_(self) -> str:
        return self._html

    @override
    def __repr__(self) -> str:
        """Return the text."""
        return self._text


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
    """Let IPython show what an interrupt met and what was tried: its traceback would be ours, not the person's."""
    notes = getattr(stop, "__notes__", []) or ["stopped by you. Nothing more is sent."]
    lines = [f"KeyboardInterrupt: {notes[-1]}"]
    if attempts := getattr(stop, "attempts", ()):
        from flarex_nb.notebook.render.card import is_steady  # noqa: PLC0415 - only when something was stopped
        from flarex_nb.notebook.render.plain import attempts_text  # noqa: PLC0415

        lines += attempts_text(attempts, steady=is_steady())
    stop._render_traceback_ = lambda: lines  # type: ignore[attr-defined]
