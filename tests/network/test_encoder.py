"""What the heads are told of given notes."""

from __future__ import annotations

import numpy as np
import pytest
from tiny_encoder import encoder_weights

from composer.encoding.events import Events
from composer.encoding.given import Given, Opening
from composer.encoding.given_tokens import GivenTokens
from composer.network.config import NetworkConfig
from composer.network.encoder import STEP_COLUMNS, Encoder

BAR = 96
TUNE = Events(np.array([(16, 0, 60 + step % 5, 16, 16) for step in range(40)], np.int16), (0,))


def steps(count: int) -> list[np.ndarray]:
    """Clock, next token and next given note of some steps."""
    clock = np.arange(count) * 7 % (4 * BAR)
    return [clock, np.arange(count) % 9, np.arange(count) % 5]


@pytest.mark.parametrize("units", [8, 256])
def test_a_stream_is_told_the_same_whoever_runs_beside_it(units: int) -> None:
    config = NetworkConfig(head_units=units)
    given = Given.around(TUNE, [Opening(BAR, 2 * BAR, frozenset({0}))])
    told = Encoder(encoder_weights(config), config)(GivenTokens.of(given, TUNE, 4))
    hidden = np.random.default_rng(0).standard_normal((21, 5 * units)).astype(np.float32)
    places = steps(21)
    together = told(hidden, *places)
    for row in range(21):
        alone = told(hidden[row : row + 1], *(place[row : row + 1] for place in places))
        assert np.array_equal(alone[0][0], together[0][row])
        assert np.array_equal(alone[1][0], together[1][row])


def test_what_is_told_is_a_layer_of_the_token_the_next_note_and_the_trunk() -> None:
    config = NetworkConfig(head_units=8)
    weights = encoder_weights(config)
    given = Given.around(TUNE, [Opening(BAR, 2 * BAR, frozenset({0}))])
    tokens = GivenTokens.of(given, TUNE, 4)
    rng = np.random.default_rng(1)
    read = rng.standard_normal((len(tokens.keys), 320)).astype(np.float32)
    told = Encoder(weights, config, lambda embedded: read)(tokens)
    hidden = rng.standard_normal((3, 40)).astype(np.float32)
    clock, token, index = np.array([0, 90, 380]), np.array([0, 4, len(read)]), np.array([0, 3, 5])
    joint = hidden @ weights["joint_hidden"] + weights["joint_bias"]
    joint[:2] += read[token[:2]] @ weights["joint_kernel"]
    for name, column in zip(STEP_COLUMNS, tokens.steps(clock, index).T, strict=True):
        joint += weights[f"joint_{name}"][column]
    joint = np.tanh(joint)
    added, gains = told(hidden, clock, token, index)
    assert np.allclose(added, joint @ weights["heads_kernel"], atol=1e-5)
    expected = 8 * (joint @ weights["gain_kernel"] + weights["gain_bias"])
    assert np.allclose(gains, expected, atol=1e-4)
