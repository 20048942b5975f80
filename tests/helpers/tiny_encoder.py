"""Encoders with weights drawn from a seed."""

from __future__ import annotations

import numpy as np
from tiny_model import CONFIG

from composer.network.config import NetworkConfig
from composer.network.encoder import Encoder, shapes


def encoder_weights(config: NetworkConfig = CONFIG, seed: int = 0) -> dict[str, np.ndarray]:
    """Every weight by its name, large enough that what is given matters."""
    rng = np.random.default_rng(seed)
    return {
        name: (rng.standard_normal(shape) * (0.6 / np.sqrt(shape[0]) if len(shape) > 1 else 0.2))
        .astype(np.float16)
        .astype(np.float32)
        for name, shape in shapes(config.head_units).items()
    }


def encoder(config: NetworkConfig = CONFIG, seed: int = 0) -> Encoder:
    """One that plays in NumPy."""
    return Encoder(encoder_weights(config, seed), config)
