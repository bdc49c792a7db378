"""The defaults, what the environment says otherwise, and the error tree."""

from __future__ import annotations

import inspect

import pytest

from flarex_nb import errors
from flarex_nb.errors import FlarexError, UsageError
from flarex_nb.model import CallOptions
from flarex_nb.settings import Settings, load


def test_without_variables_the_defaults_hold_and_equal_those_of_a_call() -> None:
    assert load({}) == Settings()
    assert Settings().options() == CallOptions()


def test_a_variable_overrides_its_default() -> None:
    settings = load({"FLAREX_ATTEMPTS": "5", "FLAREX_DEADLINE": "60.5", "FLAREX_BATCH": "1", "FLAREX_JITTER": "none"})

    assert (settings.attempts, settings.deadline, settings.batch) == (5, 60.5, True)
    assert settings.options().jitter == "none"


@pytest.mark.parametrize("variable", ["FLAREX_ATTEMPTS", "FLAREX_DEADLINE", "FLAREX_BATCH", "FLAREX_JITTER"])
def test_a_variable_that_makes_no_sense_is_named(variable: str) -> None:
    with pytest.raises(UsageError, match=variable):
        load({variable: "soon"})


def test_every_error_has_a_kind_of_its_own_and_says_whether_trying_again_helps() -> None:
    tree = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, FlarexError)]

    kinds = [kind.kind for kind in tree]
    assert len(set(kinds)) == len(kinds) > 35
    assert all(isinstance(kind.retryable, bool) for kind in tree)
    assert all(kind.__doc__ for kind in tree)


def test_an_error_explains_itself_in_lines_a_terminal_can_show() -> None:
    error = errors.CellSyntaxError("no closing quote", place="line 3, column 8", hint="Add a quote.")

    assert error.explain().splitlines() == [
        "CellSyntaxError: no closing quote",
        "  where: line 3, column 8",
        "  next: Add a quote.",
    ]
