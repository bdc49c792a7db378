"""A plan says what the executor does: each row, each time and each header is compared with a real run of the pipeline."""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Any

import pytest

from flarex_nb.catalog.profile import Service
from flarex_nb.errors import AttemptTimeout, ConnectFailed, FlarexError, MalformedBody, UsageError
from flarex_nb.model import Attempt, Reply
from flarex_nb.notebook.render.plan import plan_html, plan_text
from flarex_nb.pipeline.retry import rules_of
from flarex_nb.plan import Plan
from flarex_nb.policies.retry import _samples
from flarex_nb.settings import Settings
from scripted import KEY, reply

if TYPE_CHECKING:
    from flarex_nb.policies.verdict import Outcome

NAMES = ("stripe", "plainly", "keyed", "strict", "hub", "hooks")
CHOICES: dict[str, dict[str, Any]] = {
    "three attempts": {"jitter": "none"},
    "one attempt": {"jitter": "none", "attempts": 1},
    "no time": {"jitter": "none", "deadline": 1.0},
    "full jitter": {"jitter": "full"},
    "full jitter and no time": {"jitter": "full", "deadline": 0.9},
}


def step_of(outcome: Outcome) -> Any:
    """Return what the scripted server does so that the attempt ends with this outcome."""
    error = outcome.error
    if isinstance(error, MalformedBody):
        return reply(200, b'{"broken":')
    if error is not None:
        return error
    assert outcome.status is not None
    body = json.dumps({"error": {"code": outcome.code}}).encode() if outcome.code else b""
    return Reply(outcome.status, (("Content-Type", "application/json"), *outcome.headers), body, 0.01)


def attempts_of(here: Any, name: str, request: str, **options: Any) -> tuple[Attempt, ...]:
    try:
        attempts: tuple[Attempt, ...] = here.client.call(name, request, **options).attempts
    except FlarexError as error:
        return error.attempts
    return attempts


@pytest.mark.parametrize("choice", CHOICES)
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("method", "key"), [("GET", "auto"), ("PUT", "auto"), ("POST", "auto"), ("POST", "off")])
def test_every_row_is_what_the_executor_does(world: Any, name: str, method: str, key: str, choice: str) -> None:
    options = {"idempotency": key, **CHOICES[choice]}
    request = f"{method} /v1/things"
    planner = world(reply(200, {}))
    plan = planner.client.call(name, request, plan=True, **options)
    samples = list(_samples(rules_of(planner.client.services.get(name))))

    assert [row.outcome for row in plan.outcomes] == [label for label, _ in samples]
    for row, (label, outcome) in zip(plan.outcomes, samples, strict=True):
        here = world(step_of(outcome), reply(200, {}))
        first = attempts_of(here, name, request, **options)[0]
        assert (first.decision, first.reason) == (row.decision, row.reason), label
        assert len(here.wire.seen) == (2 if row.decision == "again" else 1), label
        if "jitter" not in choice:
            assert first.sentence == row.sentence, label


@pytest.mark.parametrize(("method", "key"), [("GET", "auto"), ("POST", "auto"), ("POST", "off")])
def test_running_out_of_time_is_repeated_or_not_as_a_lost_connection_is(world: Any, method: str, key: str) -> None:
    async def hang(_out: Any, clock: Any, progress: Any) -> None:
        progress.enter("waiting")
        await clock.sleep(10_000)

    plan = world(reply()).client.call("stripe", f"{method} /v1/charges", plan=True, idempotency=key, jitter="none")
    (row,) = [row for row in plan.outcomes if "timed out" in row.outcome]
    first = attempts_of(world(hang), "stripe", f"{method} /v1/charges", idempotency=key, jitter="none")[0]

    assert (first.outcome, first.decision) == (AttemptTimeout.kind, row.decision)


@pytest.mark.parametrize("jitter", ["none"])
@pytest.mark.parametrize(
    ("attempts", "attempt_timeout", "deadline"),
    [(3, 10.0, 30.0), (1, 10.0, 30.0), (5, 2.0, 60.0), (4, 10.0, 10.5), (8, 1.0, 40.0), (3, 5.0, 6.0)],
)
def test_the_times_are_those_of_a_call_whose_server_never_answers(
    world: Any, attempts: int, attempt_timeout: float, deadline: float, jitter: str
) -> None:
    async def hang(_out: Any, clock: Any, _progress: Any) -> None:
        await clock.sleep(10_000)

    options = {"attempts": attempts, "attempt_timeout": attempt_timeout, "deadline": deadline, "jitter": jitter}
    plan = world(reply()).client.call("stripe", "GET /v1/charges", plan=True, **options)

    met = attempts_of(world(hang), "stripe", "GET /v1/charges", **options)

    assert [(turn.number, turn.wait[1]) for turn in plan.turns] == [(each.number, each.waited) for each in met]
    for turn, each in zip(plan.turns, met, strict=True):
        assert (turn.begins, turn.ends) == pytest.approx((each.started, each.started + each.elapsed), abs=0.01)
    assert plan.turns[-1].ends <= plan.longest


