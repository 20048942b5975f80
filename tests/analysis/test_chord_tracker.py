"""The chord of somebody who goes on playing, and the one that comes next."""

from __future__ import annotations

from composer.analysis.chord_tracker import ChordTracker
from composer.music.chords import NO_CHORD, chord_name

CHORDS = {"C": (48, 52, 55), "Am": (45, 48, 52), "F": (41, 45, 48), "G": (43, 47, 50)}
BAR = 96


def play(tracker: ChordTracker, names: list[str], half: int = 0) -> None:
    """Play chords of half a bar each, from a half bar on."""
    for number, name in enumerate(names, half):
        for pitch in CHORDS[name]:
            tracker.press(48 * number, pitch)
        for pitch in CHORDS[name]:
            tracker.release(48 * number + 46, pitch)


def test_before_anything_there_is_no_chord() -> None:
    assert ChordTracker(BAR).chord(0) == NO_CHORD
    assert ChordTracker(BAR).coming(96, 2) == (NO_CHORD, NO_CHORD)


def test_what_is_struck_now_counts_at_once() -> None:
    tracker = ChordTracker(BAR)
    play(tracker, ["C", "Am", "F"])
    for pitch in CHORDS["G"]:
        tracker.press(143, pitch)  # a little before the half bar, and held into it
    assert chord_name(tracker.chord(145)) == "G"


def test_what_came_next_the_last_time_is_expected_again() -> None:
    tracker = ChordTracker(BAR)
    turn = ["C", "Am", "F", "G", "F", "C", "G", "C"]
    play(tracker, turn * 2)
    play(tracker, ["C", "Am", "F"], 16)
    assert [chord_name(code) for code in tracker.coming(48 * 19, 4)] == ["G", "F", "C", "G"]


def test_without_that_a_chord_stays() -> None:
    tracker = ChordTracker(BAR)
    play(tracker, ["C"])
    assert chord_name(tracker.coming(48, 1)[0]) == "C"
    assert chord_name(tracker.chord(60)) == "C"
