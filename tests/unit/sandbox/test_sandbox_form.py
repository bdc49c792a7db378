"""Form bodies are decoded strictly, and any nested value comes back as it was."""

from __future__ import annotations

from urllib.parse import quote_plus, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flarex_nb.sandbox.providers.stripe_errors import Refusal
from flarex_nb.sandbox.providers.stripe_form import nest, pairs


def decoded(text: str):
    return nest(pairs(text))


def test_brackets_become_hashes_and_lists():
    found = decoded(
        "line_items[0][price_data][unit_amount]=999&line_items[0][quantity]=1&metadata[a]=A%26B+c&expand[]=x&expand[]=y"
    )

    assert found == {
        "line_items": [{"price_data": {"unit_amount": "999"}, "quantity": "1"}],
        "metadata": {"a": "A&B c"},
        "expand": ["x", "y"],
    }


def test_encoded_brackets_mean_the_same():
    assert decoded("created%5Bgte%5D=5") == {"created": {"gte": "5"}}


def test_an_empty_value_is_kept():
    assert decoded("name=") == {"name": ""}


def test_a_list_with_a_hole_is_no_list():
    assert decoded("a[0]=x&a[2]=y") == {"a": {"0": "x", "2": "y"}}


@pytest.mark.parametrize(
    "text",
    ["a", "a&b=1", "a=%ff", "a[b=1", "a]b[=1", "[a]=1", "a[b]c=1", "a=1&a=2", "a=1&a[b]=2", "a[b]=1&a=2", '{"a": 1}'],
)
def test_what_is_not_a_clean_form_is_a_400(text):
    with pytest.raises(Refusal) as caught:
        decoded(text)

    assert caught.value.status == 400


def test_deep_nesting_is_refused_not_followed():
    with pytest.raises(Refusal):
        decoded("a" + "[b]" * 5000 + "=1")


_WORDS = st.text(st.characters(codec="utf-8", exclude_characters="[]"), min_size=1, max_size=8).filter(
    lambda word: not word.isdigit()
)
_VALUES = st.recursive(
    st.text(st.characters(codec="utf-8"), max_size=8),
    lambda inner: st.lists(inner, min_size=1, max_size=3) | st.dictionaries(_WORDS, inner, min_size=1, max_size=3),
    max_leaves=8,
)


def _flat(value, name: str) -> list[tuple[str, str]]:
    if isinstance(value, str):
        return [(name, value)]
    steps = value.items() if isinstance(value, dict) else enumerate(value)
    return [pair for key, item in steps for pair in _flat(item, f"{name}[{key}]")]


@given(st.dictionaries(_WORDS, _VALUES, min_size=1, max_size=4))
def test_what_a_right_encoder_writes_is_read_back(tree):
    text = urlencode([pair for key, value in tree.items() for pair in _flat(value, key)], quote_via=quote_plus)

    assert decoded(text) == tree