AUTHS = [
    {"kind": "none"},
    {"kind": "bearer", "secret": "CRM_API_KEY"},
    {"kind": "header", "name": "X-Api-Key", "secret": "CRM_API_KEY", "template": "key {}"},
    {"kind": "query", "name": "api key", "secret": "CRM_API_KEY"},
]


@pytest.mark.parametrize(
    ("auth", "request_line"), list(itertools.product(AUTHS, ["GET /a b/ü", "POST /x", "DELETE /x"])), ids=str
)
def test_url_headers_and_body_are_what_is_sent(world: Any, auth: Any, request_line: str) -> None:
    here = world(reply(200, {}))
    here.client.services.register(Service(name="crm", base_url="https://crm.example", auth=auth))
    json_body = {"email": "ä@example.com", "n": 1} if request_line.startswith("POST") else None
    arguments: dict[str, Any] = {"params": {"q": "1 2"}, "headers": {"X-Trace": "t1"}, "json": json_body}

    plan = here.client.call("crm", request_line, plan=True, **arguments)
    assert here.wire.seen == []
    here.client.call("crm", request_line, **arguments)

    (sent,) = here.wire.seen
    name = "{{$secret CRM_API_KEY}}"
    assert plan.url == sent.url.replace(KEY, name)
    assert dict(plan.headers) == {key: value.replace(KEY, name) for key, value in sent.headers}
    assert plan.body == sent.content.decode()


def test_the_first_of_all_pages_is_planned_as_it_is_asked_for(world: Any) -> None:
    here = world(reply(200, {"object": "list", "data": [], "has_more": False}))

    plan = here.client.call("stripe", "GET /v1/charges", plan=True, pages="all")
    here.client.call("stripe", "GET /v1/charges", pages="all")

    assert plan.url == here.wire.seen[0].url


def test_a_plan_takes_no_key_and_leaves_breaker_limits_and_credit_alone(world: Any) -> None:
    here = world(reply(200, {}))

    here.client.call("keyed", "POST /x", plan=True)

    assert here.client.pipeline.retry.states() == {}
    assert here.client.pipeline.throttle.states() == {}


def test_a_key_of_the_same_request_before_is_told_and_no_other(world: Any) -> None:
    from flarex_nb.model import CallRequest
    from flarex_nb.plan import plan_for

    here = world(reply(200, {}))
    request = CallRequest("keyed", "POST", "/x")

    before = plan_for(here.client, request)
    after = plan_for(here.client, request, lambda _mark: "key-of-before")

    assert dict(before.headers)["Idempotency-Key"] == "(made when it is sent)"
    assert dict(after.headers)["Idempotency-Key"] == "key-of-before"
    assert "same request before" in after.key


@pytest.mark.parametrize(
    ("name", "value"),
    [("X-Api-Key", "plain-words-only"), ("Cookie", "sid=1"), ("X-Note", "sk_" + "live_" + "a1B2c3D4" * 3)],
)
def test_a_literal_credential_in_a_header_is_hidden(world: Any, name: str, value: str) -> None:
    plan = world(reply()).client.call("plainly", "GET /x", plan=True, headers={name: value}, allow_literal=True)

    shown = plan_html(plan) + plan_text(plan) + plan.explain() + repr(plan)
    assert "(hidden)" in shown
    assert value not in shown


@pytest.mark.parametrize(
    "arguments",
    [
        {"json": {"password": "hunter2 hunter2", "name": "Ann"}},
        {"data": {"client_secret": "abcdefgh", "name": "Ann"}},
        {"params": {"access_token": "abcdefgh", "name": "Ann"}},
        {"json": {"note": "the key is " + "sk_" + "live_" + "a1B2c3D4" * 3, "name": "Ann"}},
        {"json": {"note": f"mine: {KEY}", "name": "Ann"}},
    ],
)
def test_what_looks_like_a_credential_in_body_or_query_is_hidden_and_the_rest_is_not(
    world: Any, arguments: Any
) -> None:
    plan = world(reply()).client.call("plainly", "POST /x", plan=True, allow_literal=True, **arguments)

    shown = plan_html(plan) + plan_text(plan) + plan.explain()
    for text in ("hunter2", "abcdefgh", "a1B2c3D4", KEY):
        assert text not in shown
    assert "Ann" in shown


def test_page_tokens_and_lengths_are_shown(world: Any) -> None:
    plan = world(reply()).client.call(
        "plainly", "POST /x", plan=True, params={"page_token": "abc"}, json={"max_tokens": 5}
    )

    assert "page_token=abc" in plan.url
    assert '"max_tokens":5' in plan.body


