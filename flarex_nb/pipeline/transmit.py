"""Station 6: the secret is revealed for one send, and the request goes through the guard.

The value exists in the locals of one send and nowhere else; it is put in after the host check of every hop, and an
answer that echoes it is scrubbed before anybody reads it. Redirects are followed here, hop by hop: within one origin
only, unless there is no credential to go along, and never with a body that would be repeated elsewhere.
"""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol
from urllib.parse import quote, urlsplit

from flarex_nb.errors import GuardError, RedirectBlocked
from flarex_nb.model import Destination, Outgoing, Reply, SecretRef, header, origin_of
from flarex_nb.policies.redirects import ANYWHERE, MAX_REDIRECTS, STATUSES, Stay, onward
from flarex_nb.vault.forms import forms
from flarex_nb.vault.kept import PREVIOUS
from flarex_nb.vault.ref import find_markers, has_marker

if TYPE_CHECKING:
    from flarex_nb.errors import Sent
    from flarex_nb.model import BoundCall, Headers, PlaceKind, Placement, Reach, Reveal

_TOO_SHORT = 3
"""Characters up to which a value cannot be masked in an answer without masking ordinary text."""


class Progress(Protocol):
    """How far one send got, for whoever has to stop it."""

    @property
    def sent(self) -> Sent:
        """Whether the request may have reached the server."""
        ...


class Wire(Protocol):
    """One hop over the network."""

    async def send(self, out: Outgoing, reach: Reach, progress: Progress | None = None) -> Reply:
        """Return the whole answer of one hop; no redirect followed, no status judged."""
        ...


class Revealed(dict[str, str]):
    """Values by name during one send; its repr names them only, so that no traceback can show one.

    `written` are the headers made of them, which may be another form of the value.
    """

    def __init__(self) -> None:
        """Begin empty."""
        super().__init__()
        self.written: dict[str, str] = {}

    def forms(self) -> list[tuple[str, str]]:
        """Return (name, text) of each way in which an answer may repeat a value, the longest first."""
        found = {
            (name, form) for name, value in self.items() for form in {value, *forms(value)} if len(form) > _TOO_SHORT
        }
        found |= {
            (name, text.removeprefix("Basic ")) for name, text in self.written.items() if text not in self.values()
        }
        return sorted(found, key=lambda pair: -len(pair[1]))

    def __repr__(self) -> str:
        """Return the names."""
        return f"<Revealed {', '.join(self)}>"


class Transmit:
    """Sends bound calls, each time with the secret put in anew."""

    def __init__(self, wire: Wire, reveal: Reveal) -> None:
        """Take the wire and the one way to a value."""
        self._wire = wire
        self._reveal = reveal

    async def send(self, call: BoundCall, progress: Progress | None = None, *, previous: bool = False) -> Reply:
        """Return the server's answer, scrubbed of the secrets that were sent.

        `previous` sends them as they were before their rotation, those that have such a value.

        Raises:
            SecretError: missing, or bound to other hosts; nothing was sent.
            GuardError, TransportError: as the wire says.
            RedirectBlocked: the answer asks for another origin; it is on `reply`.
        """
        version = PREVIOUS if previous else 0
        reply = await self._hop(call, progress, version)
        for _ in range(MAX_REDIRECTS):
            location = reply.header("location") if reply.status in STATUSES else None
            if location is None:
                return reply
            before, call = call, _next_hop(call, reply, location)
            try:
                reply = await self._hop(call, progress, version)
            except GuardError as error:
                _after_redirect(error, before.url)
                raise
        if reply.status not in STATUSES or reply.header("location") is None:
            return reply
        msg = f"{call.service.name} redirected more than {MAX_REDIRECTS} times"
        raise _blocked(msg, reply, "The address the service is registered with may be out of date.")

    async def _hop(self, call: BoundCall, progress: Progress | None, version: int) -> Reply:
        """Send once; what fails leaves without the frames in which a value stood."""
        values = Revealed()
        try:
            out = _fill(call, self._reveal, values, version)
            return _scrub(await self._wire.send(out, call.reach, progress), values, call)
        except BaseException as error:
            _forget_frames(error)
            raise
        finally:
            values.clear()
            values.written.clear()


