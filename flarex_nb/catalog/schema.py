"""What an endpoint's records were like so far: each field, its JSON types, how often it is there, how often it is null.

Records are counted by their shape (the same keys with the same types), from a part of them that is spread evenly, so
that knowing costs a small share of making the frame; every number is about the records looked at. Bounded in shapes,
fields and endpoints, in memory only. What a difference means is `schema_drift`'s matter.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from flarex_nb.catalog.registry import endpoint_for
from flarex_nb.catalog.schema_words import counted, dotted, json_type

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from flarex_nb.model import BoundCall, Json

MAX_FIELDS, MAX_SHAPES, MAX_ENDPOINTS = 500, 200, 200
"""What is kept: fields and shapes of one endpoint; endpoints, of which the one longest not called is forgotten."""

_AT_ONCE, _ONE_IN = 24, 40
"""Records looked at: so many of a call, and one in so many of the rest. Measured: under 5 % of the frame's cost."""

_INSIDE, _INSIDE_ONE_IN, _DEPTH = 12, 4, 4
"""Objects inside the records that are looked into, at each place: so many, or one in so many; and levels deep."""

_MAP_KEYS, _MAP_FILL, _MAP_TEXT = 30, 0.25, 20_000
"""More different keys than that, of which each object has few, or longer ones: keys that are data, not fields."""

_SHAPING = frozenset({"expand", "$expand", "fields", "include", "select", "$select"})
"""Query parameters that change which fields an answer has."""

Shape: TypeAlias = tuple[str | None, tuple[str, ...], tuple[type, ...]]
"""Where objects of this shape stand (None for the answer's own list), their keys, and the types of the values."""

Shapes: TypeAlias = dict[Shape, int]


@dataclass(slots=True)
class Tally:
    """How often one field was there, by JSON type; `of` is the place of the object it stands in."""

    of: str | None
    kinds: dict[str, int] = field(default_factory=dict)

    @property
    def present(self) -> int:
        """Times the field was there, null or not."""
        return sum(self.kinds.values())

    @property
    def nulls(self) -> int:
        """Times it was null."""
        return self.kinds.get("null", 0)

    def types(self) -> list[str]:
        """Return the types it had but for null, the most frequent first."""
        return sorted((kind for kind in self.kinds if kind != "null"), key=lambda kind: -self.kinds[kind])


@dataclass(slots=True)
class Survey:
    """What some records were like: `fields` by dotted path ("" is the record), `objects` counts those at each place."""

    fields: dict[str, Tally] = field(default_factory=dict)
    objects: dict[str | None, int] = field(default_factory=dict)

    @property
    def records(self) -> int:
        """Records looked at."""
        return self.objects.get(None, 0)

    def looked(self, place: str | None) -> int:
        """Return how many objects were looked at there."""
        return self.objects.get(place, 0)

    def add(self, shapes: Shapes) -> None:
        """Take the shapes in; fields beyond `MAX_FIELDS` are not kept."""
        alike: dict[tuple[str | None, tuple[str, ...]], list[tuple[type, ...]]] = {}
        for (place, keys, kinds), times in shapes.items():
            self.objects[place] = self.objects.get(place, 0) + times
            alike.setdefault((place, keys), []).extend([kinds] * times)
        for (place, keys), rows in alike.items():
            prefix = f"{place}." if place else ""
            for key, column in zip(keys, zip(*rows, strict=True), strict=True):
                self._note(place, prefix + key, column)

    def merge(self, other: Survey) -> None:
        """Take another survey's counts in."""
        for place, times in other.objects.items():
            self.objects[place] = self.objects.get(place, 0) + times
        for path, theirs in other.fields.items():
            tally = self._tally(theirs.of, path)
            if tally is not None:
                for name, times in theirs.kinds.items():
                    tally.kinds[name] = tally.kinds.get(name, 0) + times

    def _tally(self, place: str | None, path: str) -> Tally | None:
        tally = self.fields.get(path)
        if tally is None and len(self.fields) < MAX_FIELDS:
            tally = self.fields[path] = Tally(place)
        return tally

    def _note(self, place: str | None, path: str, column: Sequence[type]) -> None:
        tally = self._tally(place, path)
        if tally is None:
            return
        kinds = {column[0]} if len(column) == 1 else dict.fromkeys(column)
        for kind in kinds:
            name = json_type(kind)
            tally.kinds[name] = tally.kinds.get(name, 0) + column.count(kind)


