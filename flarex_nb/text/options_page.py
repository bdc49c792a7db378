"""The page of options, docs/options.md, made from the table of options.

`python -m flarex_nb.text.options_page > docs/options.md` writes it; a test says when that is due.
"""

from __future__ import annotations

import sys

from flarex_nb.text.options import TABLE, Option, usage

_HEAD = """\
# Options of a call

Made from the table in `flarex_nb/text/options.py`, which also feeds the parser, `%flarex_call?` and completion:
`python -m flarex_nb.text.options_page > docs/options.md`.

An option is written `--attempt-timeout 10s` on a magic's line, `# @attempt-timeout 10s` above the request line in a
cell, and `attempt_timeout=10` in Python. A word there is none of is an error that names the nearest one; it is never
passed on. Where several say something, the first of these wins:

1. the option on the line (or the argument in Python),
2. the `# @` comment in the cell,
3. the service: `[service.crm]` in flarex.toml, `[tool.flarex.service.crm]` in pyproject.toml,
4. the configuration: `%config FlareX.attempts = 5`, then `FLAREX_ATTEMPTS`, then flarex.toml, then `[tool.flarex]`,
5. the default below.

flarex.toml is looked for beside the notebook and above it, up to the project's root:

```toml
attempts = 5                  # every call
pages = "all"

[service.crm]                 # the calls of one service
deadline = "60s"
```

| option | in Python | default | what it does |
|---|---|---|---|
"""


def page() -> str:
    """Return the page as Markdown."""
    ready = [_row(option) for option in TABLE if option.ready]
    later = [option.name for option in TABLE if not option.ready]
    names = ", ".join(f"`--{name}`" for name in later)
    tail = f"\nNot available yet: {names}. They say so when used.\n" if later else ""
    return f"{_HEAD}{''.join(ready)}{tail}"


def _row(option: Option) -> str:
    default = "" if option.default in (None, False, ()) else f"`{option.default}`"
    written = usage(option).replace("|", "\\|")
    return f"| `{written}` | `{option.field}` | {default} | {option.help} |\n"


if __name__ == "__main__":
    sys.stdout.write(page())
