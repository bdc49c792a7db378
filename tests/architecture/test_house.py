"""How the house is built: sizes, public names, light imports, no provider in code, nothing of the builder's machine."""

from __future__ import annotations

import ast
import json
import os
import pwd
import re
import statistics
import subprocess
import sys
import zipfile
from pathlib import Path
from urllib.parse import urlsplit

import pytest

import flarex_nb
from flarex_nb import errors

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "flarex_nb"
SOURCES = sorted(PACKAGE.rglob("*.py"))
SOURCE_IDS = [str(path.relative_to(PACKAGE)) for path in SOURCES]
LONGEST = 300


def repository_files():
    """Return every file that is in git or about to be; in a source archive, every file outside the environment."""
    listed = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode == 0:
        paths = [ROOT / name for name in listed.stdout.split("\0") if name]
    else:
        paths = [
            path for path in ROOT.rglob("*") if not any(part.startswith(".v") for part in path.relative_to(ROOT).parts)
        ]
    return [path for path in paths if path.is_file()]


# Size


def test_no_file_is_longer_than_300_lines(capsys):
    lengths = {name: len(path.read_text("utf-8").splitlines()) for name, path in zip(SOURCE_IDS, SOURCES, strict=True)}

    too_long = {name: length for name, length in lengths.items() if length > LONGEST}

    with capsys.disabled():
        print(  # noqa: T201 - the figure belongs in the log of every run
            f"\n{len(lengths)} files, {sum(lengths.values()):,} lines; median {statistics.median(lengths.values()):.0f}"
        )
    assert not too_long


# Public names


def test_all_is_sorted_and_holds_no_name_twice():
    names = flarex_nb.__all__

    assert list(names) == sorted(set(names))


def test_every_name_in_all_can_be_imported_and_is_listed_by_dir():
    missing = [name for name in flarex_nb.__all__ if not hasattr(flarex_nb, name) or name not in dir(flarex_nb)]

    assert not missing


def test_every_public_function_and_class_comes_from_the_package_itself():
    foreign = {
        name: found.__module__
        for name in flarex_nb.__all__
        if hasattr(found := getattr(flarex_nb, name), "__qualname__") and not found.__module__.startswith("flarex_nb.")
    }

    assert not foreign


def test_every_error_class_is_public():
    classes = {name for name, found in vars(errors).items() if isinstance(found, type) and issubclass(found, Exception)}

    assert classes <= set(flarex_nb.__all__)


def test_a_name_that_does_not_exist_is_an_attribute_error():
    with pytest.raises(AttributeError, match="has no attribute 'kall'"):
        _ = flarex_nb.kall


