"""The int8 graph of the encoder reads as the gate equations do, in both directions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from composer_training.export import export_encoder
from tiny_encoder import encoder_weights
from tiny_model import CONFIG

from composer.errors import ModelError
from composer.network import litert_reader
from composer.network.encoder import UNITS, WIDTH, FloatReader


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("encoder")
    export_encoder(encoder_weights(), made)
    return made


def test_the_graph_is_near_the_equations(folder: Path) -> None:
    embedded = np.random.default_rng(0).standard_normal((40, WIDTH)).astype(np.float32)
    graph = litert_reader.LiteRTReader(folder / "encoder.tflite")
    exact, read = FloatReader(encoder_weights())(embedded), graph(embedded)
    assert read.shape == (40, 2 * UNITS)
    assert np.abs(read - exact).mean() < 0.02 < np.abs(exact).mean()
    # Each direction knows only what lies behind it: a token at one end changes nothing there.
    embedded[-1] += 1.0
    changed = graph(embedded)
    assert np.array_equal(changed[:-1, :UNITS], read[:-1, :UNITS])
    assert not np.array_equal(changed[-2, UNITS:], read[-2, UNITS:])


def test_a_model_has_the_encoder_that_lies_in_its_folder(folder: Path, tmp_path: Path) -> None:
    assert litert_reader.load(folder, CONFIG) is not None
    assert litert_reader.load(tmp_path, CONFIG) is None


@pytest.mark.parametrize("name", ["encoder.tflite", "encoder.npz"])
def test_a_damaged_encoder_is_one_line(folder: Path, tmp_path: Path, name: str) -> None:
    for file in folder.iterdir():
        content = file.read_bytes()
        (tmp_path / file.name).write_bytes(content[:500] if file.name == name else content)
    with pytest.raises(ModelError, match="damaged"):
        litert_reader.load(tmp_path, CONFIG)


def test_an_encoder_of_another_decoder_is_refused(folder: Path) -> None:
    from dataclasses import replace

    with pytest.raises(ModelError, match="joint_hidden has shape"):
        litert_reader.load(folder, replace(CONFIG, head_units=CONFIG.head_units + 1))
