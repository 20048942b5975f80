"""Session files: seeds in and sessions out, inside one folder and nowhere else.

Conventions:
    Names come from the network. They are relative to the folder; a name that leads out of
    it, by dots, by a slash in front or by a link, is refused.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath

from composer.encoding.events import (
    DURATION,
    DURATION_TICKS,
    PART,
    PITCH,
    VELOCITY,
    channel_of,
    velocity_of,
)
from composer.errors import OutputError, SeedError
from composer.formats import midi
from composer.formats.suffixes import MIDI_SUFFIXES
from composer.generation.seed_files import open_seed
from composer.live.core.improviser import ProposedNote
from composer.live.core.session_log import SessionLog
from composer.music.timing import tempo_to_bpm

LARGEST_SEED = 1 << 20
"""Bytes of a file that is read while others play."""
LAST_NOTES = 256
"""Notes of a seed that are heard."""


@dataclass(frozen=True, slots=True)
class Seed:
    """A file as a session takes it.

    Attributes:
        kind: "beats" or "free".
        bpm: Its tempo at the end.
        notes: Its last notes; ticks from a bar line, slots are channels.
        programs: Of the channels.
        remarks: What composer could not make sense of or had to decide, a line each.
    """

    kind: str
    bpm: float
    notes: list[ProposedNote]
    programs: dict[int, int]
    remarks: tuple[str, ...] = ()


def inside(folder: Path, name: object) -> Path:
    """A file in a folder.

    Raises:
        SeedError: The name leads out of it, or names no MIDI file.
    """
    text = str(name) if isinstance(name, str) else ""
    parts = PureWindowsPath(text).parts  # backslashes and drives count on every system
    odd = any(not character.isprintable() for character in text)
    if not text or odd or len(text) > 500 or ".." in parts or PureWindowsPath(text).anchor:
        raise SeedError(f"{text[:80]!r} is not a name inside the server's folder")
    if PurePosixPath(text).suffix.lower() not in MIDI_SUFFIXES:
        raise SeedError(f"{text[:80]!r} is not a MIDI file's name; end it in .mid")
    try:
        home = folder.resolve()
        path = (home / text).resolve()
        within = path.is_relative_to(home)
    except (OSError, ValueError, RuntimeError):  # loops of links
        within = False
    if not within:
        raise SeedError(f"{text[:80]!r} is not a name inside the server's folder")
    return path


def load_seed(folder: Path, name: object) -> Seed:
    """Read a seed.

    Raises:
        SeedError: It is outside, missing, too large, or no music.
    """
    path = inside(folder, name)
    try:
        if path.stat().st_size > LARGEST_SEED:
            raise SeedError(f"{name} is larger than {LARGEST_SEED >> 20} MB; take a part of it")
    except OSError:
        raise SeedError(f"{name} is not there; put it into the server's folder") from None
    try:
        file = open_seed(path)
    except SeedError as error:
        # The line names the file: not where on this computer it lies.
        raise SeedError(str(error).replace(str(path), str(name))) from None
    analysis = file.analysis()
    events = analysis.events
    onsets = events.onsets
    bar = analysis.bar
    base = int(onsets[-LAST_NOTES:][0]) // bar * bar
    channels = [channel_of(slot, program) for slot, program in enumerate(events.programs)]
    notes = [
        ProposedNote(
            int(onset) - base,
            channels[row[PART]],
            int(row[PITCH]),
            int(DURATION_TICKS[row[DURATION]]),
            velocity_of(int(row[VELOCITY])),
        )
        for onset, row in zip(
            onsets[-LAST_NOTES:].tolist(), events.rows[-LAST_NOTES:].tolist(), strict=True
        )
    ]
    used = {note.slot for note in notes}
    programs = {
        channel: program
        for channel, program in zip(channels, events.programs, strict=True)
        if channel in used
    }
    # In the tempo before a last ritardando, as `composer generate` goes on.
    tempo = analysis.piece.tempos.tempo_at(analysis.tick(analysis.join))
    remarks = tuple(file.remarks_on(analysis))
    return Seed(events.kind, tempo_to_bpm(tempo), notes, programs, remarks)


def fit(seed: Seed, kind: str, ticks_per_second: float) -> list[ProposedNote]:
    """A seed's notes in a timeline of another kind, at the speed they have in the file."""
    if seed.kind == kind:
        return seed.notes
    per_second = 100.0 if seed.kind == "free" else seed.bpm * 24 / 60
    factor = ticks_per_second / per_second
    return [
        note._replace(
            onset=round(note.onset * factor), duration=max(round(note.duration * factor), 1)
        )
        for note in seed.notes
    ]


def save_log(log: SessionLog, path: Path, *, force: bool = False) -> int:
    """Write a session. Returns how many notes it has.

    Raises:
        OutputError: There is nothing to write, or it cannot be written there.
    """
    file = log.file()
    if file is None:
        raise OutputError("nothing was played yet, so there is nothing to save")
    midi.save(file, path, force=force)
    return len(log)


def save_inside(log: SessionLog, folder: Path, name: object) -> None:
    """Write a session into the server's folder, where there is no such file yet.

    Raises:
        SeedError: The name leads outside.
        OutputError: It is there, or cannot be written; the line names the file alone.
    """
    path = inside(folder, name)
    if path.exists():
        raise OutputError(f"{name} exists; choose another name")
    try:
        save_log(log, path)
    except OutputError as error:
        raise OutputError(str(error).replace(f"{folder.resolve()}{os.sep}", "")) from None
