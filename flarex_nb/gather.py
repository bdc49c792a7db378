"""Many answers become one: gathers pages in order, decides whether another is wanted, and knows if any is missing.

Which page follows is the catalog's matter (`catalog.paging`); sending is the pipeline's. A page that comes twice ends
the gathering, since a server that repeats itself would never end.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from flarex_nb.catalog.models import RecordModel, resolve_model
from flarex_nb.catalog.page_guess import guess
from flarex_nb.catalog.page_kinds import NoPages
from flarex_nb.catalog.paging import NextPage, NoMore, Page, first_query, following, known_queries
from flarex_nb.catalog.registry import endpoint_for
from flarex_nb.catalog.schema import sample, shapes_of
from flarex_nb.catalog.schema_drift import departures, drift
from flarex_nb.catalog.schema_rows import CheckedAnswer, Verdict, check_records
from flarex_nb.errors import FlarexError, UsageError
from flarex_nb.model import Answer
from flarex_nb.next_call import next_call
from flarex_nb.pipeline.bind import at_page
from flarex_nb.pipeline.validate import records_in, records_path
from flarex_nb.pipeline.view import CallResult, Pages
from flarex_nb.text.files import saved_place

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from flarex_nb.catalog.page_kinds import Paging
    from flarex_nb.catalog.schema import Schemas
    from flarex_nb.model import Attempt, BoundCall, Json


_FRESH = frozenset({"off", "miss"})
"""Answers that tell something new about the server's records."""


