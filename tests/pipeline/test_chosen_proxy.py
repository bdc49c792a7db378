"""A proxy of the settings: told in the plan, and chosen by FLAREX_PROXY alone."""

from __future__ import annotations

from typing import Any

import pytest

from flarex_nb.settings import Settings, load
from scripted import reply


def test_the_environment_variable_is_the_setting() -> None:
    assert load({"FLAREX_PROXY": "http://proxy.test:3128"}).proxy == "http://proxy.test:3128"
    assert load({"HTTP_PROXY": "http://proxy.test:3128", "https_proxy": "x"}).proxy == ""


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({}, "that the address is public is not checked"),
        ({"guard": "public"}, "a URL from outside is not fetched through a proxy"),
    ],
)
def test_a_plan_says_which_promise_goes(world: Any, asked: dict[str, str], words: str) -> None:
    here = world(reply(200, {}), settings=Settings(proxy="http://proxy.test:3128"))
    service, request = ("", "GET https://ok.test/") if asked else ("stripe", "GET /v1/charges")

    plan = here.client.call(service, request, plan=True, **asked)

    assert words in plan.explain()


def test_without_one_a_plan_says_nothing_of_it(world: Any) -> None:
    assert "proxy" not in world(reply(200, {})).call(plan=True).explain()
