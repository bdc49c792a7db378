"""The labelled notebooks of `scan_compare`: keys drawn by dice in every place they stand in, and look-alikes.

Nothing here is a key of anybody; starts of keys are written in parts, so that this file holds none either.
"""

from __future__ import annotations

import base64
import hashlib
import json
import string
import uuid
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterator

    Notebook = dict[str, Any]
    Sample = tuple[str, Notebook]

_B62 = string.ascii_letters + string.digits
_HEX = "0123456789abcdef"
_URL = _B62 + "-_"


def _draw(dice: random.Random, letters: str, length: int) -> str:
    return "".join(dice.choices(letters, k=length))


def keys(dice: random.Random) -> dict[str, tuple[str, str]]:
    """Return one key of each kind as (the name it stands under, the key)."""
    d, up = lambda letters, length: _draw(dice, letters, length), string.ascii_uppercase + string.digits
    part = [
        base64.urlsafe_b64encode(text.encode()).decode().rstrip("=") for text in ('{"alg":"HS256"}', '{"sub":"17"}')
    ]
    return {
        "payments": ("stripe_key", "sk_" + "live_" + d(_B62, 24)),
        "payments-test": ("api_key", "sk_" + "test_" + d(_B62, 24)),
        "cloud-id": ("aws_access_key_id", "AK" + "IA" + d(up, 16)),
        "cloud-secret": ("aws_secret_access_key", d(_B62 + "/+", 40)),
        "code-host": ("github_token", "gh" + "p_" + d(_B62, 36)),
        "code-host-2": ("gitlab_token", "gl" + "pat-" + d(_URL, 20)),
        "chat": ("slack_token", "xo" + f"xb-{d('123456789', 12)}-{d('123456789', 12)}-{d(_B62, 24)}"),
        "model": ("openai_api_key", "sk-" + "proj-" + d(_B62, 48)),
        "model-2": ("anthropic_key", "sk-" + "ant-api03-" + d(_URL, 93)),
        "maps": ("google_api_key", "AI" + "za" + d(_URL, 35)),
        "mail": ("sendgrid_key", "SG" + f".{d(_URL, 22)}.{d(_URL, 43)}"),
        "registry": ("token", "np" + "m_" + d(_B62, 36)),
        "signed": ("access_token", f"{part[0]}.{part[1]}.{d(_URL, 43)}"),
        "telegram": ("bot_token", f"{d('123456789', 9)}:AA{d(_URL, 33)}"),
        "base62": ("api_key", d(_B62, 32)),
        "hex": ("api_secret", d(_HEX, 32)),
        "hex-long": ("client_secret", d(_HEX, 64)),
        "uuid": ("api_key", str(uuid.UUID(int=dice.getrandbits(128), version=4))),
        "password": ("password", d(_B62, 6) + dice.choice("!%+?") + d(_B62, 4) + dice.choice(string.digits)),
        "password-lower": ("db_password", dice.choice(["winter", "dragon", "falcon"]) + d(string.digits, 3)),
    }


def notebook(*cells: dict[str, Any], metadata: dict[str, Any] | None = None) -> Notebook:
    """Return a notebook of these cells."""
    kernel = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    return {"cells": list(cells), "metadata": kernel | (metadata or {}), "nbformat": 4, "nbformat_minor": 5}


def cell(source: str, kind: str = "code", outputs: list[Any] | None = None, **more: Any) -> dict[str, Any]:
    """Return a cell; its source is kept as lines, as Jupyter writes it."""
    made: dict[str, Any] = {"cell_type": kind, "id": "c1", "metadata": {}, "source": source.splitlines(keepends=True)}
    if kind == "code":
        made |= {"execution_count": 1, "outputs": outputs or []}
    return made | more


def _said(text: str, source: str = "show()") -> Notebook:
    return notebook(
        cell(source, outputs=[{"output_type": "stream", "name": "stdout", "text": text.splitlines(keepends=True)}])
    )


def _shown(data: dict[str, Any], source: str = "show()") -> Notebook:
    output = {"output_type": "execute_result", "execution_count": 1, "metadata": {}, "data": data}
    return notebook(cell(source, outputs=[output]))


