"""One stream's text, which comes in pieces, masked as the whole that its reader sees.

Holds back what may be the beginning of a value until the next piece or `settle` decides, and remembers which beginnings
were shown, so that the rest of the value is masked all the same. Pure: whoever owns the stream brings time and threads.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from flarex_nb.vault.forms import SHORTEST

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flarex_nb.vault.redact import Masker

_FEWEST: Final = 4
"""Characters of a value that are held back; fewer stand at the end of ordinary text all the time."""

_PUBLIC: Final = re.compile(r"(?:(?:[a-z]{2,6}[0-9]{0,2}|sandbox)[_-]){1,3}")
"""What issuers put before every key of theirs, such as `sk_live_`."""

_LONGEST_PUBLIC: Final = 12
_PROBE: Final = 8


class _Begun(NamedTuple):
    """The first `matched` characters of a form stand at the end of what was shown; `mask` is for the rest of it."""

    form: str
    mask: str
    matched: int

    def __repr__(self) -> str:
        return f"<{self.matched} characters of {self.mask}>"


class Beginnings:
    """How forms begin: tells where the end of a text may be one. Made once for each arrangement of forms."""

    __slots__ = ("_by_first", "_lines", "_longest", "_of")

    def __init__(self, pairs: tuple[tuple[str, str], ...]) -> None:
        """Arrange the forms by their first character."""
        self._of = pairs
        self._longest = max((len(form) for form, _ in pairs), default=0)
        self._lines = any("\n" in form for form, _ in pairs)
        self._by_first: dict[str, list[tuple[str, str]]] = {}
        for form, mask in pairs:
            self._by_first.setdefault(form[0], []).append((form, mask))

    def are_of(self, pairs: tuple[tuple[str, str], ...]) -> bool:
        """Tell whether these are the forms arranged here."""
        return pairs is self._of

    def at_end_of(self, text: str) -> Iterator[tuple[int, _Begun]]:
        """Give each place from which on the text is the beginning of a form and no whole one, the first place first."""
        first = max(0, len(text) - self._longest + 1)
        if not self._lines:  # no form runs over the end of a line
            first = max(first, text.rfind("\n") + 1)
        for at in range(first, len(text)):
            for form, mask in self._by_first.get(text[at], ()):
                count = len(text) - at
                if count < len(form) and text.startswith(form[: min(_PROBE, count)], at) and form.startswith(text[at:]):
                    yield at, _Begun(form, mask, count)

    def __repr__(self) -> str:
        """Return how many there are."""
        return f"<beginnings of {len(self._of)} forms>"


def _held_from(form: str) -> int:
    """Return how many characters must match before text is held back: more than what issuers put before every key."""
    public = _PUBLIC.match(form)
    shared = min(len(public[0]), _LONGEST_PUBLIC) if public else 0
    return min(max(_FEWEST, shared + 1), max(2, len(form) // 2))


class Carry:
    """The state of one stream: what is held back and which values were begun."""

    __slots__ = ("_begun", "_masks", "_places", "held")

    def __init__(self, masks: Masker) -> None:
        """Begin an empty stream."""
        self._masks = masks
        self._places = Beginnings(())
        self._begun: tuple[_Begun, ...] = ()
        self.held = ""

    def followed(self) -> Carry:
        """Return the state of a stream that goes on where this one is: what it began may be finished there."""
        after = Carry(self._masks)
        after._begun = self._begun
        return after

    def feed(self, piece: str) -> str:
        """Return what may be shown now: what was held and this piece, masked, without what may be a beginning."""
        places = self._beginnings()
        text, self.held = self.held + piece, ""
        if not text:
            return ""
        shown, text, going_on = self._finished(text)
        ends = list(places.at_end_of(text))
        cut = self._cut(text, ends, going_on)
        ready, self.held = text[:cut], text[cut:]
        self._begun = (*(each._replace(matched=each.matched + cut) for each in going_on), *_parts(ends, cut, len(text)))
        return shown + self._masks(ready)

    def settle(self) -> str:
        """Return what was held: as it is, or masked where it is the larger part of a value."""
        text, self.held = self.held, ""
        if not text:
            return ""
        begun = [*(each._replace(matched=each.matched + len(text)) for each in self._begun if _goes_on(each, text))]
        begun += [each for _, each in self._beginnings().at_end_of(text)]
        self._begun = tuple(begun)
        most = next((each for each in begun if each.matched >= max(SHORTEST, len(each.form) // 2)), None)
        if most is None:
            return self._masks(text)
        self._begun = tuple(each._replace(mask="") for each in begun)  # the rest of it needs no second mask
        return self._masks(text[: max(0, len(text) - most.matched)]) + most.mask

    def _beginnings(self) -> Beginnings:
        pairs = self._masks.pairs()
        if not self._places.are_of(pairs):
            self._places = Beginnings(pairs)
        return self._places

    def _finished(self, text: str) -> tuple[str, str, list[_Begun]]:
        """Return the mask for the rest of a value begun before, the text after it, and what the text goes on with."""
        for each in sorted(self._begun, key=lambda begun: begun.matched - len(begun.form)):
            rest = each.form[each.matched :]
            if text.startswith(rest):
                return each.mask, text[len(rest) :], []
        return "", text, [each for each in self._begun if _goes_on(each, text)]

    def _cut(self, text: str, ends: list[tuple[int, _Begun]], going_on: list[_Begun]) -> int:
        """Return from where on the text is held back; its length for nowhere, and never inside a whole value."""
        if any(each.matched + len(text) >= _held_from(each.form) for each in going_on):
            return 0
        places = [at for at, each in ends if each.matched >= _held_from(each.form)]
        if not places:
            return len(text)
        whole = self._masks.find(text)
        return next((at for at in places if not any(start < at < end for start, end, _ in whole)), len(text))


def _parts(ends: list[tuple[int, _Begun]], cut: int, length: int) -> Iterator[_Begun]:
    """Give the beginnings of which a part is shown: what is held will be looked at again with the next piece."""
    for at, each in ends:
        if at < cut:
            yield each._replace(matched=each.matched - (length - cut))


def _goes_on(begun: _Begun, text: str) -> bool:
    rest = begun.form[begun.matched :]
    return len(text) < len(rest) and rest.startswith(text)
