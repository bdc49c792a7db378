"""The one form in which a URL is sent: what httpx would make of it, whether httpx is asked or not."""

from __future__ import annotations

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from flarex_nb.model import Reach
from flarex_nb.net import guarded
from flarex_nb.net.guarded import target_of
from flarex_nb.net.url import check_url

ORIGIN = "https://api.example.com"
_CLEAN = st.text("azAZ09~:@!$&()*+,;=-_./?%4F'", max_size=30).map("/{}".format)
_ANY = st.text(st.characters(min_codepoint=0x20, exclude_characters="#\x7f", exclude_categories=["Cs"]), max_size=20)


@given(_CLEAN | _ANY.map("/{}".format))
@example("/v1/charges?limit=3&expand[]=a")
@example("/a/../b/./c")
@example("/a//b/")
@example("/%zz/%4")
@example("/a?b=c'd&e=/../f")
def test_whatever_is_written_goes_out_as_httpx_would_send_it(rest: str) -> None:
    expected = check_url(str(httpx.URL(ORIGIN + rest)), reach=Reach()).url

    target = target_of(ORIGIN + rest, Reach())

    assert target.url == expected


@pytest.mark.parametrize("rest", ["/v1/charges", "/v1/charges?limit=100&starting_after=ch_1", "/", "/a.json", "/a/"])
def test_a_usual_url_asks_httpx_nothing(rest: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guarded, "httpx", None)

    assert target_of(ORIGIN + rest, Reach()).rest == rest
