"""Players: what each member of a band plays over the chords of a passage.

Conventions:
    Times are 1/480 beats from the first bar line of the song. A row is (onset, pitch, length,
    velocity).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from composer_training.data.charts import Section
from composer_training.data.chords import Chord
from composer_training.data.dataset import FINE_PER_BEAT
from composer_training.data.patterns import hits, scaled

STEP = FINE_PER_BEAT // 4
LOUD = {"X": 104, "x": 88, "o": 62}
LONG = 16 * FINE_PER_BEAT
"""How long a chord is held before it is taken again."""
LOWEST_BASS = 28
LOWEST_GUITAR = 40
MINOR = (0, 3, 5, 7, 10, 12, 15, 17)
MAJOR = (0, 2, 4, 7, 9, 12, 14, 16)
"""Pentatonic steps above the root."""

Row = tuple[int, int, int, int]


@dataclass(frozen=True)
class Passage:
    """A section in its place.

    Attributes:
        section: Its bars.
        start: Where it begins.
        swung: Whether eighths are long and short.
        follows: The chord behind it, or None.
        tonic: Pitch class of the song's key.
        minor: Whether the key is a minor one.
    """

    section: Section
    start: int
    swung: bool
    follows: Chord | None
    tonic: int
    minor: bool

    @cached_property
    def bars(self) -> tuple[tuple[int, int], ...]:
        """(start, beats) of each bar."""
        made, at = [], self.start
        for bar in self.section.bars:
            made.append((at, bar.beats))
            at += bar.beats * FINE_PER_BEAT
        return tuple(made)

    @property
    def end(self) -> int:
        """Where it ends."""
        start, beats = self.bars[-1]
        return start + beats * FINE_PER_BEAT

    @cached_property
    def chords(self) -> tuple[tuple[int, int, Chord | None], ...]:
        """(start, end, chord), each chord as long as it stays."""
        changes: list[tuple[int, Chord | None]] = []
        for (start, _), bar in zip(self.bars, self.section.bars, strict=True):
            for beat, chord in bar.chords:
                if not changes or changes[-1][1] != chord:
                    changes.append((start + round(beat * FINE_PER_BEAT), chord))
        ends = [at for at, _ in changes[1:]] + [self.end]
        return tuple((at, end, chord) for (at, chord), end in zip(changes, ends, strict=True))

    @cached_property
    def _changes(self) -> list[int]:
        return [start for start, _, _ in self.chords]

    def chord_at(self, tick: int) -> Chord | None:
        """What sounds at a tick; what follows the passage from its end on."""
        if tick >= self.end:
            return self.follows
        return self.chords[max(bisect_right(self._changes, tick) - 1, 0)][2]

    def next_chord(self, tick: int) -> Chord | None:
        """What sounds after the chord at a tick."""
        index = bisect_right(self._changes, tick)
        return self.chords[index][2] if index < len(self.chords) else self.follows

    def moment(self, bar: int, step: float) -> int:
        """Tick of a sixteenth of a bar: in swing the second eighth of a beat comes late."""
        beat, inside = divmod(step, 4)
        if self.swung:
            inside = inside * 4 / 3 if inside <= 2 else 8 / 3 + (inside - 2) * 2 / 3
        return bar + round((beat * 4 + inside) * STEP)


def _near(tone: int, around: float) -> int:
    """The pitch of a pitch class nearest to another pitch."""
    return int(tone + 12 * round((around - tone) / 12))


def voicing(chord: Chord, around: float, size: int) -> list[int]:
    """Tones of a chord about a pitch, close together, ascending, the leading ones first kept."""
    if len(chord.tones) > size:  # the fifth is what is missed least
        tones = [t for t in chord.tones if (t - chord.root) % 12 != chord.fifth % 12][:size]
    else:
        tones = list(chord.tones)
    pitches = sorted({_near(tone, around) for tone in tones})
    while 1 < len(pitches) < size:
        pitches.append(pitches[len(pitches) - len(tones)] + 12)
    return pitches


def strummed(chord: Chord, power: bool, strings: int) -> list[int]:
    """A guitar's grip: root, fifth, octave; or the whole chord; on so many strings."""
    root = LOWEST_GUITAR + (chord.bass if not power else chord.root) - LOWEST_GUITAR % 12
    root += 12 * (root < LOWEST_GUITAR)
    if power:
        return [root, root + chord.fifth, root + 12][:strings]
    tones, pitches = chord.tones, [root]
    while len(pitches) < strings and len(tones) > 1:
        above = min(((tone - pitches[-1] - 3) % 12 + 3, tone) for tone in tones)
        pitches.append(pitches[-1] + above[0])
    return pitches


def bass(passage: Passage, patterns: Sequence[str], loud: int) -> list[Row]:
    """A bass line: roots where chords change, the pattern's degrees in between."""
    rows: list[Row] = []
    for number, (start, beats) in enumerate(passage.bars):
        played = hits(scaled(patterns[number % len(patterns)], beats))
        steps = {step for step, _, _ in played}
        for change in passage._changes:
            step = (change - start) // STEP
            if 0 <= step < 4 * beats and step not in steps and number:
                played.append((step, 2, "R"))
        for step, length, sign in sorted(played):
            at = passage.moment(start, step)
            chord = passage.chord_at(start + step * STEP)
            if chord is None:
                continue
            changes = start + step * STEP in passage._changes
            root = LOWEST_BASS + (chord.bass - LOWEST_BASS) % 12
            follows = passage.next_chord(start + step * STEP) or chord
            target = LOWEST_BASS + (follows.bass - LOWEST_BASS) % 12
            degrees = {
                "5": root + chord.fifth,
                "8": root + 12,
                "3": root + chord.third,
                "6": root + 9,
                "7": root + chord.seventh,
                "a": target + (1 if target < root else -1),
            }
            pitch = root if changes else degrees.get(sign, root)
            end = passage.moment(start, step + length)
            accent = 6 if step % 8 == 0 else 0
            rows.append((at, pitch, end - at, loud + accent))
    return cut(rows, passage.end)


