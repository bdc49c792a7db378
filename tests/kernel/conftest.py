"""A kernel for each module, in an empty folder, without anybody's keys."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from kernels import Kernel, start_kernel

if TYPE_CHECKING:
    from collections.abc import Iterator

LOAD = "%load_ext flarex_nb\n%flarex_sandbox on"


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    """A kernel with the extension loaded and the sandbox on."""
    folder = tmp_path_factory.mktemp("kernel")
    clean = {name: value for name, value in os.environ.items() if not name.endswith("_KEY")}
    kernel = start_kernel({**clean, "IPYTHONDIR": str(folder), "HOME": str(folder)}, str(folder))
    ran = kernel.run(LOAD)
    assert ran.status == "ok", ran.reply
    yield kernel
    kernel.stop()
