"""Logged jams give a piece for each marked reply, and only what was said of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from composer_training.data.dataset import Dataset, to_events
from composer_training.data.jams import CONTEXT, LONGEST, find_jams, read_jam, records_of
from composer_training.data.streams import Steps, learnt_notes
from marked_jams import BEAT, begun, phrase, reply, write_jam
from tiny_midi import write_midi

from composer.encoding.events import PITCH
from composer.errors import SeedError
from composer.formats import midi
from composer.live.core.session_log import DISLIKE, LIKE, UNHEARD, SessionLog


def saved(log: SessionLog, path: Path) -> Path:
    file = log.file()
    assert file is not None
    midi.save(file, path, force=True)
    return path


def pitches(jam_path: Path) -> list[tuple[bool, list[int], list[int]]]:
    """Of each marked reply: whether it was liked, the pitches before it, and its own."""
    found = []
    for one in read_jam(jam_path).replies:
        notes = [note.pitch for _, note in one.piece.notes()]
        found.append((one.liked, notes[: one.given], notes[one.given :]))
    return found


def test_a_reply_stands_behind_what_was_heard_before_it(tmp_path: Path) -> None:
    log = begun()
    phrase(log, 0, [60, 62, 64])
    reply(log, 1, 4, [72, 74])
    phrase(log, 8, [65, 67])
    reply(log, 2, 12, [77])
    phrase(log, 13, [50])  # behind the second one
    log.mark(12.0, LIKE, 2)
    log.mark(12.5, DISLIKE, 1)
    assert pitches(saved(log, tmp_path / "jam.mid")) == [
        (False, [60, 62, 64], [72, 74]),
        (True, [60, 62, 64, 72, 74, 65, 67], [77]),
    ]


def test_the_last_mark_counts_and_what_was_not_marked_is_nothing(tmp_path: Path) -> None:
    log = begun()
    phrase(log, 0, [60, 62])
    reply(log, 1, 4, [72])
    log.mark(3.0, LIKE, 1)
    log.mark(3.5, DISLIKE, 1)
    reply(log, 2, 8, [74])
    assert pitches(saved(log, tmp_path / "jam.mid")) == [(False, [60, 62], [72])]


def test_what_was_broken_off_is_not_heard_by_what_comes_after(tmp_path: Path) -> None:
    log = begun()
    phrase(log, 0, [60, 62])
    reply(log, 1, 4, [72, 73])
    log.mark(4 * BEAT + 0.6, DISLIKE, 1)
    log.mark(6 * BEAT - 0.2, UNHEARD, 1)
    reply(log, 2, 6, [79, 81])
    log.mark(5.0, LIKE, 2)
    assert pitches(saved(log, tmp_path / "jam.mid")) == [
        (False, [60, 62], [72, 73]),
        (True, [60, 62], [79, 81]),
    ]


def test_a_mark_of_another_file_is_counted_and_nothing_else(tmp_path: Path) -> None:
    log = begun()
    phrase(log, 0, [60])
    reply(log, 5, 4, [72])
    log.mark(3.0, LIKE, 4)
    jam = read_jam(saved(log, tmp_path / "jam.mid"))
    assert jam.replies == () and jam.lost == 1


def test_composer_plays_the_players_part_whatever_its_channel(tmp_path: Path) -> None:
    log = begun()
    log.programs[0] = 19
    phrase(log, 0, [60, 62])
    reply(log, 1, 4, [72], channel=3)
    log.mark(3.0, LIKE, 1)
    (one,) = read_jam(saved(log, tmp_path / "jam.mid")).replies
    assert [(part.program, len(part.notes)) for part in one.piece.parts] == [(19, 3)]


def test_a_long_accompaniment_counts_by_its_end(tmp_path: Path) -> None:
    log = begun()
    phrase(log, 0, [60, 62])
    count = LONGEST + CONTEXT + 10
    reply(log, 1, 4, [40 + at % 40 for at in range(count)])
    log.mark((count + 6) * BEAT, LIKE, 1)
    (one,) = read_jam(saved(log, tmp_path / "jam.mid")).replies
    assert (one.given, one.piece.note_count) == (CONTEXT, CONTEXT + LONGEST)


def test_replies_fall_on_three_sides_of_the_split_each_kind_for_itself(tmp_path: Path) -> None:
    for seed in range(4):
        write_jam(tmp_path / f"jam{seed}.mid", seed)
    records = [record for record, _ in records_of(find_jams([tmp_path]).jams)]
    count = {}
    for record in records:
        key = (record.corpus, record.split)
        count[key] = count.get(key, 0) + 1
    assert count == {
        ("liked", "train"): 8, ("liked", "valid"): 2, ("liked", "test"): 2,
        ("disliked", "train"): 8, ("disliked", "valid"): 2, ("disliked", "test"): 2,
    }  # fmt: skip
    assert len({record.name for record in records}) == 24


def test_only_the_reply_is_learnt(tmp_path: Path) -> None:
    write_jam(tmp_path / "jam.mid", 1, replies=2)
    made = list(records_of(find_jams([tmp_path]).jams))
    for record, notes in made:
        data = Dataset((record,), notes)
        events = to_events(record, data.notes(record))
        steps = Steps.of(events, dynamics=True)
        learnt_notes(steps, record, notes)
        learnt = steps.table[steps.weights[:, PITCH] != 0]
        own = 7
        assert len(learnt) == own and np.all(learnt[:, PITCH] == events.rows[-own:, PITCH])
        weight = 1.0 if record.corpus == "liked" else -0.5
        assert set(np.unique(steps.weights).tolist()) == {0.0, weight}


def test_files_that_are_no_jams_are_told_and_left_out_of_a_folder(tmp_path: Path) -> None:
    write_jam(tmp_path / "good.mid", 1)
    whole = (tmp_path / "good.mid").read_bytes()
    (tmp_path / "half.mid").write_bytes(whole[:20])
    write_midi(tmp_path / "other.mid", 1)
    found = find_jams([tmp_path])
    assert [jam.name for jam in found.jams] == ["good.mid"]
    assert [line.partition(" ")[0].rpartition("/")[2] for line in found.damaged] == [
        "half.mid",
        "other.mid",
    ]
    assert "no jam that composer logged: it has no track 'composer'" in found.damaged[1]
    for name in ("half.mid", "other.mid"):
        with pytest.raises(SeedError, match=name):
            find_jams([tmp_path / name])


def test_nothing_is_there(tmp_path: Path) -> None:
    with pytest.raises(SeedError, match="no MIDI file lies under"):
        find_jams([tmp_path])
    with pytest.raises(SeedError, match="does not exist"):
        find_jams([tmp_path / "jams"])
