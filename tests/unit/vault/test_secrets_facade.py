"""`fx.secrets`: what a person can do with secrets, and that reading one back is not among it."""

from __future__ import annotations

import copy
import pickle
import traceback

import pytest

from flarex_nb.clock import VirtualClock
from flarex_nb.errors import FlarexError, SecretMissing, UsageError
from flarex_nb.model import Destination, SecretRef
from flarex_nb.vault.facade import Secrets
from flarex_nb.vault.ref import Secret
from flarex_nb.vault.reveal import Revealer
from flarex_nb.vault.sources import Declared, Sources
from flarex_nb.vault.store import SessionStore

CRM, MAIL, PAY = "CRM_API_KEY", "MAIL_API_KEY", "PAY_API_KEY"
VALUE = "sk_sandbox_facade_value"
SANDBOX = "127.0.0.1:43210"


class Desk:
    """A facade over sources of its own; `env` is the environment that is on."""

    def __init__(self, folder) -> None:
        self.env = "live"
        self.environ: dict[str, str] = {}
        self.clock = VirtualClock()
        self.session = SessionStore(self.clock)
        self.sources = Sources(
            self.session,
            environ=self.environ,
            start_dir=folder,
            default_hosts=lambda name: {MAIL: ("mail.example",), PAY: ("pay.example",)}.get(name, ()),
            declared=lambda: (Declared("mail", MAIL, ("mail.example",)), Declared("pay", PAY, ("pay.example",))),
            sandbox_hosts=lambda: (SANDBOX,) if self.env == "sandbox" else (),
        )
        self.secrets = Secrets(self.sources, lambda: self.env)

    def sandbox_on(self) -> None:
        self.env = "sandbox"
        self.secrets.set(PAY, "sk_sandbox_made_up", hosts=(SANDBOX,), env="sandbox")

    def value(self, name: str, env: str = "live") -> str:
        return self.session.value(SecretRef(name, env))


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path)


def states(secrets):
    return [(info.name, info.env, info.state, info.source) for info in secrets.list()]


def test_every_known_name_is_listed_with_its_state(desk):
    desk.environ[MAIL] = VALUE
    desk.secrets.set(CRM, VALUE, hosts=["api.crm.example"])

    assert states(desk.secrets) == [
        (CRM, "live", "set", "session"),
        (MAIL, "live", "set", "env"),
        (PAY, "live", "missing", ""),
    ]
    assert desk.secrets.suggestions() == (("mail", MAIL, ("mail.example",)), ("pay", PAY, ("pay.example",)))


def test_its_text_is_a_table_without_values(desk):
    desk.secrets.set(CRM, VALUE, hosts=["api.crm.example"])

    lines = repr(desk.secrets).splitlines()

    assert lines[0].split() == ["name", "state", "from", "bound", "to", "environment"]
    assert lines[1].split("  ")[0] == CRM
    assert "missing" in lines[2]
    assert VALUE not in str(desk.secrets) + repr(vars(desk.secrets))


def test_an_empty_table_says_how_to_begin():
    secrets = Secrets(Sources(SessionStore(VirtualClock()), environ={}), lambda: "live")

    assert "%flarex_secrets set" in repr(secrets)


def test_no_public_method_gives_a_value_back(desk):
    desk.secrets.set(CRM, VALUE, hosts=["api.crm.example"])
    desk.environ[MAIL] = VALUE

    for name in (CRM, MAIL):
        handle = desk.secrets[name]
        given = [
            handle,
            desk.secrets.get(name),
            desk.secrets.list(),
            desk.secrets.audit(),
            list(desk.secrets),
            handle.marker,
            handle.ref,
        ]
        assert not any(VALUE in repr(each) + str(each) for each in given)
    assert {name for name in dir(desk.secrets) if not name.startswith("_")} == {
        "audit", "can_unlock_alone", "delete", "get", "import_env", "import_hosted", "list", "lock", "persist", "rekey", "rotate",
        "scope", "set", "suggestions", "unlock", "vault",
    }  # fmt: skip


def test_a_handle_comes_whether_or_not_there_is_a_value(desk):
    assert isinstance(desk.secrets[CRM], Secret)
    assert desk.secrets[CRM] == desk.secrets.get(CRM)
    assert (CRM in desk.secrets, PAY in desk.secrets, 5 in desk.secrets) == (False, False, False)

    desk.secrets.set(CRM, VALUE)

    assert CRM in desk.secrets
    assert list(desk.secrets) == [CRM, MAIL, PAY]


def test_a_value_is_not_set_by_assignment(desk):
    with pytest.raises(UsageError) as caught:
        desk.secrets[CRM] = VALUE

    assert VALUE not in caught.value.explain()


def test_notes_come_from_set_and_rotate(desk):
    first = desk.secrets.set(CRM, f"{VALUE}\n")
    second = desk.secrets.rotate(CRM, "short")

    assert first.notes == tuple(first) == ("whitespace around the value was removed",)
    assert "masked" in second.notes[0]
    assert desk.value(CRM) == "short"