def _failed(name: str, key: str) -> Notebook:
    trace = [
        "\x1b[0;31mAuthError\x1b[0m  Traceback (most recent call last)",
        f"\x1b[0;32m----> 1\x1b[0m \x1b[0mconnect\x1b[0m\x1b[0;34m(\x1b[0m{name}\x1b[0;34m=\x1b[0m\x1b[0;34m'{key}'\x1b[0m)",
    ]
    return notebook(
        cell("go()", outputs=[{"output_type": "error", "ename": "AuthError", "evalue": "no", "traceback": trace}])
    )


def _widget(kind: str, label: str, value: str) -> Notebook:
    model = {
        "model_module": "@jupyter-widgets/controls", "model_module_version": "2.0.0", "model_name": kind,
        "state": {"description": label, "value": value},
    }  # fmt: skip
    state = {"state": {"a1b2": model}, "version_major": 2, "version_minor": 0}
    return notebook(cell("box"), metadata={"widgets": {"application/vnd.jupyter.widget-state+json": state}})


PLACES: dict[str, Callable[[str, str], Notebook]] = {
    "assigned": lambda name, key: notebook(cell(f'import requests\n\n{name} = "{key}"\n')),
    "assigned-typed": lambda name, key: notebook(cell(f"{name}: str = '{key}'\nrun()\n")),
    "keyword": lambda name, key: notebook(cell(f'client = Client({name}="{key}", timeout=3)')),
    "dictionary": lambda name, key: notebook(cell(f'config = {{"{name}": "{key}", "page": 2}}')),
    "environ": lambda name, key: notebook(cell(f'import os\nos.environ["{name.upper()}"] = "{key}"\n')),
    "env-magic": lambda name, key: notebook(cell(f"%env {name.upper()}={key}")),
    "export": lambda name, key: notebook(cell(f"!export {name.upper()}={key} && ./run.sh")),
    "header": lambda _name, key: notebook(cell(f'h = {{"Authorization": "Bearer {key}"}}\nget(u, headers=h)')),
    "f-string": lambda name, key: notebook(cell(f'url = f"https://api.example.com/v1/{{path}}?{name}={key}&page={{page}}"')),
    "json-in-string": lambda name, key: notebook(cell(f'body = "{{\\"{name}\\": \\"{key}\\", \\"n\\": 1}}"')),
    "default": lambda name, key: notebook(cell(f'{name} = os.getenv("{name.upper()}", "{key}")')),
    "curl": lambda _name, key: notebook(cell(f"!curl https://api.example.com/v1/x -H 'Authorization: Bearer {key}'")),
    "curl-user": lambda _name, key: notebook(cell(f"!curl -u ada:{key} https://api.example.com/v1/x")),
    "userinfo": lambda _name, key: notebook(cell(f'db = connect("postgresql://ada:{key.replace("/", "a").replace("?", "b")}@db.example.com/x")')),
    "basic-auth": lambda _name, key: notebook(cell(f'requests.get(url, auth=("ada", "{key}"))')),
    "split-plus": lambda name, key: notebook(cell(f'{name} = "{key[:9]}" + "{key[9:]}"')),
    "split-lines": lambda name, key: notebook(cell(f'{name} = (\n    "{key[:7]}"\n    "{key[7:]}"\n)')),
    "http-cell": lambda _name, key: notebook(cell(f"%%flarex_call crm\nGET /contacts\nAuthorization: Bearer {key}\n")),
    "markdown": lambda name, key: notebook(cell(f"Set `{name}: {key}` before you run this.", "markdown")),
    "comment": lambda name, key: notebook(cell(f"# {name} = {key}\nrun()")),
    "commented-yaml": lambda name, key: notebook(cell(f"host: x\n{name}: {key}\nport: 1", "raw")),
    "stdout": lambda name, key: _said(f"connecting\n{name}={key}\ndone\n"),
    "stdout-json": lambda name, key: _said(json.dumps({"id": 17, name: key}, indent=2) + "\n"),
    "log-line": lambda name, key: _said(f"INFO GET https://api.example.com/v1/x?{name}={key} 200\n"),
    "result-repr": lambda name, key: _shown({"text/plain": [f"{{'id': 17, '{name}': '{key}'}}"]}),
    "result-html": lambda name, key: _shown({"text/html": [f"<pre>{{&quot;{name}&quot;: &quot;{key}&quot;}}</pre>"], "text/plain": ["<x>"]}),
    "result-json": lambda name, key: _shown({"application/json": {"id": 17, name: key}, "text/plain": ["<x>"]}),
    "traceback": _failed,
    "cell-metadata": lambda name, key: notebook(cell("run()", metadata={"papermill": {"parameters": {name: key}}})),
    "notebook-metadata": lambda name, key: notebook(cell("run()"), metadata={"setup": {name: key}}),
    "widget-text": lambda name, key: _widget("TextModel", f"{name}:", key),
    "widget-password": lambda _name, key: _widget("PasswordModel", "", key),
    "bare-argument": lambda _name, key: notebook(cell(f'client = Client("{key}")')),
}  # fmt: skip
"""Where a key can stand in a notebook; a place that gives no name to a password still gets one of the other keys."""

