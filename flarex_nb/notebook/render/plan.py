"""A plan as HTML and as text: what would be sent, how long it may take, and what each outcome would lead to.

Pure: reads the plan. Every text of it holds names of secrets only; it is cut and cleaned here like any other.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from flarex_nb.notebook.render.card import is_steady
from flarex_nb.notebook.render.clean import shown, words
from flarex_nb.notebook.render.plain import _wrapped
from flarex_nb.notebook.render.style import STYLE
from flarex_nb.notebook.render.why import FACTS
from flarex_nb.policies.durations import plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flarex_nb.plan import Plan
    from flarex_nb.policies.retry import Consequence

_LINE, _BODY, _HEADERS = 400, 2_100, 40
_PORT = re.compile(r"(?<=://127\.0\.0\.1):\d+")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_SUBJECT = re.compile(r"^\d{3} on [A-Z]+(?:: | )")


def plan_html(plan: Plan, *, steady: bool | None = None) -> str:
    """Return the plan as one HTML box; `steady` leaves out what differs between two equal runs."""
    steady = is_steady() if steady is None else steady
    call = plan.call
    facts = "".join(f"<dt>{label}</dt><dd>{_set(text, steady=steady)}</dd>" for label, text in _facts(plan))
    sent = _kept("\n".join(_sent(plan)), steady=steady)
    rows = "".join(
        f'<tr><th scope="row">{words(outcomes, _LINE)}</th>'
        f'<td><span class="fx-mark fx-{"good" if again else "bad"}">{"sent again" if again else "stops"}</span></td>'
        f'<td class="fx-why">{words(why, _LINE)}<small>rule {words(reason, 40)}</small></td></tr>'
        for outcomes, again, reason, why in _grouped(plan)
    )
    heads = "".join(f'<th scope="col">{name}</th>' for name in ("First attempt ends with", "Then", "Why"))
    table = f'<div class="fx-scroll"><table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>'
    title = f"Plan: {call.method} {call.request.target} on {call.service.name}"
    marks = '<span class="fx-mark">nothing sent</span>'
    marks += f'<span class="fx-mark">{words(call.environment, 12)}</span>'
    return (
        f'{STYLE}<div class="fxr" role="group" aria-label="{words(title, 160)}">'
        f'<div class="fx-what">{words(title, 200)}</div><div class="fx-sub fx-top">{marks}</div>'
        f'<div class="fx-foot"><pre>{sent}</pre></div>{FACTS}{facts}</dl>'
        f'<details class="fx-more" open><summary>What each outcome would lead to</summary>{table}</details></div>'
    )


def plan_text(plan: Plan, *, steady: bool | None = None) -> str:
    """Return the plan as text of at most 100 columns, with the facts of its box."""
    steady = is_steady() if steady is None else steady
    call = plan.call
    head = f"Plan: {call.method} {call.request.target} on {call.service.name} ({call.environment}), nothing sent."
    lines = [*_wrapped(shown(head, 200)), ""]
    for part in _steadied("\n".join(_sent(plan)), steady=steady).split("\n"):
        lines += _wrapped(f"  {shown(part, _BODY)}", "    ") or [""]
    lines.append("")
    facts = list(_facts(plan))
    pad = max(len(label) for label, _ in facts) + 2
    for label, text in facts:
        lines += _wrapped(f"{label:<{pad}}{shown(_steadied(text, steady=steady), _LINE)}", " " * pad)
    lines += ["", "What each outcome of the first attempt would lead to:"]
    for outcomes, again, reason, why in _grouped(plan):
        then = "sent again" if again else "stops"
        lines += _wrapped(f"  {shown(outcomes, _LINE)}: {then} ({reason}). {shown(why, _LINE)}", "      ")
    return "\n".join(lines)


def _sent(plan: Plan) -> Iterator[str]:
    """Yield the request as it would be sent: its line, its headers, its body."""
    yield f"{plan.call.method} {plan.url}"
    for name, value in plan.headers[:_HEADERS]:
        yield f"{name}: {value}"
    if (more := len(plan.headers) - _HEADERS) > 0:
        yield f"({more} more headers)"
    if plan.body:
        yield f"\n{plan.body}"


def _facts(plan: Plan) -> Iterator[tuple[str, str]]:
    """Yield label and sentence of everything that is decided before sending."""
    for number, note in enumerate(plan.notes):
        yield "" if number else "Note", note
    yield "Goes to", plan.reach
    yield "Repeating", plan.key
    yield "Attempts", _attempts(plan)
    yield "Time", _time(plan)
    yield "Cache", plan.cache
    if plan.cache_parts:
        yield "Cache key", "; ".join(plan.cache_parts)
    if plan.call.request.options.pages != "none":
        wish = plan.call.request.options.pages
        yield "Pages", f"This is the first; --pages {wish} asks for those that follow, each a call of its own."


def _attempts(plan: Plan) -> str:
    parts = []
    for turn in plan.turns:
        least, most = turn.wait
        wait = ""
        if turn.number > 1:
            wait = f"after {plain(most)} s, " if least == most else f"after {plain(least)} to {plain(most)} s, "
        parts.append(f"{turn.number}: {wait}from {plain(turn.begins)} to {plain(turn.ends)} s")
    late = " at the latest" if len(plan.turns) > 1 else ""
    return f"{'; '.join(parts)}{late}. A server's own wait comes instead of ours. {plan.cut}".rstrip()


def _time(plan: Plan) -> str:
    options = plan.call.options
    whole = "for each page" if options.pages != "none" else "in all"
    total = f", {plain(options.total)} s for all pages" if options.total is not None else ""
    limits = f"{plain(options.attempt_timeout)} s an attempt, deadline {plain(options.deadline)} s{total}"
    return f"At most {plain(plan.longest)} s {whole} ({limits})."


def _grouped(plan: Plan) -> list[tuple[str, bool, str, str]]:
    """Return the outcomes that lead to the same by the same rule in one row: outcomes, again, rule, why."""
    groups: dict[tuple[str, str, str], list[str]] = {}
    for each in plan.outcomes:
        groups.setdefault((each.decision, each.reason, _without_subject(each)), []).append(each.outcome)
    found = [(", ".join(outcomes), word == "again", rule, why) for (word, rule, why), outcomes in groups.items()]
    return sorted(found, key=lambda row: not row[1])


def _without_subject(row: Consequence) -> str:
    """Return the sentence without the "503 on POST: " it may begin with."""
    text = _SUBJECT.sub("", row.sentence)
    return text[:1].upper() + text[1:]


def _steadied(text: str, *, steady: bool) -> str:
    return _UUID.sub("(a key)", _PORT.sub(":PORT", text)) if steady else text


def _set(text: str, *, steady: bool) -> str:
    return words(_steadied(text, steady=steady), _LINE)


def _kept(text: str, *, steady: bool) -> str:
    """Return text of several lines as HTML, each line bounded and cleaned."""
    return "\n".join(words(line, _BODY) for line in _steadied(text, steady=steady)[: 4 * _BODY].split("\n"))
