"""A client behind the magics whose server is a script and whose clock is virtual."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from flarex_nb.catalog.profile import ErrorShape, RetryProfile, Service
from flarex_nb.client import Client
from flarex_nb.clock import VirtualClock
from flarex_nb.settings import Settings
from scripted import KEY, ScriptedWire, World

if TYPE_CHECKING:
    from collections.abc import Callable

BEARER = {"kind": "bearer", "secret": "CRM_API_KEY"}
SHAPE = ErrorShape(message="error.message", code="error.code")


def own(name: str, **fields: Any) -> Service:
    return Service(**{"name": name, "base_url": f"https://{name}.example", "auth": BEARER, "errors": SHAPE} | fields)


SERVICES = (
    own("plainly"),
    own("keyed", idempotency_header="Idempotency-Key"),
    own(
        "strict",
        retry=RetryProfile(
            dialects=("retry_after_ms", "retry_after", "go_duration", "reset_by_size"),
            never_codes=("insufficient_quota", "accessNotConfigured"),
            again_codes=("rateLimitExceeded", "lock_timeout", "418", "408"),
            override_header="X-Should-Retry",
            overloaded=(529, 430),
        ),
    ),
    own("hub", retry=RetryProfile(dialects=("primary_secondary", "reset_by_size"), stored_500=True)),
    own("hooks", retry=RetryProfile(dialects=("body_retry_after", "retry_after")), idempotent_methods=("GET",)),
)


@pytest.fixture
def world(tmp_path: Any) -> Callable[..., World]:
    """Make a world whose server answers with these steps; the last one is repeated."""

    def make(*steps: Any, settings: Settings | None = None) -> World:
        clock = VirtualClock()
        wire = ScriptedWire(clock, list(steps))
        environ = {"STRIPE_SECRET_KEY": KEY, "CRM_API_KEY": KEY}
        client = Client(
            settings or Settings(), clock=clock, wire=wire, dice=lambda: 0.5, environ=environ, folder=tmp_path
        )
        for service in SERVICES:
            client.services.register(service)
        return World(client, clock, wire)

    return make