class Gathered:
    """The pages of one call so far: `records` in order, `attempts` of every page, `complete` and why it ended.

    `rejected` are the records that do not fit the model the call asks for; `max_records` counts them as well.
    """

    def __init__(self, call: BoundCall, schemas: Schemas | None = None) -> None:
        """Read the paging of the endpoint and the wish of the call; `schemas` is what is known of the answers so far.

        Raises:
            UsageError: the model the call asks for is none, or there will be no records to check.
        """
        self.call = call = with_model(call)
        if call.options.save is not None:
            saved_place(Path.cwd(), call.options.save)  # refused before sending, not when the answer is there
        endpoint = endpoint_for(call.service, call.method, call.request.target)
        own = endpoint is not None and not isinstance(endpoint.paging, NoPages)
        self.paging: Paging = endpoint.paging if endpoint is not None and own else call.service.paging
        self._unknown = endpoint is None and isinstance(self.paging, NoPages)
        self._sign = ""
        self._page = Page((), None, ())
        self._path, self._paged = records_path(call), records_path(call, chosen=False)
        whole = not call.options.select  # what is selected has another shape than what the profile tells of
        self._shape = call.service.shapes.get(endpoint.shape) if endpoint is not None and whole else None
        self._known = schemas.of(call) if schemas is not None and whole else None
        self._looked: list[Json] = []
        self._checked = Verdict(call.options.validate) if isinstance(call.options.validate, RecordModel) else None
        self._seen = 0
        self._sized = call.method == "GET" and (endpoint is None or own or bool(endpoint.params))
        self._wanted = _pages_wanted(call)
        self._cursors: set[str] = set()
        self.onward: BoundCall | None = None
        self.answers: list[Answer] = []
        self.records: list[Json] = []
        self.rejected: list[Json] = []
        self.attempts: list[Attempt] = []
        self.complete = True
        self.stop_reason = ""

    def first(self) -> BoundCall:
        """Return the call of the first page; the largest page size is asked for when more pages are to follow."""
        if self.call.options.pages == "none" or not self._sized:
            return self.call
        return at_page(self.call, first_query(self.paging, self.call.request.query))

    def go_on(self) -> BoundCall:
        """Return the call to begin with: of the first page, or of the one it was at when it ended early."""
        self.complete, self.stop_reason = True, ""
        return self.onward or self.first()

    def take(self, call: BoundCall, answer: Answer) -> BoundCall | None:
        """Keep one page and return the call of the next one, None when the pages or the wish for them end.

        Raises:
            SchemaMismatch: a record does not fit the model, and the call wants all of them to; the page is not kept.
        """
        found, listed = records_in(self._path, answer.data)
        if found and self.answers and answer.reply.content == self.answers[-1].reply.content:
            self.attempts += answer.attempts
            return self.stop("the server gave the same page twice, so the pages would never end", complete=False)
        misfits = self._misfits_of(answer, found)
        self.answers.append(answer)
        self.attempts += answer.attempts
        if self._known is not None and answer.cache in _FRESH:
            self._looked += sample(found, before=len(self._looked))
        most = self.call.options.max_records
        self._keep(found if most is None else found[: most - self._seen], misfits)
        self._seen += len(found)
        if most is not None and self._seen > most:
            return self.stop(f"max_records={most} is reached; there is more", complete=False)
        if self._paged != self._path:  # the next page begins after the last record of this one, selected or not
            found, listed = records_in(self._paged, answer.data)
        self._page = Page(call.request.query, answer.data, found, answer.reply.headers, self._seen)
        step = self._following() if listed else NoMore("one answer")
        if isinstance(step, NextPage):
            return self._go_on(call, step)
        return self.stop(step.reason, complete=step.complete)

    def _following(self) -> NextPage | NoMore:
        """Return what follows the page; of a service nobody described its first answer tells how its pages go on."""
        page = self._page
        single = len(page.records) == 1 and page.records[0] is page.data
        if self._unknown and len(self.answers) == 1 and not single and (seen := guess(page)) is not None:
            self.paging, self._sign = seen
        return following(self.paging, page)

    def known_pages(self, call: BoundCall) -> list[BoundCall]:
        """Return the calls of all further pages where they are known and several may be asked for at a time."""
        if self.call.options.concurrency < 2:  # noqa: PLR2004 - one at a time is what the loop does anyway
            return []
        left = self._wanted - len(self.answers)
        most, size = self.call.options.max_records, len(self._page.records)
        if most is not None and size:
            left = min(left, -(-(most - self._seen) // size))
        return [at_page(call, query) for query in known_queries(self.paging, self._page)[:left]]

    def _keep(self, found: list[Json], misfits: Collection[int]) -> None:
        if not misfits:
            self.records += found
            return
        for number, record in enumerate(found, self._seen):
            (self.rejected if number in misfits else self.records).append(record)

    def _misfits_of(self, answer: Answer, found: list[Json]) -> Collection[int]:
        """Return the numbers, over all pages, of the page's records that do not fit the model.

        An answer out of the cache may have been checked against another model, or none.
        """
        if self._checked is None:
            return ()
        model = self._checked.model
        verdict = answer.verdict if isinstance(answer, CheckedAnswer) else None
        if verdict is None or verdict.model.wanted is not model.wanted:
            verdict = check_records(model, found)
        page = Verdict(model, self._seen)
        page.add(verdict, most=self.call.options.max_records)
        if page.rows and model.strict:
            raise _refused(page, answer)
        self._checked.add(verdict, most=self.call.options.max_records)
        return frozenset(page.rows)

    def stop(self, reason: str, *, complete: bool) -> BoundCall | None:
        """Note why it ended and whether that was the end of the records; there is no next call."""
        self.stop_reason, self.complete = reason, complete
        return None

    def _go_on(self, call: BoundCall, step: NextPage) -> BoundCall | None:
        """Return the next call unless a limit of the call says enough, or the server repeats itself."""
        options = self.call.options
        if step.cursor in self._cursors:
            reason = f"the server names the same next page twice ({step.cursor[:80]}), so the pages would never end"
            return self.stop(reason, complete=False)
        self._cursors.add(step.cursor)
        if options.max_records is not None and self._seen >= options.max_records:
            return self.stop(f"max_records={options.max_records} is reached; there is more", complete=False)
        if len(self.answers) >= self._wanted:
            return self.stop(_more_to_come(self._wanted), complete=False)
        turned = next_call(call, step)
        return self.stop(turned.reason, complete=turned.complete) if isinstance(turned, NoMore) else turned

    def result(self, elapsed: float) -> CallResult:
        """Return everything as one result; there must be at least one page."""
        last = self.answers[-1]
        warnings = tuple(dict.fromkeys(warning for answer in self.answers for warning in answer.warnings))
        if not self.complete and self._wanted > 1:
            warnings = (*warnings, f"The records are not complete: {self.stop_reason.rstrip('.')}.")
        followed = f"The pages were followed by {self._sign}; no profile says it." if len(self.answers) > 1 else ""
        warnings = (*warnings, *self._about_records())
        return CallResult(
            call=self.call,
            reply=last.reply,
            data=last.data,
            records=self.records if self.complete else list(self.records),  # more may follow: see go_on
            attempts=tuple(self.attempts),
            pages_info=Pages(len(self.answers), self.complete, self.stop_reason, followed if self._sign else ""),
            cache=last.cache,
            age=max(answer.age for answer in self.answers),
            elapsed=elapsed,
            warnings=warnings,
            error=last.error,
            errors=() if self._checked is None else tuple(self._checked.misfits),
            rejected=self.rejected,
            known=self._known,
        )

    def _about_records(self) -> Iterator[str]:
        """Yield what is wrong or different about the records; learns from them, so it is to be asked once."""
        if self._checked is not None and not self._checked.fits:
            yield f"{self._checked.sentence()}; see result.errors."
        if self._shape is not None:
            yield from departures(self._shape, [*self.records, *self.rejected] if self.rejected else self.records)
        if self._known is not None and self._looked:
            yield from drift(self._known, shapes_of(self._looked, self.call.service.columns.maps))

    def failed(self, error: FlarexError, elapsed: float) -> CallResult:
        """Return an HTTP error as a result: its body is the data, and there are no records."""
        if error.reply is None:
            raise error
        answer = Answer(error.reply, None, error.attempts, error=error, warnings=self.call.warnings)
        self.answers.append(answer)
        self.attempts += error.attempts
        self.stop("the call failed", complete=False)
        return self.result(elapsed)


def with_model(call: BoundCall) -> BoundCall:
    """Return the call with the model it asks for made ready.

    Raises:
        UsageError: it is no model, or with `raw` there will be no records to check.
    """
    model = resolve_model(call.options.validate)
    if model is None:
        return call
    if call.options.raw:
        msg = "--raw keeps the answer as it came, so there are no records to check with --validate"
        raise UsageError(msg, hint="Leave one of them out.")
    options = replace(call.options, validate=model)
    return replace(call, request=replace(call.request, options=options))


def _refused(page: Verdict, answer: Answer) -> FlarexError:
    """Return the misfits as an error with the history of the page; asking again would bring the same records."""
    error = page.mismatch()
    error.reply = answer.reply
    error.attempts = answer.attempts
    if answer.attempts:
        last = replace(answer.attempts[-1], decision="stop", reason="invalid-answer", sentence=f"{page.sentence()}.")
        error.attempts = (*answer.attempts[:-1], last)
    else:
        error.hint = "The answer came from the cache: --cache refresh asks the server again."
    return error


def _more_to_come(pages: int) -> str:
    asked = "one page was asked for" if pages == 1 else f"{pages} pages were asked for"
    return f"{asked} and the server has more; --pages all fetches every one"


_UNBOUNDED = 10**9


def _pages_wanted(call: BoundCall) -> int:
    wish, limit = call.options.pages, call.options.max_pages
    if limit is not None and limit < 1:
        msg = f"max_pages is {limit}"
        raise UsageError(msg, hint="It counts pages from 1.")
    most = limit or _UNBOUNDED
    if wish in {"all", "auto"}:
        return most
    if wish == "none":
        return 1
    if str(wish).isdigit() and int(wish) >= 1:
        return min(int(wish), most)
    msg = f"pages is {wish!r}"
    raise UsageError(msg, hint='It can be "none", "all", "auto" or a number from 1.')
