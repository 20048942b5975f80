"""The shorthand the seeds are written in, and how it becomes performed notes.

A *voice* is a string of tokens separated by spaces, one metre-checked line of music::

    c4/q e4+g4 -/e. a4/s | bb3/h~ | bb3/q (g4 a4) b4/q

    c4      a pitch: letter, accidentals (# or b), octave; c4 is middle C (MIDI 60)
    e4+g4   a chord
    -       a rest
    /q      a length, kept until the next one: w h q e s t (whole .. thirty-second),
            with dots (/e.) or a triplet mark (/e3 = two thirds of /e)
    ~       tied to the same pitches in the next token
    '       staccato: sounds for half its length
    >       accented
    ^g4     a grace note: 1/8 of a beat, taken from the end of what came before
    |       a bar line; a voice that is not at one raises, so slips are found at once

Conventions:
    A beat is a quarter note. Positions and lengths are exact fractions of a beat until
    `perform` turns them into ticks.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

LENGTHS = {letter: Fraction(4, 2**power) for power, letter in enumerate("whqest")}
STEPS = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11}
GRACE = Fraction(1, 8)

_TOKEN = re.compile(r"(?P<grace>\^?)(?P<pitches>[^/~'>]+)(/(?P<length>\w\.*3?))?(?P<marks>[~'>]*)")
_PITCH = re.compile(r"([a-g])(#*|b*)(-?\d)")


@dataclass(frozen=True, slots=True)
class Sound:
    """One written note.

    Attributes:
        start: In beats from the beginning of the piece.
        length: In beats, ties added up.
        pitch: MIDI note number.
        staccato: Sounds for half its length.
        accent: Played louder than its neighbours.
    """

    start: Fraction
    length: Fraction
    pitch: int
    staccato: bool = False
    accent: bool = False


def pitch_number(name: str) -> int:
    """MIDI note number of a pitch name: "c4" is 60, "f#3" 54.

    Raises:
        ValueError: The name is not a pitch.
    """
    match = _PITCH.fullmatch(name)
    if match is None:
        raise ValueError(f"{name!r} is not a pitch")
    letter, accidentals, octave = match.groups()
    alter = accidentals.count("#") - accidentals.count("b")
    return 12 * (int(octave) + 1) + STEPS[letter] + alter


def length_beats(mark: str) -> Fraction:
    """Length in beats of a mark without its slash: "q." is 3/2, "e3" is 1/3."""
    length = LENGTHS[mark[0]] * (2 - Fraction(1, 2 ** mark.count(".")))
    return length * Fraction(2, 3) if mark.endswith("3") else length


def cut(sound: Sound, at: Fraction) -> Sound:
    """The note, ended at `at` (in beats) if it would sound on."""
    return sound if sound.start + sound.length <= at else replace(sound, length=at - sound.start)


def read_voice(text: str, bar_lines: Sequence[Fraction], start: Fraction) -> list[Sound]:
    """The notes of one voice.

    Args:
        text: Tokens as the module describes them.
        bar_lines: Every bar line of the piece, in beats.
        start: Where the voice begins, in beats.

    Raises:
        ValueError: A token cannot be read, a `|` stands where no bar line is, a tie leads
            nowhere, or the voice does not end on the last bar line; the message quotes
            the place.
    """
    sounds: list[Sound] = []
    graces: list[int] = []
    open_ties: dict[int, int] = {}
    now, length = start, LENGTHS["q"]
    for token in text.split():
        if token == "|":
            if now not in bar_lines:
                raise ValueError(f"bar line at beat {now} of {text.strip()[:40]!r}")
            continue
        match = _TOKEN.fullmatch(token)
        if match is None:
            raise ValueError(f"{token!r} at beat {now} cannot be read")
        pitches = [] if match["pitches"] == "-" else match["pitches"].split("+")
        numbers = [pitch_number(name) for name in pitches]
        if match["grace"]:
            graces.extend(numbers)
            continue
        if match["length"]:
            length = length_beats(match["length"])
        if graces:
            first = now - GRACE * len(graces)
            sounds = [cut(sound, first) for sound in sounds]
            for index, pitch in enumerate(graces):
                sounds.append(Sound(first + GRACE * index, GRACE, pitch))
            graces.clear()
        marks = match["marks"]
        still_open: dict[int, int] = {}
        for pitch in numbers:
            if pitch in open_ties:
                index = open_ties.pop(pitch)
                sounds[index] = replace(sounds[index], length=sounds[index].length + length)
            else:
                index = len(sounds)
                sounds.append(Sound(now, length, pitch, "'" in marks, ">" in marks))
            if "~" in marks:
                still_open[pitch] = index
        if open_ties:
            raise ValueError(f"a tie before {token!r} at beat {now} leads nowhere")
        open_ties = still_open
        now += length
    if now != bar_lines[-1]:
        raise ValueError(f"{text.strip()[-40:]!r} ends at beat {now}, not {bar_lines[-1]}")
    if open_ties or graces:
        raise ValueError(f"{text.strip()[-40:]!r} ends in a tie or a grace note")
    return sounds
