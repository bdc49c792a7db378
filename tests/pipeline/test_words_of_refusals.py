"""What a person reads when it was not the service that failed."""

from __future__ import annotations

from typing import Any

import pytest

from flarex_nb.catalog.profile import Service
from flarex_nb.errors import DeadlineExceeded, ProfileError, ServerError, UsageError
from scripted import reply


def test_a_deadline_that_passes_during_an_attempt_is_not_called_a_refusal(world: Any) -> None:
    async def slow(_out: Any, clock: Any, _progress: Any) -> Any:
        await clock.sleep(60)

    here = world(slow)

    with pytest.raises(DeadlineExceeded) as caught:
        here.call(deadline=15.0)

    assert "refused" not in caught.value.explain()


def test_times_that_contradict_each_other_begin_with_a_word_not_with_an_option(world: Any) -> None:
    here = world(reply(200, {}))

    with pytest.raises(UsageError, match=r"^the option attempt_timeout=40 is longer than deadline=30"):
        here.call(attempt_timeout=40.0)


def _on(here: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from flarex_nb.pipeline.bind import Place

    monkeypatch.setattr(here.client, "place", lambda: Place("http://127.0.0.1:1", ("stripe",)))
    monkeypatch.setattr(here.client, "sandbox", None)


def test_faults_the_sandbox_does_not_know_are_a_usage_error(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    complaint = {"error": {"message": "X-Flarex-Simulate: unknown fault 'nonsense'", "type": "invalid_request_error"}}
    here = world(reply(400, complaint))
    _on(here, monkeypatch)
    here.client._sources.session.set("STRIPE_SECRET_KEY", "sk_" + "fake" * 5, hosts=("127.0.0.1:1",), env="sandbox")

    with pytest.raises(UsageError, match="--simulate: unknown fault 'nonsense'") as caught:
        here.call(simulate="nonsense")

    assert not caught.value.attempts
    assert "--simulate 503" in caught.value.hint


def test_the_same_words_without_a_rehearsal_are_the_services_own(world: Any) -> None:
    here = world(reply(500, {"error": {"message": "X-Flarex-Simulate: unknown fault"}}))

    with pytest.raises(ServerError):
        here.call(attempts=1)


def test_a_wrong_profile_in_python_is_told_like_one_in_a_file() -> None:
    with pytest.raises(ProfileError, match="the profile's base_url is not right") as caught:
        Service(name="crm", base_url="crm.example")

    assert caught.value.hint
    assert caught.value.__cause__ is None


def test_a_profile_with_a_field_nobody_knows_does_not_repeat_its_value() -> None:
    with pytest.raises(ProfileError) as caught:
        Service(name="crm", base_url="https://crm.example", api_key="sk_" + "fake" * 5)  # type: ignore[call-arg]

    assert "fakefake" not in caught.value.explain()
    assert "api_key" in caught.value.message
