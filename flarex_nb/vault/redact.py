"""Masks every known secret in text, JSON and buffers. The second line of defence: the first is not to hold values.

Holds the written forms of values, and is the only object outside a send that does; it shows names alone. A sieve tells
that nothing matches, which is the usual case; then plain `in` and `replace`, the longest form first.
"""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Final, NoReturn

from flarex_nb.vault.forms import SHORTEST, binary_forms, forms, narrow_forms, packed_forms
from flarex_nb.vault.intake import is_maskable
from flarex_nb.vault.known import KNOWN
from flarex_nb.vault.sieve import Sieve

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flarex_nb.model import Json

_DEEPEST: Final = 200
_TOO_DEEP: Final = "[nested too deeply to be checked for secrets]"


class _Hidden(tuple[tuple[str, str], ...]):
    """Pairs of form and mask; its repr shows how many, so that no debugger or traceback can show one."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<{len(self)} forms>"


class _Forms:
    """One arrangement of forms and what is worked out of it; replaced whole, so that no thread sees half of two."""

    __slots__ = ("all", "buffers", "numbers", "packed", "sieve")

    def __init__(self, pairs: Iterable[tuple[str, str]] = ()) -> None:
        self.all = _Hidden(sorted(set(pairs), key=lambda pair: (-len(pair[0]), pair)))
        self.numbers = any(_is_number(form) for form, _ in self.all)
        self.sieve = Sieve(form.encode("utf-8", "surrogatepass") for form, _ in self.all)
        self.packed: Sieve | None = None  # this and the next are made when they are first needed
        self.buffers: tuple[Sieve, tuple[bytes, ...]] | None = None

    def of_packed(self) -> Sieve:
        """Return what looks through JSON."""
        if self.packed is None:
            self.packed = Sieve(each for form, _ in self.all for each in packed_forms(form))
        return self.packed

    def of_buffers(self) -> tuple[Sieve, tuple[bytes, ...]]:
        """Return what looks through a buffer, and what is overwritten in it, the longest first."""
        if self.buffers is None:
            every = {encoded for form, _ in self.all for encoded in binary_forms(form)}
            self.buffers = Sieve(every), tuple(sorted(every, key=lambda form: (-len(form), form)))
        return self.buffers

    def __repr__(self) -> str:
        return repr(self.all)


class Masker:
    """Pairs of form and mask, applied: called with a text, it returns the text with each value as [NAME]."""

    __slots__ = ("__weakref__", "_forms")

    def __init__(self) -> None:
        """Begin knowing nothing."""
        self._forms = _Forms()

    def __bool__(self) -> bool:
        """Tell whether there is anything to mask."""
        return bool(self._forms.all)

    def __call__(self, text: str) -> str:
        """Return the text with each known value, in any of its written forms, replaced by [NAME]."""
        forms = self._forms
        if len(text) >= SHORTEST and forms.sieve.passes(text.encode("utf-8", "surrogatepass")):
            for form, mask in forms.all:
                if form in text:
                    text = text.replace(form, mask)
                    while mask + mask in text:  # neighbouring parts of one value
                        text = text.replace(mask + mask, mask)
        return text

    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Return (form, mask), the longest form first; its repr shows none. The same object until something changes."""
        return self._forms.all

    def touches(self, packed: bytes) -> bool:
        """Tell whether JSON as it is sent may hold a value: False is certain, True is for `walk` to find out."""
        return self._forms.of_packed().passes(packed)

    def find(self, text: str) -> list[tuple[int, int, str]]:
        """Return (start, end, name) of each known value in the text, in order, none overlapping."""
        found: list[tuple[int, int, str]] = []
        for form, mask in self._forms.all:
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
        return self._walked(obj, 0) if self else obj

    def mask(self, data: bytes | bytearray | memoryview) -> bytes:
        """Return the buffer with each known value overwritten by asterisks: the same length."""
        sieve, looked_for = self._forms.of_buffers()
        masked = bytes(data)
        for form in looked_for if sieve.passes(masked) else ():
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
            is_document = isinstance(key, str) and key.endswith("json") and isinstance(value, str)
            masked[new] = self._document(value) if is_document else self._walked(value, depth + 1)
        return masked

    def _document(self, text: str) -> str:
        """A JSON mimetype given as text: what is masked in its strings is written again, so that it stays JSON."""
        masked = self(text)
        if masked != text:
            with contextlib.suppress(ValueError, RecursionError):
                return json.dumps(self.walk(json.loads(text)), ensure_ascii=False)
        return masked

    def _leaf(self, obj: Json) -> Json:
        if isinstance(obj, bytes | bytearray | memoryview):
            return self.mask(obj)
        if self._forms.numbers and isinstance(obj, int | float) and not isinstance(obj, bool):
            text = str(obj)
            masked = self(text)
            return obj if masked == text else masked
        return obj

    def __repr__(self) -> str:
        """Return how much it knows."""
        return f"<{type(self).__name__}, {len(self._forms.all)} forms>"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        """Refuse: it holds what must not leave the kernel."""
        msg = "the redactor cannot be pickled or copied: it knows what to mask"
        raise TypeError(msg)


