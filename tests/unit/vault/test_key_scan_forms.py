"""The many ways in which keys are written in source, and the many look-alikes that are none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flarex_nb.errors import CellSyntaxError
from flarex_nb.vault.scan import find_keys, refuse_literal_keys, unallowed_keys
from flarex_nb.vault.scan_joined import join_literals
from flarex_nb.vault.scan_shapes import SHAPES, public_start
from written_keys import CHANCE, KEY, OTHER

HEX = "9f86d081884c7d659a2feaa0c55ad015"
UUID = "8f14e45f-ceea-467f-a8b1-9d3c5e7f1a2b"
PASSWORD = "Tr0ub4dor" + "&3x"

WRITTEN = [
    f'os.environ["API_KEY"] = "{CHANCE}"',
    f'os.environ.setdefault("CRM_TOKEN", "{CHANCE}")',
    f'os.getenv("CRM_TOKEN", "{CHANCE}")',
    f'api_key = os.getenv("API_KEY") or "{CHANCE}"',
    f"%env API_KEY={CHANCE}",
    f"!export CRM_API_KEY={CHANCE} && run",
    f'headers=[("X-Api-Key", "{CHANCE}")]',
    f'api_key: str = "{CHANCE}"',
    f'api_key: Optional[str] = "{CHANCE}"',
    f'api_key = SecretStr("{CHANCE}")',
    f'api_key = (\n    "{CHANCE}"\n)',
    f"api_key = b'{CHANCE}'",
    f"api_key = rb'{CHANCE}'",
    f"<apiKey>{CHANCE}</apiKey>",
    f"&quot;api_key&quot;: &quot;{CHANCE}&quot;",
    f"api_key\\u003d{CHANCE}",
    f'{{\\"api_key\\": \\"{CHANCE}\\"}}',
    f'{{\\\\\\"api_key\\\\\\": \\\\\\"{CHANCE}\\\\\\"}}',
    f'"token":"{CHANCE}\\n"',
    f'api_key="{CHANCE}',
    f'api_key = "{UUID}"',
    f'api_secret = "{HEX}"',
    f'api_secret = "{HEX}{HEX}"',
    f"run --api-key {CHANCE}",
    f"run --token={CHANCE}",
    f'slackToken = "{CHANCE}"',
    f"userToken: {CHANCE}",
    f'FERNET_KEY="{CHANCE}"',
    f'"client_secret" => "{CHANCE}"',
    f'if token == "{CHANCE}":',
    f"machine api.x login ada password {CHANCE}",
    f"API_KEY\t{CHANCE}",
    f"Your API key: {CHANCE}",
    f"API key is {CHANCE}",
    f"https://x.example/?token={CHANCE}&q=1",
    f'f"https://x.example/?token={CHANCE}&q={{q}}"',
    f'"Bearer {CHANCE}"',
    f"curl -H 'Authorization: Bearer {CHANCE}'",
    f"curl -u ada:{PASSWORD} https://x.example",
    f"curl --user 'ada:{PASSWORD}' https://x.example",
    f'requests.get(u, auth=("ada", "{PASSWORD}"))',
    f'HTTPBasicAuth("ada", "{PASSWORD}")',
    f"Server=x;Password={PASSWORD};",
    f"DB_PASSWORD={PASSWORD}",
    "DB_PASSWORD=dragon" + "417",
    'password = "hunter' + '2"',
    "pwd='correct" + "horsebatterystaple'",
    f"connect(user='a', passwd='{PASSWORD}')",
    'password = "Pa$$w0' + 'rd!x9"',
    'password = "a(b8{c' + '!d[Q"',
    'password = "xK<9v' + '>mQ2"',
    "postgres://ada:correct" + "horse@db.example/x",
    f"AccountName=x;AccountKey={(CHANCE + HEX + CHANCE)[:86]}==;",
    f"https://x.blob.example/c?sv=2024&sig={CHANCE}{CHANCE}%3D",
    f"_authToken={CHANCE}",
    f"Set-Cookie: lang=en; sessionid={CHANCE}; Path=/",
    f'"Cookie": "a=1; connect.sid={CHANCE}"',
    "12345678" + f":AA{CHANCE}x",
    "SK" + HEX,
    "MTIz" + "NDU2Nzg5MDEyMzQ1Njc4" + ".G4b2Xy." + CHANCE,
    f"{HEX}-us" + "17",
    'token = "a8f3k2m' + '9p"',
]


@pytest.mark.parametrize("text", WRITTEN)
def test_a_key_is_found_however_it_is_written(text):
    [found] = find_keys(text, guess=True)

    value = text[found.start : found.start + found.length]
    assert len(value) >= 7
    assert not set(value) & set("\"' \n;")


@pytest.mark.parametrize(
    "text",
    [
        'password = "password"',
        'def login(password: str = "", token: Token | None = None) -> Secret: ...',
        "password=password, token=token, api_key=args.api_key,",
        'token = tokenizer.encode("hello")',
        '"total_tokens": 123456789012, "max_tokens": 4096',
        'api_key = config["api_key"]',
        'API_KEY = os.environ["API_KEY_2024_PROD"]',
        "client = Client(api_key=API_KEY_V2_PROD_2024)",
        '<input type="password" name="pw">',
        "docker run -u 1000:1000 x",
        "ps -u user:group",
        f'integrity="sha384-{CHANCE}{CHANCE}"',
        f'sha256 = "{HEX}{HEX}"',
        f'commit = "{HEX}"',
        f'run_id = "{UUID}"',
        'sort_key = "created_at_2024_01_01x"',
        'keyboard = "qwertyuiopasdf12345"',
        f'"public_key": "{CHANCE}"',
        f'"next_token": "{CHANCE}"',
        f"csrf_token={CHANCE}",
        f'"Idempotency-Key": "{CHANCE}"',
        f'sheet = gc.open_by_key("{CHANCE}")',
        f'b64decode("{CHANCE}")',
        'api_key_path = "/etc/keys/api2.json"',
        'token_url="https://login.example/oauth2/v2.0/token"',
        '"token_type": "bearer"',
        'password = input("Password: ")',
        "password = getpass.getpass()",
        'eos_token="</s>"; pad = "<|endoftext|>"',
        '"password": "This field is required"',
        "secret_name = 'prod/db/creds-2024'",
        'api_key="{{api_key}}"; password="***"',
        "postgresql://user:password@localhost:5432/db",
        "https://x.example/?api_key={api_key}",
        "tokens = ['a1b2c3d4e5f6g7h8', 'b2c3d4e5f6g7h8i9']",
        'x = "a" "b" + "c"',
        f"Set-Cookie: theme=dark; _ga={CHANCE}; Path=/",
        'password = "${PASSWORD}"; passwd = "$PASSWORD"; pwd = "{{password}}"',
        'password = f"{prefix}_{name}1"; passwd = "%(password)s"; password = "get_password(17)"',
        'password = "<your password 1>"; password = "[CRM_PASSWORD]"; password = "your_p4ssword!"',
        "('CRM_API_KEY', 'http://127.0.0.1:43335')",
        "PWD=/srv/work/a1b2c3d4e5f6g7h8",
    ],
)
def test_a_look_alike_is_no_key_even_when_guessing(text):
    assert find_keys(text, guess=True) == []


def test_each_issuers_shape_starts_as_its_table_says():
    for shape in SHAPES:
        assert shape.starts, shape.kind
        assert shape.kind.split()[0] in {"a", "an"}


# literals side by side


@pytest.mark.parametrize(
    "source",
    [
        f'x = "{KEY[:9]}" + "{KEY[9:]}"',
        f'x = "{KEY[:9]}" "{KEY[9:]}"',
        f'x = ("{KEY[:9]}"\n     "{KEY[9:]}")',
        f'x = "{KEY[:9]}" \\\n    "{KEY[9:]}"',
        f'x = ("{KEY[:9]}" +\r\n     f"{KEY[9:]}")',
        f'x = "{KEY[:4]}" + "{KEY[4:12]}" + "{KEY[12:]}"',
        f"api_key = '{CHANCE[:7]}' + '{CHANCE[7:]}'",
    ],
)
def test_a_key_in_pieces_is_found_as_one_at_its_first_piece(source):
    [found] = find_keys(source, guess=True)

    written = source[found.start : found.start + found.length]
    assert written[:4] in {KEY[:4], CHANCE[:4]}
    assert written[-4:] in {KEY[-4:], CHANCE[-4:]}


@pytest.mark.parametrize("source", [f'["{KEY[:9]}", "{KEY[9:]}"]', f"'{KEY[:9]}'\nx = '{KEY[9:]}'"])
def test_pieces_of_a_list_are_not_one(source):
    assert find_keys(source, guess=True) == []


@given(st.text(alphabet="ab\"'+ \n\\,f", max_size=60))
def test_places_of_joined_literals_lead_back_to_the_source(source):
    joined = join_literals(source)

    if joined is not None:
        assert all(joined.text[place] == source[joined.before(place)] for place in range(len(joined.text)))


# only when guessing


def test_a_long_random_text_without_a_name_is_a_key_only_in_source():
    text = f'client = Client("{CHANCE}")'

    assert [found.how for found in find_keys(text, guess=True)] == ["chance"]
    assert find_keys(text) == []


# let be


@pytest.mark.parametrize(
    "text",
    [
        f"x = '{KEY}'  # flarex: allow",
        f"# flarex: allow\nx = '{KEY}'",
        f"# flarex: allow: it is the docs' own example\nx = '{KEY}'",
        f"x = '{KEY}'  # pragma: allowlist secret",
        f"x = '{KEY}'  # pragma: whitelist secret",
        f"# pragma: allowlist nextline secret\nx = '{KEY}'",
        f"// flarex: allow\nconst x = '{KEY}'",
        f"<!-- flarex: allow -->\n{KEY}",
        f"GET /x\r\n# flarex: allow\r\nX-Api-Key: {KEY}",
    ],
)
def test_a_comment_lets_a_key_be(text):
    assert unallowed_keys(text) == []
    assert refuse_literal_keys(text) is None


@pytest.mark.parametrize(
    "text",
    [
        f"# flarex: allow\n\nx = '{KEY}'",
        f"y = 1  # flarex: allow\nx = '{KEY}'",
        f"x = '{KEY}'\n# flarex: allow",
        f"x = '{KEY}'  # flarex: allowed",
        f"x = '{KEY}'  # pragma: no cover",
    ],
)
def test_a_comment_elsewhere_does_not(text):
    assert len(unallowed_keys(text)) == 1


def test_a_refusal_tells_how_to_let_be_what_is_no_key():
    with pytest.raises(CellSyntaxError) as caught:
        refuse_literal_keys(f"X-Api-Key: {KEY}")

    assert "# flarex: allow" in caught.value.hint


# what is shown


@pytest.mark.parametrize(
    ("key", "start"),
    [(KEY, "sk_live_"), (OTHER, "sk-ant-"), (CHANCE, ""), (HEX, ""), ("sk-" + "proj-" + CHANCE, "sk-proj-")],
)
def test_no_more_of_a_key_is_shown_than_its_issuers_public_start(key, start):
    assert public_start(key) == start


def test_the_sandboxs_own_keys_are_no_findings_though_their_values_are_known():
    text = "sk_sandbox_flarex_0123456789abcdef"

    assert find_keys(text, lambda shown: [(0, len(shown), "STRIPE_SECRET_KEY")]) == []
