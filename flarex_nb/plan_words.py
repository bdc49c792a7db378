"""The parts of a plan in words: what goes on the wire with every secret by its name, and what is decided about it.

Pure text; sends and looks up nothing. A literal value that looks like a credential is hidden, whoever wrote it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from flarex_nb.model import header, origin_of
from flarex_nb.policies.freshness_fields import CONDITIONS, told_by
from flarex_nb.stores.key import Keys, with_credentials
from flarex_nb.vault.ref import show_markers
from flarex_nb.vault.scan import find_keys

if TYPE_CHECKING:
    from collections.abc import Callable

    from flarex_nb.model import BoundCall, Headers, Placement

    Redact = Callable[[str], str]

HIDDEN = "(hidden)"

BODY_SHOWN = 2_000
"""Characters of a body that are shown."""

_LOOKED_AT = 4 * BODY_SHOWN
"""Characters of a body that are searched for keys before it is cut, so that no half of one is left over."""

_TELLING = re.compile(r"auth|cookie|token|secret|passw|session|signature|api[-_]?key|(?:^|[-_])key$", re.IGNORECASE)
_HARMLESS = re.compile(r"page|next|sync|cursor|continu|idempot|publishable", re.IGNORECASE)
_JSON_FIELD = re.compile(r'"(?P<name>[^"\\\n]{1,80})"(?P<gap>\s*:\s*)"(?:[^"\\]|\\.)*+"?')
_FORM_FIELD = re.compile(r"(?P<start>^|&)(?P<name>[^=&\n]{1,200})=(?P<value>[^&\n]*)")

_READS = frozenset({"GET", "HEAD"})
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_REHEARSAL = "x-flarex-call"
_MEGABYTE = 1024 * 1024


def shown_headers(call: BoundCall, redact: Redact) -> Headers:
    """Return the headers as they would be sent, the service's credential and the secrets by name."""
    lines = {name.lower(): (name, _header_text(call, name, value, redact)) for name, value in call.headers}
    for placement in call.placements:
        if placement.place == "userinfo":
            text = f"Basic (user {placement.name or '(none)'}, password {_by_name(placement)})"
            lines["authorization"] = ("Authorization", redact(text))
        elif placement.place == "header":
            lines[placement.name.lower()] = (placement.name, redact(placement.template.format(_by_name(placement))))
    return tuple(lines.values())


def _by_name(placement: Placement) -> str:
    return f"{{{{$secret {placement.ref.name}}}}}"


def _header_text(call: BoundCall, name: str, value: str, redact: Redact) -> str:
    written = show_markers(value)
    if name.lower() == _REHEARSAL or (name == call.service.idempotency_header and call.options.idempotency == "new"):
        return "(a new one for each call)"
    if _tells(name) and name.lower() != call.service.idempotency_header.lower() and written == value:
        return HIDDEN
    return _without_keys(redact(written))


def shown_url(call: BoundCall, redact: Redact) -> str:
    """Return the whole URL with secrets by name."""
    path, _, query = show_markers(call.url).partition("?")
    own = [f"{quote(each.name, safe='')}={_by_name(each)}" for each in call.placements if each.place == "query"]
    pairs = [*(_FORM_FIELD.sub(_hide_field, pair) for pair in query.split("&") if pair), *own]
    return _without_keys(redact(f"{path}?{'&'.join(pairs)}" if pairs else path))


def body_words(call: BoundCall, redact: Redact) -> str:
    """Return the beginning of the body as it would be sent, its size where it is not text or not whole; "" for none."""
    content = call.content
    if not content:
        return ""
    kind = (header(call.headers, "Content-Type") or "").partition(";")[0]
    size = f"{len(content):,} bytes{f' of {kind}' if kind else ''}"
    try:
        text = content[:_LOOKED_AT].decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(content[:_LOOKED_AT]) - 3:
            return f"({size})"
        text = content[: error.start].decode("utf-8")
    shown = _without_keys(redact(show_markers(_without_fields(text, kind))))
    whole = len(content) <= _LOOKED_AT and len(shown) <= BODY_SHOWN
    return shown if whole else f"{shown[:BODY_SHOWN]}… ({size})"


def _without_fields(text: str, kind: str) -> str:
    if kind.endswith("x-www-form-urlencoded"):
        return _FORM_FIELD.sub(_hide_field, text)
    return _JSON_FIELD.sub(_hide_json, text)


def _hide_field(found: re.Match[str]) -> str:
    """A field whose name tells of a credential loses its value, unless that is a secret by name."""
    if not _tells(found["name"]) or show_markers(found["value"]) != found["value"] or "{{$secret" in found["value"]:
        return found[0]
    return f"{found['start']}{found['name']}={HIDDEN}"


def _hide_json(found: re.Match[str]) -> str:
    if not _tells(found["name"]) or show_markers(found[0]) != found[0]:
        return found[0]
    return f'"{found["name"]}"{found["gap"]}"{HIDDEN}"'


