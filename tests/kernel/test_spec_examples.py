"""The numbered example cells of the language, each typed into a real kernel: against the sandbox or a server here.

Examples 3 (streaming), 4 (a sheet's range), 5 (a webhook whose URL is the secret) need services that have no stand-in
yet; 8 (one request for each row) has no option yet, which is told in words.
"""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import parse_qs, urlsplit

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kernels import Kernel

CONTACTS = [{"id": number, "name": f"Person {number}"} for number in range(450)]
KEY = "crm_" + "fake" * 5


class Crm(BaseHTTPRequestHandler):
    """Contacts behind a key in a header, by cursor; keeps each request line."""

    seen: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.seen.append(self.path)
        if self.headers["X-Api-Key"] != KEY:
            self._send(401, {"error": {"code": "no_key", "detail": "This key opens nothing."}})
            return
        query = parse_qs(urlsplit(self.path).query)
        start, size = int(query.get("after", ["0"])[0]), int(query.get("per_page", ["50"])[0])
        more = start + size < len(CONTACTS)
        meta = {"next": str(start + size) if more else None, "has_more": more}
        self._send(200, {"items": CONTACTS[start : start + size], "meta": meta})

    def _send(self, status: int, body: Any) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Keep the tests' output quiet."""


@pytest.fixture(scope="module")
def crm(kernel: Kernel) -> Iterator[list[str]]:
    """The service of example 6, defined in Python, and the requests its server saw."""
    server = HTTPServer(("127.0.0.1", 0), Crm)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    ran = kernel.run(
        "import flarex_nb as fx\n"
        "fx.register(fx.Service(name='crm', network='private',"
        f" base_url='http://127.0.0.1:{server.server_port}/api',"
        " auth={'kind': 'header', 'name': 'X-Api-Key', 'secret': 'CRM_API_KEY'},"
        " paging={'kind': 'cursor', 'cursor': '$.meta.next', 'param': 'after', 'more': '$.meta.has_more'},"
        " records='items', errors={'code': 'error.code', 'message': 'error.detail'}))"
    )
    assert ran.status == "ok", ran.reply
    ran = kernel.run("%flarex_secrets set CRM_API_KEY", allow_stdin=True, answer=KEY)
    assert ran.status == "ok", ran.reply
    yield Crm.seen
    server.shutdown()
    server.server_close()


def value(kernel: Kernel, expression: str) -> Any:
    ran = kernel.run(f"import json; print(json.dumps({expression}))")
    assert ran.status == "ok", ran.reply
    return json.loads(ran.stdout)


def test_example_01_charges_become_a_frame_of_the_columns_asked_for(kernel: Kernel) -> None:
    kernel.run("import datetime as dt\nsince = dt.datetime(2025, 12, 1, tzinfo=dt.timezone.utc)")

    ran = kernel.run(
        "%%flarex_call stripe --into charges --columns id,amount,currency,created,customer\n"
        "GET /v1/charges\n    ?limit=100\n    &created[gte]={{since}}"
    )

    assert ran.status == "ok", ran.reply
    assert value(kernel, "list(charges.columns)") == ["id", "amount", "currency", "created", "customer"]
    assert value(kernel, "[len(charges), bool((charges.created >= since).all())]") == [100, True]


def test_example_02_a_checkout_session_is_made_once_for_one_cell(kernel: Kernel) -> None:
    kernel.run(
        "app_url = 'https://shop.example.com'\n"
        "import flarex_nb as fx\n"
        "prices = fx.call('stripe', 'GET /v1/prices', params={'limit': 100}).records\n"
        "price_id = next(each['id'] for each in prices if each['type'] == 'one_time' and each['active'])"
    )

    ran = kernel.run(
        "%%flarex_call stripe --into session\n# @name checkout\n# @note creates a live Checkout Session\n"
        "POST /v1/checkout/sessions\nIdempotency-Key: {{$uuid}}\n\n"
        "mode=payment\n&success_url={{app_url}}/ok\n&line_items[0][price]={{price_id}}\n&line_items[0][quantity]=1"
    )

    assert ran.status == "ok", (ran.reply, ran.plain)
    assert value(kernel, "session.id[0]").startswith("cs_")
    assert value(kernel, "session['mode'][0]") == "payment"
    assert value(kernel, "session['success_url'][0]") == "https://shop.example.com/ok"


def test_example_06_a_service_of_ones_own_is_called_with_its_key(kernel: Kernel, crm: list[str]) -> None:
    ran = kernel.run("%flarex_call crm GET /contacts")

    assert ran.status == "ok", (ran.reply, ran.plain)
    assert "50 rows x 2 columns" in ran.plain
    assert crm[-1] == "/api/contacts"
    assert KEY not in json.dumps(kernel.everything, default=str)


