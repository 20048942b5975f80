"""Whether continuations keep their promises on a folder of real music.

    python benchmarks/continuations.py FOLDER... [--count 200] [--bars 4]

The script draws seeds from the folders, the same ones every time, continues each as `composer
generate` does, and reads the result with mido alone. It asks of every file:

    does mido read it?
    is each track, up to the seed's last message, the seed's own track, message for message?
    does every new note begin at the marker or later, and end?
    is there a new note at all?

It prints a line for each fault and a summary, and ends with exit code 1 if there is a fault. Seeds
that composer refuses in one line, because they hold no music, are counted apart.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mido

from composer import models
from composer.errors import SeedError
from composer.formats import midi
from composer.formats.suffixes import MIDI_SUFFIXES
from composer.generation.generate import continue_seed
from composer.generation.seed_files import continued, open_seed
from composer.generation.settings import Settings
from composer.network.predictor import Predictor


def draw(folders: list[Path], count: int, number: int) -> list[Path]:
    """Some MIDI files below the folders, in random order."""
    found = sorted(
        path
        for folder in folders
        for path in folder.rglob("*")
        if path.suffix.lower() in MIDI_SUFFIXES and path.is_file()
    )
    return random.Random(number).sample(found, min(count, len(found)))


def body(track: Any) -> list[Any]:
    """A track's messages without its end."""
    return [message for message in track if message.type != "end_of_track"]


def faults(before: Path, after: Path) -> Iterator[str]:
    """What is wrong with a continuation, by the two files alone."""
    try:
        # Some seeds hold bytes that mido can read as text in this encoding only.
        seed = mido.MidiFile(before, charset="latin-1")
        file = mido.MidiFile(after, charset="latin-1")
    except (OSError, ValueError, EOFError, KeyError, IndexError) as error:
        yield f"mido cannot read it: {type(error).__name__} {error}"
        return
    if (file.type, file.ticks_per_beat, len(file.tracks)) != (
        seed.type,
        seed.ticks_per_beat,
        len(seed.tracks),
    ):
        yield "type, resolution or number of tracks is another"
        return
    joins, fresh = [], []
    for index, (old, new) in enumerate(zip(seed.tracks, file.tracks, strict=True)):
        own, all_of_it = body(old), body(new)
        if all_of_it[: len(own)] != own:
            at = next(i for i, m in enumerate(own) if all_of_it[i : i + 1] != [m])
            yield f"track {index}: message {at} is not the seed's, {own[at]}"
            return
        tick = sum(message.time for message in own)
        for message in all_of_it[len(own) :]:
            tick += message.time
            fresh.append((tick, index, message))
            if message.type == "marker":
                joins.append(tick)
    if len(joins) != 1:
        yield f"{len(joins)} markers, not one"
        return
    sounding: Counter[tuple[int, int, int]] = Counter()
    struck = 0
    for tick, index, message in sorted(fresh, key=lambda row: row[0]):
        if message.type not in ("note_on", "note_off"):
            continue
        key = (index, message.channel, message.note)
        if message.type == "note_on" and message.velocity:
            struck += 1
            sounding[key] += 1
            if tick < joins[0]:
                yield f"a note at {tick}, before the marker at {joins[0]}"
                return
        else:
            sounding[key] = max(0, sounding[key] - 1)
    if any(sounding.values()):
        yield f"{sum(sounding.values())} notes never end"
    if not struck:
        yield "not one new note"


def main() -> int:
    """Draw seeds, continue and check them, and print the faults."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--bars", type=int, default=4)
    parser.add_argument("--number", type=int, default=1, help="seed of all randomness")
    parser.add_argument("--model", default=models.DEFAULT)
    given = parser.parse_args()
    predictor = Predictor.load(models.find(given.model))
    settings = Settings(bars=given.bars, rng_seed=given.number)
    seeds = draw(given.folders, given.count, given.number)
    refused = bad = 0
    seconds = []
    with tempfile.TemporaryDirectory() as place:
        out = Path(place) / "out.mid"
        for path in seeds:
            start = time.perf_counter()
            try:
                seed = open_seed(path)
                made = continue_seed(seed.analysis(settings.grid), predictor, settings, range(1))
            except SeedError as error:
                refused += 1
                print(f"refused: {error}")
                continue
            midi.save(continued(seed, made[0]), out, force=True)
            seconds.append(time.perf_counter() - start)
            found = list(faults(path, out))
            bad += bool(found)
            for fault in found:
                print(f"{path}: {fault}")
    good = len(seeds) - refused - bad
    print(f"{len(seeds)} seeds: {good} sound, {bad} with faults, {refused} refused")
    if seconds:
        print(f"median {statistics.median(seconds):.2f} s, longest {max(seconds):.2f} s each")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
