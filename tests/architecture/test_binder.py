"""What Binder reads: the files it looks for are there, say what it understands, and ask for what the package needs.

Rendered by hand with `jupyter-repo2docker --no-build --debug .`: the base is installed first, then binder/requirements.txt,
then the repository is copied, then binder/postBuild runs in it.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version

ROOT = Path(__file__).parents[2]
BINDER = ROOT / "binder"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
BASE = {"jupyterlab": "4.4.9", "notebook": "7.4.7", "ipykernel": "7.0.1"}
"""Versions in repo2docker's frozen Python 3.12 base."""


def requirements():
    lines = (BINDER / "requirements.txt").read_text("utf-8").splitlines()
    return {
        found.name: found for found in map(Requirement, filter(lambda line: line and not line.startswith("#"), lines))
    }


def post_build():
    return (BINDER / "postBuild").read_text("utf-8")


def test_binder_holds_what_is_read_and_nothing_that_would_win_over_it():
    names = {path.name for path in BINDER.iterdir()}

    assert names == {"requirements.txt", "runtime.txt", "postBuild"}


def test_the_python_is_named_as_repo2docker_reads_it_and_is_one_we_support():
    runtime = (BINDER / "runtime.txt").read_text("utf-8").strip()

    version = re.fullmatch(r"python-(3\.\d+)", runtime)

    assert version, runtime
    assert version[1] in SpecifierSet(PROJECT["requires-python"])
    assert f"Programming Language :: Python :: {version[1]}" in PROJECT["classifiers"]


def test_the_base_images_kernel_is_raised_to_what_the_panel_needs():
    raised = requirements()["ipykernel"].specifier

    assert BASE["ipykernel"] not in raised
    assert "7.2" in raised


@pytest.mark.parametrize("name", ["ipykernel", "ipywidgets", "jupyterlab"])
def test_no_floor_is_below_the_packages_own(name):
    asked = [Requirement(line) for line in PROJECT["dependencies"] + PROJECT["optional-dependencies"]["lab"]]
    own = next(requirement for requirement in asked if requirement.name == name)

    floor = min(Version(bound.version) for bound in requirements()[name].specifier if bound.operator == ">=")

    assert floor in own.specifier


def test_post_build_can_be_run_and_is_sound_bash():
    checked = subprocess.run(["bash", "-n", BINDER / "postBuild"], capture_output=True, check=False)

    assert os.access(BINDER / "postBuild", os.X_OK)
    assert post_build().startswith("#!/bin/bash\n")
    assert "set -euo pipefail" in post_build()
    assert checked.returncode == 0, checked.stderr


def test_post_build_installs_the_package_with_the_lab_extra():
    assert 'python -m pip install --no-cache-dir ".[lab]"' in post_build()
    assert "lab" in PROJECT["optional-dependencies"]


def test_post_build_ends_with_a_look_that_passes_here():
    last = post_build().strip().splitlines()[-1]
    code = re.fullmatch(r'python -c "(.+)"', last)

    done = subprocess.run([sys.executable, "-c", code[1]], capture_output=True, text=True, cwd=ROOT, check=False)

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("flarex_nb ")
