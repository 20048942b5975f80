"""ABC in: tunes as Pieces, as abc notation 2.1 says it and abc2midi plays it.

Conventions:
    Positions and lengths are beats (quarter notes), exact fractions. Every voice has its
    own key, unit length and place in time, so that voices may be written one after the
    other, system by system or inline. Accidentals last for the bar in all octaves. Grace
    notes, ornaments and chord symbols are left out. What is passed over is told.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction
from typing import Final

from composer.formats import abc_text
from composer.formats.abc_text import Tune
from composer.formats.abc_tokens import (
    BAR_LINE,
    BARS_OF_REST,
    BROKEN,
    CHORD,
    DECORATION,
    ENDING,
    INLINE,
    INVISIBLE,
    NAMED_ENDING,
    NOTE,
    PASSED,
    REST,
    TIE,
    TUPLET,
    broken_by,
    turns_of,
)
from composer.formats.abc_voice import Group, Voice
from composer.formats.play_order import Signs, play_order
from composer.formats.remarks import Remark
from composer.formats.score_bars import (
    TICKS_PER_BEAT,
    metre_map,
    played_notes,
    played_runs,
    played_tempos,
)
from composer.music.notes import DRUM_PROGRAM, Part, Piece

_DYNAMICS: Final = {
    "pppp": 13, "ppp": 19, "pp": 32, "p": 44, "mp": 57, "mf": 70, "f": 89, "ff": 108, "fff": 114,
    "ffff": 121,
}  # fmt: skip
"""The velocities that MusicXML's dynamics get from music21."""

_STEPS: Final = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_JUMPS: Final = frozenset(
    ("D.C.", "D.S.", "D.C.alfine", "D.C.alcoda", "D.S.alfine", "D.S.alcoda", "dacapo", "dacoda")
)
_MOST_BARS: Final = 10_000
_CHANNELS: Final = tuple(channel for channel in range(16) if channel != 9)


def to_piece(tune: Tune, remark: Remark) -> Piece:
    """One tune as a Piece.

    Raises:
        ValueError: It uses what composer does not read, which the text names.
    """
    return _Reader(tune, remark).piece()


