"""Charts: the bars, chords and sections of a song, without its notes.

Two kinds of file are read: the text files of the McGill Billboard project (Burgoyne et al.
2011; https://ddmal.music.mcgill.ca/research/The_McGill_Billboard_Project_(Chord_Analysis_Dataset)),
and lead sheets in MusicXML (`composer_training.data.leadsheets`), which have a melody too.

Conventions:
    A beat is a quarter note; of a song in 12/8 a dotted one, which is swung.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from composer import files
from composer_training.data.chords import Chord, read_chord
from composer_training.data.dataset import DatasetError

_BEATS = {"4/4": 4, "12/8": 4}
"""Metres that are read, and their beats."""
_LETTER = re.compile(r"[A-Z]'*")
_METRE = re.compile(r"\((\d+)/(\d+)\)")
_TIMES = re.compile(r"\bx(\d+)\b")
_MOST_TIMES = 8
"""A line is repeated so often at most: what fades out goes on longer."""
KINDS = {
    "intro": "intro",
    "pre-intro": "intro",
    "verse": "verse",
    "pre-verse": "verse",
    "pre-chorus": "pre-chorus",
    "prechorus": "pre-chorus",
    "chorus": "chorus",
    "refrain": "chorus",
    "theme": "chorus",
    "main theme": "chorus",
    "bridge": "bridge",
    "solo": "solo",
    "instrumental": "solo",
    "interlude": "interlude",
    "trans": "interlude",
    "transition": "interlude",
    "outro": "outro",
    "coda": "outro",
    "ending": "outro",
    "fadeout": "outro",
}
"""What sections are called, and what they are."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar.

    Attributes:
        beats: Its length.
        chords: (beat at which it begins, chord or None for none), the first at 0.
    """

    beats: int
    chords: tuple[tuple[float, Chord | None], ...]


@dataclass(frozen=True, slots=True)
class Section:
    """Some bars that belong together.

    Attributes:
        letter: The same for sections with the same music.
        kind: A value of `KINDS`, or "verse" if it is not told.
        bars: At least one.
    """

    letter: str
    kind: str
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """A song as a band reads it.

    Attributes:
        name: Of the file.
        bpm: Beats a minute.
        tonic: Pitch class.
        swung: Whether beats are divided in three.
        sections: In the order in which they are played.
        melody: (onset, pitch, length) in beats from the first bar line; empty without one.
    """

    name: str
    bpm: float
    tonic: int
    swung: bool
    sections: tuple[Section, ...]
    melody: tuple[tuple[float, int, float], ...] = ()

    @property
    def beats(self) -> int:
        """How long it is."""
        return sum(bar.beats for section in self.sections for bar in section.bars)


def read_chart(path: Path) -> Chart:
    """A McGill Billboard text file.

    Raises:
        DatasetError: It is none, or in another metre than 4/4 and 12/8, or has no chords.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DatasetError(f"{path.name} cannot be read: {files.reason(error)}") from error
    head = dict(re.findall(r"^# (\w+): *(.+?) *$", text, re.MULTILINE))
    if "metre" not in head:
        raise DatasetError(f"{path.name} is no chart: its metre is missing")
    if head["metre"] not in _BEATS:
        raise DatasetError(f"{path.name} is in {head['metre']}; 4/4 and 12/8 are read")
    beats = _BEATS[head["metre"]]
    tonic = read_chord(head.get("tonic", "C"))
    sections: list[Section] = []
    letter, kind, before = "", "verse", None
    lines = [
        line.split("\t", 1) for line in text.splitlines() if re.match(r"[\d.]+(e-?\d+)?\t", line)
    ]
    paces: list[float] = []
    for (moment, words), (following, _) in zip(lines, [*lines[1:], ["0", ""]], strict=True):
        opening, bar_line, rest = words.partition("|")
        names = [name.strip() for name in opening.split(",") if name.strip()]
        named = [name for name in names if _LETTER.fullmatch(name)]
        told = [KINDS[name] for name in names if name in KINDS]
        begins = bool(named) or not sections
        if named:
            letter, kind = named[0], "verse"
        kind = told[0] if told and (named or not sections) else kind
        if not bar_line:
            continue
        inside, _, closing = rest.rpartition("|")
        try:
            bars, before = _bars(inside, beats, before)
        except ValueError as error:
            raise DatasetError(f"{path.name}: {error}") from error
        times = _TIMES.search(closing)
        bars *= min(int(times[1]), _MOST_TIMES) if times else 1
        length = float(following) - float(moment)
        if length > 0 and not (times and int(times[1]) > _MOST_TIMES):
            paces.append(length / sum(bar.beats for bar in bars))
        if begins:
            sections.append(Section(letter, kind, tuple(bars)))
        else:
            last = sections[-1]
            sections[-1] = Section(last.letter, last.kind, last.bars + tuple(bars))
    if not paces or not any(c for s in sections for bar in s.bars for _, c in bar.chords):
        raise DatasetError(f"{path.name} has no chords")
    bpm = min(max(60 / median(paces), 40.0), 240.0)
    root = 0 if tonic is None else tonic.root
    return Chart(path.name, bpm, root, head["metre"] == "12/8", tuple(sections))


def _bars(text: str, usual: int, before: Chord | None) -> tuple[list[Bar], Chord | None]:
    """The bars between the lines of a row, and the chord that sounds at its end.

    Raises:
        ValueError: Something is no chord.
    """
    bars: list[Bar] = []
    for inside in text.split("|"):
        beats, symbols = usual, []
        for word in inside.split():
            metre = _METRE.fullmatch(word)
            if metre:
                beats = max(round(4 * int(metre[1]) / int(metre[2])), 1)
            elif word not in ("&pause", "*"):
                symbols.append(word)
        chords: list[tuple[float, Chord | None]] = []
        for index, symbol in enumerate(symbols or ["."]):
            if symbol != ".":
                before = read_chord(symbol)
            # One chord has the bar, two have half of it each, more have a beat each.
            at = float(index * beats // max(len(symbols), 1))
            if chords and chords[-1][0] == at:  # more chords than beats: the last one stays
                chords.pop()
            if not chords or chords[-1][1] != before:
                chords.append((at, before))
        bars.append(Bar(beats, tuple(chords)))
    return bars, before
