"""Profiles out of TOML text: the catalog's own files and a user's."""

from __future__ import annotations

import tomllib
from importlib import resources
from typing import TYPE_CHECKING

from flarex_nb.catalog.profile import Service
from flarex_nb.errors import ProfileError

if TYPE_CHECKING:
    from collections.abc import Mapping


def from_toml(text: str, *, name: str = "", place: str = "") -> Service:
    """Return the profile in `text`; `name` fills in where the text has none, `place` says where the text stands.

    Raises:
        ProfileError: not TOML, an unknown field, or a value a field cannot be; `place` names the field.
    """
    try:
        fields = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        msg = f"the profile is not valid TOML: {error}"
        raise ProfileError(msg, place=place, hint="Strings need quotes; one `key = value` a line.") from None
    return from_fields({"name": name, **fields} if name else fields, place=place)


def from_fields(fields: Mapping[str, object], *, place: str = "") -> Service:
    """Return the profile with these fields.

    Raises:
        ProfileError: naming the first wrong field and what it can be.
    """
    try:
        return Service.model_validate(dict(fields))
    except ProfileError as error:
        error.place = error.place or place
        raise


def catalog_names() -> tuple[str, ...]:
    """Return the names of the profiles that come with the package, sorted."""
    folder = resources.files("flarex_nb.catalog").joinpath("providers")
    return tuple(sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml")))


def from_catalog(name: str) -> Service:
    """Return the packaged profile `name`, which must be one of `catalog_names()`."""
    file = resources.files("flarex_nb.catalog").joinpath("providers", f"{name}.toml")
    return from_toml(file.read_text(encoding="utf-8"), place=f"{name}.toml")
