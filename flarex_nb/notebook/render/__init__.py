"""Results, errors and progress as HTML and text. Pure: reads what it is given, knows no Jupyter, displays nothing.

Whatever a server sends is shown escaped and bounded. With FLAREX_DETERMINISTIC=1 nothing that differs between two equal
runs is in it: no durations, dates of the run or request ids.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flarex_nb.errors import FlarexError
from flarex_nb.notebook.render.box import failure_html
from flarex_nb.notebook.render.card import card_of, is_steady
from flarex_nb.notebook.render.failure import failure_of
from flarex_nb.notebook.render.plain import card_text, failure_text
from flarex_nb.notebook.render.progress import progress_line
from flarex_nb.notebook.render.table import card_html

if TYPE_CHECKING:
    from flarex_nb.notebook.render.card import ResultView

__all__ = ["error_html", "error_text", "progress_line", "result_html", "result_text"]


def result_html(result: ResultView) -> str:
    """Return the result as one HTML card of at most 20 kB; an error in making its frame as that error's box."""
    try:
        return card_html(card_of(result, steady=is_steady()), result.df)
    except FlarexError as error:
        return error_html(_placed(error, result))


def result_text(result: ResultView) -> str:
    """Return the result as text of at most 100 columns; an error in making its frame as that error's text."""
    try:
        return card_text(card_of(result, steady=is_steady()), result.df)
    except FlarexError as error:
        return error_text(_placed(error, result))


def error_html(error: FlarexError) -> str:
    """Return the error as one HTML box of at most 20 kB."""
    return failure_html(failure_of(error, steady=is_steady()))


def error_text(error: FlarexError) -> str:
    """Return the error as text of at most 100 columns, with the facts of its box."""
    return failure_text(failure_of(error, steady=is_steady()))


def _placed(error: FlarexError, result: ResultView) -> FlarexError:
    """Return the error of making a frame with the call it belongs to."""
    error.context = {"call": f"{result.method} {result.path} on {result.service}", **error.context}
    return error
