"""How far one attempt got, so that whoever stops it knows whether anything was sent. Holds no data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from flarex_nb.errors import Sent

Phase = Literal["queued", "resolving", "connecting", "sending", "waiting", "reading"]


class SaysSent(Protocol):
    """What a caller needs of it."""

    @property
    def sent(self) -> Sent:
        """Whether the request may have reached the server."""
        ...


class Progress:
    """The phase of one attempt and what follows from it.

    `phase`: "queued" no connection is free; "resolving" the name is looked up; "connecting" dialling or TLS; "sending"
    the request is being handed to the system; "waiting" all of it was; "reading" the head of the answer came.
    """

    __slots__ = ("_phase", "_sent")

    def __init__(self) -> None:
        """Start before anything was done."""
        self._phase: Phase = "queued"
        self._sent: Sent = "no"

    @property
    def phase(self) -> Phase:
        """What is going on now."""
        return self._phase

    @property
    def sent(self) -> Sent:
        """Whether the request may have reached the server.

        "maybe" from the first byte handed to the system, "yes" once the server answered. It never goes back: where one
        attempt takes several hops, what an earlier hop sent stays sent.
        """
        return self._sent

    def enter(self, phase: Phase) -> None:
        """Go on to the phase."""
        self._phase = phase
        if phase == "reading":
            self._sent = "yes"
        elif phase in {"sending", "waiting"} and self._sent == "no":
            self._sent = "maybe"
