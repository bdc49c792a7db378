"""Where values come from: the session, then the environment, then `.env`; read without changing anything."""

from __future__ import annotations

import copy
import gc
import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from flarex_nb.clock import VirtualClock
from flarex_nb.errors import SecretError, SecretMissing
from flarex_nb.model import SecretRef
from flarex_nb.vault.dotfile import find
from flarex_nb.vault.redact import Redactor
from flarex_nb.vault.sources import Sources
from flarex_nb.vault.store import SessionStore

NAME = "CRM_API_KEY"
REF = SecretRef(NAME)


class Place:
    """A session, an environment and a folder of their own, all empty."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environ: dict[str, str] = {}
        self.redactor = Redactor()
        self.session = SessionStore(VirtualClock(), masks=self.redactor)
        self.sources = Sources(
            self.session,
            environ=self.environ,
            start_dir=folder,
            default_hosts=lambda name: ("api.crm.example",) if name == NAME else (),
            masks=self.redactor,
        )

    def dotenv(self, text: str | bytes) -> None:
        """Write the folder's .env file, with a time of its own so that a change in one tick is seen."""
        path = self.folder / ".env"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        count = getattr(self, "written", 0)
        os.utime(path, ns=(10**18 + count, 10**18 + count))
        self.written = count + 1

    def value(self, ref: SecretRef = REF) -> str:
        return self.sources.value(self.sources.find(ref))


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path)


def test_the_first_source_that_has_it_wins(place):
    seen = []
    place.dotenv(f"{NAME}=from-dot-env-file\n")
    seen.append((place.sources.find(REF).source, place.value()))
    place.environ[NAME] = "from-environment"
    seen.append((place.sources.find(REF).source, place.value()))
    place.session.set(NAME, "from-the-session")
    seen.append((place.sources.find(REF).source, place.value()))

    assert seen == [(".env", "from-dot-env-file"), ("env", "from-environment"), ("session", "from-the-session")]


@pytest.mark.parametrize("blank", ["", "   ", "\n"])
def test_a_blank_variable_counts_as_none(place, blank):
    place.environ[NAME] = blank
    place.dotenv(f"{NAME}=from-dot-env-file\n")

    assert place.sources.find(REF).source == ".env"


def test_what_was_found_says_everything_but_the_value(place):
    place.environ[NAME] = "from-environment"

    found = place.sources.find(REF)

    assert "from-environment" not in repr(found)
    assert found.hosts == ("api.crm.example",)


def test_a_missing_secret_says_where_it_was_looked_for_and_how_to_set_it(place):
    with pytest.raises(SecretMissing) as caught:
        place.sources.find(REF)

    told = caught.value.explain()
    assert all(
        part in told for part in ("session", "environment", ".env", f"%flarex_secrets set {NAME}", f"{NAME}=...")
    )


def test_the_sandbox_is_given_its_own_secrets_only(place):
    place.environ[NAME] = "a-real-live-key"
    place.dotenv(f"{NAME}=a-real-live-key-too\n")
    place.session.set(NAME, "a-real-live-key-three")

    with pytest.raises(SecretMissing, match="sandbox"):
        place.sources.find(SecretRef(NAME, "sandbox"))
    place.session.set(NAME, "made-up-value", env="sandbox")

    assert place.value(SecretRef(NAME, "sandbox")) == "made-up-value"
    assert place.value() == "a-real-live-key-three"


def test_a_sandbox_secret_is_no_live_one(place):
    place.session.set(NAME, "made-up-value", env="sandbox")

    with pytest.raises(SecretMissing):
        place.sources.find(REF)


def test_security_case_61_a_dotenv_value_is_literal_and_the_environment_unchanged(place):
    os.environ["HOST_OF_CRM"] = "expanded"
    place.environ["X"] = "expanded"
    before = dict(os.environ)
    place.dotenv(f"X=expanded\n{NAME}=abc-${{X}}-$HOST_OF_CRM-${{NONE:-d}}\nexport OTHER='quoted value'\n")

    value, other = place.value(), place.value(SecretRef("OTHER"))

    assert value == "abc-${X}-$HOST_OF_CRM-${NONE:-d}"
    assert other == "quoted value"
    assert dict(os.environ) == before


def test_security_case_52_no_child_process_sees_a_secret(place):
    place.session.set(NAME, "from-the-session-52")
    place.dotenv("OTHER_API_KEY=from-dot-env-52\n")
    place.value()
    place.value(SecretRef("OTHER_API_KEY"))

    shown = subprocess.run(
        [sys.executable, "-c", "import os; print(os.environ)"], capture_output=True, text=True, check=True
    )

    assert "-52" not in shown.stdout


def test_a_changed_dotenv_is_read_again_and_an_unchanged_one_is_not(place, monkeypatch):
    place.dotenv(f"{NAME}=first-value\n")
    reads = []
    opened = Path.open
    monkeypatch.setattr(
        Path, "open", lambda self, mode, *a, **k: (mode == "rb" and reads.append(self), opened(self, mode, *a, **k))[1]
    )

    values = [place.value(), place.value()]
    place.dotenv(f"{NAME}=other-value\n")
    values.append(place.value())
    (place.folder / ".env").unlink()

    assert values == ["first-value", "first-value", "other-value"]
    assert len(reads) == 2
    with pytest.raises(SecretMissing):
        place.sources.find(REF)


