"""The messages of a MIDI file that a Piece needs, at no time yet.

Conventions:
    Channels are numbered from 0.
"""

from __future__ import annotations

from typing import Any

import mido

from composer.formats.midi_state import BEND, PRESSURE
from composer.formats.midi_text import encode_text


def track_name(text: str) -> Any:
    """What a track is called."""
    return mido.MetaMessage("track_name", name=encode_text(text))


def marker_message(text: str) -> Any:
    """A name for a place in the music."""
    return mido.MetaMessage("marker", text=encode_text(text))


def midi_port(port: int) -> Any:
    """The port for the messages that follow in a track."""
    return mido.MetaMessage("midi_port", port=port)


def program_change(program: int, channel: int) -> Any:
    """An instrument for a channel."""
    return mido.Message("program_change", channel=channel, program=program)


def note_off(pitch: int, channel: int) -> Any:
    """The end of a note."""
    return mido.Message("note_off", channel=channel, note=pitch, velocity=0)


def controller(control: int, value: int, channel: int) -> Any:
    """A value for a controller, the pitch wheel (`BEND`) or channel pressure (`PRESSURE`)."""
    if control == BEND:
        return mido.Message("pitchwheel", channel=channel, pitch=value)
    if control == PRESSURE:
        return mido.Message("aftertouch", channel=channel, value=value)
    return mido.Message("control_change", channel=channel, control=control, value=value)


def set_tempo(tempo: int) -> Any:
    """A tempo in microseconds per quarter note."""
    return mido.MetaMessage("set_tempo", tempo=tempo)


def time_signature(numerator: int, denominator: int) -> Any:
    """A metre."""
    return mido.MetaMessage("time_signature", numerator=numerator, denominator=denominator)
