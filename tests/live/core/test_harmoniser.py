"""Voices under each note of the player's."""

from __future__ import annotations

from live.jam import Jam, check_paired
from live.scripted import Echo

SCALE = [(0.5 * at, 0.5 * at + 0.4, pitch) for at, pitch in enumerate((60, 62, 64, 65, 67, 69, 71))]


def jam_with(voices: int) -> Jam:
    """A session that answers nothing but with voices, and has heard C major."""
    jam = Jam(Echo(), mode="off", harmonise=0)
    jam.play(SCALE)
    jam.at(4.0, lambda s, t: s.set(t, "harmonise", voices))
    return jam


def test_a_note_has_thirds_sixths_and_octaves_of_the_key_at_once_and_as_long_as_it_sounds() -> None:
    for voices, under in ((1, [69]), (2, [69, 64]), (3, [69, 64, 60])):
        jam = jam_with(voices)
        jam.play([(5.0, 5.7, 72)])
        jam.until(9.0)
        assert jam.plays == [(5.0, p, 68) for p in under] + [(5.7, p, 0) for p in under]


def test_over_a_chord_that_is_held_the_voices_are_its_tones() -> None:
    jam = jam_with(2)
    for pitch in (43, 47, 50):  # G major
        jam.at(5.0, lambda s, t, pitch=pitch: s.note_on(t, pitch, 80, 0))
    jam.at(6.0, lambda s, t: s.note_on(t, 74, 80, 0))
    assert [p for t, p, v in jam.plays if v and t == 6.0] == [71, 67]
    jam.at(6.5, lambda s, t: s.note_on(t, 69, 80, 0))  # under the melody: no voice
    assert not [p for t, p, v in jam.plays if v and t == 6.5]
    jam.at(8.0, lambda s, t: s.panic(t))
    check_paired([(p, v, 0) for _, p, v in jam.plays])


def test_no_voice_takes_a_key_that_the_player_holds() -> None:
    jam = jam_with(1)
    jam.at(5.0, lambda s, t: s.note_on(t, 69, 80, 0))
    jam.at(5.5, lambda s, t: s.note_on(t, 72, 80, 0))
    assert [p for t, p, v in jam.plays if v and t == 5.5] == [64]


def test_zero_is_none() -> None:
    jam = jam_with(0)
    jam.play([(5.0, 5.7, 72)])
    assert jam.plays == []
