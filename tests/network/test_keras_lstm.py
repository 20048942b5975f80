"""The network: its equations, and that no head sees what comes later."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import reference_lstm
from keras import ops

from composer.encoding.columns import COLUMN_SIZES, COLUMNS, INPUTS
from composer.encoding.events import FIELDS, PART, SIZES
from composer.encoding.part_features import PART_FEATURE_SIZES, PART_FEATURES
from composer.encoding.part_order import RANKS
from composer.errors import ModelError
from composer.network.config import ADVICE, HEAD_CONTEXT, NetworkConfig, stored_name
from composer.network.keras_lstm import Network, build, set_weights, weights_of

TINY = NetworkConfig(layers=3, units=6, head_units=5, dropout=0.5)


@pytest.fixture(autouse=True)
def float32() -> None:
    keras.mixed_precision.set_global_policy("float32")


def random_features(streams: int, steps: int, seed: int = 0) -> np.ndarray:
    """int [B, T + 1, 28], any values that fit their columns."""
    rng = np.random.default_rng(seed)
    shape = (streams, steps + 1, len(COLUMNS))
    return rng.integers(0, np.array(COLUMN_SIZES), shape).astype(np.int32)


def random_parts(streams: int, steps: int, seed: int = 1) -> np.ndarray:
    """int [B * T * 3, 15], three parts at each step, whatever may be told of them."""
    rng = np.random.default_rng(seed)
    sizes = np.array([2, RANKS, *PART_FEATURE_SIZES])
    step = np.repeat(np.arange(streams * steps), 3)
    told = rng.integers(0, sizes, (len(step), len(sizes)))
    return np.column_stack([step, told]).astype(np.int32)


def spread(network: Network, seed: int = 3) -> dict[str, np.ndarray]:
    """Larger weights than a new network has, biases too, so that gates are not all alike."""
    rng = np.random.default_rng(seed)
    weights = {
        name: rng.normal(0, 0.5, value.shape).astype(np.float32)
        for name, value in weights_of(network).items()
    }
    set_weights(network, weights)
    return weights


@pytest.fixture(scope="module")
def network() -> Network:
    """One for all tests that only look at it: building takes two seconds."""
    keras.mixed_precision.set_global_policy("float32")
    network = build(TINY)
    spread(network)
    return network


def test_the_network_gives_what_the_equations_give(network: Network) -> None:
    weights = weights_of(network)
    features, parts = random_features(4, 9), random_parts(4, 9)
    state = np.random.default_rng(8).normal(size=(3, 2, 4, 6)).astype(np.float32)
    logits, after = network(features, parts, state)
    wanted, wanted_after = reference_lstm.network(weights, features, parts, state)
    for field, found, other, size in zip(FIELDS, logits, wanted, SIZES, strict=True):
        assert found.shape == ((108,) if field == "part" else (4, 9, size))
        np.testing.assert_allclose(ops.convert_to_numpy(found), other, atol=1e-4, rtol=1e-5)
    np.testing.assert_allclose(ops.convert_to_numpy(after), wanted_after, atol=1e-5)


def test_state_carries_a_piece_over_a_cut(network: Network) -> None:
    features = random_features(2, 10)
    parts = random_parts(2, 10)
    lane, step = np.divmod(parts[:, 0], 10)
    early, late = parts[step < 4].copy(), parts[step >= 4].copy()
    early[:, 0] = (4 * lane + step)[step < 4]
    late[:, 0] = (6 * lane + step - 4)[step >= 4]
    whole, _ = network(features, parts, network.zero_state(2))
    first, state = network(features[:, :5], early, network.zero_state(2))  # steps 0..3 go in
    second, _ = network(features[:, 4:], late, state)
    for field in range(len(FIELDS)):
        halves = [ops.convert_to_numpy(first[field]), ops.convert_to_numpy(second[field])]
        if field == PART:
            pieces = np.empty(len(parts))
            pieces[step < 4], pieces[step >= 4] = halves
        else:
            pieces = np.concatenate(halves, axis=1)
        np.testing.assert_allclose(ops.convert_to_numpy(whole[field]), pieces, atol=1e-4)


def test_a_head_sees_only_its_columns_of_the_step_it_predicts(network: Network) -> None:
    """Change one column of the last step: only heads that may see it change.

    One stream as it is and one for each changed column, side by side.
    """
    streams = 1 + len(COLUMNS)
    features = np.repeat(random_features(1, 4), streams, axis=0)
    for index in range(len(COLUMNS)):
        value = features[0, -1, index]
        features[1 + index, -1, index] = (value + 1) % COLUMN_SIZES[index]
    parts = np.tile(random_parts(1, 4), (streams, 1))
    parts[:, 0] += np.repeat(4 * np.arange(streams), 4 * 3)  # steps are counted through streams
    logits, _ = network(features, parts, network.zero_state(streams))
    for field, found in zip(FIELDS, map(ops.convert_to_numpy, logits), strict=True):
        found = found.reshape(streams, 4, -1)
        moved = np.abs(found - found[0]).max(axis=-1)  # [streams, steps]
        assert moved[:, :-1].max() < 1e-5
        for name, by in zip(COLUMNS, moved[1:, -1], strict=True):
            assert (by > 1e-3) == (name in HEAD_CONTEXT[field]), (field, name, by)
            assert by > 1e-3 or by < 1e-5


def test_what_a_head_sees_is_settled_by_the_fields_before_it() -> None:
    """The chain rule: the place in the bar after the shift, the player's past after the part,
    and of what is expected, no more than can still come true."""
    settled = {
        "shift": {"position", "beat", "bar_length", "expected_rank", "ago_rank", "return_rank"}
        | {"chord", "next_chord", "phrase", "ending"},
        "part": {"rank", "program", "last_pitch", "last_duration", "last_velocity", "gap"}
        | {"expected_pitch", "ago_pitch", "ago_duration", "ago_velocity"}
        | {"return_pitch", "return_duration", "return_velocity"},
        "pitch": {"expected_duration", "expected_velocity"},
    }
    known = {"confidence", "expected_shift", "likeness", "ago_shift", "returning", "return_shift"}
    for field in FIELDS:
        seen = set(HEAD_CONTEXT[field])
        assert seen <= known
        advice = ("expected", "ago", "return", "chord", "next_chord")
        assert {name for name in known - seen if not name.startswith(advice)} == set()
        seen_as = "rank" if field == "part" else field
        assert {f"expected_{seen_as}", f"ago_{seen_as}", f"return_{seen_as}"} <= seen
        known |= {field} - {"part"} | settled.get(field, set())


def test_dropout_is_on_in_training_only(network: Network) -> None:
    given = random_features(2, 3), random_parts(2, 3), network.zero_state(2)
    still = [network(*given)[0][0] for _ in range(2)]
    moving = [network(*given, training=True)[0][0] for _ in range(2)]
    assert np.array_equal(*map(ops.convert_to_numpy, still))
    assert not np.array_equal(*map(ops.convert_to_numpy, moving))


def test_the_same_seed_draws_the_same_weights() -> None:
    small = NetworkConfig(layers=1, units=6, head_units=5)
    one, other, third = (weights_of(build(small, seed)) for seed in (4, 4, 5))
    assert all(np.array_equal(one[name], other[name]) for name in one)
    assert not all(np.array_equal(one[name], third[name]) for name in one)


def test_weights_are_called_what_checkpoints_and_the_runtime_call_them(network: Network) -> None:
    names = set(weights_of(network))
    wanted = {f"in_{stored_name(name)}/embeddings" for name in INPUTS}
    wanted |= {
        f"known_{stored_name(name)}/embeddings" for names in HEAD_CONTEXT.values() for name in names
    }
    others = [field for field in FIELDS if field != "part"]
    wanted |= {f"head_{field}/{gain}/embeddings" for field in others for gain in ADVICE}
    wanted.add("head_pitch/gain_chord/embeddings")
    wanted |= {f"head_part/{kind}_{stored_name(name)}/embeddings" for kind in ("told", "gain")
               for name in PART_FEATURES}  # fmt: skip
    wanted |= {f"head_part/{layer}/{n}" for layer in ("ranks", "moment")
               for n in ("kernel", "bias")} | {"head_part/points/kernel"}  # fmt: skip
    for layer in range(TINY.layers):
        wanted |= {f"lstm_{layer}/lstm_cell/{n}" for n in ("kernel", "recurrent_kernel", "bias")}
    for field in FIELDS:
        wanted |= {f"head_{field}/from_trunk/{n}" for n in ("kernel", "bias")}
        if field != "part":
            wanted |= {f"head_{field}/logits/{n}" for n in ("kernel", "bias")}
        wanted.add(f"head_{field}/from_context/kernel")
    assert names == wanted


def test_weights_that_do_not_fit_are_refused(network: Network) -> None:
    weights = weights_of(network)
    with pytest.raises(ModelError, match="lstm_0"):
        set_weights(network, {k: v for k, v in weights.items() if "lstm_0" not in k})
    with pytest.raises(ModelError, match="do not fit"):
        set_weights(network, weights_of(build(NetworkConfig(3, 7, 5))))


@pytest.mark.slow
@pytest.mark.parametrize("on_gpu", [False, True])
def test_in_bfloat16_state_and_logits_stay_float32(
    on_gpu: bool, network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With both kinds of layer: Keras's own is what a GPU gets."""
    monkeypatch.setattr("composer.network.keras_lstm.on_gpu", lambda: on_gpu)
    weights = weights_of(network)
    keras.mixed_precision.set_global_policy("mixed_bfloat16")
    half = build(TINY)
    set_weights(half, weights)
    features, parts = random_features(2, 4), random_parts(2, 4)
    logits, state = half(features, parts, half.zero_state(2))
    exact, exact_state = network(features, parts, network.zero_state(2))
    assert {ops.dtype(one) for one in logits} == {"float32"} and ops.dtype(state) == "float32"
    for one, other in zip([*logits, state], [*exact, exact_state], strict=True):
        one, other = ops.convert_to_numpy(one), ops.convert_to_numpy(other)
        assert np.abs(one - other).max() < 0.05 * max(1, np.abs(other).max())
