"""The patterns by which nbval lets two right runs differ: each does what it says, and no more."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from nbval.plugin import get_sanitize_patterns

PATTERNS = get_sanitize_patterns(Path(__file__).with_name("sanitize.cfg").read_text("utf-8"))


def sanitized(text):
    for pattern, replacement in PATTERNS:
        text = re.sub(pattern, replacement, text)
    return text


def test_every_pattern_of_the_file_is_read():
    text = Path(__file__).with_name("sanitize.cfg").read_text("utf-8")

    assert len(PATTERNS) == len(re.findall(r"^regex:", text, re.MULTILINE)) == 4


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("http://127.0.0.1:40123/stripe", "http://127.0.0.1:8080/stripe"),
        ("localhost:40123", "localhost:51000"),
        ("the sandbox, pid 4711", "the sandbox, pid 9"),
        ("<div><style>.a {\n}</style>x</div>", "<div><style>.b {}</style>x</div>"),
        ("<object at 0x7f8031870450>", "<object at 0x7ffe00000010>"),
    ],
)
def test_what_differs_between_runs_is_made_equal(one, other):
    assert sanitized(one) == sanitized(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("3000 rows", "2999 rows"),
        ("waited 1.0 s (Retry-After)", "waited 2.0 s (Retry-After)"),
        ("status 200", "status 503"),
        ("10.0.0.1:8080", "10.0.0.1:9090"),
    ],
)
def test_what_a_reader_looks_at_stays_compared(one, other):
    assert sanitized(one) != sanitized(other)
