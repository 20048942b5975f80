"""How often composer takes a breath for the end: `python benchmarks/phrase_ends.py FOLDER`.

One part of each MIDI file is played, in fake time and without a pause, for a hundred seconds.
Every reply that begins before that is over is a false end. The player goes on playing, whatever
composer does. The wait is the silence after the last key up, at the end of it all.

    python benchmarks/phrase_ends.py songs --part MELODY --free
    python benchmarks/phrase_ends.py songs --part MELODY --tempo

Conventions:
    Moments are seconds.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Iterator
from pathlib import Path

from composer import models
from composer.formats import midi
from composer.live.core.output import Tell
from composer.live.offline_session import OfflineSession
from composer.live.playing.batch_slots import BLOCKS
from composer.music.notes import Piece
from composer.music.timing import tempo_to_bpm
from composer.network.predictor import Predictor

AGAIN = 1.0
"""Seconds after the beginning of a reply within which the player's next note cuts it off."""

Key = tuple[float, bool, int, int]
"""(moment, whether it goes down, pitch, velocity)."""


def keys(piece: Piece, part: str, seconds: float) -> list[Key]:
    """What the player does: the first part of that name, from its first note on."""
    for found in piece.parts:
        if part.lower() in found.name.lower() and found.notes:
            break
    else:
        return []
    per_beat, tempos = piece.ticks_per_beat, piece.tempos
    start = tempos.seconds(found.notes[0].onset, per_beat)
    rows: list[Key] = []
    for note in found.notes:
        on = tempos.seconds(note.onset, per_beat) - start
        if on < seconds:
            off = tempos.seconds(note.end, per_beat) - start
            rows += [(on, True, note.pitch, note.velocity), (off - 0.004, False, note.pitch, 0)]
    return sorted(rows)


def play(predictor: Predictor, rows: list[Key], bpm: float | None) -> tuple[list[float], float]:
    """Moments at which replies began, and seconds from the last key up to the last of them."""
    session = OfflineSession(predictor, bpm=bpm)
    for moment, down, pitch, velocity in rows:
        moment = max(moment, session.now)
        if down:
            session.note_on(moment, pitch, velocity)
        else:
            session.note_off(moment, pitch)
    last = session.now
    begun = [
        at
        for at, output in session.until(last + 6)
        if isinstance(output, Tell) and output.address == "phrase/begin"
    ]
    early = [at for at in begun if at < last]
    return early, next((at - last for at in begun if at >= last), float("nan"))


def pieces(folder: Path, limit: int) -> Iterator[Piece]:
    """Every so many of the MIDI files, so that a folder's whole width is heard."""
    files = sorted(folder.rglob("*.mid"))
    for path in files[:: max(len(files) // limit, 1)][:limit]:
        yield midi.read(path)


def main() -> None:
    """Play, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--part", default="", help="part of a track's name; the first track")
    parser.add_argument("--limit", type=int, default=8, help="files at most")
    parser.add_argument("--seconds", type=float, default=100.0)
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--tempo", action="store_true", help="composer is told the tempo")
    how.add_argument("--free", action="store_true", help="composer is told no tempo")
    options = parser.parse_args()
    predictor = Predictor.load(models.find("default"), threads=1, sizes=BLOCKS)
    minutes, waits, false, blurted = 0.0, [], 0, 0
    for piece in pieces(options.folder, options.limit):
        rows = keys(piece, options.part, options.seconds)
        if not rows:
            continue
        bpm = tempo_to_bpm(piece.tempos.tempo_at(0)) if options.tempo else None
        early, wait = play(predictor, rows, bpm)
        onsets = [row[0] for row in rows if row[1]]
        minutes += rows[-1][0] / 60
        false += len(early)
        blurted += sum(any(0 < onset - at < AGAIN for onset in onsets) for at in early)
        waits.append(wait)
    waits = [wait for wait in waits if wait == wait]
    print(
        f"{false} false ends in {minutes:.1f} minutes, {false / minutes:.2f} a minute; "
        f"{blurted} with the next note within {AGAIN:g} s; "
        f"wait at the end {statistics.median(waits):.2f} s, median of {len(waits)}"
    )


if __name__ == "__main__":
    main()
