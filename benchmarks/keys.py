"""How often the key is right, on pieces whose key is written down.

    python benchmarks/keys.py FOLDER... [--labels FILE] [--bars 8] [--limit 200]

A piece's key is taken from the first of these that it has: a label (JSON lines with "song", the
beginning of a file's name, and "key"); the <key> of a MusicXML file with its mode, or with the
mode of its last chord symbol where that is a tonic of the signature; the K: field of an ABC tune;
the key signature of a MIDI file. Pieces that name several keys are left out. `find_key` is compared
with its profile alone, without beginning and end, and with music21's `analyze("key")`, on the same
notes.

    right      share with the tonic and mode that are written down
    relative   share with the relative key instead
"""

from __future__ import annotations

import argparse
import json
import random
import re
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from composer.errors import ComposerError
from composer.formats import abc, abc_text, midi
from composer.formats.music_file import read_pieces
from composer.formats.musicxml_container import read_mxl
from composer.music.keys import (
    MAJOR,
    MINOR,
    Key,
    find_key,
    fitting_key,
    parse_key,
    sounding_time,
)
from composer.music.notes import Piece

SCORES = (".mxl", ".musicxml", ".xml")
STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
TUNE_KEY = re.compile(r"K: *([A-G][#b]?) *(major|maj|minor|min|m)?$", re.IGNORECASE)


def signature_key(fifths: int, mode: str) -> Key:
    """The key of a signature."""
    return Key((7 * fifths + (9 if mode == MINOR else 0)) % 12, mode)


def relative(key: Key) -> Key:
    """The other key of the same signature."""
    return (
        Key((key.tonic + 9) % 12, MINOR) if key.mode == MAJOR else Key((key.tonic + 3) % 12, MAJOR)
    )


def score_key(path: Path) -> Key | None:
    """What a MusicXML file says of its key."""
    document = read_mxl(path) if path.suffix == ".mxl" else path.read_bytes()
    root = ET.fromstring(document)
    fifths = {int(key.findtext("fifths") or 0) for key in root.iter("key")}
    modes = {mode for key in root.iter("key") if (mode := key.findtext("mode"))}
    if len(fifths) != 1:
        return None
    tonics = [signature_key(*fifths, mode) for mode in (MAJOR, MINOR)]
    chords = [chord for chord in root.iter("harmony") if chord.find("root") is not None]
    if chords:
        for chord in reversed(chords[-2:]):  # what leads back to the beginning may stand last
            step = STEPS[chord.findtext("root/root-step") or "C"]
            tonic = (step + int(chord.findtext("root/root-alter") or 0)) % 12
            mode = next(
                (m for m in (MAJOR, MINOR) if (chord.findtext("kind") or "").startswith(m)), ""
            )
            if mode and Key(tonic, mode) in tonics:
                return Key(tonic, mode)
        return None
    mode = modes.pop() if len(modes) == 1 else ""
    return signature_key(*fifths, mode) if mode in (MAJOR, MINOR) else None


def midi_key(path: Path) -> Key | None:
    """The only key signature of a MIDI file."""
    file = midi.load(path, lambda line: None)
    keys = {each.key for track in file.tracks for each in track if each.type == "key_signature"}
    return parse_key(keys.pop()) if len(keys) == 1 else None


def labelled(path: Path, labels: dict[str, str]) -> Iterator[tuple[Piece, Key]]:
    """The pieces of a file that have one key, and that key."""
    if path.suffix == ".abc":
        for tune in abc_text.tunes_of(path.read_text(encoding="latin-1")):
            fields = {
                line.partition("%")[0].strip() for line in tune.lines if line.startswith("K:")
            }
            match = TUNE_KEY.match(fields.pop()) if len(fields) == 1 else None
            if match and not any("[K:" in line for line in tune.lines):
                mode = MINOR if (match[2] or "").lower() in ("m", "min", "minor") else MAJOR
                yield abc.to_piece(tune, lambda line: None), parse_key(f"{match[1]}:{mode}")
        return
    song = next((song for song in labels if path.stem.startswith(song)), None)
    if labels:
        key = parse_key(labels[song]) if song is not None and "\n" not in labels[song] else None
    else:
        key = score_key(path) if path.suffix in SCORES else midi_key(path)
    if key is not None:
        for piece in read_pieces(path, lambda line: None):
            yield piece, key


