"""Ensemble: a chart arranged for a band of eight parts and more, as studio files have them.

Drums as a drummer played them, a bass, guitars and keys in a style; riffs, pads, strings,
broken chords, brass, a tune with a second voice, percussion; parts that double others; and
parts that enter and leave with the sections, more of them in a chorus than in a verse. What a
part plays in a section it plays there again whenever the section comes back.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from zlib import crc32

import numpy as np

from composer.music.beat_grid import BEATS
from composer.music.notes import DRUM_PROGRAM
from composer_training.data import drummers, patterns
from composer_training.data.band import Pieces
from composer_training.data.charts import Chart, Section
from composer_training.data.dataset import DatasetError, Notes, Record
from composer_training.data.drummers import Drummer
from composer_training.data.members import members
from composer_training.data.patterns import Style
from composer_training.data.players import Passage, Row
from composer_training.data.songs import chart_of, melody_slot

CORPUS = "charts"
LONGEST = 128
"""Bars after which a song ends with the section at hand."""
SHORT = 40
"""Bars up to which a tune is played three times, the second time as a solo."""
INTENSITY = {
    "intro": 0.45,
    "verse": 0.55,
    "pre-chorus": 0.68,
    "chorus": 0.92,
    "bridge": 0.65,
    "solo": 0.85,
    "interlude": 0.6,
    "outro": 0.75,
}
"""How much of the band plays in a section, about."""


def arrangements(
    found: Iterable[tuple[Chart, str]], takes: Pieces, seed: int = 0
) -> Iterator[tuple[Record, Notes]]:
    """Every chart for a band, with a drummer of the same split.

    Args:
        found: Charts, and the split of each.
        takes: Pieces for drums alone; those in other metres than 4/4 or too short are left out.
        seed: Of what is drawn.

    Raises:
        DatasetError: There are no such drums.
    """
    able = _drummers(takes)
    for chart, split in found:
        rng = np.random.default_rng((seed, crc32(chart.name.encode())))
        yield arrange(chart, split, _of_split(able, split), rng)


def _drummers(takes: Pieces) -> dict[str, list[Drummer]]:
    """By split, those in 4/4.

    Raises:
        DatasetError: There are none.
    """
    able: dict[str, list[Drummer]] = {}
    for record, notes in takes:
        common = record.kind == BEATS and all(metre[1:] == (4, 4) for metre in record.metres)
        if common and set(record.programs) == {DRUM_PROGRAM}:
            drummer = Drummer.of(record, notes)
            if drummer is not None:
                able.setdefault(record.split, []).append(drummer)
    if not able:
        raise DatasetError("there are no drums of two bars in 4/4 on a beat grid for a band")
    return able


def full_bands(songs: Pieces, takes: Pieces, seed: int = 0) -> Iterator[tuple[Record, Notes]]:
    """Every song in 4/4 that has a tune for a band, which its accompaniment is kept in.

    Args:
        songs: Pieces on a beat grid; those with drums or without a tune are left out.
        takes: As in `arrangements`.
        seed: Of what is drawn.

    Raises:
        DatasetError: There are no such drums.
    """
    able = _drummers(takes)
    for record, notes in songs:
        if record.kind != BEATS or DRUM_PROGRAM in record.programs:
            continue
        chart, slot = chart_of(record, notes), melody_slot(record, notes)
        if chart is not None:
            own = [notes[notes[:, 1] == s] for s in range(len(record.programs)) if s != slot]
            rng = np.random.default_rng((seed, crc32(chart.name.encode())))
            yield arrange(chart, record.split, _of_split(able, record.split), rng, own)


def _of_split(able: Mapping[str, list[Drummer]], split: str) -> list[Drummer]:
    return able.get(split) or [drummer for found in able.values() for drummer in found]


def arrange(
    chart: Chart,
    split: str,
    takes: Sequence[Drummer],
    rng: np.random.Generator,
    accompaniment: Sequence[Notes] = (),
) -> tuple[Record, Notes]:
    """A chart for a band.

    Args:
        chart: The song.
        split: "train" or "valid".
        takes: Drummers to choose from, at least one.
        rng: Source of all randomness.
        accompaniment: Parts that are played as they are instead of the keys.
    """
    style = _style(chart, bool(accompaniment), rng)
    passages, turns = _passages(chart, style, bool(accompaniment))
    drummer = drummers.choose(takes, style, rng)
    seed = int(rng.integers(2**32))
    band = members(chart, style, passages, turns, len(accompaniment), rng)
    loud = np.array([_intensity(passages, index, rng) for index in range(len(passages))])
    enters = 0.3 if rng.random() < 0.5 else rng.uniform(0.4, 0.6)
    kit = drummers.under(passages, (loud >= enters).tolist(), drummer, style, rng)
    tables, programs = [kit], [DRUM_PROGRAM]
    played = rng.random() < 0.5
    for number, part in enumerate(band):
        rows: list[Row] = []
        for passage, strength in zip(passages, loud.tolist(), strict=True):
            letter = crc32(f"{passage.section.letter} {passage.section.kind}".encode())
            own = np.random.default_rng((seed, number, letter))
            # Nobody is hired for nothing: the fullest section has everyone.
            absent = strength + own.normal(0, 0.06) < min(part.enters, loud.max() - 0.1)
            if absent or (part.kinds and passage.section.kind not in part.kinds):
                continue
            swell = round(24 * (strength - 0.7))
            rows += [(*row[:3], row[3] + swell) for row in part.play(passage, own)]
        table = np.array([(at, 0, pitch, length, strength) for at, pitch, length, strength in rows],
                         dtype=np.int32).reshape(-1, 5)  # fmt: skip
        tables.append(_humanised(table, part.program, played, rng))
        programs.append(part.program)
    for given in accompaniment:
        tables.append(given[given[:, 0] < passages[-1].end].copy())
        programs.append(int(rng.choice(style.keys)))
    return _seated(chart, split, f"{chart.name} {style.name} {drummer.name}", passages,
                   tables, programs, rng)  # fmt: skip


def _style(chart: Chart, straight: bool, rng: np.random.Generator) -> Style:
    """A style that goes with the song's beat and pace, and is not swung if that is asked for."""
    p = patterns
    choices: tuple[tuple[Style, int], ...]
    if chart.swung:
        choices = ((p.SHUFFLE, 5), (p.SWING, 2), (p.BALLAD, 2))
    elif chart.melody and not straight:
        choices = ((p.SWING, 5), (p.SHUFFLE, 1), (p.BALLAD, 2), (p.LATIN, 2), (p.POP, 2))
    elif chart.bpm < 88:
        choices = ((p.BALLAD, 5), (p.POP, 2), (p.ROCK, 2), (p.REGGAE, 1), (p.FUNK, 1))
    elif chart.bpm > 150:
        choices = ((p.ROCK, 4), (p.METAL, 4), (p.POP, 2), (p.LATIN, 1), (p.SWING, 1))
    else:
        choices = ((p.ROCK, 6), (p.POP, 5), (p.FUNK, 3), (p.DISCO, 3), (p.METAL, 3),
                   (p.LATIN, 1), (p.REGGAE, 1))  # fmt: skip
    weights = np.array([0.0 if straight and s.swung else weight for s, weight in choices])
    return choices[int(rng.choice(len(choices), p=weights / weights.sum()))][0]


