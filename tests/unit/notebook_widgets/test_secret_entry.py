"""Asking for a secret with getpass."""

from __future__ import annotations

import getpass
import warnings

import pytest
from IPython.core.error import StdinNotImplementedError

from flarex_nb.errors import SecretMissing
from flarex_nb.notebook.widgets.entry import MEANING, ask_for_secret


def test_the_prompt_says_what_getpass_means_and_names_the_secret() -> None:
    prompts: list[str] = []

    ask_for_secret("DEMO_API_KEY", lambda prompt: prompts.append(prompt) or "value")

    assert "unencrypted" in MEANING
    assert prompts == [f"{MEANING}\nDEMO_API_KEY: "]


def test_the_typed_value_comes_back_as_typed() -> None:
    assert ask_for_secret("DEMO_API_KEY", lambda _: " typed ") == " typed "


def test_the_kernel_s_own_getpass_is_used_when_it_replaced_the_standard_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(getpass, "getpass", lambda _: "from the kernel")

    assert ask_for_secret("DEMO_API_KEY") == "from the kernel"


@pytest.mark.parametrize("error", [StdinNotImplementedError("no stdin"), EOFError(), OSError()], ids=repr)
def test_a_run_that_cannot_ask_names_the_variable_to_set(error: Exception) -> None:
    def refuse(_: str) -> str:
        raise error

    with pytest.raises(SecretMissing) as caught:
        ask_for_secret("DEMO_API_KEY", refuse)

    assert "DEMO_API_KEY" in caught.value.message
    assert "environment variable DEMO_API_KEY" in caught.value.hint


def test_a_terminal_that_would_show_the_value_is_not_used() -> None:
    def visible(_: str) -> str:
        warnings.warn("Can not control echo", getpass.GetPassWarning, stacklevel=1)
        return "seen by all"

    with pytest.raises(SecretMissing):
        ask_for_secret("DEMO_API_KEY", visible)


@pytest.mark.parametrize("typed", ["", "   ", "\n"])
def test_nothing_typed_is_an_error(typed: str) -> None:
    with pytest.raises(SecretMissing, match="nothing was typed"):
        ask_for_secret("DEMO_API_KEY", lambda _: typed)


def test_an_interrupt_passes_through() -> None:
    def interrupted(_: str) -> str:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ask_for_secret("DEMO_API_KEY", interrupted)
