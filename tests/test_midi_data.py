"""The seeds: that the script still writes them, and that each is what its README says."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path

import mido
import pytest
from example_seeds import make_seeds
from example_seeds.notation import Sound, length_beats, pitch_number, read_voice

FOLDER = Path(__file__).parents[1] / "midi_data"
MIDI_SEEDS = sorted(path.name for path in FOLDER.glob("*.mid"))
SCORE_SEEDS = sorted(path.name for kind in ("musicxml", "abc") for path in FOLDER.glob(f"*.{kind}"))
BARS = [Fraction(4 * bar) for bar in range(3)]

Played = tuple[int, int, int, int, int]
"""(channel, start tick, end tick, key, velocity)"""


def load(name: str) -> mido.MidiFile:
    return mido.MidiFile(FOLDER / name)


def notes(track: mido.MidiTrack) -> list[Played]:
    """A track's notes; fails if one is struck while it sounds, or never ends."""
    now = 0
    sounding: dict[tuple[int, int], tuple[int, int]] = {}
    played = []
    for message in track:
        now += message.time
        if message.type not in ("note_on", "note_off"):
            continue
        key = (message.channel, message.note)
        if message.type == "note_on" and message.velocity:
            assert key not in sounding, f"{key} is struck at {now} while it sounds"
            sounding[key] = (now, message.velocity)
        else:
            start, velocity = sounding.pop(key)
            played.append((message.channel, start, now, message.note, velocity))
    assert not sounding
    return played


def meta(file: mido.MidiFile, kind: str) -> list[tuple[int, mido.MetaMessage]]:
    """(tick, message) of one kind of meta event on the first track."""
    now, found = 0, []
    for message in file.tracks[0]:
        now += message.time
        if message.type == kind:
            found.append((now, message))
    return found


def onsets(file: mido.MidiFile) -> list[int]:
    return sorted(start for track in file.tracks for _, start, *_ in notes(track))


# The script and the list --------------------------------------------------------------


def test_script_writes_the_same_bytes(tmp_path: Path) -> None:
    assert make_seeds.main([str(tmp_path)]) == 0
    written = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert sorted(written) == sorted(MIDI_SEEDS + SCORE_SEEDS)
    for name, content in written.items():
        assert content == (FOLDER / name).read_bytes(), f"{name}: run make_seeds again"


