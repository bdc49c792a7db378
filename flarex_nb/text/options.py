"""The one table of options. From it come parsing, help, completion, and what `# @key value` lines mean.

An option is spelled `--attempt-timeout 10s` on a magic's line, `# @attempt-timeout 10s` in a cell and
`attempt_timeout=10` in Python. What cannot be done yet is in the table as well and says so when it is used.
"""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Literal, NamedTuple

from flarex_nb.errors import UnknownOption, UsageError
from flarex_nb.model import CallOptions
from flarex_nb.text import amounts
from flarex_nb.text.other_names import other_client
from flarex_nb.text.source import masked, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from flarex_nb.text.raw import Setting

Kind = Literal["int", "float", "seconds", "bytes", "choice", "flag", "str", "name", "jsonpath", "conditions", "file"]


class Option(NamedTuple):
    """One option: `name` with hyphens, `help` in one sentence, `ready` False while it cannot be used yet.

    `choices` are its words; with `also_number` it takes a number from 1 as well, with `also_text` any other text. With
    `several` it may stand more than once. `called` is its name in Python where the word itself cannot be one.
    """

    name: str
    kind: Kind
    help: str
    metavar: str = ""
    choices: tuple[str, ...] = ()
    ready: bool = True
    least: int = 1
    also_number: bool = False
    also_text: bool = False
    several: bool = False
    called: str = ""

    @property
    def field(self) -> str:
        """The name in Python and in `CallOptions`."""
        return self.called or self.name.replace("-", "_")

    @property
    def default(self) -> object:
        """The value where the option is not given; None for one that is not ready."""
        return _DEFAULTS.get(self.field)


_DEFAULTS = {each.name: getattr(CallOptions(), each.name) for each in fields(CallOptions)}

TABLE: tuple[Option, ...] = (
    Option("attempts", "int", "How often to send at most; the first send counts.", "N"),
    Option("attempt-timeout", "seconds", "How long one send may take, from dialling to the last byte.", "TIME"),
    Option("deadline", "seconds", "How long one call may take, waits included; each page is a call.", "TIME"),
    Option("total", "seconds", "How long all pages together may take.", "TIME"),
    Option("jitter", "choice", "Whether our waits are random (full) or exact (none).", choices=("full", "none")),
    Option(
        "cache", "choice", "Whether a stored answer may be used, renewed, passed by, or is the only one wanted.",
        choices=("use", "refresh", "bypass", "only"),
    ),
    Option("ttl", "seconds", "How long the answer counts as fresh.", "TIME"),
    Option(
        "idempotency", "choice", "The key that keeps a repeated write from being applied twice; new is a fresh one.",
        "KEY", ("auto", "new", "off"), also_text=True,
    ),
    Option("pages", "choice", "How many pages to fetch.", "N", ("none", "auto", "all"), also_number=True),
    Option("max-pages", "int", "Stop after that many pages.", "N"),
    Option("max-records", "int", "Stop after that many records.", "N"),
    Option("concurrency", "int", "How many pages to ask for at a time, where their numbers are known.", "N"),
    Option("into", "name", "The variable that gets the table.", "VAR"),
    Option("select", "jsonpath", "Which part of the answer holds the records, as JSONPath (RFC 9535).", "JSONPATH"),
    Option("columns", "str", "Which columns to keep, such as id,total=amount.", "A,B=C.D"),
    Option(
        "validate", "str", "The pydantic model each record is checked with; with :strict a misfit is an error.",
        "MODEL[:strict]",
    ),
    Option(
        "assert", "conditions", "A condition on the answer, such as 'status == 200'; it may stand several times.",
        "CONDITION", several=True, called="asserts",
    ),
    Option("save", "file", "A new file below the notebook's folder for the answer; !FILE may replace one.", "FILE"),
    Option("max-bytes", "bytes", "How large one answer may be, unpacked.", "SIZE"),
    Option("plan", "flag", "Show what would be sent and what each outcome would lead to; send nothing."),
    Option("yes", "flag", "Do not ask before a write."),
    Option("raw", "flag", "Keep the answer as it came, without a table."),
    Option("quiet", "flag", "Show nothing."),
    Option("env", "choice", "Whether the real service or the sandbox is called.", choices=("live", "sandbox")),
    Option("simulate", "str", "Faults the sandbox plays, such as 429,429,200.", "FAULTS"),
    Option("guard", "choice", "Ask any public URL, without a service and without secrets.", choices=("public",)),
    Option("explode", "str", "The list of each record that becomes rows.", "PATH", ready=False),
    Option("tables", "flag", "Make a table of each nested list.", ready=False),
    Option("for", "str", "Repeat the request for each row: row in leads.", "VAR in NAME", ready=False),
    Option("rate", "str", "How many requests a time may have, such as 10/s.", "N/s", ready=False),
    Option("max-calls", "int", "Stop after that many calls.", "N", ready=False),
    Option("stream", "flag", "Show the answer as it arrives.", ready=False),
    Option("replay", "choice", "Use recorded answers.", choices=("record", "on", "off"), ready=False),
    Option("display", "choice", "How the table is drawn.", choices=("plain", "itables", "great_tables"), ready=False),
)  # fmt: skip
"""Every option, in the order in which help lists them."""

