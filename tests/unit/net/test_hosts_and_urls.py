"""Which URLs may be asked, from their text alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from flarex_nb.errors import AddressBlocked, FlarexError, GuardError, HostNotAllowed, SchemeNotAllowed
from flarex_nb.model import Reach
from flarex_nb.net import ports
from flarex_nb.net.url import check_url

PUBLIC = Reach()
LOCAL = Reach(private=frozenset({("127.0.0.1", 8000), ("localhost", 8000), ("::1", 9200), ("Bücher.example.", 8000)}))


@pytest.mark.parametrize(
    ("url", "host", "port", "asked"),
    [
        ("https://api.example.com/v1?a=b", "api.example.com", 443, "https://api.example.com/v1?a=b"),
        ("https://API.Example.COM./v1", "api.example.com", 443, "https://api.example.com/v1"),
        ("HTTPS://api.example.com", "api.example.com", 443, "https://api.example.com/"),
        ("https://api.example.com?a=b#c", "api.example.com", 443, "https://api.example.com/?a=b"),
        ("https://api.example.com:", "api.example.com", 443, "https://api.example.com/"),
        ("https://api.example.com:0443/", "api.example.com", 443, "https://api.example.com/"),
        ("https://api.example.com:8443/x", "api.example.com", 8443, "https://api.example.com:8443/x"),
        ("https://api.example.com:9443/x", "api.example.com", 9443, "https://api.example.com:9443/x"),
        ("https://bücher.example/", "xn--bcher-kva.example", 443, "https://xn--bcher-kva.example/"),
        ("https://a_b.example.com/", "a_b.example.com", 443, "https://a_b.example.com/"),
        ("https://93.184.215.14/", "93.184.215.14", 443, "https://93.184.215.14/"),
        ("https://[2606:4700:4700::1111]:8443/", "2606:4700:4700::1111", 8443, "https://[2606:4700:4700::1111]:8443/"),
        ("https://[2606:4700:4700:0:0:0:0:1111]/", "2606:4700:4700::1111", 443, "https://[2606:4700:4700::1111]/"),
        ("https://api.example.com/a%2Fb/../c?x=%7e+y&z=@:", "api.example.com", 443, "https://api.example.com/a%2Fb/../c?x=%7e+y&z=@:"),
        ("https://api.example.com/?next=http://127.0.0.1@x", "api.example.com", 443, "https://api.example.com/?next=http://127.0.0.1@x"),
    ],
)  # fmt: skip
def test_a_public_url_is_cut_into_what_is_dialled_and_what_is_asked(url, host, port, asked) -> None:
    target = check_url(url, reach=PUBLIC)

    assert (target.host, target.port, target.private) == (host, port, False)
    assert target.url == asked
    assert URL(target.url, encoded=True).raw_host == host


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "0.0.0.0", "169.254.169.254", "168.63.129.16", "100.100.100.200", "192.0.0.192", "10.1.2.3", "172.31.255.255",
     "192.168.0.1", "100.64.0.1", "198.18.0.1", "192.0.2.1", "240.0.0.1", "224.0.0.1", "[::1]", "[::]", "[::ffff:127.0.0.1]",
     "[::127.0.0.1]", "[fd00:ec2::254]", "[64:ff9b::7f00:1]", "[64:ff9b:1::7f00:1]", "[2002:7f00:1::]", "[2001:0:1::1]", "[fec0::1]",
     "[0:0:0:0:0:0:0:1]"],
)  # fmt: skip
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_literal_addresses_that_are_not_public_are_refused(scheme, host) -> None:
    with pytest.raises(AddressBlocked) as caught:
        check_url(f"{scheme}://{host}/", reach=PUBLIC)

    assert caught.value.sent == "no"
    assert "network=" in caught.value.hint


@pytest.mark.parametrize(
    "url",
    [
        "http://127.1/", "http://2130706433/", "http://0x7f.1/", "http://0x7f000001/", "http://0/", "http://017700000001/",
        "http://127.0.0.01/", "http://127.0.0.1./", "http://1.2.3.4.5/", "http://example.0x/", "http://0X7F.1/",
        "http://[fe80::1%25lo]/", "http://[fe80::1%lo]/", "http://[v1.x]/", "http://[::1", "http://[::1]x/", "http://::1/", "http://[]/",
        "http://ok.test@127.0.0.1/", "http://ok.test\\@127.0.0.1/", "https://user:word@api.example.com/", "https://@api.example.com/",
        "http://127。0。0。1/", "http://127．0．0．1/", "http://127｡0｡0｡1/", "http://１２７.0.0.1/", "http://①②⑦.0.0.1/",
        "https://ⓔxample.com/", "https://ſtripe.com/", "https://a\u200db.com/", "https://\u202eexample.com/", "https://\u212a.example/",
        "https://localhost/", "https://LOCALHOST./", "https://x.localhost/", "https://printer.local/", "https://metadata.google.internal/",
        "https://router.home.arpa/", "https://abc.onion/",
        "https:///path", "https:path", "https://", "//127.0.0.1/", "/path", "", "https://exa mple.com/", "https:// example.com/",
        "https://example.com\t/", "https://example.com/a\nb", " https://example.com/", "https://ex%2e.com/", "https://127.0.0.1%00.com/",
        "https://a..b/", "https://.com/", "https://./", "https://-a.com/", "https://" + "a" * 64 + ".com/", "https://" + "a." * 130 + "com/",
        "https://example.com:99999999/", "https://example.com:8a/", "https://example.com:-1/", "https://a:b:1/", "https://xn--/",
        "https://example.com/" + "a" * 40_000,
    ],
)  # fmt: skip
def test_odd_spellings_of_a_host_are_refused(url) -> None:
    with pytest.raises(HostNotAllowed) as caught:
        check_url(url, reach=PUBLIC)

    assert caught.value.message.isascii()
    assert caught.value.hint


@pytest.mark.parametrize(
    "url",
    ["file:///etc/passwd", "ftp://example.com/", "gopher://example.com/", "data:text/plain,x", "unix:/run/docker.sock", "ws://example.com/",
     "javascript:1", "http://example.com/", "http://93.184.215.14/", "https://example.com:99999/", "https://example.com:0/"],
)  # fmt: skip
def test_other_schemes_and_plain_http_to_the_public_are_refused(url) -> None:
    with pytest.raises(SchemeNotAllowed):
        check_url(url, reach=PUBLIC)


def test_the_caller_can_allow_fewer_schemes() -> None:
    with pytest.raises(SchemeNotAllowed, match="http: is not"):
        check_url("http://127.0.0.1:8000/", reach=LOCAL, schemes=("https",))


@pytest.mark.parametrize(
    "port", [1, 21, 22, 23, 25, 53, 81, 110, 143, 445, 993, 1023, 2375, 3306, 5432, 6000, 6379, 9200, 11211, 27017]
)
def test_ports_of_other_protocols_are_refused(port) -> None:
    with pytest.raises(SchemeNotAllowed, match=f":{port} may not be asked"):
        check_url(f"https://api.example.com:{port}/", reach=PUBLIC)


@pytest.mark.parametrize("port", [80, 443, 3000, 5000, 8000, 8080, 8443, 9443, 65535])
def test_ports_of_the_web_and_of_a_services_own_choice_pass(port) -> None:
    assert ports.refusal(port) is None


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:8000/x", "http://localhost:8000/", "http://LOCALHOST.:8000/", "http://[::1]:9200/", "http://[0:0::1]:9200/",
     "http://xn--bcher-kva.example:8000/", "https://bücher.example:8000/"],
)  # fmt: skip
def test_a_registered_host_and_port_may_be_private_plain_and_on_any_port(url) -> None:
    assert check_url(url, reach=LOCAL).private


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:8001/", "http://127.0.0.1/", "http://127.0.0.2:8000/", "http://localhost:9200/", "http://a.localhost:8000/",
     "http://[::1]:8000/", "http://127.1:8000/", "http://x@127.0.0.1:8000/", "http://0.0.0.0:8000/", "http://169.254.169.254:8000/",
     "http://[::ffff:127.0.0.1]:8000/"],
)  # fmt: skip
def test_nothing_beside_the_registered_host_and_port_becomes_private(url) -> None:
    with pytest.raises(GuardError):
        check_url(url, reach=LOCAL)


def test_no_message_holds_path_query_or_user() -> None:
    canary = "canary-" + "0123456789"

    for url in (
        f"http://{canary}:{canary}@127.0.0.1/{canary}?k={canary}#{canary}",
        f"http://127.0.0.1/{canary}?k={canary}",
        f"https://localhost/{canary}",
        f"https://api.example.com:22/{canary}",
        f"http://api.example.com/{canary}",
        f"https://api.example.com/{canary}\n",
        f"https://{canary}@/",
    ):
        with pytest.raises(GuardError) as caught:
            check_url(url, reach=PUBLIC)
        assert canary not in caught.value.explain()
        assert canary not in repr(caught.value)
    assert canary not in repr(check_url(f"https://api.example.com/{canary}?k={canary}", reach=PUBLIC))


@given(st.text(max_size=40), st.sampled_from(["https://", "http://", "https:", "//", ""]))
def test_any_text_gives_a_target_or_an_error_of_ours(text, start) -> None:
    try:
        target = check_url(start + text, reach=PUBLIC)
    except FlarexError:
        return

    assert target.host.isascii()
    assert target.scheme == "https"


@given(st.from_regex(r"[a-z0-9.:\[\]@\\%/?#-]{1,24}", fullmatch=True))
def test_the_parser_that_connects_reads_the_same_host_and_port(authority) -> None:
    try:
        target = check_url(f"https://{authority}/", reach=PUBLIC)
    except FlarexError:
        return

    read = URL(target.url, encoded=True)

    assert (read.raw_host, read.port, read.raw_user) == (target.host, target.port, None)
