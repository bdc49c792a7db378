"""One request of a cell filled in: `{{ }}` becomes values, each encoded for the place where it stands.

No `{{ }}` is ever left in what is sent, and an unknown name is an error before anything is. Two literal braces are
written `{{"{{"}}`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from flarex_nb.errors import UsageError
from flarex_nb.model import CallOptions, CallRequest, NoBody
from flarex_nb.text.bodies import fill_body
from flarex_nb.text.conditions import read_condition
from flarex_nb.text.files import checked_save
from flarex_nb.text.headers import fill_headers
from flarex_nb.text.scope import HEADER_AND_USERINFO, Context, Reader, Scope
from flarex_nb.text.system import SystemValues
from flarex_nb.text.target import fill_target

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from flarex_nb.model import Body, Headers, Span
    from flarex_nb.text.conditions import Condition
    from flarex_nb.text.raw import RawRequest
    from flarex_nb.text.source import Source

__all__ = ["FilledRequest", "Reader", "SystemValues", "fill"]


@dataclass(frozen=True, slots=True)
class FilledRequest:
    """A request with its values in place; `conditions` on its answer, `save` the file that takes it.

    `target` is a path or a URL without query, `query` the pairs, decoded. Headers, target and body may hold markers of
    secrets. `anew` are the headers (lower case) whose value is a fresh UUID at each run: an idempotency key among them
    protects attempts, but not a re-run of the cell.
    """

    method: str
    target: str
    query: tuple[tuple[str, str], ...] = ()
    headers: Headers = ()
    body: Body = field(default_factory=NoBody)
    name: str = ""
    warnings: tuple[str, ...] = ()
    anew: frozenset[str] = frozenset()
    conditions: tuple[Condition, ...] = ()
    save: str | None = None
    span: Span | None = None

    @property
    def had_uuid_header(self) -> bool:
        """Whether a header holds `{{$uuid}}`."""
        return bool(self.anew)

    def call_request(self, service: str, options: CallOptions) -> CallRequest:
        """Return the request of the pipeline's first station."""
        return CallRequest(
            service=service,
            method=self.method,
            target=self.target,
            query=self.query,
            headers=self.headers,
            body=self.body,
            options=options,
            name=self.name,
            span=self.span,
        )


def fill(
    raw: RawRequest,
    *,
    namespace: Mapping[str, object],
    marker: Callable[[str], str],
    system: SystemValues | None = None,
    read: Reader | None = None,
    allow_secret_in: frozenset[str] = HEADER_AND_USERINFO,
) -> FilledRequest:
    """Return the request with every hole filled.

    `namespace` are the notebook's names, `marker` gives the text that stands for a secret of that name, `read` opens
    the files of `<` lines. `allow_secret_in` are the places a secret may stand: header, userinfo, query, path, body.

    Raises:
        CellSyntaxError: the text is wrong or a name unknown; line and column in the cell.
        UsageError: a value that does not fit its place, or a secret where none may stand.
    """
    scope = Scope(raw.variables, namespace)
    context = Context(scope, system or SystemValues(), marker, allow_secret_in, read)
    scope.context = context
    target, query = fill_target(raw.target, raw.query, context)
    headers, anew = fill_headers(raw.headers, context)
    body, headers = fill_body(raw.body, headers, context, literal=raw.body_raw)
    return FilledRequest(
        method=raw.method,
        target=str(target),
        query=query,
        headers=headers,
        body=body,
        name=raw.name,
        warnings=(*raw.warnings, *context.warnings),
        anew=anew,
        conditions=tuple(read_condition(each, context) for each in raw.asserts),
        save=_save(raw.save, context),
        span=raw.span,
    )


def _save(path: Source | None, context: Context) -> str | None:
    if path is None:
        return None
    try:
        return checked_save(context.fill(path, "path"))
    except UsageError as error:
        error.place = error.place or path.place(0)
        raise
