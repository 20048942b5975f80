"""Corpora to a dataset: many files, several processes, what cannot be read listed and skipped."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from composer import midi
from composer.errors import ComposerError, SeedError
from composer.grid import BEATS, Grid, find_grid
from composer.notes import Note, Part, Piece
from training import dataset
from training.dataset import Dataset, Notes, Record

MIDI_SUFFIXES = (".mid", ".midi", ".rmi")
SCORE_SUFFIXES = (".musicxml", ".xml", ".mxl", ".abc", ".krn")
SPLIT_FOLDERS = {"train": "train", "validation": "valid", "valid": "valid", "test": "test"}
VALID_SHARE = 0.05


@dataclass(frozen=True, slots=True)
class Source:
    """One thing to read.

    Attributes:
        path: File.
        name: How it is called in the dataset.
        corpus: Which corpus it belongs to.
        item: Which piece of a file that holds several, or None.
        split: "train", "valid" or "test" if its folder says so, else "".
    """

    path: Path
    name: str
    corpus: str
    item: tuple[str, int] | None = None
    split: str = ""


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that gave no piece, and why."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Prepared:
    """What `prepare` made."""

    dataset: Dataset
    skipped: tuple[Skipped, ...]


def find_sources(paths: Sequence[Path]) -> list[Source]:
    """Every readable kind of file under some paths, in a stable order.

    A path may be `NAME=PATH` to name its corpus; otherwise the folder's name is taken.

    Raises:
        SeedError: A path does not exist, or nothing readable lies under it.
    """
    sources: list[Source] = []
    for given in paths:
        name, _, rest = str(given).rpartition("=")
        path = Path(rest)
        if not path.exists():
            raise SeedError(f"{path} does not exist; give files or folders of MIDI or scores")
        corpus = name or (path.name if path.is_dir() else path.parent.resolve().name)
        files = sorted(path.rglob("*")) if path.is_dir() else [path]
        for file in files:
            suffix = file.suffix.lower()
            inside = file.relative_to(path) if path.is_dir() else Path(file.name)
            folders = [SPLIT_FOLDERS[part] for part in inside.parts[:-1] if part in SPLIT_FOLDERS]
            split = folders[0] if folders else ""
            if suffix in MIDI_SUFFIXES + SCORE_SUFFIXES:
                sources.append(Source(file, inside.as_posix(), corpus, None, split))
            elif suffix == ".json" and (items := chorale_items(file)):
                for part, index in items:
                    label = f"{inside.as_posix()}#{part}{index}"
                    split = SPLIT_FOLDERS.get(part, "")
                    sources.append(Source(file, label, corpus, (part, index), split))
    if not sources:
        raise SeedError("no MIDI file or score lies under what was given")
    return sources


def chorale_items(path: Path) -> list[tuple[str, int]]:
    """(split, index) of each chorale in a file of the JSB-Chorales-dataset, or nothing.

    The format: {"train": [piece...], ...}, a piece a list of frames of a sixteenth note,
    a frame the four voices' pitches from the top, -1 for silence. Only files with separate
    voices are taken, since the others do not say which note goes on where.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(document, dict) or not path.stem.lower().endswith("separated"):
            return []
        return [(split, index) for split in sorted(document) for index in range(len(document[split]))]
    except (OSError, ValueError):
        return []


def read_chorale(path: Path, item: tuple[str, int]) -> Piece:
    """One four-voice chorale as a Piece; equal frames of a voice are one note."""
    frames = json.loads(path.read_text(encoding="utf-8"))[item[0]][item[1]]
    parts = []
    voices = len(frames[0])
    for voice in range(voices):
        notes, start = [], 0
        pitches = [frame[voice] for frame in frames]
        for index in range(1, len(pitches) + 1):
            if index == len(pitches) or pitches[index] != pitches[start]:
                if pitches[start] > 0:
                    notes.append(Note(start * 6, pitches[start], (index - start) * 6, 80))
                start = index
        if notes:
            parts.append(Part(tuple(notes), 52, track=voice + 1, channel=voice))
    return Piece(tuple(parts), 24)


def read_piece(source: Source) -> Piece:
    """The piece a source names.

    Raises:
        SeedError: It cannot be read.
    """
    if source.item is not None:
        return read_chorale(source.path, source.item)
    if source.path.suffix.lower() in SCORE_SUFFIXES:
        from composer import theory

        return theory.read_score(source.path)
    return midi.read(source.path)


def split_of(source: Source, digest: str) -> str:
    """The split a piece belongs to: its folder's, else one in twenty is for validation.

    By the content's hash, so that the same file always falls on the same side.
    """
    if source.split:
        return source.split
    return "valid" if int(digest[:8], 16) / 2**32 < VALID_SHARE else "train"


def read_one(job: tuple[Source, str]) -> tuple[Record, Notes] | Skipped:
    """One source as a record and its notes, or why not. Never raises."""
    source, kind = job
    try:
        piece = read_piece(source)
        grid = find_grid(piece, kind) if source.item is None else Grid(BEATS, 0, 0, 1.0)
        record, notes = dataset.to_record(piece, grid, source.name, source.corpus, "train")
        digest = hashlib.sha256(
            source.path.read_bytes() if source.item is None else np.ascontiguousarray(notes).tobytes()
        ).hexdigest()
        return replace(record, sha256=digest, split=split_of(source, digest)), notes
    except ComposerError as error:
        return Skipped(source.name, str(error))
    except Exception as error:  # One odd file must not end a run over ten thousand.
        return Skipped(source.name, f"unexpected {type(error).__name__}: {error}")


def prepare(
    sources: Sequence[Source],
    folder: Path,
    *,
    kind: str = "auto",
    workers: int = 2,
    progress: Callable[[int, int], None] | None = None,
) -> Prepared:
    """Read every source and write the dataset.

    Args:
        sources: From `find_sources`.
        folder: Where notes.npy and pieces.json go.
        kind: "auto", "beats" or "free": the time base of every piece.
        workers: Processes.
        progress: Called with (files done, files in all).

    Raises:
        SeedError: Not one file could be read.
    """
    skipped: list[Skipped] = []
    seen: set[str] = set()

    def pieces() -> Iterator[tuple[Record, Notes]]:
        for done, result in enumerate(_results([(source, kind) for source in sources], workers), 1):
            if progress:
                progress(done, len(sources))
            if isinstance(result, Skipped):
                skipped.append(result)
            elif result[0].split == "test":
                skipped.append(Skipped(result[0].name, "kept out: it lies in a test folder"))
            elif result[0].sha256 in seen:
                skipped.append(Skipped(result[0].name, "the same music was there already"))
            else:
                seen.add(result[0].sha256)
                yield result

    made = dataset.save(folder, pieces())
    return Prepared(made, tuple(skipped))


def _results(
    jobs: list[tuple[Source, str]], workers: int
) -> Iterator[tuple[Record, Notes] | Skipped]:
    if workers <= 1:
        yield from map(read_one, jobs)
        return
    # "spawn": forking a process that may have started TensorFlow's threads can hang.
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        yield from pool.imap(read_one, jobs, chunksize=8)
