"""The public names as a user's type checker sees them; mypy reads this file, nothing runs it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, assert_type

import pandas as pd
import pydantic

import flarex_nb as fx
from flarex_nb.errors import Sent
from flarex_nb.model import Attempt, Headers, Reply


class Charge(pydantic.BaseModel):
    """A user's own model of one record."""

    id: str
    amount: int


def a_call_gives_a_result() -> None:
    """Every option by name, and every field of the result."""
    result = fx.call(
        "stripe",
        "GET /v1/charges",
        params={"limit": 100, "created": {"gte": 1_700_000_000}},
        headers={"X-Trace": "1"},
        pages="all",
        attempts=3,
        attempt_timeout=10.0,
        deadline=30.0,
        cache="use",
        check=False,
    )
    assert_type(result, fx.CallResult)
    assert_type(result.status, int)
    assert_type(result.headers, Headers)
    assert_type(result.df, pd.DataFrame)
    assert_type(result.records, list[Any])
    assert_type(result.text, str)
    assert_type(result.content, bytes)
    assert_type(result.pages, int)
    assert_type(result.complete, bool)
    assert_type(result.attempts, tuple[Attempt, ...])
    assert_type(result.attempts[0].waited, float)
    assert_type(result.attempts[0].reason, str)
    assert_type(result.explain(), str)
    assert_type(result.curl(), str)
    assert_type(result.http(), str)
    assert_type(result.to_model(Charge), list[Charge])
    assert_type(result.error, fx.FlarexError | None)


async def a_call_can_be_awaited() -> None:
    """The same arguments, awaited."""
    result = await fx.acall("stripe", "POST /v1/customers", json={"name": "Ada"}, idempotency="auto")
    assert_type(result, fx.CallResult)


def a_url_from_outside_is_fetched() -> None:
    """The same result, fewer options, no service."""
    result = fx.fetch_public("https://example.com/", max_bytes=2_000_000, attempt_timeout=10, deadline=30, check=False)
    assert_type(result, fx.CallResult)
    fx.fetch_public("https://example.com/", headers={"Authorization": "x"})  # type: ignore[call-arg]
    fx.call("", "GET https://example.com/", guard="public")


async def a_url_from_outside_can_be_awaited() -> None:
    """The same arguments, awaited."""
    assert_type(await fx.afetch_public("https://example.com/", attempts=1), fx.CallResult)


def a_client_of_its_own() -> None:
    """Settings are typed, and a client calls as the module does."""
    client = fx.Client(fx.Settings(attempts=5, deadline=60.0))
    assert_type(client.call("stripe", "GET /v1/charges"), fx.CallResult)


def a_service_of_ones_own() -> None:
    """A profile is checked when it is made."""
    service = fx.Service(name="crm", base_url="http://127.0.0.1:8000", network="private")
    assert_type(service.name, str)
    assert_type(service.endpoints, tuple[fx.Endpoint, ...])
    fx.register(service)
    assert_type(fx.services.names(), tuple[str, ...])


def secrets_go_in_and_do_not_come_out() -> None:
    """A value can be set, never read."""
    fx.secrets.set("CRM_API_KEY", "typed in by a person", hosts=("127.0.0.1:8000",))
    assert_type(fx.secrets["CRM_API_KEY"], fx.Secret)
    fx.secrets.rotate("CRM_API_KEY", "typed in again", keep="10m", expires=timedelta(days=90))
    fx.secrets.scope("CRM_API_KEY", "crm.example.com", places=("header", "body"))
    assert_type(fx.secrets.persist(passphrase="typed in as well").open, bool)
    assert_type(fx.secrets.unlock("vault.json", passphrase_file="passphrase").names, tuple[str, ...])
    assert_type(fx.secrets.import_env(".env").taken, tuple[str, ...])


def an_error_says_what_happened() -> None:
    """Every error of the tree carries the same facts."""
    try:
        fx.call("stripe", "GET /v1/charges")
    except fx.RateLimited as error:
        assert_type(error.status, int)
    except fx.FlarexError as error:
        assert_type(error.kind, str)
        assert_type(error.hint, str)
        assert_type(error.sent, Sent)
        assert_type(error.retryable, bool)
        assert_type(error.attempts, tuple[Attempt, ...])
        assert_type(error.reply, Reply | None)


def one_listens_to_events() -> None:
    """A listener is taken off by the function that comes back."""
    seen: list[fx.Event] = []
    assert_type(fx.on_event(seen.append), Callable[[], None])


def mistakes_are_seen() -> None:
    """mypy's warn_unused_ignores turns each line red that stops being an error."""
    fx.call("stripe", "GET /v1/charges", retries=3)  # type: ignore[call-arg]
    fx.call("stripe", "GET /v1/charges", cache="sometimes")  # type: ignore[arg-type]
    fx.call("stripe", "GET /v1/charges").status = 200  # type: ignore[misc]
    fx.kall("stripe", "GET /v1/charges")  # type: ignore[attr-defined]
    facts: Mapping[str, object] = fx.call("stripe", "GET /v1/charges").facts()
    facts["status"] = 500  # type: ignore[index]
