"""A secret by name: checked names, placeholders that stand for it in a request, and the handle user code may hold.

Nothing here knows or can reach a value.
"""

from __future__ import annotations

import re
import secrets
import weakref
from typing import TYPE_CHECKING, Final, NoReturn

from flarex_nb.errors import UsageError
from flarex_nb.model import SecretRef

if TYPE_CHECKING:
    from collections.abc import Callable

    from flarex_nb.model import BoundCall, Environment

_NAME: Final = re.compile(r"[A-Z][A-Z0-9_]{0,127}")
_WORDS: Final = re.compile(r"[A-Za-z]+(?:[-_. ][A-Za-z]+)*")
_LAST_WORDS: Final = ("KEY", "TOKEN", "SECRET", "PASSWORD", "URL", "ID")
_LONGEST_WORD: Final = 16
_CONVENTION: Final = (
    "The convention is <SERVICE>_API_KEY, for example CRM_API_KEY: capital letters, digits and underscores."
)

_NONCE: Final = secrets.token_hex(16)
"""New in every process: text that comes from outside cannot spell a marker, and so cannot ask for a secret."""

_HEAD: Final = f"flarex-secret.{_NONCE}."
_MARKER: Final = re.compile(rf"{re.escape(_HEAD)}({_NAME.pattern})\.")


def check_name(name: object) -> str:
    """Return the name if it may name a secret.

    The refusal never repeats what was given: it may be the value, put in the wrong place.

    Raises:
        UsageError: not UPPER_SNAKE, or it looks like a value rather than a name.
    """
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        msg = "this is not the name of a secret"
        raise UsageError(msg, hint=_suggestion(name) + _CONVENTION)
    if "_" not in name and len(name) >= _LONGEST_WORD and any(character.isdigit() for character in name):
        msg = "this looks like a key, not like the name of one"
        raise UsageError(msg, hint=_CONVENTION)
    return name


def _suggestion(name: object) -> str:
    """Return the name as it should be written, "" unless the text is plainly words: it could be a value."""
    if not isinstance(name, str) or len(name) > 2 * _LONGEST_WORD or not _WORDS.fullmatch(name):
        return ""
    better = re.sub(r"[-. ]", "_", name).upper()
    return f"Write {better}. " if better.endswith(_LAST_WORDS) and "_" in better else ""


def marker(name: str) -> str:
    """Return the text that stands for the secret in header values, URLs and bodies until it is sent.

    It holds only characters that no quoting changes (RFC 3986 2.3), and no text from outside can spell it.

    Raises:
        UsageError: the name cannot name a secret.
    """
    return f"{_HEAD}{check_name(name)}."


def has_marker(text: str) -> bool:
    """Return whether the text may hold a marker; what has none is left alone at no cost."""
    return _HEAD in text


def find_markers(text: str) -> list[tuple[int, int, str]]:
    """Return (start, end, name) of each marker in the text, in order."""
    if _HEAD not in text:
        return []
    return [(found.start(), found.end(), found[1]) for found in _MARKER.finditer(text)]


def refs_of(call: BoundCall) -> list[SecretRef]:
    """Return the secrets a call is sent with: its service's credential and those written into its headers."""
    written = [name for _, value in call.headers for _, _, name in find_markers(value)]
    return [*(each.ref for each in call.placements), *(SecretRef(name, call.environment) for name in written)]


def written_in(call: BoundCall) -> list[SecretRef]:
    """Return the secrets a person wrote into the request themselves."""
    texts = [call.url, *(value for _, value in call.headers)]
    texts += [call.content.decode("latin-1")] if call.content else []
    return [SecretRef(name, scope=call.environment) for text in texts for _, _, name in find_markers(text)]


def show_markers(text: str) -> str:
    """Return the text with each marker as a person writes it: `{{$secret NAME}}`."""
    return _MARKER.sub(r"{{$secret \1}}", text) if _HEAD in text else text


class Secret:
    """A handle on a secret: name and environment, never the value.

    Its text is the same whichever way it is printed. It cannot be pickled or deep-copied, so `%store` and joblib refuse
    it; `copy.copy` gives the same handle.
    """

    __slots__ = ("__weakref__", "_ref", "_teller")

    def __init__(
        self, name: str, scope: Environment = "live", *, teller: Callable[[SecretRef], str] | None = None
    ) -> None:
        """Name the secret; `teller`, a bound method, says in words how it stands and is held weakly."""
        self._ref = SecretRef(check_name(name), scope)
        # Held weakly, so that nothing which holds values can be reached by following this object's attributes.
        self._teller = None if teller is None else weakref.WeakMethod(teller)

    @property
    def name(self) -> str:
        """The secret's name."""
        return self._ref.name

    @property
    def scope(self) -> Environment:
        """The environment it belongs to."""
        return self._ref.scope

    @property
    def ref(self) -> SecretRef:
        """The reference the pipeline works with."""
        return self._ref

    @property
    def marker(self) -> str:
        """The text that stands for the secret in a request's header."""
        return marker(self.name)

    def __repr__(self) -> str:
        """Return name and state: "<Secret CRM_API_KEY: set from session, bound to api.crm.example>"."""
        told = self._teller() if self._teller is not None else None
        where = "" if self.scope == "live" else f" ({self.scope})"
        return f"<Secret {self.name}{where}{': ' + told(self._ref) if told is not None else ''}>"

    def __str__(self) -> str:
        """Return the same as repr."""
        return repr(self)

    def __format__(self, spec: str) -> str:
        """Return the same as repr, laid out as asked."""
        return format(repr(self), spec)

    def __eq__(self, other: object) -> bool:
        """Tell whether both name the same secret of the same environment."""
        return isinstance(other, Secret) and self._ref == other._ref

    def __hash__(self) -> int:
        """Return a hash of name and environment."""
        return hash(self._ref)

    def __copy__(self) -> Secret:
        """Return the same handle."""
        return self

    def __deepcopy__(self, memo: object) -> NoReturn:
        """Refuse: a deep copy is the first half of storing it."""
        self._refuse("deep-copied")

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        """Refuse: a secret does not leave its kernel."""
        self._refuse("pickled or stored")

    def _refuse(self, what: str) -> NoReturn:
        msg = f"the secret {self.name} cannot be {what}: its value stays in this kernel. Keep the name instead."
        raise TypeError(msg)
