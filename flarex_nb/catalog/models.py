"""The model a person wants each record to fit: found by name or taken as it is, and made ready before anything is sent.

A model is any type pydantic can check a record with: a BaseModel class, a dataclass, a TypedDict, `dict[str, int]`.
What does not fit is `schema_rows`' matter.
"""

from __future__ import annotations

import functools
import types
from difflib import get_close_matches
from types import GenericAlias
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, Field, TypeAdapter, create_model
from pydantic.errors import PydanticUndefinedAnnotation, PydanticUserError

from flarex_nb.catalog.schema_words import brief
from flarex_nb.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

STRICT = "strict"
"""The word behind the colon: one record that does not fit is an error."""

_NOTHING: Mapping[str, object] = types.MappingProxyType({})
_LONGEST_NAME = 80


class RecordModel:
    """A model made ready: `adapter` checks a list of records, `strict` says that one misfit is an error.

    Two are equal when they are the same type with the same strictness, so that equal calls stay equal.
    """

    __slots__ = ("adapter", "name", "strict", "wanted")

    def __init__(self, wanted: Any, *, name: str, strict: bool) -> None:
        """Build the adapter.

        Raises:
            UsageError: pydantic cannot check a record with this.
        """
        self.wanted = wanted
        self.name = name
        self.strict = strict
        self.adapter = _ready(wanted, name)

    def page(self, path: str) -> type[BaseModel]:
        """Return the model of a whole page whose records stand at the dotted `path`."""
        return _page(self, path)

    def __eq__(self, other: object) -> bool:
        """Return whether it is the same type, as strict."""
        return isinstance(other, RecordModel) and self.wanted is other.wanted and self.strict == other.strict

    def __hash__(self) -> int:
        """Return a hash that equal ones share; the type itself need not be hashable."""
        return hash((id(self.wanted), self.strict))

    def __iter__(self) -> Iterator[Any]:
        """Yield adapter and strictness, so that `adapter, strict = resolve_model(...)` reads as it should."""
        yield self.adapter
        yield self.strict

    def __repr__(self) -> str:
        """Return the model as it is written in an option."""
        return f"<model {self.name}{':' + STRICT if self.strict else ''}>"


def resolve_model(wish: object, namespace: Mapping[str, object] = _NOTHING) -> RecordModel | None:
    """Return the model a call asks for, None where it asks for none; nothing of the answer is needed for it.

    Args:
        wish: the type itself; its name ("Charge", "shop.Charge", "Charge:strict"), looked up in `namespace`; or the
            pair `(Charge, "strict")`. What was resolved before is returned as it is.
        namespace: the names a person may use, such as the notebook's.

    Raises:
        UsageError: no such name (with the nearest there is), or no type pydantic can check a record with.
    """
    if wish is None or isinstance(wish, RecordModel):
        return wish
    if isinstance(wish, str):
        name, strict = _split(wish)
        return RecordModel(_look_up(name, namespace), name=name, strict=strict)
    if isinstance(wish, tuple):
        if len(wish) != 2 or wish[1] != STRICT:  # noqa: PLR2004 - the type and the word
            msg = "validate takes a model, or the pair of a model and the word strict"
            raise UsageError(msg, hint='Write validate=Charge or validate=(Charge, "strict").')
        return RecordModel(wish[0], name=_name_of(wish[0]), strict=True)
    return RecordModel(wish, name=_name_of(wish), strict=False)


def _split(wish: str) -> tuple[str, bool]:
    name, colon, word = (part.strip() for part in wish.partition(":"))
    if colon and word.lower() != STRICT:
        msg = f"--validate knows one word behind the colon, {STRICT}; {brief(word, _LONGEST_NAME)!r} was given"
        raise UsageError(msg, hint=f"Write --validate {brief(name, _LONGEST_NAME)}:{STRICT}, or leave it out.")
    if not name or not all(part.isidentifier() for part in name.split(".")):
        msg = f"{brief(name, _LONGEST_NAME)!r} is not the name of a model"
        raise UsageError(msg, hint="--validate takes a name such as Charge, shop.Charge or Charge:strict.")
    return name, bool(colon)


