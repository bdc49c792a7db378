"""What `%flarex_doctor` finds out: which routes out of this kernel mask known secrets, and what else bears on secrets.

Tries the routes; asks nothing of any service and opens no store. Outside a kernel the routes are "not checked".
"""

from __future__ import annotations

import os
import platform
from importlib import metadata, util
from typing import TYPE_CHECKING, Any, Final

from flarex_nb.errors import FlarexError
from flarex_nb.notebook.render.card import is_steady
from flarex_nb.notebook.render.doctor import Checkup, RouteRow

if TYPE_CHECKING:
    from collections.abc import Iterator

    from IPython.core.interactiveshell import InteractiveShell

    from flarex_nb.client import Client
    from flarex_nb.notebook.shield import Shield

_PACKAGES: Final = ("flarex_nb", "IPython", "ipykernel", "jupyter_client", "ipywidgets", "anywidget", "cryptography")

_NO_KERNEL: Final = "no kernel here: run %flarex_doctor in the notebook"
_NOT_LOADED: Final = "the extension is not loaded here: run %load_ext flarex_nb"
_ROUTES: Final = (
    "stdout and stderr",
    "file descriptors 1 and 2",
    "results, displays, errors",
    "replies, widgets and comms",
    "IPython's history",
    "the copy that goes to the server's log",
)


def checkup(client: Client, shell: InteractiveShell | None = None, shield: Shield | None = None) -> Checkup:
    """Return what was found; each route is tried now, with a made-up secret that nobody sees."""
    return Checkup(tuple(_routes(shell, shield)), tuple(_facts(client, shell)))


def _routes(shell: InteractiveShell | None, shield: Shield | None) -> Iterator[RouteRow]:
    if shield is None:
        reason = _NO_KERNEL if shell is None else _NOT_LOADED
        yield from (RouteRow(name, "not checked" if shell is None else "not protected", reason) for name in _ROUTES)
        return
    from flarex_nb.notebook.shield.selftest import routes_of  # noqa: PLC0415 - tries what only a kernel has

    for route in routes_of(shield.armour):
        yield RouteRow(route.name, route.state, route.reason)
    shield.rest()


def _facts(client: Client, shell: InteractiveShell | None) -> Iterator[tuple[str, str]]:
    yield "Kernel", _kernel(shell)
    kernel = getattr(shell, "kernel", None)
    if kernel is not None:
        yield "Transport", _transport(getattr(kernel, "parent", None))
    yield "Panel", "takes a secret only on a secure page: https, or http on localhost; elsewhere it refuses and says so"
    yield "Secrets", _secrets(client)
    yield "Vault", _vault(client)
    yield "Keyring", _keyring()
    if client.settings.proxy:
        yield "Proxy", "on: it looks names up itself, so that an address is public is not checked"
    yield (
        "Shared cache",
        "on: REDIS_URL is set" if os.environ.get("REDIS_URL", "").strip() else "off: REDIS_URL is not set",
    )
    running = client.sandbox
    yield "Sandbox", "off" if running is None else f"on, for {', '.join(running.services)}"
    if not is_steady():
        yield "Versions", f"Python {platform.python_version()}, {', '.join(_versions())}"


def _kernel(shell: InteractiveShell | None) -> str:
    if shell is None:
        return "none: this is a command line"
    kernel: Any = getattr(shell, "kernel", None)
    if kernel is None:
        return "none: plain IPython"
    made_by = type(kernel).__module__.partition(".")[0]
    return made_by if is_steady() or made_by != "ipykernel" else f"ipykernel {metadata.version('ipykernel')}"


def _transport(app: Any) -> str:
    """Return how messages travel between the kernel and its server, as the kernel's application says."""
    transport = getattr(app, "transport", "")
    if not transport:
        return "unknown: this kernel does not say"
    if transport == "ipc":
        return "ipc: files of this machine, which only their owner may open"
    if getattr(app, "curve_secretkey", None) is not None:
        return "tcp, encrypted (CurveZMQ)"
    return (
        "tcp, not encrypted: whoever can read this machine's loopback traffic can read it. A server that starts "
        "kernels with transport_encryption (jupyter_client 8.9 and newer) or over ipc closes that"
    )


def _secrets(client: Client) -> str:
    known = client.secrets.list()
    held = [info for info in known if info.source]
    masked = set(client.redactor.names())
    sealed = {info.name for info in held if info.source == "vault"} - masked
    bare = sorted({info.name for info in held} - masked - sealed)
    text = f"{len(held)} with a value, {len(masked)} of them masked in output" if held else "none with a value"
    text += f", {len(sealed)} in the vault file and masked once used" if sealed else ""
    return f"{text}; not masked, too short or too common: {', '.join(bare)}" if bare else text


def _vault(client: Client) -> str:
    try:
        return str(client.secrets.vault())
    except FlarexError as error:
        return error.message


def _keyring() -> str:
    if util.find_spec("keyring") is None:
        return "the keyring package is not installed; a vault file opens with its passphrase"
    return "the keyring package is installed; whether it has a backend here is asked when it is used"


def _versions() -> Iterator[str]:
    for name in _PACKAGES:
        try:
            yield f"{name} {metadata.version(name)}"
        except metadata.PackageNotFoundError:
            continue
