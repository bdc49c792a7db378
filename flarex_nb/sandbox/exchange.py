"""What the server and its look-alikes say to each other: a request, an answer, the provider's protocol.

Nothing here knows the web framework or a provider.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flarex_nb.sandbox.script import Item

Json: TypeAlias = Any
KeyState = Literal["accepted", "refused", "missing", "live"]


@dataclass(frozen=True, slots=True)
class Ask:
    """One request as it came; `path` begins below the service's mount, header names are lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Answer:
    """One whole answer; `replayed` when an idempotency key brought back a stored one."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class Admission:
    """What became of the request's key; `refusal` is the answer for a key that must never come here."""

    state: KeyState
    refusal: Answer | None = field(default=None, repr=False)


class Provider(Protocol):
    """A look-alike of one service."""

    name: str

    def keys(self) -> dict[str, str]:
        """Return the secrets it made for itself in this process, by their conventional names."""
        ...

    def reset(self) -> None:
        """Go back to the seeded data, and forget idempotency keys and counters."""
        ...

    def admit(self, ask: Ask) -> Admission:
        """Judge the request's key; never keeps or shows it."""
        ...

    async def answer(self, ask: Ask, stall: float = 0.0) -> Answer:
        """Serve the request; `stall` seconds pass while it is being worked on."""
        ...

    def simulate(self, ask: Ask, item: Item) -> Answer:
        """Return the provider's own error for a scripted status."""
        ...

    def complain(self, ask: Ask, message: str) -> Answer:
        """Return a 400 in the provider's shape for a script nobody can follow."""
        ...

    def misshape(self, document: Json) -> Json:
        """Return the document as valid JSON whose envelope is not the promised one."""
        ...
