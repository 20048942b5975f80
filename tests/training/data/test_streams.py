"""Streams: every piece whole, in order, once, and the same again after a restore."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from composer_training.data import dataset
from composer_training.data.augment import PLAIN, Augmentation
from composer_training.data.dataset import Dataset, Record, to_events
from composer_training.data.streams import Dealer, Streams, target_weights

from composer.analysis.form import with_plan
from composer.encoding.events import DURATION, END, FIELDS, NO_SHIFT, PITCH, SHIFT, VELOCITY
from composer.encoding.features import features
from composer.errors import SettingError


@pytest.fixture
def tiny(prepared: Path) -> Dataset:
    return dataset.load([prepared])


def streams(data: Dataset, batch_size: int = 3, steps: int = 7, **changes: object) -> Streams:
    fields = {"shares": {}, "augmentation": Augmentation(), "seed": 5} | changes
    return Streams(data, batch_size=batch_size, steps=steps, **fields)  # type: ignore[arg-type]


def test_a_stream_plays_whole_pieces_one_after_another(tiny: Dataset) -> None:
    """Put the chunks of a stream together again: declarations, notes, END, the next piece."""
    source = streams(tiny, batch_size=2, steps=7, augmentation=PLAIN)
    pieces = {
        features(with_plan(to_events(record, tiny.notes(record))), end=True).tobytes()
        for record in tiny.records
        if record.split == "train"
    }
    current: list[list[np.ndarray]] = [[], []]
    played: list[bytes] = []
    for _ in range(120):
        batch = source.next()
        for stream in range(2):
            if batch.keep[stream] == 0:
                current[stream] = [batch.features[stream, :1]]
            else:
                # A chunk begins with the step that the one before it ended with.
                assert np.array_equal(current[stream][-1][-1], batch.features[stream, 0])
            counted = batch.weights[stream].any(axis=1) | (batch.features[stream, 1:, PITCH] == 128)
            chunk = batch.features[stream, 1:]
            ends = np.flatnonzero(chunk[:, SHIFT] == END)
            chunk = chunk[: ends[0] + 1] if len(ends) else chunk
            current[stream].append(chunk)
            assert counted[: len(chunk)].all()
            if len(ends):
                assert not batch.weights[stream, ends[0] + 1 :].any()
                played.append(np.concatenate(current[stream]).astype(np.int16).tobytes())
    assert len(played) > 15
    assert set(played) <= pieces


def test_targets_are_all_fields_of_notes_and_the_shift_of_end(tiny: Dataset) -> None:
    record = tiny.records[0]
    steps = features(to_events(record, tiny.notes(record)), end=True)
    weights = target_weights(steps, dynamics=True)
    parts = len(record.programs)
    assert not weights[:parts].any()
    assert (weights[parts:-1] == 1).all()
    assert weights[-1].tolist() == [1, 0, 0, 0, 0]
    silent = target_weights(steps, dynamics=False)
    assert not silent[:, VELOCITY].any() and np.array_equal(silent[:, :4], weights[:, :4])
    assert len(FIELDS) == weights.shape[1] and DURATION == 3


def test_every_piece_of_a_corpus_comes_once_in_a_turn(tiny: Dataset) -> None:
    dealer = Dealer(tiny.corpora("train"), {}, seed=1)
    count = len(tiny.corpora("train")["tiny"])
    turns = [[dealer.next()[1].name for _ in range(count)] for _ in range(3)]
    assert all(len(set(turn)) == count for turn in turns)
    assert turns[0] != turns[1] or turns[1] != turns[2]


def fake(corpus: str, notes: int, count: int) -> list[Record]:
    return [
        Record(
            str(n), corpus, "train", "beats", (0,), ((0, 4, 4),), ((0, 500_000),), True, count=notes
        )
        for n in range(count)
    ]  # fmt: skip


def test_corpora_get_their_share_of_the_notes() -> None:
    """Long and short pieces, few and many: it is notes that are shared."""
    corpora = {"long": fake("long", 1000, 5), "short": fake("short", 50, 200)}
    dealer = Dealer(corpora, {"long": 0.25, "short": 0.75}, seed=3)
    dealt: Counter[str] = Counter()
    for _ in range(8000):
        _, record = dealer.next()
        dealt[record.corpus] += record.count
    assert dealt["long"] / dealt.total() == pytest.approx(0.25, abs=0.03)


def test_a_share_of_an_unknown_corpus_is_refused(tiny: Dataset) -> None:
    with pytest.raises(SettingError, match=r"there is no corpus 'jazz'.*tiny"):
        streams(tiny, shares={"jazz": 0.5})


def test_nothing_to_train_on_is_refused(tiny: Dataset) -> None:
    only = tuple(record for record in tiny.records if record.split == "valid")
    with pytest.raises(SettingError, match="no pieces to train on"):
        streams(Dataset(only, tiny.table))


@pytest.mark.parametrize("after", [0, 1, 13])
def test_a_restored_position_goes_on_the_same(tiny: Dataset, after: int) -> None:
    one = streams(tiny)
    for _ in range(after):
        one.next()
    state = json.loads(json.dumps(one.state()))
    other = streams(tiny)
    other.restore(state)
    for _ in range(20):
        a, b = one.next(), other.next()
        assert np.array_equal(a.features, b.features)
        assert np.array_equal(a.weights, b.weights)
        assert np.array_equal(a.keep, b.keep)


def test_another_seed_is_another_order(tiny: Dataset) -> None:
    one, other = streams(tiny, seed=1).next(), streams(tiny, seed=2).next()
    assert not np.array_equal(one.features, other.features)


def test_padding_is_no_target(tiny: Dataset) -> None:
    source = streams(tiny, batch_size=1, steps=500)
    batch = source.next()
    end = int(np.flatnonzero(batch.features[0, :, SHIFT] == END)[0])
    assert (batch.features[0, end + 1 :, SHIFT] == NO_SHIFT).all()
    assert not batch.weights[0, end:].any()
    assert batch.notes == int(batch.weights[0, :end, SHIFT].sum())
