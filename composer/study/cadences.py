"""Cadences: how phrases close, from the last two chords before their end.

Authentic (V I, perfect where both have their root in the bass and the melody ends on the tonic),
plagal (IV I), half (ending on V) and deceptive (V vi), after W. Caplin, Classical Form, 1998,
chapter 3. Looked for where a phrase ends and where the melody holds a note; elsewhere V I is
a progression and no cadence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from composer.encoding.events import TICKS_PER_BEAT
from composer.music.chords import QUALITIES, quality_of, root_of
from composer.music.keys import MINOR, Key
from composer.music.timing import counted_beat
from composer.study.chords import Chord
from composer.study.form import Phrase
from composer.study.keys import KeySpan, key_at
from composer.study.music import Music
from composer.study.numerals import degree_of, numeral

_AT_PHRASE, _AT_HELD = 0.85, 0.75
"""How likely a progression that fits is a cadence, where a phrase ends and where only a note is
held; times the surenesses of its chords. Estimates."""
_LEAST: Final = 0.4
"""How sure a cadence must be to be told."""
_HELD: Final = 1.9
"""Beats from which on a note of the melody is held."""


@dataclass(frozen=True, slots=True)
class Cadence:
    """A close.

    Attributes:
        tick: Where its last chord begins.
        kind: "perfect authentic", "imperfect authentic", "plagal", "half" or "deceptive".
        numerals: Of its two chords.
        key: In which it closes.
        sure: How likely it is one.
    """

    tick: int
    kind: str
    numerals: tuple[str, str]
    key: Key
    sure: float


def cadences_of(
    music: Music, chords: Sequence[Chord], keys: list[KeySpan], phrases: Sequence[Phrase]
) -> list[Cadence]:
    """The cadences of a piece, in order; none in free time, where no beat tells what closes."""
    if music.free:
        return []
    found: dict[int, Cadence] = {}
    places = [(phrase.stop - 1, _AT_PHRASE) for phrase in phrases]
    places += [(tick, _AT_HELD) for tick in _held(music)]
    for tick, weight in places:
        at = next((n for n, chord in enumerate(chords) if chord.start <= tick < chord.stop), None)
        if not at or chords[at - 1].stop != chords[at].start:
            continue
        before, last = chords[at - 1], chords[at]
        key = key_at(keys, int(np.searchsorted(music.lines, last.start, side="right")) - 1)
        kind = None if key is None else _kind(music, before, last, key)
        if key is None or kind is None:
            continue
        names = (numeral(before.code, before.bass, key), numeral(last.code, last.bass, key))
        sure = weight * min(before.sure, last.sure) ** 0.5
        if sure < _LEAST:
            continue
        known = found.get(last.start)
        if known is None or known.sure < sure:
            found[last.start] = Cadence(last.start, kind, names, key, sure)
    return [found[tick] for tick in sorted(found)]


def _kind(music: Music, before: Chord, last: Chord, key: Key) -> str | None:
    leading, closing = degree_of(before.code, key), degree_of(last.code, key)
    quality = QUALITIES[quality_of(last.code)]
    dominant = leading in (4, 6) and QUALITIES[quality_of(before.code)] not in ("m", "m7", "maj7")
    tonic_triad = closing == 0 and quality in ("", "m", "maj7")
    if dominant and tonic_triad:
        roots = before.bass == root_of(before.code) and last.bass == root_of(last.code)
        top = _top(music, last.start, last.stop)
        perfect = leading == 4 and roots and top is not None and top % 12 == key.tonic
        return "perfect authentic" if perfect else "imperfect authentic"
    if leading == 3 and tonic_triad:
        return "plagal"
    if closing == 4 and quality == "" and leading not in (4, 6):
        return "half"
    sixth = ("", "maj7") if key.mode == MINOR else ("m", "m7")
    if dominant and leading == 4 and closing == 5 and quality in sixth:
        return "deceptive"
    return None


def _top(music: Music, start: int, stop: int) -> int | None:
    """The highest pitch that is struck first in a stretch of time."""
    inside = ~music.drums & (music.onsets < stop) & (music.ends > start)
    if not inside.any():
        return None
    first = max(int(music.onsets[inside].min()), start)
    sounding = inside & (music.onsets <= first)
    return int(music.pitches[sounding if sounding.any() else inside].max())


def _held(music: Music) -> list[int]:
    """Ticks at which the melody, the highest part, holds a note that is long for it."""
    tones = np.flatnonzero(~music.drums)
    if not len(tones) or music.free:
        return []
    own = tones[music.parts[tones] == music.parts[tones].min()]
    onsets = np.unique(music.onsets[own])
    steps = np.diff(onsets, append=music.end)
    usual = float(np.median(steps))
    return [
        tick
        for tick, step in zip(onsets.tolist(), steps.tolist(), strict=True)
        if step >= _HELD * counted_beat(*music.events.metres.metre_at(tick), TICKS_PER_BEAT)
        and step >= 1.5 * usual
        and step >= TICKS_PER_BEAT
    ]
