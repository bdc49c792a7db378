"""Station 7: bytes become data, a status becomes an error, and the shape is checked at the boundary.

Decides nothing about trying again; what it raises goes back to the retry station.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from flarex_nb.catalog.dig import dig
from flarex_nb.catalog.error_shapes import read_error
from flarex_nb.catalog.models import RecordModel
from flarex_nb.catalog.payload import decode, decoded_or_none
from flarex_nb.catalog.registry import endpoint_for
from flarex_nb.catalog.schema_rows import CheckedAnswer, check_records
from flarex_nb.errors import (
    ApiError,
    AuthenticationFailed,
    BadRequest,
    Conflict,
    FlarexError,
    NotFound,
    PermissionDenied,
    QuotaExceeded,
    RateLimited,
    RedirectBlocked,
    SchemaMismatch,
    ServerError,
    Unprocessable,
    UsageError,
)
from flarex_nb.model import Answer

if TYPE_CHECKING:
    from flarex_nb.catalog.error_shapes import ProviderError
    from flarex_nb.catalog.profile import Envelope, Service
    from flarex_nb.catalog.schema_rows import Verdict
    from flarex_nb.model import BoundCall, Json, Reply

_BY_STATUS: dict[int, type[ApiError]] = {
    401: AuthenticationFailed,
    402: BadRequest,
    403: PermissionDenied,
    404: NotFound,
    409: Conflict,
    410: NotFound,
    422: Unprocessable,
    429: RateLimited,
}

E = TypeVar("E", bound=FlarexError)

_FIRST_ERROR = 400
_SCRIPT = "X-Flarex-Simulate: "
"""How the sandbox begins what it has to say about the faults it was asked to play."""
_FIRST_SERVER_ERROR = 500
_FIRST_REDIRECT = 300


def check(call: BoundCall, reply: Reply) -> Answer:
    """Return the answer with its decoded data.

    Data is what the JSON body holds; the text of a text body; None for no body or bytes of another kind. Records that
    do not fit the model the call asks for are on the answer's verdict: what becomes of them is `gather`'s matter.

    Raises:
        ApiError: the status is an error; in the provider's words.
        MalformedBody: the body says it is JSON and is not.
        SchemaMismatch: a list answer without the parts the profile says it has.
        UsageError: the faults to simulate are none the sandbox knows.
    """
    if reply.status >= _FIRST_ERROR:
        _check_script(call, reply)
        raise api_error(call.service, reply)
    if reply.status >= _FIRST_REDIRECT and reply.status != 304:  # noqa: PLR2004 - RFC 9110 15.4.5
        msg = f"{call.service.name} answered {reply.status} and no place to go on to"
        raise _with(RedirectBlocked(msg, sent="yes"), reply)
    data = None if call.options.raw else decode(reply)
    if call.service.envelope is not None and isinstance(data, dict):
        _check_envelope(call.service.envelope, data, reply, lists=_lists(call))
    model = call.options.validate
    if not isinstance(model, RecordModel):
        return Answer(reply, data, warnings=call.warnings)
    return CheckedAnswer(reply, data, warnings=call.warnings, verdict=verdict_of(call, model, reply, data))


def verdict_of(call: BoundCall, model: RecordModel, reply: Reply, data: Json) -> Verdict:
    """Return which records of the answer do not fit the model; never raises, since the others may be wanted."""
    path = records_path(call)
    records, listed = records_in(path, data)
    whole = listed and not call.options.select
    return check_records(
        model, records, content=reply.content if whole else b"", path="" if call.options.select else path
    )


def records_path(call: BoundCall, *, chosen: bool = True) -> str:
    """Return where in an answer to this call its records stand, "" where nobody says.

    A JSONPath, which begins with $, where the call selects and `chosen` is wanted; else the profile's dotted path.
    """
    if chosen and call.options.select:
        return call.options.select
    endpoint = endpoint_for(call.service, call.method, call.request.target)
    return (endpoint.records if endpoint else "") or call.service.records


def records_in(path: str, data: Json) -> tuple[list[Json], bool]:
    """Return the records of a page, and whether they came as a list that may go on."""
    if path.startswith("$"):
        from flarex_nb.text import jsonpath  # noqa: PLC0415 - only where a call selects

        return jsonpath.records(path, data), True
    if not path:
        from flarex_nb.frames.records import records_of  # noqa: PLC0415 - only where the profile does not say

        return records_of(data, "")[0], True
    found = dig(data, path)
    if isinstance(found, list):
        return found, True
    return ([] if data is None else [data]), False


def _lists(call: BoundCall) -> bool:
    """Return whether the endpoint is documented as a list: a GET that takes the parameter for the page size."""
    endpoint = endpoint_for(call.service, call.method, call.request.target)
    size = getattr(call.service.paging, "size_param", "")
    return endpoint is not None and call.method == "GET" and bool(size) and size in endpoint.params


def _check_envelope(envelope: Envelope, data: Json, reply: Reply, *, lists: bool) -> None:
    said = dig(data, envelope.when)
    begun = lists and any(dig(data, path) is not None for path in envelope.require)
    if said is None and begun:  # a part of a list, which does not say that it is one
        msg = f"a {envelope.equals} was asked for, and the answer's {envelope.when!r} is missing"
        raise _with(SchemaMismatch(msg, sent="yes", hint="Add --raw to see the body as it is."), reply)
    if said != envelope.equals:
        return
    for path, wanted in envelope.require.items():
        value = dig(data, path)
        if _json_type(value) != wanted:
            found = "is missing" if value is None else f"is of type {_json_type(value)}"
            msg = f"the answer is a {envelope.equals}, but its {path!r} {found} (expected {wanted})"
            raise _with(SchemaMismatch(msg, sent="yes", hint="Add --raw to see the body as it is."), reply)


def _json_type(value: Json) -> str:
    match value:
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case str():
            return "string"
        case list():
            return "list"
        case dict():
            return "object"
        case _:
            return "null"


def _check_script(call: BoundCall, reply: Reply) -> None:
    """Refuse a `--simulate` that the sandbox could not read: that is not the service's error, and it did nothing."""
    said = read_error(decoded_or_none(reply), call.service.errors).message if call.rehearsed else ""
    if said.startswith(_SCRIPT):
        msg = f"--simulate: {said.removeprefix(_SCRIPT)}"
        raise UsageError(msg, hint="Write statuses or faults with commas between, such as --simulate 503,503,200.")