class _Reader:
    """Reads the lines of one tune."""

    def __init__(self, tune: Tune, remark: Remark) -> None:
        self._tune = tune
        self._remark = remark
        self._voices: dict[str, Voice] = {}
        self._passed: dict[str, None] = {}
        self._tempos: dict[Fraction, int] = {}
        self._order = ""
        self._octaves_apart = False  # %%propagate-accidentals octave
        self._bar_only = True  # accidentals last for the bar
        self._named = False  # whether the voice under way was asked for by name
        self._in_header = True
        self._start = Voice(Fraction(0), (4, 4), {}, {})
        self._voice = self._start
        self._tempo_field = ""

    def piece(self) -> Piece:
        """The tune, read to its end."""
        for line in self._tune.lines:
            if line.startswith("%%"):
                self._directive(line[2:].strip())
            elif re.match(r"[A-Za-z+]:", line) and not re.match(r"[A-G]:[|:]", line):
                self._field(line[0], line[2:].strip())
            else:
                self._begin()
                self._music(line)
        self._begin()
        voices = list(self._voices.values())
        for voice in voices:
            voice.close_bar()
        if any(voice.uneven for voice in voices):
            self._passed["> and < between notes of unlike lengths"] = None
        if self._passed:
            self._remark(f"passed over: {', '.join(self._passed)}")
        lengths = {voice.now for voice in voices if voice.rows}
        if len(lengths) > 1:
            told = " and ".join(f"{float(length):g}" for length in sorted(lengths))
            self._remark(f"its voices are of different lengths ({told} beats)")
        return self._assembled(voices)

    def _assembled(self, voices: list[Voice]) -> Piece:
        """The voices with repeats played out, over one metre and tempo."""
        leader = max(voices, key=lambda voice: (voice.repeats, len(voice.bars)))
        order = self._play_order(leader)
        if len(order) > _MOST_BARS:
            raise ValueError(f"it is longer than {_MOST_BARS} bars")
        runs = played_runs(leader.bars, order)
        shift, metres = metre_map(leader.bars, order, TICKS_PER_BEAT)
        parts: list[Part] = []
        for voice in voices:
            notes = tuple(played_notes(voice.rows, runs, shift))
            if notes:
                count = len(parts)
                program = DRUM_PROGRAM if voice.drums else voice.program
                channel = 9 if voice.drums else _CHANNELS[count % len(_CHANNELS)]
                parts.append(Part(notes, program, voice.name, count + 1, channel))
        tempos = played_tempos(self._tempos, runs, shift)
        return Piece(tuple(parts), TICKS_PER_BEAT, tempos, metres, self._tune.title)

    def _play_order(self, voice: Voice) -> list[int]:
        """Bars in the order of the repeat signs, or of the P: field in the header."""
        if not self._order or not set(self._order) & set(voice.labels):
            return play_order(voice.signs)
        order: list[int] = []
        for letter in self._order:
            places = [at for at, label in enumerate(voice.labels) if label == letter]
            order += [places[at] for at in play_order([voice.signs[at] for at in places])]
            if len(order) > _MOST_BARS:
                break
        return order

    def _begin(self) -> None:
        """Leave the header: the first note or the end is met."""
        if not self._in_header:
            return
        self._in_header = False
        start = self._start
        if not start.unit:
            start.unit = Fraction(1, 2) if Fraction(*start.metre) >= 0.75 else Fraction(1, 4)
        for voice in self._voices.values():
            voice.unit = voice.unit or start.unit
        if self._tempo_field:
            self._tempo(self._tempo_field)
        self._voice = next(iter(self._voices.values()), None) or self._new_voice("1")

    def _new_voice(self, name: str) -> Voice:
        start = self._start
        voice = Voice(start.unit, start.metre, dict(start.key), dict(start.shifts))
        voice.program, voice.drums = start.program, start.drums
        self._voices[name] = voice
        return voice

    def _field(self, letter: str, value: str) -> None:
        """A field on a line of its own or in brackets in the line."""
        voice = self._voice
        if letter == "V":
            self._choose_voice(value)
        elif letter == "K":
            if self._in_header:
                self._key([self._start, *self._voices.values()], value)
                self._begin()
            else:
                self._key([voice], value)
        elif letter == "M":
            metre = abc_text.metre_of(value)
            if metre is None and value.strip().lower() not in ("none", ""):
                self._passed[f"M:{value[:20]}"] = None
            for each in self._spoken_to():
                each.flush()
                each.metre = metre or (4, 4)
        elif letter == "L":
            unit = abc_text.unit_of(value)
            if unit is None:
                self._passed[f"L:{value[:20]}"] = None
                return
            for each in self._spoken_to():
                each.flush()
                each.unit = unit
        elif letter == "Q":
            if self._in_header:
                self._tempo_field = value
            else:
                self._tempo(value)
        elif letter == "P":
            if self._in_header:
                self._order = abc_text.part_order(value)
            else:
                for each in self._voices.values():
                    each.flush()
                    each.label = value.strip()[:1]
        elif letter == "m":
            raise ValueError("it uses macros (m:), which composer does not read")

    def _spoken_to(self) -> list[Voice]:
        """The voices that a field is for: in the header all, in the body the one at hand."""
        return [self._start, *self._voices.values()] if self._in_header else [self._voice]

    def _choose_voice(self, value: str) -> None:
        name, _, words = value.strip().partition(" ")
        voice = self._voices.get(name)
        if voice is None:
            voice = self._new_voice(name)
        if not self._in_header:
            voice.unit = voice.unit or self._start.unit
        named = re.search(r'(?:^|\s)(?:name|nm)=(?:"([^"]*)"|(\S+))', words)
        if named:
            voice.name = (named[1] or named[2] or "").replace("\\n", " ").strip()
        voice.shifts |= abc_text.sounding_shift(words)
        self._voice = voice

    def _key(self, voices: list[Voice], value: str) -> None:
        alters = abc_text.key_alters(value)
        for voice in voices:
            voice.flush()
            if alters is not None:
                voice.key = dict(alters)
            voice.shifts |= abc_text.sounding_shift(value)
        if alters is None and value and not abc_text.sounding_shift(value):
            self._passed[f"K:{value[:20]}"] = None

    def _tempo(self, value: str) -> None:
        self._voice.flush()
        tempo = abc_text.tempo_of(value, self._voice.unit or Fraction(1, 2))
        if tempo is not None:
            self._tempos[self._voice.now] = tempo
        elif not re.fullmatch(r'\s*"[^"]*"\s*|', value):
            self._passed[f"Q:{value[:20]}"] = None

    def _directive(self, line: str) -> None:
        """%%MIDI program, channel and transpose, and %%propagate-accidentals."""
        words = line.split()
        if words[:1] == ["propagate-accidentals"]:
            self._bar_only = words[1:2] != ["not"]
            self._octaves_apart = words[1:2] == ["octave"]
        elif words[:1] == ["abc-include"]:
            raise ValueError("it takes in another file (%%abc-include), which composer does not")
        elif words[:1] == ["MIDI"] and words[1:2] == ["drummap"]:
            self._passed["%%MIDI drummap"] = None
        numbers = [int(word) for word in words[2:] if re.fullmatch(r"-?\d{1,3}", word)]
        if words[:1] != ["MIDI"] or not numbers:
            return
        for voice in self._spoken_to():
            if words[1] == "program" and 0 <= numbers[-1] <= 127:
                voice.program = numbers[-1]
            elif words[1] == "channel":
                voice.drums = numbers[0] == 10
            elif words[1] == "transpose":
                voice.shifts["transpose"] = numbers[0]

    def _music(self, line: str) -> None:
        """One line of notes."""
        at = 0
        readers: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], None]], ...] = (
            (INLINE, lambda found: self._field(found[1], found[2].strip())),
            (INVISIBLE, lambda found: self._voice.close_bar()),
            (ENDING, lambda found: self._voice.begin_ending(turns_of(found[1]))),
            (BAR_LINE, self._bar_line),
            (NOTE, lambda found: self._voice.add(self._group([found]))),
            (REST, lambda found: self._voice.add(Group(self._length(found)))),
            (BARS_OF_REST, self._bars_of_rest),
            (CHORD, self._chord),
            (NAMED_ENDING, self._named_ending),
            (TUPLET, self._tuplet),
            (BROKEN, lambda found: self._voice.break_rhythm(broken_by(found[0]))),
            (TIE, lambda found: self._voice.tie()),
            (DECORATION, self._decoration),
            (PASSED, lambda found: None),
        )
        while at < len(line):
            if line.startswith("(&", at):
                raise ValueError("it has an overlay of several bars, (& &), not read by composer")
            if line[at] == "&":
                self._overlay()
                at += 1
                continue
            for pattern, read in readers:
                found = pattern.match(line, at)
                if found and found.end() > at:
                    read(found)
                    at = found.end()
                    break
            else:
                if line[at] not in "|[]:!+":
                    self._passed[repr(line[at])] = None
                at += 1

    def _group(self, found: list[re.Match[str]], outer: Fraction = Fraction(1)) -> Group:
        """Notes struck at once; the first one's length is how long they take."""
        self._voice.expect(self._length(found[0]) * outer)
        self._voice.flush()
        notes = []
        for note in found:
            place = note["letter"].upper(), note["octave"].count("'") - note["octave"].count(",")
            place = place[0], place[1] + note["letter"].islower()
            length = self._length(note) * outer
            notes.append((place, self._pitch(place, note["accidental"]), length, bool(note["tie"])))
        return Group(notes[0][2], notes)

    def _pitch(self, place: tuple[str, int], accidental: str | None) -> int:
        """The MIDI note number of a letter and octave, as it sounds."""
        voice = self._voice
        shift = sum(voice.shifts.values())
        base = 60 + 12 * place[1] + _STEPS[place[0]] + shift
        key = place if self._octaves_apart else place[0]
        if accidental:
            alter = abc_text.ALTERS[accidental]
            if self._bar_only:
                voice.accidentals[key] = alter
        elif key in voice.accidentals:
            alter = voice.accidentals[key]
        else:
            tied = voice.tied_pitch(place)
            alter = voice.key.get(place[0], 0) if tied is None else tied - base
        return min(max(base + alter, 0), 127)

    def _length(self, found: re.Match[str]) -> Fraction:
        """A note's length in beats: 3, /2, //, 3/2 times the unit."""
        above = int(found["above"] or 1)
        slashes = min(len(found["slashes"]), 8)
        below = int(found["below"]) if found["below"] and slashes else 2**slashes
        return self._voice.unit * Fraction(above or 1, below or 1)

    def _chord(self, found: re.Match[str]) -> None:
        inside = PASSED.sub("", DECORATION.sub("", re.sub(r'"[^"]*"', "", found["inside"])))
        notes = list(NOTE.finditer(inside))
        if not notes:
            self._passed[f"[{found['inside'][:10]}]"] = None
            return
        outer = self._length(found) / self._voice.unit
        group = self._group(notes, outer)
        if found["tie"]:
            group.notes = [(*note[:3], True) for note in group.notes]
        self._voice.add(group)

    def _bars_of_rest(self, found: re.Match[str]) -> None:
        voice = self._voice
        count = int(found[1] or 1)
        if len(voice.bars) + count > _MOST_BARS:
            raise ValueError(f"it is longer than {_MOST_BARS} bars")
        for bar in range(count):
            if bar:
                voice.close_bar()
            voice.add(Group(4 * Fraction(*voice.metre)))

    def _tuplet(self, found: re.Match[str]) -> None:
        voice = self._voice
        notes = int(found[1])
        odd = 3 if voice.metre[1] == 8 and voice.metre[0] in (6, 9, 12) else 2
        usual = {2: 3, 3: 2, 4: 3, 6: 2, 8: 3}.get(notes, odd)
        time = int(found[2] or usual)
        if notes and time:
            voice.tuplet = (Fraction(time, notes), int(found[3] or notes))

    def _bar_line(self, found: re.Match[str]) -> None:
        voice = self._voice
        ends, starts = len(found["ends"] or ""), len(found["starts"] or "")
        text = found[0]
        if "|" not in text and ends < 2:
            return  # a colon that is no bar line
        if "|" not in text:  # :: ends a repeat and begins one
            ends, starts = 1, 1
        voice.close_bar(ends + 1 if ends else 0)
        signs = voice.next_signs
        section = signs.section or "||" in text or "]" in text or "[|" in text
        voice.next_signs = Signs(signs.start or bool(starts), section, signs.endings)

    def _named_ending(self, found: re.Match[str]) -> None:
        """An ending in words: the number that it begins with, or the one after the last."""
        number = int(found["number"] or 0) or max(self._voice.last_turns, default=0) + 1
        self._voice.begin_ending(frozenset({number}))

    def _overlay(self) -> None:
        """Another voice over the bar so far, with accidentals of its own."""
        voice = self._voice
        voice.flush()
        voice.overlay_end = max(voice.now, voice.overlay_end or voice.now)
        voice.now = voice.bar_start
        voice.accidentals.clear()

    def _decoration(self, found: re.Match[str]) -> None:
        name = found[1] or found[2] or ""
        if name in _DYNAMICS:
            self._voice.flush()
            self._voice.velocity = _DYNAMICS[name]
        elif name in _JUMPS:
            self._passed[f"!{name}!"] = None
