"""Where state and jams are kept."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import platformdirs
import pytest

from composer import user_folders
from composer.live.learned_controllers import load_controllers, save_controllers
from composer.user_folders import former_state_folder, jams_folder, state_folder


def test_composer_state_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMPOSER_STATE", str(tmp_path))
    assert state_folder() == tmp_path
    assert former_state_folder() is None


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux's own folders")
def test_linux_keeps_what_it_had(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COMPOSER_STATE", raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert state_folder() == tmp_path / "composer"
    assert former_state_folder() is None
    assert jams_folder() == tmp_path / "data" / "composer" / "jams"


def test_what_was_learned_is_read_from_the_old_place_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on macOS, where the folder was Linux's."""
    monkeypatch.delenv("COMPOSER_STATE", raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "old"))
    new = tmp_path / "Application Support" / "composer"
    monkeypatch.setattr(platformdirs, "user_state_path", lambda name, **options: new)
    monkeypatch.setattr(user_folders.sys, "platform", "darwin")
    old = tmp_path / "old" / "composer"
    old.mkdir(parents=True)
    (old / "controllers.json").write_text(json.dumps({"21": "temperature", "22": "nonsense"}))
    assert load_controllers() == {21: "temperature"}
    save_controllers({30: "density"})
    assert load_controllers() == {30: "density"}
    assert (new / "controllers.json").exists()


@pytest.mark.parametrize("text", ["", "[]", "{", '{"x": "mode"}', '{"1": []}'])
def test_a_damaged_file_is_nothing_learned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv("COMPOSER_STATE", str(tmp_path))
    (tmp_path / "controllers.json").write_text(text)
    assert load_controllers() == {}
