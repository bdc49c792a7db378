"""What changes a vault's document, as functions from one document to the next; who writes it does so under the lock.

A change is stated, not its outcome: applied to what another kernel wrote meanwhile, it loses nothing of that.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from flarex_nb.vault.layout import LARGEST, MOST, Document
from flarex_nb.vault.layout_parts import Gone, Record, Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from flarex_nb.model import Environment, PlaceKind
    from flarex_nb.vault.envelope import Keys

    Place = tuple[str, Environment]


@dataclass(frozen=True, slots=True)
class Wish:
    """What a new value comes with; None leaves what the value before it had, dates are whole seconds since 1970."""

    now: int
    hosts: tuple[str, ...] | None = None
    places: tuple[PlaceKind, ...] | None = None
    expires: int = 0
    keep_until: int = 0


def current(document: Document, name: str, env: Environment) -> Record | None:
    """Return the version that counts, None for none."""
    return next((each for each in document.records if (each.name, each.env, each.until) == (name, env, 0)), None)


def previous(document: Document, name: str, env: Environment, now: float) -> Record | None:
    """Return the version before it while it still counts, None for none."""
    found = (each for each in document.records if (each.name, each.env) == (name, env) and each.until > now)
    return max(found, key=lambda each: each.version, default=None)


def put(document: Document, keys: Keys, place: Place, text: str, wish: Wish) -> Document:
    """Return the document with a new version of the value, the one before kept as long as wished."""
    name, env = place
    try:
        before = current(document, name, env)
        fresh = Record(
            name,
            env,
            _last_version(document, name, env) + 1,
            wish.hosts if wish.hosts is not None else before.hosts if before else (),
            wish.places if wish.places is not None else before.places if before else (),
            created=wish.now,
            expires=wish.expires,
        )
        kept = [each for each in document.records if (each.name, each.env) != (name, env)]
        if before is not None and wish.keep_until > wish.now:
            kept.append(_resealed(document, keys, before, replace(before, until=wish.keep_until)))
        kept.append(keys.sealed(text, fresh, document))
        gone = tuple(each for each in document.gone if (each.name, each.env) != (name, env))
        return _ordered(document, kept, gone)
    finally:
        del text


def scoped(
    document: Document,
    keys: Keys,
    place: Place,
    hosts: tuple[str, ...],
    places: tuple[PlaceKind, ...] | None,
) -> Document:
    """Return the document with every version of that secret bound to these hosts and places, and to no others."""
    return _ordered(
        document,
        [
            _resealed(
                document, keys, each, replace(each, hosts=hosts, places=each.places if places is None else places)
            )
            if (each.name, each.env) == place
            else each
            for each in document.records
        ],
        document.gone,
    )


def dropped(document: Document, name: str, env: Environment) -> Document:
    """Return the document without any version of that secret, and with a note of its last one."""
    last = Gone(name, env, _last_version(document, name, env))
    kept = [each for each in document.records if (each.name, each.env) != (name, env)]
    gone = (*(each for each in document.gone if (each.name, each.env) != (name, env)), last)
    return _ordered(document, kept, gone[-MOST:])


def moved(old: Document, old_keys: Keys, new: Document, new_keys: Keys) -> Document:
    """Return `new` with every record of `old` sealed under the new keys, and its deleted names.

    Raises:
        Unreadable: a record does not open.
    """
    records = [new_keys.sealed(_text(old, old_keys, each), replace(each, sealed=b""), new) for each in old.records]
    return _ordered(new, records, old.gone)


def tidied(document: Document, now: float, used: Mapping[Place, int]) -> Document:
    """Return the document without replaced versions whose time is over, and with the latest uses noted."""
    kept = [
        replace(each, used=max(each.used, used.get((each.name, each.env), 0)))
        for each in document.records
        if not each.until or each.until > now
    ]
    return replace(document, records=tuple(kept))


def check_size(document: Document) -> bytes:
    """Return the document's bytes; raise Unreadable where they are more than a vault may hold."""
    data = document.to_bytes()
    if len(document.records) > MOST or len(data) > LARGEST:
        msg = f"it would hold more than {LARGEST // 1024 // 1024} MiB or {MOST:,} values"
        raise Unreadable(msg)
    return data


def _text(document: Document, keys: Keys, record: Record) -> str:
    text = keys.opened(record, document)
    if text is None:
        msg = f"the value of {record.name} is not the one that was sealed for it"
        raise Unreadable(msg)
    return text


def _resealed(document: Document, keys: Keys, record: Record, changed: Record) -> Record:
    return keys.sealed(_text(document, keys, record), changed, document)


def _last_version(document: Document, name: str, env: Environment) -> int:
    kept = [each.version for each in document.records if (each.name, each.env) == (name, env)]
    gone = [each.version for each in document.gone if (each.name, each.env) == (name, env)]
    return max([*kept, *gone], default=0)


def _ordered(document: Document, records: Iterable[Record], gone: Iterable[Gone]) -> Document:
    return replace(
        document,
        records=tuple(sorted(records, key=lambda each: (each.name, each.env, each.version))),
        gone=tuple(sorted(gone, key=lambda each: (each.name, each.env))),
    )
