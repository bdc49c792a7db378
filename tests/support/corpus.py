"""What a text of the cell language comes to, in lines a person can read: the conformance corpus compares them.

`python tests/support/corpus.py` writes the `.out` file of each corpus file that has none, to be read before it is kept.
"""

from __future__ import annotations

import datetime as dt
import itertools
from decimal import Decimal
from pathlib import Path

import pandas as pd

from flarex_nb.errors import FlarexError
from flarex_nb.model import FormBody, JsonBody, NoBody
from flarex_nb.text.grammar import parse
from flarex_nb.text.options import read_settings
from flarex_nb.text.system import SystemValues
from flarex_nb.text.template import fill

FOLDER = Path(__file__).resolve().parent.parent / "corpus"

HOSTILE = "a&b=c/../?d=1#e\"'}]>{{n}}</id>%41\\ é"

NAMES = {
    "n": 5,
    "since": dt.datetime(2024, 1, 1, tzinfo=dt.UTC),
    "day": dt.date(2024, 2, 29),
    "none": None,
    "yes": True,
    "ratio": 0.1,
    "price": "9.99",
    "ids": [1, 2],
    "rows": [["a", 1], ["b", None]],
    "mapping": {"k": "v w"},
    "row": {"id": 7, "note": "x\ny", "score": Decimal("1.50")},
    "title": "Ärger mit „{{n}}“",
    "label": 'p"q',
    "message": "Hello",
    "prompt": 'Say "hi"\n### heading',
    "hostile": HOSTILE,
    "two_lines": "a\r\nX-Injected: b",
    "dots": "..",
    "empty": "",
    "etag": "abc",
    "owner": "ada",
    "repo": "engine",
    "email": "ada@example.com",
    "app_url": "https://app.example",
    "price_id": "price_1",
    "sheet_id": "s_1",
    "frame": pd.DataFrame({"a": [1]}),
    "done": {
        "response": {
            "status": 200,
            "headers": {"X-Id": "r"},
            "body": {"items": [{"id": "a", "n": 1}, {"id": "b", "n": 2}]},
        }
    },
    "login": {"response": {"status": 200, "headers": {"X-AuthToken": "t0"}, "body": {}}},
    "customer": {"response": {"status": 200, "headers": {}, "body": {"id": "cus_1"}}},
}

FILES = {
    "data.csv": b"a,b\n1,2\n",
    "template.json": b'{"n": {{n}}, "t": "{{title}}"}',
    "latin1.txt": "caf\u00e9 {{n}}".encode("latin-1"),
}


def read(path: str) -> bytes:
    """Return a file of the corpus's own folder, which exists in memory only."""
    if path not in FILES:
        from flarex_nb.errors import UsageError

        raise UsageError(f"there is no file {path!r}")
    return FILES[path]


def system() -> SystemValues:
    """Return a machine whose values are the same each time."""
    numbers = itertools.count(1)
    return SystemValues(
        uuid=lambda: f"uuid-{next(numbers)}", wall=lambda: 1_700_000_000.5, randint=lambda low, high: low
    )


def outcome(text: str) -> str:
    """Return what each request of the text comes to, or the error, its place and its next step."""
    try:
        cell = parse(text)
        lines = [line for request in cell.requests for line in [*_request(request), ""]]
    except FlarexError as error:
        return f"refused: {error.message}\nwhere: {error.place}\nnext: {error.hint}\n"
    return "\n".join(lines[:-1]) + "\n"


def _request(raw):
    options, notes = read_settings(raw.settings)
    filled = fill(raw, namespace=NAMES, marker=lambda name: f"<<{name}>>", system=system(), read=read)
    yield f"{filled.method} {filled.target}"
    yield from (f"title: {words}" for words in [raw.title] if words)
    yield from (f"name: {words}" for words in [filled.name] if words)
    yield from (f"note: {words}" for words in [raw.note] if words)
    yield from (f"option: {name} = {value!r}" for name, value in options.items())
    yield from (f"query: {name!r} = {value!r}" for name, value in filled.query)
    yield from (f"header: {name!r} = {value!r}" for name, value in filled.headers)
    yield from (
        f"assert: {each.subject} {each.detail}{' ' if each.detail else ''}{each.operator} {each.wanted!r}"
        for each in filled.conditions
    )
    yield from (f"save: {words}" for words in [filled.save] if words)
    yield from _body(filled.body)
    yield from (f"warning: {words}" for words in (*notes, *filled.warnings))


def _body(body):
    match body:
        case NoBody():
            return
        case JsonBody(value=value):
            yield f"json: {value!r}"
        case FormBody(fields=fields):
            yield from (f"form: {name!r} = {value!r}" for name, value in fields)
        case _:
            yield f"bytes: {body.content!r} {body.media_type}".rstrip()


if __name__ == "__main__":
    for path in sorted(FOLDER.glob("*.http")):
        kept = path.with_suffix(".out")
        if not kept.exists():
            kept.write_text(outcome(path.read_bytes().decode()), encoding="utf-8")
