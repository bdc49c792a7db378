"""Loading into a shell and out of it again: magics, displays and the mender of cells; nothing is registered twice.

Loading is cheap: it imports none of the libraries a call needs.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from flarex_nb.notebook.complete import matcher_for
from flarex_nb.notebook.config import FlareX
from flarex_nb.notebook.journal import Memory
from flarex_nb.notebook.kept_keys import KeptKeys
from flarex_nb.notebook.magics import FlarexMagics
from flarex_nb.notebook.mend import mend
from flarex_nb.notebook.shield import SHIELDS, Shield

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.lib.pretty import PrettyPrinter

    from flarex_nb.notebook.complete import Matcher
    from flarex_nb.pipeline.view import CallResult
    from flarex_nb.plan import Plan

_RESULT = ("flarex_nb.pipeline.view", "CallResult")
_PLAN = ("flarex_nb.plan", "Plan")
_SHOWN = (_RESULT, _PLAN)
"""What has a display of its own, as module and name, so that neither is loaded with the extension."""

_loaded: WeakKeyDictionary[InteractiveShell, FlarexMagics] = WeakKeyDictionary()
_memories: WeakKeyDictionary[InteractiveShell, Memory] = WeakKeyDictionary()
"""What a shell's cells did stays known while it lives: loading again must not make a write a new one."""


_matchers: WeakKeyDictionary[InteractiveShell, Matcher] = WeakKeyDictionary()
_configs: WeakKeyDictionary[InteractiveShell, FlareX] = WeakKeyDictionary()


def load(shell: InteractiveShell) -> None:
    """Register everything with the shell; loading again first takes off what is there."""
    unload(shell)
    magics = FlarexMagics(shell, _memories.setdefault(shell, _new_memory()))
    shell.register_magics(magics)
    _matchers[shell] = matcher_for(shell, magics.memory)
    shell.Completer.custom_matchers.append(_matchers[shell])
    shell.magics_manager.magics["line"]["%flarex_call"] = _must_be_first
    shell.input_transformers_cleanup.append(mend)
    _configs[shell] = FlareX(parent=shell)
    shell.configurables.append(_configs[shell])  # type: ignore[arg-type]  # holds any Configurable
    formatters = _formatters(shell)
    for kind, html, plain in ((_RESULT, _html, _plain), (_PLAN, _plan_html, _plan_plain)):
        formatters["text/html"].for_type_by_name(*kind, html)
        formatters["text/plain"].for_type_by_name(*kind, plain)
    _loaded[shell] = magics
    SHIELDS[shell] = Shield(shell)


def _new_memory() -> Memory:
    """Return a memory whose live keys are kept in the folder the kernel runs in, the notebook's own."""
    return Memory(live=KeptKeys(Path.cwd()))


def unload(shell: InteractiveShell) -> None:
    """Take everything off the shell; stored secrets and a running sandbox stay until the kernel ends."""
    magics = _loaded.pop(shell, None)
    if magics is None:
        return
    SHIELDS.pop(shell).close()
    for kind, names in magics.magics.items():
        for name in names:
            shell.magics_manager.magics[kind].pop(name, None)
    shell.magics_manager.magics["line"].pop("%flarex_call", None)
    matcher = _matchers.pop(shell, None)
    shell.Completer.custom_matchers[:] = [each for each in shell.Completer.custom_matchers if each is not matcher]
    if (config := _configs.pop(shell, None)) is not None:
        config.awaited = False
        shell.configurables.remove(config)  # type: ignore[arg-type]  # as above
    while mend in shell.input_transformers_cleanup:
        shell.input_transformers_cleanup.remove(mend)
    for mime in ("text/html", "text/plain"):
        for shown in _SHOWN:
            _formatters(shell)[mime].deferred_printers.pop(shown, None)
        _forget_type(shell, mime)


def _formatters(shell: InteractiveShell) -> dict[str, Any]:
    return {} if shell.display_formatter is None else shell.display_formatter.formatters


def _forget_type(shell: InteractiveShell, mime: str) -> None:
    """A deferred printer moves among the typed ones when the class is first seen."""
    printers = _formatters(shell)[mime].type_printers
    for kind in [kind for kind in printers if (kind.__module__, kind.__name__) in _SHOWN]:
        del printers[kind]


def _html(result: CallResult) -> str:
    from flarex_nb.notebook.render import result_html  # noqa: PLC0415 - pandas loads with the first result

    return result_html(result)


def _plain(result: CallResult, printer: PrettyPrinter, _cycle: bool) -> None:  # noqa: FBT001 - the signature IPython calls
    from flarex_nb.notebook.render import result_text  # noqa: PLC0415

    printer.text(result_text(result))


def _plan_html(plan: Plan) -> str:
    from flarex_nb.notebook.render.plan import plan_html  # noqa: PLC0415 - only when one is shown

    return plan_html(plan)


def _plan_plain(plan: Plan, printer: PrettyPrinter, _cycle: bool) -> None:  # noqa: FBT001 - the signature IPython calls
    from flarex_nb.notebook.render.plan import plan_text  # noqa: PLC0415

    printer.text(plan_text(plan))


def _must_be_first(_line: str) -> None:
    from flarex_nb.errors import CellSyntaxError  # noqa: PLC0415

    msg = "%%flarex_call stands below other lines"
    raise CellSyntaxError(msg, hint="Make it the first line of its own cell; only comments may stand above it.")
