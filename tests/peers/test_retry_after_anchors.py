"""A server that asks for an hour: ours gives its answer back at once; what the others do is kept true by running them.

docs/retry_after.md has the whole table. What is installed here is run; the rest is left to the script that prints it.
"""

from __future__ import annotations

import importlib.util
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "retry_after.md"
SECONDS = 3.0


def script() -> Any:
    """Return the module beside this file, which is a script and on no path."""
    place = Path(__file__).with_name("retry_after_anchors.py")
    spec = importlib.util.spec_from_file_location("retry_after_anchors", place)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up there
    spec.loader.exec_module(module)
    return module


def installed(package: str) -> bool:
    try:
        return bool(version(package))
    except PackageNotFoundError:
        return False


anchors = script()
HERE = [anchor for anchor in anchors.ANCHORS if all(map(installed, anchor.packages))]


def test_ours_gives_the_answer_back_at_once() -> None:
    seen = anchors.run(anchors.OURS, wait=3600, always=True, seconds=SECONDS)

    assert (seen.verdict, seen.error, len(seen.asked)) == ("at once", "RateLimited", 1)


def test_ours_waits_for_a_second_and_never_less() -> None:
    seen = anchors.run(anchors.OURS, wait=1, always=False, seconds=5.0)

    assert (len(seen.asked), seen.error) == (2, "")
    assert 1.0 <= seen.asked[1] < 2.0


@pytest.mark.peers
@pytest.mark.parametrize("anchor", HERE, ids=[f"{anchor.packages[0]}: {anchor.does}" for anchor in HERE])
def test_each_of_the_others_does_what_the_page_says(anchor: Any) -> None:
    seen = anchors.run(anchor, wait=3600, always=True, seconds=SECONDS)

    assert seen.verdict == anchor.expect


def test_the_page_has_a_row_for_each() -> None:
    page = PAGE.read_text(encoding="utf-8")

    assert [anchor.does for anchor in (anchors.OURS, *anchors.ANCHORS) if f"| {anchor.does} |" not in page] == []


def test_a_client_that_is_not_installed_is_named() -> None:
    nobody = anchors.Anchor(("no-such-client-anywhere",), "nothing", "at once", "pass")

    with pytest.raises(anchors.NotInstalledError, match="no-such-client-anywhere"):
        anchors.run(nobody, wait=1, always=True, seconds=SECONDS)
