"""The Markov baseline: counts by hand, probabilities that add up, likelihoods as it plays."""

from __future__ import annotations

import numpy as np
import pytest
from composer_training.baselines.markov import (
    Counts,
    Markov,
    counts_so_far,
    fit_mixture,
    interpolate,
)
from composer_training.baselines.markov_contexts import History, known
from composer_training.baselines.markov_player import MarkovPlayer

from composer.encoding.events import END, FIELDS, SHIFT, SIZES, Events
from composer.encoding.placement import encode
from composer.encoding.running_features import Context
from composer.evaluation.evaluate import EncodedPiece
from composer.evaluation.sources import continuations
from composer.evaluation.split_piece import split_piece
from composer.generation.settings import Settings
from composer.music.beat_grid import BEATS, Grid
from composer.music.notes import DRUM_PROGRAM, Note, Part, Piece


def tune(seed: int, bars: int = 16) -> Piece:
    """A bass that goes round, a melody that wanders over it, and drums; 24 ticks to the beat."""
    rng = np.random.default_rng(seed)
    bass = [Note(48 * n, (36, 43, 41, 43)[n % 4], 40, 80) for n in range(2 * bars)]
    melody = [
        Note(12 * n, 60 + int(rng.choice((0, 2, 4, 5, 7))), 12, int(rng.integers(60, 90)))
        for n in range(8 * bars)
        if rng.random() < 0.7
    ]
    drums = [Note(24 * n, (36, 38)[n % 2], 6, 100) for n in range(4 * bars)]
    return Piece(
        (
            Part(tuple(melody), 0),
            Part(tuple(bass), 33, channel=1),
            Part(tuple(drums), DRUM_PROGRAM, channel=9),
        ),
        24,
    )


def events(seed: int) -> Events:
    return encode(tune(seed), Grid(BEATS, share=1.0))[0]


@pytest.fixture(scope="module")
def model() -> Markov:
    return Markov.fit([events(seed) for seed in range(8)])


def test_what_was_counted_by_hand():
    # a b r a c a d a b r a: what follows a is b, c, d, b.
    text = np.array([ord(letter) for letter in "abracadabra"])
    counts = Counts.of(text[:-1].astype(np.uint64), text[1:])
    after_a = np.full(4, ord("a"), dtype=np.uint64)
    n, total, kinds = counts.look_up(after_a, np.array([ord(c) for c in "bcdx"]))
    assert n.tolist() == [2, 1, 1, 0]
    assert total.tolist() == [4] * 4
    assert kinds.tolist() == [3] * 4


def test_counts_so_far_are_those_before_each_letter():
    text = np.array([ord(letter) for letter in "abracadabra"])
    n, total, kinds = counts_so_far(text[:-1].astype(np.uint64), text[1:])
    # Before the letters after a: b first, then c, d, and b once more.
    after_a = text[:-1] == ord("a")
    assert total[after_a].tolist() == [0, 1, 2, 3]
    assert n[after_a].tolist() == [0, 0, 0, 1]
    assert kinds[after_a].tolist() == [0, 1, 2, 3]


def test_escape_method_c():
    # Of 4 notes after a context 2 were this one, of 3 kinds; below it 8 classes are alike.
    levels = [(np.array([2]), np.array([4]), np.array([3]))]
    p, deep = interpolate(levels, 8)
    assert p[0] == pytest.approx((2 + 3 / 8) / 7)
    assert deep[0] == 1


def test_the_mixture_goes_to_who_was_right():
    experts = np.array([[0.9, 0.1]] * 50 + [[0.2, 0.6]] * 50)
    buckets = np.repeat([0, 1], 50)
    weights = fit_mixture(experts, buckets)
    assert weights[0, 0] > 0.8
    assert weights[1, 1] > 0.8
    assert weights.sum(axis=1) == pytest.approx(1.0)


def test_looking_back_while_playing_is_looking_back_at_a_whole_piece():
    piece = events(3)
    whole = known(piece)
    from composer.encoding.features import features

    columns = features(piece)[len(piece.programs) :].astype(np.int64)
    history = History(len(piece.programs))
    for index, row in enumerate(columns):
        now = history.next(row.tolist())
        for name in whole:
            assert now[name] == whole[name][index], (name, index)
        history.add(row[:5].tolist(), now["place"])


def test_it_learns_and_its_memory_of_the_piece_helps(model: Markov):
    unseen = [events(20), events(21)]
    notes = sum(len(piece.rows) for piece in unseen)
    with_memory = sum(n.sum() for n in model.nats(unseen)) / notes
    without = sum(n.sum() for n in model.nats(unseen, memory=False)) / notes
    assert with_memory < without < 0.5 * sum(np.log(size) for size in SIZES)


def test_end_has_a_shift_and_nothing_else(model: Markov):
    (nats,) = model.nats([events(20)])
    assert nats[-1, SHIFT] > 0
    assert (nats[-1, SHIFT + 1 :] == 0).all()


def test_what_it_plays_by_is_what_it_is_scored_by(model: Markov):
    piece = events(20)
    (nats,) = model.nats([piece])
    player = MarkovPlayer(model)
    before = Events(piece.rows[:60], piece.programs, piece.kind, piece.metres)
    state = player.prime(before)
    for index in range(60, 70):
        row = piece.rows[index : index + 1].astype(np.int64)
        columns = Context.after(
            Events(piece.rows[:index], piece.programs, piece.kind, piece.metres)
        ).columns(row)
        for field in range(len(FIELDS)):
            logits = player.logits(field, state, columns)[0].astype(np.float64)
            assert np.exp(logits).sum() == pytest.approx(1.0, abs=1e-4)
            assert -logits[row[0, field]] == pytest.approx(nats[index, field], abs=1e-3)
        state = player.step(row, state)
    assert piece.rows[0, SHIFT] != END


def test_it_goes_on_from_the_first_half_of_a_piece(model: Markov):
    heard, placement = encode(tune(20), Grid(BEATS, share=1.0))
    piece = split_piece(EncodedPiece("tune", "tunes", heard, True, tune(20), placement))
    assert piece is not None
    (made,) = continuations(MarkovPlayer(model), [piece], Settings())
    (again,) = continuations(MarkovPlayer(model), [piece], Settings())
    assert made.segment.length == piece.second_half.length
    assert len(made.segment.rows) > 20
    assert (made.segment.rows == again.segment.rows).all()
