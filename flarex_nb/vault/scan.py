"""Keys that somebody typed or saved in a text: where each stands and what it looks like, never what it is. Pure.

Knows the shapes that issuers give their keys, values near the names of keys, and, when told, this session's values.
A key of no known shape under no telling name is not found.
"""

from __future__ import annotations

import bisect
import math
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from flarex_nb.errors import CellSyntaxError
from flarex_nb.model import Span
from flarex_nb.vault.placeholders import is_placeholder, is_wordlike
from flarex_nb.vault.ref import show_markers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    Contains = Callable[[str], Iterable[tuple[int, int, str]]]
    """Tells (start, end, name) of each known value in a text, as `Redactor.find` does."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One key in a text: what it looks like, a name to keep it under, its place (from 1) and length, never itself."""

    kind: str
    name_hint: str
    line: int
    column: int
    length: int

    @property
    def place(self) -> str:
        """The place in words: "line 3, column 23"."""
        return str(Span(self.line, self.column))


class _Shape(NamedTuple):
    """How an issuer's keys look; group "key" is the key where the pattern needs more around it."""

    kind: str
    name: str
    pattern: re.Pattern[str]


def _shape(kind: str, name: str, pattern: str) -> _Shape:
    return _Shape(kind, name, re.compile(rf"(?<![A-Za-z0-9])(?:{pattern})"))


_B62: Final = "[A-Za-z0-9]"
_SHAPES: Final = (
    # A service account's file holds the key as one JSON string, so its line breaks may be written as \n.
    _shape("a private key", "PRIVATE_KEY", r"-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----"),
    _shape("a Stripe secret key", "STRIPE_SECRET_KEY", rf"sk_(?:live|test|org)_{_B62}[A-Za-z0-9_]{{15,}}"),
    _shape("a Stripe restricted key", "STRIPE_SECRET_KEY", rf"rk_(?:live|test)_{_B62}{{16,}}"),
    _shape("a webhook signing secret", "STRIPE_WEBHOOK_SECRET", r"whsec_[A-Za-z0-9+/]{16,}={0,2}"),
    _shape("an Anthropic API key", "ANTHROPIC_API_KEY", r"sk-ant-[\w-]{16,}"),
    _shape("an OpenRouter API key", "OPENROUTER_API_KEY", r"sk-or-[\w-]{16,}"),
    _shape("an OpenAI API key", "OPENAI_API_KEY", rf"sk-(?:proj|svcacct|admin)-[\w-]{{16,}}|sk-{_B62}{{20,}}"),
    _shape("a GitHub token", "GITHUB_TOKEN", rf"gh[opsur]_{_B62}{{20,}}|github_pat_\w{{22,}}"),
    _shape("a GitLab token", "GITLAB_TOKEN", r"glpat-[\w-]{20,}"),
    _shape("a Google API key", "GOOGLE_API_KEY", r"AIza[\w-]{35}(?![\w-])"),
    _shape("a Google OAuth client secret", "GOOGLE_CLIENT_SECRET", r"GOCSPX-[\w-]{20,}"),
    _shape("a Google access token", "GOOGLE_ACCESS_TOKEN", r"ya29\.[\w-]{20,}"),
    _shape("a Slack token", "SLACK_API_KEY", r"xox[a-z](?:\.xox[a-z])?-[A-Za-z0-9-]{10,}|xapp-[A-Za-z0-9-]{10,}"),
    _shape("a Slack webhook", "SLACK_WEBHOOK_URL", r"https://hooks\.slack\.com/(?:services|workflows)/[\w/-]{20,}"),
    _shape(
        "a Discord webhook",
        "DISCORD_WEBHOOK_URL",
        r"https://(?:(?:ptb|canary)\.)?discord(?:app)?\.com/api/(?:v[0-9]{1,2}/)?webhooks/[0-9]{5,}/[\w-]{20,}",
    ),
    _shape("an AWS access key", "AWS_ACCESS_KEY_ID", r"(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])"),
    _shape("a Hugging Face token", "HF_TOKEN", rf"hf_{_B62}{{30,}}"),
    _shape("a package registry token", "REGISTRY_TOKEN", rf"npm_{_B62}{{30,}}|pypi-[\w-]{{40,}}"),
    _shape("a SendGrid API key", "SENDGRID_API_KEY", r"SG\.[\w-]{16,}\.[\w-]{16,}"),
    _shape("a signed token (JWT)", "ACCESS_TOKEN", r"eyJ[\w-]{10,}\.eyJ[\w-]{4,}\.[\w-]{16,}"),
    _shape(
        "a password in a URL",
        "SERVICE_PASSWORD",
        r"[a-z][a-z0-9+.-]{1,20}://[^\s/:@\"']{0,80}:(?P<key>[^\s/@\"']{4,200})@",
    ),
)

