"""Answers kept beside the notebook: the same cell runs again without a key, and nothing is sent."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from flarex_nb.client import Client
from flarex_nb.clock import VirtualClock
from flarex_nb.errors import NotFound, ServerError, UsageError
from flarex_nb.settings import Settings
from scripted import KEY, ScriptedWire, reply

if TYPE_CHECKING:
    from pathlib import Path

CHARGES = {"object": "list", "data": [{"id": "ch_1"}], "has_more": False}


def client(folder: Path, *answers: Any, key: bool = True, wall: float = 1_700_000_000.0) -> Client:
    clock = VirtualClock(wall=wall)
    wire = ScriptedWire(clock, list(answers) or [reply(500)])
    environ = {"STRIPE_SECRET_KEY": KEY} if key else {}
    made = Client(Settings(jitter="none", cache="bypass"), clock=clock, wire=wire, environ=environ, folder=folder)
    made.wire_ = wire  # type: ignore[attr-defined]
    return made


def record(folder: Path, *answers: Any) -> Path:
    """Record a GET of the charges for each answer."""
    path = folder / "charges.flarex.jsonl"
    here = client(folder, *answers)
    here.recordings.switch("record", path)
    for _ in answers:
        here.call("stripe", "GET /v1/charges", check=False, attempts=1)
    here.recordings.off()
    return path


def test_a_colleague_without_the_key_gets_the_same_table_and_sends_nothing(tmp_path: Path) -> None:
    path = record(tmp_path, reply(200, CHARGES))
    theirs = client(tmp_path, key=False)

    theirs.recordings.switch("on", path)
    result = theirs.call("stripe", "GET /v1/charges")

    assert result.records == [{"id": "ch_1"}]
    assert theirs.wire_.seen == []
    assert result.attempts == ()
    assert any("Replayed from charges.flarex.jsonl" in warning for warning in result.warnings)
    assert "came from the cache" not in result.explain()


def test_no_secret_is_in_the_file_although_the_server_echoed_it(tmp_path: Path) -> None:
    path = record(tmp_path, reply(200, {**CHARGES, "you sent": f"Bearer {KEY}"}, X_Echo=KEY))

    text = path.read_text()
    assert KEY not in text
    assert KEY[::-1] not in text
    assert "uthorization" not in text


def test_a_request_that_was_not_recorded_is_an_error_and_is_not_sent(tmp_path: Path) -> None:
    path = record(tmp_path, reply(200, CHARGES))
    here = client(tmp_path, reply(200, CHARGES))
    here.recordings.switch("on", path)

    with pytest.raises(UsageError, match="no answer to GET /v1/customers"):
        here.call("stripe", "GET /v1/customers")
    with pytest.raises(UsageError, match="as it is asked here"):
        here.call("stripe", "GET /v1/charges", params={"limit": 3})

    assert here.wire_.seen == []


def test_answers_to_the_same_request_come_in_their_order_and_the_last_one_stays(tmp_path: Path) -> None:
    path = record(
        tmp_path, *(reply(200, {"object": "list", "data": [{"id": name}], "has_more": False}) for name in "abc")
    )
    here = client(tmp_path)
    here.recordings.switch("on", path)

    given = [here.call("stripe", "GET /v1/charges").records[0]["id"] for _ in range(5)]

    assert given == ["a", "b", "c", "c", "c"]


def test_a_refusal_of_the_server_is_replayed_as_one(tmp_path: Path) -> None:
    path = record(tmp_path, reply(404, {"error": {"message": "No such charge"}}))
    here = client(tmp_path)
    here.recordings.switch("on", path)

    with pytest.raises(NotFound, match="No such charge"):
        here.call("stripe", "GET /v1/charges")


def test_retries_are_not_waited_for_again(tmp_path: Path) -> None:
    path = tmp_path / "x.flarex.jsonl"
    here = client(tmp_path, reply(503), reply(503), reply(200, CHARGES))
    here.recordings.switch("record", path)
    here.call("stripe", "GET /v1/charges")
    again = client(tmp_path)
    again.recordings.switch("on", path)

    result = again.call("stripe", "GET /v1/charges")

    assert result.status == 200
    assert again.clock.now() == 0


def test_all_pages_are_recorded_and_replayed(tmp_path: Path) -> None:
    pages = [
        reply(200, {"object": "list", "data": [{"id": "a"}], "has_more": True}),
        reply(200, {"object": "list", "data": [{"id": "b"}], "has_more": False}),
    ]
    path = tmp_path / "x.flarex.jsonl"
    here = client(tmp_path, *pages)
    here.recordings.switch("record", path)
    here.call("stripe", "GET /v1/charges", pages="all")
    again = client(tmp_path)
    again.recordings.switch("on", path)

    assert [record["id"] for record in again.call("stripe", "GET /v1/charges", pages="all").records] == ["a", "b"]


def test_a_new_recording_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    path = record(tmp_path, reply(200, CHARGES))
    here = client(tmp_path, reply(200, {**CHARGES, "data": [{"id": "new"}]}), wall=1_700_001_000.0)
    here.recordings.switch("record", path)
    here.call("stripe", "GET /v1/charges")
    here.recordings.switch("record", path)
    again = client(tmp_path)
    again.recordings.switch("on", path)

    assert again.call("stripe", "GET /v1/charges").records == [{"id": "new"}]
    assert len(path.read_text().splitlines()) == 1


def test_an_old_recording_says_so(tmp_path: Path) -> None:
    path = record(tmp_path, reply(200, CHARGES))
    here = client(tmp_path, wall=1_700_000_000.0 + 40 * 86400)
    here.recordings.switch("on", path)

    (warning,) = [each for each in here.call("stripe", "GET /v1/charges").warnings if "Replayed" in each]

    assert "40 days old" in warning
    assert "of 2023-11-1" in warning


def test_bytes_are_given_back_as_they_came(tmp_path: Path) -> None:
    content = bytes(range(256))
    path = record(tmp_path, reply(200, content, Content_Type="image/png"))
    here = client(tmp_path)
    here.recordings.switch("on", path)

    assert here.call("stripe", "GET /v1/charges").content == content


@pytest.mark.parametrize("text", ["", "\n", "not json\n", "{}\n", '{"v": 2, "is": "x"}\n', '["a"]\n'])
def test_a_file_that_holds_no_recordings_is_refused_and_left_alone(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.flarex.jsonl"
    path.write_text(text)
    here = client(tmp_path)

    with pytest.raises(UsageError, match=r"x\.flarex\.jsonl"):
        here.recordings.switch("on", path)

    assert here.recordings.mode == "off"
    assert path.read_text() == text


def test_a_broken_line_of_a_file_to_record_into_loses_nothing(tmp_path: Path) -> None:
    path = record(tmp_path, reply(200, CHARGES))
    before = path.read_text() + "{\n"
    path.write_text(before)
    here = client(tmp_path)

    with pytest.raises(UsageError, match="line 2"):
        here.recordings.switch("record", path)

    assert path.read_text() == before


def test_a_failed_call_without_an_answer_is_not_recorded(tmp_path: Path) -> None:
    path = tmp_path / "x.flarex.jsonl"
    here = client(tmp_path, reply(500))
    here.recordings.switch("record", path)
    with pytest.raises(ServerError):
        here.call("stripe", "GET /v1/charges", attempts=1)

    (line,) = path.read_text().splitlines()
    assert json.loads(line)["status"] == 500
