"""A coverage-guided fuzzer over what reads hostile text and bytes: URLs, hosts, addresses, Locations, packed bodies.

Run as a script with atheris's own arguments (`-max_total_time=60`); ends with an error at the first exception that is none
of ours, and at the first URL that gets through without being public by its text.
"""

from __future__ import annotations

import ipaddress
import sys

import atheris

with atheris.instrument_imports(include=["flarex_nb.net", "flarex_nb.policies.redirects", "yarl"]):
    from yarl import URL

    from flarex_nb.errors import FlarexError
    from flarex_nb.model import Reach
    from flarex_nb.net.address import private_refusal, refusal
    from flarex_nb.net.body import Bounded, check_declared
    from flarex_nb.net.guarded import target_of
    from flarex_nb.net.host import is_literal, is_local_name, normal_host
    from flarex_nb.net.proxy import read_proxy
    from flarex_nb.net.url import check_url
    from flarex_nb.policies.redirects import Follow, onward

REACH = Reach(plain=True)
CAP = 10_000
PIECES = [
    "127.0.0.1", "169.254.169.254", "::1", "::ffff:", "[", "]", "@", ":", "/", "\\", "?", "#", "%", ".", "localhost", "0x7f", "1",
    "a", "ok.test", "443", "22", "。", "①", "ü", "\x00", " ",
]  # fmt: skip


def text_of(data: atheris.FuzzedDataProvider) -> str:
    """Return a text of pieces that mean something in a URL, and of some that mean nothing."""
    count = data.ConsumeIntInRange(0, 8)
    picked = [data.PickValueInList(PIECES) if data.ConsumeBool() else data.ConsumeUnicode(3) for _ in range(count)]
    return "".join(picked) + data.ConsumeUnicode(20)


def a_url(data: atheris.FuzzedDataProvider) -> None:
    """What gets through has a host that is public by its text, as the parser that connects reads it."""
    text = data.PickValueInList(["https://", "http://", "", "//"]) + text_of(data)
    target = check_url(text, reach=REACH)
    read = URL(target.url, encoded=True)
    assert (read.raw_host, read.port, read.raw_user) == (target.host, target.port, None), text
    assert not is_local_name(target.host), text
    assert not is_literal(target.host) or refusal(target.host) is None, text
    assert normal_host(f"[{target.host}]" if ":" in target.host else target.host) == target.host, text


def a_sent_url(data: atheris.FuzzedDataProvider) -> None:
    """The form in which a URL is sent has the same host and port."""
    text = "https://api.example.com" + text_of(data)
    try:
        before, sent = check_url(text, reach=REACH), target_of(text, REACH)
    except __import__("httpx").InvalidURL:
        return
    assert (sent.scheme, sent.host, sent.port) == (before.scheme, before.host, before.port), text


def an_address(data: atheris.FuzzedDataProvider) -> None:
    """A public address is a numeric one in 2000::/3 or outside every IPv4 block; a private one is no more than that."""
    text = text_of(data)
    if refusal(text) is None:
        ip = ipaddress.ip_address(text)
        inner = getattr(ip, "ipv4_mapped", None) or ip
        assert inner.version == 4 or int(inner) >> 125 == 1, text
        assert not any([inner.is_loopback, inner.is_link_local, inner.is_multicast, inner.is_unspecified]), text
    private_refusal(text)


def a_location(data: atheris.FuzzedDataProvider) -> None:
    """A redirect is followed from https to https alone."""
    location = data.ConsumeBytes(60).decode("latin-1")
    step = onward("https://api.example.com/v1?a=b", "GET", location, roams=data.ConsumeBool())
    if isinstance(step, Follow):
        assert step.url.startswith("https:"), location


def a_body(data: atheris.FuzzedDataProvider) -> None:
    """No more than the cap comes out, whatever goes in."""
    headers = (
        ("Content-Encoding", data.PickValueInList(["gzip", "", "identity", "br", "gzip, gzip"])),
        ("Content-Length", data.ConsumeUnicode(12)),
    )
    reach = Reach(max_wire_bytes=CAP, max_bytes=CAP)
    check_declared(headers, reach, "x")
    body, came = Bounded(headers, reach, "x"), 0
    while data.remaining_bytes():
        for piece in body.feed(data.ConsumeBytes(data.ConsumeIntInRange(1, 500))):
            came += len(piece)
            assert came <= CAP
    body.finish()


def a_proxy(data: atheris.FuzzedDataProvider) -> None:
    """A proxy is a host and a port, or an error that repeats nothing."""
    read_proxy(data.PickValueInList(["http://", ""]) + data.ConsumeUnicode(40))


READERS = (a_url, a_sent_url, an_address, a_location, a_body, a_proxy)


def one(data: bytes) -> None:
    """Give the bytes to one reader."""
    provider = atheris.FuzzedDataProvider(data)
    reader = READERS[provider.ConsumeIntInRange(0, len(READERS) - 1)]
    try:
        reader(provider)
    except FlarexError as error:
        error.explain()


if __name__ == "__main__":
    atheris.Setup(sys.argv, one)
    atheris.Fuzz()
