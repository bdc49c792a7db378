"""Security cases 62 to 70: the value exists for one send to the host it is bound to, and in no text about it.

Real names, TLS, guard and wire against a server on this machine; the bytes that arrive are what counts.
"""

from __future__ import annotations

import gc
import json
import logging
import traceback
from typing import TYPE_CHECKING, Any

import pytest

from far_away import FarAway, Last, answer
from flarex_nb.catalog.profile import Service
from flarex_nb.client import Client
from flarex_nb.errors import (
    BadRequest,
    FlarexError,
    GuardError,
    HostNotAllowed,
    RedirectBlocked,
    ScopeDenied,
    ServerError,
)
from flarex_nb.model import BoundCall, Outgoing, Reply
from flarex_nb.net.transport import Wire
from flarex_nb.net.url import Target
from flarex_nb.portal import PORTAL
from flarex_nb.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from far_away import Came

STRIPE = "sk_test_" + "visiblyfake" * 2
VALUE = "visibly-fake-" + "0123456789abcdef"
LOGGERS = ("httpx", "httpcore", "aiohttp", "aiohttp.client", "asyncio", "hpack", "flarex_nb")


class Here:
    """A client, the far side, and the one way to a call."""

    def __init__(self, far: FarAway, folder: Any) -> None:
        self.far = far
        self.wire = Wire(lookup=far.lookup, open_socket=far.open_socket, tls=far.trust)
        self.client = Client(
            Settings(attempts=1),
            wire=self.wire,
            environ={"STRIPE_SECRET_KEY": STRIPE, "CRM_API_KEY": VALUE},
            folder=folder,
        )

    def crm(self, **auth: str) -> None:
        self.client.services.register(
            Service(name="crm", base_url="https://crm.example", auth={"secret": "CRM_API_KEY", **auth})
        )

    def call(self, service: str, request: str, **arguments: Any) -> Any:
        return self.client.call(service, request, cache="bypass", **arguments)


@pytest.fixture
def here(tmp_path: Any) -> Iterator[Callable[..., Here]]:
    """Make a client whose far side says these things."""
    made: list[Here] = []

    def make(says: Callable[[Came], bytes] = lambda _: answer()) -> Here:
        far = FarAway(says).__enter__()
        made.append(Here(far, tmp_path))
        return made[-1]

    yield make
    for each in made:
        PORTAL.run(each.wire.aclose())
        each.far.__exit__()


def told(error: BaseException) -> str:
    """Return everything that can be read off an error: its texts, its attributes, its causes, a verbose traceback."""
    parts, seen, ahead = [], set(), [error]
    while ahead:
        each = ahead.pop()
        if id(each) in seen or isinstance(each, type) or callable(each):
            continue
        seen.add(id(each))
        parts += [repr(each), str(each)]
        if isinstance(each, FlarexError):
            parts.append(each.explain())
        if isinstance(each, BaseException):
            shown = traceback.TracebackException.from_exception(each, capture_locals=False)
            parts += shown.format()
            ahead += [each.__cause__, each.__context__, *each.args]
        ahead += vars(each).values() if hasattr(each, "__dict__") else []
        ahead += [getattr(each, name, None) for name in getattr(type(each), "__slots__", ())]
        ahead += each.values() if isinstance(each, dict) else each if isinstance(each, list | tuple) else []
    return "\n".join(map(str, parts))


def to(location: str, status: int = 307) -> Callable[[Came], bytes]:
    return lambda came: answer(status, Location=location) if came.target.startswith("/v1") else answer()


def test_security_case_62_the_key_goes_to_its_own_host(here: Any) -> None:
    world = here()

    world.call("stripe", "GET /v1/charges")

    assert [(each.host, each.header("authorization")) for each in world.far.came] == [
        ("api.stripe.com", f"Bearer {STRIPE}")
    ]


