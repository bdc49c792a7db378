"""A body becomes data: JSON where it is JSON, text where it says it is text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from flarex_nb.errors import MalformedBody

if TYPE_CHECKING:
    from flarex_nb.model import Json, Reply


def decode(reply: Reply) -> Json:
    """Return the body as data.

    A body that begins like JSON is read as JSON whatever its type says, since some servers send their stored
    answers under another one; only a body that claims to be JSON must be it.
    """
    content = reply.content
    kind = (reply.header("content-type") or "").split(";")[0].strip().lower()
    claims = kind == "application/json" or kind.endswith("+json")
    if not content.strip():
        return None
    if claims or content.lstrip()[:1] in b"{[":
        try:
            return orjson.loads(content)
        except orjson.JSONDecodeError as error:
            if claims:
                raise _not_json(reply, error) from None
    return content.decode("utf-8", "replace") if kind.startswith("text/") else None


def _not_json(reply: Reply, error: orjson.JSONDecodeError) -> MalformedBody:
    msg = f"the body says it is JSON and is not: {error.msg} (line {error.lineno}, column {error.colno})"
    size = f"{len(reply.content):,} bytes came"
    refusal = MalformedBody(msg, sent="yes", hint=f"{size}. Add --raw to see the body as it is.")
    refusal.reply = reply
    return refusal


def decoded_or_none(reply: Reply) -> Json:
    """Return the body as data, None where it claims to be JSON and is not."""
    try:
        return decode(reply)
    except MalformedBody:
        return None