def _passages(chart: Chart, style: Style, once: bool) -> tuple[list[Passage], list[int]]:
    """The sections in their places, and of each where in beats its tune lies in the chart.

    A short tune is played three times, if `once` does not forbid it.
    """
    sections = list(chart.sections)
    bars = sum(len(section.bars) for section in sections)
    turns = 3 if chart.melody and bars <= SHORT and not once else 1
    order: list[tuple[Section, int]] = []
    for turn in range(turns):
        at = 0
        for section in sections:
            kind = "solo" if turns == 3 and turn == 1 else section.kind
            order.append((replace(section, kind=kind), at))
            at += sum(bar.beats for bar in section.bars)
    chords = [c for section in sections for bar in section.bars for _, c in bar.chords if c]
    on_tonic = [chord.third == 3 for chord in chords if chord.root == chart.tonic]
    minor = bool(on_tonic) and float(np.mean(on_tonic)) > 0.5
    swung = style.swung or chart.swung
    made: list[Passage] = []
    start = count = 0
    for index, (section, _) in enumerate(order):
        behind = order[(index + 1) % len(order)][0].bars[0].chords[0][1]
        made.append(Passage(section, start, swung, behind, chart.tonic, minor))
        start = made[-1].end
        count += len(section.bars)
        if count >= LONGEST:
            break
    return made, [at for _, at in order[: len(made)]]


def _intensity(passages: Sequence[Passage], index: int, rng: np.random.Generator) -> float:
    """How much of the band plays in a section: less at first, all at the end."""
    kind = passages[index].section.kind
    level = INTENSITY[kind] + rng.normal(0, 0.03)
    before = sum(passage.section.kind == kind for passage in passages[:index])
    level += 0.06 * min(before, 2) if kind in ("verse", "chorus") else 0
    return float(level)


def _humanised(table: Notes, program: int, played: bool, rng: np.random.Generator) -> Notes:
    """Loudness as uneven as a player's or a pencil's; a player is off the grid by a little."""
    noise = rng.normal(0, rng.uniform(3, 8) if played else rng.uniform(0, 3), len(table))
    table[:, 4] = np.clip(np.round(table[:, 4] + noise), 12, 127)
    if played and program != DRUM_PROGRAM:
        late = rng.normal(0, 6)
        moved = table[:, 0] + late + rng.normal(0, rng.uniform(2, 9), len(table))
        table[:, 0] = np.maximum(np.round(moved), 0)
    return table


def _seated(
    chart: Chart,
    split: str,
    name: str,
    passages: Sequence[Passage],
    tables: Sequence[Notes],
    programs: Sequence[int],
    rng: np.random.Generator,
) -> tuple[Record, Notes]:
    """The parts that play in any order of slots, under the song's metres and tempo."""
    playing = [index for index, table in enumerate(tables) if len(table)]
    order = [playing[index] for index in rng.permutation(len(playing))]
    for slot, index in enumerate(order):
        tables[index][:, 1] = slot
    table = np.concatenate([tables[index] for index in order]).astype(np.int32)
    table[:, 2] = np.clip(table[:, 2], 0, 127)
    table = table[np.lexsort((table[:, 2], table[:, 1], table[:, 0]))]
    metres: list[tuple[int, int, int]] = []
    for passage in passages:
        for start, beats in passage.bars:
            if not metres or metres[-1][1] != beats:
                metres.append((start, beats, 4))
    record = Record(
        name=name,
        corpus=CORPUS,
        split=split,
        kind=BEATS,
        programs=tuple(programs[index] for index in order),
        metres=tuple(metres),
        tempos=((0, round(60_000_000 / chart.bpm)),),
        dynamics=True,
        sha256=hashlib.sha256(name.encode()).hexdigest(),
        count=len(table),
    )
    return record, table
