"""The choke point: every message of the kernel, on every channel and from every thread, is masked as it is written.

Wraps `Session.serialize`, `send` and `send_raw` of one session object. A message is packed first and its bytes are
looked through; only when something may be in it are the parsed values walked, so that JSON stays JSON. If that fails
nothing is sent: an error is raised where the message came from.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Final

from flarex_nb.notebook.shield.streams import Masked
from flarex_nb.vault.redact import Masker

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from IPython.core.interactiveshell import InteractiveShell

    from flarex_nb.notebook.shield.streams import StreamGuard

_AFTER_STREAMS: Final = frozenset({"display_data", "update_display_data", "execute_result", "error", "clear_output"})
"""Messages whose place among the streams' text is seen: what is held back goes out before them."""

_WRAPPED: Final = ("serialize", "send", "send_raw")
_PARTS: Final = 4
"""Header, parent, metadata and content; buffers come after them."""


def sessions_of(shell: InteractiveShell) -> list[Any]:
    """Return the Jupyter sessions that send for this shell, each once; none in a terminal or a foreign kernel."""
    holders = (getattr(shell, "kernel", None), shell.displayhook, shell.display_pub, sys.stdout, sys.stderr)
    found = {id(each): each for holder in holders if (each := getattr(holder, "session", None)) is not None}
    return [each for each in found.values() if hasattr(each, "serialize") and hasattr(each, "send")]


class SessionGuard:
    """Masks what one session sends."""

    name = "messages"

    def __init__(self, session: Any, masks: Masker, streams: Sequence[StreamGuard] = ()) -> None:
        """Guard this session; `streams` may hold text back that belongs before a display."""
        self.session = session
        self._masks = masks
        self._streams = tuple(streams)
        self._plain: dict[str, Any] = {}

    def put_on(self) -> None:
        """Wrap the session's own methods; others' wrappers stay below."""
        self._json = _writes_json(self.session)
        own = vars(self.session)
        self._there = {name: own[name] for name in _WRAPPED if name in own}
        for name in _WRAPPED:
            self._plain[name] = getattr(self.session, name)
        self.session.serialize, self.session.send = self._serialize, self._send
        self.session.send_raw = self._send_raw

    def take_off(self) -> None:
        """Put the methods back; where somebody wrapped ours since, ours stays below and lets everything through."""
        self._masks = Masker()
        for name in _WRAPPED:
            if vars(self.session).get(name) == getattr(self, f"_{name}"):
                delattr(self.session, name)
                if name in self._there:
                    setattr(self.session, name, self._there[name])

    def _serialize(self, msg: dict[str, Any], ident: Any = None) -> list[bytes]:
        sent: list[bytes] = self._plain["serialize"](self._clean(msg) if self._masks else msg, ident)
        return sent

    def _send(  # noqa: PLR0917 - the signature of Session.send
        self,
        stream: Any,
        msg_or_type: Any,
        content: Any = None,
        parent: Any = None,
        ident: Any = None,
        buffers: Any = None,
        *more: Any,
        **named: Any,
    ) -> Any:
        if self._masks:
            is_message = isinstance(msg_or_type, dict)
            if (msg_or_type.get("msg_type") if is_message else msg_or_type) in _AFTER_STREAMS:
                for guard in self._streams:
                    guard.settle()
            buffers = self._covered(buffers or (msg_or_type.get("buffers") if is_message else None))
        return self._plain["send"](stream, msg_or_type, content, parent, ident, buffers, *more, **named)

    def _send_raw(self, stream: Any, msg_list: list[Any], *more: Any, **named: Any) -> Any:
        if self._masks:
            parts = [self._packed(bytes(part)) for part in msg_list[:_PARTS]]
            msg_list = [*parts, *(self._covered(msg_list[_PARTS:]) or ())]
        return self._plain["send_raw"](stream, msg_list, *more, **named)

    def _clean(self, msg: dict[str, Any]) -> dict[str, Any]:
        content, metadata = msg.get("content"), msg.get("metadata")
        if isinstance(content, dict):
            if type(content.get("text")) is Masked and not metadata:
                return msg
            content = self._content(content)
        elif isinstance(content, bytes):
            content = self._packed(content)
        elif isinstance(content, str):
            content = self._packed(content.encode())
        return {**msg, "content": content, "metadata": self._masks.walk(metadata)}

    def _content(self, content: dict[str, Any]) -> Any:
        """Return the content packed, or, where something may have to be masked or cannot be packed, walked."""
        if self._json:
            try:
                packed = self.session.pack(content)
            except (TypeError, ValueError, RecursionError):
                return self._masks.walk(content)
            if not self._masks.touches(packed):
                return packed
        return self._masks.walk(content)

    def _packed(self, data: bytes) -> bytes:
        """Return a part that came packed: walked and packed again where it may hold something."""
        if self._json and not self._masks.touches(data):
            return data
        try:
            packed: bytes = self.session.pack(self._masks.walk(self.session.unpack(data)))
        except Exception:  # noqa: BLE001 - not what the session writes, so there are no strings in it to walk
            return self._masks.mask(data)
        return packed

    def _covered(self, buffers: Iterable[Any] | None) -> list[Any] | None:
        """Return the buffers with values overwritten in their place; the very objects where there is none."""
        if not buffers:
            return None
        return [self._buffer(each) for each in buffers]

    def _buffer(self, buffer: Any) -> Any:
        try:
            data = bytes(memoryview(buffer))
        except (TypeError, ValueError):
            return buffer  # the session refuses it, in its own words
        masked = self._masks.mask(data)
        return buffer if masked == data else masked


def _writes_json(session: Any) -> bool:
    """Tell whether the session writes JSON in UTF-8: then what it packed can be looked through as it is."""
    try:
        return bytes(session.pack({"k": 'é"'})).replace(b" ", b"") in {b'{"k":"\xc3\xa9\\""}', b'{"k":"\\u00e9\\""}'}
    except Exception:  # noqa: BLE001 - a packer of somebody's own
        return False
