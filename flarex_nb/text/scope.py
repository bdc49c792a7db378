"""What a hole stands for: a variable of the cell or the notebook, a value of the machine, or a secret's marker.

Decides as well where a secret may stand; a secret's value is never seen here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from flarex_nb.errors import UsageError
from flarex_nb.text.expression import evaluate
from flarex_nb.text.kinds import CellText, Marked, secret_name
from flarex_nb.text.scan import Hole, pieces
from flarex_nb.text.scan import Literal as Fixed
from flarex_nb.text.system import SystemValues, is_system, secret_asked, system_value
from flarex_nb.text.values import Dates, text_of

if TYPE_CHECKING:
    from flarex_nb.text.raw import Variable
    from flarex_nb.text.source import Source

Place = Literal["header", "query", "userinfo", "path", "body", "host", "condition"]
"""Where in a request a secret can be asked for; a "host" or a "condition" never takes one."""

HEADER_AND_USERINFO = frozenset({"header", "userinfo"})
"""Where a secret may stand unless the profile of the service says more."""

Reader = Callable[[str], bytes]
"""Gives the bytes of a file named in the cell; refuses one outside its folder."""

_WHY = {
    "query": "a URL is kept in logs on the way, so a secret goes there only where the service's profile says so",
    "path": "a URL is kept in logs on the way, so a secret goes there only where the service's profile says so",
    "body": "a body is kept and shown by servers as data, so a secret goes there only where the profile says so",
    "host": "a secret in the host's name would tell the name servers",
    "condition": "a condition is shown when it does not hold",
}


@dataclass
class Context:
    """All that filling one request needs and notes: names, machine, secrets, files, warnings."""

    names: Mapping[str, object]
    system: SystemValues
    marker: Callable[[str], str]
    allow_secret_in: frozenset[str]
    read: Reader | None = None
    warnings: list[str] = field(default_factory=list)
    uuids: int = 0

    def value(self, source: Source, hole: Hole) -> object:
        """Return what the hole stands for; a secret comes as `Marked` text.

        Raises:
            CellSyntaxError, UsageError: with the place in the cell.
        """
        inside = source.part(hole.offset + 2, hole.end - 2)
        if is_system(hole.text):
            return self._of_system(inside)
        found = evaluate(inside, self.names)
        name = secret_name(found)
        return found if name is None else Marked(self.marker(name), (name,))

    def secret(self, source: Source, offset: int, place: Place) -> Callable[[str], str]:
        """Return what gives a secret's marker at this place, and refuses where none may stand."""

        def marked(name: str) -> str:
            if place not in self.allow_secret_in:
                msg = f"the secret {name} may not stand in the {place}: {_WHY.get(place, 'it is not a place for one')}"
                hint = "Leave it out: the service's own credential is put in by its profile."
                raise UsageError(msg, hint=hint, place=source.place(offset))
            return self.marker(name)

        return marked

    def text(self, source: Source, hole: Hole, place: Place, dates: Dates = "iso") -> str:
        """Return the hole's value as text, `Marked` where a secret stands in it and may."""
        return self.text_of(self.value(source, hole), source, hole, place, dates)

    def text_of(self, value: object, source: Source, hole: Hole, place: Place, dates: Dates = "iso") -> str:
        """Return a value of the hole, already worked out, as `text` does."""
        try:
            if isinstance(value, Marked):
                for name in value.secrets:
                    self.secret(source, hole.offset, place)(name)
                return value
            return text_of(value, dates)
        except UsageError as error:
            error.place = error.place or source.place(hole.offset)
            raise

    def fill(self, source: Source, place: Place) -> str:
        """Return the whole text with its holes filled as they are, for places without an encoding of their own."""
        parts = [
            piece.text if isinstance(piece, Fixed) else self.text(source, piece, place) for piece in pieces(source)
        ]
        return joined(parts)

    def _of_system(self, inside: Source) -> object:
        start = len(inside.text) - len(inside.text.lstrip())
        inside = inside.part(start)
        name = secret_asked(inside)
        if name is None:
            self.uuids += inside.text.strip() in {"$uuid", "$guid"}
            return system_value(inside, self.system)
        try:
            return Marked(self.marker(name), (name,))
        except UsageError as error:
            error.place = error.place or inside.place(0)
            raise


def joined(parts: list[str]) -> str:
    """Return the parts as one text, `Marked` with every secret that stands in one of them."""
    secrets = tuple(name for part in parts if isinstance(part, Marked) for name in part.secrets)
    text = "".join(parts)
    return Marked(text, secrets) if secrets else text


class Scope(Mapping[str, object]):
    """The names an expression may use: the cell's `@` variables first, then the notebook's own.

    A variable of the cell is worked out when it is used, and once. It cannot be used in its own value.
    """

    def __init__(self, variables: tuple[Variable, ...], namespace: Mapping[str, object]) -> None:
        """Take the cell's variables (a later one replaces an earlier) and the notebook's names."""
        self._variables = {variable.name: variable.value for variable in variables}
        self._namespace = namespace
        self._known: dict[str, object] = {}
        self._open: list[str] = []
        self.context: Context | None = None

    def __getitem__(self, name: str) -> object:
        """Return the value of a name."""
        if name not in self._variables or self.context is None:
            return self._namespace[name]
        if name not in self._known:
            self._known[name] = self._work_out(name, self._variables[name], self.context)
        return self._known[name]

    def __contains__(self, name: object) -> bool:
        """Return whether there is such a name, without working it out."""
        return name in self._variables or name in self._namespace

    def __iter__(self) -> Iterator[str]:
        """Give every name."""
        return iter({**self._variables, **dict.fromkeys(self._namespace)})

    def __len__(self) -> int:
        """Return how many names there are."""
        return len({*self._variables, *self._namespace})

    def _work_out(self, name: str, source: Source, context: Context) -> object:
        if name in self._open:
            msg = f"@{name} is defined by itself: {' -> '.join([*self._open, name])}"
            raise source.error(msg, hint="Give one of them a value of its own.")
        self._open.append(name)
        try:
            parts = pieces(source)
            if len(parts) == 1 and isinstance(parts[0], Hole):
                return context.value(source, parts[0])
            texts = [part.text if isinstance(part, Fixed) else _any_text(context, source, part) for part in parts]
            whole = joined(texts)
            return whole if isinstance(whole, Marked) else CellText(whole)
        finally:
            self._open.pop()


def _any_text(context: Context, source: Source, hole: Hole) -> str:
    """Return the hole's text without asking where it goes: that is asked where the variable is used."""
    value = context.value(source, hole)
    if isinstance(value, Marked):
        return value
    try:
        return text_of(value)
    except UsageError as error:
        error.place = error.place or source.place(hole.offset)
        raise
