"""Whether MuseScore plays a score's notes: `python benchmarks/musescore.py FOLDER`.

Scores are read by composer and by MuseScore 3 (Debian's `musescore3`), MIDI files are first
written as MusicXML by composer, their first 64 beats. A note is the same if its pitch is, and
its onset to a twelfth of a beat.

    python benchmarks/musescore.py leadsheets --limit 50
    QT_QPA_PLATFORM=offscreen python benchmarks/musescore.py songs   (without a screen)
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
from dataclasses import replace
from pathlib import Path

from composer.errors import ComposerError
from composer.formats import musicxml
from composer.formats.music_file import read_music
from composer.formats.suffixes import is_score
from composer.music.notes import Piece

BEATS = 64
"""Of a MIDI file, from its beginning."""
FINE = 12
"""Places in a beat that are told apart."""

Notes = set[tuple[int, int]]
"""(place, pitch), from the first note on."""


def notes_of(piece: Piece) -> Notes:
    """The notes of a piece."""
    rows = [(note.onset / piece.ticks_per_beat, note.pitch) for _, note in piece.notes()]
    first = min(row[0] for row in rows)
    return {(round((beat - first) * FINE), pitch) for beat, pitch in rows}


def opening(piece: Piece) -> Piece:
    """Its first beats."""
    end = BEATS * piece.ticks_per_beat
    parts = [replace(p, notes=tuple(n for n in p.notes if n.end <= end)) for p in piece.parts]
    return piece.with_parts(tuple(part for part in parts if part.notes))


def played(score: Path, seconds: float) -> Notes | None:
    """What MuseScore plays of a score; None if it does not open it."""
    target = score.with_suffix(".mid")
    command = ["mscore3", "-o", str(target), str(score)]
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=seconds)
        return notes_of(read_music(target).piece)
    except (subprocess.SubprocessError, ComposerError):
        return None


def main() -> None:
    """Compare, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--limit", type=int, default=100, help="files at most")
    parser.add_argument("--seconds", type=float, default=60, help="for MuseScore, for each file")
    options = parser.parse_args()
    wanted = (".mid", ".musicxml", ".xml", ".mxl")
    files = [path for path in sorted(options.folder.rglob("*")) if path.suffix in wanted]
    opened = same = notes = missing = extra = 0
    with tempfile.TemporaryDirectory() as folder:
        for path in files[:: max(len(files) // options.limit, 1)][: options.limit]:
            piece = read_music(path).piece
            copy = Path(folder) / (
                "score" + path.suffix if is_score(path.name) else "score.musicxml"
            )
            if is_score(path.name):
                copy.write_bytes(path.read_bytes())
                ours = notes_of(piece)
            else:
                copy.write_bytes(musicxml.encode(opening(piece)))
                ours = notes_of(read_music(copy).piece)
            theirs = played(copy, options.seconds)
            if theirs is None:
                print(f"{path.name}: MuseScore does not open it")
                continue
            opened, same, notes = opened + 1, same + (ours == theirs), notes + len(ours)
            missing, extra = missing + len(ours - theirs), extra + len(theirs - ours)
            if ours != theirs:
                print(f"{path.name}: {len(ours)} notes, MuseScore plays {len(theirs)}")
    print(
        f"{opened} scores opened, {same} played note for note; of {notes} notes"
        f" MuseScore leaves out {missing}, and plays {extra} others"
    )


if __name__ == "__main__":
    main()