def _tells(name: str) -> bool:
    return bool(_TELLING.search(name)) and not _HARMLESS.search(name)


def _without_keys(text: str) -> str:
    """Hide literal keys of a known shape, from the end so that places stay right."""
    lines = text.splitlines(keepends=True)
    for found in reversed(find_keys(text)):
        line, start = lines[found.line - 1], found.column - 1
        lines[found.line - 1] = f"{line[:start]}{HIDDEN}{line[start + found.length :]}"
    return "".join(lines)


def key_words(call: BoundCall, *, repeated: bool) -> str:
    """Return how repeating is made safe, in a sentence."""
    name, method = call.service.idempotency_header, call.method
    if method in call.service.idempotent_methods:
        return f"{method} may be repeated as it is; it needs no idempotency key."
    if not call.idempotency_key:
        why = "No idempotency key (--idempotency off)" if name else f"{call.service.name} honours no idempotency key"
        return f"{why}: a {method} that may have been applied is not repeated."
    return f"{name}{_key_origin(call, repeated=repeated)}"


def _key_origin(call: BoundCall, *, repeated: bool) -> str:
    if header(call.request.headers, call.service.idempotency_header) is not None:
        return " as written, the same for all attempts."
    if repeated:
        return " of the same request before: sent again it is applied once (--idempotency new for another)."
    return {
        "new": ": a fresh one for this call, the same for all its attempts.",
        "auto": ": made when it is sent, the same for all attempts and when the same request is run again.",
    }.get(call.options.idempotency, " as chosen, the same for all attempts.")


def cache_words(call: BoundCall, mode: str) -> str:
    """Return how the cache takes part, in a sentence; `mode` is the setting `cache_mode`."""
    if call.method not in _READS:
        kept = "" if call.method in _SAFE else f"; what is kept of {call.service.name} is forgotten"
        return f"{call.method} is never answered from the cache{kept}."
    if _passed_by(call, mode):
        return "The cache is passed by."
    fresh = "what the server says is fresh (RFC 9111)" if mode == "http" else "a kept answer, while it is fresh"
    return {
        "use": f"Without sending: {fresh}. A new answer is kept.",
        "refresh": "The server is asked even if an answer is kept; the new one is kept.",
        "only": "Only a kept answer is given: nothing is sent in any case.",
    }[call.options.cache]


def _passed_by(call: BoundCall, mode: str) -> bool:
    names = {name.lower() for name, _ in call.headers}
    conditional = bool(names & CONDITIONS) and mode != "http"
    wished = call.options.cache == "bypass" or bool(call.options.simulate)
    return wished or conditional or "range" in names or told_by(call.headers).no_store


def cache_parts(call: BoundCall, mode: str, redact: Redact) -> tuple[str, ...]:
    """Return what the kept answer is found by; none where the cache takes no part.

    By RFC 9111 those headers count that the server's Vary names, beside those that look like a credential; else every
    header counts without which the name of the answer would be another.
    """
    if call.method not in _READS or _passed_by(call, mode):
        return ()
    keys = Keys()

    def key(headers: Headers) -> str:
        return keys.of(call.method, call.url, headers, "")

    counting = tuple(line for line in call.headers if key((line,)) != key(()))
    lines = with_credentials(call.headers) if mode == "http" else counting
    names, _, environment = call.credential.rpartition("@")
    found = [f"{'GET' if mode == 'http' else call.method} {shown_url(call, redact)}"]
    found += [f"{name}: {_header_text(call, name, value, redact)}" for name, value in lines]
    found += ["the headers its Vary names"] if mode == "http" else []
    found += [f"the body ({len(call.content):,} bytes)"] if call.content else []
    return (*found, f"credential {names or 'none'} ({environment})")


def reach_words(call: BoundCall, proxy: str = "") -> str:
    """Return which addresses may be dialled and how much is read; `proxy` is the setting of that name."""
    _, host, port = origin_of(call.url)
    where = "at public addresses only"
    if call.environment == "sandbox":
        where = "the sandbox on this machine"
    elif (host, port) in call.reach.private:
        where = "registered as private, so also at a private address"
    elif proxy and call.options.guard == "public":
        where = "refused: a URL from outside is not fetched through a proxy"
    elif proxy:
        where = f"through the proxy {proxy}, which looks names up itself: that the address is public is not checked"
    cap = call.reach.max_bytes
    size = f"{cap / _MEGABYTE:,.0f} MiB" if cap >= _MEGABYTE else f"{cap:,} bytes"
    scheme = urlsplit(call.url).scheme
    others = "no other host, no redirect to one"
    if call.options.guard == "public":
        others = "redirects to other public hosts are followed, five at most, and no secret goes along"
    return f"{scheme}://{host}:{port}, {where}; {others}, at most {size} of answer."
