"""Outputs: a continuation in each of the formats asked for, as bytes.

The MIDI file is the one that `composer generate` writes, byte for byte.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from functools import cached_property
from pathlib import PurePosixPath
from typing import Any

from composer.analysis.segment import Segment
from composer.batch.jobs import CONTINUING, BatchSpec, Result, Task
from composer.encoding.events import FIELDS
from composer.errors import DependencyError
from composer.formats import fluidsynth, smf
from composer.formats.midi_append import Extended, Extender
from composer.generation.continuation import Continuation, PerformanceStyle, to_continuation
from composer.generation.seed_analysis import SeedAnalysis
from composer.generation.seed_files import Seed, alone, alone_piece, behind, whole
from composer.generation.settings import Settings
from composer.generation.stream import Stream, segment_of
from composer.inside.insertion import Insertion
from composer.music.timing import tempo_to_bpm
from composer.taste.traits import named, traits_of


class OutputWriter:
    """Writes the continuations of one seed.

    Args:
        spec: What the tasks have in common.
        task: Whose continuations.
        digest: The seed file's sha256.
        seed: The seed.
        analysis: Of the seed.
    """

    def __init__(
        self, spec: BatchSpec, task: Task, digest: str, seed: Seed, analysis: SeedAnalysis
    ) -> None:
        self._spec, self._task, self._digest = spec, task, digest
        self._seed, self._analysis = seed, analysis

    @cached_property
    def _style(self) -> PerformanceStyle:
        return PerformanceStyle.of(self._analysis)

    @cached_property
    def _heard(self) -> Segment:
        return self._analysis.segment()

    @cached_property
    def _extender(self) -> Extender:
        return Extender(self._seed.file)

    def write(self, number: int, stream: Stream, *, last: bool, **more: Any) -> Result:
        """A finished stream as the bytes of its files and a line of the manifest.

        Args:
            number: Of the task.
            stream: The continuation.
            last: Whether it is the last of its task.
            more: Further fields of the line.

        Raises:
            OutputError: It does not fit a format.
            DependencyError: A format needs a program or package that is not there.
        """
        made = to_continuation(self._analysis, stream, self._style)
        midi_bytes, notes = self._midi(made)
        segment = segment_of(self._analysis, stream)
        more = {"traits": named(traits_of(segment, self._heard)), **more}
        return self._result(number, made, midi_bytes, notes, last, more, stream.rows)

    def write_loop(self, number: int, made: Continuation, *, last: bool) -> Result:
        """Bars that lead into themselves; see `write`."""
        midi_bytes, notes = self._midi(made)
        return self._result(number, made, midi_bytes, notes, last, {})

    def write_inside(self, number: int, made: Insertion, *, last: bool) -> Result:
        """What was written inside a piece; see `write`."""
        data = smf.encode(made.file(self._seed.file))
        more: dict[str, Any] = {"replaced": len(made.removed)}
        if made.figures:
            more["figures"] = dict(made.figures)
        return self._result(number, made, data, made.piece.note_count, last, more)

    def _result(
        self,
        number: int,
        made: Continuation | Insertion,
        midi_bytes: bytes,
        notes: int,
        last: bool,
        more: dict[str, Any],
        rows: Sequence[Sequence[int]] | None = None,
    ) -> Result:
        """Files and a line of the manifest; rows are the events drawn, where they are told."""
        spec, piece = self._spec, made.piece
        begin = made.start if isinstance(made, Insertion) else made.join
        start, end = (
            piece.tempos.seconds(tick, piece.ticks_per_beat) for tick in (begin, made.end)
        )
        bpm = tempo_to_bpm(piece.tempos.tempo_at(begin))
        key = str(self._analysis.key) if self._analysis.key else None
        output = name_of(spec.pattern, self._task, made.variation, key, bpm)
        files = []
        for kind in spec.formats:
            name = str(PurePosixPath(output).with_suffix(f".{kind}"))
            if kind == spec.formats[0]:
                name = output
            files.append((name, self._encode(kind, made, rows, midi_bytes)))
        record = begin_record(spec, self._task, self._digest) | {
            "variation": made.variation + 1,
            "output": output,
            "sha256": _digest(files[0][1]),
            "also": {name: _digest(data) for name, data in files[1:]},
            "notes": notes,
            "key": key,
            "bpm": round(bpm, 3),
            "seconds": round(end - start, 3),
            **more,
        }
        remarks = (
            list(self._seed.remarks)
            if isinstance(made, Insertion)
            else self._seed.remarks_on(self._analysis)
        )
        if remarks:
            record["remarks"] = remarks
        return Result(number, record, tuple(files), last)

    def _midi(self, made: Continuation) -> Extended:
        if self._spec.continuation_only:
            file = alone(made)
            return Extended(smf.encode(file), smf.note_count(file))
        piece, join = behind(made, self._seed.piece.end)
        tempo = piece.tempos.tempo_at(join)
        return self._extender.encode(piece, join, end=made.end, tempo=tempo)

    def _encode(
        self,
        kind: str,
        made: Continuation | Insertion,
        rows: Sequence[Sequence[int]] | None,
        midi_bytes: bytes,
    ) -> bytes:
        if kind == "mid":
            return midi_bytes
        if kind == "musicxml":
            from composer.formats.musicxml import encode

            if isinstance(made, Insertion):
                return encode(made.whole)
            only = self._spec.continuation_only
            return encode(alone_piece(made) if only else whole(self._seed, made))
        if kind == "json":
            return self._events(made, rows)
        if kind == "png":
            return _png(self._seed, made)
        return fluidsynth.wav(midi_bytes, fluidsynth.soundfont(self._spec.soundfont))

    def _events(
        self, made: Continuation | Insertion, drawn: Sequence[Sequence[int]] | None
    ) -> bytes:
        """Events and notes as JSON, to be read without a MIDI library."""
        events = self._analysis.events
        seed_events = 0 if self._spec.continuation_only or drawn is None else len(events.rows)
        rows = [*events.rows[:seed_events].tolist(), *(drawn or ())]
        notes = [
            [index, note.onset, note.pitch, note.duration, note.velocity]
            for index, note in made.piece.notes()
        ]
        content = {
            "seed": self._task.seed,
            "kind": events.kind,
            "programs": list(events.programs),
            "fields": list(FIELDS),
            "seed_events": seed_events,
            "events": rows,
            "ticks_per_beat": made.piece.ticks_per_beat,
            "join_tick": made.start if isinstance(made, Insertion) else made.join,
            "end_tick": made.end,
            "note_fields": ["part", "onset_tick", "pitch", "duration_ticks", "velocity"],
            "notes": notes,
        }
        return (json.dumps(content, separators=(",", ":")) + "\n").encode()


def begin_record(spec: BatchSpec, task: Task, digest: str | None) -> dict[str, Any]:
    """What every line of the manifest about a seed begins with."""
    return {
        "seed": task.seed,
        "seed_sha256": digest,
        "settings": _shown(task.settings),
        "model": spec.model[0],
        "model_sha256": spec.model[1],
        "rng_seed": task.settings.rng_seed,
        "mark": spec.mark(task.settings, task.writing),
        **({} if task.writing == CONTINUING else {"writing": asdict(task.writing)}),
    }


def _shown(settings: Settings) -> dict[str, Any]:
    """Settings for a line of the manifest; of a profile, which is long, its sha256."""
    shown = settings.as_dict()
    if settings.profile is not None:
        shown["profile"] = _digest(settings.profile.encode())
    return shown


def name_of(pattern: str, task: Task, variation: int, key: str | None, bpm: float) -> str:
    """The name of an output, in the folder that the seed has among the seeds."""
    name = pattern.format(
        stem=task.stem,
        variation=variation + 1,
        key=(key or "no key").replace(" ", "-"),
        bpm=round(bpm),
        seed=task.settings.rng_seed,
    )
    return str(PurePosixPath(task.seed).parent / name)


def check_formats(spec: BatchSpec) -> None:
    """Refuse formats that cannot be written here before any work is done.

    Raises:
        DependencyError: A package or program is missing.
    """
    if "wav" in spec.formats:
        fluidsynth.soundfont(spec.soundfont)
    if "png" in spec.formats:
        from importlib.util import find_spec

        if find_spec("matplotlib") is None:
            raise DependencyError("PNG needs matplotlib; run: pip install matplotlib")


def _png(seed: Seed, made: Continuation | Insertion) -> bytes:
    from composer.plots.piano_roll import inside_roll_png, piano_roll_png

    if isinstance(made, Insertion):
        return inside_roll_png(made.given, made.piece, made.start, made.end)
    return piano_roll_png(seed.piece, made.piece, made.join)


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
