"""A result and its attempts made by hand: what the renderer reads, without a pipeline behind it."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

import pandas as pd
import pytest

from flarex_nb.frames.build import build_with_notes
from flarex_nb.frames.spec import FrameSpec
from flarex_nb.model import Attempt

GOOD = Attempt(1, 0.0, 0.08, 0.0, "", "200", "yes", "done", "succeeded", "The answer is good.")


@dataclass
class Shown:
    """A result as `ResultView` wants it."""

    records: Any = None
    frame: pd.DataFrame | None = None
    spec: FrameSpec = field(default_factory=FrameSpec)
    status: int = 200
    service: str = "stripe"
    method: str = "GET"
    path: str = "/v1/charges"
    pages: int = 1
    complete: bool = True
    stop_reason: str = ""
    cache: str = "miss"
    attempts: tuple[Attempt, ...] = (GOOD,)
    elapsed: float = 0.412
    simulated: bool = False
    environment: str = "live"
    warnings: tuple[str, ...] = ()
    request_id: str = "req_sandbox_1"
    into: str | None = None
    json: Any = None
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Make the frame."""
        if self.frame is None:
            self.frame, self.notes = build_with_notes(self.records, self.spec)

    @property
    def df(self) -> pd.DataFrame:
        assert self.frame is not None
        return self.frame

    @property
    def rows(self) -> int:
        return len(self.df)

    @property
    def columns(self) -> int:
        return self.df.shape[1]


class Seen(HTMLParser):
    """What a browser would make of it: tags, attributes, text; fails on tags that do not close in order."""

    VOID = frozenset({"path", "rect"})

    def __init__(self, html: str) -> None:
        """Read it all."""
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not self._open or self._open[-1] != "style":
            self.texts.append(data)

    @property
    def text(self) -> str:
        """Everything a person reads."""
        return " ".join(self.texts)

    def of(self, tag: str) -> list[dict[str, str | None]]:
        """The attributes of each tag of that name."""
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture(scope="session")
def shown() -> type[Shown]:
    return Shown


@pytest.fixture(scope="session")
def seen() -> type[Seen]:
    return Seen


@pytest.fixture(scope="session")
def attempt():
    """Make one attempt from what matters."""

    def make(number, outcome, decision="again", *, started=0.0, elapsed=0.1, waited=0.0, source="", **more) -> Attempt:
        fields = {"sent": "yes", "reason": "unavailable", "sentence": "The server is unavailable.", **more}
        return Attempt(number, started, elapsed, waited, source, outcome, fields["sent"], decision, fields["reason"],
                       fields["sentence"])  # fmt: skip

    return make
