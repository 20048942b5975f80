"""Write the seeds: `python -m example_seeds.make_seeds [FOLDER]`.

Deterministic: the same code gives the same bytes, which a test holds it to. Touch (small
differences of loudness and, where a seed is meant to sound played, of time) is drawn
from generators seeded with the seed's name.
"""

from __future__ import annotations

import math
import random
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import mido

from composer.formats import musicxml
from composer.music.notes import Note, Part, Piece
from composer.music.timing import MetreMap, TempoMap, bpm_to_tempo
from example_seeds import groove
from example_seeds.notation import Sound, read_voice
from example_seeds.seed_scores import DRUM_KIT, ENGRAVED, JIG, ODE, PRELUDE, Line, Score

TICKS_PER_BEAT = 480
SUSTAIN = 64
DRUM_CHANNEL = 9

Struck = tuple[int, int, int, int]
"""(start tick, end tick, pitch, velocity) of one note."""

Timed = tuple[int, int, mido.Message | mido.MetaMessage]
"""(tick, rank, message): at one tick, ends (0) go before pedals (1) before beginnings (2)."""


def ticks(beats: Fraction | float) -> int:
    """Beats to ticks, rounded."""
    return round(beats * TICKS_PER_BEAT)


def bar_lines(score: Score) -> list[Fraction]:
    """Every bar line of a score, in beats, the end of the last bar included."""
    lines: list[Fraction] = []
    for index, (start, numerator, denominator) in enumerate(score.metres):
        last = index + 1 == len(score.metres)
        stop = Fraction(score.beats if last else score.metres[index + 1][0])
        length = Fraction(4 * numerator, denominator)
        lines.extend(start + length * bar for bar in range(int((stop - start) / length) + last))
    return lines


def interpolate(points: Sequence[tuple[Fraction | int, int]], at: Fraction) -> float:
    """The value at `at` on straight lines through `points` (position, value)."""
    if at <= points[0][0]:
        return points[0][1]
    for (left, low), (right, high) in pairwise(points):
        if at < right:
            return low + (high - low) * float((at - left) / (right - left))
    return points[-1][1]


def velocity(
    score: Score, line: Line, sound: Sound, lines: Sequence[Fraction], touch: float
) -> int:
    """How hard a written note is struck, 1..127.

    A player leans on the bar line, less on the beat, and passes lightly over the rest.
    """
    stress = 5 if sound.start in lines else 0 if sound.start.denominator == 1 else -4
    if sound.accent:
        stress += 14
    level = interpolate(score.dynamics, sound.start) + line.loudness + stress + touch
    return max(1, min(127, round(level)))


def named(name: str) -> Timed:
    """A track's name; of the first track it is the name of the piece (SMF 1.0, meta 0x03)."""
    return 0, 0, mido.MetaMessage("track_name", name=name)


def note(start: int, end: int, pitch: int, loud: int, channel: int) -> Iterable[Timed]:
    """A note-on and its note-off."""
    yield start, 2, mido.Message("note_on", note=pitch, velocity=loud, channel=channel)
    yield max(end, start + 1), 0, mido.Message("note_off", note=pitch, channel=channel)


def separate(sounding: Iterable[Struck]) -> list[Struck]:
    """The same notes, none sounding on into the next of its own pitch.

    One key of one channel can only sound once: of two notes that overlap on it, a
    player's or a voice's, the first ends where the second begins.
    """
    following: dict[int, int] = {}
    apart = []
    for start, end, pitch, loud in sorted(sounding, reverse=True):
        apart.append((start, min(end, following.get(pitch, end)), pitch, loud))
        following[pitch] = start
    return apart[::-1]


def track(events: Iterable[Timed], end: int = 0) -> mido.MidiTrack:
    """Events in any order as one MIDI track that lasts at least to tick `end`."""
    ordered = sorted(events, key=lambda event: event[:2])
    built = mido.MidiTrack()
    now = 0
    for tick, _, message in ordered:
        built.append(message.copy(time=tick - now))
        now = tick
    built.append(mido.MetaMessage("end_of_track", time=max(0, end - now)))
    return built