def test_names_for_the_type_checker_are_the_names_at_run_time():
    tree = ast.parse((PACKAGE / "__init__.py").read_text("utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING")
    of_ours = [
        node
        for node in block.body
        if isinstance(node, ast.AnnAssign)
        or (isinstance(node, ast.ImportFrom) and str(node.module).startswith("flarex_nb"))
    ]
    declared = {name.asname or name.name for node in of_ours if isinstance(node, ast.ImportFrom) for name in node.names}
    declared |= {ast.unparse(node.target) for node in of_ours if isinstance(node, ast.AnnAssign)}

    undeclared = set(flarex_nb.__all__) - declared - {"__version__"}

    assert not undeclared


@pytest.mark.parametrize("path", SOURCES, ids=SOURCE_IDS)
def test_a_module_lists_only_names_it_has_and_each_once(path):
    tree = ast.parse(path.read_text("utf-8"))
    lists = [
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
    ]
    bound = {name for node in ast.walk(tree) for name in _names_bound_by(node)}

    for names in lists:
        assert len(names) == len(set(names))  # their order is ruff's to check (RUF022)
        assert path.name == "__init__.py" or set(names) <= bound


def _names_bound_by(node):
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return [name]
        case ast.Name(id=name, ctx=ast.Store()):
            return [name]
        case ast.alias(name=name, asname=other):
            return [other or name.split(".")[0]]
        case _:
            return []


# Light imports


def modules_loaded_by(code):
    """Return the top-level names of the modules a fresh interpreter has loaded after running the code."""
    report = (
        f"import json, sys; before = set(sys.modules)\n{code}\nprint(json.dumps(sorted(set(sys.modules) - before)))"
    )
    done = subprocess.run([sys.executable, "-c", report], cwd=ROOT, capture_output=True, text=True, check=True)
    return {name.split(".")[0] for name in json.loads(done.stdout)}


@pytest.mark.parametrize(
    "code", ["import flarex_nb", "import flarex_nb; dir(flarex_nb); flarex_nb.__version__; flarex_nb.FlarexError"]
)
def test_importing_the_package_loads_the_standard_library_alone(code):
    loaded = modules_loaded_by(code)

    assert "flarex_nb" in loaded
    assert loaded - {"flarex_nb"} <= sys.stdlib_module_names


ROOMS = sorted({path.parent.name for path in PACKAGE.glob("*/__init__.py")} - {"pipeline"})
"""`pipeline` is the one package whose front does something: it puts the stations together."""


@pytest.mark.parametrize("room", ROOMS)
def test_a_rooms_front_loads_nothing_heavy(room):
    heavy = {
        "pandas",
        "numpy",
        "pyarrow",
        "httpx",
        "aiohttp",
        "cryptography",
        "pydantic",
        "IPython",
        "ipywidgets",
        "starlette",
    }

    loaded = modules_loaded_by(f"import flarex_nb.{room}")

    assert not loaded & heavy


def test_starting_the_sandbox_loads_the_standard_library_alone():
    loaded = modules_loaded_by("import flarex_nb.sandbox.launch")

    assert loaded - {"flarex_nb"} <= sys.stdlib_module_names


# Providers live in profiles, documentation and the sandbox; code names mechanisms

PROVIDER = re.compile(r"stripe|openai|anthropic|discord|google|github", re.IGNORECASE)
PROVIDER_ALLOWED = {
    "cli.py": "the demo's own example call",
    "net/address.py": "an address of a cloud's metadata service is named by whose cloud it is",
    "vault/importing.py": "a notebook host's module for its secrets has its maker's name",
    "vault/scan_shapes.py": "the shapes of keys are told apart, and named in the advice, by who issues them",
}
"""Reviewed by hand: files that may name a provider in code, and why."""


def providers_in_code(path):
    """Return (line, text) of each identifier and string of the file, docstrings aside, that names a provider."""
    tree = ast.parse(path.read_text("utf-8"))
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    found = []
    for node in ast.walk(tree):
        texts = [node.value] if isinstance(node, ast.Constant) and id(node) not in docstrings else []
        texts += [getattr(node, name, None) for name in ("id", "attr", "arg", "name", "asname", "module")]
        found += [(node.lineno, text) for text in texts if isinstance(text, str) and PROVIDER.search(text)]
    return found


@pytest.mark.parametrize("path", SOURCES, ids=SOURCE_IDS)
def test_no_provider_is_named_in_code_outside_the_sandbox(path):
    name = path.relative_to(PACKAGE).as_posix()
    if name.startswith("sandbox/"):
        return

    found = providers_in_code(path)

    assert not PROVIDER.search(name)
    assert bool(found) == (name in PROVIDER_ALLOWED), found or "it is on the list but names none: take it off"


def test_the_search_for_providers_sees_names_and_strings_but_not_docstrings(tmp_path):
    file = tmp_path / "sample.py"
    body = 'def openai_retry(github=1):\n    """Google."""\n    return f"x {github}", "api.discord.com"\n'
    file.write_text(f'"""As Stripe says."""\n\n{body}')

    found = providers_in_code(file)

    assert sorted(found) == [(3, "github"), (3, "openai_retry"), (5, "api.discord.com"), (5, "github")]


# Nothing of the machine it was built on

HOME = re.compile(
    r"(?<![\w.])(?:/home|/Users|[A-Za-z]:\\+Users)[/\\]+(?P<who>[A-Za-z][\w.-]*)|(?<![\w.~])(?P<root>/root)(?=[/\s\"'])"
)
NOBODY = {"jovyan", "runner", "user", "username", "you", "me", "someone", "ada", "alice"}
"""Names that are no person's: containers' and examples'."""

INDEX_SETTING = re.compile(
    r"^\s*(?:--?|PIP_|UV_)?(?:extra[-_])?(?:index[-_]url|trusted[-_]host|find[-_]links)\s*[=\s]\s*\S",
    re.IGNORECASE | re.MULTILINE,
)
PUBLIC_INDEXES = {"pypi.org", "files.pythonhosted.org", "registry.npmjs.org"}


def private_places():
    """Return texts that belong to this machine alone: its home, where this checkout lies, its package indexes."""
    account = pwd.getpwuid(os.getuid())
    config = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"],
        env=os.environ | {"HOME": account.pw_dir},
        capture_output=True,
        text=True,
        check=False,
    )
    settings = [
        value
        for name, value in os.environ.items()
        if re.match(r"(PIP|UV|NPM|CONDA)_.*(INDEX|LINKS|REGISTRY|CONSTRAINT|CERT)", name)
    ]
    text = "\n".join([config.stdout, *settings])
    hosts = {urlsplit(url).hostname for url in re.findall(r"https?://[^\s'\"]+", text)}
    folders = {urlsplit(url).path.split("/simple")[0] for url in re.findall(r"file://[^\s'\"]+", text)}
    places = {host for host in hosts if host and host not in PUBLIC_INDEXES | {"localhost", "127.0.0.1"}} | folders
    places |= {account.pw_dir, str(ROOT)}
    return {place for place in places if place.count("/") > 1 or "." in place}