_NEEDS_SHAPE = {"bare-argument"}
_PASSWORDS_ONLY_NAMED = {"header", "http-cell", "curl", "bare-argument", "split-plus", "split-lines"}


def planted(dice: random.Random, each: int) -> Iterator[Sample]:
    """Return `each` notebooks with a key for each place, the kinds of keys in turn."""
    turn = 0
    for place, make in PLACES.items():
        for _ in range(each):
            drawn = keys(dice)
            while True:
                turn += 1
                kind = list(drawn)[turn % len(drawn)]
                if not (kind.startswith("password") and place in _PASSWORDS_ONLY_NAMED):
                    break
            name, key = drawn[kind]
            yield f"{place}-{kind}", make(name, key)


def _picture(dice: random.Random) -> Notebook:
    data = base64.b64encode(b"\x89PNG\r\n\x1a\n" + dice.randbytes(1500)).decode()
    return _shown({"image/png": data, "text/plain": ["<Figure size 640x480 with 1 Axes>"]})


def _frame(dice: random.Random) -> Notebook:
    lines = ["                   id  amount currency"]
    lines += [f"{row}  ch_{_draw(dice, _B62, 24)}  {dice.randrange(9999)}  usd" for row in range(5)]
    rows = "".join(f"<tr><td>{line.split()[1]}</td></tr>" for line in lines[1:])
    return _shown({"text/plain": ["\n".join(lines)], "text/html": [f"<table>{rows}</table>"]})


