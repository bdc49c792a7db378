"""Host binding: a value goes where it is bound and nowhere else, and a refusal names host and secret only."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flarex_nb.clock import VirtualClock
from flarex_nb.errors import ScopeDenied, SecretMissing
from flarex_nb.model import Destination, SecretRef
from flarex_nb.vault.binding import Binding, allows, is_loopback, parse
from flarex_nb.vault.reveal import Revealer
from flarex_nb.vault.sources import Sources
from flarex_nb.vault.store import SessionStore

NAME = "CRM_API_KEY"
VALUE = "sk_sandbox_crm_value"
SANDBOX = "127.0.0.1:43210"


def to(host: str, port: int = 443, scheme: str = "https", place: str = "header") -> Destination:
    return Destination(scheme, host, port, place)


class Bench:
    """A revealer over a session with one secret bound to the given hosts."""

    def __init__(self, *hosts: str, env: str = "live", **options) -> None:
        self.clock = VirtualClock()
        self.session = SessionStore(self.clock)
        self.session.set(NAME, VALUE, hosts=hosts, env=env)
        self.sources = Sources(self.session, environ={}, sandbox_hosts=lambda: (SANDBOX,))
        self.reveal = Revealer(self.sources, self.clock, **options)
        self.ref = SecretRef(NAME, env)

    def gives(self, destination: Destination) -> bool:
        """Return whether the value is given; check that a refusal shows nothing of it."""
        try:
            return self.reveal(self.ref, destination) == VALUE
        except ScopeDenied as error:
            told = error
        assert VALUE not in told.explain()
        assert NAME in told.message
        assert destination.host in told.message
        return False


def test_security_case_62_the_bound_host_gets_it():
    assert Bench("api.crm.example").gives(to("api.crm.example"))


@pytest.mark.parametrize(
    "host",
    ["evil.test", "crm.example", "x.api.crm.example", "api.crm.example.evil.test", "evil-api.crm.example", "api.crm.examplex",
     "api.crm.example@evil.test", "127.0.0.1", "\u0430pi.crm.example", "api\u3002crm.example", ""],
)  # fmt: skip
def test_security_case_63_another_host_gets_nothing(host):
    assert not Bench("api.crm.example").gives(to(host))


def test_security_case_67_plain_http_to_the_bound_host_gets_nothing():
    bench = Bench("api.crm.example", "api.crm.example:80")

    assert not bench.gives(to("api.crm.example", 80, "http"))
    assert not bench.gives(to("api.crm.example", 80, "ftp"))
    assert bench.gives(to("api.crm.example"))


@pytest.mark.parametrize(
    ("bound", "destination", "given"),
    [
        ("a.example", to("a.example", 8443), False),
        ("a.example:8443", to("a.example", 8443), True),
        ("a.example:8443", to("a.example"), False),
        ("*.a.example", to("x.a.example"), True),
        ("*.a.example", to("y.x.a.example"), True),
        ("*.a.example", to("a.example"), False),
        ("*.a.example", to("xa.example"), False),
        ("*.a.example", to("x.a.example", 8443), False),
        ("*.a.example:8443", to("x.a.example", 8443), True),
        ("A.Example.", to("a.example"), True),
        ("a.example", to("A.EXAMPLE"), True),
        ("127.0.0.1:8000", to("127.0.0.1", 8000, "http"), True),
        ("127.0.0.1:8000", to("127.0.0.1", 8001, "http"), False),
        ("localhost:8000", to("localhost", 8000, "http"), True),
        ("localhost:8000", to("127.0.0.1", 8000, "http"), False),
        ("[::1]:8000", to("::1", 8000, "http"), True),
        ("10.0.0.5:8000", to("10.0.0.5", 8000, "http"), False),
        ("10.0.0.5:8000", to("10.0.0.5", 8000, "https"), True),
        ("localhost.evil.test:8000", to("localhost.evil.test", 8000, "http"), False),
        ("127.0.0.1.evil.test:80", to("127.0.0.1.evil.test", 80, "http"), False),
        ("bücher.example", to("bücher.example"), True),
        ("strasse.example", to("straße.example"), False),
    ],
)
def test_a_binding_means_exactly_its_host_and_port(bound, destination, given):
    assert Bench(bound).gives(destination) is given


def test_plain_http_is_for_registered_private_hosts():
    bench = Bench("10.0.0.5:8000", private=lambda: {("10.0.0.5", 8000)})

    assert bench.gives(to("10.0.0.5", 8000, "http"))


@pytest.mark.parametrize(
    ("place", "given"), [("header", True), ("query", True), ("userinfo", True), ("path", False), ("body", False)]
)
def test_body_and_path_are_denied_unless_said(place, given):
    assert Bench("a.example").gives(to("a.example", place=place)) is given
    assert Bench("a.example", places=lambda name: {place}).gives(to("a.example", place=place))


def test_a_secret_bound_to_nothing_goes_nowhere_and_says_how_to_bind_it():
    bench = Bench()

    with pytest.raises(ScopeDenied, match="no host") as caught:
        bench.reveal(bench.ref, to("a.example", 8443))

    assert f"%flarex_secrets scope {NAME} a.example:8443" in caught.value.hint


def test_the_way_to_allow_a_host_keeps_those_allowed_before():
    bench = Bench("a.example")

    with pytest.raises(ScopeDenied) as caught:
        bench.reveal(bench.ref, to("b.example"))

    assert f"%flarex_secrets scope {NAME} a.example b.example" in caught.value.hint


def test_an_environment_value_goes_to_the_hosts_of_the_service_that_declares_it(tmp_path):
    clock = VirtualClock()
    hosts = {"MAIL_API_KEY": ("mail.example",)}
    environ = {"MAIL_API_KEY": "value-of-mail", "LOOSE_API_KEY": "value-of-loose"}
    sources = Sources(
        SessionStore(clock), environ=environ, start_dir=tmp_path, default_hosts=lambda name: hosts.get(name, ())
    )
    reveal = Revealer(sources, clock)

    assert reveal(SecretRef("MAIL_API_KEY"), to("mail.example")) == "value-of-mail"
    for name, host in (("MAIL_API_KEY", "evil.test"), ("LOOSE_API_KEY", "mail.example")):
        with pytest.raises(ScopeDenied, match=name):
            reveal(SecretRef(name), to(host))
    sources.bind("LOOSE_API_KEY", ["loose.example"])
    assert reveal(SecretRef("LOOSE_API_KEY"), to("loose.example")) == "value-of-loose"


def test_a_profile_with_an_unreadable_host_allows_nothing():
    clock = VirtualClock()
    sources = Sources(
        SessionStore(clock), environ={NAME: VALUE}, default_hosts=lambda name: ("https://a.example/", "*")
    )

    with pytest.raises(ScopeDenied):
        Revealer(sources, clock)(SecretRef(NAME), to("a.example"))


def test_a_sandbox_secret_goes_to_the_sandbox_and_never_to_a_real_host():
    bench = Bench("api.crm.example", env="sandbox")

    assert bench.gives(to("127.0.0.1", 43210, "http"))
    assert not bench.gives(to("api.crm.example"))
    assert not bench.gives(to("127.0.0.1", 9, "http"))


def test_a_live_secret_never_goes_to_the_sandbox_even_where_it_is_bound_to_it():
    assert not Bench(SANDBOX).gives(to("127.0.0.1", 43210, "http"))


def test_a_missing_secret_sends_nothing_and_leaves_no_trail():
    bench = Bench("a.example")

    with pytest.raises(SecretMissing):
        bench.reveal(SecretRef("OTHER_API_KEY"), to("a.example"))

    assert bench.reveal.audit() == ()


def test_the_trail_names_secret_time_and_host_of_each_use_and_of_no_refusal():
    bench = Bench("a.example")
    bench.gives(to("a.example"))
    bench.clock.advance(5)
    bench.gives(to("evil.test"))
    bench.gives(to("a.example", place="query"))

    uses = bench.reveal.audit()

    assert [(use.name, use.when, use.destination, use.place) for use in uses] == [
        (NAME, 1_700_000_000.0, "https://a.example:443", "header"),
        (NAME, 1_700_000_005.0, "https://a.example:443", "query"),
    ]
    assert VALUE not in repr(uses)
    assert VALUE not in repr(bench.reveal) + repr(bench.sources) + repr(bench.sources.trail)


def test_a_narrower_scope_counts_at_once():
    bench = Bench("a.example", "b.example")
    assert bench.gives(to("b.example"))

    bench.session.scope(NAME, ["a.example"])

    assert not bench.gives(to("b.example"))
    assert bench.gives(to("a.example"))


LABELS = st.from_regex(r"[a-z]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True)
HOSTS = st.lists(LABELS, min_size=2, max_size=4).map(".".join)


@given(HOSTS, st.none() | st.integers(1, 65535), st.booleans())
def test_a_binding_reads_back_as_it_is_written(host, port, below):
    binding = Binding(host, port, below)

    assert parse(str(binding)) == binding


@given(HOSTS, HOSTS, st.sampled_from([80, 443, 8443]))
def test_an_exact_binding_allows_its_own_host_only(bound, asked, port):
    assert allows([bound], to(asked, port)) == (bound == asked and port == 443)


@given(HOSTS, HOSTS)
def test_a_suffix_allows_what_ends_in_it_behind_a_dot(suffix, asked):
    assert allows([f"*.{suffix}"], to(asked)) == asked.endswith("." + suffix)
    assert allows([f"*.{suffix}"], to(f"{asked}.{suffix}"))


@pytest.mark.parametrize(
    ("host", "near"),
    [
        ("localhost", True),
        ("127.8.9.1", True),
        ("::1", True),
        ("127.1", False),
        ("localhost.a.example", False),
        ("10.0.0.1", False),
        ("::ffff:10.0.0.1", False),
    ],
)
def test_loopback_is_judged_by_spelling(host, near):
    assert is_loopback(host) is near
