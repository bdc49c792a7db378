"""Whether a text stands for a key without being one: documentation's blanks, variables, masks. Pure."""

from __future__ import annotations

import re
from typing import Final

_MARKS: Final = re.compile(
    r"""
    [<>{}$\[\]()]                                         # a variable, a blank, a mask, a call
    | \.\.\. | … | \*{3} | x{4} | X{4} | x{3}$ | X{3}$    # left out
    | (?i:your|example|redacted|placeholder|insert|replace|changeme|dummy|sandbox)
    | (?i:(?<![a-z0-9])(?:my|fake|test|some|here|key|token|secret)(?:[_-](?:my|fake|test|some|here|key|token|secret))+$)
    | 1234567890 | (?i:abcdefghij) | 0123456789
    """,
    re.VERBOSE,
)
_FILLED_IN: Final = re.compile(
    r"""
    <.*> | \[.*\] | \(.*\) | \{.*\} | .*\{\{?[A-Za-z_][\w.]*\}?\}.* | .*\$[{(]\w+[})].* | \$[A-Za-z_]\w*
    | [A-Za-z_][\w.]*[(\[].*[)\]] | %\(?\w*\)?s?
    """,
    re.VERBOSE,
)
"""A text in which something is filled in later: a password may hold a bracket or a dollar without being one."""

_SIGNS: Final = re.compile(r"[<>{}$\[\]()]")
_FEWEST: Final = 5
"""Different characters; a key of 16 drawn at random has more."""

_SHORT_TAIL: Final = 8
_LONG: Final = 20
"""Characters of a text whose last underscore may be one of the random characters, not the end of a start like `sk_`."""

_WORDLIKE: Final = re.compile(
    r"[A-Za-z]+(?:[-_.][A-Za-z]+)*|[a-z]+[0-9]{0,2}(?:[-_.](?:[a-z]+[0-9]{0,2}|[0-9]{1,3}))*"
    r"|[A-Z]+[0-9]{0,2}(?:_(?:[A-Z]+[0-9]{0,2}|[0-9]{1,4}))+"
)
_LONGEST_WORD: Final = 16


def is_placeholder(text: str) -> bool:
    """Return whether the text is visibly no key: `<YOUR_KEY>`, `sk_test_xxxx`, `{{token}}`, `$TOKEN`, `...`."""
    tail = text.rpartition("_")[2]
    drawn = text if len(tail) < _SHORT_TAIL and len(text) >= _LONG else tail
    return bool(_MARKS.search(text)) or len(set(drawn)) < _FEWEST


def is_blank_password(text: str) -> bool:
    """Return whether the text where a password belongs is visibly none; a bracket inside may belong to one."""
    return bool(_FILLED_IN.fullmatch(text)) or bool(_MARKS.search(_SIGNS.sub("", text)))


def is_wordlike(text: str) -> bool:
    """Return whether the text reads as words or as a name in code (`access_token`, `page_2`), not as a random value."""
    longest = max(map(len, re.split(r"[-_.]", text)))
    return longest <= _LONGEST_WORD and bool(_WORDLIKE.fullmatch(text))
