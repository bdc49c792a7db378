"""The magics: thin hands between a cell and the client. No rule about calls lives here.

Every magic keeps its line as typed (`@no_var_expand`: IPython would expand `$x` and `{x}` in it), shows an error as one
box, and behaves the same where nobody watches.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from IPython.core.magic import Magics, line_cell_magic, line_magic, magics_class, no_var_expand

from flarex_nb.notebook import commands
from flarex_nb.notebook.boxes import boxed
from flarex_nb.notebook.journal import Memory

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from flarex_nb.pipeline.view import CallResult


@magics_class
class FlarexMagics(Magics):
    """The magics of one shell."""

    def __init__(self, shell: InteractiveShell) -> None:
        """Begin with an empty memory."""
        super().__init__(shell)
        self.here = shell
        self.memory = Memory()

    @no_var_expand
    @line_cell_magic
    def flarex_call(self, line: str, cell: str | None = None) -> CallResult | None:
        """Call a service and show the answer as a table; see `text.options` for what is added to this text."""
        with boxed():
            return commands.call(self.here, self.memory, line, cell)

    @no_var_expand
    @line_magic
    def flarex_secrets(self, line: str) -> object:
        """Open the panel of secrets, or change one: `set NAME`, `rotate NAME`, `scope NAME HOST...`, `delete NAME`.

        A value is never typed on the line: the panel seals it in the browser, and `set` asks for it.

            %flarex_secrets
            %flarex_secrets set STRIPE_SECRET_KEY
            %flarex_secrets list
        """
        with boxed():
            return commands.secrets(self.here, line)

    @no_var_expand
    @line_magic
    def flarex_sandbox(self, line: str) -> None:
        """Turn the local sandbox on or off, or say how it is: `%flarex_sandbox on|off|status`.

        While it is on, the services it has answer from this machine, with simulated data and without a key.
        """
        with boxed():
            commands.sandbox(line)

    @no_var_expand
    @line_magic
    def flarex_services(self, line: str) -> object:
        """List the services that can be called, or show one: `%flarex_services show stripe`."""
        with boxed():
            return commands.services(line)