def test_example_07_all_pages_with_a_ceiling(kernel: Kernel, crm: list[str]) -> None:
    before = len(crm)

    ran = kernel.run("%flarex_call crm GET /contacts per_page==200 --pages all --max-records 50000 --into contacts")

    assert ran.status == "ok", (ran.reply, ran.plain)
    assert value(kernel, "[len(contacts), contacts.id.is_unique, contacts.attrs['flarex']['complete']]") == [
        450,
        True,
        True,
    ]
    assert len(crm) - before == 3


def test_example_07_the_ceiling_holds_and_is_told(kernel: Kernel, crm: list[str]) -> None:
    ran = kernel.run("%flarex_call crm GET /contacts per_page==200 --pages all --max-records 250 --into some")

    assert ran.status == "ok", (ran.reply, ran.plain)
    assert value(kernel, "[len(some), some.attrs['flarex']['complete']]") == [250, False]
    assert "max_records=250" in ran.plain


def test_example_09_rows_that_do_not_fit_a_model_are_kept_apart(kernel: Kernel) -> None:
    kernel.run("from pydantic import BaseModel\n\nclass Charge(BaseModel):\n    id: str\n    amount: int\n")
    kernel.run("\nclass Failed(BaseModel):\n    id: str\n    failure_code: str\n")
    cell = "%%flarex_call stripe --validate {} --into charges\nGET /v1/charges?limit=10"

    good = kernel.run(cell.format("Charge"))
    fits = value(kernel, "[len(charges), len(_.errors)]")
    kernel.run(cell.format("Failed"))
    misfits = value(kernel, "[len(charges) + len({each.row for each in _.errors}), len(_.errors) > 0]")
    strict = kernel.run(cell.format("Failed:strict"))

    assert good.status == "ok", good.reply
    assert fits == [10, 0]
    assert misfits == [10, True]
    assert strict.error == "SchemaMismatch"


@pytest.mark.parametrize(
    ("url", "error"),
    [
        ("http://127.0.0.1:9/", "AddressBlocked"),
        ("http://169.254.169.254/latest/meta-data/", "AddressBlocked"),
        ("http://[::1]:9/", "AddressBlocked"),
        ("http://2130706433/", "HostNotAllowed"),  # a number in the place of a name, refused as it is written
    ],
)
def test_example_10_a_private_address_out_of_data_is_refused_by_its_rule(kernel: Kernel, url: str, error: str) -> None:
    kernel.run(f"user_url = {url!r}")

    ran = kernel.run("%%flarex_call --guard public --max-bytes 2MB --raw --into preview\nGET {{user_url}}")

    assert ran.status == "error"
    assert ran.error == error, ran.reply
    assert "Nothing was sent" in ran.plain
    assert value(kernel, "'preview' in globals()") is False


CHAIN = (
    "%%flarex_call stripe\n# @name customer\n# @assert status == {status}\nPOST /v1/customers\n\nemail={{{{email}}}}\n"
    "###\n# @name checkout\nPOST /v1/checkout/sessions\n\nmode=subscription\n&success_url=https://shop.example.com/ok\n"
    "&customer={{{{customer.response.body.$.id}}}}\n&line_items[0][price]={{{{price_id}}}}\n&line_items[0][quantity]=1"
)
"""The example's chain; its second request makes a checkout, since the sandbox has no subscriptions."""


@pytest.fixture
def recurring(kernel: Kernel) -> None:
    """The names that the chain takes from the notebook."""
    ran = kernel.run(
        "email = 'ada@example.com'\nimport flarex_nb as fx\nfrom flarex_nb.sandbox import launch\n"
        "prices = fx.call('stripe', 'GET /v1/prices', params={'limit': 100}).records\n"
        "price_id = next(each['id'] for each in prices if each['type'] == 'recurring' and each['active'])"
    )
    assert ran.status == "ok", ran.reply


def test_example_11_an_answer_feeds_the_next_request(kernel: Kernel, recurring: None) -> None:
    ran = kernel.run(CHAIN.format(status=200))

    assert ran.status == "ok", (ran.reply, ran.plain)
    assert value(kernel, "_.json['customer']").startswith("cus_")
    assert value(kernel, "[each['path'] for each in launch.log()[-2:]]") == [
        "/stripe/v1/customers",
        "/stripe/v1/checkout/sessions",
    ]


def test_example_11_a_condition_that_does_not_hold_ends_the_chain(kernel: Kernel, recurring: None) -> None:
    kernel.run("email = 'grace@example.com'")
    before = value(kernel, "len(launch.log())")

    ran = kernel.run(CHAIN.format(status=201))

    assert ran.error == "AssertionFailed", (ran.reply, ran.plain)
    assert value(kernel, "len(launch.log())") == before + 1
