"""Which services are known here: the packaged profiles and those the user registered.

A user's profile may not take the name of a packaged one: a cell must mean the same thing to everybody.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import urlsplit

from flarex_nb.catalog import toml
from flarex_nb.errors import ProfileError, UnknownService
from flarex_nb.model import origin_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flarex_nb.catalog.profile import Endpoint, Service


NO_SERVICE = "public"
"""Stands for the service in a call to a URL from outside, which has none; no profile of one's own is called so."""

_NAME = re.compile(r"[a-z][a-z0-9-]{0,40}(?:_[a-z0-9-]{1,20}){0,4}\Z")


class _Told:
    """What was read off all profiles; a registration makes a new one, and who reads meanwhile writes into the old."""

    def __init__(self) -> None:
        self.hosts: dict[str, tuple[str, ...]] = {}
        self.private: frozenset[tuple[str, int]] | None = None


class Registry:
    """Profiles by name; packaged ones are read when first asked for."""

    def __init__(self) -> None:
        """Begin with the packaged profiles."""
        self._packaged = frozenset(toml.catalog_names())
        self._known: dict[str, Service] = {}
        self._told: _Told = _Told()

    def names(self) -> tuple[str, ...]:
        """Return every name that can be called, sorted."""
        return tuple(sorted(self._packaged | set(self._known)))

    def is_packaged(self, name: str) -> bool:
        """Return whether the profile comes with the package."""
        return name in self._packaged

    def get(self, name: str) -> Service:
        """Return the profile.

        Raises:
            UnknownService: with the nearest name there is.
        """
        known = self._known.get(name)
        if known is not None:
            return known
        if name in self._packaged:
            self._known[name] = toml.from_catalog(name)
        if not _NAME.match(str(name)):
            msg = "this is not the name of a service"
            raise UnknownService(msg, hint=f"Known here: {', '.join(self.names())}.")
        if name not in self._known:
            near = get_close_matches(name, self.names(), n=1)
            guess = f" Did you mean {near[0]!r}?" if near else ""
            msg = f"no service is called {name!r}.{guess}"
            hint = f"Known here: {', '.join(self.names())}. Register your own with flarex_nb.register(Service(...))."
            raise UnknownService(msg, hint=hint)
        return self._known[name]

    def __repr__(self) -> str:
        """Return a line for each service: name, base URL, and the secrets it needs."""
        rows = [(each.name, each.base_url, ", ".join(each.secret_names) or "no key needed") for each in self]
        return "\n".join(f"{name:<16} {url:<40} {secrets}" for name, url, secrets in rows)

    def __iter__(self) -> Iterator[Service]:
        """Return the profiles in order of their names."""
        return map(self.get, self.names())

    def register(self, service: Service) -> None:
        """Add a profile, or replace the user's own of the same name.

        Raises:
            ProfileError: the name belongs to a packaged profile.
        """
        if service.name in self._packaged | {NO_SERVICE}:
            msg = f"{service.name!r} is the name of a service that comes with flarex_nb"
            raise ProfileError(msg, hint="Give yours another name.")
        self._known[service.name] = service
        self._told = _Told()

    def for_url(self, url: str) -> Service | None:
        """Return the service that `url` is below, the longest base URL first, None when there is none."""
        origin, path = origin_of(url), f"{urlsplit(url).path.rstrip('/')}/"
        known = [service for service in map(self.get, self.names()) if origin_of(service.base_url) == origin]
        below = [service for service in known if path.startswith(f"{urlsplit(service.base_url).path}/")]
        return max(below, key=lambda service: len(service.base_url), default=None)

    def hosts_of_secret(self, name: str) -> tuple[str, ...]:
        """Return the hosts that the services declaring the secret name may send it to.

        Where a packaged profile declares it, only packaged profiles count: a profile of one's own cannot widen it.
        """
        told = self._told
        if name in told.hosts:
            return told.hosts[name]
        declaring = [service for service in map(self.get, self.names()) if name in service.secret_names]
        counting = [service for service in declaring if self.is_packaged(service.name)] or declaring
        hosts = (host for service in counting for host in service.hosts or (_authority(service),))
        told.hosts[name] = found = tuple(dict.fromkeys(hosts))
        return found

    def private_places(self) -> frozenset[tuple[str, int]]:
        """Return the (host, port) of every service registered with network "private"."""
        told = self._told
        if told.private is None:
            known = map(self.get, self.names())
            told.private = frozenset((service.host, service.port) for service in known if service.network == "private")
        return told.private


def _authority(service: Service) -> str:
    default = 443 if service.base_url.startswith("https") else 80
    return service.host if service.port == default else f"{service.host}:{service.port}"


def endpoint_for(service: Service, method: str, path: str) -> Endpoint | None:
    """Return the documented endpoint that `path` is an instance of, None for a path the profile does not know."""
    if not service.endpoints:
        return None
    parts = path.strip("/").split("/")
    for pattern, endpoint in _index_of(service.endpoints).get((method, len(parts)), ()):
        if all(map(_fits, pattern, parts)):
            return endpoint
    return None


_Index: TypeAlias = "dict[tuple[str, int], list[tuple[list[str], Endpoint]]]"
"""Endpoints by method and number of parts of their path, each with its path in parts."""

_indexes: dict[int, tuple[tuple[Endpoint, ...], _Index]] = {}
_MOST_INDEXES = 64


def _index_of(endpoints: tuple[Endpoint, ...]) -> _Index:
    """Return the index of these very endpoints, made once; kept with it, so that their identity stays theirs."""
    kept = _indexes.get(id(endpoints))
    if kept is None:
        index: _Index = {}
        for endpoint in endpoints:
            pattern = endpoint.path.strip("/").split("/")
            index.setdefault((endpoint.method, len(pattern)), []).append((pattern, endpoint))
        if len(_indexes) >= _MOST_INDEXES:
            _indexes.clear()
        kept = _indexes[id(endpoints)] = (endpoints, index)
    return kept[1]


def _fits(pattern: str, part: str) -> bool:
    return pattern == part or (pattern.startswith("{") and pattern.endswith("}") and bool(part))