def api_error(service: Service, reply: Reply) -> ApiError:
    """Return the error a status of 400 or more stands for, in the provider's own words."""
    said = read_error(decoded_or_none(reply), service.errors)
    kind = _kind(service, reply.status, said)
    error = kind(said.message or _without_words(reply), status=reply.status, code=said.code, hint=_hint(service, kind))
    error.context.update({label: text for label, text in said.details.items() if text})
    return _with(error, reply)


def _kind(service: Service, status: int, said: ProviderError) -> type[ApiError]:
    names = {said.code, *said.details.values()}
    if names & set(service.retry.never_codes):
        return QuotaExceeded
    if status == 403 and names & set(service.retry.again_codes):  # noqa: PLR2004 - a limit that some services call 403
        return RateLimited
    if status >= _FIRST_SERVER_ERROR:
        return ServerError
    return _BY_STATUS.get(status, BadRequest)


def _without_words(reply: Reply) -> str:
    kind = (reply.header("content-type") or "").split(";")[0] or "no content type"
    return f"the server answered {reply.status} without saying why ({kind}, {len(reply.content):,} bytes)"


def _hint(service: Service, kind: type[ApiError]) -> str:
    name = service.secret_names[0] if service.secret_names else ""
    if kind is AuthenticationFailed and name:
        return f"Check the key: %flarex_secrets rotate {name}."
    if kind is QuotaExceeded:
        return "Waiting does not help; look at the account's plan and billing."
    return f"See {service.docs_url}." if service.docs_url else ""


def _with(error: E, reply: Reply) -> E:
    error.reply = reply
    return error
