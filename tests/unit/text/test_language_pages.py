"""The pages about the language say what the code does."""

from __future__ import annotations

from pathlib import Path

from flarex_nb.text.conditions import OPERATORS, SUBJECTS
from flarex_nb.text.filters import FILTERS
from flarex_nb.text.options_page import page
from flarex_nb.text.requestline import METHODS
from flarex_nb.text.system import KNOWN

DOCS = Path(__file__).parents[3] / "docs"


def test_the_page_of_options_is_current():
    kept = (DOCS / "options.md").read_text(encoding="utf-8")

    assert kept == page(), "run: python -m flarex_nb.text.options_page > docs/options.md"


def test_the_grammar_page_names_every_word_there_is():
    text = (DOCS / "grammar.md").read_text(encoding="utf-8")

    missing = [word for word in (*SUBJECTS, *OPERATORS, *FILTERS, *METHODS, *KNOWN) if word not in text]
    assert missing == []
