"""Speed and memory of a batch: ten thousand continuations of 8 bars from 500 seeds.

    python benchmarks/batch.py                     the whole of it, on two cores
    python benchmarks/batch.py --seeds 50          a tenth

The seeds are cut and transposed from those that come with composer, no two alike, so that anyone
can measure the same again. The figures are:

    the whole batch with two workers, wall time, and notes per second to files on disk
    the same work one stream at a time (batch 1, one process), on a sample of the seeds
    memory of all processes together (proportional set size, which counts shared pages
    once), at its highest in each quarter of the run

The memory is measured with psutil.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from composer import models
from composer.batch.jobs import BATCH_SIZE, BatchSpec
from composer.batch.run import BatchJob, BatchRun, fingerprint
from composer.batch.tally import Tally
from composer.encoding.placement import encode
from composer.formats import midi, smf
from composer.generation.settings import Settings
from composer.music.beat_grid import find_grid
from composer.music.notes import Note, Part, Piece

HOME = Path(__file__).resolve().parents[1]
SHORTEST = 24
"""Least number of notes of a cut seed."""


def make_seeds(folder: Path, count: int) -> None:
    """Write seeds, no two with the same notes."""
    pieces = [midi.read(path) for path in sorted((HOME / "midi_data").glob("*.mid"))]
    known: set[bytes] = set()
    made = 0
    for round_ in range(1000):
        for index, piece in enumerate(pieces):
            seed = variant(piece, round_)
            if seed is None:
                continue
            data = smf.encode(midi.from_piece(seed))
            if data in known:  # cut where nothing was played
                continue
            known.add(data)
            place = folder / f"folder{made % 10}"
            place.mkdir(parents=True, exist_ok=True)
            (place / f"seed{made:05}-{index}.mid").write_bytes(data)
            made += 1
            if made == count:
                return
    raise ValueError(f"{count} seeds are too many, there are {made}")


def variant(piece: Piece, number: int) -> Piece | None:
    """A piece transposed and, from the twelfth variant on, cut some bars shorter."""
    shift, bars = number % 12 - 6, number // 12
    bar = piece.metres.position(0, piece.ticks_per_beat).length
    end = piece.end - bars * bar
    parts = []
    for part in piece.parts:
        up = 0 if part.is_drums else shift
        notes = tuple(
            Note(note.onset, min(max(note.pitch + up, 0), 127), note.duration, note.velocity)
            for note in part.notes
            if note.end <= end
        )
        if notes:
            parts.append(Part(notes, part.program, part.name, part.track, part.channel))
    if not any(not part.is_drums for part in parts) and number % 12:
        return None  # drums alone are the same in every key
    if sum(len(part.notes) for part in parts) < SHORTEST:
        return None
    return piece.with_parts(tuple(parts))


class PlayerHistory:
    """Watches the memory of this process and those it has started, in MB."""

    def __init__(self) -> None:
        self.samples: list[tuple[float, float]] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> PlayerHistory:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        import psutil

        own = psutil.Process()
        while not self._stop.wait(0.5):
            total = 0
            for process in [own, *own.children(recursive=True)]:
                try:
                    full = process.memory_full_info()
                except (psutil.Error, OSError):
                    continue
                total += getattr(full, "pss", full.rss)
            self.samples.append((time.monotonic(), total / 1e6))

    def quarters(self) -> list[float]:
        """The highest in each quarter of the run."""
        if len(self.samples) < 4:
            return [max((value for _, value in self.samples), default=0.0)]
        first, last = self.samples[0][0], self.samples[-1][0]
        step = (last - first) / 4 or 1.0
        tops = [0.0] * 4
        for when, value in self.samples:
            index = min(int((when - first) / step), 3)
            tops[index] = max(tops[index], value)
        return tops


def timed(work: Callable[[], Tally]) -> tuple[Tally, float]:
    """What a run has done, and its wall time in seconds."""
    start = time.monotonic()
    tally = work()
    return tally, time.monotonic() - start


def main() -> None:
    """Run the measurement and print it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--seeds", type=int, default=500)
    parser.add_argument("--variations", type=int, default=20)
    parser.add_argument("--bars", type=int, default=8)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--batch-size", type=int, default=BATCH_SIZE)
    parser.add_argument("--model", default=models.DEFAULT)
    parser.add_argument("--from", dest="folder", type=Path, help="seeds of your own")
    parser.add_argument("--alone", type=int, default=5, help="seeds of the batch 1 sample")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    model = models.find(options.model)
    mark = (model.name, fingerprint(model))
    settings = Settings(bars=options.bars, rng_seed=1)
    with tempfile.TemporaryDirectory(prefix="composer-benchmark-") as home:
        seeds = options.folder or Path(home) / "seeds"
        if options.folder is None:
            make_seeds(seeds, options.seeds)
        few = Path(home) / "few"
        few.mkdir()
        every = sorted(path for path in seeds.rglob("*.mid"))
        for path in every[:: max(len(every) // options.alone, 1)][: options.alone]:
            shutil.copy(path, few / path.name)
        notes = [
            len(encode(piece, find_grid(piece))[0].rows)
            for piece in (midi.read(path) for path in every[:: max(len(every) // 50, 1)])
        ]

        def run(source: Path, name: str, variations: int, size: int, workers: int) -> Tally:
            spec = BatchSpec(variations=variations, batch_size=size, model=mark)
            job = BatchJob(source, Path(home) / name, spec, settings, model, workers)
            return BatchRun(job).run()

        with PlayerHistory() as memory:
            many, wall = timed(
                lambda: run(seeds, "many", options.variations, options.batch_size, options.workers)
            )
        one, alone = timed(lambda: run(few, "one", 1, 1, 1))
        size = sum(path.stat().st_size for path in (Path(home) / "many").rglob("*.mid"))
    figures = {
        "seeds": many.seeds,
        "notes_per_seed_median": statistics.median(notes),
        "continuations": many.made,
        "failed": many.failed,
        "notes": many.notes,
        "hours_of_music": round(many.seconds / 3600, 2),
        "megabytes_written": round(size / 1e6, 1),
        "workers": options.workers,
        "batch_size": options.batch_size,
        "wall_s": round(wall, 1),
        "notes_per_s": round(many.notes / wall),
        "batch_1_notes_per_s": round(one.notes / alone),
        "times_batch_1": round(many.notes / wall / (one.notes / alone), 1),
        "memory_mb_by_quarter": [round(value) for value in memory.quarters()],
    }
    if options.json:
        print(json.dumps(figures, indent=2))
        return
    for name, value in figures.items():
        print(f"{name.replace('_', ' '):24} {value}")


if __name__ == "__main__":
    main()
