"""The example cells of the language's description, from the magic's line to the filled request."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest

from flarex_nb.model import CallOptions, FormBody, JsonBody, NoBody
from flarex_nb.text.grammar import parse
from flarex_nb.text.items import fill_line
from flarex_nb.text.magicline import parse_line
from flarex_nb.text.options import read_settings, to_call_options
from flarex_nb.text.source import Source


def test_charges_become_a_table(language):
    line = parse_line("stripe --into charges --columns id,amount,currency,created,customer")
    request = language.fill(
        "GET /v1/charges\n    ?limit=100\n    &created[gte]={{since}}", since=dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
    )

    call = request.call_request(line.service, to_call_options(line.options))

    assert (call.service, call.method, call.target) == ("stripe", "GET", "/v1/charges")
    assert call.query == (("limit", "100"), ("created[gte]", "1704067200"))
    assert call.options == CallOptions(into="charges", columns="id,amount,currency,created,customer")
    assert call.body == NoBody()


def test_a_checkout_session_keeps_its_fields_and_tells_of_its_key(language):
    text = (
        "# @name checkout\n# @note creates a live Checkout Session\nPOST /v1/checkout/sessions\nIdempotency-Key: {{$uuid}}\n\n"
        "mode=payment\n&success_url={{app_url}}/ok\n&line_items[0][price]={{price_id}}\n&line_items[0][quantity]=1\n"
    )

    request = language.fill(text, app_url="https://app.example", price_id="price_1")

    assert request.name == "checkout"
    assert parse(text).requests[0].note == "creates a live Checkout Session"
    assert request.had_uuid_header
    assert request.body == FormBody(
        (
            ("mode", "payment"),
            ("success_url", "https://app.example/ok"),
            ("line_items[0][price]", "price_1"),
            ("line_items[0][quantity]", "1"),
        )
    )


def test_a_prompt_is_data_whatever_it_holds(language):
    text = 'POST /v1/chat/completions\n\n{"model": "gpt-4o-mini", "stream": true,\n "messages": [{"role": "user", "content": {{prompt}}}]}'
    prompt = 'Say "hi"}]}, {{name}}\n### heading'

    body = language.fill(text, prompt=prompt).body

    assert body == JsonBody({"model": "gpt-4o-mini", "stream": True, "messages": [{"role": "user", "content": prompt}]})


def test_a_sheets_range_stays_as_typed(language):
    request = language.fill(
        "GET /v4/spreadsheets/{{sheet_id}}/values/Budget!A1:F200\n    ?valueRenderOption=UNFORMATTED_VALUE",
        sheet_id="1a/b",
    )

    assert request.target == "/v4/spreadsheets/1a%2Fb/values/Budget!A1:F200"
    assert request.query == (("valueRenderOption", "UNFORMATTED_VALUE"),)


def test_a_sheets_range_from_a_variable_is_one_segment(language):
    request = language.fill("GET /v4/spreadsheets/abc/values/{{area}}", area="'Q1 É/é'!A:Z")

    assert request.target == "/v4/spreadsheets/abc/values/%27Q1%20%C3%89%2F%C3%A9%27%21A%3AZ"


def test_a_webhook_whose_address_is_the_secret(language):
    request = language.fill(
        'POST {{$secret DISCORD_WEBHOOK_URL}}?wait=true\n\n{"content": {{message}}, "allowed_mentions": {"parse": []}}',
        message="hi",
        allow={"path"},
    )

    assert (request.target, request.query) == ("<<DISCORD_WEBHOOK_URL>>", (("wait", "true"),))
    assert request.body == JsonBody({"content": "hi", "allowed_mentions": {"parse": []}})


def test_all_pages_from_one_line(language):
    line = parse_line("crm GET /contacts per_page==200 --pages all --max-records 50000 --into contacts")

    request = fill_line(line, namespace={}, marker=language.marker)

    assert (request.target, request.query) == ("/contacts", (("per_page", "200"),))
    assert to_call_options(line.options) == CallOptions(pages="all", max_records=50000, into="contacts")


@pytest.mark.parametrize(
    "row", [pd.Series({"id": 7, "note": 'a "b"', "score": 1.5}), {"id": 7, "note": 'a "b"', "score": 1.5}]
)
def test_a_row_fills_a_request(language, row):
    text = '# @idempotency auto\nPOST /contacts/{{row.id}}/notes\n\n{"text": {{row.note}}, "score": {{row.score}}}'

    request = language.fill(text, row=row)

    assert request.target == "/contacts/7/notes"
    assert request.body == JsonBody({"text": 'a "b"', "score": 1.5})
    assert read_settings(parse(text).requests[0].settings)[0] == {"idempotency": "auto"}


def test_one_answer_feeds_the_next_request(language):
    text = (
        "# @name customer\n# @assert status == 200\nPOST /v1/customers\n\nemail={{email}}\n###\n"
        "# @name subscription\nPOST /v1/subscriptions\n\ncustomer={{customer.response.body.$.id}}\n&items[0][price]={{price_id}}"
    )

    first, second = parse(text).requests

    assert (first.name, first.asserts, second.name) == ("customer", (Source("status == 200"),), "subscription")
    alone = text.split("###\n")[1]
    filled = language.fill(alone, customer={"response": {"body": {"id": "cus_1"}}}, price_id="p")
    assert filled.body == FormBody((("customer", "cus_1"), ("items[0][price]", "p")))
