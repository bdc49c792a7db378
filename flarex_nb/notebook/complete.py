"""Completion as the kernel gives it: one matcher that knows our magics, on in any front end that asks the kernel.

Registering it loads nothing; what a word needs loads when Tab is first pressed inside a magic of ours. It answers for
our text alone, and there it keeps Python's own names away.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from IPython.core.completer import SimpleCompletion, context_matcher

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from IPython.core.completer import CompletionContext, SimpleMatcherResult
    from IPython.core.interactiveshell import InteractiveShell

    from flarex_nb.notebook.journal import Memory
    from flarex_nb.notebook.words import Offer

    Matcher = Callable[[CompletionContext], SimpleMatcherResult]

_LINE = re.compile(r"\s*(?:[\w., \[\]]+=\s*)?%(?P<magic>flarex_\w+)[ \t](?P<rest>.*)\Z")
_CELL = re.compile(r"%%(?P<magic>flarex(?:_\w+)?)(?:[ \t](?P<rest>.*))?\Z")
_VARIABLE = re.compile(r"(?m)^\s*@([A-Za-z_][\w-]*)\s*:?=")
_CALLS = frozenset({"flarex", "flarex_call"})
_FIRST = 1000
"""Asked before IPython's own matchers, so that none of them works on our text for nothing."""

SUBWORDS: dict[str, tuple[str, ...]] = {
    "flarex_secrets": (
        "list",
        "set",
        "rotate",
        "scope",
        "delete",
        "audit",
        "import",
        "persist",
        "unlock",
        "lock",
        "rekey",
    ),
    "flarex_sandbox": ("on", "off", "status"),
    "flarex_replay": ("record", "on", "off", "status"),
    "flarex_services": ("show",),
    "flarex_cache": ("clear",),
    "flarex_reset": ("all",),
    "flarex_scan": ("--history", "--no-session"),
    "flarex_export": ("http", "curl", "python"),
}
"""The first words of the other magics. Behind them comes what `_BEHIND` says."""

_BEHIND = {
    **{("flarex_secrets", word): "secret" for word in ("set", "rotate", "scope", "delete")},
    ("flarex_services", "show"): "service",
    ("flarex_cache", "clear"): "service",
    ("flarex_reset", ""): "service",
    ("flarex_why", ""): "variable",
    ("flarex_curl", ""): "variable",
    **{("flarex_export", word): "variable" for word in ("http", "curl", "python")},
}


def matcher_for(shell: InteractiveShell, memory: Memory) -> Matcher:
    """Return the matcher of one shell."""

    def flarex_matcher(context: CompletionContext) -> SimpleMatcherResult:
        """Complete what stands in a magic of ours."""
        found = _found(shell, memory, context)
        if found is None:
            return {"completions": [], "suppress": False}
        prefix, offers = found
        words: Any = [SimpleCompletion(offer.text, type=offer.kind) for offer in offers] or _Nothing()
        return {"completions": words, "matched_fragment": prefix, "suppress": True, "ordered": True}

    matcher: Matcher = context_matcher(priority=_FIRST, identifier="flarex_matcher")(flarex_matcher)
    return matcher


class _Nothing:
    """No completions, counted as one: IPython lets Python's names in where a matcher that wants none gives none."""

    def __len__(self) -> int:
        return 1

    def __iter__(self) -> Iterator[SimpleCompletion]:
        return iter(())


def _found(shell: InteractiveShell, memory: Memory, context: CompletionContext) -> tuple[str, Sequence[Offer]] | None:
    """Return what is typed and the words for it; None where the text is not ours."""
    lines = context.full_text.split("\n")
    typed = lines[context.cursor_line][: context.cursor_position]
    start = next((number for number, line in enumerate(lines) if line.strip() and not line.lstrip().startswith("#")), 0)
    cell = _CELL.match(lines[start]) if context.cursor_line >= start else None
    if cell is not None and context.cursor_line > start:
        text = "\n".join([*lines[start + 1 : context.cursor_line], typed])
        return _in_body(shell, memory, cell, text) if cell["magic"] in _CALLS else None
    own = (_CELL if cell is not None else _LINE).match(typed)
    if own is None or own["rest"] is None:
        return None
    if own["magic"] not in _CALLS:
        return _subwords(shell, own["magic"], own["rest"])
    from flarex_nb.text.spot import on_line  # noqa: PLC0415 - loads when Tab is first pressed in a magic of ours

    spot = on_line(own["rest"])
    return spot.prefix, _offers(shell, memory, spot, "")


def _in_body(shell: InteractiveShell, memory: Memory, cell: re.Match[str], text: str) -> tuple[str, Sequence[Offer]]:
    from flarex_nb.text.spot import in_body  # noqa: PLC0415 - loads when Tab is first pressed in a magic of ours

    spot = in_body(cell["rest"] or "", text)
    return spot.prefix, _offers(shell, memory, spot, text)


def _offers(shell: InteractiveShell, memory: Memory, spot: Any, text: str) -> Sequence[Offer]:
    from flarex_nb.notebook.words import Around, offers  # noqa: PLC0415 - the same

    own = tuple(_VARIABLE.findall(text))
    return offers(spot, Around(shell.user_ns, memory.answers, own, Path.cwd()))


def _subwords(shell: InteractiveShell, magic: str, rest: str) -> tuple[str, Sequence[Offer]]:
    """Return the words of a magic with words of its own."""
    from flarex_nb.notebook.words import Around, Offer, offers, secret_names  # noqa: PLC0415 - the same
    from flarex_nb.text.spot import Spot  # noqa: PLC0415

    *before, prefix = rest.lstrip().split(" ") if rest.strip() else [""]
    known = SUBWORDS.get(magic, ()) if not before else ()
    found = [Offer(word, "command") for word in known]
    match _BEHIND.get((magic, before[0] if before else "")):
        case "secret":
            found += [Offer(name, "secret") for name in secret_names()]
        case "service":
            found += offers(Spot("service"), Around({}, {}))
        case "variable":
            found += offers(Spot("value", option="into"), Around(shell.user_ns, {}))
        case _:
            pass
    if magic == "flarex_secrets" and before:
        from flarex_nb.notebook.commands_secrets import options_of  # noqa: PLC0415 - the same

        found += [Offer(f"--{name}", "option") for name in options_of(before[0])]
    return prefix, [offer for offer in found if offer.text.lower().startswith(prefix.lower())]
