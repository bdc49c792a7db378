"""Values that stand under the name of a key: `api_key = "..."`, `X-Api-Key: ...`, `"clientSecret": "..."`. Pure.

A name alone is not enough: the value has to look drawn by chance, or be a password in quotes. A bare word, a variable
or a placeholder under such a name is ordinary code.
"""

from __future__ import annotations

import itertools
import math
import re
from collections import Counter
from typing import TYPE_CHECKING, Final

from flarex_nb.vault.placeholders import is_blank_password, is_placeholder, is_wordlike
from flarex_nb.vault.ref import show_markers

if TYPE_CHECKING:
    from collections.abc import Iterator

_QUOTE: Final = r"(?:\\{0,3}[\"'`]|&(?:quot|apos|\#x?[0-9a-fA-F]{2,4});)"

_AUTHORIZATION: Final = re.compile(
    rf"(?i)(?<![a-z0-9])(?:proxy-)?authorization{_QUOTE}?\]?[ \t]*[:=,][ \t]*[bf]?{_QUOTE}?"
    r"(?:bearer|basic|token|bot|apikey|api-key|key|sso-key)[ \t]+(?P<key>[^\s\"'`\\,;&]{8,})"
)
_BEARER: Final = re.compile(r"(?i)(?<![a-z0-9])bearer(?:[ \t]+|%20)(?P<key>[\w.~+/-]{20,}=*)")
_COOKIE: Final = re.compile(
    rf"(?i)(?<![a-z0-9])(?:set-)?cookies?{_QUOTE}?\]?[ \t]*[:=,][ \t]*{_QUOTE}?"
    r"(?:[\w.-]{1,60}=[^;\s\"']{0,200};[ \t]*){0,20}?"
    r"(?:\w{0,20}sess(?:ion)?(?:_?id)?|sid|\w{0,20}auth\w{0,20}|jwt|connect\.sid)=(?P<key>[^;\s\"']{16,})"
)

_HEADERS: Final = (
    ("authorization", _AUTHORIZATION, "a literal credential in Authorization", False),
    ("bearer", _BEARER, "a literal credential in Authorization", True),
    ("cookie", _COOKIE, "a session's cookie", True),
)
"""(a word that is there in lower case, the pattern, what it is, whether the value must look random)."""

_WORD: Final = re.compile(
    r"(?:key|token|secret|passw(?:or)?d|pwd|passphrase|credential)"
    r"(?=[a-z0-9_-]{0,16}+[\\\"'`\])]{0,5}(?:&[#a-z0-9]{2,6};)?[ \t]{0,80}(?:[:=,><!|(]|\\u|or\b|is\b|(?<=[ \t])\S{8}))"
)
"""In lower case, and only where something follows that can assign a value: most words of prose end the search here."""

_SPELLED: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-")
_LONGEST_NAME: Final = 60

