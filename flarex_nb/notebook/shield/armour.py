"""Puts the pieces of the shield on a shell and takes them off again, each by itself: one that fails leaves the others.

A piece that could not be put on is remembered with its reason; the shell goes on working as it did without it.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Final, Protocol

from flarex_nb.portal import once
from flarex_nb.vault.redact import Everything

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from IPython.core.interactiveshell import InteractiveShell

    from flarex_nb.notebook.shield.streams import StreamGuard


_NUMBERS: Final = {"stdout": 1, "stderr": 2}


class Piece(Protocol):
    """One piece: made without effect, put on and taken off."""

    name: str

    def put_on(self) -> None:
        """Cover the route."""
        ...

    def take_off(self) -> None:
        """Leave the route as it was."""
        ...


class Armour:
    """The pieces on one shell, and what they mask."""

    def __init__(self, shell: InteractiveShell, streams: Mapping[str, Any]) -> None:
        """Choose nothing yet; `streams` are stdout and stderr as they were before anybody redirected them."""
        self.shell = shell
        self._streams = streams
        self.masks = Everything()
        self.failed: dict[str, str] = {}
        self.pieces: list[Piece] = []
        self._tried = False

    def put_on(self) -> None:
        """Put every piece on, once."""
        _ = self._on

    def refresh(self) -> None:
        """Take over what is known now; what IPython kept of it before is masked at the end of the cell."""
        self.masks.refresh()
        for piece in self.pieces:
            if hasattr(piece, "look_back"):
                piece.look_back()

    @once
    def _on(self) -> bool:
        for piece in _pieces_for(self.shell, self.masks, self._streams):
            try:
                piece.put_on()
            except Exception as error:  # noqa: BLE001 - a private name moved: the other pieces still help
                self.failed[piece.name] = f"{type(error).__name__} while it was put on"
            else:
                self.pieces.append(piece)
        self.shell.events.register("post_execute", self._settle)
        return True

    def take_off(self) -> None:
        """Take every piece off, the last one first."""
        if self._settle in self.shell.events.callbacks["post_execute"]:
            self.shell.events.unregister("post_execute", self._settle)
        self._tried = True
        self._settle()
        while self.pieces:
            self.pieces.pop().take_off()

    def _settle(self) -> None:
        """At the end of a cell: nothing of it is held back any longer; after the first one, each route is tried."""
        for piece in tuple(self.pieces):
            if hasattr(piece, "settle"):
                piece.settle()
        if self.masks and not self._tried:
            self._tried = True
            self._try()

    def _try(self) -> None:
        from flarex_nb.notebook.shield.selftest import routes_of, tell, warning_of  # noqa: PLC0415 - once

        if warning := warning_of(routes_of(self)):
            tell(warning)


def _pieces_for(shell: InteractiveShell, masks: Everything, streams: Mapping[str, Any]) -> Iterator[Piece]:
    from flarex_nb.notebook.shield.history import HistoryGuard  # noqa: PLC0415
    from flarex_nb.notebook.shield.loggers import LoggerGuard  # noqa: PLC0415
    from flarex_nb.notebook.shield.session import sessions_of  # noqa: PLC0415

    sessions = sessions_of(shell)
    yield from _stream_pieces(masks, sessions, streams)
    yield HistoryGuard(shell, masks)
    yield LoggerGuard(masks)


def _stream_pieces(masks: Everything, sessions: list[Any], streams: Mapping[str, Any]) -> Iterator[Piece]:
    from flarex_nb.notebook.shield.session import SessionGuard  # noqa: PLC0415
    from flarex_nb.notebook.shield.streams import StreamGuard, sends_messages  # noqa: PLC0415
    from flarex_nb.notebook.shield.tee import TeeGuard  # noqa: PLC0415
    from flarex_nb.notebook.shield.terminal import TerminalGuard  # noqa: PLC0415

    guards: list[StreamGuard] = []
    for name, stream in streams.items():
        if not sends_messages(stream):
            yield TerminalGuard(name, stream, masks)
            continue
        guards.append(StreamGuard(name, stream, masks))
        yield guards[-1]
        saved = getattr(stream, "_original_stdstream_copy", None)
        if saved is not None or sys.platform != "win32":
            yield TeeGuard(name, saved or _NUMBERS[name], masks)
    for session in sessions:
        yield SessionGuard(session, masks, guards)
