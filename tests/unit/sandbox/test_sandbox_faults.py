"""Each scripted fault is on the wire what its name says, and the log tells it."""

from __future__ import annotations

import json
import socket
import time
import zlib

import httpx
import pytest

from flarex_nb.sandbox import faults, launch
from flarex_nb.sandbox.script import NAMED


def faulty(script: str, call: str = "") -> dict[str, str]:
    return {"X-Flarex-Simulate": script} | ({"X-Flarex-Call": call} if call else {})


def test_statuses_come_in_order_then_the_real_answer(stripe):
    got = [stripe.get("/v1/customers", headers=faulty("503,429,200", "c1")) for _ in range(4)]

    assert [reply.status_code for reply in got] == [503, 429, 200, 200]
    assert len(got[3].json()["data"]) == 10


def test_each_page_of_one_script_begins_anew(stripe):
    first = [stripe.get("/v1/customers", headers=faulty("503", "p1")).status_code for _ in range(2)]
    second = [stripe.get("/v1/customers?limit=3", headers=faulty("503", "p2")).status_code for _ in range(2)]

    assert first == second == [503, 200]


def test_a_429_is_stripes_own_with_the_headers_asked_for(stripe):
    reply = stripe.get("/v1/charges", headers=faulty("429:retry-after=2:x-ratelimit-reset=+20"))

    error = reply.json()["error"]
    assert (error["code"], error["type"]) == ("rate_limit", "invalid_request_error")
    assert error["message"].startswith("Request rate limit exceeded.")
    assert reply.headers["stripe-rate-limited-reason"] == "global-rate"
    assert reply.headers["retry-after"] == "2"
    assert abs(int(reply.headers["x-ratelimit-reset"]) - time.time() - 20) < 3


def test_without_being_asked_a_429_has_no_retry_after_as_stripe_sends_none(stripe):
    assert "retry-after" not in stripe.get("/v1/charges", headers=faulty("429")).headers


def test_a_header_asked_for_replaces_stripes_own(stripe):
    reply = stripe.get("/v1/charges", headers=faulty("429:stripe-rate-limited-reason=endpoint-concurrency"))

    assert reply.headers.get_list("stripe-rate-limited-reason") == ["endpoint-concurrency"]


def test_an_object_lock_is_a_429_without_a_limiter(stripe):
    reply = stripe.get("/v1/charges", headers=faulty("429:code=lock_timeout"))

    assert reply.json()["error"]["code"] == "lock_timeout"
    assert "stripe-rate-limited-reason" not in reply.headers


@pytest.mark.parametrize(
    ("status", "kind", "code"),
    [
        (401, "invalid_request_error", None),
        (402, "card_error", "card_declined"),
        (409, "invalid_request_error", "idempotency_key_in_use"),
        (500, "api_error", None),
        (503, "api_error", None),
    ],
)
def test_a_status_is_answered_in_stripes_shape(status, kind, code, stripe):
    reply = stripe.get("/v1/charges", headers=faulty(str(status)))

    assert reply.status_code == status
    assert reply.json()["error"]["type"] == kind
    assert reply.json()["error"].get("code") == code
    assert reply.headers["request-id"].startswith("req_")


def test_an_unknown_fault_is_a_400_that_lists_the_known_ones(stripe):
    reply = stripe.get("/v1/charges", headers=faulty("503,explode"))

    assert reply.status_code == 400
    assert all(name in reply.json()["error"]["message"] for name in NAMED)


def test_latency_passes_before_the_answer(stripe):
    before = time.monotonic()

    reply = stripe.get("/v1/customers", headers=faulty("200:latency=0.3"))

    assert reply.status_code == 200
    assert time.monotonic() - before >= 0.3


def test_reset_is_a_tcp_reset_without_a_byte(wire):
    got = wire("reset")

    assert (got.content, got.end) == (b"", "reset")


def test_close_is_an_end_without_a_byte(wire):
    got = wire("close")

    assert (got.content, got.end) == (b"", "closed")


def test_truncate_sends_half_of_what_it_promises(wire):
    got = wire("truncate")

    assert got.end == "closed"
    assert 0 < len(got.body) == got.announced // 2


