"""A filled request as a program without this package: a curl command, or Python with httpx.

Secrets stand in it as names only: `$NAME` in the shell, `os.environ["NAME"]` in Python. All else is quoted, so that
nothing in a request can become part of the program.
"""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING, assert_never
from urllib.parse import quote_plus

from flarex_nb.model import FormBody, JsonBody, NoBody, RawBody
from flarex_nb.text.export import all_headers, raw_text, rendered, whole_url

if TYPE_CHECKING:
    from collections.abc import Callable

    from flarex_nb.model import Body, CallRequest, Headers, Json
    from flarex_nb.text.export import FindMarkers
    from flarex_nb.text.template import FilledRequest

_GLOBBED = "[]{}"
"""Characters with which curl makes several URLs out of one, unless told not to."""


def to_curl(
    request: CallRequest | FilledRequest, base_url: str = "", *, find_markers: FindMarkers, implied: Headers = ()
) -> str:
    """Return a curl command for a POSIX shell; each secret is a variable of the shell, in double quotes.

    Raises:
        UsageError: a body that is not text.
    """

    def word(text: str) -> str:
        return rendered(text, find_markers, shlex.quote, _variable) or "''"

    url = _word_of_url(request, base_url, find_markers)
    parts = [f"curl {_method(request)}{'-g ' if any(each in url for each in _GLOBBED) else ''}{url}"]
    for name, value in all_headers(request, implied):
        parts.append(f"-H {word(f'{name}: {value}' if value else f'{name};')}")
    body = _curl_body(request.body, find_markers)
    parts += [f"--data-raw {word(body)}"] if body is not None else []
    return " \\\n  ".join(parts)


def to_python(
    request: CallRequest | FilledRequest, base_url: str = "", *, find_markers: FindMarkers, implied: Headers = ()
) -> str:
    """Return Python with httpx that sends the same request once: no retries, no cache, no guard.

    Raises:
        UsageError: a body that is not text.
    """
    code = _Code(find_markers)
    target = request.target if not request.target.startswith("/") else f"{base_url.rstrip('/')}{request.target}"
    lines = [f"    {request.method!r},", f"    {code.text(target)},"]
    if request.query:
        lines.append(f"    params={code.pairs(request.query)},")
    headers = all_headers(request, implied)
    if headers:
        lines.append(f"    headers={code.pairs(headers)},")
    lines += [f"    {argument}," for argument in code.body(request.body)]
    imports = ["import os", ""] if code.used_environment else []
    call = ["response = httpx.request(", *lines, "    timeout=10.0,", ")", "response.raise_for_status()"]
    return "\n".join([*imports, "import httpx", "", *call, ""])


def _variable(name: str) -> str:
    return f'"${name}"'


def _method(request: CallRequest | FilledRequest) -> str:
    if request.method == "HEAD":
        return "--head "
    plain = "GET" if isinstance(request.body, NoBody) else "POST"
    return "" if request.method == plain else f"-X {shlex.quote(request.method)} "


def _word_of_url(request: CallRequest | FilledRequest, base_url: str, find: FindMarkers) -> str:
    """Return the URL as one word of the shell; the names of secrets are put in after all else is quoted."""
    names: list[str] = []

    def kept(name: str) -> str:
        names.append(name)
        return f"\0{len(names) - 1}\0"

    pieces = whole_url(request, base_url, find, kept).split("\0")
    return "".join(
        _variable(names[int(each)]) if number % 2 else shlex.quote(each) if each else ""
        for number, each in enumerate(pieces)
    )


def _curl_body(body: Body, find: FindMarkers) -> str | None:
    match body:
        case NoBody():
            return None
        case JsonBody(value=value):
            return json.dumps(value, ensure_ascii=False)
        case FormBody(fields=fields):
            return "&".join(f"{_form_part(name, find)}={_form_part(value, find)}" for name, value in fields)
        case RawBody():
            return raw_text(body)
        case _:
            assert_never(body)


def _form_part(text: str, find: FindMarkers) -> str:
    """Return the text encoded for a form, markers left as they are for the shell's variables."""
    marks = {name: text[start:end] for start, end, name in find(text)}
    return rendered(text, find, lambda part: quote_plus(part, safe="[]"), lambda name: marks[name])


class _Code:
    """Writes values as Python, and notes whether a secret was among them."""

    def __init__(self, find_markers: FindMarkers) -> None:
        self.find = find_markers
        self.used_environment = False

    def text(self, text: str) -> str:
        parts: list[str] = []
        rendered(text, self.find, _noted(parts, repr), _noted(parts, self._environment))
        return " + ".join(parts) or "''"

    def pairs(self, pairs: Headers) -> str:
        return f"[{', '.join(f'({self.text(name)}, {self.text(value)})' for name, value in pairs)}]"

    def value(self, value: Json) -> str:
        if isinstance(value, dict):
            return f"{{{', '.join(f'{self.text(key)}: {self.value(item)}' for key, item in value.items())}}}"
        if isinstance(value, list):
            return f"[{', '.join(self.value(item) for item in value)}]"
        return self.text(value) if isinstance(value, str) else repr(value)

    def body(self, body: Body) -> list[str]:
        match body:
            case NoBody():
                return []
            case JsonBody(value=value):
                return [f"json={self.value(value)}"]
            case FormBody(fields=fields) if len({name for name, _ in fields}) == len(fields):
                return [f"data={self.value(dict(fields))}"]
            case FormBody():
                return [f"content={self.text(_curl_body(body, self.find) or '')}"]
            case RawBody():
                return [f"content={self.text(raw_text(body))}.encode()"]
            case _:
                assert_never(body)

    def _environment(self, name: str) -> str:
        self.used_environment = True
        return f'os.environ["{name}"]'


def _noted(parts: list[str], write: Callable[[str], str]) -> Callable[[str], str]:
    def noted(text: str) -> str:
        parts.append(write(text))
        return ""

    return noted
