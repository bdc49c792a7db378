"""String literals side by side in source that make one text: `"sk_live_" "4eC3..."`, `"sk_" + "live_..."`. Pure.

Returns the source with the joints taken out, and where each place of it was before. Knows nothing of keys.
"""

from __future__ import annotations

import bisect
import re
from typing import Final, NamedTuple

_JOINT: Final = re.compile(
    r"""
    (?<![\\"'])["']                                  # a closing quote
    (?=[ \t+\\\r\n])(?:[ \t]*\\?\r?\n)?[ \t]*        # something between, perhaps a line break,
    (?:\+[ \t]*)?(?:\\?\r?\n[ \t]*)?                 # perhaps a plus sign, but never a comma
    [bfruBFRU]{0,2}["'](?!["'])                      # and an opening quote
    """,
    re.VERBOSE,
)


class Joined(NamedTuple):
    """The text without joints, where each remaining piece begins in it, and how much was taken out before that."""

    text: str
    begins: tuple[int, ...]
    taken: tuple[int, ...]

    def before(self, place: int) -> int:
        """Return the place in the source of a place in the joined text."""
        return place + self.taken[bisect.bisect_right(self.begins, place) - 1]


def join_literals(source: str) -> Joined | None:
    """Return the source with neighbouring literals joined, None where there are none."""
    pieces, begins, taken = [], [0], [0]
    at = length = 0
    for found in _JOINT.finditer(source):
        pieces.append(source[at : found.start()])
        length += found.start() - at
        at = found.end()
        begins.append(length)
        taken.append(at - length)
    if not pieces:
        return None
    pieces.append(source[at:])
    return Joined("".join(pieces), tuple(begins), tuple(taken))
