"""What an endpoint's records were like so far: each field, its JSON types, how often it is there, how often it is null.

Looks at a part of the records, spread evenly, so that knowing costs a small share of making the frame; every number is
about the records looked at. Bounded in fields and endpoints, in memory only. What a difference means is `schema_drift`'s
matter.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from flarex_nb.catalog.registry import endpoint_for
from flarex_nb.catalog.schema_words import brief, counted, json_type

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from flarex_nb.model import BoundCall, Json

MAX_FIELDS = 500
"""Fields kept of one endpoint."""

MAX_ENDPOINTS = 200
"""Endpoints kept; the one longest not called is forgotten."""

_AT_ONCE, _ONE_IN = 40, 20
"""Records looked at: this many of a call, and one in so many of the rest. Measured: under 5 % of the frame's cost."""

_INSIDE, _DEPTH = 24, 4
"""Objects inside the records that are looked into, at each place; and how many levels deep."""

_MAP_KEYS, _MAP_FILL = 30, 0.25
"""An object with more different keys than that, of which each has few, is a map: its keys are data, not fields."""

_SHAPING = ("expand", "$expand", "fields", "include", "select", "$select")
"""Query parameters that change which fields an answer has."""


@dataclass(slots=True)
class Tally:
    """How often one field was there, by JSON type; `of` is the path of the object it stands in."""

    of: str
    kinds: Counter[str] = field(default_factory=Counter)

    @property
    def present(self) -> int:
        """Times the field was there, null or not."""
        return sum(self.kinds.values())

    @property
    def nulls(self) -> int:
        """Times it was null."""
        return self.kinds["null"]

    def types(self) -> list[str]:
        """Return the types it had but for null, the most frequent first."""
        return [kind for kind, times in self.kinds.most_common() if times and kind != "null"]


@dataclass(slots=True)
class Survey:
    """What some records were like: `fields` by dotted path ("" is the record), `objects` counts those at each path."""

    fields: dict[str, Tally] = field(default_factory=dict)
    objects: Counter[str] = field(default_factory=Counter)

    @property
    def records(self) -> int:
        """Records looked at."""
        record = self.fields.get("")
        return 0 if record is None else record.present

    def possible(self, path: str) -> int:
        """Return how many objects were seen that could have the field."""
        tally = self.fields.get(path)
        return self.objects[tally.of if tally is not None else _parent(path)]

    def tally(self, path: str, of: str) -> Tally | None:
        """Return the field's tally, a new one where there is room, None where there is none."""
        found = self.fields.get(path)
        if found is None and len(self.fields) < MAX_FIELDS:
            found = self.fields[path] = Tally(of)
        return found

    def add(self, other: Survey) -> None:
        """Take another survey of the same endpoint in."""
        self.objects.update(other.objects)
        for path, tally in other.fields.items():
            mine = self.tally(path, tally.of)
            if mine is not None:
                mine.kinds.update(tally.kinds)


def _parent(path: str) -> str:
    return path.rpartition(".")[0]


