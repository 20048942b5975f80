"""One table of names: what one command reads, all read."""

from __future__ import annotations

from pathlib import Path

import pytest
from composer_training.data.sources import find_sources

from composer.batch.seed_folder import is_seed
from composer.evaluation.evaluate import find_files
from composer.formats.suffixes import MIDI_SUFFIXES, MUSIC_SUFFIXES, SCORE_SUFFIXES, is_music
from composer.live.wire.session_files import inside


def test_midi_and_scores() -> None:
    assert MUSIC_SUFFIXES == MIDI_SUFFIXES + SCORE_SUFFIXES
    assert is_music("A.KAR") and is_music("b.rmi") and is_music("c.mxl")
    assert not is_music("mid") and not is_music("a.txt") and not is_music("a.mid.bak")


@pytest.mark.parametrize("suffix", MUSIC_SUFFIXES)
def test_folders_are_searched_alike(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"song{suffix.upper()}"
    path.touch()
    assert [source.path for source in find_sources([tmp_path])] == [path]
    assert [found for found, _ in find_files([tmp_path])] == [path]
    assert is_seed(path.name)


@pytest.mark.parametrize("suffix", MIDI_SUFFIXES)
def test_the_server_reads_every_kind_of_midi_file(tmp_path: Path, suffix: str) -> None:
    assert inside(tmp_path, f"song{suffix}") == tmp_path / f"song{suffix}"
