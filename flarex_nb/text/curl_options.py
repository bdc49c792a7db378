"""Which options of curl mean what here: taken, passed over, left out with a remark, or refused with the reason.

By curl's manual, https://curl.se/docs/manpage.html.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeAlias

    from flarex_nb.text.source import Source

    Taken: TypeAlias = Callable[[Any, Source], None]

UNKNOWN_HINT = "Leave it out, or write the request itself: its method and URL, headers below."


class Why(NamedTuple):
    """Why an option is refused, and what to do."""

    refusal: str
    hint: str


_PROXY = Why("a proxy cannot be chosen by a request", "Leave it out.")
_CERTIFICATE = Why("client certificates are not sent", "Leave it out.")
_SEVERAL = Why("several requests in one command", "Paste one command a cell, or write ### between requests.")
_RESOLVE = Why("the address of a host cannot be chosen by a request", "Leave it out.")
_CONFIG = Why("other files are not read as options", "Write the options themselves.")

_REFUSED = {
    "proxy": _PROXY,
    "socks5": _PROXY,
    "socks5-hostname": _PROXY,
    "preproxy": _PROXY,
    "cert": _CERTIFICATE,
    "key": _CERTIFICATE,
    "next": _SEVERAL,
    "parallel": _SEVERAL,
    "resolve": _RESOLVE,
    "connect-to": _RESOLVE,
    "unix-socket": _RESOLVE,
    "config": _CONFIG,
    "digest": Why("digest sign-in is not known here", "The service's profile says how it signs in."),
    "aws-sigv4": Why("signed requests are not known here", "Use the provider's own client for this one."),
}

WITHOUT = {
    "insecure": "certificates are always checked",
    "remote-name": "name the file with -o FILE",
}
"""Options left out with a remark."""

FLAGS = frozenset(
    {
        "silent", "show-error", "verbose", "include", "location", "location-trusted", "compressed", "fail", "globoff",
        "fail-with-body", "no-buffer", "progress-bar", "no-progress-meter", "http1.0", "http1.1", "http2", "http3",
        "tlsv1.2", "tlsv1.3", "ipv4", "ipv6", "head", "get", "basic", "anyauth", "insecure", "remote-name",
        "retry-all-errors", "retry-connrefused", "remote-header-name", "path-as-is", "no-keepalive", "trace-time",
        "parallel", "next", "digest", "disable",
    }
)  # fmt: skip
"""Options without a word behind them."""

IGNORED = frozenset(
    {
        "write-out", "connect-timeout", "retry-delay", "retry-max-time", "max-redirs", "cacert", "capath", "ciphers",
        "dump-header", "trace", "trace-ascii", "stderr", "limit-rate", "speed-limit", "speed-time", "cookie-jar",
        "keepalive-time", "max-filesize", "tls-max", "interface", "expect100-timeout", "output-dir",
    }
)  # fmt: skip
"""Options whose word has no meaning here: time limits, retries and certificates are this package's own matter."""

TAKES_WORD = IGNORED | {
    "request", "header", "data", "data-raw", "data-ascii", "data-binary", "data-urlencode", "json", "form",
    "form-string", "url", "user", "user-agent", "referer", "cookie", "oauth2-bearer", "max-time", "retry",
    "upload-file", "output", "proxy", "socks5", "socks5-hostname", "preproxy", "cert", "key", "resolve", "connect-to",
    "unix-socket", "config", "aws-sigv4",
}  # fmt: skip
"""Options with a word behind them."""

LONG = {name: name for name in (*FLAGS, *TAKES_WORD)}

SHORT = {
    "X": "request", "H": "header", "d": "data", "F": "form", "G": "get", "u": "user", "A": "user-agent", "e": "referer",
    "b": "cookie", "I": "head", "L": "location", "s": "silent", "S": "show-error", "v": "verbose", "i": "include",
    "k": "insecure", "o": "output", "O": "remote-name", "m": "max-time", "T": "upload-file", "x": "proxy", "E": "cert",
    "w": "write-out", "f": "fail", "N": "no-buffer", "g": "globoff", "c": "cookie-jar", "D": "dump-header",
    "#": "progress-bar", "0": "http1.0", "4": "ipv4", "6": "ipv6", "K": "config", "Z": "parallel",
    "J": "remote-header-name", "q": "disable", ":": "next",
}  # fmt: skip


def refusal_of(name: str) -> Why | None:
    """Return why the option is refused, None where it is not."""
    return _REFUSED.get(name)