_QUOTE: Final = r"\\{0,3}[\"']?"
_AUTHORIZATION: Final = re.compile(
    rf"(?i)(?<![a-z0-9])(?:proxy-)?authorization{_QUOTE}[ \t]*[:=,][ \t]*[bf]?{_QUOTE}"
    r"(?:bearer|basic|token|bot|apikey)[ \t]+(?P<key>[^\s\"'\\,;]{8,})"
)
_NAMED: Final = re.compile(
    r"""(?ix)
    (?<![a-z0-9_.-])
    (?P<name>[a-z0-9_.-]{0,40}?
       (?:api[_-]?key|access[_-]?key|secret[_-]?key|private[_-]?key|signing[_-]?key|auth[_-]?key|subscription[_-]key
         |client[_-]?secret|(?<![a-z])secret|(?:access|refresh|auth|bearer|bot|id|api)[_-]?token|(?<![a-z])token
         |passw(?:or)?d|passphrase))
    \\{0,3}["']?[ \t]*(?:[:=]|=>)[ \t]*[bfr]?(?P<quote>\\{0,3}["'])?
    (?P<key>[A-Za-z0-9_\-+/=.~%!^&*#@$<{\[]{8,512})
    (?P<after>[(\[.]?)
    """
)
_NOT_SECRET: Final = re.compile(
    r"(?i)idempot|page|next|sync|cursor|continu|cache|public|publishable|csrf|xsrf|max|primary|foreign"
)
_UUID: Final = re.compile(r"(?i)[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_SHORTEST: Final = 16
_RANDOM_BITS: Final = 3.0
"""Bits a character: words in snake case have less, 16 random characters of base 62 or hex about 3.2 and more."""


def find_keys(text: str, contains: Contains | None = None) -> list[Finding]:
    """Return the literal keys in the text, in order, none overlapping.

    `contains` finds known values. Visible placeholders (`sk_test_xxxx`, `<YOUR_KEY>`, `{{token}}`, `...`) and markers
    are no findings.
    """
    taken: list[tuple[int, int, str, str]] = []
    for start, end, kind, name in _all(text, contains):
        if all(end <= other[0] or start >= other[1] for other in taken):
            taken.append((start, end, kind, name))
    begins = [0, *(found.end() for found in re.finditer(r"\r\n|\r|\n", text))]
    return [
        Finding(kind, name, line, start - begins[line - 1] + 1, end - start)
        for start, end, kind, name in sorted(taken)
        for line in [bisect.bisect_right(begins, start)]
    ]


def refuse_literal_keys(text: str, contains: Contains | None = None, *, first_line: int = 1) -> None:
    """Accept a text without keys; `first_line` is the number of its first line in the cell.

    Raises:
        CellSyntaxError: naming line and column, what the key looks like and where it belongs; never the key.
    """
    found = find_keys(text, contains)
    if not found:
        return
    first = found[0]
    more = f", and {len(found) - 1} more below" if len(found) > 1 else ""
    place = str(Span(first.line + first_line - 1, first.column))
    msg = f"{first.kind} is written out on {place}{more}; nothing was sent"
    name = first.name_hint
    hint = (
        f"Run %flarex_secrets set {name}, then write {{{{$secret {name}}}}} instead of the key. The cell as it was run "
        "is already in the notebook and in IPython's history: if others can read those, replace the key at its issuer."
    )
    raise CellSyntaxError(msg, hint=hint, place=place)


def _all(text: str, contains: Contains | None) -> Iterator[tuple[int, int, str, str]]:
    """Return candidates, the surest first: a later one that overlaps says nothing new."""
    for start, end, name in contains(text) if contains else ():
        yield start, end, f"the value of {name}", name
    yield from _shaped(text)
    for found in _AUTHORIZATION.finditer(text):
        if not _is_blank(found["key"]):
            yield found.start("key"), found.end("key"), "a literal credential in Authorization", "SERVICE_API_KEY"
    for found in _NAMED.finditer(text):
        if _is_named_key(found):
            yield found.start("key"), found.end("key"), "what looks like a key", _name_from(found["name"])


def _shaped(text: str) -> Iterator[tuple[int, int, str, str]]:
    for shape in _SHAPES:
        group = "key" if "key" in shape.pattern.groupindex else 0
        for found in shape.pattern.finditer(text):
            if not is_placeholder(found[group]):
                yield found.start(group), found.end(group), shape.kind, shape.name


def _is_blank(key: str) -> bool:
    return is_placeholder(key) or is_wordlike(key) or show_markers(key) != key


def _is_named_key(found: re.Match[str]) -> bool:
    key, password = found["key"], "pass" in found["name"].lower()
    if _NOT_SECRET.search(found["name"]) or _is_blank(key):
        return False
    if password and found["quote"]:
        return True
    if len(key) < _SHORTEST or (not found["quote"] and found["after"]):
        return False
    mixed = any(character.isdigit() for character in key) and any(character.isalpha() for character in key)
    return bool(_UUID.fullmatch(key)) or (mixed and _bits(key) >= _RANDOM_BITS)


def _bits(text: str) -> float:
    """Return the entropy of the text's own characters, in bits a character (Shannon)."""
    return -sum(count / len(text) * math.log2(count / len(text)) for count in Counter(text).values())


def _name_from(written: str) -> str:
    """Return the name it stands under as the name of a secret; a bare `api_key` does not say whose."""
    words = re.sub(r"[^A-Za-z0-9]+", "_", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", written)).strip("_").upper()
    words = words.removeprefix("X_")
    return (
        words if "_" in words and words not in {"API_KEY", "ACCESS_TOKEN"} and words[0].isalpha() else "SERVICE_API_KEY"
    )
