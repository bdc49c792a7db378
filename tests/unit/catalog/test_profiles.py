"""Profiles: read from TOML, checked, and looked up with a guess for a slip."""

from __future__ import annotations

import pytest

from flarex_nb.catalog.error_shapes import read_error
from flarex_nb.catalog.profile import ErrorShape, Service
from flarex_nb.catalog.registry import Registry, endpoint_for
from flarex_nb.catalog.toml import catalog_names, from_catalog, from_toml
from flarex_nb.errors import ProfileError, UnknownService


@pytest.mark.parametrize("name", catalog_names())
def test_every_packaged_profile_reads_and_cites_its_provider(name: str) -> None:
    service = from_catalog(name)

    assert service.name == name
    assert service.docs_url.startswith("https://")
    assert all(secret.endswith(("_KEY", "_TOKEN", "_URL")) for secret in service.secret_names)


def test_a_slip_in_a_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownService, match="Did you mean 'stripe'"):
        Registry().get("strpe")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('base_url = "ftp://x"', "base_url"),
        ('base_url = "https://user:pw@x"', "base_url"),
        ('base_url = "http://x"', "private"),
        ('base_url = "https://x"\nretires = 3', "retires"),
        ("base_url = ", "TOML"),
        ('base_url = "https://x"\nauth = { kind = "magic" }', "auth"),
    ],
)
def test_a_wrong_profile_is_refused_naming_the_field(text: str, words: str) -> None:
    with pytest.raises(ProfileError, match=words):
        from_toml(text, name="crm")


def test_a_user_cannot_take_a_packaged_name() -> None:
    with pytest.raises(ProfileError, match="stripe"):
        Registry().register(Service(name="stripe", base_url="https://elsewhere.example"))


def test_a_documented_path_is_found_by_its_shape() -> None:
    service = from_catalog("stripe")

    assert endpoint_for(service, "GET", "/v1/charges/ch_1").summary == "Retrieve a charge"
    assert endpoint_for(service, "GET", "/v1/unheard/of") is None
    assert endpoint_for(service, "PUT", "/v1/charges") is None


def test_the_hosts_of_a_secret_come_from_the_profile_that_declares_it() -> None:
    registry = Registry()
    auth = {"kind": "bearer", "secret": "CRM_API_KEY"}
    registry.register(Service(name="crm", base_url="http://127.0.0.1:8000", network="private", auth=auth))

    assert registry.hosts_of_secret("STRIPE_SECRET_KEY") == ("api.stripe.com",)
    assert registry.hosts_of_secret("CRM_API_KEY") == ("127.0.0.1:8000",)
    assert registry.hosts_of_secret("NOBODYS_KEY") == ()


@pytest.mark.parametrize(
    ("body", "message", "code"),
    [
        ({"error": {"message": "No.", "code": "bad"}}, "No.", "bad"),
        ({"message": "Not Found"}, "Not Found", ""),
        ({"error": "invalid_grant", "error_description": "Gone."}, "Gone.", "invalid_grant"),
        ({"detail": "nope"}, "nope", ""),
        ({"errors": [{"message": "first"}]}, "first", ""),
        ([1, 2], "", ""),
        (None, "", ""),
        ({"error": {"message": {"deep": 1}}}, "", ""),
    ],
)
def test_common_error_bodies_are_read_without_a_profile(body: object, message: str, code: str) -> None:
    said = read_error(body, ErrorShape())

    assert (said.message, said.code) == (message, code)


def test_a_message_of_any_length_stays_readable() -> None:
    said = read_error({"message": "x" * 100_000 + "\n\n"}, ErrorShape())

    assert len(said.message) <= 601
