"""What was read off the profiles is read again after a registration."""

from __future__ import annotations

from flarex_nb.catalog.profile import Service
from flarex_nb.catalog.registry import Registry, endpoint_for


def _crm(name: str, host: str) -> Service:
    auth = {"kind": "bearer", "secret": "CRM_API_KEY"}
    return Service(name=name, base_url=f"http://{host}", network="private", auth=auth)


def test_a_registration_counts_for_the_hosts_of_a_secret_at_once() -> None:
    registry = Registry()
    registry.register(_crm("one", "one.internal:81"))
    assert registry.hosts_of_secret("CRM_API_KEY") == ("one.internal:81",)

    registry.register(_crm("two", "two.internal:82"))

    assert set(registry.hosts_of_secret("CRM_API_KEY")) == {"one.internal:81", "two.internal:82"}


def test_a_registration_counts_for_the_private_places_at_once() -> None:
    registry = Registry()
    registry.register(_crm("one", "one.internal:81"))
    assert ("one.internal", 81) in registry.private_places()

    registry.register(_crm("one", "moved.internal:83"))

    assert ("moved.internal", 83) in registry.private_places()
    assert ("one.internal", 81) not in registry.private_places()


def test_a_copy_of_a_profile_with_other_endpoints_is_looked_up_in_its_own() -> None:
    stripe = Registry().get("stripe")
    assert endpoint_for(stripe, "GET", "/v1/charges/ch_1") is not None

    copy = stripe.model_copy(update={"endpoints": stripe.endpoints[:1]})

    assert endpoint_for(copy, "GET", "/v1/charges/ch_1") in {None, stripe.endpoints[0]}
    assert endpoint_for(stripe, "GET", "/v1/charges/ch_1") is not None
