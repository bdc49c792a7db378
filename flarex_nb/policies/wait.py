"""The wait a server asks for, as a value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class ServerWait:
    """A wait the server asked for.

    `seconds` is finite and not negative. `source` is the header or field that asked, e.g. "Retry-After"; `sentence`
    says it in words. `scope` "host" means it holds for every call to that host, "key" for calls with this credential.
    `grows` means the server named a least wait only: it doubles with each attempt that meets the limit again.
    """

    seconds: float
    source: str
    sentence: str = ""
    scope: Literal["key", "host"] = "key"
    grows: bool = False
