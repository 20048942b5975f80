"""SMPTE time: files whose ticks are fractions of a second, brought to beats.

Such a file says when a thing sounds and nothing of beats or bars: film sequencers and
recorders write it. Where its onsets gather on a pulse, the pulse is its beat and gives
its tempo; else its ticks are counted at an arbitrary 120 and the music is in free time.

Conventions:
    Every event keeps its time in seconds. A division below zero is -(frames a second) in
    the high byte and ticks a frame in the low one (Standard MIDI Files 1.0).
"""

from __future__ import annotations

from typing import Any

import mido

from composer.errors import SeedError
from composer.formats.remarks import Remark
from composer.music.pulse import find_pulse
from composer.music.timing import tempo_to_bpm

_FRAME_RATES = {24: (24, 1_000_000), 25: (25, 1_000_000), 29: (30, 1_001_000), 30: (30, 1_000_000)}
"""SMPTE format -> (frames, microseconds they last); 29 is 30 drop frame, 29.97 a second."""

_FINEST = 16
"""Times that a tick is divided at most, for whole ticks to make a beat."""

_DRIFT = 1 / 96
"""Beats by which the last beat of a file may lie beside the pulse that was found."""

_LARGEST_DIVISION = 0x7FFF


class UnmeasuredFile(mido.MidiFile):  # type: ignore[misc]  # mido has no types
    """A file that came in seconds.

    Attributes:
        has_pulse: Whether a beat was found in what it plays.
    """

    has_pulse = False


def to_beats(tracks: list[Any], division: int, kind: int, remark: Remark) -> UnmeasuredFile:
    """A file of tracks in SMPTE time, re-expressed in beats at one tempo.

    Tempo events mean nothing in such a file and give way to the tempo that was found:
    25 frames of 40 ticks (milliseconds) that play eighths at 96 beats per minute become
    625 ticks per beat at 96. Without a pulse they become 500 at 120.

    Args:
        tracks: As they were read; they are changed.
        division: From the header.
        kind: 0 or 1.
        remark: Told which tempo was found.

    Raises:
        SeedError: The division is damaged.
    """
    rate, ticks_per_frame = 256 - (division >> 8), division & 0xFF
    if rate not in _FRAME_RATES or ticks_per_frame == 0:
        raise SeedError(f"has a damaged header ({rate} frames of {ticks_per_frame} ticks)")
    frames, span = _FRAME_RATES[rate]
    per_second = frames * ticks_per_frame * 1e6 / span
    onsets = _onsets(tracks)
    beat = find_pulse([tick / per_second for tick in onsets])
    finer = 1
    if beat is not None:
        ticks_per_beat, finer = _whole(beat * per_second, max(onsets) / per_second / beat)
        tempo = round(ticks_per_beat / finer / per_second * 1e6)
        remark(
            "counts seconds and no beats (SMPTE time);"
            f" its notes keep a pulse of {tempo_to_bpm(tempo):.1f} beats per minute"
        )
    else:
        ticks_per_beat, tempo = frames * ticks_per_frame, span
        if ticks_per_beat % 2 == 0:
            ticks_per_beat, tempo = ticks_per_beat // 2, tempo // 2
        remark("counts seconds and no beats (SMPTE time), and its notes keep no pulse: free time")
    _replace_tempo(tracks, tempo, finer)
    file = UnmeasuredFile(type=kind, ticks_per_beat=ticks_per_beat, tracks=tracks)
    file.has_pulse = beat is not None
    return file


def _onsets(tracks: list[Any]) -> list[int]:
    """Ticks at which notes begin, of all tracks."""
    onsets: set[int] = set()
    for track in tracks:
        tick = 0
        for message in track:
            tick += message.time
            if message.type == "note_on" and message.velocity:
                onsets.add(tick)
    return sorted(onsets)


def _whole(ticks: float, beats: float) -> tuple[int, int]:
    """(ticks per beat, times finer than the file's) that stay on a pulse to its end.

    Args:
        ticks: Of the file to a beat, with their fraction.
        beats: Of the whole file.
    """
    best = (max(round(ticks), 1), 1)
    for finer in range(1, _FINEST + 1):
        whole = round(ticks * finer)
        if not 1 <= whole <= _LARGEST_DIVISION:
            break
        best = (whole, finer)
        if abs(whole / (ticks * finer) - 1) * beats <= _DRIFT:
            break
    return best


def _replace_tempo(tracks: list[Any], tempo: int, finer: int) -> None:
    """One tempo for the tracks in place of theirs, and delta times `finer` times as long."""
    for track in tracks:
        kept, skipped = [], 0
        for message in track:
            time = message.time * finer + skipped
            skipped = time if message.type == "set_tempo" else 0
            if message.type != "set_tempo":
                kept.append(message if time == message.time else message.copy(time=time))
        track[:] = kept
    tracks[0].insert(0, mido.MetaMessage("set_tempo", tempo=tempo))