@pytest.mark.parametrize("place", ["bearer", "header", "query", "basic"])
def test_security_case_63_to_another_host_not_a_byte_is_sent(here: Any, place: str) -> None:
    world = here()
    more = {"header": {"name": "X-Api-Key"}, "query": {"name": "key"}, "basic": {"username": "me"}}.get(place, {})
    auth = {"kind": place, "secret": "STRIPE_SECRET_KEY", **more}
    world.client.services.register(Service(name="evil", base_url="https://evil.test", auth=auth))

    with pytest.raises(ScopeDenied, match=r"STRIPE_SECRET_KEY .* not sent to https://evil\.test"):
        world.call("evil", "GET /")

    assert (world.far.came, world.far.connected) == ([], [])


def test_security_case_63_a_marker_written_into_another_services_request_is_refused(here: Any) -> None:
    world = here()
    world.crm(kind="bearer")
    world.client.secrets.set("OTHER_API_KEY", VALUE[::-1], hosts=["api.stripe.com"])
    marked = world.client.secrets["OTHER_API_KEY"].marker

    for arguments in ({"headers": {"X-Other": marked}}, {"params": {"k": marked}}, {"json": {"k": marked}}):
        with pytest.raises(ScopeDenied, match="OTHER_API_KEY"):
            world.call("crm", "POST /x" if "json" in arguments else "GET /x", **arguments)
    with pytest.raises(HostNotAllowed):
        world.call("crm", f"GET https://evil.test/{marked}")

    assert (world.far.came, world.far.connected) == ([], [])


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("location", ["https://evil.test/take", "//evil.test/take", "https://crm.example:8443/v1"])
def test_security_case_64_a_redirect_to_another_host_takes_no_header_along(
    here: Any, status: int, location: str
) -> None:
    world = here(to(location, status))
    world.crm(kind="header", name="X-Api-Key")

    with pytest.raises(RedirectBlocked) as caught:
        world.call("crm", "GET /v1/x")

    assert world.far.hosts() == ["crm.example"]
    assert len(world.far.connected) == 1
    assert VALUE not in told(caught.value)


def test_security_case_64_a_redirect_that_repeats_the_query_takes_nothing_along(here: Any) -> None:
    world = here(lambda came: answer(302, Location=f"https://evil.test{came.target}"))
    world.crm(kind="query", name="key")

    with pytest.raises(RedirectBlocked) as caught:
        world.call("crm", "GET /v1/x")

    assert world.far.hosts() == ["crm.example"]
    assert VALUE not in told(caught.value)


@pytest.mark.parametrize("location", ["https://evil.test/take", "/v2", "https://crm.example/v2"])
@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_security_case_65_a_redirect_takes_no_body_along(here: Any, status: int, location: str) -> None:
    world = here(to(location, status))
    world.crm(kind="bearer")

    with pytest.raises(RedirectBlocked):
        world.call("crm", "POST /v1/x", json={"pay": 100})

    assert [(each.host, each.target) for each in world.far.came] == [("crm.example", "/v1/x")]


@pytest.mark.parametrize("auth", [{"kind": "header", "name": "X-Api-Key"}, {"kind": "query", "name": "key"}])
def test_security_case_66_a_redirect_on_the_same_host_is_followed_with_the_key(here: Any, auth: dict[str, str]) -> None:
    world = here(to("/v2?a=1"))
    world.crm(**auth)

    assert world.call("crm", "GET /v1/x").status == 200

    last = world.far.came[-1]
    assert [each.host for each in world.far.came] == ["crm.example"] * 2
    assert last.header("x-api-key") == VALUE or f"key={VALUE}" in last.target


def test_security_case_67_https_is_not_left_for_http_on_the_same_host(here: Any) -> None:
    world = here(to("http://crm.example/v1/x"))
    world.crm(kind="bearer")

    with pytest.raises(RedirectBlocked):
        world.call("crm", "GET /v1/x")

    assert len(world.far.came) == len(world.far.connected) == 1