def beginning(piece: Piece, bars: int) -> Piece:
    """The first bars from the one in which the music begins."""
    beat = piece.ticks_per_beat
    first = min(note.onset for _, note in piece.notes())
    stop = first + 1
    for _ in range(bars):
        stop = piece.metres.bar_line_at_or_after(stop, beat) + 1
    stop -= 1
    parts = tuple(
        replace(part, notes=tuple(
            replace(note, duration=min(note.duration, stop - note.onset))
            for note in part.notes if note.onset < stop
        ))
        for part in piece.parts
    )  # fmt: skip
    return piece.with_parts(parts)


def music21_key(piece: Piece) -> Key | None:
    """What music21 finds."""
    from music21 import note, stream

    line = stream.Stream()
    for index, each in piece.notes():
        if not piece.parts[index].is_drums:
            length = each.duration / piece.ticks_per_beat
            line.insert(
                each.onset / piece.ticks_per_beat, note.Note(each.pitch, quarterLength=length)
            )
    found = line.analyze("key") if len(line) else None
    return Key(found.tonic.pitchClass, found.mode) if found else None


def profile_key(piece: Piece) -> Key | None:
    """The key by the profile alone, in which no note counts for more than a beat."""
    beat = piece.ticks_per_beat
    notes = [note for index, note in piece.notes() if not piece.parts[index].is_drums]
    pitches = np.array([note.pitch for note in notes], dtype=np.int64)
    lengths = np.array([note.duration for note in notes], dtype=np.int64)
    return fitting_key(sounding_time(pitches, lengths, beat))


FINDERS = {"composer": find_key, "profile": profile_key, "music21": music21_key}


def main() -> None:
    """Read the files, find their keys and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--labels", type=Path)
    parser.add_argument("--bars", type=int, help="bars heard, from the beginning")
    parser.add_argument("--limit", type=int, default=200, help="pieces of each folder")
    parser.add_argument("--match", default="", help="part of the names of files to take")
    given = parser.parse_args()
    labels: dict[str, str] = {}
    if given.labels:
        lines = map(json.loads, given.labels.read_text(encoding="utf-8").splitlines())
        labels = {line["song"]: line["key"] for line in lines}
    for folder in given.folders:
        paths = [
            path for path in sorted(folder.rglob("*"))
            if path.suffix in (".mid", ".abc", *SCORES) and re.search(given.match, path.name)
        ]  # fmt: skip
        random.Random(0).shuffle(paths)
        counts: Counter[object] = Counter()
        for path in paths:
            try:
                pieces = list(labelled(path, labels))
            except (ComposerError, ValueError, KeyError, IndexError, ET.ParseError):
                continue
            # Only a few tunes of a book, so that one book does not outweigh the rest.
            for piece, key in pieces[:20]:
                if piece.note_count < 8 or counts["pieces"] == given.limit:
                    continue
                heard = beginning(piece, given.bars) if given.bars else piece
                counts["pieces"] += 1
                counts[key.mode] += 1
                for name, find in FINDERS.items():
                    found = find(heard)
                    counts[name] += found == key
                    counts[name, key.mode] += found == key
                    counts[name, "relative"] += found == relative(key)
        total = counts["pieces"]
        print(f"{folder.name}: {total} pieces, {counts[MINOR]} of them in minor")
        for name in FINDERS:
            by_mode = ", ".join(
                f"{mode} {counts[name, mode] / max(counts[mode], 1):.2f}" for mode in (MAJOR, MINOR)
            )
            print(
                f"    {name:8} right {counts[name] / max(total, 1):.3f} ({by_mode}),"
                f" relative {counts[name, 'relative'] / max(total, 1):.3f}"
            )


if __name__ == "__main__":
    main()
