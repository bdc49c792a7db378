"""A URL from outside: fetched with the whole pipeline, without secrets, and never from an address that is not public."""

from __future__ import annotations

from typing import Any

import pytest

from flarex_nb.errors import (
    AddressBlocked,
    GuardError,
    HostNotAllowed,
    MalformedBody,
    RedirectBlocked,
    SchemeNotAllowed,
    ScopeDenied,
    ServerError,
    UnknownOption,
    UsageError,
)
from flarex_nb.public import fetch
from scripted import KEY, header_of, reply

URL = "https://data.example/page"


def html(text: str = "<p>hello</p>", status: int = 200, **headers: str) -> Any:
    return reply(status, text.encode(), **{"Content_Type": "text/html", **headers})


def test_a_public_url_is_fetched_as_text_json_and_frame(world: Any) -> None:
    here = world(reply(200, [{"id": 1, "a": {"b": "x"}}, {"id": 2, "a": {"b": "y"}}]))

    result = fetch(here.client, URL)

    assert result.json[1]["id"] == 2
    assert result.text.startswith("[")
    assert list(result.df["a.b"]) == ["x", "y"]
    assert (result.status, result.environment, result.service) == (200, "live", "public")


def test_a_page_is_text(world: Any) -> None:
    here = world(html())

    result = fetch(here.client, URL)

    assert result.text == "<p>hello</p>"
    with pytest.raises(MalformedBody):
        result.json  # noqa: B018


@pytest.mark.parametrize(
    "url",
    [
        "https://data.example/a?flag&x=1+2&y=%7e&sig=a%2Fb%3D",
        "https://data.example/a%2Fb/../c?x=",
        "https://DATA.example:8443/?&&",
        "http://data.example/plain",
    ],
)
def test_the_url_goes_out_as_it_came(world: Any, url: str) -> None:
    here = world(html())

    fetch(here.client, f"{url}#part")

    assert [out.url for out in here.wire.seen] == [url]


def test_the_caps_are_two_megabytes_unless_said(world: Any) -> None:
    here = world(html())

    fetch(here.client, URL)
    fetch(here.client, f"{URL}?2", max_bytes=5_000)

    assert [(each.max_wire_bytes, each.max_bytes) for each in here.wire.reaches] == [(2_000_000,) * 2, (5_000,) * 2]
    assert all(each.private == frozenset() for each in here.wire.reaches)


def test_it_is_tried_again_like_any_read(world: Any) -> None:
    here = world(html(status=503), html())

    result = fetch(here.client, URL, jitter="none")

    assert [each.outcome for each in result.attempts] == ["503", "200"]


def test_an_error_status_is_an_error_or_with_check_false_a_result(world: Any) -> None:
    here = world(html(status=500))

    with pytest.raises(ServerError):
        fetch(here.client, URL, attempts=1)

    assert fetch(here.client, URL, attempts=1, check=False).status == 500


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/", "https://[::1]/", "http://169.254.169.254/latest/meta-data/", "http://metadata.google.internal/",
        "http://ok.test@127.0.0.1/", "http://2130706433/", "https://data.example:22/", "https://data.example:6379/",
        "file:///etc/passwd", "ftp://data.example/", "//data.example/", "/etc/passwd", "data.example", "", "https://",
        "https://data.example/\nx", "https://data.example/\x00",
    ],
)  # fmt: skip
def test_what_is_not_public_is_refused_before_anything_is_sent(world: Any, url: str) -> None:
    here = world(html())

    with pytest.raises((GuardError, UsageError)) as caught:
        fetch(here.client, url)

    assert here.wire.seen == []
    assert caught.value.hint
    assert caught.value.attempts == ()


def test_a_registered_private_place_is_not_reached_by_a_url_from_outside(world: Any) -> None:
    from flarex_nb.catalog.profile import Service

    here = world(reply(200, {"private": True}))
    here.client.services.register(Service(name="dev", base_url="http://127.0.0.1:8000", network="private"))
    here.client.call("dev", "GET /x")

    with pytest.raises(AddressBlocked):
        fetch(here.client, "http://127.0.0.1:8000/x")

    assert len(here.wire.seen) == 1


