"""What is different now: the records of a call beside those that came before, and beside the profile's own shapes.

Each difference is one sentence with the numbers it rests on. A field that is sometimes there says nothing when it is
missing once, so presence is judged by how likely chance alone is; a type that was never seen is always told. Nothing is
refused or dropped here.
"""

from __future__ import annotations

import functools
from collections import Counter
from operator import itemgetter
from typing import TYPE_CHECKING

from flarex_nb.catalog.dig import dig
from flarex_nb.catalog.schema import Survey
from flarex_nb.catalog.schema_words import a_kind, counted, dotted, json_type, listed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from flarex_nb.catalog.profile import RecordShape
    from flarex_nb.catalog.schema import Known, Shapes, Tally
    from flarex_nb.model import Json

MOST_TOLD = 5
"""Differences told one by one; the rest is counted."""

_CHANCE = 0.05
"""A difference that chance brings about more often than this is not told."""


def drift(known: Known, shapes: Shapes) -> tuple[str, ...]:
    """Return the differences between what is known and what came now, and take the latter in.

    On the first call there is nothing to differ from, and in shapes that are all known nothing differs. Each difference
    is told once.
    """
    if known.holds(shapes) or not known.survey.records:
        known.add(shapes)
        return ()
    now = Survey()
    now.add(shapes)
    told = tuple(_differences(known, now))
    known.add(shapes, now)
    return bounded(told)


def bounded(told: tuple[str, ...]) -> tuple[str, ...]:
    """Return the first `MOST_TOLD` sentences, and how many more there are."""
    more = len(told) - MOST_TOLD
    return told if more <= 0 else (*told[:MOST_TOLD], f"{counted(more, 'more difference')} of this kind.")


def _differences(known: Known, now: Survey) -> Iterator[str]:
    before = known.survey
    for path, tally in now.fields.items():
        known.told.discard(path)
        old = before.fields.get(path)
        if old is None:
            yield from _new(path, tally, before, now)
        elif not tally.kinds.keys() <= old.kinds.keys():
            yield from _changed(path, old, tally)
            yield from _became_null(path, old, tally)
    yield from _vanished(known, now)


def _new(path: str, tally: Tally, before: Survey, now: Survey) -> Iterator[str]:
    possible, seen = now.looked(tally.of), before.looked(tally.of)
    if seen and _by_chance(tally.present, possible, seen) < _CHANCE:
        before_that = f"was in none of {counted(seen)} before"
        yield f"{_name(path)} is new: it is in {_of(tally.present, possible)}, and {before_that}."


def _changed(path: str, old: Tally, tally: Tally) -> Iterator[str]:
    was, fresh = old.types(), [kind for kind in tally.types() if kind not in old.kinds]
    if was and fresh:
        times = sum(tally.kinds[kind] for kind in fresh)
        count = counted(sum(old.kinds[kind] for kind in was))
        yield f"{_name(path)} was {_kinds(was)} in {count} and is {_kinds(fresh)} in {_of(times, tally.present)}."


def _became_null(path: str, old: Tally, tally: Tally) -> Iterator[str]:
    if tally.nulls and not old.nulls and _by_chance(tally.nulls, tally.present, old.present) < _CHANCE:
        nulls = _of(tally.nulls, tally.present)
        yield f"{_name(path)} was never null in {counted(old.present)} and is null in {nulls}."


def _vanished(known: Known, now: Survey) -> Iterator[str]:
    before = known.survey
    for path, old in before.fields.items():
        looked = now.looked(old.of)
        if path in now.fields or path in known.told or not path or not looked:
            continue
        possible = before.looked(old.of)
        if _by_chance(old.present, possible, looked) < _CHANCE:
            known.told.add(path)
            share = f"all {counted(possible)}" if old.present == possible else f"{old.present:,} of {counted(possible)}"
            yield f"{_name(path)} has vanished: it was in {share} before, and is in none of these {looked:,}."


def _by_chance(there: int, possible: int, others: int) -> float:
    """Return how likely it is that none of `others` records has what `there` of `possible` have, by Laplace's rule."""
    return float((1 - there / (possible + 1)) ** others)


def departures(shape: RecordShape, records: Sequence[Json]) -> tuple[str, ...]:
    """Return how the records differ from what the profile says every one of them has; each record is looked at."""
    objects = [record for record in records if type(record) is dict]
    if not objects or (shape.unless and any(shape.unless in record for record in objects)):
        return ()
    told = (_departure(path, kind, objects) for path, kind in shape.fields.items())
    return bounded(tuple(sentence for sentence in told if sentence))


def _departure(path: str, wanted: str, objects: Sequence[dict[str, Json]]) -> str:
    allowed = _allowed(wanted)
    try:
        if set(map(type, map(itemgetter(path), objects))) <= allowed:
            return ""
    except KeyError:  # missing somewhere, or a field inside an object
        pass
    found = Counter(json_type(type(value)) if value is not _MISSING else "missing" for value in _values(path, objects))
    wrong = {kind: times for kind, times in found.items() if kind not in {json_type(each) for each in allowed}}
    if not wrong:
        return ""
    parts = [f"{kind if kind == 'missing' else a_kind(kind)} in {times:,}" for kind, times in sorted(wrong.items())]
    ought = _kinds(wanted.removesuffix("?").split("|"))
    return f"{_name(path)} is {listed(parts)} of {counted(len(objects))}, and should be {ought} in each."


@functools.cache
def _allowed(wanted: str) -> frozenset[type]:
    """Return the Python types of the JSON types a profile names; there are few such texts."""
    names = {*wanted.removesuffix("?").split("|"), *(["null"] if wanted.endswith("?") else [])}
    return frozenset(kind for kind in (bool, int, float, str, list, dict, type(None)) if json_type(kind) in names)


_MISSING = object()


def _values(path: str, objects: Sequence[dict[str, Json]]) -> Iterator[object]:
    outer, _, name = path.rpartition(".")
    for each in objects:
        parent = dig(each, outer)
        yield parent.get(name, _MISSING) if isinstance(parent, dict) else _MISSING


def _of(part: int, whole: int) -> str:
    if part == whole:
        return "the one looked at" if whole == 1 else f"all {whole:,} looked at"
    return f"{part:,} of {whole:,} looked at"


def _kinds(names: Sequence[str]) -> str:
    return listed((a_kind(name) for name in names), "or")


def _name(path: str) -> str:
    return f"`{dotted(path.split('.'))}`" if path else "the record itself"
