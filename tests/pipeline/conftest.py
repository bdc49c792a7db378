"""The fixture every test of the pipeline uses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from flarex_nb.client import Client
from flarex_nb.clock import VirtualClock
from flarex_nb.settings import Settings
from scripted import KEY, ScriptedWire, World

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def world(tmp_path: Any) -> Callable[..., World]:
    """Make a world whose server answers with these steps; the last one is repeated."""

    def make(*steps: Any, settings: Settings | None = None) -> World:
        clock = VirtualClock()
        wire = ScriptedWire(clock, list(steps))
        client = Client(
            settings or Settings(),
            clock=clock,
            wire=wire,
            dice=lambda: 0.5,
            environ={"STRIPE_SECRET_KEY": KEY},
            folder=tmp_path,
        )
        return World(client, clock, wire)

    return make
