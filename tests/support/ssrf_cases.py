"""The cases of the guard, one table for the tests and for the comparison with other guards.

`number` is the case's in the list of security cases. Where nothing may be dialled, `refused` is "silent"; where a public
address is asked first and then leads elsewhere, it is "elsewhere"; "" is a case that must work.
"""

from __future__ import annotations

from typing import Literal, NamedTuple


class Case(NamedTuple):
    """One URL, what must become of it, and whether the environment names a proxy meanwhile."""

    number: int
    url: str
    refused: Literal["silent", "elsewhere", ""] = "silent"
    proxy: bool = False

    @property
    def name(self) -> str:
        return f"{self.number} {self.url}{' (proxy in the environment)' if self.proxy else ''}"


def _hosts(number: int, *hosts: str) -> list[Case]:
    return [Case(number, f"http://{host}/") for host in hosts]


TO = "http://v4.test/?to="
META = "169.254.169.254"

CASES: tuple[Case, ...] = (
    *_hosts(71, "127.0.0.1", "127.1", "2130706433", "0x7f.1", "0", "0.0.0.0", "0177.0.0.1", "0x7f000001", "127.0.0.1.", "127.255.255.254"),
    *_hosts(71, "localhost", "LOCALHOST.", "loop.test", "loop6.test"),
    *_hosts(72, "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::127.0.0.1]", "[0:0:0:0:0:0:0:1]", "[::ffff:7f00:1]", "[::ffff:0:127.0.0.1]"),
    *_hosts(73, META, "[fd00:ec2::254]", "168.63.129.16", "100.100.100.200", "192.0.0.192", "metadata.google.internal"),
    *_hosts(73, "169.254.170.2", "[::ffff:169.254.169.254]", "2852039166", "[fd20:ce::254]", "meta.test", "azure.test"),
    *_hosts(74, "10.0.0.1", "172.31.255.255", "192.168.0.1", "100.64.0.1", "198.18.0.1", "192.0.2.1", "240.0.0.1", "224.0.0.1"),
    *_hosts(74, "192.88.99.1", "192.175.48.1", "192.52.193.1", "192.31.196.1", "198.51.100.1", "203.0.113.1", "0.1.2.3", "lan.test"),
    *_hosts(75, "[64:ff9b::7f00:1]", "[64:ff9b:1::7f00:1]", "[2002:7f00:1::]", "[2001:0:4136:e378:8000:63bf:3fff:fdd2]"),
    *_hosts(75, "[fec0::1]", "[fe80::1%25lo]", "[fc00::1]", "[2001:db8::1]", "[3fff::1]", "[5f00::1]", "[100::1]", "[4000::1]"),
    *_hosts(75, "mapped.test", "nat64.test", "site.test"),
    *_hosts(76, "mixed-first.test", "mixed-last.test", "mixed-six.test", "mixed-four.test", "many.test", "cname.test", "cname-cname.test"),
    Case(77, "http://turns.test/?to=http://turns.test/again", "elsewhere"),
    Case(77, "http://turns.test/?status=503", "elsewhere"),
    Case(77, "http://turns-back.test/", "silent"),
    Case(78, f"{TO}http://{META}/latest/meta-data/", "elsewhere"),
    Case(78, f"{TO}//127.0.0.1/", "elsewhere"),
    Case(78, f"{TO}http://loop.test/", "elsewhere"),
    Case(78, f"{TO}http://v4.test/%3Fto=http://10.0.0.1/", "elsewhere"),
    Case(78, f"{TO}file:///etc/passwd", "elsewhere"),
    Case(78, f"{TO}http://[::ffff:127.0.0.1]/", "elsewhere"),
    Case(78, f"{TO}http://2130706433/", "elsewhere"),
    Case(78, f"{TO}http://v4.test:6379/", "elsewhere"),
    Case(78, "https://v4.test/?to=http://v4.test/", "elsewhere"),
    Case(79, "http://ok.test@127.0.0.1/"),
    Case(79, "http://ok.test\\@127.0.0.1/"),
    Case(79, "http://127。0。0。1/"),
    Case(79, "http://127．0．0．1/"),
    Case(79, "http://①②⑦.0.0.1/"),
    Case(79, "http://127.0.0.1%2f@v4.test/"),
    Case(79, "http://v4.test%00.127.0.0.1/"),
    Case(79, "http://127.0.0.1\\.v4.test/"),
    *(Case(80, f"http://{host}:{port}/") for host in ("93.184.215.14", "v4.test") for port in (22, 6379)),
    Case(81, "http://v4.test/", "", proxy=True),
    Case(81, "http://loop.test/", "silent", proxy=True),
    *(Case(82, f"http://{host}/", "") for host in ("v4.test", "v6.test", "dual.test", "v4.test.", "V4.TEST", "cname-public.test")),
    *(Case(82, f"http://{host}/", "") for host in ("93.184.215.14", "[2606:4700:4700::1111]", "[2606:4700:4700:0:0:0:0:1111]", "v4.test:8080")),
    *(Case(82, f"https://{host}/", "") for host in ("v4.test", "v6.test", "dual.test", "V4.test.", "93.184.215.14")),
    Case(82, f"{TO}http://other.test/", ""),
    Case(82, f"{TO}https://v6.test/", ""),
)  # fmt: skip

UNREACHABLE = frozenset({"224.0.0.1", "[fe80::1%25lo]"})
"""No TCP connection to these can be begun at all, so no client can be seen to begin one."""
