"""How often composer takes a pause for a phrase's end: `python benchmarks/phrase_ends.py FOLDER`.

One part of each MIDI file is played in fake time, twice.

First the player goes on for a hundred seconds, whatever composer does. A reply to a pause of under
two seconds is a false end: it is *begun* if composer announced it before the player went on, and
*heard* if a note of it sounded. Longer pauses are the music's own ends, and the script also counts
how many of them composer answered.

Then the player plays phrase by phrase: stops at the first rest of half a second after three
seconds, and listens until the reply is over. The wait is the time from the last key up to the
reply's first note.

    python benchmarks/phrase_ends.py songs --part MELODY --free
    python benchmarks/phrase_ends.py songs --part MELODY --tempo

Conventions:
    Moments are seconds.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from composer import models
from composer.formats import midi
from composer.live.core.output import Output, Tell
from composer.live.core.scheduler import Play
from composer.live.offline_session import OfflineSession
from composer.live.playing.batch_slots import BLOCKS
from composer.music.notes import Piece
from composer.music.timing import tempo_to_bpm
from composer.network.predictor import Predictor

PAUSE = 2.0
"""Seconds of silence after which a pause should be answered."""
PHRASE, REST = 3.0, 0.5
"""Least seconds of a phrase, and of the rest that ends it."""
PATIENT = 8.0
"""Seconds that the player waits for a reply to begin."""

Key = tuple[float, bool, int, int]
"""(moment, whether it goes down, pitch, velocity)."""


@dataclass
class Figures:
    """What was counted.

    Attributes:
        minutes: Played without a pause, of each pause two seconds at most.
        begun: False ends that were announced.
        heard: Those of which a note sounded.
        pauses: Longer ones that were answered.
        phrases: That the player ended.
        inside: Replies that were heard inside of them.
        waits: Seconds from the last key up to the first note, a phrase each.
        unanswered: Phrases.
    """

    minutes: float = 0.0
    begun: int = 0
    heard: int = 0
    pauses: int = 0
    phrases: int = 0
    inside: int = 0
    waits: list[float] = field(default_factory=list)
    unanswered: int = 0


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


def silences(rows: list[Key]) -> list[tuple[float, float]]:
    """(last key up, next key down) of each silence."""
    found, held, up = [], 0, 0.0
    for moment, down, _, _ in rows:
        if down and not held and moment > up:
            found.append((up, moment))
        held += 1 if down else -1
        up = moment
    return found


def act(session: OfflineSession, row: Key, late: float = 0.0) -> None:
    """The player moves a key, some seconds later than in the piece."""
    moment = max(row[0] + late, session.now)
    if row[1]:
        session.note_on(moment, row[2], row[3])
    else:
        session.note_off(moment, row[2])


def begun_at(sent: list[tuple[float, Output]]) -> list[float]:
    """The moments at which replies were announced."""
    return [at for at, out in sent if isinstance(out, Tell) and out.address == "phrase/begin"]


def sounded_at(sent: list[tuple[float, Output]]) -> list[float]:
    """The moments at which notes began."""
    return [at for at, out in sent if isinstance(out, Play) and out.velocity]


def play_on(predictor: Predictor, rows: list[Key], bpm: float | None, figures: Figures) -> None:
    """Play all, whatever composer does."""
    session = OfflineSession(predictor, bpm=bpm)
    for row in rows:
        act(session, row)
    sent = session.until(session.now)
    begun, sounded = begun_at(sent), sounded_at(sent)
    figures.minutes += rows[-1][0] / 60
    for up, down in silences(rows):
        if down - up >= PAUSE:
            figures.minutes -= (down - up - PAUSE) / 60
            figures.pauses += any(up <= at < down for at in begun)
        else:
            figures.begun += sum(up <= at < down for at in begun)
            figures.heard += any(up <= at < down for at in sounded)


def take_turns(predictor: Predictor, rows: list[Key], bpm: float | None, figures: Figures) -> None:
    """Play phrase by phrase, and listen to the replies."""
    session = OfflineSession(predictor, bpm=bpm)
    beat = None if bpm is None else 60 / bpm
    ends = {down: up for up, down in silences(rows) if down - up >= REST}
    late, began = 0.0, 0.0
    for row in rows:
        moment, down, *_ = row
        if down and moment in ends and ends[moment] - began >= PHRASE:
            up = ends[moment] + late
            figures.inside += len(begun_at(session.until(max(up, session.now))))
            figures.phrases += 1
            sounded = sounded_at(session.until(max(up, session.now) + PATIENT))
            if sounded:
                figures.waits.append(sounded[0] - up)
            else:
                figures.unanswered += 1
            while session.session.player.on_turn:
                session.until(session.now + 0.5)
            late = session.now + 0.5 - moment
            if beat is not None:  # the player comes in on the beat
                late = -(-late // beat) * beat
            session.until(session.now)
            began = moment
        act(session, row, late)


def pieces(folder: Path, limit: int) -> Iterator[Piece]:
    """MIDI files evenly spread over a folder."""
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
    figures = Figures()
    for piece in pieces(options.folder, options.limit):
        rows = keys(piece, options.part, options.seconds)
        if rows:
            bpm = tempo_to_bpm(piece.tempos.tempo_at(0)) if options.tempo else None
            play_on(predictor, rows, bpm, figures)
            take_turns(predictor, rows, bpm, figures)
    minutes, waits = figures.minutes, sorted(figures.waits)
    middle, late = statistics.median(waits), waits[int(0.9 * len(waits))]
    print(
        f"on and on, {minutes:.1f} minutes: {figures.begun / minutes:.2f} false ends"
        f" a minute, {figures.heard / minutes:.2f} heard; {figures.pauses} longer pauses answered"
    )
    print(
        f"phrase by phrase: {figures.phrases} phrases, {figures.unanswered} not answered,"
        f" {figures.inside} replies inside of them; first note after {middle:.2f} s at the median,"
        f" {late:.2f} s at 90 %"
    )


if __name__ == "__main__":
    main()
