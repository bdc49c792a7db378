"""Taking secrets over from where they lie about: a `.env` file, or the secrets panel of a notebook's host.

Values are taken as written and handed on; os.environ is never touched. Says what was left and what to do about a file
that git has.
"""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final, TypeAlias

from flarex_nb.errors import SecretError, UsageError
from flarex_nb.vault.dotfile import values_of
from flarex_nb.vault.ref import check_name

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator
    from pathlib import Path

    Take: TypeAlias = Callable[[str, str], Iterable[str]]

_ENDINGS: Final = ("_KEY", "_TOKEN", "_SECRET", "_PASSWORD", "_PASSWD", "_CREDENTIALS", "_WEBHOOK_URL", "_DSN")
_HOST_MODULE: Final = "google.colab.userdata"
_GIT_PATIENCE: Final = 5.0


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of an import: the names that were taken, those that were left, and notes, which iterating gives."""

    taken: tuple[str, ...]
    left: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[str]:
        """Return the notes one by one."""
        return iter(self.notes)


def from_dotenv(path: Path, names: tuple[str, ...], declared: Collection[str], take: Take) -> Imported:
    """Take the values of a `.env` file over and return what came of it.

    Raises:
        SecretError: there is no such file, or it cannot be read.
        UsageError: one of `names` has no value there; nothing was taken.
    """
    if not path.is_file():
        msg = f"there is no file {path}"
        raise SecretError(msg, hint="Name it: %flarex_secrets import PATH/.env")
    found = values_of(path)
    try:
        absent = [name for name in map(check_name, names) if not found.get(name)]
        if absent:
            msg = f"{path.name} in {path.parent} has no value for {', '.join(absent)}. Nothing was taken"
            raise UsageError(msg, hint="Look at the spelling; capital letters count.")
        wanted = names or tuple(name for name, value in found.items() if value and _is_secret(name, declared))
        notes = [f"{name}: {note}" for name in wanted for note in take(name, found[name] or "")]
        left = tuple(name for name in found if name not in wanted and _shown(name))
        return Imported(wanted, left, (*notes, *_about_git(path)))
    finally:
        found.clear()


def from_host(names: tuple[str, ...], take: Take) -> Imported:
    """Take secrets over from the panel of the notebook's host, each by its name.

    Raises:
        SecretError: the notebook runs elsewhere, the panel has no such secret, or access is not granted.
        UsageError: no name was given.
    """
    if not names:
        msg = "the host's secrets are taken over one by one, by name"
        raise UsageError(msg, hint="For example: %flarex_secrets import colab CRM_API_KEY")
    notes = []
    for name in names:
        value = _hosted(check_name(name))
        try:
            notes += [f"{name}: {note}" for note in take(name, value)]
        finally:
            del value
    return Imported(names, notes=tuple(notes))


def has_host() -> bool:
    """Return whether this notebook's host has a secrets panel of its own."""
    try:
        return find_spec(_HOST_MODULE) is not None
    except (ModuleNotFoundError, ValueError):
        return False


def _hosted(name: str) -> str:
    problem, hint = "this notebook's host has no secrets panel", "Set it: %flarex_secrets set NAME."
    value: object = None
    if has_host():
        try:
            value = import_module(_HOST_MODULE).get(name)
            problem = f"the host's secrets panel holds no text for {name}"
        except Exception as error:  # noqa: BLE001 - its kinds are the host's own, and told apart by name
            problem, hint = _host_trouble(name, type(error).__name__)
    try:
        if isinstance(value, str) and value:
            return value
    finally:
        del value
    raise SecretError(problem, hint=hint)


def _host_trouble(name: str, kind: str) -> tuple[str, str]:
    """Return what went wrong and what to do, by the kind of the host's error; its text is not repeated."""
    match kind:
        case "SecretNotFoundError":
            return f"the host's secrets panel has no {name}", "Add it there (the key in the left bar), and repeat."
        case "NotebookAccessError":
            return (
                f"this notebook may not read {name}",
                "Switch on notebook access for it in the secrets panel, and repeat.",
            )
        case "TimeoutException":
            why = "the host's secrets panel did not answer"
            return why, "It answers only where the notebook is open in the host's own page; elsewhere use a .env file."
        case _:
            return f"the host's secrets panel failed ({kind})", f"Set it here: %flarex_secrets set {name}."


def _is_secret(name: str, declared: Collection[str]) -> bool:
    if name in declared:
        return True
    return name.endswith(_ENDINGS) and _shown(name)


def _shown(name: str) -> bool:
    """Return whether the name may be one of a secret, and so may be printed."""
    try:
        return check_name(name) == name
    except UsageError:
        return False


def _about_git(path: Path) -> tuple[str, ...]:
    """Return a warning where git has the file or would take it; nothing where there is no git or no work tree."""
    if _git(path, "ls-files", "--error-unmatch") == 0:
        how = f"git rm --cached {path.name}, add it to .gitignore, and replace the keys: the history keeps them"
        return (f"{path.name} is tracked by git, so everybody with the repository has these values: {how}",)
    if _git(path, "check-ignore", "--quiet") == 1:
        return (f"{path.name} is not ignored by git: the next `git add .` takes it. Add it to .gitignore",)
    return ()


def _git(path: Path, *words: str) -> int | None:
    """Return git's exit code, None where it cannot be asked; no hook or monitor of the folder is run."""
    command = ["git", "-C", str(path.parent), "-c", "core.fsmonitor=false", *words, "--", path.name]
    try:
        ran = subprocess.run(command, capture_output=True, timeout=_GIT_PATIENCE, check=False, stdin=subprocess.DEVNULL)  # noqa: S603 - fixed words, no shell
    except (OSError, subprocess.TimeoutExpired):
        return None
    return ran.returncode
