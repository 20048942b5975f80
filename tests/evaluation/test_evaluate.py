"""Evaluate: nats against the equations, against training's own validation, and the command."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import reference_lstm
import tiny_model
from click.testing import CliRunner

from composer import models
from composer.cli.main import verbs
from composer.encoding.events import FIELDS, PART, SHIFT, SIZES, Events
from composer.encoding.features import features
from composer.errors import ModelError, SeedError
from composer.evaluation import evaluate
from composer.formats import midi
from composer.music.notes import DRUM_PROGRAM, Note, Part, Piece
from composer.network.likelihood import note_nats
from composer.network.numpy_trunk import load_float
from composer.network.predictor import Predictor

SEEDS = Path(__file__).parents[2] / "midi_data"


def song(seed: int, notes: int = 40, dynamics: bool = True) -> Piece:
    """Two parts and drums on a grid, 480 ticks to the beat."""
    rng = np.random.default_rng(seed)
    parts = []
    for index, program in enumerate((0, 33, DRUM_PROGRAM)):
        onsets = np.cumsum(rng.integers(1, 5, notes)) * 120
        made = tuple(
            Note(
                int(onset),
                int(rng.integers(36, 60)),
                int(rng.integers(1, 6)) * 120,
                int(rng.integers(30, 110)) if dynamics else 80,
            )
            for onset in onsets
        )
        parts.append(Part(made, program, track=index, channel=9 if index == 2 else index))
    return Piece(tuple(parts))


def write(folder: Path, name: str, piece: Piece) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    midi.save(midi.from_piece(piece), folder / name)
    return folder / name


@pytest.fixture
def music(tmp_path: Path) -> Path:
    """Three files of different length, one of them without dynamics, and two that are none."""
    folder = tmp_path / "music"
    write(folder, "a.mid", song(1, 40))
    write(folder / "inner", "b.mid", song(2, 25))
    write(folder, "c.mid", song(3, 60, dynamics=False))
    (folder / "broken.mid").write_text("this is no MIDI file")
    (folder / "notes.txt").write_text("not music")
    return folder


def read(*paths: Path) -> tuple[list[evaluate.EncodedPiece], evaluate.Report]:
    return evaluate.read_files(paths)


def from_the_equations(events: Events) -> np.ndarray:
    """[notes + 1, 5], nats by the reference network."""
    plain = features(events, end=True)
    table = plain[None].astype(np.int64)
    parts = reference_lstm.parts_of_notes(events, plain)
    logits, _ = reference_lstm.network(tiny_model.weights(), table, parts, np.zeros((2, 2, 1, 16)))
    first = len(events.programs) - 1
    nats = np.zeros((len(events.rows) + 1, len(FIELDS)))
    for field, size in enumerate(SIZES):
        if field == PART:
            rows = logits[field].reshape(-1, len(events.programs))
            logp = rows - np.log(np.exp(rows).sum(axis=1, keepdims=True))
            nats[:-1, field] = -logp[np.arange(len(rows)), events.rows[:, PART]]
            continue
        rows = logits[field][0, first:]
        logp = rows - np.log(np.exp(rows).sum(axis=1, keepdims=True))
        targets = np.minimum(table[0, first + 1 :, field], size - 1)
        nats[:, field] = -logp[np.arange(len(rows)), targets]
    nats[-1, SHIFT + 1 :] = 0.0  # of END only the shift counts
    return nats


def test_nats_are_those_of_the_equations(music: Path):
    found, _ = read(music)
    scored = dict(note_nats(tiny_model.predictor(), [piece.events for piece in found]))
    assert sorted(scored) == [0, 1, 2]
    for index, piece in enumerate(found):
        assert scored[index] == pytest.approx(from_the_equations(piece.events), abs=1e-3)


def test_the_number_side_by_side_changes_nothing(music: Path):
    events = [piece.events for piece in read(music)[0]] * 3
    one = dict(note_nats(tiny_model.predictor(), events, streams=1))
    many = dict(note_nats(tiny_model.predictor(), events, streams=4))
    for index in range(len(events)):
        assert one[index] == pytest.approx(many[index], abs=1e-4)


def test_the_sum_over_notes_and_the_shift_of_end(music: Path):
    found, report = read(music)
    predictor = tiny_model.predictor()
    report = evaluate.evaluate(predictor, found, report)
    tables = [from_the_equations(piece.events) for piece in found]
    notes = sum(len(table) - 1 for table in tables)
    wanted = sum(table.sum(axis=0) for table in tables) / notes
    assert report.notes == notes
    assert list(report.fields.values()) == pytest.approx(wanted, abs=1e-4)
    assert report.nats_per_note == pytest.approx(wanted.sum(), abs=1e-4)
    # Two of three pieces have dynamics.
    with_dynamics = [t for t, piece in zip(tables, found, strict=True) if piece.dynamics]
    assert len(with_dynamics) == 2
    velocity = sum(t[:, 4].sum() for t in with_dynamics) / sum(len(t) - 1 for t in with_dynamics)
    assert report.as_in_training["velocity"] == pytest.approx(velocity, abs=1e-4)


@pytest.mark.slow
def test_the_same_as_in_training(music: Path):
    pytest.importorskip("tensorflow")
    import keras
    from composer_training.data import dataset
    from composer_training.steps import make_steps
    from composer_training.validate import Score, validation_batches

    from composer.music.beat_grid import find_grid
    from composer.network.keras_lstm import build, set_weights

    keras.mixed_precision.set_global_policy("float32")
    found, report = read(music)
    # Training validates with each piece's own plan.
    planned = [evaluate.with_own_plan(piece) for piece in found]
    ours = evaluate.evaluate(tiny_model.predictor(), planned, report)

    records = [
        dataset.to_record(piece.piece, find_grid(piece.piece), piece.name, "tiny", "valid")
        for piece in found
    ]
    data = dataset.save(music / "set", records)
    network = build(tiny_model.CONFIG)
    set_weights(network, tiny_model.weights())
    _, score_step = make_steps(network, None)
    score = Score.empty()
    for _, batches in validation_batches(data, steps=32, limit=None, batch_size=2):
        state = np.zeros((2, 2, 2, 16), dtype=np.float32)
        for batch in batches:
            sums, state = score_step(batch.features, batch.parts, batch.weights, batch.keep, state)
            score = score.plus(np.asarray(sums), batch.weights)
    assert score.notes == ours.notes
    assert ours.as_in_training == pytest.approx(score.fields, abs=1e-3)


@pytest.mark.slow
def test_int8_is_as_good_as_float():
    try:
        folder = models.find()
    except ModelError:
        pytest.skip("there is no model yet")
    found, _ = read(*sorted(SEEDS.glob("*.mid"))[:5])
    small = evaluate.evaluate(Predictor.load(folder), found)
    large = evaluate.evaluate(load_float(folder), found)
    assert small.nats_per_note == pytest.approx(large.nats_per_note, rel=0.005)


def scored(nats: float, notes: int) -> evaluate.Scored:
    return evaluate.Scored("x", "y", notes, np.full(5, nats * notes / 5), True)


def test_the_interval_is_over_pieces():
    assert evaluate.Report([scored(2.0, 10)]).interval() is None
    assert evaluate.Report([scored(2.0, 10)] * 4).interval() == pytest.approx((2.0, 2.0))
    report = evaluate.Report([scored(1.0, 10), scored(3.0, 10)] * 8)
    low, high = report.interval() or (0, 0)
    # Means of 16 draws of 1 or 3 have a standard deviation of 1/4.
    assert low == pytest.approx(1.5, abs=0.15)
    assert high == pytest.approx(2.5, abs=0.15)
    assert report.interval() == (low, high)


def test_chorales_and_their_splits(tmp_path: Path):
    frames = [[67, 64, 60, 48]] * 4 + [[67, 65, 62, -1]] * 4
    path = tmp_path / "Jsb16thSeparated.json"
    path.write_text(json.dumps({"train": [frames], "test": [frames, frames[:4]]}))
    found, _ = read(path)
    assert [piece.name.partition("#")[2] for piece in found] == ["test0", "test1", "train0"]
    assert len(found[0].events.rows) == 4 + 2  # the highest voice goes on, the lowest rests
    assert not found[0].dynamics
    split, _ = read(Path(f"{path}#train"))
    assert len(split) == 1
    assert len(read(tmp_path)[0]) == 3


def test_what_cannot_be_read_is_listed(music: Path, tmp_path: Path):
    found, report = read(music, tmp_path / "none.mid", music / "notes.txt")
    assert len(found) == report.files == 3
    assert [Path(name).name for name, _ in report.skipped] == [
        "broken.mid", "none.mid", "notes.txt",
    ]  # fmt: skip
    assert all("\n" not in reason for _, reason in report.skipped)
    with pytest.raises(SeedError, match="no file could be read"):
        read(tmp_path / "none.mid")


# The command -----------------------------------------------------------------------


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A folder whose float weights can be asked; its graph is never read."""
    return tiny_model.write_folder(tmp_path / "tiny")


