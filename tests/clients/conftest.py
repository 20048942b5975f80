"""What is compiled of the plug-in, once for all tests and for all processes that run them."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import plugin_host
import pytest


def once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """A folder of a name, filled by the first process that asks for it; the others wait."""
    import fcntl  # not on Windows, where nothing is compiled

    base = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent  # that of the run, which its workers share
    folder, done = base / name, base / f"{name}.done"
    with (base / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            folder.mkdir(exist_ok=True)
            make(folder)
            done.touch()
    return folder


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The host of a few lines."""
    return plugin_host.host_program(once(tmp_path_factory, "host", plugin_host.compile_host))


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The plug-in in its three formats."""
    build = plugin_host.build_script().build
    return once(tmp_path_factory, "built", lambda folder: build(folder, flags=["-O0"]))