def test_truncate_is_a_broken_body_to_a_client(stripe):
    with pytest.raises(httpx.RemoteProtocolError):
        stripe.get("/v1/customers", headers=faulty("truncate"))


def test_hang_answers_nothing_and_gives_up_after_its_time(wire):
    assert wire("hang", seconds=0.5).end == "timeout"

    got = wire("hang=0.4")

    assert (got.content, got.end) == (b"", "closed")


def test_drip_sends_headers_at_once_and_the_body_byte_by_byte(wire):
    got = wire("drip=0.9")

    assert got.head.startswith("HTTP/1.1 200")
    assert 2 <= len(got.body) <= 4
    assert got.announced > 1000
    assert got.end == "closed"


def test_drip_headers_never_finish_the_head(wire):
    got = wire("drip-headers=0.9")

    assert got.content.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"\r\n\r\n" not in got.content
    assert got.content.count(b"x") >= 3
    assert got.end == "closed"


def test_slow_spreads_a_whole_body_over_its_time(stripe):
    before = time.monotonic()

    with stripe.stream("GET", "/v1/customers", headers=faulty("slow=0.6")) as reply:
        headers_after = time.monotonic() - before
        reply.read()

    assert headers_after < 0.4
    assert time.monotonic() - before >= 0.5
    assert len(reply.json()["data"]) == 10


def test_bad_json_is_a_200_that_does_not_parse(stripe):
    reply = stripe.get("/v1/customers", headers=faulty("bad-json"))

    assert (reply.status_code, reply.headers["content-type"]) == (200, "application/json")
    with pytest.raises(json.JSONDecodeError):
        reply.json()


def test_wrong_schema_parses_and_is_no_list_and_no_object(stripe):
    some = stripe.get("/v1/customers", headers=faulty("wrong-schema")).json()
    one = stripe.get(f"/v1/customers/{next(iter(some['data']))}", headers=faulty("wrong-schema")).json()

    assert isinstance(some["data"], dict)
    assert "has_more" not in some
    assert "id" not in one


def test_html_is_a_502_page(stripe):
    reply = stripe.get("/v1/customers", headers=faulty("html"))

    assert (reply.status_code, reply.headers["content-type"]) == (502, "text/html")
    assert reply.text.startswith("<html>")


def test_redirects_go_where_they_say(stripe, running):
    def place(name: str) -> str:
        reply = stripe.get("/v1/customers?limit=2", headers=faulty(name))
        assert reply.status_code == 302
        return reply.headers["location"]

    assert place("redirect-private").startswith("http://169.254.169.254/")
    assert place("redirect-same") == "/stripe/v1/customers?limit=2"
    assert place("redirect-out") == f"http://localhost:{running.port}/stripe/v1/customers?limit=2"


def test_following_a_redirect_to_the_same_place_ends(stripe):
    reply = stripe.get("/v1/customers", headers=faulty("redirect-same", "r1"), follow_redirects=True)

    assert reply.status_code == 200
    assert [entry["status"] for entry in launch.log()] == [302, 200]


def test_the_gzip_bomb_is_small_on_the_wire_and_goes_on_unpacking(wire):
    got = wire("gzip-bomb", seconds=20, most=8 << 20)

    unpack = zlib.decompressobj(16 + zlib.MAX_WBITS)
    begun = unpack.decompress(got.body, 32 << 20)
    assert "content-encoding: gzip" in got.head
    assert len(got.body) == got.announced < 2 << 20
    assert len(begun) == 32 << 20
    assert not unpack.eof


@pytest.mark.full
def test_the_gzip_bomb_is_a_gibibyte_with_a_good_checksum(wire):
    got = wire("gzip-bomb", seconds=20, most=8 << 20)

    unpack = zlib.decompressobj(16 + zlib.MAX_WBITS)  # verifies checksum and length of the trailer
    size, rest = 0, got.body
    while not unpack.eof:
        size += len(unpack.decompress(rest, 1 << 24))
        rest = unpack.unconsumed_tail
    assert size == faults.BOMB_MIB << 20 == 1 << 30


