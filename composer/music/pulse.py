"""Pulse: how long a beat is in music of which only the seconds are known.

A pulse is told by regularity: brought to turns of the beat or of its divisions, all
onsets point one way. What a player plays without a click points everywhere, and then
there is no pulse to be found.

Conventions:
    Times are seconds. The mean resultant length of phases is Mardia and Jupp's
    (Directional Statistics, 2000), as in `composer.music.beat_grid`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

_Floats = npt.NDArray[np.float64]

_FEWEST: Final = 6
"""Onsets from which on a pulse is more than chance."""

_CLEAR: Final = 0.6
"""Mean resultant length from which on onsets keep a pulse, if they are not few."""

_FINEST: Final = (1.0, 16.0)
"""Pulses per second that are tried: from a slow beat to sixteenths of a fast one."""

_DIVISIONS: Final = (1, 2, 4, 3, 6)
"""Into how many pulses a beat may be divided."""

_COST: Final = {1: 0.1, 2: 0.0, 4: 0.1, 3: 0.5, 6: 0.7}
"""What speaks against each before a note is heard, in log odds: most tunes move in eighths."""

_USUAL: Final = 0.55
"""Seconds of the beat that is likeliest, all else equal (about 109 a minute)."""

_SPAN: Final = 20.0
"""Seconds in which the pulse is first looked for; then it is followed further."""


def find_pulse(onsets: Sequence[float]) -> float | None:
    """How long a beat of the music is, in seconds; None where onsets keep no pulse.

    Args:
        onsets: Times at which notes begin, ascending.
    """
    times = np.array(onsets, dtype=np.float64)
    if len(times):
        times = times[np.diff(times, prepend=times[0] - 1) > 0.03] - times[0]
    if len(times) < _FEWEST:
        return None
    pulse = _finest_pulse(times)
    if pulse is None:
        return None
    places = np.rint(times * pulse).astype(np.int64)

    def unlikely(division: int) -> float:
        usual = abs(float(np.log(division / pulse / _USUAL)))
        return usual + _COST[division] - _evenness_lost(places % division, division)

    return float(min(_DIVISIONS, key=unlikely) / pulse)


def _evenness_lost(places: npt.NDArray[np.int64], division: int) -> float:
    """How unevenly onsets use the places in the beat, in nats: 0 where all alike."""
    shares = np.bincount(places, minlength=division) / len(places)
    used = shares[shares > 0]
    return float(np.log(division) + (used * np.log(used)).sum())


def _finest_pulse(times: _Floats) -> float | None:
    """Pulses a second that all onsets keep, the slowest such; None for none."""
    span = _SPAN
    near = times[times <= span] if (times <= span).sum() >= _FEWEST else times[:_FEWEST]
    length = max(float(near[-1]), 1.0)
    # Steps in which the last onset turns by a sixteenth of a pulse.
    rates = np.arange(_FINEST[0], _FINEST[1], 1 / (16 * length))
    strength = _strength(near, rates)
    clear = strength >= _clear(len(near))
    if not clear.any():
        return None
    first = int(clear.argmax())
    last = first + int(np.append(~clear[first:], True).argmax())
    rate = float(rates[first + int(strength[first:last].argmax())])
    while length < times[-1]:
        length = min(2 * length, float(times[-1]))
        near = times[times <= length]
        around = rate + np.arange(-32, 33) / (64 * length)
        strength = _strength(near, around)
        if strength.max() < _clear(len(near)):
            return None
        rate = float(around[strength.argmax()])
    around = rate + np.arange(-64, 65) / (1024 * length)
    return float(around[_strength(times, around).argmax()])


def _clear(count: int) -> float:
    """The mean resultant length that so many onsets do not reach by chance at any rate."""
    return min(0.98, max(_CLEAR, float(np.sqrt(8 / count))))


def _strength(times: _Floats, rates: _Floats) -> _Floats:
    """[rate]: mean resultant length of the onsets' phases, 0..1."""
    turns = np.exp(2j * np.pi * times[:, None] * rates)
    return np.asarray(np.abs(turns.mean(axis=0)), dtype=np.float64)
