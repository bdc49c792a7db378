"""The secrets panel: which secrets there are, by name, and a field through which a value reaches the kernel sealed.

The front end is static/seal.js and static/panel.js, joined to one module without a build step. A value is never a
trait and never in a message from here: state goes out as names, sources, hosts and public keys. What is not protected:
other scripts in the same page can read what is typed, and a hostile Jupyter server could replace the public key.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, assert_never

import anywidget
import traitlets
from typing_extensions import override

from flarex_nb.errors import FlarexError
from flarex_nb.notebook.widgets.desk import EntryDesk
from flarex_nb.notebook.widgets.listing import as_rows, as_text
from flarex_nb.notebook.widgets.message import Delete, Lock, Refresh, Request, Store, Vault, read, request_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from flarex_nb.model import Environment
    from flarex_nb.notebook.widgets.ports import SecretsPort, VaultPort

_STATIC = Path(__file__).parent / "static"

ESM = "\n".join((_STATIC / name).read_text(encoding="utf-8") for name in ("seal.js", "panel.js"))
"""The front end's one module."""

CSS = (_STATIC / "panel.css").read_text(encoding="utf-8")
"""The front end's style, in JupyterLab's own colours."""


def _live() -> Environment:
    return "live"


def _stands(vault: VaultPort) -> str:
    return "open" if vault.open else "locked" if vault.exists else "none"


class SecretsPanel(anywidget.AnyWidget):
    """A list of secrets by name with add, rotate and delete; in front ends without widgets, the same list as text.

    `rows`, `services`, `environment`, `vault` (whether the vault file is open, locked or not there; never where) and
    `entry` (the panel's id, a public key and a nonce) are all that is synced, so all that a saved notebook can hold.
    """

    _esm = ESM
    _css = CSS
    rows = traitlets.List(traitlets.Dict()).tag(sync=True)
    services = traitlets.List(traitlets.Dict()).tag(sync=True)
    environment = traitlets.Unicode("live").tag(sync=True)
    vault = traitlets.Unicode("none").tag(sync=True)
    entry = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        secrets: SecretsPort,
        *,
        environment: Callable[[], Environment] = _live,
    ) -> None:
        """Show what `secrets` lists; `environment` tells which one new secrets are for."""
        self._secrets = secrets
        self._environment_now = environment
        self._desk = EntryDesk()
        super().__init__(entry=self._desk.offer(), **self._shown())
        self.on_msg(self._on_message)

    def refresh(self) -> None:
        """Look at the store and its sources again and show what is there now."""
        for trait, state in self._shown().items():
            setattr(self, trait, state)

    def _shown(self) -> dict[str, Any]:
        suggested = self._secrets.suggestions()
        return {
            "rows": as_rows(self._secrets.list()),
            "services": [{"service": each, "name": name, "hosts": list(hosts)} for each, name, hosts in suggested],
            "environment": self._environment_now(),
            "vault": _stands(self._secrets.vault()),
        }

    def _on_message(self, _widget: object, content: object, _buffers: object) -> None:
        answer = self._answer(content)
        self.entry = self._desk.offer()
        self.send({"kind": "answer", "id": request_id(content), **answer})

    def _answer(self, content: object) -> dict[str, Any]:
        # Nothing may leave this method as an exception: ipywidgets would show a traceback, which can print locals.
        try:
            text = self._do(read(content))
            self.refresh()
        except FlarexError as error:
            return {"ok": False, "text": f"{error.message.removesuffix('.')}.", "hint": error.hint}
        except Exception as error:  # noqa: BLE001 - its text may hold the value, so only its type is told
            return {"ok": False, "text": f"The kernel could not do it ({type(error).__name__}).", "hint": ""}
        return {"ok": True, "text": text, "hint": ""}

    def _do(self, request: Request) -> str:
        match request:
            case Store():
                return self._store(request)
            case Delete(name, env):
                self._secrets.delete(name, env=env)
                return f"{name} is deleted."
            case Refresh():
                return "Up to date."
            case Vault():
                return self._open_vault(request)
            case Lock():
                self._secrets.lock()
                return "The vault file is locked."
            case _:
                assert_never(request)

    def _opened(self, request: Store | Vault) -> str:
        try:
            return self._desk.open(request)
        finally:
            self._desk.renew()

    def _open_vault(self, request: Vault) -> str:
        passphrase = self._opened(request)
        act = self._secrets.persist if request.action == "persist" else self._secrets.unlock
        try:
            notes = act(passphrase=passphrase)
        finally:
            del passphrase
        return " ".join(["The vault file is open.", *(f"{note.removesuffix('.')}." for note in notes)])

    def _store(self, request: Store) -> str:
        value = self._opened(request)
        try:
            notes = self._keep(request, value)
        finally:
            del value
        done = "has a new value" if request.action == "rotate" else "is set"
        return " ".join([f"{request.name} {done}.", *(f"{note.removesuffix('.')}." for note in notes)])

    def _keep(self, request: Store, value: str) -> Iterable[str]:
        if request.action == "rotate":
            return self._secrets.rotate(request.name, value, env=request.env)
        return self._secrets.set(request.name, value, hosts=request.hosts, env=request.env)

    @override
    def __repr__(self) -> str:
        """Return the list as aligned text, without a value."""
        return as_text(self._shown()["rows"])

    @override
    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """Return the widget for front ends that can show it, and the same list as text for those that cannot."""
        self.refresh()
        bundle: tuple[dict[str, Any], dict[str, Any]] | None = super()._repr_mimebundle_(**kwargs)
        return bundle
