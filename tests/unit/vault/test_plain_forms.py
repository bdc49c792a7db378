"""A value of letters, digits, _ and - has fewer forms, and they are found without looking for the others."""

from __future__ import annotations

import re
from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st

from flarex_nb.vault import forms as module
from flarex_nb.vault.forms import forms


@given(st.from_regex(r"[A-Za-z0-9_-]{1,60}", fullmatch=True))
def test_a_plain_value_has_exactly_the_forms_the_long_way_finds(value: str) -> None:
    found = forms(value)

    with patch.object(module, "_PLAIN", re.compile(r"(?!)")):
        assert found == forms(value)


@given(
    st.builds("{}{}{}".format, *[st.text("aZ0_-", min_size=4), st.sampled_from("/+%&'\"<\\ .\u00e9"), st.text("aZ0_-")])
)
def test_any_other_value_still_goes_the_long_way(value: str) -> None:
    found = forms(value)

    with patch.object(module, "_PLAIN", re.compile(r"(?!)")):
        assert found == forms(value)