def test_an_answer_kept_for_a_service_is_not_given_for_a_url(world: Any) -> None:
    from flarex_nb.catalog.profile import Service

    here = world(reply(200, {"private": True}), reply(200, {"private": False}))
    own = {"network": "private", "headers": {"Accept": "*/*"}}
    here.client.services.register(Service(name="dev", base_url="https://dev.corp.example:8000", **own))
    here.client.call("dev", "GET /x")

    assert fetch(here.client, "https://dev.corp.example:8000/x").json == {"private": False}


def test_no_profile_of_ones_own_is_called_public(world: Any) -> None:
    from flarex_nb.catalog.profile import Service
    from flarex_nb.errors import ProfileError

    here = world(html())

    with pytest.raises(ProfileError):
        here.client.services.register(Service(name="public", base_url="https://x.example"))


def test_redirects_to_other_public_hosts_are_followed_without_what_tells_who_asks(world: Any) -> None:
    here = world(
        html(status=302, Location="https://other.example/b"),
        html(status=307, Location="/c"),
        html("there"),
    )

    result = here.client.call("", f"GET {URL}", guard="public", headers={"X-Trace": "1", "Accept-Language": "de"})

    assert [out.url for out in here.wire.seen] == [URL, "https://other.example/b", "https://other.example/c"]
    assert [header_of(out, "X-Trace") for out in here.wire.seen] == ["1", None, None]
    assert header_of(here.wire.seen[2], "Accept-Language") == "de"
    assert result.text == "there"
    assert result.reply.url == "https://other.example/c"


def test_five_redirects_are_followed_and_a_sixth_is_not(world: Any) -> None:
    hops = [html(status=302, Location=f"https://n{number}.example/") for number in range(6)]
    five, six = world(*hops[:5], html("end")), world(*hops)

    assert fetch(five.client, URL).text == "end"
    with pytest.raises(RedirectBlocked, match="more than 5 times"):
        fetch(six.client, URL)

    assert (len(five.wire.seen), len(six.wire.seen)) == (6, 6)


@pytest.mark.parametrize(
    ("location", "kind"),
    [
        ("http://data.example/", RedirectBlocked),
        ("http://other.example/", RedirectBlocked),
        ("file:///etc/passwd", RedirectBlocked),
        ("http://[::1", RedirectBlocked),
    ],
)
def test_a_redirect_away_from_https_is_not_followed(world: Any, location: str, kind: type[Exception]) -> None:
    here = world(html(status=302, Location=location))

    with pytest.raises(kind) as caught:
        fetch(here.client, URL)

    assert len(here.wire.seen) == 1
    assert caught.value.sent == "yes"
    assert caught.value.reply.status == 302


def test_a_refusal_after_a_redirect_says_who_redirected_and_that_something_was_sent(world: Any) -> None:
    refused = AddressBlocked("127.0.0.1 is not a public address: loopback, this machine (RFC 1122)")
    here = world(html(status=302, Location="//127.0.0.1/x?k=canary"), refused)

    with pytest.raises(AddressBlocked) as caught:
        fetch(here.client, URL)

    told = caught.value.explain()
    assert "redirected by: https://data.example" in told
    assert caught.value.sent == "yes"
    assert len(caught.value.attempts) == 1
    assert "canary" not in told


