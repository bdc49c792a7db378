"""Literal keys in a text: those with a shape or a telling name are found, placeholders are not, none is repeated."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flarex_nb.errors import CellSyntaxError, UsageError
from flarex_nb.vault.redact import Redactor
from flarex_nb.vault.ref import marker
from flarex_nb.vault.scan import Finding, find_keys, refuse_literal_keys

RANDOM = "aZ3bY7cX1dW9eV5fU2gT8hS4iR6jQ0kP"
"""Assembled below into look-alikes, so that no whole one stands in this file."""

LONG = RANDOM * 3

LOOKALIKES = {
    "sk_" + "live_" + RANDOM[:24]: "STRIPE_SECRET_KEY",
    "sk_" + "test_" + RANDOM[:24]: "STRIPE_SECRET_KEY",
    "rk_" + "live_" + RANDOM[:24]: "STRIPE_SECRET_KEY",
    "whs" + "ec_" + RANDOM: "STRIPE_WEBHOOK_SECRET",
    "sk" + "-proj-" + LONG: "OPENAI_API_KEY",
    "sk" + "-" + LONG[:48]: "OPENAI_API_KEY",
    "sk" + "-ant-api03-" + LONG: "ANTHROPIC_API_KEY",
    "gh" + "p_" + LONG[:36]: "GITHUB_TOKEN",
    "github" + "_pat_" + LONG[:22] + "_" + LONG[:59]: "GITHUB_TOKEN",
    "AI" + "za" + LONG[:35]: "GOOGLE_API_KEY",
    "xo" + "xb-" + "9182736450-" + RANDOM[:24]: "SLACK_API_KEY",
    "https://discord" + ".com/api/webhooks/918273645091827364/" + LONG[:68]: "DISCORD_WEBHOOK_URL",
    "https://canary.discord" + "app.com/api/v10/webhooks/918273645091827364/" + LONG[:68]: "DISCORD_WEBHOOK_URL",
    "https://hooks." + "slack.com/services/T9A8B7C6D/B1A2C3D4E/" + RANDOM[:24]: "SLACK_WEBHOOK_URL",
    "AK" + "IA" + "2OGYBAH6QWERTZUI": "AWS_ACCESS_KEY_ID",
    "ey" + "JhbGciOiJIUzI1NiJ9." + "ey" + "JzdWIiOiJhZGEifQ." + RANDOM: "ACCESS_TOKEN",
    "-----BEGIN " + "RSA PRIVATE KEY-----": "PRIVATE_KEY",
    "-----BEGIN " + "PRIVATE KEY-----": "PRIVATE_KEY",
}


@pytest.mark.parametrize(
    ("key", "name"), LOOKALIKES.items(), ids=[f"{name}-{len(key)}" for key, name in LOOKALIKES.items()]
)
@pytest.mark.parametrize(
    "around",
    [
        "{}",
        'key = "{}"',
        "GET https://x.example/?a={}&b=1",
        "Authorization: Bearer {}",
        '{{"k": "{}"}}',
        "# {}\n",
        "'{}',",
    ],
)
def test_a_key_with_a_shape_is_found_anywhere(key, name, around):
    text = "first line\n" + around.format(key)

    findings = find_keys(text)

    assert len(findings) == 1
    [found] = findings
    line = text.split("\n")[found.line - 1]
    assert found.name_hint == name
    assert found.line == 2
    assert line[found.column - 1 : found.column - 1 + found.length].startswith(key[:30])
    assert key[8:] not in repr(found)


@pytest.mark.parametrize(
    "text",
    [
        "sk_sandbox_flarex_0123456789abcdef",
        "sk_" + "live_...",
        "sk_" + "test_xxxxxxxxxxxxxxxxxxxxxxxx",
        "sk_" + "live_XXXXXXXXXXXXXXXXXXXX",
        "sk_" + "live_YOUR_SECRET_KEY_HERE",
        "sk-" + "ant-your-api-key-goes-here",
        "sk-" + "proj-xxxxxxxxxxxxxxxxxxxx",
        "sk-" + "0" * 48,
        "AK" + "IAIOSFODNN7EXAMPLE",
        "Authorization: Bearer {{$secret STRIPE_SECRET_KEY}}",
        "Authorization: Bearer {{$dotenv STRIPE_SECRET_KEY}}",
        "Authorization: Bearer $STRIPE_SECRET_KEY",
        "Authorization: Bearer ${TOKEN_OF_CRM}",
        "Authorization: Bearer <YOUR_TOKEN>",
        "Authorization: Bearer YOUR_ACCESS_TOKEN",
        "Authorization: Bearer access_token",
        "Authorization: Bearer [STRIPE_SECRET_KEY]",
        "Authorization: Bearer ...",
        'token = "gpt2-tokenizer-v1-large"',
        'headers = {"Authorization": f"Bearer {token}"}',
        'api_key = os.environ["CRM_API_KEY"]',
        "api_key = settings.crm.api_key_v2_of_the_team",
        "token = make_token_for_user_17(name)",
        "token = response_of_page_17_and_18",
        'api_key="<your key>"',
        'password = "..."',
        "X-Api-Key: {{$secret CRM_API_KEY}}",
        "Idempotency-Key: 8f14e45f-ceea-467f-a8b1-0123456789ab",
        "next_page_token=aZ3bY7cX1dW9eV5fU2gT8hS4",
        "max_tokens: 1000000000000000",
        'publishable_api_key = "aZ3bY7cX1dW9eV5fU2gT8hS4"',
        "task-" + "aZ3bY7cX1dW9eV5fU2gT8hS4iR6jQ0",
        "the quick brown fox keeps a secret: nothing at all",
        "https://user@host.example/path",
        "https://user:{{password}}@host.example/",
        "GET /v1/charges/ch_1NirD82eZvKYlo2CIvbtLWuY",
        'client = Client(api_key=fx.secrets["CRM_API_KEY"].marker)',
        "%flarex_secrets set STRIPE_SECRET_KEY",
        "",
    ],
)
def test_a_visible_placeholder_or_ordinary_code_is_no_finding(text):
    assert find_keys(text) == []


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (f"Authorization: Bearer {RANDOM}", "SERVICE_API_KEY"),
        (f"authorization: token {RANDOM[:9]}", "SERVICE_API_KEY"),
        (f'{{"Authorization": "Bearer {RANDOM}"}}', "SERVICE_API_KEY"),
        (f"-H 'Authorization: Basic {RANDOM}'", "SERVICE_API_KEY"),
        (f"X-Api-Key: {RANDOM}", "SERVICE_API_KEY"),
        (f'crm_api_key = "{RANDOM}"', "CRM_API_KEY"),
        (f"CRM_API_KEY={RANDOM}", "CRM_API_KEY"),
        (f'"clientSecret": "{RANDOM}"', "CLIENT_SECRET"),
        (f"https://x.example/?api_key={RANDOM}&page=2", "SERVICE_API_KEY"),
        ("x-api-key: " + "8f14e45f-ceea-467f-" + "a8b1-9d3c5e7f1a2b", "SERVICE_API_KEY"),
        ("api_key: " + "9f86d081884c7d65" + "9a2feaa0c55ad015", "SERVICE_API_KEY"),
        ('db_password = "' + "Tr0ub4dor&3" + '"', "DB_PASSWORD"),
        ("postgres://ada:" + "Tr0ub4dor3x" + "@db.example/x", "SERVICE_PASSWORD"),
        (json.dumps({"source": [f'api_key = "{RANDOM}"\n']}), "SERVICE_API_KEY"),
    ],
)
def test_a_value_under_a_telling_name_is_found(text, name):
    [found] = find_keys(text)

    assert found.name_hint == name


def test_a_value_of_this_session_is_found_in_whatever_form():
    known = Redactor()
    known.register("CRM_API_KEY", "plain-words-value")

    findings = find_keys("x = 1\nsend('plain-words-value')\nsend('eulav-sdrow-nialp')", known.find)

    assert [(found.line, found.column, found.name_hint, found.kind) for found in findings] == [
        (2, 7, "CRM_API_KEY", "the value of CRM_API_KEY"),
        (3, 7, "CRM_API_KEY", "the value of CRM_API_KEY"),
    ]


def test_a_marker_is_no_key():
    assert find_keys(f"Authorization: Bearer {marker('CRM_API_KEY')}\nX-Api-Key: {marker('CRM_API_KEY')}") == []


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_findings_come_in_order_with_line_and_column(end):
    key = "sk_" + "live_" + RANDOM[:24]
    text = end.join(["α β", f"  {key} {key[:-1]}", "", key])

    assert [(found.line, found.column, found.length) for found in find_keys(text)] == [
        (2, 3, 32),
        (2, 36, 31),
        (4, 1, 32),
    ]
    assert find_keys(text)[0].place == "line 2, column 3"


@pytest.mark.parametrize("key", LOOKALIKES)
def test_a_refusal_names_place_and_way_and_never_the_key(key):
    cell = f"GET /v1/charges\nAuthorization: Bearer {key}"

    with pytest.raises(CellSyntaxError) as caught:
        refuse_literal_keys(cell, first_line=2)

    error = caught.value
    assert isinstance(error, UsageError)
    assert error.place == "line 3, column 23"
    assert "line 3, column 23" in error.message
    assert f"%flarex_secrets set {LOOKALIKES[key]}" in error.hint
    assert f"{{{{$secret {LOOKALIKES[key]}}}}}" in error.hint
    assert "history" in error.hint
    assert error.sent == "no"
    assert key[5:] not in error.explain() + repr(error)


def test_a_cell_without_a_key_passes_and_several_are_counted():
    key = "sk_" + "live_" + RANDOM[:24]

    assert refuse_literal_keys("GET /v1/charges?limit=3") is None
    with pytest.raises(CellSyntaxError, match="and 2 more"):
        refuse_literal_keys(f"{key}\n{key}\n{key}")


@given(st.text(max_size=300))
def test_any_text_can_be_scanned(text):
    for found in find_keys(text):
        assert isinstance(found, Finding)
        assert found.line >= 1
        assert found.column >= 1


@given(st.text(st.characters(categories=["L", "Nd", "Zs"]), max_size=30), st.sampled_from(sorted(LOOKALIKES)))
def test_a_key_is_found_behind_any_words(words, key):
    text = f"{words} {key}"

    assert any(found.column - 1 == len(words) + 1 for found in find_keys(text))


@pytest.mark.parametrize(
    "piece",
    [
        "aB3" * 100_000,
        "eyJ" * 100_000,
        "a.b-c_" * 50_000,
        "token" * 60_000,
        "token = " * 40_000,
        "https://" * 40_000,
        "sk-" * 100_000,
        "x://:" * 60_000,
        "Authorization: Bearer " * 15_000,
        " " * 300_000,
        "key=" * 75_000,
        "cookie: a=1; " * 20_000,
        "Bearer " * 40_000,
        "'a' + " * 40_000,
    ],
)
def test_a_large_text_is_scanned_in_time_that_grows_with_its_length(piece):
    def seconds(text):
        began = time.perf_counter()
        find_keys(text)
        return time.perf_counter() - began

    small = min(seconds(piece[: len(piece) // 4]) for _ in range(3))

    assert seconds(piece) < 4 * 4 * small + 0.5