_KEY_OF: Final = re.compile(
    r"(?i)(?:api|access|secret|private|signing|auth|subscription|account|encryption|master|service|db|database|client"
    r"|license|app|application|shared|storage|session|webhook|deploy|ssh|admin|root|consumer|integration|functions?"
    r"|host|write|read|project|org|server|user|hmac|aes|jwt|fernet|crypt|ingest)[_. -]?$"
)
_REST: Final = re.compile(
    r"""(?x)
    (?P<suffix>(?:[_-]?(?:v?[0-9]{1,3}|base|string|value|live|prod(?:uction)?|dev(?:elopment)?|staging|test|old|new|main|us|eu
        |access[_-]?key))?)
    (?![A-Za-z0-9_])
    """
)
_ASSIGNED: Final = re.compile(
    rf"""(?x)
    (?P<closed>{_QUOTE})? [ \t]* \]? [ \t]*
    (?: :[ \t]*(?:str|bytes|(?:t\.|typing\.)?(?:Optional|Final|Annotated)\[[^\]\n]{{1,40}}\]|SecretStr|Final
        |string)[ \t]*=
      | :=|={{1,3}}>?|!==?|<-|:(?!:)|=>
      | (?P<comma>,)
      | \)[ \t]*(?:or|\|\|)
      | [ \t]+is:?(?=[ \t])
      | (?P<gap>[ \t]+(?=[\w"'\\]))
      | >|\\u003[de]
    )
    [ \t]* (?:(?:\w{{0,30}}Secret(?:Str)?|str|bytes)?\([ \t]*(?:\r?\n[ \t]*)?)?
    (?:
      [bfruBFRU@]{{0,2}} {_QUOTE} (?P<quoted>(?:[^\s"'`\\<>&]|\\/|&(?!quot;|apos;|\#|lt;|gt;))
        (?:[^\s"'`\\&]|\\/|&(?!quot;|apos;|\#)){{3,511}}) (?:{_QUOTE}|$|(?=[\r\n]|\\+[nrt]))
    | (?P<bare>[A-Za-z0-9_\-+/=.~%!^&*\#@$<{{\[][A-Za-z0-9_\-+/=.~%!^*\#@?${{\[]{{7,511}}) (?P<after>[(\[]?)
    )
    """,
    re.MULTILINE,
)
_NOT_SECRET: Final = re.compile(
    r"(?i)idempot|page|next|sync|cursor|continu|cache|public|publishable|csrf|xsrf|max|primary|foreign|partition|sort"
    r"|fingerprint|hash|group[_-]?key|tokeniz|placeholder|anon[_-]?key|site[_-]?key|key[_.-]?id|translation"
)
_UUID: Final = re.compile(r"(?i)[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_LOOKS_CODE: Final = re.compile(r"[A-Za-z_][\w]*(?:\.[A-Za-z_]\w*)+|[./~].*|https?:.*|\d[\d.,:/-]*")
_ADDRESS: Final = re.compile(r"(?i)[a-z][a-z0-9+.-]{1,9}://")
"""An address is no key; a password in one, and one that is a key as a whole, have shapes of their own."""

_NO_PASSWORDS: Final = frozenset(
    {"password", "passwd", "pass", "pwd", "pw", "secret", "user", "username", "token", "root", "admin", "guest", "test"}
    | {"postgres", "mysql", "rabbitmq", "mypassword", "minioadmin", "hunter", "string", "none", "null", "true", "false"}
)
_SHORTEST: Final = 16
_SHORTEST_QUOTED: Final = 8
_SHORTEST_PASSWORD: Final = 6
_RANDOM_BITS: Final = 3.0
"""Bits a character: words in snake case have less, 16 random characters of base 62 or hex about 3.2 and more."""


def named_keys(text: str) -> Iterator[tuple[int, int, str, str]]:
    """Return (start, end, kind, name) of each value under a telling name that looks like a key."""
    low = lowered(text)
    for lead, pattern, kind, shortest in _HEADERS:
        for found in pattern.finditer(text) if lead in low else ():
            if not is_blank(found["key"]) and (not shortest or looks_random(found["key"])):
                yield *found.span("key"), kind, "SERVICE_API_KEY"
    for word in _WORD.finditer(low):
        yield from _under(text, word)


def lowered(text: str) -> str:
    """Return the text in lower case, every character at its place."""
    low = text.lower()
    if len(low) == len(text):
        return low
    # a few letters grow in lower case (U+0130), and places would move
    return "".join(character.lower() if character.isascii() else character for character in text)


def _under(text: str, word: re.Match[str]) -> Iterator[tuple[int, int, str, str]]:
    rest = _REST.match(text, word.end())
    found = _ASSIGNED.match(text, rest.end()) if rest else None
    if rest is None or found is None:
        return
    first = start = word.start()
    least = max(0, start - _LONGEST_NAME)
    while first > least and text[first - 1] in _SPELLED:
        first -= 1
    name = text[first : rest.end()]
    before = text[max(0, first - 4) : start] if text[first - 1 : first] == " " and first == start else text[first:start]
    if tells(before, text[start : word.end()]) and _joined(found, name) and _is_key(found, name, word[0]):
        yield *found.span("quoted" if found["quoted"] else "bare"), "what looks like a key", name_from(name)


def tells(before: str, word: str) -> bool:
    """Return whether the name says that a secret follows: `api_key` and `CRM_KEY` do, `sort_key` and `monkey` don't."""
    if _NOT_SECRET.search(before + word):
        return False
    lower = word.lower()
    if lower.startswith(("passw", "pwd", "passphrase")):
        return lower != "pwd" or not before or not before[-1].isalpha() or word[0].isupper()
    if lower == "key":
        named = before.isupper() and word.isupper() and before.endswith("_")
        return bool(_KEY_OF.search(before)) or named or (before.lower().startswith("x-") and before.endswith("-"))
    return not before or not before[-1].isalpha() or (word[0].isupper() and before[-1].islower())


def _joined(found: re.Match[str], name: str) -> bool:
    """Return whether name and value belong together by what stands between them."""
    if found["gap"]:  # `--api-key VALUE`, netrc's `password VALUE`, and tables' columns have nothing between
        return name.startswith("--") or name == "password" or "\t" in found["gap"] or "  " in found["gap"]
    if found["comma"]:
        return bool(found["closed"] and found["quoted"])
    return True


def _is_key(found: re.Match[str], name: str, word: str) -> bool:
    key, quoted = found["quoted"] or found["bare"], bool(found["quoted"])
    password = word.startswith(("passw", "pwd", "passphrase")) and not found["comma"]
    blank = is_blank_password(key) if password and quoted else is_placeholder(key)
    if blank or show_markers(key) != key or _ADDRESS.match(key):
        return False
    if password:
        return _is_password(key, quoted=quoted or name.isupper(), after=found["after"] or "")
    if is_wordlike(key) or _NOT_SECRET.search(name) or (not quoted and (found["after"] or _LOOKS_CODE.fullmatch(key))):
        return False
    return looks_random(key) if not quoted or len(key) >= _SHORTEST else _is_short_key(key)


def _is_password(key: str, *, quoted: bool, after: str) -> bool:
    """People choose passwords: shorter, and less by chance than keys; in quotes it is a value for certain."""
    if _LOOKS_CODE.fullmatch(key) or len(key) < _SHORTEST_PASSWORD:
        return False
    kinds = _kinds(key)
    if quoted:
        return kinds > 1 if len(key) < _SHORTEST else not is_wordlike(key)
    return not after and (looks_random(key) or (len(key) >= _SHORTEST_QUOTED and kinds > 2))  # noqa: PLR2004 - of four


def _kinds(key: str) -> int:
    """Return how many of lower case, upper case, digits and signs it has; hyphens and underscores are no signs."""
    return sum(
        any(test(character) for character in key)
        for test in (str.islower, str.isupper, str.isdigit, lambda each: not each.isalnum() and each not in "_-")
    )


def _is_short_key(key: str) -> bool:
    turns = sum(one.isdigit() != other.isdigit() for one, other in itertools.pairwise(key) if other.isalnum())
    return len(key) >= _SHORTEST_QUOTED and turns > 1 and key.isalnum()


def looks_random(key: str) -> bool:
    """Return whether the text looks drawn by chance: long, letters and digits, no pattern in it; or a UUID."""
    if _UUID.fullmatch(key):
        return True
    mixed = any(character.isdigit() for character in key) and any(character.isalpha() for character in key)
    return len(key) >= _SHORTEST and mixed and bits(key) >= _RANDOM_BITS


def bits(text: str) -> float:
    """Return the entropy of the text's own characters, in bits a character (Shannon)."""
    return -sum(count / len(text) * math.log2(count / len(text)) for count in Counter(text).values())


def is_blank(key: str) -> bool:
    """Return whether the text is a placeholder, a word or a marker rather than a value."""
    return is_placeholder(key) or is_wordlike(key) or show_markers(key) != key


def is_no_password(key: str, kind: str) -> bool:
    """Return whether the text where a password belongs is documentation's word for one, or in a command any word."""
    return key.lower() in _NO_PASSWORDS or (is_wordlike(key) and "URL" not in kind) or show_markers(key) != key


def name_from(written: str) -> str:
    """Return the name it stands under as the name of a secret; a bare `api_key` does not say whose."""
    words = re.sub(r"[^A-Za-z0-9]+", "_", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", written)).strip("_").upper()
    words = words.removeprefix("X_")
    return (
        words if "_" in words and words not in {"API_KEY", "ACCESS_TOKEN"} and words[0].isalpha() else "SERVICE_API_KEY"
    )
