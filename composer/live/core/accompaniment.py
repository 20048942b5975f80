"""Accompaniment: composer plays other parts under the player, and stops when the player does.

The player's harmony leads. What chord there is, and which one is likely to come, is known from what
the player sounds (`composer.analysis.chord_tracker`): the network is asked for notes in chords that
are foretold, and what turns out otherwise is put right by ear. On a beat, where chords change, the
band's tones wait a moment (`PATIENCE`) for what the player strikes with them, and a tone that is
not in the chord that sounds then is played at the nearest pitch that is. Drums never wait; where
nobody says where the beat is, they keep out.

Conventions:
    Moments are seconds on the session's clock, ticks event ticks of its timeline.
"""

from __future__ import annotations

import math

from composer.analysis.chord_tracker import EARLY, ChordTracker
from composer.encoding.events import TICKS_PER_BEAT, TICKS_PER_SECOND
from composer.generation.part_limits import BASS
from composer.live.core.improviser import BAND, ProposedNote
from composer.live.core.output import Control
from composer.live.core.parameters import Values
from composer.live.core.parts import DRUM_CHANNEL
from composer.live.core.phrases import PhraseTracker
from composer.live.core.reply_player import ReplyPlayer
from composer.live.core.timeline import Timeline
from composer.live.core.turns import PlayerState, ReplyState
from composer.music.beat_grid import BEATS
from composer.music.chords import NO_CHORD, chord_tones, root_of
from composer.music.notes import DRUM_PROGRAM

ALONE = 4.0
"""Seconds of silence after which the accompaniment stops too."""
BEATS_AHEAD = 4
"""Beats to which the accompaniment is generated ahead."""
HALF_BARS = 6
"""Chords of half bars that are foretold."""
PATIENCE = 0.025
"""Seconds for which a tone on a beat waits for what the player strikes with it: less than people
who play together are apart (R. Rasch, 1979: 30 to 50 ms)."""
ROLLED = 0.006
"""Seconds after the player has struck a key for which others may belong to it."""
FIFTH = 7
"""Semitones."""


class Accompaniment:
    """A `composer.live.core.strategy.Strategy` for the mode accompany."""

    def __init__(
        self, values: Values, timeline: Timeline, phrases: PhraseTracker, player: ReplyPlayer
    ) -> None:
        """The arguments are the session's own."""
        self._values, self._timeline = values, timeline
        self._phrases, self._player = phrases, player
        self._tracker = ChordTracker(timeline.bar)
        self._grid = timeline.kind, timeline.bar
        player.listener = self

    def press(self, tick: int, slot: int, pitch: int) -> None:
        """The player strikes a key."""
        if slot == DRUM_CHANNEL:
            return
        grid = self._timeline.kind, self._timeline.bar
        if grid != self._grid:
            self._grid, self._tracker = grid, ChordTracker(grid[1])
        self._tracker.press(tick, pitch)

    def release(self, tick: int, pitch: int) -> None:
        """The player's note of a pitch ends."""
        self._tracker.release(tick, pitch)

    def clear(self) -> None:
        """Forget what was played."""
        self._grid = "", 0

    def patience(self, note: ProposedNote) -> float:
        """See `Listener`."""
        timeline = self._timeline
        if self._program(note.slot) == DRUM_PROGRAM:
            return 0.0
        # Where nobody says where the beats are, any place may be one.
        on_beat = timeline.kind != BEATS or note.onset % TICKS_PER_BEAT == 0
        return PATIENCE * timeline.ticks_per_second if on_beat else 0.0

    def pitch(self, note: ProposedNote) -> int:
        """See `Listener`: in the chord, and of a bass, root or fifth on every half bar.

        Where nobody says where the bars are, any place may be one, and a bass keeps to these.
        """
        program = self._program(note.slot)
        chord = NO_CHORD if program == DRUM_PROGRAM else self._tracker.chord(note.onset)
        if chord == NO_CHORD:
            return note.pitch
        wanted, root = chord_tones(chord), root_of(chord)
        timeline = self._timeline
        strong = timeline.kind != BEATS or note.onset % (timeline.bar // 2) == 0
        if program in BASS and strong:
            if note.pitch % 12 in wanted & {root, (root + FIFTH) % 12}:
                return note.pitch
            wanted = frozenset({root})
        if note.pitch % 12 in wanted:
            return note.pitch
        return min(
            (
                pitch
                for pitch in range(max(note.pitch - 6, 0), min(note.pitch + 7, 128))
                if pitch % 12 in wanted
            ),
            key=lambda pitch: abs(pitch - note.pitch),
            default=note.pitch,
        )

    def _program(self, slot: int) -> int:
        """Of a part of the band; of the player's own, which are let be, as if it were drums."""
        band = self._values.band
        return band[(slot - BAND) % len(band)] if slot >= BAND else DRUM_PROGRAM

    def strike(self, now: float) -> None:
        """See `Strategy`: what is played goes on."""

    def struck(self, now: float) -> None:
        """See `Strategy`: begin, or generate anew what comes after the next beat."""
        timeline, player = self._timeline, self._player
        tick = round(timeline.tick(now))
        wait = ROLLED * timeline.ticks_per_second
        player.schedule.hurry(timeline.tick(now) + wait, EARLY)
        beat = TICKS_PER_BEAT if timeline.kind == BEATS else TICKS_PER_SECOND // 2
        cut = (tick // beat + 1) * beat if timeline.kind == BEATS else tick + beat // 2
        band = self._values.band
        slots = frozenset(range(BAND, BAND + len(band)))
        if timeline.kind != BEATS:
            slots = frozenset(s for s in slots if self._program(s) != DRUM_PROGRAM)
        if not slots:
            return
        harmony = self._tracker.coming(cut, HALF_BARS)
        if player.state is ReplyState.COMMITTED and player.reply is not None:
            if tick - player.reply.asked >= beat:
                player.request_anew(cut, cut + beat, slots, BEATS_AHEAD * beat, tick, harmony)
            return
        player.withdraw(cut)
        reply = player.request(
            self._values,
            cut,
            None,
            slots,
            first_by=cut + beat,
            ahead=BEATS_AHEAD * beat,
            harmony=harmony,
        )
        reply.asked, reply.postponable = tick, False
        player.commit(now)
        for slot in sorted(slots):
            if player.channel(slot) != DRUM_CHANNEL:
                player.out.append(Control(-1, self._program(slot), player.channel(slot)))

    def deadline(self) -> float:
        """See `Strategy`."""
        quiet = self._phrases.quiet_since
        if self._phrases.state is not PlayerState.RESTING or quiet is None:
            return math.inf
        return quiet + ALONE

    def rest(self, now: float) -> None:
        """See `Strategy`: the player has stopped, and so does the band."""
        if now >= self.deadline():
            self._phrases.take()
            self._player.wind_down(now)
