#!/bin/sh
# Makes .venv in this folder with a Python that is new enough, unless a good one is there, and installs flarex_nb into it with
# the extra that is named:    sh tools/venv.sh test
#
# Quick when there is nothing to do. PYTHON=/path/to/python chooses the Python; a .venv of another version, or one that cannot
# start (its Python is gone, the folder was moved), is made anew. A change of pyproject.toml installs again.
set -eu

extra=$1
venv=.venv
marks=$venv/.flarex

say() { printf '%s\n' "== $*"; }
fail() { printf '%s\n' "" "$@" "" >&2; exit 1; }

new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

version() { "$1" -c 'import sys; print(sys.version_info[:2])' 2>/dev/null; }

find_python() {
    for name in "${PYTHON:-python3}" ${PYTHON:-python python3.13 python3.12 python3.11 python3.14}; do
        if command -v "$name" >/dev/null 2>&1 && new_enough "$name"; then
            command -v "$name"
            return
        fi
    done
    return 1
}

make_venv() {
    say "making $venv with $("$python" --version 2>&1)"
    rm -rf "$venv"
    if ! "$python" -m venv "$venv" >"$venv.log" 2>&1; then
        cat "$venv.log" >&2
        rm -rf "$venv" "$venv.log"
        fail "$python cannot make a virtual environment." \
            "On Debian and Ubuntu: sudo apt install python3-venv. Elsewhere: install Python with its venv and pip."
    fi
    rm -f "$venv.log"
    mkdir -p "$marks"
    pwd >"$marks/place"
}

sound() {
    [ "$(cat "$marks/place" 2>/dev/null)" = "$(pwd)" ] || return 1
    [ -x "$venv/bin/python" ] && new_enough "$venv/bin/python" || return 1
    [ -z "${PYTHON:-}" ] || [ "$(version "$python")" = "$(version "$venv/bin/python")" ]
}

python=$(find_python) || fail \
    "flarex_nb needs Python 3.11 or newer, and none was found${PYTHON:+ at PYTHON=$PYTHON}." \
    "Install one (https://www.python.org/downloads/), or name the one you have: make test PYTHON=/path/to/python3.12"
sound || make_venv
[ "$marks/$extra" -nt pyproject.toml ] && exit 0

say "installing flarex_nb[$extra] and what it needs (a minute or more the first time)"
"$venv/bin/python" -m pip install -qq --disable-pip-version-check --no-input --editable ".[$extra]" || fail \
    "The install did not finish; what pip says is above. A package index must be reachable." \
    "Run the same command again: what is installed already is not fetched twice."
touch "$marks/$extra"