def _is_number(form: str) -> bool:
    """Tell whether a number's text could hold the form."""
    return all(character in "0123456789+-.e" for character in form)


class Redactor(Masker):
    """A `model.Redact` that learns values by name; what it knows, the process's output is guarded against."""

    __slots__ = ("_by_name",)

    def __init__(self) -> None:
        """Begin knowing nothing."""
        super().__init__()
        self._by_name: dict[str, _Hidden] = {}
        KNOWN.add(self)

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
                self._rearrange()
            return True
        finally:
            del value

    def forget(self, name: str) -> None:
        """Mask no value of that name any more."""
        if self._by_name.pop(name, None) is not None:
            self._rearrange()

    def names(self) -> tuple[str, ...]:
        """Return the names whose values are masked."""
        return tuple(sorted(self._by_name))

    def _rearrange(self) -> None:
        taken: dict[str, _Hidden] | None = None
        while taken != self._by_name:  # another thread may have added to it meanwhile
            taken = dict(self._by_name)
            self._forms = _Forms(pair for pairs in taken.values() for pair in pairs)
        KNOWN.changed()

    def __repr__(self) -> str:
        """Return the names."""
        return f"<Redactor of {', '.join(self.names()) or 'nothing'}>"


class Everything(Masker):
    """What every redactor of the process knows, as one."""

    __slots__ = ()

    def __init__(self) -> None:
        """Take what is known now."""
        super().__init__()
        self.refresh()

    def refresh(self, *more: Masker) -> None:
        """Take what is known now, and what `more` know until the next time."""
        taken: list[tuple[tuple[str, str], ...]] | None = None
        while taken != (now := [each.pairs() for each in (*KNOWN.redactors(), *more)]):
            taken = now
            self._forms = _Forms(pair for pairs in now for pair in pairs)


def one_value(name: str, value: str) -> Masker:
    """Return what masks this one value, without anybody else knowing it."""
    alone = Masker()
    alone._forms = _Forms((form, f"[{name}]") for form in forms(value))  # noqa: SLF001 - its own kind
    return alone


class Bytewise(Masker):
    """The same for bytes that are read as Latin-1, one character a byte: values in UTF-8 and Latin-1 are masked."""

    __slots__ = ("_of", "_seen")

    def __init__(self, of: Masker) -> None:
        """Follow what `of` knows."""
        super().__init__()
        self._of = of
        self._seen: tuple[tuple[str, str], ...] = ()

    def __bool__(self) -> bool:
        """Tell whether there is anything to mask."""
        return bool(self._of)

    def __call__(self, text: str) -> str:
        """Return the text with each known value replaced by [NAME]."""
        self.pairs()
        return super().__call__(text)

    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Return (form, mask), the longest form first."""
        known = self._of.pairs()
        if known is not self._seen:
            self._forms = _Forms((data.decode("latin-1"), mask) for form, mask in known for data in narrow_forms(form))
            self._seen = known
        return self._forms.all