def test_a_secret_never_goes_along(world: Any) -> None:
    here = world(html())
    here.client.secrets.set("STRIPE_SECRET_KEY", KEY, hosts=("api.stripe.com", "data.example"))
    handle = here.client.secrets["STRIPE_SECRET_KEY"]

    for url in (
        f"{URL}?k={handle.marker}",
        f"https://data.example/{handle}",
        handle,
        f"{URL}?k={KEY}",
        None,
        b"https://x/",
    ):
        with pytest.raises((ScopeDenied, UsageError)) as caught:
            fetch(here.client, url)
        assert KEY not in caught.value.explain()
    with pytest.raises(ScopeDenied, match=r"STRIPE_SECRET_KEY was not sent to data\.example"):
        here.client.call("", f"GET {URL}", guard="public", headers={"X-Plain": handle.marker})

    assert here.wire.seen == []


def test_a_value_of_the_environment_is_known_before_the_first_call(world: Any) -> None:
    here = world(html())

    with pytest.raises(ScopeDenied, match="STRIPE_SECRET_KEY"):
        fetch(here.client, f"{URL}?k={KEY}")

    assert here.wire.seen == []


@pytest.mark.parametrize("name", ["Authorization", "Cookie", "X-Api-Key", "Proxy-Authorization", "X-Auth-Token"])
def test_a_header_that_looks_like_a_credential_is_refused_without_its_value(world: Any, name: str) -> None:
    here = world(html())

    with pytest.raises(UsageError, match=name) as caught:
        here.client.call("", f"GET {URL}", guard="public", headers={name: "visibly-fake"})

    assert here.wire.seen == []
    assert "visibly-fake" not in caught.value.explain()


@pytest.mark.parametrize(
    ("service", "request_text", "more"),
    [
        ("stripe", f"GET {URL}", {}),
        ("", f"POST {URL}", {"json": {"a": 1}}),
        ("", f"DELETE {URL}", {}),
        ("", "GET /v1/charges", {}),
        ("", f"GET {URL}", {"pages": "all"}),
        ("", f"GET {URL}", {"env": "sandbox"}),
        ("", f"GET {URL}", {"simulate": "503"}),
    ],
)
def test_it_is_a_read_of_one_whole_url_and_nothing_else(world: Any, service: str, request_text: str, more: Any) -> None:
    here = world(html())

    with pytest.raises(UsageError):
        here.client.call(service, request_text, guard="public", **more)

    assert here.wire.seen == []


def test_an_option_that_is_none_is_named(world: Any) -> None:
    with pytest.raises(UnknownOption):
        fetch(world(html()).client, URL, retries=3)


def test_parameters_may_be_added_in_python(world: Any) -> None:
    here = world(html())

    here.client.call("", f"GET {URL}?a=1", guard="public", params={"b": "x y"})

    assert here.wire.seen[0].url == f"{URL}?a=1&b=x%20y"


def test_the_query_is_in_no_text_about_the_call(world: Any) -> None:
    here = world(html(status=404))
    url = f"{URL}?sig=canary"

    with pytest.raises(Exception, match="404") as caught:
        fetch(here.client, url)

    assert "canary" not in caught.value.explain()
    assert "canary" not in repr(fetch(here.client, url, check=False))


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "gopher://data.example/", "localhost:8888/x", "data:text/plain,x"]
)
def test_another_scheme_is_named_as_one(world: Any, url: str) -> None:
    with pytest.raises(SchemeNotAllowed, match="is not a scheme"):
        fetch(world(html()).client, url)


def test_another_port_of_the_web_is_no_other_protocol(world: Any) -> None:
    with pytest.raises(SchemeNotAllowed, match="below 1024"):
        fetch(world(html()).client, "https://data.example:22/")
    with pytest.raises(HostNotAllowed):
        fetch(world(html()).client, "https://user:word@data.example/")


def test_a_plan_shows_the_url_and_sends_nothing(world: Any) -> None:
    here = world(html())

    plan = here.client.call("", f"GET {URL}", guard="public", plan=True)

    assert here.wire.seen == []
    assert "at public addresses only" in plan.explain()
    assert "redirects to other public hosts are followed" in plan.explain()


def test_it_exports_as_curl_with_its_url(world: Any) -> None:
    assert f"'{URL}?a=1'" in fetch(world(html()).client, f"{URL}?a=1").curl()
