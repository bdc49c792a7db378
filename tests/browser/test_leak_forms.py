"""The checker of leaks: each form it names is one it finds, and it finds nothing in what does not hold the value."""

from __future__ import annotations

import base64
import json
import os
import urllib.parse

import pytest

from leak_forms import seen

VALUE = 'sk_sandbox_"Q7/+=&<w>9~typed'


@pytest.mark.parametrize("before", ["", "a", "ab", "user:"])
@pytest.mark.parametrize("after", ["", "z", "zz"])
def test_base64_is_seen_wherever_the_value_stands_in_the_text(before: str, after: str) -> None:
    text = base64.b64encode((before + VALUE + after).encode())

    assert seen(VALUE, b"x" + text + b"y")


@pytest.mark.parametrize(
    "written",
    [
        VALUE,
        VALUE[::-1],
        json.dumps({"k": VALUE}),
        json.dumps(json.dumps({"k": VALUE[::-1]})),
        urllib.parse.quote(VALUE),
        urllib.parse.urlencode({"k": VALUE}),
        VALUE.encode().hex(),
        repr([VALUE]),
        str(list(VALUE.encode())),
    ],
)
def test_a_written_form_is_seen(written: str) -> None:
    assert seen(VALUE, written.encode())


def test_noise_and_parts_are_not_taken_for_the_value() -> None:
    assert seen(VALUE, os.urandom(200_000)) == []
    assert seen(VALUE, VALUE[:-3].encode()) == []