BY_NAME = {option.name: option for option in TABLE}


def find(name: str, *, place: str = "") -> Option:
    """Return the option of that name; underscores and capitals are read as hyphens.

    Raises:
        UnknownOption: with the nearest one there is.
        UsageError: it is known but not available yet.
    """
    spelled = name.lower().replace("_", "-")
    option = BY_NAME.get(spelled) or next(
        (each for each in TABLE if spelled in {each.name.replace("-", ""), each.called}), None
    )
    if option is None:
        near = nearest(f"--{spelled}", (f"--{known}" for known in BY_NAME))
        msg = f"there is no option --{masked(name)[:40]}.{near}"
        ready = ", ".join(f"--{each.name}" for each in TABLE if each.ready)
        hint = "%flarex_call? lists every option." if near else f"Options: {ready}."
        raise UnknownOption(msg, hint=hint, place=place)
    if not option.ready:
        msg = f"--{option.name} is not available yet in this version"
        raise UsageError(msg, hint="Leave it out.", place=place)
    return option


def read_option(name: str, value: str, *, place: str = "") -> tuple[str, object]:
    """Return the field and the value of one option as written.

    Raises:
        UnknownOption, UsageError: with `place`.
    """
    option = find(name, place=place)
    try:
        return option.field, amounts.read(option, value)
    except UsageError as error:
        error.place = error.place or place
        raise


def read_settings(settings: Iterable[Setting]) -> tuple[dict[str, object], tuple[str, ...]]:
    """Return the options in `# @key value` lines by field, and the warnings; names of other clients are understood.

    Raises:
        UnknownOption, UsageError: with the line and column of the key.
    """
    found, warnings = dict[str, object](), list[str]()
    for setting in settings:
        place = str(setting.span)
        known = other_client(setting.name, setting.value)
        if known is not None and known.refusal:
            msg = f"# @{setting.name}: {known.refusal}"
            raise UsageError(msg, hint=known.hint, place=place)
        if known is not None and not known.option:
            warnings += [f"# @{setting.name}: {known.hint}"] if known.hint else []
            continue
        field, value = read_option(
            known.option if known else setting.name, known.value if known else setting.value, place=place
        )
        if field in found:
            msg = f"# @{setting.name} stands twice"
            raise UsageError(msg, hint="Keep one of them.", place=place)
        found[field] = value
    return found, tuple(warnings)


def to_call_options(options: Mapping[str, object], base: CallOptions | None = None) -> CallOptions:
    """Return the options of a call: `base` changed by these, by field.

    Raises:
        UnknownOption, UsageError: a name that is no option, or one not available yet.
    """
    checked = {find(name).field: amounts.check(find(name), value) for name, value in options.items()}
    return replace(base or CallOptions(), **checked)  # type: ignore[arg-type]  # each was read as its field's own kind


def names() -> tuple[str, ...]:
    """Return the options a person may use, each with its two hyphens, for completion."""
    return tuple(f"--{option.name}" for option in TABLE if option.ready)


def help_text() -> str:
    """Return the options as lines of text: what is written, what it does, what holds without it."""
    lines = ["Options (also as `# @name value` lines above the request; times are seconds or 500ms, 2m):"]
    for option in TABLE:
        if option.ready:
            default = "" if option.default in {None, False} else f" Without it: {option.default}."
            lines.append(f"  {usage(option):<34} {option.help}{default}")
    later = ", ".join(f"--{option.name}" for option in TABLE if not option.ready)
    return "\n".join([*lines, f"  Not available yet in this version: {later}."])


def usage(option: Option) -> str:
    """Return how the option is written: `--cache use|refresh|bypass|only`."""
    words = "|".join((*option.choices, *([option.metavar] if option.metavar else [])))
    return f"--{option.name} {words}".rstrip()