def sample(records: Sequence[Json], *, before: int = 0) -> Sequence[Json]:
    """Return those of a page's records that are looked at, spread evenly: fewer where `before` of its call were."""
    return spread(records, max(1, _AT_ONCE - before) + len(records) // _ONE_IN)


def shapes_of(some: Sequence[Json], maps: Collection[str] = ()) -> Shapes:
    """Return the shapes of all these records and how often each is there; `maps` are fields with data for keys.

    To be asked once for a call, with a sample of each page: most of what it costs is the same for a few records.
    """
    into: Shapes = {}
    for record in some:
        shape: Shape = (None, ("",), (type(record),))
        into[shape] = into.get(shape, 0) + 1
    _look([record for record in some if type(record) is dict], "", maps, _DEPTH, into)
    return into


def spread(items: Sequence[Json], most: int) -> Sequence[Json]:
    """Return at most `most` of the items, the first and the last among them and the others evenly between."""
    if len(items) <= most:
        return items
    step = (len(items) - 1) / max(1, most - 1)
    return [items[round(number * step)] for number in range(most)]


def _look(objects: Sequence[dict[str, Json]], place: str, maps: Collection[str], depth: int, into: Shapes) -> None:
    here: Shapes = {}
    for each in objects:
        shape: Shape = (place, tuple(each), tuple(map(type, each.values())))
        here[shape] = here.get(shape, 0) + 1
    if _is_map(here, len(objects)):
        return
    for shape, times in here.items():
        into[shape] = into.get(shape, 0) + times
    nested = [(keys, kinds) for _, keys, kinds in here if dict in kinds]
    if depth > 1 and nested:
        prefix = f"{place}." if place else ""
        pairs = (pair for keys, kinds in nested for pair in zip(keys, kinds, strict=True))
        for key in dict.fromkeys(key for key, kind in pairs if kind is dict):
            if key not in maps and prefix + key not in maps:
                inside = [value for each in objects if type(value := each.get(key)) is dict]
                most = max(_INSIDE, len(inside) // _INSIDE_ONE_IN)
                _look(spread(inside, most), prefix + key, maps, depth - 1, into)


def _is_map(shapes: Shapes, objects: int) -> bool:
    if any(len(keys) > MAX_FIELDS or len("".join(keys)) > _MAP_TEXT for _, keys, _ in shapes):
        return True
    if len(shapes) == 1:
        return False
    keys = {key for _, names, _ in shapes for key in names}
    filled = sum(len(names) * times for (_, names, _), times in shapes.items())
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
            lines.append(f"  {dotted(path.split('.')):<{widest}}  {', '.join(words)}")
        return "\n".join(lines)

    __repr__ = __str__


@dataclass(slots=True)
class Known:
    """What is remembered of one endpoint: its shapes, the survey of all of them, the vanished fields already told.

    `pending` are shapes that were seen again and are counted in the survey when it is next looked at.
    """

    endpoint: str
    pending: Shapes = field(default_factory=dict)
    shapes: set[Shape] = field(default_factory=set)
    told: set[str] = field(default_factory=set)
    _survey: Survey = field(default_factory=Survey)

    @property
    def survey(self) -> Survey:
        """Everything seen so far."""
        pending, self.pending = self.pending, {}
        self._survey.add(pending)
        return self._survey

    def holds(self, shapes: Shapes) -> bool:
        """Return whether every one of the shapes was seen before."""
        return shapes.keys() <= self.shapes

    def add(self, shapes: Shapes, counted_in: Survey | None = None) -> None:
        """Remember that these were seen; `counted_in` is a survey of them, where one was made."""
        for shape in shapes:
            if len(self.shapes) < MAX_SHAPES:
                self.shapes.add(shape)
        if counted_in is not None:
            self._survey.merge(counted_in)
            return
        for shape, times in shapes.items():
            self.pending[shape] = self.pending.get(shape, 0) + times
        if len(self.pending) > MAX_SHAPES:
            _ = self.survey

    def schema(self) -> Schema:
        """Return what is known, to read."""
        seen = self.survey
        fields = {
            path: Field(
                tuple(tally.types()),
                tally.present / max(1, seen.looked(tally.of)),
                tally.nulls / max(1, tally.present),
                seen.looked(tally.of),
            )
            for path, tally in list(seen.fields.items())
            if path
        }
        return Schema(self.endpoint, seen.records, fields)


def schema_of(known: Known | None, records: Sequence[Json], call: BoundCall) -> Schema:
    """Return what is known of the call's endpoint; where nothing is (a cached answer), what these records say."""
    if known is None or not known.survey.records:
        known = Known(_endpoint_of(call))
        known.pending = shapes_of(sample(records), call.service.columns.maps)
    return known.schema()


def _endpoint_of(call: BoundCall) -> str:
    endpoint = endpoint_for(call.service, call.method, call.request.target)
    path = endpoint.path if endpoint is not None else call.request.target
    return f"{call.method} {path} on {call.service.name}"


class Schemas:
    """What is known of each endpoint, in memory; one for a client."""

    def __init__(self) -> None:
        """Begin knowing nothing."""
        self._known: OrderedDict[tuple[str, ...], Known] = OrderedDict()

    def of(self, call: BoundCall) -> Known:
        """Return what is known of the call's endpoint, empty at first.

        The sandbox and the real service are told apart, and so are calls that ask for other fields (`expand`).
        """
        endpoint = _endpoint_of(call)
        query = (f"{name}={value}" for name, value in call.request.query if name.partition("[")[0] in _SHAPING)
        key = (endpoint, call.environment, *sorted(query))
        known = self._known.pop(key, None) or Known(endpoint)
        self._known[key] = known
        while len(self._known) > MAX_ENDPOINTS:
            self._known.popitem(last=False)
        return known