def _look_up(name: str, namespace: Mapping[str, object]) -> object:
    """Follow the dotted name; only modules and classes are looked into, since other objects may run code of theirs."""
    first, *rest = name.split(".")
    if first not in namespace:
        raise _unknown(first, namespace)
    found = namespace[first]
    for part in rest:
        if not isinstance(found, types.ModuleType | type) or not hasattr(found, part):
            msg = f"there is no {part} in {first}"
            raise UsageError(msg, hint="--validate looks in modules and classes only.")
        found = getattr(found, part)
    return found


def _unknown(name: str, namespace: Mapping[str, object]) -> UsageError:
    shown = brief(name, _LONGEST_NAME)
    if not namespace:
        msg = f"the model {shown!r} is given by name, and there is no notebook here to look it up in"
        return UsageError(msg, hint=f'Pass the class itself: validate={shown}, or validate=({shown}, "strict").')
    models = [known for known, value in namespace.items() if not known.startswith("_") and _is_model(value)]
    near = get_close_matches(name, models, n=1) or get_close_matches(name.lower(), models, n=1)
    known = f"Models here: {', '.join(sorted(models)[:8])}." if models else ""
    msg = f"there is no model {shown} in this notebook" + (f". Did you mean {near[0]}?" if near else "")
    return UsageError(msg, hint=known or "Define the pydantic model in a cell above, and run that cell.")


def _is_model(value: object) -> bool:
    return isinstance(value, type) and value is not BaseModel and issubclass(value, BaseModel)


def _name_of(wanted: object) -> str:
    name = getattr(wanted, "__name__", "") if isinstance(wanted, type) else ""
    return brief(name or str(wanted).removeprefix("typing."), _LONGEST_NAME)


def _ready(wanted: Any, name: str) -> TypeAdapter[list[Any]]:
    """Return the adapter, tried on no records: a model that names what is not there fails only when it is used."""
    hint = "A model is a pydantic class, a dataclass, a TypedDict, or a type such as dict[str, int]."
    if isinstance(wanted, BaseModel | TypeAdapter | str | types.ModuleType):
        msg = f"{name} is of type {type(wanted).__name__}, not a model"
        raise UsageError(msg, hint=hint)
    try:
        adapter = _adapter(wanted) if _is_hashable(wanted) else TypeAdapter(list[wanted])
        adapter.validate_python([])
    except (PydanticUserError, PydanticUndefinedAnnotation) as error:
        why = (
            brief(str(error).splitlines()[0], 200)
            if isinstance(wanted, type)
            else f"it is of type {type(wanted).__name__}"
        )
        msg = f"{name} cannot be a model: {why}"
        raise UsageError(msg, hint=hint) from None
    except Exception as error:  # noqa: BLE001 - a model's own hooks run here, and may raise anything
        msg = f"{name} cannot be a model: building it raised {type(error).__name__}"
        raise UsageError(msg, hint=hint) from None
    return adapter


@functools.lru_cache(maxsize=64)
def _adapter(wanted: Any) -> TypeAdapter[list[Any]]:
    """Return the adapter; kept, since a fan-out asks for the same one at each call."""
    return TypeAdapter(list[wanted])


@functools.lru_cache(maxsize=64)
def _page(model: RecordModel, path: str) -> type[BaseModel]:
    *outer, inner = path.split(".")
    records: Any = GenericAlias(list, (model.wanted,))
    page: type[BaseModel] = create_model("Page", inside=(records, Field(alias=inner)))
    for part in reversed(outer):
        page = create_model("Page", inside=(page, Field(alias=part)))
    return page


def _is_hashable(wanted: object) -> bool:
    try:
        hash(wanted)
    except TypeError:
        return False
    return True
