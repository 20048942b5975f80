"""Evaluate: nats per note of a model on files, by field. No TensorFlow.

The likelihood of whole pieces under exactly the quantisation of `composer.encoding.events`:
nats are summed over all pieces and divided by their notes. The shift of END is counted in
the shift field, but END is not a note. Velocities count in every piece, also in one that
has a single velocity throughout (a score without dynamics), where they say nothing of the
music; `Report.as_in_training` leaves those out, as training and its validation do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from composer.analysis.form import with_plan
from composer.encoding.events import (
    DURATION,
    DURATION_TICKS,
    FIELDS,
    PART,
    PITCH,
    VELOCITY,
    Events,
    velocity_of,
)
from composer.encoding.placement import Placement, encode
from composer.errors import ComposerError, SeedError
from composer.evaluation.breakdown import NoteScores, by_part, by_position, ratio_interval
from composer.formats.jsb_chorales import read_chorales
from composer.formats.music_file import read_pieces
from composer.formats.suffixes import is_music
from composer.music.beat_grid import BEATS, Grid, find_grid
from composer.music.notes import Note, Piece
from composer.network.likelihood import STREAMS, note_nats
from composer.network.predictor import Predictor
from composer.network.trunk import Floats
from composer.terminal import Advance


@dataclass(frozen=True, slots=True)
class Scored:
    """What the network thinks of one piece.

    Attributes:
        name: The file, and which piece of it if it holds several.
        corpus: The folder it was found under.
        notes: Without END.
        nats: float64 [5], summed over the piece.
        dynamics: Whether its velocities mean anything.
        note_scores: Of each note, if they were kept.
    """

    name: str
    corpus: str
    notes: int
    nats: NDArray[np.float64]
    dynamics: bool
    note_scores: NoteScores | None = None


@dataclass(frozen=True, slots=True)
class EncodedPiece:
    """A piece that can be scored.

    Attributes:
        name: As in `Scored`; so are corpus and dynamics.
        events: What the network hears.
        piece: The music itself, for who wants to draw it.
        placement: How their ticks map to each other.
    """

    name: str
    corpus: str
    events: Events
    dynamics: bool
    piece: Piece
    placement: Placement


def with_own_plan(piece: EncodedPiece) -> EncodedPiece:
    """The same piece, whose plan the network is told."""
    return replace(piece, events=with_plan(piece.events))


@dataclass(slots=True)
class Report:
    """All pieces together.

    Attributes:
        pieces: In the order found.
        files: Files that gave at least one piece.
        skipped: (file, reason) of those that gave none.
    """

    pieces: list[Scored] = field(default_factory=list)
    files: int = 0
    skipped: list[tuple[str, str]] = field(default_factory=list)

    @property
    def notes(self) -> int:
        """Of all pieces."""
        return sum(piece.notes for piece in self.pieces)

    @property
    def fields(self) -> dict[str, float]:
        """Nats per note by field."""
        return _fields(self.pieces)

    @property
    def nats_per_note(self) -> float:
        """The sum over fields."""
        return sum(self.fields.values())

    @property
    def as_in_training(self) -> dict[str, float]:
        """Nats per note by field, velocities only over pieces with dynamics."""
        fields = self.fields
        fields["velocity"] = _fields([p for p in self.pieces if p.dynamics])["velocity"]
        return fields

    def interval(self) -> tuple[float, float] | None:
        """95 % interval of nats per note for other pieces like these.

        By the bootstrap over pieces (Efron 1979), since notes of one piece are no
        independent witnesses; None for fewer than two pieces. The same every time.
        """
        return _interval(self.pieces)

    @property
    def note_scores(self) -> list[NoteScores]:
        """Scores of each note, of the pieces whose note scores were kept."""
        return [piece.note_scores for piece in self.pieces if piece.note_scores is not None]

    def as_dict(self, model: str, by: Iterable[str] = ()) -> dict[str, Any]:
        """Plain values, for JSON.

        Args:
            model: What was asked.
            by: Some of "corpus", "file", "position" and "part": figures of each, too; the
                last two of pieces whose notes were kept.
        """
        interval = self.interval()
        training = self.as_in_training
        document: dict[str, Any] = {
            "model": model,
            "files": self.files,
            "notes": self.notes,
            "nats_per_note": self.nats_per_note,
            "fields": self.fields,
            "skipped": [{"file": name, "reason": reason} for name, reason in self.skipped],
            "pieces": len(self.pieces),
            "interval": None if interval is None else list(interval),
            "as_in_training": {"nats_per_note": sum(training.values()), "fields": training},
        }
        if "corpus" in by:
            document["by_corpus"] = self._grouped(lambda piece: piece.corpus)
        if "file" in by:
            document["by_file"] = self._grouped(lambda piece: piece.name)
        if "position" in by:
            document["by_position"] = by_position(self.note_scores)
        if "part" in by:
            document["by_part"] = by_part(self.note_scores)
        return document

    def _grouped(self, key: Callable[[Scored], str]) -> dict[str, Any]:
        groups: dict[str, list[Scored]] = {}
        for piece in self.pieces:
            groups.setdefault(key(piece), []).append(piece)
        return {
            name: {
                "pieces": len(group),
                "notes": sum(piece.notes for piece in group),
                "nats_per_note": sum(_fields(group).values()),
                "interval": None if (interval := _interval(group)) is None else list(interval),
                "fields": _fields(group),
            }
            for name, group in groups.items()
        }


def _interval(pieces: Sequence[Scored]) -> tuple[float, float] | None:
    nats = np.array([piece.nats.sum() for piece in pieces])
    return ratio_interval(nats, np.array([piece.notes for piece in pieces], dtype=np.float64))


def _fields(pieces: Sequence[Scored]) -> dict[str, float]:
    notes = max(sum(piece.notes for piece in pieces), 1)
    nats = sum((piece.nats for piece in pieces), np.zeros(len(FIELDS)))
    return dict(zip(FIELDS, (nats / notes).tolist(), strict=True))


def find_files(paths: Iterable[Path]) -> list[tuple[Path, str]]:
    """(file, corpus) of everything under some paths that may hold music, in a stable order.

    What is named itself is taken whatever its suffix. `FILE.json#SPLIT` is one split of a
    file of chorales.
    """
    found: list[tuple[Path, str]] = []
    for path in paths:
        if not path.is_dir():
            found.append((path, path.resolve().parent.name))
            continue
        for file in sorted(path.rglob("*")):
            name = file.name.lower()
            wanted = is_music(file) or name.endswith("separated.json")
            # Names that begin with "._" are what macOS leaves beside files on other disks.
            if wanted and not name.startswith("._") and file.is_file():
                found.append((file, path.resolve().name))
    return found


def read_file(path: Path, corpus: str, kind: str = "auto") -> list[EncodedPiece]:
    """The pieces in a file: one of a MIDI file, many of a tune book or a set of chorales.

    Args:
        path: As `find_files` gives it.
        corpus: What it belongs to.
        kind: "auto", "beats" or "free".

    Raises:
        SeedError: It cannot be read, or there are no notes in it.
    """
    whole, _, split = str(path).partition("#")
    if Path(whole).suffix.lower() == ".json":
        chorales = read_chorales(Path(whole))
        pieces = [
            # In frames of a sixteenth note, they are on their grid from the start.
            (f"{whole}#{part}{index}", piece, Grid(BEATS, share=1.0))
            for (part, index), piece in chorales.items()
            if split in ("", part)
        ]
        if not pieces:
            raise SeedError(f"{path} is not a MIDI file, a score, or a set of chorales")
    else:
        read = read_pieces(path)
        names = [f"{path}#{n}" for n in range(1, len(read) + 1)] if read[1:] else [str(path)]
        pieces = [
            (name, piece, find_grid(piece, kind)) for name, piece in zip(names, read, strict=True)
        ]
    found = []
    for name, piece, grid in pieces:
        events, placement = encode(piece, grid)
        found.append(EncodedPiece(name, corpus, events, has_dynamics(piece), piece, placement))
    return found


def has_dynamics(piece: Piece) -> bool:
    """Whether velocities mean anything: a score without marks has one or two."""
    return len({note.velocity for _, note in piece.notes()}) > 2


def read_files(
    paths: Iterable[Path], kind: str = "auto", progress: Advance | None = None
) -> tuple[list[EncodedPiece], Report]:
    """Read what can be read.

    Returns:
        The pieces, and a report that has the rest under `skipped`.

    Raises:
        SeedError: There is nothing that can be read.
    """
    files = find_files(paths)
    pieces: list[EncodedPiece] = []
    report = Report()
    for number, (path, corpus) in enumerate(files, 1):
        try:
            pieces += read_file(path, corpus, kind)
            report.files += 1
        except ComposerError as error:
            report.skipped.append((str(path), str(error)))
        except Exception as error:  # one odd file must not end a run over a thousand
            reason = " ".join(f"unexpected {type(error).__name__}: {error}".split())
            report.skipped.append((str(path), reason))
        if progress:
            progress(number, len(files))
    if not pieces:
        why = f" ({report.skipped[0][1]})" if report.skipped else ""
        raise SeedError(f"no file could be read; give MIDI files, scores or folders{why}")
    return pieces, report


def evaluate(
    predictor: Predictor,
    pieces: Sequence[EncodedPiece],
    report: Report | None = None,
    streams: int = STREAMS,
    progress: Advance | None = None,
    *,
    keep: bool = False,
) -> Report:
    """Score pieces.

    Args:
        predictor: The network.
        pieces: From `read_files`.
        report: To add them to; a new one if not given.
        streams: How many run side by side.
        progress: Called with notes scored and notes in all.
        keep: Keep what it made of each note (20 bytes a note).
    """
    scored: dict[int, Scored] = {}
    events = [piece.events for piece in pieces]
    for index, nats in note_nats(predictor, events, streams, progress):
        piece = pieces[index]
        summed = nats.sum(axis=0, dtype=np.float64)
        note_scores = NoteScores(piece.events, nats, piece.corpus) if keep else None
        notes = len(piece.events.rows)
        scored[index] = Scored(piece.name, piece.corpus, notes, summed, piece.dynamics, note_scores)
    report = report or Report(files=len(pieces))
    report.pieces += [scored[index] for index in range(len(pieces))]
    return report


def note_surprise(found: EncodedPiece, nats: Floats) -> dict[tuple[int, Note], float]:
    """(part, note) of the piece -> nats of all its fields.

    Notes that were left out of the events (of a seventeenth part, say) have none; of
    notes that fall on one event, the first has them.
    """
    placement, tempos = found.placement, found.piece.tempos
    waiting: dict[tuple[int, int], list[tuple[int, float]]] = {}
    onsets = found.events.onsets.tolist()
    for number, (row, onset) in enumerate(zip(found.events.rows.tolist(), onsets, strict=True)):
        waiting.setdefault((row[PART], row[PITCH]), []).append((onset, float(nats[number].sum())))
    surprise: dict[tuple[int, Note], float] = {}
    for slot, index in enumerate(placement.slots):
        by_pitch: dict[int, list[Note]] = {}
        for note in found.piece.parts[index].notes:
            by_pitch.setdefault(note.pitch, []).append(note)
        for pitch, notes in by_pitch.items():
            scored = waiting.get((slot, pitch), [])
            if len(scored) == len(notes):  # in the same order, long rests or not
                surprise |= {
                    (index, note): value for note, (_, value) in zip(notes, scored, strict=True)
                }
                continue
            by_tick = dict(scored)
            for note in notes:
                tick = round(placement.to_event(note.onset, tempos))
                if tick in by_tick:
                    surprise[index, note] = by_tick.pop(tick)
    return surprise


def surprise_table(found: EncodedPiece, nats: Floats) -> list[dict[str, Any]]:
    """A line for every note: where it stands and what it is in event ticks, and its nats.

    Args:
        found: The piece.
        nats: From `composer.network.likelihood.note_nats`.
    """
    lines = []
    onsets = found.events.onsets.tolist()
    for number, (row, tick) in enumerate(zip(found.events.rows.tolist(), onsets, strict=True)):
        values = nats[number].astype(float)
        what = {
            "note": number + 1,
            "tick": tick,
            "part": row[PART] + 1,
            "pitch": row[PITCH],
            "duration": int(DURATION_TICKS[row[DURATION]]),
            "velocity": velocity_of(row[VELOCITY]),
            "nats": round(float(values.sum()), 4),
        }
        by_field = zip(FIELDS, values.tolist(), strict=True)
        lines.append(what | {f"nats_{name}": round(value, 4) for name, value in by_field})
    return lines