def conductor(score: Score) -> list[Timed]:
    """The first track's events: title, key, metres and tempos."""
    events = [named(score.title)]
    events.append((0, 0, mido.MetaMessage("key_signature", key=score.key)))
    for beat, numerator, denominator in score.metres:
        metre = mido.MetaMessage("time_signature", numerator=numerator, denominator=denominator)
        events.append((ticks(beat), 0, metre))
    for beat, bpm in score.tempos:
        events.append((ticks(beat), 0, mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(bpm))))
    return events


def engrave(name: str, score: Score) -> mido.MidiFile:
    """A score as a type 1 file, every note on its grid (or `offset_ticks` off it)."""
    file = mido.MidiFile(type=1, ticks_per_beat=TICKS_PER_BEAT)
    file.tracks.append(track(conductor(score)))
    lines = bar_lines(score)
    touch = random.Random(name)
    pitched = (channel for channel in range(16) if channel != DRUM_CHANNEL)
    for line in score.lines:
        drums = line.program == DRUM_KIT
        channel = DRUM_CHANNEL if drums else next(pitched)
        events = [named(line.name)]
        program = mido.Message(
            "program_change", program=0 if drums else line.program, channel=channel
        )
        events.append((0, 1, program))
        struck: list[Struck] = []
        for voice in line.voices:
            for sound in read_voice(voice, lines, Fraction(score.start)):
                loud = velocity(score, line, sound, lines, touch.uniform(-3, 3))
                share = 0.5 if sound.staccato else line.legato
                start = ticks(sound.start) + score.offset_ticks
                end = start + ticks(float(sound.length) * share)
                struck.append((start, end, sound.pitch, loud))
        for played in separate(struck):
            events.extend(note(*played, channel))
        for down, up in score.pedal:
            for beat, value in ((down, 127), (up, 0)):
                pedal = mido.Message(
                    "control_change", control=SUSTAIN, value=value, channel=channel
                )
                events.append((ticks(beat) + score.offset_ticks, 1, pedal))
        file.tracks.append(track(events, ticks(score.beats) + score.offset_ticks))
    return file


