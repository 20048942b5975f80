"""Piano rolls: the protocol by hand, probabilities that add up, a network that learns."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from composer_training.baselines import piano_roll_lstm as pianoroll
from composer_training.baselines.piano_roll_lstm import (
    PRESETS,
    RollNetwork,
    RollSettings,
    fit,
    score,
)
from composer_training.baselines.piano_rolls import (
    KEYS,
    STOP,
    RollBatch,
    read,
    read_test,
    to_roll,
    transposed,
)
from keras import ops

from composer.errors import SeedError, SettingError

TINY = {"units": 8, "hidden": 8, "dropout": 0.0, "input_dropout": 0.0}


def nats_of(network: RollNetwork, chords: list[list[int]]) -> np.ndarray:
    """Nats of one frame after silence, for each of these chords as they stand."""
    most = max(map(len, chords))
    table = np.full((len(chords), 1, most), -1, dtype=np.int32)
    for index, chord in enumerate(chords):
        table[index, 0, : len(chord)] = chord
    heard = np.zeros((len(chords), 1, KEYS), dtype=np.float32)
    return ops.convert_to_numpy(network((heard, table)))[:, 0]


def test_a_frame_is_heard_before_the_next_is_scored() -> None:
    roll = to_roll([[60], [60, 64], []])
    batch = RollBatch.of([roll], most=2)
    assert np.flatnonzero(batch.heard[0, 0]).tolist() == [60 - 21]
    assert np.flatnonzero(batch.heard[0, 1]).tolist() == [60 - 21, 64 - 21]
    assert batch.chords[0, :2].tolist() == [[39, 43, STOP], [STOP, -1, -1]]
    assert batch.scored.sum() == 2  # of three frames the first is given


def test_keys_to_which_nothing_is_known_cost_a_bit_each() -> None:
    network = RollNetwork(RollSettings(frame="keys", **TINY))
    nats_of(network, [[STOP]])
    for variable in network.trainable_variables:
        variable.assign(np.zeros(variable.shape))
    assert nats_of(network, [[STOP], [3, STOP]]) == pytest.approx([88 * np.log(2)] * 2, rel=1e-5)


def test_the_ways_to_go_on_within_a_frame_add_up_to_one() -> None:
    network = RollNetwork(RollSettings(frame="chord", **TINY))
    first = nats_of(network, [[key] for key in range(KEYS + 1)])
    assert np.exp(-first).sum() == pytest.approx(1, abs=1e-4)
    after = nats_of(network, [[10, key] for key in range(11, KEYS + 1)]) - first[10]
    assert np.exp(-after).sum() == pytest.approx(1, abs=1e-4)
    # The top key can only be followed by the end of the frame.
    assert nats_of(network, [[87, STOP]])[0] == pytest.approx(first[87], abs=1e-4)


@pytest.mark.parametrize("kind", ["keys", "chord"])
@pytest.mark.slow
def test_a_network_learns_two_chords_that_take_turns(kind: str) -> None:
    rolls = [to_roll([[48, 64, 67], [50, 65, 69]] * 6)] * 4
    settings = RollSettings(frame=kind, units=16, hidden=16, dropout=0.0, input_dropout=0.0,
                            pieces=4,
                            epochs=60, learning_rate=0.03, average=0.5)  # fmt: skip
    validated: list[float] = []
    outcome = fit({"train": rolls, "valid": rolls}, settings, lambda e, t, v: validated.append(v))
    assert outcome.valid < 0.2 * validated[0]
    assert outcome.valid == min(validated)
    assert score(outcome.network, rolls) == pytest.approx(outcome.valid, abs=1e-4)


def test_no_transposition_leaves_the_piano() -> None:
    roll = to_roll([[21], [40]])
    assert np.flatnonzero(transposed(roll, -3).any(axis=0)).tolist() == [0, 19]
    assert np.flatnonzero(transposed(roll, 3).any(axis=0)).tolist() == [3, 22]


def test_files(tmp_path: Path) -> None:
    path = tmp_path / "rolls.json"
    path.write_text(json.dumps({"train": [[[60.0], [62.0]]], "valid": [[[60], []]]}))
    assert {split: len(rolls) for split, rolls in read(path).items()} == {"train": 1, "valid": 1}
    path.write_text(json.dumps({"train": [[[5], [6]]]}))
    with pytest.raises(SeedError, match="pitch 5 is not on the piano"):
        read(path)
    with pytest.raises(SeedError, match="not a file of the JSB"):
        read(tmp_path / "missing.json")


def test_a_test_file_is_a_list_or_has_a_split_of_that_name(tmp_path: Path) -> None:
    path = tmp_path / "test.json"
    path.write_text(json.dumps([[[60], [62]]]))
    assert len(read_test(path)) == 1
    path.write_text(json.dumps({"test": [[[60], [62]]] * 2, "valid": [[[60], [62]]]}))
    assert len(read_test(path)) == 2
    path.write_text(json.dumps({"valid": [[[60], [62]]]}))
    with pytest.raises(SeedError, match="no pieces under"):
        read_test(path)


def test_settings_out_of_range_are_named() -> None:
    with pytest.raises(SettingError, match="dropout is 1, must be 0 to less than 1"):
        RollSettings(dropout=1)
    with pytest.raises(SettingError, match="epochs is 0"):
        RollSettings(epochs=0)
    for frame, values in PRESETS.items():
        assert RollSettings(frame=frame, **values).frame == frame


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> None:
    monkeypatch.setattr("sys.argv", ["pianoroll", *arguments])
    pianoroll.main()


@pytest.mark.slow
def test_the_command_scores_a_test_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    piece = [[48, 64], [50, 65]] * 3
    (tmp_path / "rolls.json").write_text(json.dumps({"train": [piece] * 2, "valid": [piece]}))
    (tmp_path / "test.json").write_text(json.dumps({"test": [piece, piece]}))
    given = [str(tmp_path / "rolls.json"), "--quiet", "--units", "4", "--epochs", "1"]
    run(monkeypatch, *given, "--test", str(tmp_path / "test.json"))
    found = json.loads(capsys.readouterr().out)
    assert found["nats_per_frame"]["test"] == pytest.approx(
        found["nats_per_frame"]["valid"], abs=1e-3
    )
    assert found["settings"]["units"] == 4
    assert found["settings"]["dropout"] == RollSettings().dropout


@pytest.mark.parametrize(
    ("extra", "said"),
    [
        (["--dropout", "2"], "error: dropout is 2.0"),
        (["--test", "missing.json"], "error: missing.json is not a file of the JSB"),
    ],
)
def test_what_is_wrong_is_one_line(
    extra: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    piece = [[60], [62]]
    (tmp_path / "rolls.json").write_text(json.dumps({"train": [piece], "valid": [piece]}))
    with pytest.raises(SystemExit) as error:
        run(monkeypatch, str(tmp_path / "rolls.json"), *extra)
    assert str(error.value).startswith(said)
    assert "\n" not in str(error.value)