def run(*arguments: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(verbs, ["evaluate", *map(str, arguments)])
    return result.exit_code, result.stdout, result.stderr


def test_the_document(music: Path, model: Path):
    code, out, _ = run(music, "--model", model, "--float", "--json", "--by", "file")
    document = json.loads(out)
    assert code == 0
    assert list(document)[:6] == [
        "model", "files", "notes", "nats_per_note", "fields", "skipped",
    ]  # fmt: skip
    assert list(document["fields"]) == list(FIELDS)
    assert document["model"] == str(model)
    assert document["files"] == 3
    assert document["nats_per_note"] == pytest.approx(sum(document["fields"].values()))
    (skipped,) = document["skipped"]
    assert set(skipped) == {"file", "reason"}
    assert document["interval"][0] <= document["nats_per_note"] <= document["interval"][1]
    assert len(document["by_file"]) == 3
    assert sum(part["notes"] for part in document["by_file"].values()) == document["notes"]


def test_the_table(music: Path, model: Path):
    code, out, err = run(music / "a.mid", music / "broken.mid", "--model", model, "--float")
    assert code == 0
    assert "nats/note" in out
    assert "broken.mid" in err


def test_nothing_readable_is_an_error(music: Path, model: Path):
    code, out, err = run(music / "broken.mid", "--model", model, "--float", "--json")
    assert code == 1
    assert out == ""
    assert err.startswith("Error: no file could be read")
    assert err.count("\n") == 1


def test_the_time_base_can_be_forced(music: Path, model: Path):
    beats, free = (
        json.loads(run(music / "a.mid", "--model", model, "--float", "--json", "--grid", kind)[1])
        for kind in ("beats", "free")
    )
    assert beats["notes"] == free["notes"]
    assert beats["nats_per_note"] != free["nats_per_note"]


def test_surprise_of_every_note(music: Path, model: Path, tmp_path: Path):
    path = tmp_path / "notes.csv"
    asked = (music / "a.mid", "--model", model, "--float", "--surprise", path)
    code, out, err = run(*asked, "--json")
    assert code == 0, err
    rows = list(csv.DictReader(path.read_text().splitlines()))
    document = json.loads(out)
    assert len(rows) == document["notes"]
    assert list(rows[0])[:6] == ["note", "tick", "part", "pitch", "duration", "velocity"]
    assert list(rows[0])[6:] == ["nats", *(f"nats_{name}" for name in FIELDS)]
    # END's shift is no note's, so that the mean is a little less.
    mean = sum(float(row["nats"]) for row in rows) / len(rows)
    assert 0 < document["nats_per_note"] - mean < 0.3
    assert run(*asked)[0] == 1  # it is there
    assert run(*asked, "--force")[0] == 0
    assert run(music, "--model", model, "--float", "--surprise", tmp_path / "x.csv")[0] == 1


def test_pictures(music: Path, model: Path, tmp_path: Path):
    pytest.importorskip("matplotlib")
    base = (music / "a.mid", "--model", model, "--float")
    assert run(*base, "--plot", tmp_path / "bars.png")[0] == 0
    more = ("--surprise", tmp_path / "a.csv", "--plot", tmp_path / "roll.png")
    assert run(*base, *more)[0] == 0
    assert (tmp_path / "bars.png").stat().st_size > 1000
    assert (tmp_path / "roll.png").stat().st_size > 1000


def test_every_note_of_the_piece_has_its_surprise(music: Path):
    (found,), _ = read(music / "a.mid")
    _, nats = next(note_nats(tiny_model.predictor(), [found.events]))
    surprise = evaluate.note_surprise(found, nats)
    assert len(surprise) == len(found.events.rows)
    assert sum(surprise.values()) == pytest.approx(float(nats[:-1].sum()), rel=1e-5)
