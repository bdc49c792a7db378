"""What `%config FlareX.*` changes for this shell: how the magics behave here, besides the settings of calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from traitlets import Bool, observe

from flarex_nb.notebook.awaited import await_calls
from flarex_nb.notebook.configurable import CallSettings

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


class FlareX(CallSettings):
    """Settings of the magics in one shell, its `parent`, and of the calls in this kernel."""

    parent: InteractiveShell

    awaited = Bool(
        default_value=False,
        help="Await each %%flarex_call on the kernel's own loop, with a Cancel button that works while the cell runs.",
    ).tag(config=True)

    @observe("awaited")
    def _await_or_not(self, change: Any) -> None:
        transformers = self.parent.input_transformers_post
        while await_calls in transformers:
            transformers.remove(await_calls)
        if change.new:
            transformers.append(await_calls)
