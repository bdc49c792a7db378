"""What failed below becomes one error of ours, with how far the request got. No message holds more than host and port.

The libraries' own texts are not passed on: some hold the whole URL with its query. What they wrap is: the system's
error and the TLS library's, which know no URL, are kept as the cause.
"""

from __future__ import annotations

import errno
import os
import ssl
from typing import TYPE_CHECKING

import aiohttp
import httpx
from aiohttp.http_exceptions import HttpProcessingError

from flarex_nb.errors import ConnectFailed, ConnectionLost, FlarexError, ProtocolBroken, TransportError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flarex_nb.net.connector import Trip

LOWER = (httpx.TransportError, httpx.InvalidURL, aiohttp.ClientError, HttpProcessingError, OSError)
"""What the layers below raise when the wire fails; anything else is a fault of ours and is not dressed up as one."""

_FIRST_REFUSAL, _FIRST_FAULT = 400, 500

_CERTIFICATE = {
    9: "it is not valid yet",
    10: "it expired",
    18: "it is signed by itself, not by an authority known here",
    19: "it is signed by an authority not known here",
    20: "it is signed by an authority not known here",
    21: "it is signed by an authority not known here",
    62: "it is for another host",
    64: "it is for another address",
}
"""OpenSSL's verification results, x509_vfy.h."""

_ERRNO = {
    errno.ECONNREFUSED: ("nothing listens there", "Is the server running, and is the port right?"),
    errno.ENETUNREACH: ("there is no way to that network", "Check the network, and whether it needs a VPN."),
    errno.EHOSTUNREACH: ("there is no way to that host", "Check the network, and whether it needs a VPN."),
    errno.ENETDOWN: ("the network is down", "Check the network."),
    errno.ETIMEDOUT: ("nobody answers there", "Check the host and port; a firewall may drop what is sent."),
    errno.ECONNRESET: ("the connection was reset before anything was sent", "Try again."),
    errno.ECONNABORTED: ("the connection was closed before anything was sent", "Try again."),
    errno.EACCES: ("this machine does not allow it", "A firewall or sandbox of this machine forbids the connection."),
    errno.EPERM: ("this machine does not allow it", "A firewall or sandbox of this machine forbids the connection."),
    errno.EMFILE: ("this process has too many files open", "Close some, or ask with less concurrency."),
    errno.ENFILE: ("this machine has too many files open", "Close some, or ask with less concurrency."),
    errno.EADDRNOTAVAIL: ("this machine has no free port or no such address family", "Try again in a minute."),
}


def translate(error: BaseException, trip: Trip) -> FlarexError:
    """Return the error for a person and for the retry decision, its cause set where that is safe to show."""
    if trip.refused is not None:
        return trip.refused
    if trip.progress.phase in {"queued", "resolving", "connecting"}:
        return _not_connected(error, trip)
    return _broken(error, trip)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Give the error and what it came from, outermost first."""
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        seen = seen.__cause__ or seen.__context__


def _not_connected(error: BaseException, trip: Trip) -> ConnectFailed:
    system, place = _system_error(error), trip.way
    proxy = next((each for each in _chain(error) if isinstance(each, aiohttp.ClientHttpProxyError)), None)
    if proxy is not None:
        return _proxy_refused(proxy.status, place)
    if isinstance(system, ssl.SSLCertVerificationError):
        failure = _bad_certificate(system, place)
    elif isinstance(system, ssl.SSLError):
        failure = _no_tls(system, place)
    elif isinstance(system, ConnectionResetError | ConnectionAbortedError) and trip.target.secure:
        failure = _hung_up(place)
    else:
        failure = _no_connection((system.errno if system else None) or 0, place)
    failure.__cause__ = system
    return failure


def _no_connection(number: int, place: str) -> ConnectFailed:
    other = os.strerror(number).lower() if number else "the connection failed"
    why, hint = _ERRNO.get(number, (other, "Check the host, the port and the network."))
    return ConnectFailed(f"could not connect to {place}: {why}", hint=hint)


def _proxy_refused(status: int, place: str) -> ConnectFailed:
    """Return the failure of a proxy that would not connect; what it refuses once it refuses again."""
    msg = f"no connection to {place}, which answered {status}"
    permanent = _FIRST_REFUSAL <= status < _FIRST_FAULT
    return ConnectFailed(msg, hint="Ask who runs the proxy whether it allows this host.", permanent=permanent)


def _hung_up(place: str) -> ConnectFailed:
    return ConnectFailed(f"{place} closed the connection during the TLS handshake", hint="Try again.")


def _system_error(error: BaseException) -> OSError | None:
    """Return the innermost error of the system or of TLS itself, not a library's dressing of it."""
    found = None
    for each in _chain(error):
        if isinstance(each, OSError) and not isinstance(each, aiohttp.ClientError):
            found = each
    return found


def _bad_certificate(error: ssl.SSLCertVerificationError, place: str) -> ConnectFailed:
    why = _CERTIFICATE.get(error.verify_code, error.verify_message.lower())
    hint = "Nothing was sent. Check the host; behind a company proxy, set SSL_CERT_FILE to its certificates."
    return ConnectFailed(f"the certificate of {place} was not accepted: {why}", hint=hint, permanent=True)


def _no_tls(error: ssl.SSLError, place: str) -> ConnectFailed:
    """Return the failure of a handshake; one that ended early may go through the next time."""
    reason = (error.reason or "").replace("_", " ").lower()
    if isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError) or not reason or "eof" in reason:
        return _hung_up(place)
    if reason in {"wrong version number", "http request", "record layer failure"}:
        hint = 'Is it a plain http server? Then register it with http:// and network="private".'
        return ConnectFailed(f"{place} does not speak TLS", hint=hint, permanent=True)
    msg = f"no TLS connection to {place}: {reason}"
    return ConnectFailed(msg, hint="The server's TLS and ours have nothing in common.", permanent=True)


def _broken(error: BaseException, trip: Trip) -> TransportError:
    place, sent = trip.target.place, trip.progress.sent
    if trip.progress.phase == "reading":
        msg = f"the answer from {place} was cut short"
        return ConnectionLost(msg, sent=sent, hint="The connection broke while the body came in.")
    if any(isinstance(each, HttpProcessingError | aiohttp.ClientResponseError) for each in _chain(error)):
        msg = f"what {place} answered is not HTTP/1.1, or its headers are larger than allowed"
        return ProtocolBroken(msg, sent=sent, hint="Is it the right port, and a web server?")
    if any(isinstance(each, ConnectionResetError | BrokenPipeError) for each in _chain(error)):
        how = "reset the connection without an answer"
    else:
        how = "closed the connection without an answer"
    return ConnectionLost(f"{place} {how}", sent=sent, hint="The request may have been applied.")
