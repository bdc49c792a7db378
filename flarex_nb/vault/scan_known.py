"""The values a scan outside a kernel knows: those of the nearest `.env` and of telling environment variables.

They are held as a redactor holds them, to be found in whatever form they were written; nothing is read back.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from flarex_nb.vault.dotfile import find
from flarex_nb.vault.placeholders import is_placeholder
from flarex_nb.vault.redact import Redactor

if TYPE_CHECKING:
    from collections.abc import Mapping

_TELLING: Final = re.compile(
    r"(?i)(?:key|token|secret|password|passwd|pwd|passphrase|credentials?|webhook|dsn)(?:_?\d+)?$"
)
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,127}")


def known_values(folder: Path, environ: Mapping[str, str]) -> Redactor:
    """Return a redactor that finds the values of telling names in the environment and in the folder's `.env`."""
    known = Redactor()
    for name, value in {**environ, **_dotenv(folder)}.items():
        if value and _NAME.fullmatch(name) and _TELLING.search(name) and not is_placeholder(value):
            known.register(name.upper(), value)
    return known


def _dotenv(folder: Path) -> dict[str, str]:
    file = find(folder.absolute(), Path.home())
    if file is None:
        return {}
    from dotenv import dotenv_values  # noqa: PLC0415 - only where there is one

    try:
        read = dotenv_values(file, interpolate=False, encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return {}
    return {name: value for name, value in read.items() if value}
