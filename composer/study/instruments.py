"""Instruments: what a part is called, and the notes that its instrument can play.

Programs and drum keys as in General MIDI 1. Ranges in sounding pitch: of orchestral instruments
what orchestration books give for professionals, of voices what choral writing keeps to
(W. Piston, Orchestration, 1955; Harmony, 1941, chapter 2).
"""

from __future__ import annotations

from typing import Final

from composer.music.notes import DRUM_PROGRAM

_NAMES: Final = (
    "piano", "bright piano", "electric grand", "honky-tonk", "electric piano", "electric piano",
    "harpsichord", "clavinet", "celesta", "glockenspiel", "music box", "vibraphone", "marimba",
    "xylophone", "tubular bells", "dulcimer", "drawbar organ", "percussive organ", "rock organ",
    "church organ", "reed organ", "accordion", "harmonica", "bandoneon", "nylon guitar",
    "steel guitar", "jazz guitar", "clean guitar", "muted guitar", "overdriven guitar",
    "distorted guitar", "guitar harmonics", "acoustic bass", "finger bass", "pick bass",
    "fretless bass", "slap bass", "slap bass", "synth bass", "synth bass", "violin", "viola",
    "cello", "double bass", "tremolo strings", "pizzicato strings", "harp", "timpani", "strings",
    "strings", "synth strings", "synth strings", "choir", "voice", "synth voice", "orchestra hit",
    "trumpet", "trombone", "tuba", "muted trumpet", "horn", "brass", "synth brass", "synth brass",
    "soprano sax", "alto sax", "tenor sax", "baritone sax", "oboe", "English horn", "bassoon",
    "clarinet", "piccolo", "flute", "recorder", "pan flute", "bottle", "shakuhachi", "whistle",
    "ocarina",
)  # fmt: skip
"""Of the first 80 programs; behind them are synthesisers and effects."""
_FOLK: Final = (
    "sitar", "banjo", "shamisen", "koto", "kalimba", "bagpipe", "fiddle", "shanai",
)  # fmt: skip
_FIRST_FOLK: Final = 104

_DRUMS: Final = {
    22: "closed hi-hat edge", 26: "open hi-hat edge",  # of many electronic kits
    35: "acoustic bass drum", 36: "bass drum", 37: "side stick", 38: "snare", 39: "clap",
    40: "electric snare", 41: "low floor tom", 42: "closed hi-hat", 43: "high floor tom",
    44: "hi-hat pedal", 45: "low tom", 46: "open hi-hat", 47: "low mid tom", 48: "high mid tom",
    49: "crash", 50: "high tom", 51: "ride", 52: "china", 53: "ride bell", 54: "tambourine",
    55: "splash", 56: "cowbell", 57: "second crash", 58: "vibraslap", 59: "second ride",
    60: "high bongo", 61: "low bongo", 62: "muted high conga", 63: "open high conga",
    64: "low conga", 65: "high timbale", 66: "low timbale", 67: "high agogo", 68: "low agogo",
    69: "cabasa", 70: "maracas", 71: "short whistle", 72: "long whistle", 73: "short guiro",
    74: "long guiro", 75: "claves", 76: "high wood block", 77: "low wood block",
    78: "muted cuica", 79: "open cuica", 80: "muted triangle", 81: "open triangle",
}  # fmt: skip
"""Keys of General MIDI, level 1, and the edges of Roland's hi-hat; no two are called alike."""

RANGES: Final = {
    40: (55, 103), 41: (48, 91), 42: (36, 84), 43: (28, 67), 46: (24, 103), 56: (55, 86),
    57: (40, 77), 58: (26, 65), 60: (35, 77), 64: (56, 88), 65: (49, 81), 66: (44, 76),
    67: (36, 69), 68: (58, 91), 69: (52, 81), 70: (34, 75), 71: (50, 94), 72: (74, 108),
    73: (59, 98), 110: (55, 103),
}  # fmt: skip
"""Lowest and highest pitch by program."""
VOICES: Final = {
    "soprano": (60, 81), "alto": (53, 74), "tenor": (48, 69), "bass": (40, 64),
}  # fmt: skip
"""The same of the voices of a choir, from the highest."""
CHOIR: Final = (52, 53, 54)
"""Programs that are voices."""


def part_name(program: int, name: str) -> str:
    """What a part is called: its track's name if it has one, else its instrument's."""
    own = name.strip()
    if own:
        return own
    if program == DRUM_PROGRAM:
        return "drums"
    if program < len(_NAMES):
        return _NAMES[program]
    if _FIRST_FOLK <= program < _FIRST_FOLK + len(_FOLK):
        return _FOLK[program - _FIRST_FOLK]
    return "synthesiser" if program < _FIRST_FOLK else f"program {program + 1}"


def drum_name(pitch: int) -> str:
    """What a key of a drum kit strikes."""
    return _DRUMS.get(pitch, f"drum {pitch}")


def numbered(names: list[str]) -> list[str]:
    """Names of parts, those that several have with numbers: "violin 1", "violin 2"."""
    found, count = [], dict.fromkeys(names, 0)
    for name in names:
        count[name] += 1
        found.append(f"{name} {count[name]}" if names.count(name) > 1 else name)
    return found
