"""The magics: thin hands between a cell and the client. No rule about calls lives here.

Every magic keeps its line as typed (`@no_var_expand`: IPython would expand `$x` and `{x}` in it), shows an error as one
box, and behaves the same where nobody watches. What a magic does is in `commands`, which loads when one is first used.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from IPython.core.magic import Magics, line_cell_magic, line_magic, magics_class, no_var_expand

from flarex_nb.notebook.boxes import Sheet, boxed

if TYPE_CHECKING:
    from collections.abc import Callable

    from IPython.core.interactiveshell import InteractiveShell

    from flarex_nb.notebook.journal import Memory
    from flarex_nb.pipeline.view import CallResult


_OPTIONS = Path(__file__).with_name("options.txt")


def _with_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the table of options to the help, so that `%flarex_call?` lists what there is.

    The text is kept in a file: making it from `text.options` would cost most of the time the extension loads in.
    """
    indent = "        "
    listed = _OPTIONS.read_text(encoding="utf-8").rstrip().replace("\n", f"\n{indent}")
    function.__doc__ = f"{(function.__doc__ or '').rstrip()}\n\n{indent}{listed}\n{indent}"
    return function


@magics_class
class FlarexMagics(Magics):
    """The magics of one shell."""

    def __init__(self, shell: InteractiveShell, memory: Memory) -> None:
        """Serve one shell and what it remembers."""
        super().__init__(shell)
        self.here = shell
        self.memory = memory

    @no_var_expand
    @line_cell_magic
    @_with_options
    def flarex_call(self, line: str, cell: str | None = None) -> CallResult | Sheet | None:
        """Call a service and show the answer as a table.

        A request as the provider's documentation shows it, below the first line:

            %%flarex_call stripe --into charges --pages all
            GET /v1/charges
                ?created[gte]={{since}}

        or in one line, with `name==value` for the query, `name=value` for the body and `Name:value` for a header:

            %flarex_call stripe GET /v1/charges limit==100 --into charges

        `{{name}}` takes a variable of the notebook and encodes it for its place. The result is also in `_`: `.df`,
        `.json`, `.attempts`, `.explain()`. Several requests are separated by a line `###`; one with `# @name first`
        is referred to below as `{{first.response.body.$.id}}`. With `--plan` it is shown, and nothing is sent.
        """
        with boxed():
            from flarex_nb.notebook import commands_call  # noqa: PLC0415 - loads with the first use

            return commands_call.call(self.here, self.memory, line, cell)

    @no_var_expand
    @line_cell_magic
    async def flarex_call_awaited(self, line: str, cell: str | None = None) -> CallResult | Sheet | None:
        """Do what `flarex_call` does, awaited: what a cell runs when `%config FlareX.awaited = True`."""
        with boxed():
            from flarex_nb.notebook import commands_call  # noqa: PLC0415 - loads with the first use

            return await commands_call.call_awaited(self.here, self.memory, line, cell)

    @no_var_expand
    @line_magic
    def flarex_curl(self, line: str) -> None:
        """Print the last cell as curl commands, or the result in a variable: `%flarex_curl result`.

        Secrets stand in it as names of environment variables. Nothing is sent.
        """
        with boxed():
            from flarex_nb.notebook import commands_away  # noqa: PLC0415 - loads with the first use

            commands_away.curl(self.here, self.memory, line)

    @no_var_expand
    @line_magic
    def flarex_export(self, line: str) -> None:
        """Write the last cell to a file other tools can run; secrets stand in it as names. Nothing is sent.

            %flarex_export checkout.http
            %flarex_export checkout.sh all
            %flarex_export call.py result

        The ending says what is written: `.http`, `.sh` for curl, `.py` for Python with httpx. `http`, `curl` or
        `python` alone prints it. Behind it: `all` cells of this session, or variables that hold results. A file that
        is there already is replaced only with `!` in front of its name.
        """
        with boxed():
            from flarex_nb.notebook import commands_away  # noqa: PLC0415 - loads with the first use

            commands_away.export(self.here, self.memory, line)

    @no_var_expand
    @line_cell_magic
    def flarex_import(self, line: str, cell: str | None = None) -> None:
        """Make a cell of a file's requests: `.http`, curl commands, a Postman collection (v2.1), Hurl.

            %flarex_import checkout.http
            %flarex_import collection.json 1 3

        or of what is pasted below `%%flarex_import`. A key in it becomes the name of a secret, and what has no
        meaning here is named. Nothing is sent.
        """
        with boxed():
            from flarex_nb.notebook import commands_home  # noqa: PLC0415 - loads with the first use

            commands_home.import_(self.here, line, cell)

    @no_var_expand
    @line_magic
    def flarex_secrets(self, line: str) -> object:
        """Open the panel of secrets, or do one thing with them.

        A value is never typed on the line: the panel seals it in the browser, and `set` asks for it.

            %flarex_secrets                                 the panel
            %flarex_secrets list                            names, where each lives, version, end
            %flarex_secrets set CRM_API_KEY crm.example.com --expires 90d
            %flarex_secrets rotate CRM_API_KEY --keep 10m   the old value counts on for a while, for a 401
            %flarex_secrets scope CRM_API_KEY HOST... --places header,body
            %flarex_secrets delete CRM_API_KEY
            %flarex_secrets audit                           which was sent where and when
            %flarex_secrets import .env [NAME...]           take over from a file, values as written
            %flarex_secrets persist [PATH] [--keyring]      keep them in an encrypted file from now on
            %flarex_secrets unlock [PATH] [--passphrase-file FILE] [--older]
            %flarex_secrets lock
            %flarex_secrets rekey [--keyring]               another passphrase; the old one opens nothing more
        """
        with boxed():
            from flarex_nb.notebook import commands_secrets  # noqa: PLC0415 - loads with the first use

            return commands_secrets.secrets(self.here, line)

    @no_var_expand
    @line_magic
    def flarex_sandbox(self, line: str) -> None:
        """Turn the local sandbox on or off, or say how it is: `%flarex_sandbox on|off|status`.

        While it is on, the services it has answer from this machine, with simulated data and without a key.
        """
        with boxed():
            from flarex_nb.notebook import commands  # noqa: PLC0415 - loads with the first use

            commands.sandbox(line)

    @no_var_expand
    @line_magic
    def flarex_services(self, line: str) -> object:
        """List the services that can be called, or show one: `%flarex_services show NAME`."""
        with boxed():
            from flarex_nb.notebook import commands  # noqa: PLC0415 - loads with the first use

            return commands.services(line)

    @no_var_expand
    @line_magic
    def flarex_why(self, line: str) -> Sheet:
        """Explain the last call: what was tried, why it was or was not tried again, and what would change that.

        `%flarex_why result` explains the call whose result or error is in that variable.
        """
        with boxed():
            from flarex_nb.notebook import commands_seeing  # noqa: PLC0415 - loads with the first use

            return commands_seeing.why(self.here, self.memory, line)

    @no_var_expand
    @line_magic
    def flarex_status(self, _line: str) -> Sheet:
        """Show how things stand: breakers, limits, what is left of quotas, retry credit, cache, sandbox, secrets."""
        with boxed():
            from flarex_nb.notebook import commands_seeing  # noqa: PLC0415 - loads with the first use

            return commands_seeing.status()

    @no_var_expand
    @line_magic
    def flarex_doctor(self, line: str) -> Sheet:
        """Try every route out of this kernel with a made-up secret, and tell which of them mask known secrets.

        Tells also whether messages travel encrypted, what secrets there are, and the versions. No service is asked.
        """
        with boxed():
            from flarex_nb.notebook import commands_doctor  # noqa: PLC0415 - loads with the first use

            return commands_doctor.doctor(self.here, line)

    @no_var_expand
    @line_magic
    def flarex_reset(self, line: str) -> None:
        """Close the breaker, forget the limits and refill the retry credit: `%flarex_reset SERVICE` or `all`."""
        with boxed():
            from flarex_nb.notebook import commands_seeing  # noqa: PLC0415 - loads with the first use

            commands_seeing.reset(line)

    @no_var_expand
    @line_magic
    def flarex_cache(self, line: str) -> Sheet | None:
        """Show the answers that are kept, their ages and how often they were of use; `clear [SERVICE]` forgets them."""
        with boxed():
            from flarex_nb.notebook import commands_seeing  # noqa: PLC0415 - loads with the first use

            return commands_seeing.cache(line)

    @no_var_expand
    @line_magic
    def flarex_scan(self, line: str) -> Sheet:
        """Look for keys in this folder's notebooks and files, and in the cells of this session.

        In a notebook: sources, outputs, metadata, attachments and saved widgets; also `.ipynb_checkpoints`, a `.env`
        that git tracks, and any text file. Known values are found in whatever form they were written.

            %flarex_scan
            %flarex_scan reports/ notes.md
            %flarex_scan --history

        `--history` adds IPython's history of all sessions, `--no-session` leaves out this one. A line `# flarex: allow`
        lets the next line be. `flarex-nb scan` does the same in a terminal, and with `--fix` takes keys out.
        """
        with boxed():
            from flarex_nb.notebook import commands_scan  # noqa: PLC0415 - loads with the first use

            return commands_scan.scan(self.here, line)

    @no_var_expand
    @line_magic
    def flarex_replay(self, line: str) -> None:
        """Keep answers beside the notebook and give them again: `%flarex_replay record|on|off|status [NAME]`.

        With `on` no key and no network is needed, for a colleague or a test; what was not recorded is an error.
        """
        with boxed():
            from flarex_nb.notebook import commands_replay  # noqa: PLC0415 - loads with the first use

            commands_replay.replay(line)

    @no_var_expand
    @line_magic
    def flarex_resume(self, line: str) -> CallResult | None:
        """Go on with the last call over pages that failed or was stopped, from the page it was at."""
        with boxed():
            from flarex_nb.notebook import commands_call  # noqa: PLC0415 - loads with the first use

            return commands_call.resume(self.here, self.memory, line)
