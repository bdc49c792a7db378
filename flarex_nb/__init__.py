"""Call any HTTP API from a notebook cell: secrets that don't leak, calls that recover, answers as DataFrames.

`%load_ext flarex_nb` brings the magics; what they do is here as functions too. Names load when first used, so that
importing this package loads nothing outside the standard library.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from flarex_nb._version import __version__

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from flarex_nb.api import acall, afetch_public, call, fetch_public, nest, register, sandbox_off, sandbox_on
    from flarex_nb.catalog.profile import Endpoint, Service
    from flarex_nb.catalog.registry import Registry
    from flarex_nb.client import Client
    from flarex_nb.errors import (
        AddressBlocked,
        ApiError,
        AssertionFailed,
        AttemptTimeout,
        AuthenticationFailed,
        BadRequest,
        CellSyntaxError,
        CircuitOpen,
        Conflict,
        ConnectFailed,
        ConnectionLost,
        DeadlineExceeded,
        FlarexError,
        GuardError,
        HostNotAllowed,
        IncompletePages,
        MalformedBody,
        NotFound,
        PermissionDenied,
        ProfileError,
        ProtocolBroken,
        QuotaExceeded,
        RateLimited,
        RedirectBlocked,
        Rejected,
        ResponseError,
        ResponseTooLarge,
        SchemaMismatch,
        SchemeNotAllowed,
        ScopeDenied,
        SecretError,
        SecretExpired,
        SecretMissing,
        ServerError,
        ThrottleRefused,
        TransportError,
        UnknownOption,
        UnknownService,
        Unprocessable,
        UsageError,
        VaultLocked,
        WebhookError,
    )
    from flarex_nb.events import Event, on_event
    from flarex_nb.pipeline.view import CallResult
    from flarex_nb.settings import Settings
    from flarex_nb.vault.facade import Secrets
    from flarex_nb.vault.ref import Secret

    secrets: Secrets
    services: Registry

__all__ = [
    "AddressBlocked",
    "ApiError",
    "AssertionFailed",
    "AttemptTimeout",
    "AuthenticationFailed",
    "BadRequest",
    "CallResult",
    "CellSyntaxError",
    "CircuitOpen",
    "Client",
    "Conflict",
    "ConnectFailed",
    "ConnectionLost",
    "DeadlineExceeded",
    "Endpoint",
    "Event",
    "FlarexError",
    "GuardError",
    "HostNotAllowed",
    "IncompletePages",
    "MalformedBody",
    "NotFound",
    "PermissionDenied",
    "ProfileError",
    "ProtocolBroken",
    "QuotaExceeded",
    "RateLimited",
    "RedirectBlocked",
    "Rejected",
    "ResponseError",
    "ResponseTooLarge",
    "SchemaMismatch",
    "SchemeNotAllowed",
    "ScopeDenied",
    "Secret",
    "SecretError",
    "SecretExpired",
    "SecretMissing",
    "ServerError",
    "Service",
    "Settings",
    "ThrottleRefused",
    "TransportError",
    "UnknownOption",
    "UnknownService",
    "Unprocessable",
    "UsageError",
    "VaultLocked",
    "WebhookError",
    "__version__",
    "acall",
    "afetch_public",
    "call",
    "fetch_public",
    "nest",
    "on_event",
    "register",
    "sandbox_off",
    "sandbox_on",
    "secrets",
    "services",
]

_HOMES = {
    "api": ("acall", "afetch_public", "call", "fetch_public", "nest", "register", "sandbox_off", "sandbox_on"),
    "catalog.profile": ("Endpoint", "Service"),
    "client": ("Client",),
    "events": ("Event", "on_event"),
    "pipeline.view": ("CallResult",),
    "settings": ("Settings",),
    "vault.ref": ("Secret",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}
_OF_THE_CLIENT = frozenset({"secrets", "services"})


if not TYPE_CHECKING:  # a type checker sees the names above, and a name that does not exist stays an error

    def __getattr__(name: str) -> object:
        """Return a public name, loaded now (PEP 562)."""
        if name in _OF_THE_CLIENT:
            return getattr(import_module("flarex_nb.client").default(), name)
        if name not in __all__:
            msg = f"module 'flarex_nb' has no attribute {name!r}"
            raise AttributeError(msg)
        return getattr(import_module(f"flarex_nb.{_HOME_OF.get(name, 'errors')}"), name)

    def __dir__() -> list[str]:
        """Return the public names."""
        return [*__all__, "load_ipython_extension", "unload_ipython_extension"]


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Register the magics: `%load_ext flarex_nb`."""
    import_module("flarex_nb.notebook.extension").load(shell)


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """Take everything off again: `%unload_ext flarex_nb`."""
    import_module("flarex_nb.notebook.extension").unload(shell)
