"""Export: what is not a checkpoint of a training run is refused in one line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from composer_training.export import read_checkpoint

from composer.errors import ModelError
from composer.network.config import NetworkConfig


def checkpoint(path: Path, meta: bytes) -> Path:
    np.savez(path, **{"meta": np.frombuffer(meta, np.uint8), "w:lstm/bias": np.zeros(4, "f4")})
    return path


def test_sizes_weights_and_record(tmp_path: Path) -> None:
    path = checkpoint(tmp_path / "best.npz", b'{"network": {"units": 8}, "update": 3}')
    config, weights, meta = read_checkpoint(path)
    assert config == NetworkConfig(units=8)
    assert list(weights) == ["lstm/bias"]
    assert meta["update"] == 3


@pytest.mark.parametrize(
    "meta", [b"", b"[]", b"{}", b'{"network": {"unit": 8}}', b'{"network": {}, "update":']
)
def test_another_record_is_refused(tmp_path: Path, meta: bytes) -> None:
    path = checkpoint(tmp_path / "best.npz", meta)
    with pytest.raises(ModelError, match=r"damaged .* give a checkpoint"):
        read_checkpoint(path)


@pytest.mark.parametrize("cut", [0, 30, 100, -10])
def test_a_damaged_file_is_refused_and_closed(tmp_path: Path, cut: int) -> None:
    path = checkpoint(tmp_path / "best.npz", b"{}")
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(ModelError) as caught:
        read_checkpoint(path)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"none\.npz is missing"):
        read_checkpoint(tmp_path / "none.npz")
