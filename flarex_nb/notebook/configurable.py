"""`%config FlareX.attempts = 5`: the settings of calls in this kernel, changed while it runs.

Loads with the extension, so the defaults are written out here; a test holds them against `settings.Settings`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from traitlets import Bool, Float, Int, TraitError, Unicode
from traitlets.config import Configurable
from typing_extensions import override

if TYPE_CHECKING:
    from traitlets.config import Config

_AT_ONCE = frozenset({"attempts", "attempt_timeout", "deadline", "jitter", "cache", "batch", "deterministic"})
"""Settings a call reads each time; the others are read when the pipeline is put together, which is then done anew."""


class CallSettings(Configurable):
    """Settings of calls in this kernel; what a call says itself wins over them. Times are seconds."""

    attempts = Int(3, help="How often to send at most; the first send counts.").tag(config=True)
    attempt_timeout = Float(10.0, help="How long one send may take.").tag(config=True)
    deadline = Float(30.0, help="How long one call may take, waits included.").tag(config=True)
    jitter = Unicode("full", help="Whether our waits are random (full) or exact (none).").tag(config=True)
    cache = Unicode("use", help="Whether stored answers are used (use) or not (bypass).").tag(config=True)
    cache_entries = Int(500, help="How many answers are kept in memory.").tag(config=True)
    cache_ttl = Float(60.0, help="How long an answer counts as fresh.").tag(config=True)
    cache_mode = Unicode("ttl", help="Whether cache_ttl (ttl) or RFC 9111 (http) says what is fresh.").tag(config=True)
    cache_shared_ttl = Float(300.0, help="How long a shared answer counts as fresh.").tag(config=True)
    cache_stale_if_error = Float(0.0, help="How long past that it may stand in for a failing server.").tag(config=True)
    cache_stale_while_revalidate = Float(0.0, help="How long past that it is shown while renewed.").tag(config=True)
    connections = Int(100, help="Connections to one host.").tag(config=True)
    proxy = Unicode("", help="A proxy for public hosts, http://host:port; it looks names up itself.").tag(config=True)
    batch = Bool(default_value=False, help="Nobody can be asked.").tag(config=True)
    deterministic = Bool(default_value=False, help="Representations drop times and ids.").tag(config=True)

    @override
    def _load_config(self, cfg: Config, section_names: Any = None, traits: Any = None) -> None:
        """Take what `%config` says; a name there is none of is an error, not a warning."""
        wishes = self._find_my_config(cfg)
        known = self.traits(config=True)
        for name in wishes:
            if name not in known:
                from difflib import get_close_matches  # noqa: PLC0415 - only for advice

                near = get_close_matches(name, known, n=1)
                msg = f"there is no setting FlareX.{name}." + (f" Did you mean FlareX.{near[0]}?" if near else "")
                raise TraitError(msg)
            if name in _SETTINGS:
                _check(name, wishes[name])
        super()._load_config(cfg, section_names, traits)
        if changed := [name for name in wishes if name in _SETTINGS]:
            _hand_over({name: getattr(self, name) for name in changed})


_SETTINGS = frozenset(CallSettings.class_own_traits(config=True))
"""The names of those settings; others of `%config FlareX` are about the magics."""


def _hand_over(changes: dict[str, Any]) -> None:
    """Let the process's client work by the changed settings from now on."""
    from dataclasses import replace  # noqa: PLC0415 - only when one is set

    from flarex_nb.client import default  # noqa: PLC0415

    client = default()
    client.settings = replace(client.settings, **changes)
    if changes.keys() - _AT_ONCE:
        client.__dict__.pop("pipeline", None)


def _check(name: str, value: object) -> None:
    from flarex_nb.errors import UsageError  # noqa: PLC0415 - only when one is set
    from flarex_nb.settings import checked  # noqa: PLC0415

    try:
        checked(name, value, f"FlareX.{name}")
    except UsageError as error:
        msg = f"{error.message}. {error.hint}"
        raise TraitError(msg) from None
