"""What is different now: the records of a call beside those that came before, and beside the profile's own shapes.

Each difference is one sentence with the numbers it rests on. A field that is sometimes there says nothing when it is
missing once, so presence is judged by how likely chance alone is; a type that was never seen is always told. Nothing is
refused or dropped here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flarex_nb.catalog.dig import dig
from flarex_nb.catalog.schema_words import LONGEST, a_kind, brief, counted, json_type, listed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from flarex_nb.catalog.profile import RecordShape
    from flarex_nb.catalog.schema import Known, Survey, Tally
    from flarex_nb.model import Json

MOST_TOLD = 5
"""Differences told one by one; the rest is counted."""

_CHANCE = 0.05
"""A difference that chance brings about more often than this is not told."""


def drift(known: Known, now: Survey) -> tuple[str, ...]:
    """Return the differences between what is known and what came now, and take the latter in.

    On the first call there is nothing to differ from. Each difference is told once.
    """
    told = tuple(_differences(known, now)) if known.survey.records and now.records else ()
    known.survey.add(now)
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
        else:
            yield from _changed(path, old, tally)
            yield from _became_null(path, old, tally)
    yield from _vanished(known, now)


def _new(path: str, tally: Tally, before: Survey, now: Survey) -> Iterator[str]:
    possible, seen = now.objects[tally.of], before.objects[tally.of]
    if seen and _by_chance(tally.present, possible, seen) < _CHANCE:
        yield f"{_name(path)} is new: it is in {_of(tally.present, possible)}, and was in none of {counted(seen)} before."


def _changed(path: str, old: Tally, tally: Tally) -> Iterator[str]:
    was, fresh = old.types(), [kind for kind in tally.types() if not old.kinds[kind]]
    if was and fresh:
        times = sum(tally.kinds[kind] for kind in fresh)
        count = counted(sum(old.kinds[kind] for kind in was))
        yield f"{_name(path)} was {_kinds(was)} in {count} and is {_kinds(fresh)} in {_of(times, tally.present)}."


def _became_null(path: str, old: Tally, tally: Tally) -> Iterator[str]:
    if tally.nulls and not old.nulls and _by_chance(tally.nulls, tally.present, old.present) < _CHANCE:
        yield f"{_name(path)} was never null in {counted(old.present)} and is null in {_of(tally.nulls, tally.present)}."


def _vanished(known: Known, now: Survey) -> Iterator[str]:
    before = known.survey
    for path, old in before.fields.items():
        looked = now.objects[old.of]
        if path in now.fields or path in known.told or not path or not looked:
            continue
        possible = before.objects[old.of]
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
    allowed = {*wanted.removesuffix("?").split("|"), *(["null"] if wanted.endswith("?") else [])}
    kinds = {json_type(kind) for kind in set(map(type, _values(path, objects)))}
    if kinds <= allowed and ("null" not in kinds or not _is_missing(path, objects)):
        return ""
    missing = _is_missing(path, objects)
    wrong = [kind for value in _values(path, objects) if (kind := json_type(type(value))) not in allowed]
    nulls = wrong.count("null")
    wrong = [kind for kind in wrong if kind != "null"]
    parts = [f"missing in {missing:,}"] if missing else []
    parts += [f"null in {more:,}"] if (more := nulls - missing if "null" not in allowed else 0) > 0 else []
    parts += [f"{_kinds(sorted(set(wrong)))} in {len(wrong):,}"] if wrong else []
    ought = _kinds(wanted.removesuffix("?").split("|"))
    return f"{_name(path)} is {listed(parts)} of {counted(len(objects))}, and should be {ought} in each."


def _values(path: str, objects: Sequence[dict[str, Json]]) -> list[Json]:
    if "." in path:
        return [dig(each, path) for each in objects]
    return [each.get(path) for each in objects]


def _is_missing(path: str, objects: Sequence[dict[str, Json]]) -> int:
    outer, _, name = path.rpartition(".")
    parents = objects if not outer else [dig(each, outer) for each in objects]
    return sum(not isinstance(parent, dict) or name not in parent for parent in parents)


def _of(part: int, whole: int) -> str:
    if part == whole:
        return "the one looked at" if whole == 1 else f"all {whole:,} looked at"
    return f"{part:,} of {whole:,} looked at"


def _kinds(names: Sequence[str]) -> str:
    return listed((a_kind(name) for name in names), "or")


def _name(path: str) -> str:
    return f"`{brief(path, LONGEST)}`" if path else "the record itself"