def test_readme_lists_every_seed_and_no_other() -> None:
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| `([^`]+)`", text, flags=re.MULTILINE)
    assert sorted(listed) == sorted(MIDI_SEEDS + SCORE_SEEDS)
    assert len(listed) >= 14


def test_seeds_are_small() -> None:
    sizes = [(FOLDER / name).stat().st_size for name in MIDI_SEEDS + SCORE_SEEDS]
    assert sum(sizes) < 100_000


# What every seed has ------------------------------------------------------------------


@pytest.mark.parametrize("name", MIDI_SEEDS)
def test_seed_is_a_proper_file(name: str) -> None:
    file = load(name)
    assert file.type == 1
    assert 10 < file.length < 35
    for kind in ("track_name", "key_signature", "time_signature", "set_tempo"):
        assert meta(file, kind)[0][0] == 0, f"{kind} stands at the beginning"
    for track in file.tracks[1:]:
        kinds = [message.type for message in track]
        assert track.name
        assert kinds.index("program_change") < kinds.index("note_on")
        played = notes(track)
        assert len(played) >= 8
        assert len({velocity for *_, velocity in played}) > 4, "dynamics are not flat"
        assert all(21 <= key <= 108 for *_, key, _ in played)


@pytest.mark.parametrize("name", SCORE_SEEDS)
def test_score_seed_is_read_by_music21(name: str) -> None:
    converter = pytest.importorskip("music21.converter")
    score = converter.parse(FOLDER / name)
    assert len(score.flatten().notes) > 40
    assert score.analyze("key").name == {"ode.musicxml": "D major", "jig.abc": "G major"}[name]


# What single seeds are for ------------------------------------------------------------


def test_waltz_begins_on_the_third_beat_and_ends_on_a_bar_line() -> None:
    file = load("waltz.mid")
    assert onsets(file)[0] == 2 * 480
    assert sum(message.time for message in file.tracks[1]) == 17 * 3 * 480
    first = [(key, start) for _, start, _, key, _ in sorted(notes(file.tracks[1]))[:5]]
    # E4 | A4 B4 C5 C5
    assert first == [(64, 960), (69, 1440), (71, 1680), (72, 1920), (72, 2400)]


def test_fur_elise_has_a_short_first_bar() -> None:
    metres = meta(load("fur_elise.mid"), "time_signature")
    assert [(tick, m.numerator, m.denominator) for tick, m in metres] == [(0, 1, 8), (240, 3, 8)]


def test_minuet_is_off_the_grid_by_the_same_amount_throughout() -> None:
    assert {start % 240 for start in onsets(load("minuet.mid"))} == {37}


def test_folk_tune_starts_with_its_upbeat_at_tick_0() -> None:
    tune = [start for _, start, *_ in notes(load("folk.mid").tracks[1])]
    assert sorted(tune)[:2] == [0, 240]


def test_promenade_changes_metre_and_tempo() -> None:
    file = load("promenade.mid")
    assert [m.numerator for _, m in meta(file, "time_signature")] == [5, 6] * 4
    assert len(meta(file, "set_tempo")) > 4


def test_prelude_is_free_and_pedalled() -> None:
    file = load("prelude.mid")
    on_grid = [start % 120 in (0, 1, 119) for start in onsets(file)]
    assert sum(on_grid) < len(on_grid) / 8
    assert [m.tempo for _, m in meta(file, "set_tempo")] == [500_000]
    pedal = [m.value for m in file.tracks[1] if m.is_cc(64)]
    assert pedal == [70, 127, 50, 0] * 4


def test_drums_swing_and_have_ghost_notes() -> None:
    played = notes(load("drums.mid").tracks[1])
    assert {channel for channel, *_ in played} == {9}
    ghosts = [velocity for *_, key, velocity in played if key == 38 and velocity < 45]
    assert len(ghosts) > 10
    offbeats = [start % 240 for _, start, _, key, _ in played if 100 < start % 240 < 180]
    assert 132 < sum(offbeats) / len(offbeats) < 146, "the second sixteenth comes late"


def test_band_keeps_drums_apart() -> None:
    file = load("band.mid")
    channels = [{channel for channel, *_ in notes(track)} for track in file.tracks[1:]]
    assert channels == [{0}, {1}, {2}, {9}]


# The shorthand ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "number"), [("c4", 60), ("a4", 69), ("f#3", 54), ("bb3", 58), ("cb4", 59), ("c-1", 0)]
)
def test_pitch_number(name: str, number: int) -> None:
    assert pitch_number(name) == number


@pytest.mark.parametrize(
    ("mark", "beats"),
    [("w", 4), ("q", 1), ("q.", Fraction(3, 2)), ("e..", Fraction(7, 8)), ("e3", Fraction(1, 3))],
)
def test_length_beats(mark: str, beats: Fraction) -> None:
    assert length_beats(mark) == beats


def test_chord_tie_staccato_and_accent() -> None:
    assert read_voice("c4+e4/h g4/q' b4> | c5/h.~ c5/q |", BARS, Fraction(0)) == [
        Sound(Fraction(0), Fraction(2), 60),
        Sound(Fraction(0), Fraction(2), 64),
        Sound(Fraction(2), Fraction(1), 67, staccato=True),
        Sound(Fraction(3), Fraction(1), 71, accent=True),
        Sound(Fraction(4), Fraction(4), 72),
    ]


def test_grace_note_takes_its_time_from_what_comes_before() -> None:
    assert read_voice("c4/w | ^f4 ^e4 d4/w |", BARS, Fraction(0)) == [
        Sound(Fraction(0), Fraction(15, 4), 60),
        Sound(Fraction(15, 4), Fraction(1, 8), 65),
        Sound(Fraction(31, 8), Fraction(1, 8), 64),
        Sound(Fraction(4), Fraction(4), 62),
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("c4/h | c4/w |", "bar line at beat 2"),
        ("c4/w | c4/h", "ends at beat 6"),
        ("c4/w~ | d4/w |", "leads nowhere"),
        ("c4/w | c4/w~ |", "ends in a tie"),
        ("h4/w | c4/w |", "is not a pitch"),
        ("c4/w | c4//w |", "cannot be read"),
    ],
)
def test_slips_are_found(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        read_voice(text, BARS, Fraction(0))
