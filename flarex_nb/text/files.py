"""The files a body names: `< path` sends one as it is, `<@ path` fills it in first.

A path is judged as text first; `folder_reader` then opens it, and only inside one folder, links followed.
"""

from __future__ import annotations

import codecs
import os
import re
import secrets
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING, NamedTuple

from flarex_nb.errors import UsageError
from flarex_nb.text.source import Source, shown, unix_lines

if TYPE_CHECKING:
    from flarex_nb.text.scope import Context, Reader

MAX_FILE = 64 * 1024 * 1024
"""Bytes of one file at most."""

_LINE = re.compile(r"[ \t]*<(?P<at>@(?P<encoding>[\w-]*))?[ \t]+(?P<path>\S.*?)[ \t]*\Z")
_MEDIA = {
    ".json": "application/json", ".jsonl": "application/x-ndjson", ".ndjson": "application/x-ndjson",
    ".csv": "text/csv", ".txt": "text/plain; charset=utf-8", ".md": "text/markdown; charset=utf-8",
    ".xml": "application/xml", ".html": "text/html; charset=utf-8", ".pdf": "application/pdf",
    ".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif", ".webp": "image/webp",
    ".wav": "audio/wav", ".mp3": "audio/mpeg", ".zip": "application/zip", ".parquet": "application/vnd.apache.parquet",
}  # fmt: skip


class FileLine(NamedTuple):
    """A `<` line: its path with its place, whether its holes are filled, and its encoding."""

    path: Source
    filled: bool
    encoding: str


def file_line(source: Source) -> FileLine | None:
    """Return what a `< path` or `<@ path` line names, None for any other text (markup such as `<a>` included).

    Raises:
        CellSyntaxError: an encoding there is none of.
    """
    found = _LINE.match(source.text)
    if found is None or "\n" in source.text:
        return None
    encoding = found["encoding"] or "utf-8"
    try:
        codecs.lookup(encoding)
    except LookupError:
        msg = f"there is no encoding {shown(encoding)}"
        raise source.error(
            msg, found.start("at") + 1, hint="Write <@ path for UTF-8, or such as <@latin1 path."
        ) from None
    return FileLine(source.part(found.start("path"), found.end("path")), found["at"] is not None, encoding)


def read_file(line: FileLine, context: Context) -> tuple[str, bytes]:
    """Return the path and the bytes of the file.

    Raises:
        UsageError: a path outside the folder, no such file, or one too large; with its place in the cell.
    """
    try:
        path = check_path(context.fill(line.path, "path"))
        return path, (context.read or _no_files)(path)
    except UsageError as error:
        error.place = error.place or line.path.place(0)
        raise


def _no_files(path: str) -> bytes:
    msg = f"the file {shown(path)} cannot be read: no folder is known here"
    raise UsageError(msg, hint="Put the text itself into the cell.")


def text_of_file(line: FileLine, path: str, content: bytes) -> Source:
    """Return the file's text, whose errors name the file.

    Raises:
        UsageError: the bytes are not text in the line's encoding.
    """
    try:
        return Source(unix_lines(content.decode(line.encoding)).rstrip("\n"), file=f"file {path}")
    except (UnicodeDecodeError, LookupError):
        msg = f"{shown(path)} is not text in {line.encoding}"
        raise UsageError(msg, hint="Send it as it is: < path, without @.", place=line.path.place(0)) from None


def media_type(path: str) -> str:
    """Return the media type by the ending of the name, `application/octet-stream` for others."""
    return _MEDIA.get(PurePosixPath(path).suffix.lower(), "application/octet-stream")


def check_path(path: str) -> str:
    """Return the path with `/` between its parts.

    Raises:
        UsageError: it is absolute, leads upward, or names a drive, a home or a device.
    """
    parts = PureWindowsPath(path)
    if parts.drive or parts.root or ".." in parts.parts or path.startswith("~") or "\0" in path or not parts.parts:
        msg = f"the file {shown(path)} is not inside the notebook's folder"
        raise UsageError(msg, hint="Name a file in the notebook's folder or below it: < ./data/body.json")
    return parts.as_posix()


def checked_save(written: str) -> str:
    """Return the file an answer goes to, as a path below the folder; a ! in front says that it may replace one.

    Raises:
        UsageError: it leads out of the folder.
    """
    path = written.removeprefix("!").strip()
    return f"{'!' if written.startswith('!') else ''}{check_path(path)}"


def saved_place(folder: Path, written: str) -> Path:
    """Return where an answer is to be written; nothing is written yet.

    Raises:
        UsageError: it leads out of the folder, its folder does not exist, or it would replace a file.
    """
    root, path = folder.resolve(), checked_save(written).removeprefix("!")
    place = (root / path).parent.resolve() / PurePosixPath(path).name
    if not place.parent.is_relative_to(root) or place.is_symlink():
        msg = f"the file {shown(path)} leads out of the notebook's folder"
        raise UsageError(msg, hint="Name a file in the notebook's folder or below it.")
    if not place.parent.is_dir():
        msg = f"there is no folder for the file {shown(path)}"
        raise UsageError(msg, hint="Make the folder first, or name one that is there.")
    if place.is_dir() or (place.exists() and not written.startswith("!")):
        msg = f"{shown(path)} is there already"
        raise UsageError(msg, hint="Put ! before its name to replace it (>>! FILE, --save !FILE), or choose another.")
    return place


def write_whole(place: Path, content: bytes) -> None:
    """Write the file so that it is there whole or not at all: beside it first, then moved into its place.

    Raises:
        UsageError: the disk or the folder refused; the answer came all the same.
    """
    beside = place.with_name(f".{place.name}.{secrets.token_hex(4)}.part")
    try:
        with beside.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(place)
    except OSError as error:
        beside.unlink(missing_ok=True)
        msg = f"the answer came, but {shown(place.name)} cannot be written ({type(error).__name__})"
        raise UsageError(
            msg, hint="Look at the folder's permissions and room; nothing half-written is left.", sent="yes"
        ) from None


def folder_reader(folder: Path, limit: int = MAX_FILE) -> Reader:
    """Return what reads files of this folder and below, up to `limit` bytes each; links that lead out are refused."""
    root = folder.resolve()

    def read(path: str) -> bytes:
        try:
            found = (root / check_path(path)).resolve()
            if not found.is_relative_to(root):
                msg = f"the file {shown(path)} is a link that leads out of the notebook's folder"
                raise UsageError(msg, hint="Copy the file into the notebook's folder.")
            if not found.is_file():
                msg = f"there is no file {shown(path)}"
                raise UsageError(msg, hint="Paths begin in the notebook's folder.")
            with found.open("rb") as file:
                content = file.read(limit + 1)
        except OSError as error:
            msg = f"the file {shown(path)} cannot be read ({type(error).__name__})"
            raise UsageError(msg, hint="Look at its name and its permissions.") from None
        if len(content) > limit:
            msg = f"the file {shown(path)} has more than {limit:,} bytes"
            raise UsageError(msg, hint="Send a smaller file, or in parts.")
        return content

    return read