def test_what_was_read_from_dotenv_is_kept_sealed(place):
    place.dotenv(f"{NAME}=kept-sealed-{len(NAME)}\n")
    place.value()
    quiet = place.sources._dotenv

    seen, todo = set(), [quiet]
    while todo:
        here = todo.pop()
        if id(here) not in seen and not isinstance(here, type | type(sys)):
            seen.add(id(here))
            assert not (isinstance(here, str | bytes) and "kept-sealed-11" in str(here))
            todo += gc.get_referents(here)

    assert NAME in quiet._sealed


def test_dotenv_is_looked_for_upward_to_the_work_trees_root(tmp_path):
    inside = tmp_path / "repo" / "notebooks" / "deep"
    inside.mkdir(parents=True)
    (tmp_path / "repo" / ".git").mkdir()
    (tmp_path / ".env").write_text("A=1")

    above = find(inside, None)
    (tmp_path / "repo" / ".env").write_text("A=1")
    root = find(inside, None)
    (inside / ".env").write_text("A=1")

    assert (above, root, find(inside, None)) == (None, tmp_path / "repo" / ".env", inside / ".env")


def test_dotenv_is_looked_for_upward_to_the_home_folder_and_nowhere_outside(tmp_path):
    inside = tmp_path / "shared" / "me" / "work"
    inside.mkdir(parents=True)
    (tmp_path / "shared" / ".env").write_text("PLANTED=1")

    assert find(inside, tmp_path / "shared" / "me") is None
    assert find(inside, tmp_path / "elsewhere") is None
    (tmp_path / "shared" / "me" / ".env").write_text("A=1")
    assert find(inside, tmp_path / "shared" / "me") == tmp_path / "shared" / "me" / ".env"


def test_a_folder_called_dotenv_is_no_file(place):
    (place.folder / ".env").mkdir()

    with pytest.raises(SecretMissing):
        place.sources.find(REF)


@pytest.mark.parametrize(
    ("content", "why"), [(b"CRM_API_KEY=caf\xe9-in-latin-1\n", "UTF-8"), (b"#" * 1_100_000, "1 MiB")]
)
def test_a_dotenv_that_cannot_be_read_is_said_so_without_its_content(place, content, why):
    place.dotenv(content)

    with pytest.raises(SecretError, match=why) as caught:
        place.sources.find(REF)

    assert caught.value.__context__ is None
    assert "caf" not in caught.value.explain()
    assert place.sources.states([NAME])[0].state == "missing"


def test_a_dotenv_written_on_windows_is_read(place):
    place.dotenv(f"\ufeff{NAME}=with-a-mark-before\r\nOTHER_API_KEY=second-line\r\n")

    assert place.value() == "with-a-mark-before"
    assert place.value(SecretRef("OTHER_API_KEY")) == "second-line"


def test_a_value_no_header_can_carry_is_refused_by_name_without_an_echo(place):
    place.environ[NAME] = "canary-left\x00canary-right"

    with pytest.raises(SecretError, match=NAME) as caught:
        place.value()

    assert "canary" not in caught.value.explain()
    assert caught.value.__context__ is None


def test_whitespace_around_an_environment_value_does_not_matter(place):
    place.environ[NAME] = " from-environment\n"

    assert place.value() == "from-environment"


def test_values_that_are_met_outside_the_session_are_masked_from_then_on(place):
    place.environ[NAME] = "from-environment"
    place.dotenv("OTHER_API_KEY=from-dot-env-file\n")

    place.sources.states([NAME, "OTHER_API_KEY"])

    assert place.redactor("from-environment from-dot-env-file") == f"[{NAME}] [OTHER_API_KEY]"


def test_states_come_in_the_order_asked_the_missing_ones_too(place):
    place.session.set("B_API_KEY", "value-of-b", hosts=["b.example"])

    states = place.sources.states(["Z_API_KEY", "B_API_KEY", NAME])

    assert [(info.name, info.state, info.source, info.hosts) for info in states] == [
        ("Z_API_KEY", "missing", "", ()),
        ("B_API_KEY", "set", "session", ("b.example",)),
        (NAME, "missing", "", ("api.crm.example",)),
    ]


def test_a_value_of_the_environment_can_be_bound_for_the_session(place):
    place.environ["OTHER_API_KEY"] = "from-environment"

    place.sources.bind("OTHER_API_KEY", ["OTHER.example"])

    assert place.sources.find(SecretRef("OTHER_API_KEY")).hosts == ("other.example",)


@pytest.mark.parametrize("leave", [pickle.dumps, copy.copy, copy.deepcopy])
def test_sources_stay_in_their_kernel(place, leave):
    with pytest.raises(TypeError):
        leave(place.sources)


def test_a_missing_working_folder_is_a_missing_file(tmp_path, monkeypatch):
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    sources = Sources(SessionStore(VirtualClock()), environ={})
    gone.rmdir()

    with pytest.raises(SecretMissing):
        sources.find(REF)
