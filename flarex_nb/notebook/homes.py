"""What each service implies in a request, as text: for cells that leave for other clients, and for such as come."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from flarex_nb.catalog.profile import BasicAuth, BearerAuth, HeaderAuth, NoAuth, QueryAuth
from flarex_nb.client import default
from flarex_nb.errors import FlarexError
from flarex_nb.text.away import Home

if TYPE_CHECKING:
    from flarex_nb.catalog.profile import Service
    from flarex_nb.model import CallOptions


def home_of(service: Service) -> Home:
    """Return what the service adds to a request: base URL, its fixed headers, its credential by name."""
    header, query = _credential(service)
    signed = frozenset(name.lower() for name, _ in (*header, *query))
    fixed = tuple(service.headers.items())
    form = service.body == "bracketed_form"
    return Home(service.name, service.base_url, (*header, *fixed), query, signed, form)


def home_for(url: str) -> Home | None:
    """Return what is known of the service that the URL is below, None where there is none."""
    if not url.lower().startswith(("https://", "http://")):
        return None
    try:
        service = default().services.for_url(url)
    except (FlarexError, ValueError):
        return None
    return None if service is None else home_of(service)


def home_named(name: str) -> Home:
    """Return what is known of the service of that name.

    Raises:
        UnknownService: there is none.
    """
    return home_of(default().services.get(name))


def base_options(service: str, target: str) -> CallOptions:
    """Return the options of a call that chooses none: its service's, which its host tells where none is named."""
    client = default()
    if not service and target.startswith("http"):
        known = client.services.for_url(target)
        service = known.name if known is not None else ""
    return client.settings.options(service)


def _credential(service: Service) -> tuple[tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]]:
    """Return the header, and the query parameter, that carries the service's credential."""
    match service.auth:
        case NoAuth():
            return (), ()
        case BearerAuth(secret=secret):
            return (("Authorization", f"Bearer {{{{$secret {secret}}}}}"),), ()
        case HeaderAuth(name=name, secret=secret, template=template):
            return ((name, template.replace("{}", f"{{{{$secret {secret}}}}}")),), ()
        case QueryAuth(name=name, secret=secret):
            return (), ((name, f"{{{{$secret {secret}}}}}"),)
        case BasicAuth(username=username, secret=secret):
            return (("Authorization", f"Basic {username} {{{{$secret {secret}}}}}"),), ()
        case _:
            assert_never(service.auth)
