"""Bars to train a planner on: from datasets and from charts, heard in part, as when it plays."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from composer_training.data.charts import read_chart
from composer_training.planner import corpus
from composer_training.planner.batches import batch_of, draw, seed_and_rest
from composer_training.planner.charts import bars_of_chart
from planned_songs import song

from composer.errors import ModelError
from composer.music.chords import CHORDS, chord_name, parse_chord
from composer.music.plan import EXACT, LOOSE, NONE

VERSE = [NONE, NONE, NONE, NONE, 0, 1, 2, NONE]
CHART = """# title: A song
# metre: 4/4
# tonic: C

0.0\tsilence
0.5\tA, verse, | C:maj | A:min | F:maj G:7 | C:maj |
8.5\tB, chorus, | F:maj | F:maj |
12.5\tA, verse, | C:maj | A:min | D:min G:7 | C:maj |
20.5\tend
"""


def chart_bars(tmp_path: Path, text: str = CHART):  # type: ignore[no-untyped-def]
    path = tmp_path / "song.txt"
    path.write_text(text, encoding="utf-8")
    return bars_of_chart(read_chart(path))


def test_a_section_of_a_chart_takes_up_the_last_one_of_its_letter(tmp_path: Path) -> None:
    bars = chart_bars(tmp_path)
    assert bars.references.tolist() == [NONE] * 6 + [0, 1, 2, 3]
    assert bars.nearness.tolist() == [0] * 6 + [EXACT, EXACT, LOOSE, EXACT]
    assert bars.phrase.tolist() == [4, 3, 2, 1, 2, 1, 4, 3, 2, 1]
    assert bars.ending.tolist() == [9, 9, 8, 7, 6, 5, 4, 3, 2, 1]
    names = [[chord_name(code) for code in pair] for pair in bars.chords[:3].tolist()]
    assert names == [["C", "C"], ["Am", "Am"], ["F", "G7"]]


def test_bars_of_another_length_take_up_nothing(tmp_path: Path) -> None:
    text = CHART.replace("| D:min G:7 |", "| (2/4) G:7 |")
    assert chart_bars(tmp_path, text).references.tolist()[6:] == [0, 1, NONE, 3]


def test_bars_are_kept_in_a_file(tmp_path: Path) -> None:
    first, second = song("C Am F G C Am F C", references=VERSE), song("G D Em C")
    first.content[:] = np.arange(9) / 8
    made = corpus.corpus_of([("pop", "train", first), ("lieder", "valid", second)])
    corpus.save(made, tmp_path / "bars.npz")
    found = corpus.load(tmp_path / "bars.npz")
    assert found.pieces("train") == [0] and found.names.tolist() == ["pop", "lieder"]
    for piece, bars in ((0, first), (1, second)):
        again = found.bars(piece)
        assert np.array_equal(again.references, bars.references)
        assert np.array_equal(again.chords, bars.chords)
        assert np.allclose(again.content, bars.content)
    both = corpus.joined(found, made)
    assert np.array_equal(both.bars(2).chords, first.chords) and len(both.names) == 4
    with pytest.raises(ModelError, match=r"none\.npz is missing; delete it"):
        corpus.load(tmp_path / "none.npz")


def test_a_phrase_that_the_seed_breaks_off_ends_there_for_the_planner() -> None:
    bars = seed_and_rest(song("C Am F G C Am F C"), 6, closes=False)
    assert bars.phrase.tolist() == [4, 3, 2, 1, 2, 1, 2, 1]
    assert bars.ending.tolist() == [0] * 8


def test_only_what_is_to_come_is_told_of_the_end() -> None:
    piece = song("C Am F G")
    piece.ending[:] = [4, 3, 2, 1]
    assert seed_and_rest(piece, 2, closes=True).ending.tolist() == [0, 0, 2, 1]
    assert seed_and_rest(piece, 2, closes=False).ending.tolist() == [0, 0, 0, 0]


def test_a_batch_says_what_is_to_be_planned() -> None:
    """In E: chords are told from there; the fifth bar takes up the first."""
    bars = seed_and_rest(song("E C#m A B E C#m A E", references=VERSE), 4, closes=False)
    batch = batch_of([bars], length=10)
    assert batch.reference[0].tolist() == [10, 10, 10, 10, 0, 1, 2, 10, 10, 10]
    assert batch.chords[0, :4, 0].tolist() == [parse_chord(one) for one in ["C", "Am", "F", "G"]]
    assert batch.advice[0, 4].tolist() == [parse_chord("C")] * 2
    assert batch.advice[0, 7].tolist() == [CHORDS] * 2
    assert batch.here[0].tolist() == [0.5] * 4 + [1.0] * 4 + [0.0] * 2
    assert np.array_equal(batch.chosen[0, 4], batch.pairs[0, 4, 0])


def test_what_is_planned_is_always_allowed() -> None:
    """No bar of a row costs endlessly much: its phrase and its reference may follow."""
    rng = np.random.default_rng(0)
    piece = song(" ".join(["C Am F G"] * 10), references=[NONE] * 4 + list(range(36)))
    piece.ending[:] = np.minimum(40 - np.arange(40), 9)
    rows = [draw(piece, 48, rng) for _ in range(40)]
    batch = batch_of(rows, length=48)
    for row, bars in enumerate(rows):
        assert 0 < bars.heard < len(bars) <= 48
        for bar in range(len(bars)):
            assert batch.phrase_mask[row, bar, batch.phrase[row, bar]] == 0
            reference = batch.reference[row, bar]
            assert reference == 48 or batch.allowed[row, bar, reference]
