"""The defaults in one table, and what the environment says otherwise.

`FLAREX_<NAME>` overrides a default or what a file says; an option of a call overrides them all. `config` reads the
files; nothing here does, or holds a secret.
"""

from __future__ import annotations

import functools
import math
import os
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

from flarex_nb.errors import UsageError
from flarex_nb.model import CallOptions

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Settings:
    """What holds for every call unless the call says otherwise; times in seconds.

    `cache_mode` is "ttl", for `cache_ttl` seconds whatever the server says but no-store, or "http", by RFC 9111.
    `cache_entries` bounds the memory cache; with REDIS_URL set, answers are shared for `cache_shared_ttl`. The two
    stale times are how long past that an answer may stand in for a failing server, or be shown while it is renewed.
    `connections` is the number of connections to one host. `proxy` "http://host:port" sends every call to a public host
    through it; it looks names up itself, so that their addresses are public is then not checked.
    `batch` means nobody can be asked (no stdin), `deterministic` that representations drop times and ids. `calls` are
    further options of calls by service, "" for all; only files say them.
    """

    attempts: int = 3
    attempt_timeout: float = 10.0
    deadline: float = 30.0
    jitter: str = "full"
    cache: str = "use"
    cache_entries: int = 500
    cache_ttl: float = 60.0
    cache_mode: str = "ttl"
    cache_shared_ttl: float = 300.0
    cache_stale_if_error: float = 0.0
    cache_stale_while_revalidate: float = 0.0
    connections: int = 100
    proxy: str = ""
    batch: bool = False
    deterministic: bool = False
    calls: tuple[tuple[str, tuple[tuple[str, object], ...]], ...] = ()

    def options(self, service: str = "") -> CallOptions:
        """Return the options of a call of this service that chooses nothing itself."""
        return _options(self, service)


@functools.lru_cache(maxsize=64)
def _options(settings: Settings, service: str) -> CallOptions:
    chosen = CallOptions(
        attempts=settings.attempts,
        attempt_timeout=settings.attempt_timeout,
        deadline=settings.deadline,
        jitter="none" if settings.jitter == "none" else "full",
        cache="bypass" if settings.cache == "bypass" else "use",
    )
    own = dict(settings.calls)
    changes = {**dict(own.get("", ())), **(dict(own.get(service, ())) if service else {})}
    return replace(chosen, **changes) if changes else chosen  # type: ignore[arg-type]  # each read as its own kind


_CHOICES = {"jitter": ("full", "none"), "cache": ("use", "bypass"), "cache_mode": ("ttl", "http")}


def load(environ: Mapping[str, str] = os.environ, before: Settings | None = None) -> Settings:
    """Return the defaults, or what was read `before`, changed by `FLAREX_*` variables.

    Raises:
        UsageError: a variable holds something its setting cannot be.
    """
    changes: dict[str, object] = {}
    for setting in fields(Settings):
        if setting.name == "calls":
            continue
        variable = f"FLAREX_{setting.name.upper()}"
        text = environ.get(variable, "").strip()
        if text:
            changes[setting.name] = _read(variable, text, setting.default)
    return replace(before or Settings(), **changes)  # type: ignore[arg-type]  # each was read as its field's own type


def checked(name: str, value: object, where: str) -> object:
    """Return a setting's value that is no text of a variable: of a file or of `%config`; `where` names its place.

    Raises:
        UsageError: it is none the setting can have.
    """
    default = getattr(Settings(), name)
    if _fits(name, default, value):
        return float(value) if isinstance(default, float) and isinstance(value, int) else value
    allowed = " or ".join(_CHOICES[name]) if name in _CHOICES else f"something like {default!r}"
    msg = f"{where} is {str(value)[:40]!r}"
    raise UsageError(msg, hint=f"It can be {allowed}.", place=where)


def _fits(name: str, default: object, value: object) -> bool:
    if isinstance(default, bool) or isinstance(value, bool):
        return isinstance(default, bool) and isinstance(value, bool)
    if isinstance(default, int):
        return isinstance(value, int) and value > 0
    if isinstance(default, float):
        return isinstance(value, int | float) and math.isfinite(value) and (value > 0 or value == default)
    return isinstance(value, str) and (name not in _CHOICES or value in _CHOICES[name])


def _above_zero(number: float) -> float:
    if not (math.isfinite(number) and number > 0):
        raise ValueError
    return number


def _read(variable: str, text: str, default: object) -> object:
    try:
        if isinstance(default, bool):
            return {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}[text.lower()]
        if isinstance(default, int | float):
            return _above_zero(type(default)(text))
    except (KeyError, ValueError):
        wanted = "a word" if isinstance(default, bool) else "a number"
        msg = f"{variable} is {text!r}, which is not {wanted} this setting can be"
        raise UsageError(msg, hint=f"Unset {variable}, or set it to something like {default}.") from None
    choices = _CHOICES.get(variable.removeprefix("FLAREX_").lower())
    if choices is None:
        return text  # judged where it is used
    if text not in choices:
        msg = f"{variable} is {text!r}"
        raise UsageError(msg, hint=f"It can be {' or '.join(choices)}.")
    return text
