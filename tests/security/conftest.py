"""What the tests of the guard share: one run of every client in a private network where every address answers."""

from __future__ import annotations

import pytest

import every_address


@pytest.fixture(scope="session")
def network() -> dict[str, dict[str, every_address.Seen]]:
    """What each client did with each case; skips, and says why, where no network namespace can be made."""
    why = every_address.why_not()
    if why:
        pytest.skip(f"NOT CHECKED: that refused addresses are never dialled. {why}")
    return every_address.enter(["ssrf_clients:ours", "ssrf_clients:our_service", "ssrf_clients:plain_httpx"])
