"""From one page to the next: puts the next page's query, URL, header or body into the call.

Which page follows is the catalog's matter. A page's URL that leads to another origin is not followed: the credential
would go along.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urldefrag, urljoin, urlsplit

from flarex_nb.catalog.paging import NoMore
from flarex_nb.model import origin_of
from flarex_nb.pipeline.bind import at_page

if TYPE_CHECKING:
    from flarex_nb.catalog.paging import NextPage
    from flarex_nb.model import BoundCall, Json


def next_call(call: BoundCall, following: NextPage) -> BoundCall | NoMore:
    """Return the call of the page that follows, or why it cannot be asked for."""
    turned = call
    if following.url:
        url = urljoin(call.url, following.url)
        if origin_of(url) != origin_of(call.url):
            host = urlsplit(url).hostname or "nowhere"
            return NoMore(f"the next page is at {host}, where the credential does not go", complete=False)
        query = tuple(parse_qsl(urlsplit(url).query, keep_blank_values=True))
        turned = replace(at_page(call, query), url=urldefrag(url).url)  # as the server wrote it: a cursor is opaque
    elif following.query is not None:
        turned = at_page(call, following.query)
    if following.header is not None:
        name = following.header[0].lower()
        kept = tuple(each for each in turned.headers if each[0].lower() != name)
        turned = replace(turned, headers=(*kept, following.header))
    if following.body is not None:
        content = _with_body(turned.content, *following.body)
        if content is None:
            return NoMore("the cursor goes into the body, and the body is not a JSON object", complete=False)
        turned = replace(turned, content=content)
    return _with_a_key_of_its_own(turned)


def _with_body(content: bytes, path: str, value: Json) -> bytes | None:
    try:
        body = json.loads(content)
    except ValueError:
        return None
    here = body
    *parents, last = path.split(".")
    for name in parents:
        if not isinstance(here, dict):
            return None
        here = here.setdefault(name, {})
    if not isinstance(here, dict):
        return None
    here[last] = value
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def _with_a_key_of_its_own(call: BoundCall) -> BoundCall:
    """Each page is an operation of its own: under the first page's key a server gives the first page again."""
    if not call.idempotency_key:
        return call
    key = str(uuid.uuid4())
    headers = tuple((name, key if value == call.idempotency_key else value) for name, value in call.headers)
    return replace(call, headers=headers, idempotency_key=key)
