"""Settings from files: `[tool.flarex]` of pyproject.toml and flarex.toml beside the notebook, under the environment's.

    attempts = 5                     # for every call
    [service.crm]
    deadline = "60s"                 # for the calls of one service

flarex.toml wins over pyproject.toml, `FLAREX_*` over both; what a call says itself wins over all of them. Files are
looked for in the notebook's folder and above it, up to the project's root. None of them can hold a secret or a proxy.
"""

from __future__ import annotations

import os
from dataclasses import fields, replace
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flarex_nb import settings as base
from flarex_nb.errors import UnknownOption, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from flarex_nb.settings import Settings

CALLS = (
    "attempts", "attempt-timeout", "deadline", "total", "jitter", "cache", "ttl", "idempotency", "pages", "max-pages",
    "max-records", "max-bytes",
)  # fmt: skip
"""Options of a call that may have another default for a service, or for all."""

_FIELDS = {setting.name for setting in fields(base.Settings)} - {"calls", "proxy"}
"""Settings a file may say. Not a proxy: a file that came with somebody's notebooks must not choose the way of calls."""

_HIGHEST = 8
"""Folders looked into, the notebook's own counted."""


def load(environ: Mapping[str, str] = os.environ, folder: Path | None = None) -> Settings:
    """Return the settings that hold in this folder.

    Raises:
        UnknownOption: a key there is none of, with the nearest one, its file and table.
        UsageError: a value its key cannot have, or a file that is no TOML.
    """
    settings = base.Settings()
    for file, table in _tables(folder or Path.cwd()):
        settings = _with_table(settings, file, table)
    return base.load(environ, settings)


def _tables(folder: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield what the files say, the weakest first."""
    for name in ("pyproject.toml", "flarex.toml"):
        path = next((each / name for each in _folders(folder) if (each / name).is_file()), None)
        if path is None:
            continue
        whole = _toml(path)
        table = whole.get("tool", {}).get("flarex") if name == "pyproject.toml" else whole
        if table is not None:
            yield path.name if name == "flarex.toml" else f"{path.name}, [tool.flarex]", _as_table(table, path.name)


def _folders(folder: Path) -> Iterator[Path]:
    """Yield the folder and those above it, up to the project's root or the person's home."""
    for each in [folder, *folder.parents][:_HIGHEST]:
        yield each
        if (each / ".git").exists() or (each / "pyproject.toml").is_file() or each == Path.home():
            return


def _toml(path: Path) -> dict[str, Any]:
    import tomllib  # noqa: PLC0415 - only where there is a file

    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        msg = f"{path.name} cannot be read: {error}"
        raise UsageError(msg, hint=f"Correct {path.name}, or move it away.", place=path.name) from None


def _as_table(table: object, file: str) -> Mapping[str, Any]:
    if isinstance(table, dict):
        return table
    msg = f"{file}: flarex is no table"
    raise UsageError(msg, hint="Write [tool.flarex] and its keys below.", place=file)


def _with_table(settings: Settings, file: str, table: Mapping[str, Any]) -> Settings:
    for key, value in table.items():
        if key == "service":
            for service, own in _as_table(value, file).items():
                wishes = _as_table(own, file)
                settings = _with_calls(settings, service, f"{file}, [service.{service}]", wishes)
            continue
        name = key.replace("-", "_")
        if name in _FIELDS:
            change = {name: base.checked(name, value, f"{file}: {key}")}
            settings = replace(settings, **change)  # type: ignore[arg-type]  # checked to be of its field's own type
        else:
            settings = _with_calls(settings, "", file, {key: value})
    return settings


def _with_calls(settings: Settings, service: str, place: str, wishes: Mapping[str, Any]) -> Settings:
    """Return the settings with these defaults for the calls of a service, "" for all."""
    from flarex_nb.text.options import to_call_options  # noqa: PLC0415 - only where a file says something

    calls = dict(settings.calls)
    chosen = dict(calls.get(service, ()))
    for key, value in wishes.items():
        name = key.replace("_", "-")
        if name not in CALLS:
            raise _unknown(key, place, service)
        try:
            field = name.replace("-", "_")
            chosen[field] = getattr(to_call_options({field: value}), field)
        except UsageError as error:
            error.place = error.place or f"{place}: {key}"
            raise
    calls[service] = tuple(chosen.items())
    return replace(settings, calls=tuple(calls.items()))


def _unknown(key: str, place: str, service: str) -> UnknownOption:
    known = sorted({*CALLS, *(() if service else (name.replace("_", "-") for name in _FIELDS))})
    near = get_close_matches(key.replace("_", "-"), known, n=1)
    msg = f"{place}: there is no setting {key[:40]!r}." + (f" Did you mean {near[0]!r}?" if near else "")
    return UnknownOption(msg, hint=f"Settings: {', '.join(known)}.", place=place)
