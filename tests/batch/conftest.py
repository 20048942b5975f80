"""What tests of batches share."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

SEEDS = Path(__file__).parents[2] / "midi_data"


@pytest.fixture
def seeds(tmp_path: Path) -> Path:
    """Six seeds of different length, some in a folder of their own."""
    folder = tmp_path / "seeds"
    (folder / "sub").mkdir(parents=True)
    for name in ("folk.mid", "waltz.mid", "gymnopedie.mid", "ode.musicxml"):
        shutil.copy(SEEDS / name, folder / name)
    for name in ("drums.mid", "rag.mid"):
        shutil.copy(SEEDS / name, folder / "sub" / name)
    return folder