def survey(records: Sequence[Json], maps: Collection[str] = (), *, before: int = 0) -> Survey:
    """Return what the records are like, from some of them, spread evenly over all.

    `maps` are fields whose keys are data; `before` is how many records of this call were surveyed already.
    """
    found = Survey()
    some = spread(records, max(0, _AT_ONCE - before) + len(records) // _ONE_IN + 1)
    kinds = Counter(map(type, some))
    if kinds:
        found.fields[""] = Tally("", Counter())
        for kind, times in kinds.items():
            found.fields[""].kinds[json_type(kind)] += times
    objects = some if kinds.keys() <= {dict} else [record for record in some if isinstance(record, dict)]
    _look(found, objects, "", frozenset(maps), _DEPTH)
    return found


def spread(items: Sequence[Json], most: int) -> Sequence[Json]:
    """Return at most `most` of the items, the first and then evenly on, the last among them; all if there are few."""
    if len(items) <= most:
        return items
    step = (len(items) - 1) / max(1, most - 1)
    return [items[round(number * step)] for number in range(most)]


def _look(found: Survey, objects: Sequence[dict[str, Json]], path: str, maps: frozenset[str], depth: int) -> None:
    """Count the fields of these objects, by their shapes: objects with the same keys and types count at one stroke."""
    found.objects[path] += len(objects)
    shapes = Counter((tuple(each), tuple(map(type, each.values()))) for each in objects)
    if not shapes or _is_map(shapes, len(objects)):
        return
    inner = dict[str, str]()
    prefix = f"{path}." if path else ""
    for (keys, kinds), times in shapes.items():
        for key, kind in zip(keys, kinds, strict=True):
            tally = found.tally(prefix + key, path)
            if tally is None:
                continue
            tally.kinds[json_type(kind)] += times
            if kind is dict and key not in maps and prefix + key not in maps:
                inner[key] = prefix + key
    if depth > 1:
        for key, place in inner.items():
            inside = [value for each in objects if type(value := each.get(key)) is dict]
            _look(found, spread(inside, _INSIDE), place, maps, depth - 1)


def _is_map(shapes: Counter[tuple[tuple[str, ...], tuple[type, ...]]], objects: int) -> bool:
    if len(shapes) == 1:
        return False
    keys = {key for names, _ in shapes for key in names}
    filled = sum(len(names) * times for (names, _), times in shapes.items())
    return len(keys) > _MAP_KEYS and filled < _MAP_FILL * len(keys) * objects


class Field(NamedTuple):
    """One field: its JSON types but for null, the share of records that have it, and the share of these that is null.

    `records` is how many were looked at; for a field inside an object, how many such objects.
    """

    types: tuple[str, ...]
    present: float
    null: float
    records: int


@dataclass(frozen=True, slots=True)
class Schema:
    """What is known of an endpoint's records: `fields` by dotted path, from `records` that were looked at."""

    endpoint: str
    records: int
    fields: Mapping[str, Field]

    def __str__(self) -> str:
        """Return one line for each field."""
        widest = min(40, max(map(len, self.fields), default=0))
        lines = [f"{self.endpoint}: {counted(len(self.fields), 'field')}, from {counted(self.records)}"]
        for path, each in self.fields.items():
            words = [" or ".join(each.types) or "null", *([f"in {each.present:.0%}"] if each.present < 1 else [])]
            words += [f"null in {each.null:.0%}"] if each.null and each.types else []
            lines.append(f"  {brief(path, 60):<{widest}}  {', '.join(words)}")
        return "\n".join(lines)


def schema_of(found: Survey, endpoint: str) -> Schema:
    """Return the survey as a schema to read."""
    fields = {
        path: Field(
            tuple(tally.types()),
            tally.present / max(1, found.objects[tally.of]),
            tally.nulls / max(1, tally.present),
            found.objects[tally.of],
        )
        for path, tally in list(found.fields.items())
        if path
    }
    return Schema(endpoint, found.records, fields)


@dataclass(slots=True)
class Known:
    """What is remembered of one endpoint: the survey of every record so far, and the vanished fields already told."""

    endpoint: str
    survey: Survey = field(default_factory=Survey)
    told: set[str] = field(default_factory=set)


class Schemas:
    """What is known of each endpoint, in memory; one for a client."""

    def __init__(self) -> None:
        """Begin knowing nothing."""
        self._known: OrderedDict[tuple[str, ...], Known] = OrderedDict()

    def of(self, call: BoundCall) -> Known:
        """Return what is known of the call's endpoint, empty at first.

        The sandbox and the real service are told apart, and so are calls that ask for other fields (`expand`).
        """
        endpoint = endpoint_for(call.service, call.method, call.request.target)
        path = endpoint.path if endpoint is not None else call.request.target
        query = (f"{name}={value}" for name, value in call.request.query if name.partition("[")[0] in _SHAPING)
        key = (call.service.name, call.environment, call.method, path, *sorted(query))
        known = self._known.pop(key, None) or Known(f"{call.method} {path} on {call.service.name}")
        self._known[key] = known
        while len(self._known) > MAX_ENDPOINTS:
            self._known.popitem(last=False)
        return known
