"""A button that cancels the call of an awaited cell, shown when the call takes long enough to be worth one.

It only sets a mark; the waiting cell sees it at its next slice and stops the call as an interrupt would. In a cell that
is not awaited no kernel since ipykernel 7.4 hears a button while the cell runs, so none is offered there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from IPython.display import display

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from flarex_nb.notebook.live import Live


class CancelButton:
    """The button of one call; `pump` draws the progress line, and raises KeyboardInterrupt once it was pressed."""

    def __init__(self, live: Live, *, offered: bool) -> None:
        """Show nothing yet; without `offered` never."""
        self._live = live
        self._offered = offered
        self._pressed = False
        self._button: Any = None
        self._handle: Any = None

    def __enter__(self) -> Self:
        """Return it."""
        return self

    def pump(self) -> None:
        """Draw what is new.

        Raises:
            KeyboardInterrupt: the button was pressed.
        """
        if self._pressed:
            raise KeyboardInterrupt
        self._live.pump()
        if self._offered and self._button is None and self._live.drawn:
            self._show()

    def _show(self) -> None:
        from ipywidgets import Button  # noqa: PLC0415 - loads while the call is under way on its own thread

        self._button = Button(description="Cancel", icon="stop", tooltip="Stop this call; what came so far is kept")
        self._button.on_click(self._press)
        self._handle = display(self._button, display_id=True)

    def _press(self, button: Any) -> None:
        self._pressed = True
        button.disabled, button.description = True, "Cancelling"

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take the button away: a saved notebook keeps none that does nothing."""
        if self._button is not None:
            self._handle.update({"text/plain": ""}, raw=True)
            self._button.close()