def cut(rows: list[Row], end: int, together: bool = False) -> list[Row]:
    """No note longer than until the next onset of its line and the end of the passage."""
    rows = sorted(rows)
    onsets = sorted({row[0] for row in rows})
    made = []
    for onset, pitch, length, loud in rows:
        index = bisect_right(onsets, onset)
        stop = onsets[index] if index < len(onsets) and not together else end
        made.append((onset, pitch, max(min(length, stop - onset), STEP // 4), loud))
    return made


def comp(
    passage: Passage, patterns: Sequence[str], grip: str, around: float, loud: int
) -> list[Row]:
    """Chords in a rhythm.

    Args:
        passage: Where.
        patterns: Rhythms of bars, one after the other.
        grip: "power" or "strum" and a number of strings, or a number of notes for keys.
        around: Pitch about which keys lie.
        loud: Velocity of a plain stroke.
    """
    rows: list[Row] = []
    centre, power = around, grip.startswith("power")
    for number, (start, beats) in enumerate(passage.bars):
        for step, length, sign in hits(scaled(patterns[number % len(patterns)], beats)):
            # An eighth before a change the chord is anticipated, as players do.
            tick = start + step * STEP
            early = passage.chord_at(tick + 2 * STEP)
            chord = early if step % 4 == 2 and length > 2 else passage.chord_at(tick)
            if chord is None:
                continue
            if not grip[0].isdigit():
                pitches = strummed(chord, power, int(grip[-1]))
                if sign == "o" and power:
                    pitches = pitches[:1]
            else:
                pitches = voicing(chord, centre, int(grip))
                centre = 0.7 * float(np.mean(pitches)) + 0.3 * around
            at = passage.moment(start, step)
            end = passage.moment(start, step + length)
            short = 0.6 if sign == "o" else 1.0
            strength = loud + LOUD[sign] - LOUD["x"]
            rows += [(at, p, round((end - at) * short), strength) for p in pitches]
    return cut(rows, passage.end)


def pad(passage: Passage, around: float, size: int, loud: int) -> list[Row]:
    """Chords held as long as they stay, a common tone where there is one."""
    rows: list[Row] = []
    centre = around
    for start, end, chord in passage.chords:
        if chord is None:
            continue
        pitches = voicing(chord, centre, size)
        centre = 0.8 * float(np.mean(pitches)) + 0.2 * around
        for at in range(start, end, LONG):
            rows += [(at, pitch, min(LONG, end - at), loud) for pitch in pitches]
    return rows


def line(passage: Passage, around: float, octaves: bool, loud: int) -> list[Row]:
    """One high tone of each chord, each near the one before: violins over a chorus."""
    rows: list[Row] = []
    before = around
    for start, end, chord in passage.chords:
        if chord is None:
            continue
        before = min((_near(tone, 0.8 * before + 0.2 * around) for tone in chord.tones),
                     key=lambda pitch: abs(pitch - before))  # fmt: skip
        for at in range(start, end, LONG):
            rows.append((at, before, min(LONG, end - at), loud))
            if octaves:
                rows.append((at, before - 12, min(LONG, end - at), loud - 4))
    return rows


def figure(passage: Passage, patterns: Sequence[str], around: float, loud: int) -> list[Row]:
    """Broken chords."""
    rows: list[Row] = []
    for number, (start, beats) in enumerate(passage.bars):
        for step, length, sign in hits(scaled(patterns[number % len(patterns)], beats)):
            chord = passage.chord_at(start + step * STEP)
            if chord is None:
                continue
            tones = voicing(chord, around, 8)
            at = passage.moment(start, step)
            accent = 8 if step % 8 == 0 else 0
            pitch = tones[(int(sign) - 1) % len(tones)]
            rows.append((at, pitch, passage.moment(start, step + length) - at, loud + accent))
    return cut(rows, passage.end)


def riff(passage: Passage, pattern: str, lowest: int, power: bool, loud: int) -> list[Row]:
    """A figure of two bars, on each chord's root."""
    rows: list[Row] = []
    for number, (start, beats) in enumerate(passage.bars):
        own = pattern[:16] if number % 2 == 0 else pattern[16:]
        for step, length, sign in hits(scaled(own, beats)):
            chord = passage.chord_at(start + step * STEP)
            if chord is None:
                continue
            steps = MAJOR if chord.third == 4 and not power else MINOR
            pitch = lowest + (chord.root - lowest) % 12 + steps[int(sign)]
            at = passage.moment(start, step)
            end = passage.moment(start, step + length)
            strength = loud + (8 if step % 4 == 0 else 0)
            rows.append((at, pitch, end - at, strength))
            if power:
                rows.append((at, pitch + 7, end - at, strength))
    return cut(rows, passage.end)


def percussion(passage: Passage, key: int, pattern: str, loud: int) -> list[Row]:
    """One drum in a rhythm."""
    rows = []
    for start, beats in passage.bars:
        for step, _, sign in hits(scaled(pattern, beats)):
            at = passage.moment(start, step)
            rows.append((at, key, STEP // 2, loud + LOUD[sign] - LOUD["x"]))
    return rows
