"""Masks every known secret in text, JSON and buffers. The second line of defence: the first is not to hold values.

Holds the written forms of values, and is the only object outside a send that does; it shows names alone. Plain `in` and
`replace`, longest form first: measured as fast as anything when nothing matches, which is the usual case.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NoReturn

from flarex_nb.vault.forms import binary_forms, forms
from flarex_nb.vault.intake import is_maskable

if TYPE_CHECKING:
    from flarex_nb.model import Json

_DEEPEST: Final = 200
_TOO_DEEP: Final = "[nested too deeply to be checked for secrets]"


class _Hidden(tuple[tuple[str, str], ...]):
    """Pairs of form and mask; its repr shows how many, so that no debugger or traceback can show one."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<{len(self)} forms>"


class Redactor:
    """A `model.Redact`: called with a text, it returns the text with each known value as [NAME]."""

    __slots__ = ("_all", "_buffers", "_by_name")

    def __init__(self) -> None:
        """Begin knowing nothing."""
        self._by_name: dict[str, _Hidden] = {}
        self._all = _Hidden()
        self._buffers: tuple[bytes, ...] | None = None

    def register(self, name: str, value: str) -> bool:
        """Mask the value, and those of the name known before, as [NAME]; return whether the value can be masked.

        Values under 8 characters and everyday words are not taken: they would mask ordinary text.
        """
        known = self._by_name.get(name, _Hidden())
        try:
            if not is_maskable(value):
                return False
            if not any(form == value for form, _ in known):
                mask = f"[{name}]"
                self._by_name[name] = _Hidden({*known, *((form, mask) for form in forms(value))})
                self._arrange()
            return True
        finally:
            del value

    def forget(self, name: str) -> None:
        """Mask no value of that name any more."""
        if self._by_name.pop(name, None) is not None:
            self._arrange()

    def names(self) -> tuple[str, ...]:
        """Return the names whose values are masked."""
        return tuple(sorted(self._by_name))

    def __call__(self, text: str) -> str:
        """Return the text with each known value, in any of its written forms, replaced by [NAME]."""
        for form, mask in self._all:
            if form in text:
                text = text.replace(form, mask)
        return text

    def find(self, text: str) -> list[tuple[int, int, str]]:
        """Return (start, end, name) of each known value in the text, in order, none overlapping."""
        found: list[tuple[int, int, str]] = []
        for form, mask in self._all:
            start = text.find(form)
            while start >= 0:
                end = start + len(form)
                if all(end <= other[0] or start >= other[1] for other in found):
                    found.append((start, end, mask[1:-1]))
                start = text.find(form, end)
        return sorted(found)

    def walk(self, obj: Json) -> Json:
        """Return the JSON-like structure with every string masked, keys and numbers too; buffers keep their length.

        Works on parsed values, so what is written from it is still valid JSON. Dictionaries, lists and tuples are
        copied, other objects returned as they are; deeper than 200 levels they are replaced, not let through.
        """
        return self._walked(obj, 0) if self._all else obj

    def mask(self, data: bytes | bytearray | memoryview) -> bytes:
        """Return the buffer with each known value overwritten by asterisks: the same length."""
        if self._buffers is None:
            every = {encoded for form, _ in self._all for encoded in binary_forms(form)}
            self._buffers = tuple(sorted(every, key=lambda form: (-len(form), form)))
        masked = bytes(data)
        for form in self._buffers:
            if form in masked:
                masked = masked.replace(form, b"*" * len(form))
        return masked

    def _walked(self, obj: Json, depth: int) -> Json:
        if isinstance(obj, str):
            return self(obj)
        if isinstance(obj, dict | list | tuple):
            if depth >= _DEEPEST:
                return _TOO_DEEP
            if isinstance(obj, dict):
                return self._walked_dict(obj, depth)
            items = [self._walked(item, depth + 1) for item in obj]
            return items if isinstance(obj, list) else tuple(items)
        return self._leaf(obj)

    def _walked_dict(self, obj: dict[Json, Json], depth: int) -> dict[Json, Json]:
        masked: dict[Json, Json] = {}
        for key, value in obj.items():
            shown = new = self._walked(key, depth + 1)
            count = 1
            while new in masked:  # two secrets under one mask must not become one entry
                count += 1
                new = f"{shown} {count}"
            masked[new] = self._walked(value, depth + 1)
        return masked

    def _leaf(self, obj: Json) -> Json:
        if isinstance(obj, bytes | bytearray | memoryview):
            return self.mask(obj)
        if isinstance(obj, int | float) and not isinstance(obj, bool):
            text = str(obj)
            masked = self(text)
            return obj if masked == text else masked
        return obj

    def _arrange(self) -> None:
        every = {pair for pairs in self._by_name.values() for pair in pairs}
        self._all = _Hidden(sorted(every, key=lambda pair: (-len(pair[0]), pair)))
        self._buffers = None

    def __repr__(self) -> str:
        """Return the names."""
        return f"<Redactor of {', '.join(self.names()) or 'nothing'}>"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        """Refuse: it holds what must not leave the kernel."""
        msg = "the redactor cannot be pickled or copied: it knows what to mask"
        raise TypeError(msg)
