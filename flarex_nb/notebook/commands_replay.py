"""What `%flarex_replay` does: records answers beside the notebook, gives them again, and says how it stands."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from flarex_nb.client import default
from flarex_nb.errors import UsageError
from flarex_nb.notebook.commands import one_of, say, words_of
from flarex_nb.pipeline.view import counted
from flarex_nb.stores.replay import SUFFIX

if TYPE_CHECKING:
    from flarex_nb.stores.replay import Recordings

COMMANDS = ("record", "on", "off", "status")
_WITH_FILE = {"record", "on"}


def replay(line: str) -> None:
    """Carry out one command; `record` and `on` take the name of a file, the notebook's own name without one."""
    words = words_of(line)
    command = one_of(words[0] if words else "status", COMMANDS, "%flarex_replay")
    kept = default().recordings
    if len(words) > 1 + (command in _WITH_FILE):
        msg = f"%flarex_replay {command} takes {'one name' if command in _WITH_FILE else 'nothing'} more"
        raise UsageError(msg, hint="For example: %flarex_replay record charges")
    if command == "record":
        kept.switch("record", _file(words[1:]))
        say(f"Answers are recorded into {_name(kept)} until %flarex_replay off.")
    elif command == "on":
        kept.switch("on", _file(words[1:]))
        say(f"Calls are answered from {_name(kept)}; nothing is sent until %flarex_replay off.")
    elif command == "off":
        before, answers = kept.mode, kept.off()
        ended = {"record": f"{counted(answers, 'answer')} kept in {_name(kept)}.", "on": "Calls are sent again."}
        say(ended.get(before, "Nothing was recorded or replayed."))
    else:
        say(_state(kept))


def _state(kept: Recordings) -> str:
    if kept.mode == "off":
        return "Calls are sent, and not recorded."
    return f"Calls are {'recorded into' if kept.mode == 'record' else 'answered from'} {_name(kept)}."


def _name(kept: Recordings) -> str:
    return "a file" if kept.path is None else kept.path.name


def _file(words: list[str]) -> Path:
    """Return the file in the notebook's folder; JupyterLab tells the kernel the notebook's name.

    Raises:
        UsageError: a place elsewhere.
    """
    session = Path(os.environ.get("JPY_SESSION_NAME", "")).stem or "notebook"
    name = words[0] if words else session
    if Path(name).name != name or name.startswith("."):
        msg = "a recording lies beside the notebook, so it has a name and no folder"
        raise UsageError(msg, hint="Write a name alone: %flarex_replay record charges")
    return Path.cwd() / (name if name.endswith(SUFFIX) else name + SUFFIX)
