"""What all tests of the web server need."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from web_server import Running, web_running


@pytest.fixture(autouse=True)
def _own_state(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMPOSER_STATE", str(tmp_path_factory.mktemp("state")))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One server for the tests of a module; each has a session of its own."""
    pytest.importorskip("uvicorn")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COMPOSER_STATE", str(tmp_path_factory.mktemp("state")))
        with web_running(tmp_path_factory.mktemp("web")) as running:
            yield running
