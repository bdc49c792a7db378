"""A call goes where the person wrote it goes, or nowhere."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from flarex_nb.catalog.profile import Service
from flarex_nb.errors import HostNotAllowed, UsageError
from scripted import reply


def local(here: Any, name: str, port: int) -> None:
    here.client.services.register(Service(name=name, base_url=f"http://127.0.0.1:{port}", network="private"))


def test_a_whole_url_with_another_port_is_refused(world: Any) -> None:
    here = world(reply(200, {}))
    local(here, "dev", 8000)

    with pytest.raises(HostNotAllowed):
        here.client.call("dev", "GET http://127.0.0.1:9000/x")

    assert here.wire.seen == []


def test_a_service_is_found_by_host_and_port(world: Any) -> None:
    here = world(reply(200, {}))
    local(here, "aaa", 8000)
    local(here, "bbb", 8001)

    here.client.call("", "GET http://127.0.0.1:8001/x")

    assert here.wire.seen[0].url == "http://127.0.0.1:8001/x"


def test_a_whole_url_holds_the_base_path_already(world: Any) -> None:
    here = world(reply(200, {}))
    here.client.services.register(Service(name="crm", base_url="https://crm.example/api"))

    here.client.call("crm", "GET https://crm.example/api/contacts")

    assert here.wire.seen[0].url == "https://crm.example/api/contacts"


def test_the_sandbox_asked_for_is_never_the_real_service(world: Any) -> None:
    here = world(reply(200, {}))
    here.client.sandbox = SimpleNamespace(origin="http://127.0.0.1:1", host="127.0.0.1", port=1, services=("stripe",))
    here.client.services.register(Service(name="crm", base_url="https://crm.example"))

    with pytest.raises(UsageError):
        here.client.call("crm", "DELETE /contacts", env="sandbox")

    assert here.wire.seen == []


def test_an_encoded_way_up_is_refused(world: Any) -> None:
    here = world(reply(200, {}))

    with pytest.raises(UsageError):
        here.call("GET /v1/charges/..%2F..%2Fadmin")

    assert here.wire.seen == []
