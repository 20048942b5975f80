"""Performance: a score as a pianist plays it, in seconds, under the pedal, without a click.

What a player does is drawn for each piece anew, around figures that were measured on recordings
(docs/train.md has them, beside those of what is rendered here): a tempo that breathes with the
phrase, chords that are spread and led by the melody, two hands that are not together to the
millisecond, keys let go early or late, a pedal that is changed just after the harmony is,
and a melody over its accompaniment. No note of a recording is in here.

Conventions:
    A *chord* is what begins on one tick of the score. *Moments* are seconds from the first beat.
    Arrays of notes are in the order of the table.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from composer.encoding.events import seconds_of
from composer.music.beat_grid import FREE
from composer.music.timing import TempoMap
from composer_training.data.dataset import FINE_PER_BEAT, FINE_PER_SECOND, Notes, Record

PIANOS = range(8)
"""Programs of pianos and the keyboards that are played like them."""
ALONE = 0.85
"""Share of pieces that one pianist plays alone, whatever they were written for."""
DENSITY = 11.0
"""Notes a second towards which tempos are drawn: recordings have 11."""
STEPS = 4
"""Points of the tempo curve to the beat."""
SHORTEST = 0.02
"""Seconds that a key stays down at least."""

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Habits:
    """How one pianist plays one piece. Times are seconds, loudness is MIDI velocity.

    Attributes:
        rubato: How much slower a phrase ends than it goes, as a share.
        drift: Standard deviation of the tempo's wandering, as a share.
        phrase: Bars to the phrase.
        uneven: Standard deviation of a chord's onset.
        spread: Of each note's around its chord.
        lead: By which the melody is ahead of its chord.
        hands: Standard deviation of the left hand's distance from the right.
        rolled: Share of wide chords that are broken from the bass up.
        legato: Share of a written length for which keys stay down.
        smooth: The higher, the less of the piece is played staccato.
        pedal: Share of the piece that is played with the pedal.
        change: From one change of the pedal to the next, about.
        level: Velocity in the middle.
        arc: By which the middle of a phrase is louder than its ends.
        waves: Standard deviation of the loudness's wandering.
        top: By which the melody is louder than what goes with it.
        slope: Velocity gained for each semitone above what is around.
        touch: Standard deviation of each note's loudness.
    """

    rubato: float
    drift: float
    phrase: int
    uneven: float
    spread: float
    lead: float
    hands: float
    rolled: float
    legato: float
    smooth: float
    pedal: float
    change: float
    level: float
    arc: float
    waves: float
    top: float
    slope: float
    touch: float

    @classmethod
    def drawn(cls, rng: np.random.Generator) -> Habits:
        """Those of somebody."""
        return cls(
            rubato=rng.uniform(0.04, 0.3),
            drift=rng.uniform(0.03, 0.09),
            phrase=int(rng.choice((2, 4, 4, 8))),
            uneven=rng.uniform(0.004, 0.011),
            spread=rng.uniform(0.005, 0.012),
            lead=rng.normal(0.009, 0.008),
            hands=rng.uniform(0.004, 0.022),
            rolled=rng.uniform(0, 0.25) ** 1.5,
            legato=rng.uniform(0.5, 1.0),
            smooth=rng.uniform(0, 2),
            pedal=rng.uniform(0, 1),
            change=0.6 * 2 ** rng.normal(0, 0.7),
            level=rng.normal(63, 7),
            arc=rng.uniform(0, 16),
            waves=rng.uniform(7, 13),
            top=rng.normal(10, 4),
            slope=rng.uniform(0.15, 0.55),
            touch=rng.uniform(5.5, 9.5),
        )


def perform(record: Record, notes: Notes, rng: np.random.Generator) -> tuple[Record, Notes]:
    """A score played in free time.

    Args:
        record: Of a piece on a beat grid, without drums.
        notes: Its notes, int32 [notes, 5]; velocities count if the record has dynamics.
        rng: Source of all randomness.

    Returns:
        The record of a piece in free time, with dynamics, and its notes in milliseconds. A
        note struck again at once by another part is one note where one pianist plays both.
    """
    hand = notes[:, 1] > 0 if len(record.programs) == 2 else notes[:, 2] < 60
    record, notes, kept = _at_the_piano(record, notes, rng)
    left = hand[kept]
    habits = Habits.drawn(rng)
    score = _Score.of(record, notes)
    clock = _clock(record, score, habits, rng)
    starts = clock(score.onsets)
    starts += _asynchrony(score, starts, left, habits, rng)
    # No note comes before one that is written well before it.
    starts = np.maximum(starts, np.maximum.accumulate(starts) - 0.09)
    keys = np.maximum(clock(score.ends) - clock(score.onsets), SHORTEST)
    ends = starts + _key_lengths(score, keys, left, habits, rng)
    ends = _under_pedal(score, starts, ends, clock, habits, rng)
    ends = _struck_again(notes, starts, ends)
    played = notes.copy()
    played[:, 0] = np.round((starts - starts.min()) * FINE_PER_SECOND)
    played[:, 3] = np.round(np.maximum(ends - starts, SHORTEST) * FINE_PER_SECOND)
    played[:, 4] = _loudness(record, notes, score, habits, rng)
    played = played[np.lexsort((played[:, 2], played[:, 1], played[:, 0]))]
    record = replace(record, kind=FREE, metres=((0, 4, 4),), tempos=((0, 500_000),), dynamics=True)
    return record, played


def _at_the_piano(
    record: Record, notes: Notes, rng: np.random.Generator
) -> tuple[Record, Notes, Integers]:
    """All parts on one piano, or all pianos on one; and which notes are left, int64 [left]."""
    programs = np.array(record.programs)
    pianos = np.isin(programs, PIANOS)
    joined = np.ones(len(programs), dtype=bool) if rng.random() < ALONE else pianos
    if joined.sum() <= 1 and not joined.all():
        return record, notes, np.arange(len(notes))
    own = int(programs[pianos][0]) if pianos.any() else 0
    head = int(np.flatnonzero(joined)[0])
    stays = np.flatnonzero(~joined | (np.arange(len(programs)) == head))
    place = np.zeros(len(programs), dtype=np.int64)
    place[stays] = np.arange(len(stays))
    place[joined] = place[head]
    programs[head] = own
    moved = notes.copy()
    moved[:, 1] = place[notes[:, 1]]
    # The longest of notes struck twice, in the order of the table.
    order = np.lexsort((-moved[:, 3], moved[:, 2], moved[:, 1], moved[:, 0]))
    same = (moved[order[1:], :3] == moved[order[:-1], :3]).all(axis=1)
    kept = order[np.concatenate([[True], ~same])]
    return replace(record, programs=tuple(int(p) for p in programs[stays])), moved[kept], kept


@dataclass(frozen=True, slots=True)
class _Score:
    """What a player sees.

    Attributes:
        onsets: In beats, [notes].
        ends: In beats, [notes].
        chord: Number of the chord of each note, int64 [notes].
        size: Of each note's chord, int64 [notes].
        when: Onset of each chord, in beats.
        pitch: [notes].
        top: Whether a note is the highest of its chord and of its half beat, bool [notes].
        bass: Whether it is the lowest of its chord and of its beat, bool [notes].
        bar: Beats to the bar, of the first metre.
    """

    onsets: Floats
    ends: Floats
    chord: Integers
    size: Integers
    when: Floats
    pitch: Floats
    top: NDArray[np.bool_]
    bass: NDArray[np.bool_]
    bar: float

    @classmethod
    def of(cls, record: Record, notes: Notes) -> _Score:
        onsets = notes[:, 0] / FINE_PER_BEAT
        pitch = notes[:, 2].astype(np.float64)
        when, chord, count = np.unique(onsets, return_inverse=True, return_counts=True)
        _, numerator, denominator = record.metres[0]
        return cls(
            onsets=onsets,
            ends=onsets + notes[:, 3] / FINE_PER_BEAT,
            chord=chord,
            size=count[chord],
            when=when,
            pitch=pitch,
            top=_highest(chord, pitch) & (_highest(np.floor(onsets * 2), pitch)),
            bass=_highest(chord, -pitch) & (_highest(np.floor(onsets), -pitch)),
            bar=4 * numerator / denominator,
        )


def _highest(groups: NDArray[np.generic], values: Floats) -> NDArray[np.bool_]:
    """Whether each value is the largest of its group, bool [values]."""
    _, group = np.unique(groups, return_inverse=True)
    most = np.full(int(group.max()) + 1, -np.inf)
    np.maximum.at(most, group, values)
    return np.asarray(values >= most[group])


def _wander(count: int, memory: float, rng: np.random.Generator) -> Floats:
    """Noise of deviation 1 that forgets itself within about `memory` steps, [count]."""
    kernel = np.exp(-np.arange(int(5 * memory) + 1) / memory)
    noise = rng.normal(0, 1, count + len(kernel) - 1)
    return np.convolve(noise, kernel / np.sqrt((kernel**2).sum()), "valid")


@dataclass(frozen=True, slots=True)
class _Clock:
    """Beats to moments."""

    beats: Floats
    moments: Floats

    def __call__(self, beats: Floats) -> Floats:
        return np.interp(beats, self.beats, self.moments)


def _clock(record: Record, score: _Score, habits: Habits, rng: np.random.Generator) -> _Clock:
    """The tempo: the score's, made easier or brisker, with the player's rubato on top."""
    first = min(np.floor(score.onsets.min()), 0.0)
    count = int((score.ends.max() - first) * STEPS) + 2
    beats = first + np.arange(count) / STEPS
    tempos = TempoMap(record.tempos)
    seconds = seconds_of(tempos, np.maximum(beats, 0) * FINE_PER_BEAT, FINE_PER_BEAT)
    pace = np.maximum(np.diff(seconds, append=2 * seconds[-1] - seconds[-2]), 1e-3)
    # Of many scores the tempo is nobody's, and music to be performed has more notes.
    dense = len(score.onsets) / max(float(pace.sum()), 1.0)
    wanted = DENSITY * 2 ** rng.normal(0, 0.5)
    pace = pace * np.clip((dense / wanted) ** 0.85, 0.35, 1.6)
    bars = beats / score.bar
    inside = (bars + rng.integers(habits.phrase)) / habits.phrase % 1.0
    # Phrases begin a little slow, go on, and end slower (after Todd's parabola, 1985).
    deep = habits.rubato * rng.gamma(4, 0.25, int(bars.max() / habits.phrase) + 3)
    number = ((bars + habits.phrase) / habits.phrase).astype(int).clip(0, len(deep) - 1)
    slower = deep[number] * (0.35 * (1 - inside) ** 4 + inside**8)
    wave = habits.drift * (
        0.7 * _wander(count, 6.0 * STEPS, rng) + 0.7 * _wander(count, 0.7 * STEPS, rng)
    )
    sections = 0.08 * _wander(count, 60.0 * STEPS, rng)
    last = np.clip((beats - beats[-1]) / (1.5 * score.bar) + 1, 0, 1)
    slower = slower + rng.uniform(0.1, 1.0) * last**1.5
    pace = pace * np.exp(np.log1p(slower) + wave + sections)
    # A breath after some phrases.
    ends = np.flatnonzero(np.diff(inside) < 0)
    pace[ends] += np.where(rng.random(len(ends)) < 0.25, rng.gamma(2, 0.08, len(ends)), 0)
    return _Clock(beats, np.concatenate([[0.0], np.cumsum(pace)[:-1]]))


def _asynchrony(
    score: _Score,
    starts: Floats,
    left: NDArray[np.bool_],
    habits: Habits,
    rng: np.random.Generator,
) -> Floats:
    """Seconds by which each note is late, [notes]."""
    chords = len(score.when)
    late = rng.normal(0, habits.uneven, chords)[score.chord]
    late += rng.normal(0, habits.spread, len(starts))
    apart = habits.hands * (0.6 * _wander(chords, 12.0, rng) + 0.8 * rng.normal(0, 1, chords))
    late += np.where(left, apart[score.chord], 0)
    led = score.top & (score.size > 1)
    late -= np.where(led, habits.lead, 0)
    # A chord that is broken: from the bass up, one key after the other.
    wide = np.zeros(chords)
    np.maximum.at(wide, score.chord, score.pitch)
    low = np.full(chords, 127.0)
    np.minimum.at(low, score.chord, score.pitch)
    room = np.diff(score.when, append=score.when[-1] + 2)
    broken = (wide - low > 11) & (room >= 0.5) & (rng.random(chords) < habits.rolled)
    order = np.lexsort((score.pitch, score.chord))
    begin = np.flatnonzero(np.diff(score.chord[order], prepend=-1))
    rank = np.empty(len(starts))
    rank[order] = np.arange(len(starts)) - np.repeat(begin, np.diff(begin, append=len(starts)))
    gap = rng.uniform(0.015, 0.07, chords)
    late += np.where(broken[score.chord], (rank - score.size / 2) * gap[score.chord], 0)
    return late


def _key_lengths(
    score: _Score,
    written: Floats,
    left: NDArray[np.bool_],
    habits: Habits,
    rng: np.random.Generator,
) -> Floats:
    """Seconds for which each key stays down, [notes]."""
    chords = len(score.when)
    mood = 0.3 * _wander(chords, 24.0, rng)
    # Here and there staccato; the left hand, which accompanies, more than the right.
    crisp = _wander(chords, 16.0, rng)
    mood -= np.where(crisp > habits.smooth, 0.9, 0)
    share = habits.legato * np.exp(mood[score.chord] - np.where(left, 0.15, 0))
    # A hand lets its keys go together, or nearly.
    together = rng.normal(0, 0.3, (chords, 2))
    share = share * np.exp(together[score.chord, left.astype(int)])
    share = np.where(score.top, share * 1.1, share)
    # Quick notes are slurred, long ones let go before their end or left to the pedal.
    share = np.where(written > 0.6, share * (0.6 / written) ** 0.35, share)
    lengths = written * np.minimum(share, 1.6) + rng.normal(0, 0.008, len(written))
    return np.asarray(np.maximum(lengths, SHORTEST))


def _under_pedal(
    score: _Score,
    starts: Floats,
    ends: Floats,
    clock: _Clock,
    habits: Habits,
    rng: np.random.Generator,
) -> Floats:
    """Moments at which notes end, keys that go up under the pedal lasting until it does."""
    # It is changed where the bass is, or with the beat where nothing moves.
    last = float(score.ends.max())
    beat = float(clock(np.array([last]))[0]) / max(last, 1.0)
    every = 2.0 ** np.clip(np.round(np.log2(habits.change / beat)), -1, 3)
    places = np.arange(0, last + every, every)
    basses = score.onsets[score.bass & (rng.random(len(starts)) < 0.7)]
    changes = np.unique(np.round(np.concatenate([places, basses]), 3))
    changes = changes[np.diff(changes, prepend=-9) >= 0.6 * every]
    changes = changes[rng.random(len(changes)) < 0.9]
    if len(changes) < 2:
        return ends
    moments = clock(changes)
    lifts = moments[1:] + rng.gamma(2.2, 0.04, len(moments) - 1)
    presses = moments[:-1] + rng.gamma(4.0, 0.035, len(moments) - 1)
    presses[1:] = np.maximum(presses[1:], lifts[:-1] + 0.05)
    # Whole passages go without.
    wanted = _wander(len(lifts), 8.0, rng) * 0.25 + 0.1 * rng.normal(0, 1, len(lifts))
    down = (wanted < habits.pedal - 0.4) & (lifts > presses)
    lifts, presses = lifts[down], presses[down]
    if not len(lifts):
        return ends
    at = np.searchsorted(presses, ends, side="right") - 1
    held = (at >= 0) & (ends < lifts[at])
    return np.where(held, lifts[at], ends)


def _struck_again(notes: Notes, starts: Floats, ends: Floats) -> Floats:
    """Moments at which notes end, none later than its key goes down again."""
    order = np.lexsort((starts, notes[:, 2], notes[:, 1]))
    same = (notes[order[1:], 1:3] == notes[order[:-1], 1:3]).all(axis=1)
    ends = ends.copy()
    early, later = order[:-1][same], order[1:][same]
    ends[early] = np.minimum(ends[early], np.maximum(starts[later] - 0.002, starts[early]))
    return ends


def _loudness(
    record: Record, notes: Notes, score: _Score, habits: Habits, rng: np.random.Generator
) -> Integers:
    """MIDI velocity of each note, int64 [notes]."""
    chords = len(score.when)
    phrases = score.when / score.bar / habits.phrase
    arc = habits.arc * (np.sin(np.pi * (phrases % 1.0)) - 0.6)
    level = rng.normal(0, 7, int(max(phrases.max(), 0)) + 2)
    loud = arc + level[np.maximum(phrases, 0).astype(int)]
    loud += habits.waves * (0.6 * _wander(chords, 8.0, rng) + 0.6 * _wander(chords, 50.0, rng))
    # What is around: the mean pitch of the last notes and the next.
    width = min(17, len(notes) // 2 * 2 - 1)
    around = score.pitch
    if width > 1:
        padded = np.pad(score.pitch, width // 2, mode="edge")
        around = np.convolve(padded, np.ones(width) / width, "valid")
    velocity = habits.level + loud[score.chord]
    velocity += habits.slope * (score.pitch - around)
    velocity += np.where(score.top, habits.top * 0.7, 0) - 4
    velocity += 2.5 * np.log2(score.size)  # full chords and quick passages are louder
    room = np.diff(score.when, append=score.when[-1] + 1)
    velocity -= 1.5 * np.log2(room / np.median(room)).clip(-2, 2)[score.chord]
    velocity -= np.where(score.bass & (score.size > 2), 1, 0)
    velocity += rng.uniform(0, 6) * (np.abs(score.onsets / score.bar % 1) < 1e-6)
    velocity += rng.normal(0, habits.touch, len(notes))
    if record.dynamics:
        written = notes[:, 4].astype(np.float64)
        velocity += (written - written.mean()) * min(0.6, 8 / max(float(written.std()), 1.0))
    return np.asarray(np.clip(np.round(velocity), 8, 124).astype(np.int64))