@pytest.mark.parametrize("status", [400, 401, 404, 429, 500])
def test_security_case_68_no_text_of_an_error_holds_a_key_from_the_query(here: Any, status: int) -> None:
    world = here(lambda came: answer(status, json.dumps({"error": {"message": f"no {came.target}"}}).encode()))
    world.crm(kind="query", name="key")

    with pytest.raises(FlarexError) as caught:
        world.call("crm", "GET /v1/x", params={"q": "open"})

    assert f"key={VALUE}" in world.far.came[0].target
    assert VALUE not in told(caught.value)
    assert not hasattr(caught.value, "request")


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"garbage\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{",
        b"HTTP/1.1 200 OK\r\n" + b"X: " + b"y" * 99_999,
    ],
)
@pytest.mark.parametrize("auth", [{"kind": "query", "name": "key"}, {"kind": "basic", "username": "me"}])
def test_security_case_68_no_text_of_a_broken_connection_holds_the_key(
    here: Any, broken: bytes, auth: dict[str, str]
) -> None:
    def says(came: Came) -> bytes:
        return Last(broken)

    world = here(says)
    world.crm(**auth)

    with pytest.raises(FlarexError) as caught:
        world.call("crm", "GET /v1/x", attempt_timeout=1)

    assert world.far.came
    assert VALUE not in told(caught.value)


@pytest.mark.parametrize(
    "auth", [{"kind": "bearer"}, {"kind": "query", "name": "key"}, {"kind": "header", "name": "X-Api-Key"}]
)
def test_security_case_69_no_log_of_any_library_holds_the_key(here: Any, caplog: Any, auth: dict[str, str]) -> None:
    caplog.set_level(logging.DEBUG)
    for name in LOGGERS:
        caplog.set_level(logging.DEBUG, logger=name)
    world = here(
        lambda came: answer(
            500 if "fail" in came.target else 200, body=came.head.encode(), Content_Type="text/plain", X_Echo=VALUE
        )
    )
    world.crm(**auth)

    world.call("crm", "GET /v1/x")
    with pytest.raises(ServerError):
        world.call("crm", "GET /v1/fail")

    assert len(world.far.came) == 2
    assert VALUE not in caplog.text
    assert not any(VALUE in repr(record.__dict__) for record in caplog.records)


@pytest.mark.parametrize(
    "auth", [{"kind": "bearer"}, {"kind": "query", "name": "key"}, {"kind": "basic", "username": "me"}]
)
def test_security_case_70_a_key_the_server_echoes_is_scrubbed_from_body_and_headers(
    here: Any, auth: dict[str, str]
) -> None:
    world = here(
        lambda came: answer(
            200, json.dumps({"head": came.head}).encode(), X_Echo=VALUE, Set_Cookie=f"k={VALUE}; path=/"
        )
    )
    world.crm(**auth)

    result = world.call("crm", "GET /v1/x")

    shown = "\n".join(
        [
            result.text,
            repr(result.headers),
            repr(result.json),
            result.df.to_string(),
            result.explain(),
            result.curl(),
            repr(result),
        ]
    )
    assert VALUE not in shown
    assert "[CRM_API_KEY]" in result.text


def test_security_case_70_a_key_echoed_in_an_error_or_a_location_is_scrubbed(here: Any) -> None:
    world = here(
        lambda came: (
            answer(302, Location=f"https://evil.test/{VALUE}")
            if "go" in came.target
            else answer(400, json.dumps({"error": {"message": VALUE}}).encode())
        )
    )
    world.crm(kind="bearer")

    with pytest.raises(BadRequest) as failed:
        world.call("crm", "GET /v1/x")
    with pytest.raises(GuardError) as led:
        world.call("crm", "GET /v1/go")

    assert VALUE not in told(failed.value) + told(led.value)


@pytest.mark.parametrize(
    "auth", [{"kind": "bearer"}, {"kind": "query", "name": "key"}, {"kind": "basic", "username": "me"}]
)
def test_the_value_is_in_no_object_of_ours_that_stays_after_the_call(here: Any, auth: dict[str, str]) -> None:
    world = here()
    world.crm(**auth)
    world.client._environ = {}
    world.client.secrets.set("CRM_API_KEY", VALUE, hosts=["crm.example"])

    result = world.call("crm", "GET /v1/x")

    gc.collect()
    held = [each for each in gc.get_objects() if isinstance(each, Outgoing | BoundCall | Reply | Target)]
    assert world.far.came
    assert result.call in held
    assert not any(VALUE in f"{getattr(each, 'url', '')}{getattr(each, 'headers', '')}" for each in held)
