"""Clip text: a clip of a DAW as lines of text, for scripts that have neither JSON nor MIDI files.

    bpm 120                  metre 4 4               length 16
    selection 8 12           setting bars 4
    note PITCH START LENGTH VELOCITY CHANNEL

A clip comes so, and the answer goes so: `clear START END` for what is taken out, `note ...` for
what is new, `end BEAT` for where the clip ends now, `remark TEXT`.

Conventions:
    Beats are quarter notes from the clip's beginning, which is a bar line. Channels are 1..16;
    10 has drums.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from composer.errors import SeedError
from composer.music.notes import DRUM_PROGRAM

DRUM_CHANNEL: Final = 10
WHOLE: Final = 1e-6
"""Beats by which a place may miss a bar line."""


@dataclass(slots=True)
class Clip:
    """A clip.

    Attributes:
        bpm: Quarter notes per minute.
        metre: Upper and lower number.
        length: Beats; 0 if that is where the last note ends.
        selection: The beats that an action is about; None for all.
        settings: As docs/generate.md lists them.
        notes: Pitch, start, length, velocity, channel.
    """

    bpm: float = 120.0
    metre: tuple[int, int] = (4, 4)
    length: float = 0.0
    selection: tuple[float, float] | None = None
    settings: dict[str, str] = field(default_factory=dict)
    notes: list[tuple[int, float, float, int, int]] = field(default_factory=list)

    @property
    def bar(self) -> float:
        """Beats of a bar."""
        return 4 * self.metre[0] / self.metre[1]

    @property
    def end(self) -> float:
        """The beat at which it ends."""
        return max([self.length, *(start + length for _, start, length, *_ in self.notes)])

    def bars(self) -> tuple[int, int]:
        """First and last bar of the selection, counted from 1; bars that it touches count."""
        start, end = self.selection or (0.0, self.end)
        first = math.floor(start / self.bar + WHOLE)
        return first + 1, max(math.ceil(end / self.bar - WHOLE), first + 1)


def parse(text: str) -> Clip:
    """Read a clip.

    Raises:
        SeedError: A line is none of a clip's; it is named by its number.
    """
    clip = Clip()
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.split()
        if not words:
            continue
        try:
            _read_line(clip, words)
        except (ValueError, IndexError, ZeroDivisionError):
            raise SeedError(
                f"line {number} of the clip means nothing: {line.strip()[:60]}"
            ) from None
    if not clip.notes:
        raise SeedError("the clip has no notes")
    return clip


def _read_line(clip: Clip, words: list[str]) -> None:
    kind, values = words[0], words[1:]
    if kind == "bpm":
        clip.bpm = float(values[0])
    elif kind == "metre":
        upper, lower = map(int, values)
        clip.metre = (upper, lower)
        if not (upper > 0 and lower > 0):
            raise ValueError
    elif kind == "length":
        clip.length = float(values[0])
    elif kind == "selection":
        start, end = map(float, values)
        clip.selection = (start, end)
    elif kind == "setting":
        clip.settings[values[0]] = " ".join(values[1:])
    elif kind == "note":
        pitch, onset, span, velocity, channel = values
        clip.notes.append((int(pitch), float(onset), float(span), int(velocity), int(channel)))
    else:
        raise ValueError


def to_request(clip: Clip) -> dict[str, Any]:
    """A clip as the music of a request over HTTP; see docs/web.md."""
    channels = sorted({channel for *_, channel in clip.notes})
    return {
        "bpm": clip.bpm,
        "metre": "{}/{}".format(*clip.metre),
        "parts": [
            {"program": DRUM_PROGRAM if channel == DRUM_CHANNEL else 0} for channel in channels
        ],
        "notes": [
            {
                "pitch": pitch,
                "start_beat": start,
                "duration_beats": length,
                "velocity": velocity,
                "part": channels.index(channel),
            }
            for pitch, start, length, velocity, channel in clip.notes
        ],
        "settings": {"grid": "beats", **clip.settings},
    }


def to_text(clip: Clip, answer: Mapping[str, Any], *, clear: tuple[float, float] | None) -> str:
    """An answer as lines of text.

    Args:
        clip: The clip that was sent.
        answer: Of a request whose answer has variations; the first one is told.
        clear: The beats whose notes are taken out; None for none.
    """
    channels = sorted({channel for *_, channel in clip.notes})
    [first, *_] = answer["variations"]
    lines = [] if clear is None else [f"clear {clear[0]:.6f} {clear[1]:.6f}"]
    ends = [clip.length]
    for note in first["music"]["notes"]:
        start, length = note["start_beat"], note["duration_beats"]
        channel = channels[min(note["part"], len(channels) - 1)]
        if clear is None or clear[0] - WHOLE <= start < clear[1] - WHOLE:
            ends.append(start + length)
            lines.append(
                f"note {note['pitch']} {start:.6f} {length:.6f} {note['velocity']} {channel}"
            )
    end = max(ends)
    if clear is None:
        end = max(first.get("end_beat", 0.0), math.ceil(end / clip.bar - WHOLE) * clip.bar)
    lines.append(f"end {end:.6f}")
    lines += [f"remark {remark}" for remark in answer.get("remarks", ())]
    return "\n".join(lines) + "\n"
