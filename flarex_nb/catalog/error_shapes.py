"""Reading a provider's error answer: its own words, its code, its request id.

The shape stands in the profile as dotted paths; common shapes are tried where it names none.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from flarex_nb.catalog.dig import dig

if TYPE_CHECKING:
    from flarex_nb.catalog.profile import ErrorShape
    from flarex_nb.model import Json

_MESSAGES = ("error.message", "message", "error_description", "detail", "title", "error", "errors.0.message", "msg")
_CODES = ("error.code", "code", "error", "errors.0.code", "error.type", "type")

MAX_WORDS = 600
"""Characters kept of a provider's message: enough to read, never a whole page."""


@dataclass(frozen=True, slots=True)
class ProviderError:
    """What the provider said: `message` and `code` "" when it said nothing readable; `details` by label."""

    message: str
    code: str
    details: dict[str, str] = field(default_factory=dict)


def read_error(data: Json, shape: ErrorShape) -> ProviderError:
    """Return the provider's words out of a decoded error body; empty when it is not JSON we can read."""
    if not isinstance(data, (dict, list)):
        return ProviderError("", "")
    details = {label: _text(dig(data, path)) for label, path in shape.details.items()}
    for label, path in (("type", shape.type), ("param", shape.param)):
        if path:
            details[label] = _text(dig(data, path))
    return ProviderError(
        message=_first(data, (shape.message,) if shape.message else _MESSAGES),
        code=_first(data, (shape.code,) if shape.code else _CODES),
        details={label: text for label, text in details.items() if text},
    )


def _first(data: Json, paths: tuple[str, ...]) -> str:
    return next((text for path in paths if (text := _text(dig(data, path)))), "")


def _text(value: Json) -> str:
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return ""
    text = " ".join(str(value).split())
    return text if len(text) <= MAX_WORDS else text[:MAX_WORDS] + "…"
