"""Which records of a page do not fit a model, where, and how: the verdict on one page. Changes and drops nothing.

Checked as JSON, not as Python objects: a strict model takes a date's text from JSON, and a validator that changes what
it is given changes a copy. What is told is bounded, whatever the answer or the model's own code does.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson
from pydantic import TypeAdapter, ValidationError

from flarex_nb.catalog.schema_words import brief, counted, dotted, got
from flarex_nb.errors import SchemaMismatch
from flarex_nb.model import Answer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from flarex_nb.catalog.models import RecordModel
    from flarex_nb.model import Attempt, CacheMark, Json

SLICE = 1_000
"""Records checked at once: bounds what pydantic collects before we see any of it."""

MOST_TOLD = 1_000
"""Misfits told one by one; all are counted."""

_MOST_LISTED = 20_000
"""Faults pydantic is asked to list at once; it has no way to list the first few."""

_MESSAGE, _IN_CONTEXT = 200, 5
_EXPECTED = {"missing": "a value", "extra_forbidden": "no such field"}


class Misfit(NamedTuple):
    """One place of one record that is not as the model says.

    `row` counts the records from 0 in the order they came, over all pages, bad ones included. `path` is dotted, "" for
    the record itself. `got` is the value if it is short, else its type and size.
    """

    row: int
    path: str
    expected: str
    got: str
    message: str

    def __str__(self) -> str:
        """Return the misfit in one line."""
        return f"record {self.row:,}: {self.path or 'the record'}: {self.message}; got {self.got}"


@dataclass(slots=True)
class Verdict:
    """What checking some records against a model found.

    `checked` is how many there were, `rows` the numbers of those that do not fit, in order, `places` how many faults
    there are in all, and `misfits` the first `MOST_TOLD` of them.
    """

    model: RecordModel
    checked: int = 0
    rows: list[int] = field(default_factory=list)
    misfits: list[Misfit] = field(default_factory=list)
    places: int = 0

    @property
    def fits(self) -> bool:
        """Whether every record fits."""
        return not self.rows

    def add(self, other: Verdict, *, most: int | None = None) -> None:
        """Take the verdict on the next page in; its rows count on from ours. `most` records in all are looked at."""
        start = self.checked
        end = start + other.checked if most is None else min(most, start + other.checked)
        self.rows += [start + row for row in other.rows if start + row < end]
        moved = [misfit._replace(row=start + misfit.row) for misfit in other.misfits if start + misfit.row < end]
        self.misfits += moved[: max(0, MOST_TOLD - len(self.misfits))]
        self.places += other.places - (len(other.misfits) - len(moved))
        self.checked = end

    def note(self, row: int, misfits: Sequence[Misfit], places: int) -> None:
        """Add the faults of one record: those that are told, and how many there are."""
        self.rows.append(row)
        self.misfits += misfits[: max(0, MOST_TOLD - len(self.misfits))]
        self.places += places

    def sentence(self) -> str:
        """Return "3 of 100 records do not fit Charge"."""
        few = len(self.rows) == 1
        return f"{len(self.rows):,} of {counted(self.checked)} {'does' if few else 'do'} not fit {self.model.name}"

    def mismatch(self) -> SchemaMismatch:
        """Return the verdict as an error, with the first misfits in its context and all that are told in `errors`."""
        first = self.misfits[0]
        words = f"{self.sentence()}. Record {first.row:,}: {first.path or 'the record'}: {first.message}"
        hint = "Leave strict out to get the records that do fit, and the others in result.rejected."
        error = SchemaMismatch(words, sent="yes", hint=hint)
        for number, misfit in enumerate(self.misfits[:_IN_CONTEXT], 1):
            error.context[f"misfit {number}"] = str(misfit)
        error.errors = tuple(self.misfits)
        return error


@dataclass(frozen=True, slots=True)
class CheckedAnswer(Answer):
    """An answer whose records were checked against the model its call asks for; kept only where all of them fit."""

    verdict: Verdict | None = None


def marked(answer: Answer, attempts: tuple[Attempt, ...], cache: CacheMark = "off", age: float = 0.0) -> Answer:
    """Return the answer with its history and what the cache did; written out, for `replace` is three times as slow."""
    if isinstance(answer, CheckedAnswer):
        return replace(answer, attempts=attempts, cache=cache, age=age)
    return Answer(answer.reply, answer.data, attempts, cache, age, answer.warnings, answer.error)


def may_be_kept(answer: Answer) -> bool:
    """Return whether every record fits the model of the call: what does not is asked for again."""
    return not isinstance(answer, CheckedAnswer) or answer.verdict is None or answer.verdict.fits


def check_records(model: RecordModel, records: Sequence[Json], *, content: bytes = b"", path: str = "") -> Verdict:
    """Return the verdict on the records of one page, numbered from 0.

    `content` is the page's body and `path` where its list of records stands, where that is known: then the body is
    checked as it came. Never raises, whatever the answer or the model's own code does.
    """
    verdict = Verdict(model, len(records))
    if content and path and len(records) <= SLICE:
        page = model.page(path)
        depth = 1 + path.count(".")
        _check(verdict, records, 0, lambda: page.model_validate_json(content), depth)
        return verdict
    for start in range(0, len(records), SLICE):
        part = records[start : start + SLICE]
        _check(verdict, part, start, lambda part=part: model.adapter.validate_json(orjson.dumps(part)), 0)  # type: ignore[misc]  # bound now
    return verdict


def _check(verdict: Verdict, records: Sequence[Json], start: int, run: Callable[[], object], depth: int) -> None:
    """Check these records at once; one by one where that ends in anything but an ordinary list of faults."""
    try:
        run()
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - a model's own code may raise anything
        if isinstance(error, ValidationError) and _note_faults(verdict, records, start, error, depth):
            return
        for number, record in enumerate(records):
            _check_one(verdict, record, start + number)


def _note_faults(verdict: Verdict, records: Sequence[Json], start: int, error: ValidationError, depth: int) -> bool:
    """Note what pydantic found, record by record.

    Returns False, with nothing noted, where that is too much to list or pydantic could not read the text to its end.
    """
    if error.error_count() > _MOST_LISTED:
        return False
    by_row: dict[int, list[Any]] = {}
    for fault in error.errors(include_url=False, include_context=False, include_input=False):
        where = fault["loc"][depth:]
        if not where or not isinstance(where[0], int):
            return False
        by_row.setdefault(where[0], []).append((where[1:], fault["type"], fault["msg"]))
    for row, faults in sorted(by_row.items()):
        room = max(0, MOST_TOLD - len(verdict.misfits))
        told = [_misfit(start + row, records[row], *fault) for fault in faults[:room]]
        verdict.note(start + row, told, len(faults))
    return True


def _check_one(verdict: Verdict, record: Json, row: int) -> None:
    try:
        _validate(verdict.model.adapter, record)
    except MemoryError:
        raise
    except ValidationError as error:
        count = error.error_count()
        if not _note_faults(verdict, [record], row, error, 0):
            verdict.note(row, [_whole(verdict, row, record, f"{counted(count, 'place')} in it do not fit")], count)
    except Exception as odd:  # noqa: BLE001 - a model's own code may raise anything
        words = f"the model's own code raised {type(odd).__name__}{_said(odd)}"
        verdict.note(row, [_whole(verdict, row, record, words)], 1)


def _validate(adapter: TypeAdapter[list[Any]], record: Json) -> None:
    """Check one record as JSON; one nested too deeply for a JSON reader as the objects it is."""
    try:
        adapter.validate_json(orjson.dumps([record]))
    except ValidationError as error:
        if error.error_count() > 1 or error.errors(include_url=False)[0]["loc"]:
            raise
    except orjson.JSONEncodeError:
        pass
    else:
        return
    adapter.validate_python([record])


def _said(odd: Exception) -> str:
    try:
        words = brief(str(odd), _MESSAGE)
    except Exception:  # noqa: BLE001 - as odd as it gets
        return ""
    return f": {words}" if words else ""


def _whole(verdict: Verdict, row: int, record: Json, message: str) -> Misfit:
    return Misfit(row, "", verdict.model.name, got(record), message)


def _misfit(row: int, record: Json, loc: tuple[int | str, ...], kind: str, said: str) -> Misfit:
    """Return one fault, its place followed in the record itself.

    Pydantic puts names of its own among the keys (the member of a union, "[key]"); what is not in the record is left
    out, but for the name of a missing field.
    """
    here, parts = record, list[int | str]()
    for part in loc:
        if _has(here, part):
            here = here[part]
            parts.append(part)
    if kind == "missing" and loc:
        parts.append(loc[-1])
    message = brief(said.removeprefix("Value error, ").removeprefix("Assertion failed, "), _MESSAGE)
    found = "missing" if kind == "missing" else got(here)
    return Misfit(row, dotted(parts or loc), _expected(kind, message), found, message)


def _has(here: Json, part: int | str) -> bool:
    if isinstance(here, list):
        return isinstance(part, int) and part < len(here)
    return isinstance(here, dict) and part in here


def _expected(kind: str, message: str) -> str:
    if kind in _EXPECTED:
        return _EXPECTED[kind]
    return message.removeprefix("Input should be ").partition(", unable to")[0]
