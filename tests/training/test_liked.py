"""Training on the marks of jams: its data, how it is judged, and the command from end to end."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
import tiny_model
from composer_training.liked import DISLIKED, LIKED, Judge, Verdict, told_apart
from composer_training.steps import FAINT, field_sums
from composer_training.validate import Score
from keras import ops
from marked_jams import write_jam
from tiny_run import composer, meta

from composer import models
from composer.encoding.columns import COLUMNS
from composer.encoding.events import FIELDS, PITCH, SIZES

FAST = (
    *("--batch-size", "4", "--steps", "16", "--updates", "2", "--warm-up", "1"),
    *("--validate-every", "2", "--precision", "float32", "--learning-rate", "0.003"),
)


def score(nats: float) -> Score:
    return Score(np.full(5, nats / 5), np.ones(5), 1.0)


def scores(liked: float, disliked: float, other: float) -> dict[str, Score]:
    found = {LIKED: score(liked), DISLIKED: score(disliked), "other": score(other)}
    return found | {"all": score(99.0)}


def test_a_checkpoint_is_as_good_as_it_tells_liked_replies_from_others(tmp_path: Path) -> None:
    judge = Judge.begin(scores(5.0, 5.5, 3.0), tmp_path)
    assert judge(scores(5.0, 5.5, 3.0)) == pytest.approx(0.0)
    assert judge(scores(4.5, 5.75, 3.0)) == pytest.approx(-0.75)
    assert judge(scores(4.5, 4.25, 3.0)) == pytest.approx(0.75)
    # Not if that costs the replies that were liked, or music at large.
    assert judge(scores(5.03, 9.0, 3.0)) == math.inf
    assert judge(scores(4.0, 9.0, 3.03)) == math.inf
    assert judge(scores(5.01, 9.0, 3.01)) < -3
    assert Judge.resume(tmp_path) == judge


def test_pairs_are_counted_by_hand() -> None:
    """Of six pairs four are right and one is even; the spread is sqrt(6 / 72)."""
    share, deviations = told_apart(np.array([1.0, 2.0, 4.0]), np.array([1.0, 3.0]))
    assert share == pytest.approx(3.5 / 6)
    assert deviations == pytest.approx((3.5 / 6 - 0.5) / math.sqrt(6 / 72))
    assert told_apart(np.array([]), np.array([1.0])) == (0.5, 0.0)


@pytest.mark.parametrize(
    ("deviations", "ordinary", "words"),
    [
        (2.0, 3.0, "It helped"),
        (1.0, 3.0, "Perhaps it helped"),
        (-0.5, 3.0, "It did not help"),
        (3.0, 3.05, "It did harm"),
    ],
)
def test_the_verdict_says_first_whether_it_helped(
    deviations: float, ordinary: float, words: str
) -> None:
    verdict = Verdict(9, 8, 0.7, deviations, (5.0, 4.9), (5.0, 5.1), (3.0, ordinary), 5)
    assert verdict.words()[0].startswith(words)
    assert verdict.helped == (words == "It helped")


def test_what_is_disliked_becomes_less_likely_and_no_further_than_faint() -> None:
    """By hand: a class of 128 at even odds, and one that is far under what is faint already."""
    logits = [ops.convert_to_tensor(np.zeros((1, 2, size), np.float32)) for size in SIZES]
    logits[1] = ops.convert_to_tensor(np.zeros(2, np.float32))
    pitch = np.zeros((1, 2, SIZES[PITCH]), np.float32)
    pitch[0, 1, 60] = -50.0
    logits[PITCH] = ops.convert_to_tensor(pitch)
    features = np.zeros((1, 3, len(COLUMNS)), np.int32)
    features[0, 1:, PITCH] = 60
    weights = np.zeros((1, 2, len(FIELDS)), np.float32)
    weights[..., PITCH] = -0.5
    parts = np.zeros((2, 17), np.int32)
    parts[:, 0] = 2
    sums = ops.convert_to_numpy(field_sums(logits, features, parts, weights))
    assert sums[PITCH] == pytest.approx(-0.5 * math.log(128) + 0.5 * FAINT, rel=1e-5)


@pytest.fixture(scope="module")
def jams(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("jams")
    for seed in range(5):
        write_jam(folder / f"jam{seed}.mid", seed)
    (folder / "damaged.mid").write_bytes((folder / "jam0.mid").read_bytes()[:30])
    return folder


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_model.write_folder(tmp_path_factory.mktemp("model"), graph=tiny_model.graph())


@pytest.mark.slow
def test_marked_jams_make_a_model_that_plays_and_is_judged(
    jams: Path, model: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    begun = composer("finetune", "--liked", jams, "--from", model, *FAST, "--out", out)
    assert begun.exit_code == 0, begun.output
    assert "15 liked and 15 disliked replies in 5 jams." in begun.stderr
    assert "Left out:" in begun.stderr and "damaged.mid" in begun.stderr
    assert set(json.loads((out / "before.json").read_text())) == {LIKED, DISLIKED, "seeds", "all"}
    assert models.find(out) == out / "model"
    assert (out / "model" / "trunk.tflite").stat().st_size > 1000
    # Gone on with, it is held against the same beginning.
    result = composer("finetune", "--resume", "--out", out, "--updates", "4", "--json")
    assert result.exit_code == 0, result.output
    assert meta(out / "last.npz")["update"] == 4
    found = json.loads(result.stdout)["liked"]
    assert found == json.loads((out / "liked.json").read_text())
    assert (found["liked"], found["disliked"]) == (2, 2) and found["pieces"] > 3
    assert found["words"][0].startswith(("It ", "Perhaps "))


def test_no_marks_too_few_marks_and_no_jam_are_one_line_and_nothing_is_written(
    jams: Path, tmp_path: Path
) -> None:
    few = tmp_path / "few"
    few.mkdir()
    write_jam(few / "jam.mid", 1)
    none = tmp_path / "none"
    none.mkdir()
    write_jam(none / "jam.mid", 1, replies=1)
    content = (none / "jam.mid").read_bytes()
    (none / "jam.mid").write_bytes(content.replace(b"like 1", b"text 1"))
    damaged = tmp_path / "damaged"
    damaged.mkdir()
    (damaged / "jam.mid").write_bytes((jams / "damaged.mid").read_bytes())
    for folder, words in (
        (few, "3 replies are liked and 3 disliked"),
        (none, "no reply is marked in the 1 jams"),
        (damaged, "no jam can be read: "),
        (tmp_path / "nowhere", "does not exist"),
    ):
        result = composer("finetune", "--liked", folder, "--out", tmp_path / "run")
        assert result.exit_code == 1, result.output
        assert words in result.stderr and result.stderr.count("\n") == 1
        assert not (tmp_path / "run").exists()


def test_a_run_that_is_there_keeps_its_marks(jams: Path, tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text("{}")
    result = composer("finetune", "--liked", jams, "--out", tmp_path)
    assert result.exit_code == 1 and "--force to replace" in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["run.json"]