def test_a_large_or_binary_body_is_cut_and_counted(world: Any) -> None:
    here = world(reply())

    long = here.client.call("plainly", "POST /x", plan=True, content="ü" * 100_000)
    binary = here.client.call(
        "plainly", "POST /x", plan=True, content=bytes(range(256)) * 40, headers={"Content-Type": "image/png"}
    )

    assert long.body.endswith("(200,000 bytes)")
    assert len(long.body) < 2_100
    assert binary.body == "(10,240 bytes of image/png)"
    assert max(len(plan_html(each)) for each in (long, binary)) < 20_000


def test_what_a_body_holds_cannot_become_markup(world: Any) -> None:
    plan = world(reply()).client.call("plainly", "POST /x", plan=True, content="<script>alert(1)</script>\x1b[31m")

    assert "<script>" not in plan_html(plan)
    assert "\x1b" not in plan_html(plan) + plan_text(plan)


def test_now_is_told_an_open_breaker_a_closed_gate_and_a_missing_secret(world: Any) -> None:
    here = world(reply(500, {}))
    for _ in range(2):
        attempts_of(here, "plainly", "GET /x", jitter="none")
    limited = world(reply(429, {}, Retry_After="60"))
    attempts_of(limited, "plainly", "GET /x")
    bare = world(reply())
    bare.client.services.register(
        Service(name="bare", base_url="https://bare.example", auth={"kind": "bearer", "secret": "BARE_API_KEY"})
    )

    assert "breaker is open" in " ".join(here.client.call("plainly", "GET /x", plan=True).notes)
    assert "refused without sending" in " ".join(limited.client.call("plainly", "GET /x", plan=True).notes)
    assert "BARE_API_KEY has no value" in " ".join(bare.client.call("bare", "GET /x", plan=True).notes)


def test_the_cache_key_is_made_of_what_counts(world: Any) -> None:
    here = world(reply())

    read = here.client.call("stripe", "GET /v1/charges", plan=True, headers={"User-Agent": "me"})
    write = here.client.call("stripe", "POST /v1/charges", plan=True)

    assert any(part.startswith("Stripe-Version") for part in read.cache_parts)
    assert not any(part.startswith("User-Agent") for part in read.cache_parts)
    assert write.cache_parts == ()
    assert read.cache_parts[-1] == "credential STRIPE_SECRET_KEY (live)"


@pytest.mark.parametrize("mode", ["ttl", "http"])
@pytest.mark.parametrize(
    ("method", "headers", "options"),
    [
        ("GET", {}, {}),
        ("GET", {"Range": "bytes=0-1"}, {}),
        ("GET", {"If-None-Match": '"a"'}, {}),
        ("GET", {"Cache-Control": "no-store"}, {}),
        ("GET", {}, {"cache": "bypass"}),
        ("GET", {}, {"cache": "refresh"}),
        ("HEAD", {}, {}),
        ("OPTIONS", {}, {}),
        ("POST", {}, {}),
    ],
)
def test_the_cache_takes_part_where_the_plan_says_so(
    world: Any, mode: str, method: str, headers: dict[str, str], options: dict[str, str]
) -> None:
    here = world(reply(200, {}, Cache_Control="max-age=60"), settings=Settings(cache_mode=mode))
    arguments: dict[str, Any] = {"headers": headers, **options}

    plan = here.client.call("plainly", f"{method} /x", plan=True, **arguments)
    marks = [here.client.call("plainly", f"{method} /x", **arguments).cache for _ in range(2)]

    assert bool(plan.cache_parts) == (marks[0] != "off"), (plan.cache, marks)


def test_a_header_counts_for_the_kept_answer_where_the_plan_says_so(world: Any) -> None:
    here = world(reply(200, {}))
    headers = {"X-Trace": "1", "User-Agent": "one", "Accept": "application/json"}
    plan = here.client.call("plainly", "GET /x", plan=True, headers=headers)
    here.client.call("plainly", "GET /x", headers=headers)

    for name in headers:
        mark = here.client.call("plainly", "GET /x", headers={**headers, name: "other"}).cache
        assert (mark == "miss") == any(part.startswith(f"{name}: ") for part in plan.cache_parts), name


def test_a_mistake_that_a_call_would_be_refused_for_refuses_the_plan(world: Any) -> None:
    with pytest.raises(UsageError):
        world(reply()).client.call("plainly", "POST /x", plan=True, idempotency="new")


def test_the_plan_is_one_object_in_text_and_html(world: Any) -> None:
    plan = world(reply()).client.call("stripe", "POST /v1/customers", plan=True, json={"email": "a@example.com"})

    assert isinstance(plan, Plan)
    for words in ("POST https://api.stripe.com/v1/customers", "{{$secret STRIPE_SECRET_KEY}}", "email=a%40example.com"):
        assert words in plan_text(plan)
        assert words in plan_html(plan)
    assert "stored-answer" in plan_text(plan)
    assert max(map(len, plan_text(plan).splitlines())) <= 100
    assert ConnectFailed.kind not in repr(plan)