def machine_traces(text, places):
    """Return what in the text belongs to somebody's machine."""
    found = [match[0] for match in HOME.finditer(text) if match["root"] or match["who"].lower() not in NOBODY]
    found += [match[0].strip() for match in INDEX_SETTING.finditer(text)]
    return found + [place for place in places if re.search(rf"{re.escape(place)}(?![\w-])", text)]


def test_no_file_names_a_home_or_a_package_index():
    places = private_places()
    traces = {}
    for path in repository_files():
        if path == Path(__file__):
            continue
        found = machine_traces(path.read_bytes().decode("utf-8", "replace"), places)
        if found:
            traces[str(path.relative_to(ROOT))] = found

    assert not traces


@pytest.mark.parametrize(
    "text",
    [
        "see /home/bob/data.csv",
        r"C:\Users\Bob\data.csv",
        "'/Users/bob'",
        'open("/root/.netrc")',
        "pip install --index-url https://x.example/simple y",
        "PIP_EXTRA_INDEX_URL=https://x.example",
        "index-url = https://x.example/simple",
        "from https://mirror.internal.example/simple",
    ],
)
def test_the_search_for_traces_of_a_machine_sees(text):
    assert machine_traces(text.replace("pip install ", "\n"), {"mirror.internal.example"})


def test_the_search_for_traces_of_a_machine_lets_examples_be():
    text = "/home/jovyan/notebooks https://pypi.org/project/flarex-nb ~/.ipython docs/root/ https://x.example/home/page"

    assert not machine_traces(text, {"mirror.internal.example"})


# What is installed


def test_the_wheel_holds_every_file_the_package_needs_and_no_test(tmp_path):
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    [wheel] = tmp_path.glob("*.whl")
    needed = {path.relative_to(ROOT).as_posix() for path in repository_files() if path.is_relative_to(PACKAGE)}

    held = set(zipfile.ZipFile(wheel).namelist())

    assert needed <= held
    held.remove("flarex_nb/_notebooks/00_quickstart.ipynb")  # what `flarex-nb demo` opens
    assert {name.split("/")[0] for name in held - needed} == {
        next(name for name in held if "dist-info" in name).split("/")[0]
    }
    assert any(name.endswith("licenses/LICENSE") for name in held)
