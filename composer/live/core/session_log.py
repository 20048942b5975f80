"""Jam log: what the player and composer played, to be kept as a MIDI file. No I/O.

The file has the player's parts and composer's on separate tracks, the tempo as it went, and
markers: where a reply begins ("reply 3"), where one was liked or not ("like 3", "dislike 3"), and
where one was broken off as if it had not been ("unheard 3"). It can be listened to, edited and
trained on (`composer_training.data.jams`).

Conventions:
    Moments are seconds on the server's clock; in the file, ticks at 480 to the quarter
    note, counted from the bar line at or before the first note (`composer.live.core.log_grid`).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import mido

from composer.formats import midi
from composer.live.core.keyboard import HeldKey
from composer.live.core.log_grid import LogGrid
from composer.live.core.scheduler import Play
from composer.music.notes import DRUM_PROGRAM, Note, Part, Piece

TICKS = 480
MOST = 50_000
"""Notes after which a log is full and a new file is begun."""
PLAYER, COMPOSER = "player", "composer"
REPLY, LIKE, DISLIKE, UNHEARD = "reply", "like", "dislike", "unheard"
"""What markers say of the reply whose number follows."""

Row = tuple[float, float, int, int, int]
"""Onset and end in seconds, pitch, velocity, channel."""


@dataclass(slots=True)
class SessionLog:
    """The notes of one session.

    Attributes:
        rows: Finished notes of "player" and "composer".
        grid: Where the beats lay.
        marks: (moment, text).
        programs: Of channels, General MIDI; 0 where nobody said one.
        changed: Whether something was added since it was last written.
    """

    rows: dict[str, list[Row]] = field(default_factory=lambda: {PLAYER: [], COMPOSER: []})
    grid: LogGrid = field(default_factory=LogGrid)
    marks: list[tuple[float, str]] = field(default_factory=list)
    programs: dict[int, int] = field(default_factory=dict)
    changed: bool = False
    _open: dict[tuple[str, HeldKey], tuple[float, int]] = field(default_factory=dict)

    def __len__(self) -> int:
        """Notes in it."""
        return sum(len(rows) for rows in self.rows.values())

    def place(
        self, now: float, beat: float | None, bpm: float, metre: tuple[int, int] = (4, 4)
    ) -> None:
        """The jam is at a beat now; see `LogGrid.place`.

        Before the first note only the last place counts.
        """
        if not (len(self) or self._open):
            self.grid = LogGrid()
        self.grid.place(now, beat, bpm, metre)

    def begin(self, now: float, key: HeldKey, velocity: int) -> None:
        """The player's note begins."""
        self._begin(PLAYER, now, key, velocity)

    def end(self, now: float, key: HeldKey) -> None:
        """The player's note ends."""
        self._end(PLAYER, now, key)

    def played(self, play: Play) -> None:
        """Composer presses a key or lets it go."""
        key = HeldKey(play.channel, play.pitch)
        if play.velocity:
            self._begin(COMPOSER, play.due, key, play.velocity)
        else:
            self._end(COMPOSER, play.due, key)

    def mark(self, now: float, word: str, number: int) -> None:
        """Something is said of a reply.

        Args:
            now: The moment.
            word: `REPLY`, `LIKE`, `DISLIKE` or `UNHEARD`.
            number: Id of the reply.
        """
        self.marks.append((now, f"{word} {number}"))
        self.changed = True

    def copy(self) -> SessionLog:
        """The same, for another thread to read."""
        rows = {name: list(some) for name, some in self.rows.items()}
        return SessionLog(rows, self.grid.copy(), [*self.marks], {**self.programs})

    def rotate(self) -> SessionLog:
        """A new log that goes on with what is open in this one."""
        begun = min((moment for moment, _ in self._open.values()), default=None)
        grid = LogGrid() if begun is None else self.grid.since(begun)
        return SessionLog(grid=grid, programs=self.programs, _open=self._open)

    def file(self) -> mido.MidiFile | None:
        """All of it as a MIDI file, None if nothing was played."""
        if not len(self):
            return None
        parts = []
        for track, name in enumerate((PLAYER, COMPOSER), start=1):
            channels = sorted({row[4] for row in self.rows[name]})
            for channel in channels:
                notes = tuple(
                    Note(start, pitch, max(self._tick(end) - start, 1), velocity)
                    for onset, end, pitch, velocity, where in self.rows[name]
                    if where == channel
                    for start in (self._tick(onset),)
                )
                program = DRUM_PROGRAM if channel == 9 else self.programs.get(channel, 0)
                title = name if len(channels) == 1 else f"{name} {channel + 1}"
                parts.append(Part(notes, program, title, track, channel))
        tempos, metres = self.grid.tempos(TICKS), self.grid.metre_map(TICKS)
        file = midi.from_piece(Piece(tuple(parts), TICKS, tempos, metres))
        _add_markers(file.tracks[0], [(self._tick(at), text) for at, text in self.marks])
        return file

    def _tick(self, moment: float) -> int:
        return max(round(self.grid.beat(moment) * TICKS), 0)

    def _begin(self, who: str, now: float, key: HeldKey, velocity: int) -> None:
        self._end(who, now, key)
        self._open[who, key] = (now, velocity)

    def _end(self, who: str, now: float, key: HeldKey) -> None:
        began = self._open.pop((who, key), None)
        if began is not None:
            self.rows[who].append((began[0], max(now, began[0]), key[1], began[1], key[0]))
            self.changed = True


def _add_markers(track: mido.MidiTrack, marks: list[tuple[int, str]]) -> None:
    """Weave markers into a track of delta times."""
    now, rows = 0, []
    for message in track:
        now += message.time
        if message.type != "end_of_track":
            rows.append((now, message))
    rows += [(max(tick, 0), mido.MetaMessage("marker", text=text)) for tick, text in marks]
    rows.sort(key=lambda row: row[0])
    track.clear()
    now = 0
    for tick, message in rows:
        track.append(message.copy(time=tick - now))
        now = tick
    track.append(mido.MetaMessage("end_of_track"))
