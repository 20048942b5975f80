"""Jams: logged sessions with what their player liked, as replies to learn from.

A log (`composer.live.core.session_log`) has the player's notes and composer's on tracks of their
own, and markers that say where each reply begins and which were liked. Each marked reply makes a
piece: the last notes that were heard before it, which are given, and the reply, which is learnt
or unlearnt.

Conventions:
    Ticks are the log's. The reply's notes come last in a piece, `Record.context` says how many
    are given.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, NamedTuple

import mido

from composer.errors import SeedError
from composer.formats import midi
from composer.formats.midi_text import decode_text
from composer.formats.suffixes import MIDI_SUFFIXES
from composer.live.core.session_log import (
    COMPOSER,
    DISLIKE,
    LIKE,
    PLAYER,
    REPLY,
    UNHEARD,
)
from composer.music.beat_grid import find_grid
from composer.music.notes import DRUM_PROGRAM, Note, Part, Piece
from composer_training.data import dataset
from composer_training.data.dataset import Notes, Record

LIKED, DISLIKED = "liked", "disliked"
"""Corpora of replies."""
CONTEXT: Final = 160
"""Notes before a reply that are given."""
LONGEST: Final = 192
"""Notes of a reply that count, its last ones: an accompaniment may go on for minutes."""
SPLITS: Final = ("train", "train", "valid", "train", "train", "test")
"""On which side of the split each of six replies falls."""
LIKED_WEIGHT, DISLIKED_WEIGHT = 1.0, -0.5
"""What each note of a reply counts; see `composer_training.steps` on what is less than 0."""


class MarkedReply(NamedTuple):
    """One reply of a jam that was marked.

    Attributes:
        start: Tick of the log at which it begins.
        liked: What its last mark says.
        piece: The notes before it and its own.
        given: How many of these come before it.
    """

    start: int
    liked: bool
    piece: Piece
    given: int


@dataclass(slots=True)
class _Said:
    """What a log's markers say of one reply.

    Attributes:
        number: Its id.
        start: Tick of its marker.
        end: Tick at which the next one begins or it is broken off; None: the file's end.
        liked: What the last mark says; None: nothing does.
        heard: Whether what came after it knew of it.
    """

    number: int
    start: int
    end: int | None = None
    liked: bool | None = None
    heard: bool = True

    def __contains__(self, tick: object) -> bool:
        assert isinstance(tick, int)
        return self.start <= tick and (self.end is None or tick < self.end)


@dataclass(frozen=True, slots=True)
class Jam:
    """A log that was read.

    Attributes:
        name: Of its file.
        piece: All of it; the notes of one channel are one part, whoever played them.
        replies: The marked ones, in order.
        lost: Marks of replies that the log does not have.
    """

    name: str
    piece: Piece
    replies: tuple[MarkedReply, ...]
    lost: int = 0


@dataclass(slots=True)
class Found:
    """What lay under some paths.

    Attributes:
        jams: Those with marks.
        unmarked: How many have none.
        lost: Marks of replies that no log has.
        damaged: A line for each file that could not be read.
    """

    jams: list[Jam] = field(default_factory=list)
    unmarked: int = 0
    lost: int = 0
    damaged: list[str] = field(default_factory=list)

    def count(self, liked: bool) -> int:
        """Replies that were liked, or not."""
        return sum(reply.liked == liked for jam in self.jams for reply in jam.replies)


def find_jams(paths: Sequence[Path]) -> Found:
    """Every log under some paths, in a stable order.

    Args:
        paths: Files, or folders of them.

    Raises:
        SeedError: A path is not there, a file that was named is no log, or nothing is one.
    """
    found, seen = Found(), 0
    for path in paths:
        path = Path(os.path.expanduser(path))
        if not path.exists():
            raise SeedError(f"{path} does not exist; give logged jams, or a folder of them")
        for file in _files(path):
            seen += 1
            try:
                jam = read_jam(file)
            except SeedError as error:
                if not path.is_dir():
                    raise
                found.damaged.append(str(error))
                continue
            found.lost += jam.lost
            if jam.replies:
                found.jams.append(jam)
            else:
                found.unmarked += 1
    if not seen:
        raise SeedError(f"no MIDI file lies under {', '.join(map(str, paths))}")
    return found


def read_jam(path: Path) -> Jam:
    """Read one log.

    Raises:
        SeedError: It cannot be read, or composer did not log it. The line names the file.
    """
    file = midi.load(path)
    try:
        piece = midi.to_piece(file)
    except SeedError as error:
        raise SeedError(f"{path}: {error}") from None
    who = [_whose(part.name) for part in piece.parts]
    if COMPOSER not in who or PLAYER not in who:
        missing = COMPOSER if COMPOSER not in who else PLAYER
        raise SeedError(f"{path} is no jam that composer logged: it has no track {missing!r}")
    said, lost = _said(file.tracks[0])
    merged = _merged(piece, who)
    replies = []
    for one in said:
        if one.liked is None:
            continue
        made = _reply(piece, who, merged, said, one)
        if made is None:
            lost += 1
        else:
            replies.append(MarkedReply(one.start, one.liked, *made))
    return Jam(path.name, piece, tuple(replies), lost)


def records_of(jams: Sequence[Jam]) -> Iterator[tuple[Record, Notes]]:
    """The marked replies of jams, ready for a dataset.

    Of every six that were liked, and of every six that were not, one is for validation and one for
    a test, in the order of the jams.

    Args:
        jams: From `find_jams`.
    """
    count = {True: 0, False: 0}
    for jam in jams:
        grid = find_grid(jam.piece)
        for start, liked, piece, given in jam.replies:
            split = SPLITS[count[liked] % len(SPLITS)]
            count[liked] += 1
            name = f"{jam.name}@{start}"
            corpus = LIKED if liked else DISLIKED
            record, notes = dataset.to_record(piece, grid, name, corpus, split)
            digest = hashlib.sha256(notes.tobytes() + name.encode()).hexdigest()
            weight = LIKED_WEIGHT if liked else DISLIKED_WEIGHT
            yield replace(record, context=given, weight=weight, sha256=digest), notes


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    return [
        file
        for file in sorted(path.rglob("*"))
        if file.suffix.lower() in MIDI_SUFFIXES and file.is_file() and file.name[:2] != "._"
    ]


def _whose(name: str) -> str:
    """Who plays a part of a log: its track is called so, or so and its channel."""
    return name.partition(" ")[0]


def _said(track: mido.MidiTrack) -> tuple[list[_Said], int]:
    """Replies in order, and how many marks there are of others."""
    said: list[_Said] = []
    latest: dict[int, _Said] = {}
    tick, lost = 0, 0
    for message in track:
        tick += message.time
        if message.type != "marker":
            continue
        word, _, text = decode_text(message.text).partition(" ")
        if not text.isdecimal() or word not in (REPLY, LIKE, DISLIKE, UNHEARD):
            continue
        number = int(text[:12])
        if word == REPLY:
            if said and said[-1].end is None:
                said[-1].end = tick
            said.append(_Said(number, tick))
            latest[number] = said[-1]
        elif number not in latest:
            lost += word != UNHEARD
        elif word == UNHEARD:
            latest[number].heard = False
            if latest[number].end is None:
                latest[number].end = tick
        else:
            latest[number].liked = word == LIKE
    return said, lost


def _merged(piece: Piece, who: Sequence[str]) -> list[int]:
    """For each part the one that it is played as: composer answers in the player's part."""
    players = [index for index, whose in enumerate(who) if whose == PLAYER]
    made = list(range(len(piece.parts)))
    for index, part in enumerate(piece.parts):
        if who[index] != COMPOSER:
            continue
        drums = part.program == DRUM_PROGRAM
        same = [other for other in players if piece.parts[other].channel == part.channel]
        alike = [
            other for other in players if (piece.parts[other].program == DRUM_PROGRAM) == drums
        ]
        if same:
            made[index] = same[0]
        elif len(alike) == 1:
            made[index] = alike[0]  # composer sends on a channel of its own
    return made


