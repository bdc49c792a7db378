"""Gives a secret's value to one send, after asking whether it may go there. The only way to a value.

Decides on environment, host, scheme and place, in that order of strictness: anything unbound is refused, and a refusal
names the secret and the host, never the value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flarex_nb.errors import ScopeDenied
from flarex_nb.vault.audit import Use
from flarex_nb.vault.binding import allows, is_loopback, written

if TYPE_CHECKING:
    from collections.abc import Callable, Container

    from flarex_nb.clock import Clock
    from flarex_nb.model import Destination, PlaceKind, SecretRef
    from flarex_nb.vault.sources import Found, Sources

USUAL_PLACES: Final[frozenset[PlaceKind]] = frozenset({"header", "query", "userinfo"})
"""Where a credential belongs. A body or a path ends in logs and answers more often, so it takes a profile to say so."""

_PLACE_WORDS: Final[dict[str, str]] = {
    "header": "a header",
    "query": "the query",
    "userinfo": "Basic authentication",
    "path": "the path of a URL",
    "body": "the body",
}


def _usual(_name: str) -> Container[PlaceKind]:
    return USUAL_PLACES


def _none() -> Container[tuple[str, int]]:
    return ()


class Revealer:
    """A `model.Reveal` over the sources, with a trail of what it gave away."""

    def __init__(
        self,
        sources: Sources,
        clock: Clock,
        *,
        places: Callable[[str], Container[PlaceKind]] = _usual,
        private: Callable[[], Container[tuple[str, int]]] = _none,
    ) -> None:
        """Look values up in `sources`.

        Args:
            sources: where values come from, and what they are bound to.
            clock: for the trail.
            places: where in a request the secret of a name may stand; header, query and userinfo unless said.
            private: the (host, port) pairs registered with network "private", which plain http may go to.
        """
        self._sources = sources
        self._clock = clock
        self._places = places
        self._private = private

    def __call__(self, ref: SecretRef, destination: Destination) -> str:
        """Return the value for this destination, and note the use.

        Raises:
            SecretMissing: no source holds it.
            ScopeDenied: it may not go there, or not into that place.
        """
        found = self._sources.find(ref)
        self._check_environment(found, destination)
        self._check_host(found, destination)
        self._check_scheme(found, destination)
        self._check_place(found, destination)
        value = self._sources.value(found)
        use = Use(
            found.name, self._clock.wall(), str(destination), destination.place, found.env, found.source, found.version
        )
        self._sources.trail.add(use)
        return value

    def audit(self) -> tuple[Use, ...]:
        """Return which secret went where and when, oldest first."""
        return self._sources.trail.uses()

    def _check_environment(self, found: Found, destination: Destination) -> None:
        at_sandbox = allows(self._sources.sandbox_hosts(), destination)
        if found.env == "live" and at_sandbox:
            msg = f"{found.name} is a live secret, and {destination} is the sandbox"
            raise ScopeDenied(msg, hint="Turn the sandbox off to use it: %flarex_sandbox off.")
        if found.env == "sandbox" and not at_sandbox and not is_loopback(destination.host):
            msg = f"{found.name} is a secret of the sandbox and was not sent to {destination}"
            raise ScopeDenied(msg, hint=f"Set a live one: turn the sandbox off, then %flarex_secrets set {found.name}.")

    def _check_host(self, found: Found, destination: Destination) -> None:
        if allows(found.hosts, destination):
            return
        if found.env == "sandbox" and allows(self._sources.sandbox_hosts(), destination):
            return  # it stands in for the hosts the secret names
        bound = ", ".join(found.hosts)
        msg = f"{found.name} is bound to {bound or 'no host'} and was not sent to {destination}"
        hosts = " ".join([*found.hosts, written(destination)])
        raise ScopeDenied(msg, hint=f"If it belongs there, allow it: %flarex_secrets scope {found.name} {hosts}.")

    def _check_scheme(self, found: Found, destination: Destination) -> None:
        if destination.scheme == "https":
            return
        near = is_loopback(destination.host) or (destination.host, destination.port) in self._private()
        if destination.scheme != "http" or not near:
            msg = f"{found.name} goes over https only and was not sent to {destination}"
            hint = 'Use https, or register the service with network="private" if it is on your own network.'
            raise ScopeDenied(msg, hint=hint)

    def _check_place(self, found: Found, destination: Destination) -> None:
        if destination.place not in (found.places or self._places(found.name)):
            place = _PLACE_WORDS.get(destination.place, destination.place)
            msg = f"{found.name} may not stand in {place} of a request to {destination.host}"
            hosts, places = " ".join(found.hosts), ",".join([*found.places, destination.place])
            allow = f"%flarex_secrets scope {found.name} {hosts} --places {places}"
            header = "Send it in a header, such as Authorization: Bearer {{$secret NAME}}"
            raise ScopeDenied(msg, hint=f"{header}. If it belongs there, allow it: {allow}.")

    def __repr__(self) -> str:
        """Return how much was revealed."""
        return f"<Revealer, {len(self.audit())} uses>"
