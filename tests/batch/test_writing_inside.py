"""A batch that writes inside its seeds."""

from __future__ import annotations

from pathlib import Path

import mido
import pytest
from small_seeds import BEAT, duet, messages
from tiny_batch import SHORT, batch, contents, records

from composer.batch.seed_folder import SeedFolder
from composer.errors import SettingError
from composer.formats import midi
from composer.generation.settings import Settings
from composer.inside.writing import Writing


@pytest.fixture
def seeds(tmp_path: Path) -> Path:
    folder = tmp_path / "seeds"
    folder.mkdir()
    for name in ("a", "b", "c", "d", "e"):
        midi.save(duet(6).file, folder / f"{name}.mid")
    (folder / "settings.csv").write_text(
        "file,task,bars,add,strength,keep\n"
        "a.mid,fill,3-4,,,\n"
        'b.mid,arrange,,"alto,drums",,\n'
        "c.mid,vary,2-3,,1,rhythm\n"
        "d.mid,loop,2,,,\n"
    )
    return folder


def test_a_column_says_what_is_written_of_each(seeds: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    tally = batch(seeds, out, variations=2, settings=Settings(rng_seed=3)).run()
    assert (tally.made, tally.failed) == (10, 0)
    made = {row["output"]: row for row in records(out)}
    assert made["a-1.mid"]["writing"]["task"] == "fill" and "writing" not in made["e-1.mid"]
    assert made["a-1.mid"]["writing"]["bars"] == [3, 4]
    seed = mido.MidiFile(seeds / "a.mid")
    filled = mido.MidiFile(out / "a-1.mid")
    start, end = 8 * BEAT, 16 * BEAT
    for before, after in zip(messages(seed), messages(filled), strict=True):
        ons = [row for row in before if row[1].type == "note_on" and not start <= row[0] < end]
        assert ons == [
            row for row in after if row[1].type == "note_on" and not start <= row[0] < end
        ]
    assert len(midi.read(out / "b-1.mid").parts) == 4
    assert midi.read(out / "c-1.mid").note_count == 48
    assert midi.read(out / "d-1.mid").end <= 8 * 4 * BEAT
    again = contents(out)
    batch(seeds, out, variations=2, settings=Settings(rng_seed=3)).run()
    assert contents(out) == again


def test_bars_of_a_table_are_counted_as_the_task_counts_them(seeds: Path) -> None:
    (seeds / "settings.csv").write_text("file,bars\na.mid,3\nb.mid,2-4\n")
    a, b = list(SeedFolder(seeds).walk())[:2]
    filling = Writing("fill", (5, 6))
    assert a.writing(filling).bars == (3, 3) and b.writing(filling).bars == (2, 4)
    assert a.settings(Settings(), filling).bars is None
    assert a.settings(Settings(bars=8)).bars == 3 and a.writing(Writing()).bars is None
    with pytest.raises(SettingError, match="line 3: continue has a number of bars"):
        b.writing(Writing())
    (seeds / "settings.csv").unlink()
    (seeds / "settings.jsonl").write_text('{"file": "a.mid", "bars": 4.0}\n')
    assert next(SeedFolder(seeds).walk()).settings(Settings()).bars == 4


def test_what_cannot_be_written_is_one_line_of_its_seed(seeds: Path, tmp_path: Path) -> None:
    (seeds / "settings.csv").write_text("file,task,bars\na.mid,fill,9-12\nb.mid,fill,\nc.mid,,\n")
    tally = batch(seeds, tmp_path / "out", variations=1, settings=SHORT).run()
    assert (tally.made, tally.failed) == (3, 2)
    said = dict(tally.failures)
    assert "there is not all of bars 9-12" in said["a.mid"]
    assert "fill which bars" in said["b.mid"]


def test_a_run_may_write_the_same_of_every_seed(seeds: Path, tmp_path: Path) -> None:
    (seeds / "settings.csv").write_text("file,task\nb.mid,continue\n")
    every = Writing("fill", (1, 1))
    assert [seed.writing(every) for seed in SeedFolder(seeds).walk()] == [
        every, Writing(), every, every, every
    ]  # fmt: skip
    run = batch(seeds, tmp_path / "out", variations=1, best=1, settings=SHORT, writing=every).run()
    assert run.failed == 4 and "continuations only" in run.failures[0][1]
