"""A store in memory, a panel whose answers are kept, and a browser's side made with the cryptography package."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric import ec

from flarex_nb.notebook.widgets.panel import SecretsPanel
from flarex_nb.vault.commands import VaultState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flarex_nb.model import Environment

SUITE = hpke.Suite(hpke.KEM.P256, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)


@dataclass(frozen=True)
class Shown:
    name: str
    env: Environment
    source: str
    hosts: tuple[str, ...]
    state: str


@dataclass
class MemorySecrets:
    values: dict[tuple[str, str], str] = field(default_factory=dict)
    hosts: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    fails_with: Exception | None = None
    vault_state: str = "none"
    passphrases: list[str] = field(default_factory=list)

    def list(self) -> list[Shown]:
        held = [Shown(name, env, "session", self.hosts[name, env], "set") for name, env in self.values]  # type: ignore[arg-type]
        return [*held, Shown("DEMO_API_KEY", "live", "", ("api.demo.example",), "missing")]

    def set(self, name: str, value: str, *, hosts: Sequence[str] = (), env: Environment = "live") -> tuple[str, ...]:
        if self.fails_with:
            raise self.fails_with
        self.values[name, env] = value.strip()
        self.hosts[name, env] = tuple(hosts)
        return ("surrounding whitespace was removed",) if value != value.strip() else ()

    def rotate(self, name: str, value: str, *, env: Environment = "live") -> tuple[str, ...]:
        self.values[name, env] = value
        return ()

    def delete(self, name: str, *, env: Environment = "live") -> None:
        del self.values[name, env]

    def vault(self) -> VaultState:
        return VaultState(Path("vault.json"), self.vault_state != "none", self.vault_state == "open")

    def persist(self, path: None = None, passphrase: str | None = None) -> VaultState:
        return self.unlock(path, passphrase)

    def unlock(self, path: None = None, passphrase: str | None = None) -> VaultState:
        if self.fails_with:
            raise self.fails_with
        self.passphrases.append(str(passphrase))
        self.vault_state = "open"
        return self.vault()

    def lock(self) -> None:
        self.vault_state = "locked"

    def suggestions(self) -> list[tuple[str, str, tuple[str, ...]]]:
        return [("demo", "DEMO_API_KEY", ("api.demo.example",))]


class HeardPanel(SecretsPanel):
    """A panel that keeps the custom messages it sends."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.heard: list[dict[str, Any]] = []
        super().__init__(*args, **kwargs)

    def send(self, content: dict[str, Any], buffers: object = None) -> None:
        self.heard.append(content)
        super().send(content, buffers)

    def receive(self, content: object) -> dict[str, Any]:
        """Return the answer to a custom message that comes the way ipywidgets delivers one."""
        self._handle_msg({"content": {"data": {"method": "custom", "content": content}}, "buffers": []})
        return self.heard[-1]


class Browser:
    """Seals as the front end does, by means that share nothing with it."""

    suite = SUITE

    def encoded(self, raw: bytes) -> str:
        return base64.b64encode(raw).decode()

    def decoded(self, text: str) -> bytes:
        return base64.b64decode(text)

    def info(self, *parts: str) -> bytes:
        whole = b"flarex/1"
        for part in parts:
            raw = part.encode()
            whole += bytes((len(raw) // 256, len(raw) % 256)) + raw
        return whole

    def message(self, entry: dict[str, str], name: str, value: object, **changes: Any) -> dict[str, Any]:
        """Return the message that stores `value` under `name`; `changes` replace parts after sealing."""
        hosts, env = changes.pop("hosts", ["api.demo.example"]), changes.pop("env", "live")
        raw = base64.b64decode(entry["public"])
        key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), raw)
        info = self.info(entry["panel"], name, env, ",".join(hosts), entry["nonce"])
        sealed = SUITE.encrypt(json.dumps({"value": value}).encode(), key, info=info)
        text = base64.b64encode(sealed).decode()
        whole = {"kind": "store", "id": "1", "action": "set", "name": name, "env": env, "hosts": hosts}
        return {**whole, "nonce": entry["nonce"], "sealed": text, **changes}

    def vault_message(self, entry: dict[str, str], action: str, passphrase: str, **changes: Any) -> dict[str, Any]:
        """Return the message that opens or makes the vault file; `changes` replace parts after sealing."""
        whole = self.message(entry, f"vault {action}", passphrase, hosts=[])
        return {
            "kind": "vault",
            "id": "1",
            "action": action,
            "nonce": whole["nonce"],
            "sealed": whole["sealed"],
            **changes,
        }


@pytest.fixture
def browser() -> Browser:
    return Browser()


@pytest.fixture
def store() -> MemorySecrets:
    return MemorySecrets()


@pytest.fixture
def panel(store: MemorySecrets) -> HeardPanel:
    return HeardPanel(store)
