"""A scan's report as text, as JSON, and as SARIF 2.1.0 for code hosts. Pure; what it is given holds no key."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from flarex_nb.vault.scan_report import WRITTEN_DOWN

if TYPE_CHECKING:
    from flarex_nb.vault.scan_report import Found, Report

MOST: Final = 200
"""Findings that are shown as text; all of them are in the JSON."""

_SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"


def counted(number: int, word: str) -> str:
    """Return "1 key", "3 keys"."""
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def summary(report: Report) -> str:
    """Return the scan in a line."""
    what = "No key found" if not report.findings else f"{counted(len(report.findings), 'key')} found"
    let_be = f"; {report.allowed:,} more let be by the baseline" if report.allowed else ""
    end = " It was stopped before its end." if report.stopped else ""
    return f"{what} in {counted(report.files, 'file')}{let_be}.{end}"


def report_text(report: Report) -> str:
    """Return everything as text: each key with its place, a masked excerpt and the next step."""
    lines = []
    for found in report.findings[:MOST]:
        lines += [f"{found.place}: {found.kind}", f"    {found.excerpt}", f"    {found.mend}"]
    if len(report.findings) > MOST:
        lines.append(f"... and {len(report.findings) - MOST:,} more; --json lists them all.")
    lines += [f"Could not be read: {file}: {why}." for file, why in report.unread]
    lines += report.notes
    lines.append(summary(report))
    if report.findings:
        lines.append(WRITTEN_DOWN)
    return "\n".join(lines)


def report_json(report: Report) -> str:
    """Return everything as JSON, for programs."""
    told = {
        "findings": [_facts(found) for found in report.findings],
        "files": report.files,
        "allowed": report.allowed,
        "notes": list(report.notes),
        "unread": [{"file": file, "why": why} for file, why in report.unread],
        "stopped": report.stopped,
    }
    return json.dumps(told, indent=1, ensure_ascii=False)


def report_sarif(report: Report, version: str) -> str:
    """Return the findings as SARIF 2.1.0 (OASIS), which code hosts show beside the code.

    A region is given where line and column are those of the file itself: inside a notebook they are those of a cell.
    """
    rules = sorted({found.kind for found in report.findings})
    run: dict[str, Any] = {
        "tool": {"driver": {"name": "flarex-nb scan", "version": version, "rules": [_rule(kind) for kind in rules]}},
        "results": [_result(found) for found in report.findings],
        "invocations": [
            {
                "executionSuccessful": report.exit_code < 2,  # noqa: PLR2004 - the exit code for what could not be read
                "toolExecutionNotifications": [
                    {"level": "error", "message": {"text": f"{file}: {why}"}} for file, why in report.unread
                ],
            }
        ],
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=1, ensure_ascii=False)


def _facts(found: Found) -> dict[str, object]:
    return {
        "file": found.spot.file,
        "cell": found.spot.cell or None,
        "part": found.spot.part,
        "detail": found.spot.detail,
        "line": found.line,
        "column": found.column,
        "length": found.length,
        "kind": found.kind,
        "how": found.how,
        "name": found.name,
        "excerpt": found.excerpt,
        "mend": found.mend,
    }


def _rule(kind: str) -> dict[str, Any]:
    return {"id": kind.replace(" ", "-"), "shortDescription": {"text": kind}, "help": {"text": WRITTEN_DOWN}}


def _result(found: Found) -> dict[str, Any]:
    place: dict[str, Any] = {"artifactLocation": {"uri": found.spot.file.replace("\\", "/")}}
    if found.spot.part in {"text", "dotenv"}:
        place["region"] = {"startLine": found.line, "startColumn": found.column, "charLength": found.length}
    return {
        "ruleId": found.kind.replace(" ", "-"),
        "level": "error",
        "message": {"text": f"{found.place}: {found.kind}. {found.mend}"},
        "locations": [{"physicalLocation": place}],
    }
