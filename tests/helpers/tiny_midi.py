"""Small MIDI files made by rule, for tests to train on."""

from __future__ import annotations

import random
from pathlib import Path

import mido

SIXTEENTH = 24
"""Ticks, of 96 to the beat."""


def write_midi(path: Path, seed: int, *, bars: int = 4, drums: bool = False) -> None:
    """A melody over a bass, and drums if asked for; 4/4, or 3/4 every third time."""
    rng = random.Random(seed)
    beats = 3 if seed % 3 == 0 else 4
    file = mido.MidiFile(type=1, ticks_per_beat=96)
    head = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=500_000 + 10_000 * seed)])
    head.append(mido.MetaMessage("time_signature", numerator=beats, denominator=4))
    file.tracks.append(head)
    players = [(0, 0, 60, 12), (1, 32, 36, 5)] + ([(9, None, 36, 6)] if drums else [])
    for channel, program, low, width in players:
        track = mido.MidiTrack()
        if program is not None:
            track.append(mido.Message("program_change", channel=channel, program=program))
        for _ in range(bars * beats):
            note, velocity = low + rng.randrange(width), rng.randrange(40, 110)
            length = rng.choice([1, 2, 4]) * SIXTEENTH
            track.append(
                mido.Message("note_on", channel=channel, note=note, velocity=velocity, time=0)
            )
            track.append(mido.Message("note_off", channel=channel, note=note, time=length))
            track[-1].time = length
            rest = mido.MetaMessage("text", text="", time=96 - length)
            track.append(rest)
        file.tracks.append(track)
    file.save(path)
