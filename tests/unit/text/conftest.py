"""A cell filled in, with a machine that is not random and markers a reader can see."""

from __future__ import annotations

import itertools
import re
from types import SimpleNamespace

import pytest

from flarex_nb.text.grammar import parse
from flarex_nb.text.system import SystemValues
from flarex_nb.text.template import fill

MARKER = re.compile(r"<<(\w+)>>")


def marker(name):
    return f"<<{name}>>"


def find_markers(text):
    return [(found.start(), found.end(), found[1]) for found in MARKER.finditer(text)]


def system():
    numbers = itertools.count(1)
    return SystemValues(
        uuid=lambda: f"uuid-{next(numbers)}", wall=lambda: 1_700_000_000.5, randint=lambda low, high: low
    )


@pytest.fixture(scope="session")
def language():
    """Return the functions with their seams filled: `fill(text, **names)`, `marker`, `find_markers`, `system`."""

    def filled(text, *, read=None, allow=None, **names):
        [request] = parse(text).requests
        more = {} if allow is None else {"allow_secret_in": frozenset(allow)}
        return fill(request, namespace=names, marker=marker, system=system(), read=read, **more)

    return SimpleNamespace(fill=filled, marker=marker, find_markers=find_markers, system=system)
