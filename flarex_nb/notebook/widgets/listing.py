"""Secrets as they may be shown: plain rows for the front end and aligned text for places without widgets.

Reads names, environments, sources, hosts and states only; it is never given a value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from flarex_nb.notebook.widgets.ports import SecretRow

_SOURCES = {"session": "this session", "vault": "vault file", "env": "environment variable", ".env": ".env file"}
_HEADS = ("name", "state", "from", "bound to", "environment")


class Row(TypedDict):
    """One secret for the front end, as JSON."""

    name: str
    env: str
    source: str
    state: str
    hosts: list[str]


def as_rows(secrets: Iterable[SecretRow]) -> list[Row]:
    """Return the secrets as JSON rows, by name, live before sandbox."""
    found = [
        Row(name=each.name, env=each.env, source=each.source or "", state=each.state, hosts=list(each.hosts))
        for each in secrets
    ]
    return sorted(found, key=lambda row: (row["name"], row["env"]))


def as_text(listed: Sequence[Row]) -> str:
    """Return the rows as aligned text with a head line, or one line saying how to add the first."""
    if not listed:
        return "No secrets yet: run %flarex_secrets set NAME to add one."
    lines = [_HEADS, *(_cells(row) for row in listed)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(_HEADS))]
    return "\n".join("  ".join(map(str.ljust, line, widths)).rstrip() for line in lines)


def _cells(row: Row) -> tuple[str, ...]:
    source = _SOURCES.get(row["source"], row["source"] or "-")
    return row["name"], row["state"], source, ", ".join(row["hosts"]) or "-", row["env"]