def _forget_frames(error: BaseException) -> None:
    """Drop the inner tracebacks: their locals hold the request with the value in it."""
    seen: BaseException | None = error
    while seen is not None:
        seen.__traceback__ = None
        seen = seen.__cause__ or seen.__context__


def _next_hop(call: BoundCall, reply: Reply, location: str) -> BoundCall:
    """Return the call at the URL the answer points to; at another origin with no header that says who asks.

    Raises:
        RedirectBlocked: it is not gone to.
    """
    step = onward(call.url, call.method, location, roams=call.options.guard == "public")
    if isinstance(step, Stay):
        msg = f"the answer redirects to {step.where} ({reply.status}), which was not followed: {step.why}"
        raise _blocked(msg, reply, "If the service moved, correct its base_url.")
    headers = tuple(line for line in call.headers if not step.leaves or line[0].lower() in ANYWHERE)
    return replace(call, url=step.url, headers=headers)


def _blocked(message: str, reply: Reply, hint: str) -> RedirectBlocked:
    error = RedirectBlocked(message, sent="yes", hint=hint)
    error.reply = reply
    return error


def _after_redirect(error: GuardError, url: str) -> None:
    """Say on a refusal that an answer led there: the request before it was sent."""
    error.sent = "yes"
    parts = urlsplit(url)
    error.context.setdefault("redirected by", f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}")


def _fill(call: BoundCall, reveal: Reveal, values: Revealed, version: int) -> Outgoing:
    """Return the request with its secrets in; `values` keeps those that were put in."""
    url = call.url

    def value_of(ref: SecretRef, place: PlaceKind) -> str:
        values[ref.name] = reveal(replace(ref, version=version), _destination(url, place))
        return values[ref.name]

    def refill(text: str, place: PlaceKind, *, encode: bool = False) -> str:
        """Replace each marker in the text, from the end so that places stay right."""
        if not has_marker(text):
            return text
        for start, end, name in reversed(find_markers(text)):
            value = value_of(SecretRef(name, scope=call.environment), place)
            text = text[:start] + (quote(value, safe="") if encode else value) + text[end:]
        return text

    headers = {name.lower(): (name, refill(value, "header")) for name, value in call.headers}
    for placement in call.placements:
        value = value_of(placement.ref, placement.place)
        if placement.place == "query":
            url = _with_query(url, quote(placement.name, safe=""), quote(value, safe=""))
        else:
            name, text = _as_header(placement, value)
            headers[name.lower()] = (name, text)
            values.written[placement.ref.name] = text
    path, mark, query = url.partition("?")
    url = refill(path, "path", encode=True) + mark + refill(query, "query", encode=True)
    content = call.content
    if content and has_marker(text := content.decode("latin-1")):
        content = refill(text, "body").encode("latin-1")
    lines: Headers = tuple(headers.values())
    return Outgoing(call.method, url, lines, content)


def _with_query(url: str, name: str, value: str) -> str:
    """Return the URL with that parameter once: a redirect may have repeated it."""
    path, _, query = url.partition("?")
    kept = [pair for pair in query.split("&") if pair and pair.partition("=")[0] != name]
    return f"{path}?{'&'.join([*kept, f'{name}={value}'])}"


def _as_header(placement: Placement, value: str) -> tuple[str, str]:
    if placement.place == "userinfo":
        pair = base64.b64encode(f"{placement.name}:{value}".encode()).decode()
        return "Authorization", f"Basic {pair}"
    return placement.name, placement.template.format(value)


def _destination(url: str, place: PlaceKind) -> Destination:
    return Destination(*origin_of(url), place)


def _scrub(reply: Reply, values: Revealed, call: BoundCall) -> Reply:
    """Return the answer with every echoed value masked, headers and body, and its request id read."""
    headers, content = reply.headers, reply.content
    for name, form in values.forms() if values else ():
        mask = f"[{name}]"
        headers = tuple((key, text.replace(form, mask)) for key, text in headers)
        content = content.replace(form.encode(), mask.encode())
    request_id = header(headers, call.service.errors.request_id_header) or ""
    shown = call.url.partition("?")[0]  # a call's URL has no fragment
    return Reply(reply.status, headers, content, reply.elapsed, url=shown, request_id=request_id)
