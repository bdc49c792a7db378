"""What a server says about one of its limits, as it stood with one answer; reads nothing itself."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Quota:
    """One limit of the server.

    `name` tells several limits of one answer apart ("requests", "tokens", a bucket, "default"). `limit` is how much
    there is in one period, `remaining` how much is left of it, `reset_in` the seconds until it is full again; each is
    None when the server does not say. `source` is the header that told the reset, or
    what is left when none does.
    """

    name: str
    limit: int | None
    remaining: int | None
    reset_in: float | None
    source: str

    def says_something(self) -> bool:
        """Return whether any of the three numbers is known."""
        return not (self.limit is None and self.remaining is None and self.reset_in is None)
