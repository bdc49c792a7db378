"""Many answers become one: gathers pages in order, decides whether another is wanted, and knows if any is missing.

Which page follows is the catalog's matter (`catalog.paging`); sending is the pipeline's. A page that comes twice ends
the gathering, since a server that repeats itself would never end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flarex_nb.catalog.dig import dig
from flarex_nb.catalog.paging import NextPage, NoMore, first_query, next_page
from flarex_nb.catalog.profile import NoPages
from flarex_nb.catalog.registry import endpoint_for
from flarex_nb.errors import FlarexError, UsageError
from flarex_nb.model import Answer
from flarex_nb.pipeline.bind import at_page
from flarex_nb.pipeline.view import CallResult, Pages

if TYPE_CHECKING:
    from flarex_nb.catalog.paging import Query
    from flarex_nb.catalog.profile import Paging
    from flarex_nb.model import Attempt, BoundCall, Json


class Gathered:
    """The pages of one call so far: `records` in order, `attempts` of every page, `complete` and why it ended."""

    def __init__(self, call: BoundCall) -> None:
        """Read the paging of the endpoint and the wish of the call."""
        self.call = call
        endpoint = endpoint_for(call.service, call.method, call.request.target)
        own = endpoint is not None and not isinstance(endpoint.paging, NoPages)
        self.paging: Paging = endpoint.paging if endpoint is not None and own else call.service.paging
        self._path = (endpoint.records if endpoint else "") or call.service.records
        self._wanted = _pages_wanted(call)
        self._cursors: set[str] = set()
        self.answers: list[Answer] = []
        self.records: list[Json] = []
        self.attempts: list[Attempt] = []
        self.complete = True
        self.stop_reason = ""

    def first(self) -> BoundCall:
        """Return the call of the first page; the largest page size is asked for when more pages are to follow."""
        if self.call.options.pages == "none":
            return self.call
        return at_page(self.call, first_query(self.paging, self.call.request.query))

    def take(self, call: BoundCall, answer: Answer) -> Query | None:
        """Keep one page and return the query of the next one, None when the pages or the wish for them end."""
        self.answers.append(answer)
        self.attempts += answer.attempts
        found, listed = self._records_of(answer)
        self.records += found
        most = self.call.options.max_records
        if most is not None and len(self.records) > most:
            del self.records[most:]
            return self.stop(f"max_records={most} is reached; there is more", complete=False)
        following = next_page(self.paging, call.request.query, answer.data, found) if listed else NoMore("one answer")
        if isinstance(following, NoMore):
            return self.stop(following.reason, complete=following.complete)
        return self._go_on(following)

    def stop(self, reason: str, *, complete: bool) -> Query | None:
        """Note why it ended and whether that was the end of the records; there is no next query."""
        self.stop_reason, self.complete = reason, complete
        return None

    def _go_on(self, following: NextPage) -> Query | None:
        """Return the next query unless a limit of the call says enough, or the server repeats itself."""
        options = self.call.options
        if following.cursor in self._cursors:
            reason = f"the server names the same next page twice ({following.cursor}), so the pages would never end"
            return self.stop(reason, complete=False)
        self._cursors.add(following.cursor)
        if options.max_records is not None and len(self.records) >= options.max_records:
            return self.stop(f"max_records={options.max_records} is reached; there is more", complete=False)
        if len(self.answers) >= self._wanted:
            return self.stop(_more_to_come(self._wanted), complete=False)
        return following.query

    def _records_of(self, answer: Answer) -> tuple[list[Json], bool]:
        """Return the page's records, and whether they came as a list that may go on."""
        if self._path:
            found = dig(answer.data, self._path)
            if isinstance(found, list):
                return found, True
            return ([] if answer.data is None else [answer.data]), False
        from flarex_nb.frames.records import records_of  # noqa: PLC0415 - only where the profile does not say

        found, _how = records_of(answer.data, "")
        return found, True

    def result(self, elapsed: float) -> CallResult:
        """Return everything as one result; there must be at least one page."""
        last = self.answers[-1]
        warnings = tuple(dict.fromkeys(warning for answer in self.answers for warning in answer.warnings))
        if not self.complete and self._wanted > 1:
            warnings = (*warnings, f"The records are not complete: {self.stop_reason}.")
        return CallResult(
            call=self.call,
            reply=last.reply,
            data=last.data,
            records=self.records,
            attempts=tuple(self.attempts),
            pages_info=Pages(len(self.answers), self.complete, self.stop_reason),
            cache=last.cache,
            age=max(answer.age for answer in self.answers),
            elapsed=elapsed,
            warnings=warnings,
            error=last.error,
        )

    def failed(self, error: FlarexError, elapsed: float) -> CallResult:
        """Return an HTTP error as a result: its body is the data, and there are no records."""
        if error.reply is None:
            raise error
        answer = Answer(error.reply, None, error.attempts, error=error)
        self.answers.append(answer)
        self.attempts += error.attempts
        self.stop("the call failed", complete=False)
        return self.result(elapsed)


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