LOOKALIKES: dict[str, Callable[[random.Random], Notebook]] = {
    "picture": _picture,
    "frame-of-ids": _frame,
    "git-sha": lambda d: _said(f"HEAD is now at {_draw(d, _HEX, 40)} Mend the frame\n"),
    "git-sha-quoted": lambda d: notebook(cell(f'commit = "{_draw(d, _HEX, 40)}"')),
    "uuid": lambda d: notebook(cell(f'run_id = "{uuid.UUID(int=d.getrandbits(128), version=4)}"')),
    "checksum": lambda d: notebook(cell(f'sha256 = "{hashlib.sha256(d.randbytes(9)).hexdigest()}"')),
    "checksum-map": lambda d: _shown({"application/json": {"a.csv": {"md5": _draw(d, _HEX, 32), "etag": _draw(d, _HEX, 32)}}, "text/plain": ["x"]}),
    "pip-hash": lambda d: notebook(cell(f"!pip install x==1 --hash=sha256:{_draw(d, _HEX, 64)}")),
    "integrity": lambda d: notebook(cell(f'HTML(\'<script src="x.js" integrity="sha384-{_draw(d, _B62, 64)}"></script>\')')),
    "example-cloud": lambda _d: notebook(cell('aws_access_key_id = "AK' + 'IAIOSFODNN7EXAMPLE"')),
    "example-docs": lambda _d: notebook(cell('stripe.api_key = "sk_' + 'test_xxxxxxxxxxxxxxxxxxxxxxxx"')),
    "your-key": lambda d: notebook(cell(f'api_key = "{d.choice(["<YOUR API KEY>", "YOUR_API_KEY", "your-api-key-here", "..."])}"')),
    "environ-read": lambda d: notebook(cell(f'api_key = os.environ["{d.choice(["CRM", "ERP"])}_API_KEY"]\ntoken = os.getenv("CRM_TOKEN")')),
    "secret-reference": lambda _d: notebook(cell("%%flarex_call crm\nGET /contacts\nAuthorization: Bearer {{$secret CRM_API_KEY}}\n")),
    "asked-for": lambda _d: notebook(cell('password = getpass.getpass("Password: ")')),
    "masked": lambda _d: _said("Authorization: Bearer [CRM_API_KEY]\napi_key=********\n"),
    "empty": lambda _d: notebook(cell('password = ""\ntoken = None\napi_key = str()')),
    "sandbox-key": lambda d: _said(f"sk_sandbox_flarex_{_draw(d, _HEX, 16)}\n"),
    "cursor": lambda d: _shown({"application/json": {"next_page_token": _draw(d, _B62, 40), "has_more": True}, "text/plain": ["x"]}),
    "tokenizer": lambda d: notebook(cell(f'tok = AutoTokenizer("gpt2")\ntoken = "{d.choice(["<s>", "[PAD]", "Ġhello", "token_17"])}"\nmax_tokens = 4096')),
    "idempotency": lambda d: notebook(cell(f'headers = {{"Idempotency-Key": "{_draw(d, _B62, 32)}"}}')),
    "public-key": lambda d: notebook(cell(f'key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{_draw(d, _B62, 43)} ada@x"')),
    "plot": lambda d: _shown({"application/vnd.plotly.v1+json": {"data": [{"x": {"dtype": "f8", "bdata": base64.b64encode(d.randbytes(240)).decode()}}]}, "text/plain": ["x"]}),
    "form-fields": lambda _d: notebook(cell('form = {"username": "ada", "password": "required", "token_type": "bearer"}')),
    "prose": lambda _d: notebook(cell("Your password is never shown; the API key: see the panel. A secret: nothing at all.", "markdown")),
    "variables": lambda _d: notebook(cell("client = Client(api_key=settings.crm_api_key_v2, token=make_token(user_17))")),
    "sequence": lambda d: notebook(cell(f'dna = "{_draw(d, "ACGT", 48)}"\nalphabet = "{string.ascii_lowercase}{string.digits}"')),
    "data-uri": lambda d: _shown({"text/html": [f'<img src="data:image/png;base64,{base64.b64encode(d.randbytes(300)).decode()}">'], "text/plain": ["x"]}),
    "widget-plain": lambda d: _widget("TextModel", "Search:", d.choice(["ada lovelace", "2024-01-01", "crm"])),
    "cell-ids": lambda d: notebook(cell("1 + 1") | {"id": _draw(d, _HEX, 32)}),
    "container-id": lambda d: _said(f"Successfully built {_draw(d, _HEX, 12)}\nsha256:{_draw(d, _HEX, 64)}\n"),
    "drive-id": lambda d: notebook(cell(f'sheet = gc.open_by_key("1{_draw(d, _URL, 43)}")\nfile_id = "1{_draw(d, _URL, 32)}"')),
    "encoded-words": lambda d: notebook(cell(f'b64decode("{base64.b64encode(f"ada lovelace wrote {d.randrange(10**9)} lines".encode()).decode()}")')),
    "colours": lambda d: notebook(cell(f'palette = [{", ".join(repr("#" + _draw(d, _HEX, 6)) for _ in range(6))}]')),
    "documented": lambda _d: notebook(cell("Send `Authorization: Bearer <token>` or `?api_key={api_key}`, `password=$PASSWORD`.", "markdown")),
    "connection": lambda _d: notebook(cell('engine = create_engine("postgresql://user:password@localhost:5432/db")')),
    "type-hints": lambda _d: notebook(cell('def login(user: str, password: str, api_key: str = "", token: Token | None = None) -> Secret: ...')),
    "trace-id": lambda d: _said(f"x-request-id: req_{_draw(d, _B62, 24)}\ntrace-id: {_draw(d, _HEX, 32)}\n"),
    "model-hash": lambda d: notebook(cell(f'revision = "{_draw(d, _HEX, 40)}"\nload("m", revision=revision)')),
}  # fmt: skip
"""What is no key, however it looks."""


def benign(dice: random.Random, each: int) -> Iterator[Sample]:
    """Return `each` notebooks without a key for each look-alike."""
    for what, make in LOOKALIKES.items():
        for _ in range(each):
            yield what, make(dice)