def test_while_the_sandbox_is_on_its_secrets_are_meant(desk):
    desk.secrets.set(PAY, "real-live-value", hosts=["pay.example"])
    desk.sandbox_on()

    stored = desk.secrets.set(PAY, "sk_sandbox_typed")

    assert "sandbox" in stored.notes[-1]
    assert (desk.value(PAY), desk.value(PAY, "sandbox")) == ("real-live-value", "sk_sandbox_typed")
    assert desk.session.info(PAY, "sandbox").hosts == (SANDBOX,)
    assert desk.secrets[PAY].scope == "sandbox"
    assert "sandbox" in desk.secrets.rotate(PAY, "sk_sandbox_again").notes[-1]
    desk.secrets.delete(PAY)
    assert states(desk.secrets)[-1] == (PAY, "live", "set", "session")


def test_with_the_sandbox_off_again_its_secrets_are_not_meant(desk):
    desk.sandbox_on()
    desk.env = "live"

    stored = desk.secrets.set(PAY, "real-live-value")

    assert stored.notes == ()
    assert (desk.value(PAY), desk.value(PAY, "sandbox")) == ("real-live-value", "sk_sandbox_made_up")
    assert desk.secrets[PAY].scope == "live"


def test_a_users_own_service_stays_live_while_the_sandbox_is_on(desk):
    desk.sandbox_on()

    stored = desk.secrets.set(CRM, VALUE, hosts=["127.0.0.1:8000"])

    assert stored.notes == ()
    assert desk.value(CRM) == VALUE


def test_a_value_bound_to_a_real_host_is_live_while_the_sandbox_is_on(desk):
    desk.sandbox_on()

    desk.secrets.set(PAY, "real-live-value", hosts=["pay.example"])

    assert (desk.value(PAY), desk.value(PAY, "sandbox")) == ("real-live-value", "sk_sandbox_made_up")


def test_the_environment_that_is_named_is_the_one_that_is_meant(desk):
    desk.sandbox_on()

    desk.secrets.set(PAY, "real-live-value", env="live")
    desk.secrets.rotate(PAY, "real-live-other", env="live")
    desk.secrets.scope(PAY, ["x.example"], env="live")
    desk.secrets.delete(PAY, env="sandbox")

    assert desk.value(PAY) == "real-live-other"
    assert [info.hosts for info in desk.session.list()] == [("x.example",)]


def test_a_value_of_the_environment_can_be_bound_but_not_changed_here(desk):
    desk.environ[CRM] = VALUE

    desk.secrets.scope(CRM, "api.crm.example")

    assert desk.sources.find(SecretRef(CRM)).hosts == ("api.crm.example",)
    for act in (lambda: desk.secrets.rotate(CRM, "other-value"), lambda: desk.secrets.delete(CRM)):
        with pytest.raises(SecretMissing, match="the environment"):
            act()


@pytest.mark.parametrize(
    "act", [lambda s: s.rotate(CRM, "other-value"), lambda s: s.delete(CRM), lambda s: s.scope(CRM, ["a.example"])]
)
def test_a_secret_that_nobody_has_is_missing(desk, act):
    with pytest.raises(SecretMissing, match=CRM):
        act(desk.secrets)


def test_the_trail_of_reveals_is_here_too(desk):
    desk.secrets.set(CRM, VALUE, hosts=["api.crm.example"])
    reveal = Revealer(desk.sources, desk.clock)

    reveal(SecretRef(CRM), Destination("https", "api.crm.example", 443, "header"))

    assert desk.secrets.audit() == reveal.audit()
    assert [(use.name, use.destination) for use in desk.secrets.audit()] == [(CRM, "https://api.crm.example:443")]


@pytest.mark.parametrize("leave", [pickle.dumps, copy.copy, copy.deepcopy])
def test_secrets_stay_in_their_kernel(desk, leave):
    with pytest.raises(TypeError):
        leave(desk.secrets)


@pytest.mark.parametrize(
    "arguments", [{"name": "crm"}, {"hosts": ["https://x/"]}, {"env": "prod"}, {"value": "a\x00b" + VALUE}]
)
def test_no_frame_of_a_refused_set_shows_the_value(desk, arguments):
    box = [{"name": CRM, "value": VALUE, **arguments}]

    with pytest.raises(FlarexError) as caught:
        desk.secrets.set(**box.pop())

    for frame, _ in traceback.walk_tb(caught.value.__traceback__.tb_next):
        assert not any(VALUE in repr(local) for local in list(frame.f_locals.values())), frame


def test_a_refused_bytearray_is_overwritten_all_the_same(desk):
    value = bytearray(VALUE.encode())

    with pytest.raises(UsageError):
        desk.secrets.set("crm", value)

    assert set(value) == {0}