def drums(name: str) -> mido.MidiFile:
    """The groove of `example_seeds.groove` on the drum channel."""
    file = mido.MidiFile(type=1, ticks_per_beat=TICKS_PER_BEAT)
    score = Score(
        title="Swung groove, written for composer",
        lines=(),
        key="C",
        metres=((0, 4, 4),),
        tempos=((0, groove.BPM),),
        dynamics=(),
        beats=4 * len(groove.BARS),
    )
    file.tracks.append(track(conductor(score)))
    events = [named("Drums")]
    events.append((0, 1, mido.Message("program_change", program=0, channel=DRUM_CHANNEL)))
    for tick, key, loud in groove.strokes(TICKS_PER_BEAT, random.Random(name)):
        events.extend(note(tick, tick + TICKS_PER_BEAT // 8, key, loud, DRUM_CHANNEL))
    file.tracks.append(track(events, ticks(score.beats)))
    return file


def rubato(score: Score, touch: random.Random) -> Callable[[Fraction], float]:
    """A player's clock: beats to seconds, the tempo breathing with each four-bar phrase.

    The tempo rises by a tenth towards the middle of a phrase and broadens at its end; on
    top of that no two beats are quite the same length.
    """
    phrase = 6
    seconds = [0.8]
    for beat in range(int(score.beats) + 1):
        place = (beat - score.start) % phrase / phrase
        bpm = score.tempos[0][1] * (0.9 + 0.22 * math.sin(math.pi * place))
        seconds.append(seconds[-1] + 60 / (bpm * (1 + touch.gauss(0, 0.035))))

    def clock(at: Fraction) -> float:
        whole, rest = divmod(at, 1)
        left, right = seconds[int(whole)], seconds[int(whole) + 1]
        return left + float(rest) * (right - left) - seconds[int(score.start)] + seconds[0]

    return clock


def perform(name: str, score: Score) -> mido.MidiFile:
    """A score as a recorded performance: rubato, touch and pedal at the file's own 120.

    The file says 120 beats a minute and 4/4 as a recorder does that was given no click:
    neither has anything to do with the music, and no note lies on the grid.
    """
    touch = random.Random(name)
    clock = rubato(score, touch)
    lines = bar_lines(score)
    file = mido.MidiFile(type=1, ticks_per_beat=TICKS_PER_BEAT)
    recorder = replace(score, key="C", metres=((0, 4, 4),), tempos=((0, 120),))
    file.tracks.append(track(conductor(recorder)))
    ticks_per_second = 2 * TICKS_PER_BEAT
    for channel, line in enumerate(score.lines):
        events = [named(line.name)]
        program = mido.Message("program_change", program=line.program, channel=channel)
        events.append((0, 1, program))
        struck: list[Struck] = []
        for index, voice in enumerate(line.voices):
            # The melody is a few milliseconds ahead of what accompanies it.
            lead = -0.012 if index == 0 else 0.0
            for sound in read_voice(voice, lines, Fraction(score.start)):
                loud = velocity(score, line, sound, lines, touch.gauss(0, 3))
                loud = min(127, max(1, loud + (8, -4, -10)[min(index, 2)]))
                begin = clock(sound.start) + lead + touch.gauss(0, 0.007)
                end = clock(sound.start + sound.length) - abs(touch.gauss(0.02, 0.03))
                start = round(begin * ticks_per_second)
                struck.append((start, round(end * ticks_per_second), sound.pitch, loud))
        for played in separate(struck):
            events.extend(note(*played, channel))
        for down, up in score.pedal:
            # Pressed just after the bass, let up slowly: half-way values come first.
            foot = ((down, 0.06, 70), (down, 0.09, 127), (up, -0.05, 50), (up, 0.0, 0))
            for beat, late, value in foot:
                tick = round((clock(beat) + late + touch.uniform(0, 0.02)) * ticks_per_second)
                pedal = mido.Message(
                    "control_change", control=SUSTAIN, value=value, channel=channel
                )
                events.append((tick, 1, pedal))
        file.tracks.append(track(events))
    return file


def written(score: Score) -> Piece:
    """A score as it stands on paper, every note at one loudness, to be written as MusicXML."""
    lines = bar_lines(score)
    parts = []
    for index, line in enumerate(score.lines):
        notes = tuple(
            Note(ticks(sound.start), sound.pitch, ticks(sound.length), 80)
            for voice in line.voices
            for sound in read_voice(voice, lines, Fraction(score.start))
        )
        parts.append(Part(notes, line.program, line.name, index + 1, index))
    metres = MetreMap(tuple((ticks(beat), above, below) for beat, above, below in score.metres))
    tempos = TempoMap(tuple((ticks(beat), bpm_to_tempo(bpm)) for beat, bpm in score.tempos))
    return Piece(tuple(parts), TICKS_PER_BEAT, tempos, metres, score.title)


def main(arguments: Sequence[str]) -> int:
    """Write every seed into the folder given, by default this one."""
    folder = Path(arguments[0]) if arguments else Path(__file__).parents[2] / "midi_data"
    folder.mkdir(parents=True, exist_ok=True)
    for name, score in ENGRAVED.items():
        engrave(name, score).save(folder / f"{name}.mid")
    drums("drums").save(folder / "drums.mid")
    perform("prelude", PRELUDE).save(folder / "prelude.mid")
    (folder / "ode.musicxml").write_bytes(musicxml.encode(written(ODE)))
    (folder / "jig.abc").write_text(JIG, encoding="ascii", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