def test_the_gzip_bomb_is_one_the_server_survives_when_the_client_leaves(wire, stripe):
    wire("gzip-bomb", most=1000)

    assert stripe.get("/v1/customers").status_code == 200


def test_huge_does_not_end(wire, stripe):
    got = wire("huge", most=4 << 20)

    assert got.end == "enough"
    assert "transfer-encoding: chunked" in got.head.lower()
    assert stripe.get("/v1/customers").status_code == 200


def test_lost_reply_does_the_work_and_says_nothing(stripe):
    with pytest.raises(httpx.ReadError):
        stripe.post("/v1/customers", data={"name": "Lost"}, headers=faulty("lost-reply"))

    newest = stripe.get("/v1/customers", params={"limit": 1}).json()["data"]
    assert newest[0]["name"] == "Lost"


def test_a_fault_leaves_the_next_request_of_another_connection_alone(stripe):
    for name in ("reset", "close", "truncate", "hang=0.1", "lost-reply"):
        with pytest.raises(httpx.TransportError):
            stripe.get("/v1/customers", headers=faulty(name))

        assert stripe.get("/v1/customers").status_code == 200


def test_a_client_that_leaves_early_is_no_error_of_the_server(stripe, running):
    key = running.keys["STRIPE_SECRET_KEY"]
    for name in NAMED:
        fault = "slow=1" if name == "slow" else name
        lines = [
            "GET /stripe/v1/customers HTTP/1.1",
            "Host: x",
            f"Authorization: Bearer {key}",
            f"X-Flarex-Simulate: {fault}",
        ]
        with socket.create_connection((running.host, running.port)) as sock:
            sock.sendall("\r\n".join([*lines, "", ""]).encode())
            if name not in {"hang", "reset", "close", "lost-reply", "slow"}:
                sock.recv(20)

    assert stripe.get("/v1/customers").status_code == 200
    errors = launch._held[0].child.errors
    errors.seek(0)
    assert errors.read() == b""


def test_the_log_shows_every_request_with_its_fault(stripe):
    stripe.get("/v1/customers?limit=2", headers=faulty("503", "c9") | {"X-Flarex-Attempt": "1"})
    with pytest.raises(httpx.TransportError):
        stripe.post("/v1/customers", headers=faulty("reset", "c10") | {"Idempotency-Key": "k1"})

    first, second = launch.log()

    assert first | {"time": 0} == {
        "n": 1, "time": 0, "method": "GET", "path": "/stripe/v1/customers", "query": "limit=2", "status": 503,
        "fault": "503", "call": "c9", "attempt": "1", "idempotency_key": "", "replayed": False, "key": "accepted",
    }  # fmt: skip
    assert (second["method"], second["status"], second["fault"], second["idempotency_key"]) == (
        "POST",
        None,
        "reset",
        "k1",
    )
    assert second["time"] >= first["time"]


def test_reset_empties_the_log_and_the_turns_of_scripts(stripe):
    stripe.get("/v1/customers", headers=faulty("503", "c1"))

    launch.reset()

    assert launch.log() == []
    assert stripe.get("/v1/customers", headers=faulty("503", "c1")).status_code == 503


def test_status_counts_requests(stripe, running):
    stripe.get("/v1/customers")

    found = launch.status()

    assert (found["origin"], found["pid"], found["requests"]) == (running.origin, running.pid, 1)
    assert found["uptime"] > 0


@pytest.mark.parametrize("token", [None, "", "wrong", "é"])
def test_control_needs_the_token(token, control):
    token = token.encode("latin-1").decode("latin-1") if token else token

    status, content = control("GET", "log", token)

    assert status == 403
    assert b"requests" not in content


def test_control_says_what_it_has(control, running):
    assert control("GET", "explode", running.token)[0] == 404
    assert control("GET", "reset", running.token)[0] == 405
    assert json.loads(control("GET", "faults", running.token)[1]) == NAMED


def test_control_requests_are_not_in_the_log(stripe, control, running):
    control("GET", "ping", running.token)

    assert launch.log() == []