def _reply(
    piece: Piece, who: Sequence[str], merged: Sequence[int], said: Sequence[_Said], one: _Said
) -> tuple[Piece, int] | None:
    """A reply behind what was heard before it, and how many notes that is; None: it has none."""
    reply = [
        (note, merged[index])
        for index, part in enumerate(piece.parts)
        for note in part.notes
        if who[index] == COMPOSER and note.onset in one
    ]
    if not reply:
        return None
    start = min(note.onset for note, _ in reply)
    unheard = [other for other in said if not other.heard and other is not one]
    heard = [
        (note, merged[index])
        for index, part in enumerate(piece.parts)
        for note in part.notes
        if note.onset < start
        and not (who[index] == COMPOSER and any(note.onset in other for other in unheard))
    ]
    reply.sort(key=_when)
    start = reply[-LONGEST:][0][0].onset
    given = sorted([*heard, *(row for row in reply if row[0].onset < start)], key=_when)[-CONTEXT:]
    rows: list[list[Note]] = [[] for _ in piece.parts]
    for note, index in (*given, *(row for row in reply if row[0].onset >= start)):
        rows[index].append(note)
    parts = tuple(
        Part(tuple(sorted(notes)), part.program, part.name, part.track, part.channel)
        for notes, part in zip(rows, piece.parts, strict=True)
        if notes
    )
    return replace(piece, parts=parts), len(given)


def _when(row: tuple[Note, int]) -> tuple[int, int, int]:
    note, index = row
    return note.onset, index, note.pitch
