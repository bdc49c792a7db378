"""An answer that repeats the secret in any written form is scrubbed before anybody reads it."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from flarex_nb.catalog.profile import Service
from flarex_nb.errors import ScopeDenied
from scripted import header_of, reply

ODD = 'visibly+fake/"value"\\=&x'
PLAIN = "visibly-fake-value-of-a-secret"


def crm(here: Any, value: str, **auth: str) -> None:
    here.client._environ["CRM_API_KEY"] = value
    here.client.services.register(
        Service(name="crm", base_url="https://crm.example", auth={"secret": "CRM_API_KEY", **auth})
    )


def test_basic_credentials_are_scrubbed(world: Any) -> None:
    here = world(lambda out: reply(200, {"sent": header_of(out, "Authorization")}))
    crm(here, PLAIN, kind="basic", username="me")

    result = here.client.call("crm", "GET /echo")

    assert base64.b64encode(f"me:{PLAIN}".encode()).decode() not in result.text


def test_a_quoted_value_is_scrubbed(world: Any) -> None:
    here = world(lambda out: reply(200, {"url": out.url}))
    crm(here, ODD, kind="query", name="key")

    assert "visibly%2Bfake" not in here.client.call("crm", "GET /echo").text


def test_an_escaped_value_is_scrubbed(world: Any) -> None:
    here = world(lambda out: reply(200, {"sent": header_of(out, "Authorization")}))
    crm(here, ODD, kind="bearer")

    assert ODD not in here.client.call("crm", "GET /echo").json["sent"]


def test_a_redirect_that_repeats_the_query_sends_the_secret_once(world: Any) -> None:
    here = world(lambda out: reply(302, {}, Location=out.url.replace("/old", "/new")), reply(200, {}))
    crm(here, PLAIN, kind="query", name="key")

    here.client.call("crm", "GET /old", params={"a": 1})

    assert here.wire.seen[1].url == f"https://crm.example/new?a=1&key={PLAIN}"


def test_a_profile_of_ones_own_does_not_widen_a_packaged_secret(world: Any) -> None:
    here = world(reply(200, {}))
    auth = {"kind": "bearer", "secret": "STRIPE_SECRET_KEY"}
    here.client.services.register(Service(name="evil", base_url="https://evil.example", auth=auth))

    with pytest.raises(ScopeDenied):
        here.client.call("evil", "GET /")

    assert here.wire.seen == []


def test_a_query_parameter_as_written_gives_way_to_the_secret(world: Any) -> None:
    here = world(reply(200, {}))
    crm(here, PLAIN, kind="query", name="key")

    here.client.call("crm", "GET /x", params={"key": "YOUR_KEY"})

    assert here.wire.seen[0].url.count("key=") == 1


def test_a_written_authorization_with_another_secret_wins_over_basic(world: Any) -> None:
    here = world(reply(200, {}))
    crm(here, PLAIN, kind="basic", username="me")
    here.client.secrets.set("OTHER_API_KEY", "another-fake-value", hosts=["crm.example"])

    marked = here.client.secrets["OTHER_API_KEY"].marker
    here.client.call("crm", "GET /x", headers={"authorization": f"Bearer {marked}"})

    assert header_of(here.wire.seen[0], "Authorization") == "Bearer another-fake-value"


@pytest.mark.parametrize("auth", [{"kind": "basic", "username": "me"}, {"kind": "query", "name": "key"}])
def test_an_exported_call_names_its_credential(world: Any, auth: Any) -> None:
    here = world(reply(200, {}))
    crm(here, PLAIN, **auth)

    assert "CRM_API_KEY" in here.client.call("crm", "GET /x").curl()
