"""Station 8: what the caller gets. A result with data, history and explanations, and no HTML in it.

The frame is built when it is first asked for; nothing here sends.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeVar

from flarex_nb.catalog.payload import decoded_or_none
from flarex_nb.errors import FlarexError, MalformedBody, SchemaMismatch
from flarex_nb.model import FormBody, JsonBody
from flarex_nb.text.form import encode
from flarex_nb.vault.ref import find_markers, marker

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from flarex_nb.catalog.schema import Known, Schema
    from flarex_nb.catalog.schema_rows import Misfit
    from flarex_nb.model import Attempt, BoundCall, CacheMark, CallRequest, Headers, Json, Reply

M = TypeVar("M")


@dataclass(frozen=True, slots=True)
class Pages:
    """How many pages came, why they ended, whether completely; `sign` says how they were followed."""

    count: int
    complete: bool
    stop_reason: str
    sign: str = ""


@dataclass(frozen=True)
class CallResult:
    """The answer to one call, all its pages together.

    `status` and `headers` are the last page's. `records` are the list items of every page in order, or the one object.
    `attempts` counts every send of every page. `complete` False means the server holds more records than are here, and
    `stop_reason` says why. `cache` is "off", "miss", "hit", ...; `age` the seconds since a cached answer was made.
    `environment` is "live" or "sandbox". `error` is set only with `check=False`. `rejected` are the records that do
    not fit the model asked for (`validate`) and so are not in `records`; `errors` are the first thousand places where
    one does not fit, each with row, path, expected, got and message.
    """

    call: BoundCall
    reply: Reply
    data: Json
    records: list[Json]
    attempts: tuple[Attempt, ...]
    pages_info: Pages
    cache: CacheMark = "off"
    age: float = 0.0
    elapsed: float = 0.0
    warnings: tuple[str, ...] = ()
    error: FlarexError | None = None
    errors: tuple[Misfit, ...] = ()
    rejected: list[Json] = field(default_factory=list)
    known: Known | None = None

    @property
    def status(self) -> int:
        """The HTTP status of the last answer."""
        return self.reply.status

    @property
    def headers(self) -> Headers:
        """The last answer's headers, in order."""
        return self.reply.headers

    @property
    def pages(self) -> int:
        """How many pages came."""
        return self.pages_info.count

    @property
    def complete(self) -> bool:
        """Whether every record the server has for this call is here."""
        return self.pages_info.complete

    @property
    def stop_reason(self) -> str:
        """Why no further page was asked for."""
        return self.pages_info.stop_reason

    @property
    def request_id(self) -> str:
        """The provider's id of the last request, "" when it gives none."""
        return self.reply.request_id

    @property
    def service(self) -> str:
        """The service's name."""
        return self.call.service.name

    @property
    def method(self) -> str:
        """The HTTP method."""
        return self.call.method

    @property
    def path(self) -> str:
        """The path as it was asked for, without query."""
        return self.call.request.target

    @property
    def environment(self) -> str:
        """Either "live" or "sandbox"."""
        return self.call.environment

    @property
    def simulated(self) -> bool:
        """Whether the sandbox answered, not the provider."""
        return self.call.environment == "sandbox"

    @property
    def into(self) -> str | None:
        """The name the frame is bound to in the notebook, None for none."""
        return self.call.options.into

    @property
    def idempotency_key(self) -> str:
        """The idempotency key that was sent, "" for none."""
        return self.call.idempotency_key

    @property
    def json(self) -> Json:
        """The decoded body of the last page.

        Raises:
            MalformedBody: the body is not JSON.
        """
        data = decoded_or_none(self.reply) if self.data is None else self.data
        if isinstance(data, str) or (data is None and self.reply.content.strip() not in {b"", b"null"}):
            msg = "the answer is not JSON"
            raise MalformedBody(msg, sent="yes", hint="Look at .text or .content.")
        return data

    @property
    def content(self) -> bytes:
        """The last answer's body as bytes."""
        return self.reply.content

    @property
    def text(self) -> str:
        """The last answer's body as text; bytes that are no UTF-8 become the replacement character."""
        return self.reply.content.decode("utf-8", "replace")

    @functools.cached_property
    def _built(self) -> tuple[pd.DataFrame, tuple[str, ...]]:
        from flarex_nb.frames.build import build_with_notes  # noqa: PLC0415 - pandas loads when a frame is asked for
        from flarex_nb.frames.spec import FrameSpec  # noqa: PLC0415

        columns = self.call.service.columns
        spec = FrameSpec(
            epoch_seconds=columns.epoch_seconds,
            rfc3339=columns.rfc3339,
            maps=columns.maps,
            columns=self.call.options.columns,
        )
        try:
            frame, notes = build_with_notes(self.records, spec)
        except FlarexError as error:  # a wish the answer cannot meet: the answer came all the same
            error.attempts, error.sent = self.attempts, "yes" if self.attempts else "no"
            error.context = {"call": f"{self.method} {self.path} on {self.service}", **error.context}
            raise
        frame.attrs["flarex"] = self.facts()
        return frame, notes

    @property
    def df(self) -> pd.DataFrame:
        """One row a record, nested objects as dotted columns; the facts of the call stand in `df.attrs["flarex"]`."""
        return self._built[0]

    @property
    def notes(self) -> tuple[str, ...]:
        """What the frame had to decide (mixed types, colliding names, ...), and how pages were followed."""
        return (*self._built[1], *([self.pages_info.sign] if self.pages_info.sign else []))

    @property
    def rows(self) -> int:
        """The number of records."""
        return len(self.records)

    @property
    def columns(self) -> int:
        """The number of columns of the frame."""
        return len(self.df.columns)

    def facts(self) -> Mapping[str, object]:
        """Return what a reader of the frame should know about where it came from; plain values only."""
        return {
            "service": self.service,
            "method": self.method,
            "path": self.path,
            "status": self.status,
            "environment": self.environment,
            "pages": self.pages,
            "complete": self.complete,
            "stop_reason": self.stop_reason,
            "attempts": len(self.attempts),
            "cache": self.cache,
            "rejected": len(self.rejected),
        }

    def schema(self) -> Schema:
        """Return what is known of the endpoint's records: fields, JSON types, how often there, how often null."""
        from flarex_nb.catalog.schema import schema_of  # noqa: PLC0415 - only when asked for

        return schema_of(self.known, self.records, self.call)

    def to_model(self, model: type[M]) -> list[M]:
        """Return each record as an instance of the pydantic model.

        Raises:
            SchemaMismatch: naming the first record and field that do not fit.
        """
        from pydantic import TypeAdapter, ValidationError  # noqa: PLC0415 - only when a model is asked for

        try:
            return TypeAdapter(list[model]).validate_python(self.records)  # type: ignore[valid-type]  # known when called
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            row, *path = first["loc"]
            msg = f"record {row}: {'.'.join(map(str, path)) or 'the record'}: {first['msg']}"
            more = f"{error.error_count()} places in all do not fit {model.__name__}."
            raise SchemaMismatch(msg, sent="yes", hint=more) from None

    def explain(self) -> str:
        """Return, in sentences, what was sent, what came and why it was or was not tried again."""
        head = f"{self.method} {self.path} on {self.service} ({self.environment}): {self.status}."
        lines = [head, *(str(attempt) for attempt in self.attempts)]
        if not self.attempts and self.cache != "off":
            lines.append(f"Nothing was sent: the answer is {self.age:.0f} s old and came from the cache.")
        counts = (counted(self.pages, "page"), counted(self.rows, "record"))
        lines.append(f"{', '.join(counts)}; {(self.stop_reason or 'one answer').rstrip('.')}.")
        if not self.complete:
            lines.append("The records are NOT complete.")
        return "\n".join([*lines, *self.warnings])

    def curl(self) -> str:
        """Return the call as a curl command; secrets stand as names of environment variables."""
        from flarex_nb.text.export_code import to_curl  # noqa: PLC0415 - only when asked for

        request, implied = to_export(self.call)
        return to_curl(request, self.call.service.base_url, find_markers=find_markers, implied=implied)

    def python(self) -> str:
        """Return the call as plain httpx code; secrets stand as `os.environ["NAME"]`."""
        from flarex_nb.text.export_code import to_python  # noqa: PLC0415 - only when asked for

        request, implied = to_export(self.call)
        return to_python(request, self.call.service.base_url, find_markers=find_markers, implied=implied)

    def http(self) -> str:
        """Return the call as `.http` text; secrets stand as `{{$dotenv NAME}}`."""
        from flarex_nb.text.export import to_http  # noqa: PLC0415 - only when asked for

        request, implied = to_export(self.call)
        return to_http(request, self.call.service.base_url, find_markers=find_markers, implied=implied)

    def __bool__(self) -> bool:
        """Return whether the call succeeded."""
        return self.error is None

    def __repr__(self) -> str:
        """Return one line of facts."""
        count = counted(self.rows, "record") + ("" if self.complete else ", incomplete")
        return f"<CallResult {self.service} {self.method} {self.path}: {self.status}, {count}>"


def counted(number: int, noun: str) -> str:
    """Return "1 page", "3,000 pages"."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def to_export(call: BoundCall) -> tuple[CallRequest, Headers]:
    """Return the request with its body as it is sent, and the headers the service adds, its credential as a marker."""
    request, service = call.request, call.service
    if isinstance(request.body, JsonBody) and service.body == "bracketed_form":
        request = replace(request, body=FormBody(encode(request.body.value)))
    own = {name.lower() for name, _ in request.headers} | {"content-type", "x-flarex-simulate", "x-flarex-call"}
    added = [(name, value) for name, value in call.headers if name.lower() not in own]
    for placement in call.placements:
        mark = placement.template.format(marker(placement.ref.name))
        if placement.place == "query":
            kept = tuple(pair for pair in request.query if pair[0] != placement.name)
            request = replace(request, query=(*kept, (placement.name, mark)))
        elif placement.place == "userinfo":
            added.append(("Authorization", f"Basic <base64 of {placement.name}:{mark}>"))
        else:
            added.append((placement.name, mark))
    return request, tuple(added)
