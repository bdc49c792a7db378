"""`--select`, `--assert` and `--save` on whole calls: what is taken from an answer, held against it, and kept of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pydantic
import pytest

import flarex_nb as fx
from flarex_nb.errors import AssertionFailed, BadRequest, UsageError
from flarex_nb.model import CallOptions
from flarex_nb.pipeline.ask import Surroundings, from_cell
from scripted import reply

LIST = {
    "object": "list",
    "data": [
        {"id": "ch_1", "paid": True, "refunds": {"data": [{"id": "re_1"}, {"id": "re_2"}]}},
        {"id": "ch_2", "paid": False, "refunds": {"data": []}},
    ],
    "has_more": False,
}


def pages(out: Any) -> Any:
    last = "starting_after=ch_2" in out.url
    data = [{"id": "ch_3", "paid": True}] if last else LIST["data"]
    return reply(200, {**LIST, "data": data, "has_more": not last})


def test_select_takes_the_records_a_json_path_means(world: Any) -> None:
    result = world(reply(200, LIST)).call(select="$.data[*].refunds.data[*]")

    assert list(result.df["id"]) == ["re_1", "re_2"]
    assert result.warnings == ()


def test_pages_follow_the_servers_own_records_whatever_is_selected(world: Any) -> None:
    result = world(pages).call(select="$.data[?@.paid == true]", pages="all")

    assert [record["id"] for record in result.records] == ["ch_1", "ch_3"]
    assert (result.pages, result.complete) == (2, True)


def test_what_is_selected_is_what_a_model_is_held_against(world: Any) -> None:
    class Refund(pydantic.BaseModel):
        id: int

    result = world(reply(200, LIST)).call(select="$.data[*].refunds.data[*]", validate=Refund)

    assert (result.rows, len(result.rejected)) == (0, 2)


def test_a_selection_that_leads_nowhere_says_so_and_that_the_answer_came(world: Any) -> None:
    with pytest.raises(UsageError, match=r"\$ has no 'dta'\. Did you mean 'data'\?") as caught:
        world(reply(200, LIST)).call(select="$.dta[*]")

    assert caught.value.sent == "yes"


@pytest.mark.parametrize("options", [{"select": "data"}, {"select": "$.data", "raw": True}, {"asserts": "statsu == 1"}])
def test_what_cannot_be_meant_is_refused_before_sending(world: Any, options: Any) -> None:
    here = world(reply(200, LIST))

    with pytest.raises(UsageError):
        here.call(**options)

    assert here.wire.seen == []


def test_conditions_that_hold_change_nothing(world: Any) -> None:
    result = world(reply(200, LIST)).call(asserts=["status == 200", "rows == 2", "$.data[0].id startsWith ch_"])

    assert result.rows == 2


def test_a_condition_that_does_not_hold_is_a_typed_error_with_what_was_got(world: Any) -> None:
    with pytest.raises(AssertionFailed) as caught:
        world(reply(200, LIST)).call(asserts=["rows == 2", "$.object == charge", "rows > 9"])

    error = caught.value
    assert error.message == 'assert $.object == charge: got "list"'
    assert error.context["assert 2"] == "rows > 9: got 2"
    assert error.hint.startswith("2 of 3 conditions did not hold")
    assert (error.sent, error.kind, len(error.attempts)) == ("yes", "assertion-failed", 1)
    assert error.result.rows == 2
    assert isinstance(error, fx.ResponseError)


def test_a_condition_on_the_status_makes_that_status_the_answer_wanted(world: Any) -> None:
    result = world(reply(404, {"error": {"message": "No such charge"}})).call(asserts="status == 404")

    assert (result.status, bool(result)) == (404, False)


def test_another_error_status_stays_the_servers_error_and_names_the_condition(world: Any) -> None:
    with pytest.raises(BadRequest) as caught:
        world(reply(400, {"error": {"message": "Bad limit"}})).call(asserts="status == 404")

    assert caught.value.message == "Bad limit"
    assert caught.value.context["assert"] == "status == 404 (got 400)"


def test_an_answer_is_written_whole_and_never_over_a_file_that_is_there(
    world: Any, tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    here = world(reply(200, LIST))

    result = here.call(save="out.json")

    assert (tmp_path / "out.json").read_bytes() == result.content
    assert [path.name for path in tmp_path.iterdir()] == ["out.json"]
    with pytest.raises(UsageError, match="there already"):
        here.call(save="out.json", cache="bypass")
    assert here.call(save="!out.json", cache="bypass").status == 200


@pytest.mark.parametrize("path", ["../out.json", "/tmp/out.json", "~/x", "a/../../x", "C:\\x", "missing/out.json"])
def test_an_answer_is_written_inside_the_folder_only(world: Any, tmp_path: Path, monkeypatch: Any, path: str) -> None:
    monkeypatch.chdir(tmp_path)

    with pytest.raises(UsageError):
        world(reply(200, LIST)).call(save=path)

    assert list(tmp_path.iterdir()) == []


def test_a_link_out_of_the_folder_is_not_written_through(world: Any, tmp_path: Path, monkeypatch: Any) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "link.json").symlink_to(tmp_path / "outside.json")
    (inside / "way").symlink_to(tmp_path)
    monkeypatch.chdir(inside)

    for path in ("!link.json", "way/outside.json"):
        with pytest.raises(UsageError, match="leads out"):
            world(reply(200, LIST)).call(save=path)

    assert not (tmp_path / "outside.json").exists()


def test_nothing_is_written_where_a_condition_fails(world: Any, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)

    with pytest.raises(AssertionFailed):
        world(reply(200, LIST)).call(save="out.json", asserts="rows == 0")

    assert list(tmp_path.iterdir()) == []


def test_a_request_that_needs_another_is_not_read_before_that_one_has_run(tmp_path: Path) -> None:
    around = Surroundings({}, {"login": {"response": {"status": 200, "headers": {}, "body": {}}}}, tmp_path)

    with pytest.raises(UsageError, match=r"no request of that name has run here\. Did you mean 'login'\?") as caught:
        from_cell("stripe", "# @ref logn\nGET /v1/charges", around, CallOptions())

    assert caught.value.place == "line 2, column 3"
    [request] = from_cell("stripe", "# @ref login\nGET /v1/charges", around, CallOptions())
    assert request.target == "/v1/charges"


def test_a_request_of_the_same_cell_is_waited_for(tmp_path: Path) -> None:
    answers: dict[str, object] = {}
    around = Surroundings({}, answers, tmp_path)

    read = from_cell("stripe", "# @name first\nGET /v1/a\n###\n# @ref first\nGET /v1/b", around, CallOptions())

    assert next(read).name == "first"
    answers["first"] = {"response": {"status": 200, "headers": {}, "body": {}}}
    assert next(read).target == "/v1/b"
