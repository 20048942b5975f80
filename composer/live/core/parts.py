"""Parts: who plays in a session, and to which part a channel's notes belong.

Each MIDI channel is a part of its own, with two exceptions:

    MPE             An MPE keyboard puts every note on a channel of its own. Its zone is one
                    part. A zone is known by its configuration message (RPN 6 on channel
                    1 or 16: "MIDI Polyphonic Expression", 2.1), or by what no other player
                    does: of the last notes each is on another channel than the one before
                    it, on `SPREAD` channels at least, none of which ever holds two notes or
                    has taken an instrument.
    too many        The network knows `SLOTS` parts, the band's among them. The notes of
                    channels beyond that join the first part that is no drum kit.

Conventions:
    Channels are 0..15. A slot is a part's number in the jam: the channel on which it is
    answered, or `BAND` and on for the band.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from itertools import pairwise

from composer.encoding.events import SLOTS
from composer.live.core.improviser import BAND
from composer.music.notes import DRUM_PROGRAM

DRUM_CHANNEL = 9
LOWER_MASTER, UPPER_MASTER = 0, 15
SPREAD = 5
"""Channels over which single notes are spread by MPE keyboards alone."""
WATCHED = 8
"""Last notes from which that is seen."""
RPN_MSB, RPN_LSB, DATA_ENTRY = 101, 100, 6
MPE_CONFIGURATION = (0, 6)


class Parts:
    """The player's parts.

    Attributes:
        programs: Of each slot.
        reserved: Parts of the network's that are the band's.
    """

    def __init__(self) -> None:
        """Nobody plays."""
        self.programs: dict[int, int] = {}
        self.reserved = 0
        self._merged: dict[int, int] = {}
        self._chosen: dict[int, int] = {}  # programs by channel
        self._recent: deque[int] = deque(maxlen=WATCHED)
        self._held: dict[int, int] = {}
        self._poly: set[int] = set()
        self._rpn: dict[int, tuple[int, int]] = {}

    def clear(self) -> None:
        """Forget who played; an MPE zone stays configured."""
        self.programs.clear()
        self._recent.clear()
        self._held.clear()
        self._poly.clear()

    def slot(self, channel: int) -> int:
        """The slot of a channel's notes."""
        return self._merged.get(channel, channel)

    def note_on(self, channel: int) -> dict[int, int] | None:
        """A note begins on a channel.

        Returns:
            None if its part plays already. Otherwise the parts have changed: slots whose
            notes now belong to another slot, with that slot.
        """
        moved = self._watch(channel)
        slot = self.slot(channel)
        if slot in self.programs:
            return moved or None
        if len(self.programs) + self.reserved >= SLOTS:
            self._merged[channel] = self._first
            return moved or None
        self.programs[slot] = DRUM_PROGRAM if slot == DRUM_CHANNEL else self._chosen.get(slot, 0)
        return moved

    def reserve(self, count: int) -> dict[int, int]:
        """Leave parts to the band. Returns slots that had to join another, with that one."""
        self.reserved = count
        excess = len(self.programs) + count - SLOTS
        if excess <= 0:
            return {}
        others = [slot for slot in sorted(self.programs) if slot not in (self._first, DRUM_CHANNEL)]
        return self._merge(set(others[-excess:]), self._first)

    @property
    def _first(self) -> int:
        """The first part that is no drum kit."""
        return min(self.programs, key=lambda slot: (self.programs[slot] == DRUM_PROGRAM, slot))

    def note_off(self, channel: int) -> None:
        """A note ends on a channel."""
        if self._held.get(channel, 0):
            self._held[channel] -= 1

    def program(self, channel: int, program: int) -> bool:
        """A channel takes another instrument. Returns whether that changes a part."""
        slot = self.slot(channel)
        if slot == DRUM_CHANNEL:
            return False
        self._chosen[channel] = program
        if self.programs.get(slot, program) == program:
            return False
        self.programs[slot] = program
        return True

    def control(self, channel: int, number: int, value: int) -> dict[int, int] | None:
        """A controller moves; only a zone's configuration means something here.

        Returns:
            None if the parts stay; otherwise as `note_on`.
        """
        msb, lsb = self._rpn.get(channel, (-1, -1))
        if number == RPN_MSB:
            self._rpn[channel] = (value, lsb)
        elif number == RPN_LSB:
            self._rpn[channel] = (msb, value)
        elif (
            number == DATA_ENTRY
            and (msb, lsb) == MPE_CONFIGURATION
            and channel in (LOWER_MASTER, UPPER_MASTER)
        ):
            return self._configure(channel, min(value, 15))
        return None

    def _configure(self, master: int, members: int) -> dict[int, int] | None:
        for channel in [c for c, slot in self._merged.items() if slot == master]:
            del self._merged[channel]
        zone = range(1, members + 1) if master == LOWER_MASTER else range(15 - members, 15)
        return self._merge(zone, master) or None

    def _merge(self, channels: Iterable[int], slot: int) -> dict[int, int]:
        """Let the notes of some channels belong to one slot."""
        others = [channel for channel in channels if channel != slot]
        moved = {channel: slot for channel in others if channel in self.programs}
        self._merged |= dict.fromkeys(others, slot)
        if moved and slot not in self.programs:
            self.programs[slot] = self._chosen.get(slot, 0)
        for channel in moved:
            del self.programs[channel]
        return moved

    def _watch(self, channel: int) -> dict[int, int]:
        """Look out for an MPE keyboard that did not say that it is one."""
        self._held[channel] = self._held.get(channel, 0) + 1
        if self._held[channel] > 1:
            self._poly.add(channel)
        if channel in self._merged:
            return {}
        self._recent.append(channel)
        used = set(self._recent)
        if len(used) < SPREAD or used & (self._poly | self._chosen.keys()):
            return {}
        last = list(self._recent)
        if any(a == b for a, b in pairwise(last)):
            return {}
        master = min(used)
        if master > LOWER_MASTER + 1:
            return {}
        # The rest of the zone, which it comes to sooner or later.
        return self._merge(used | set(range(master, 16)), master)

    def channel(self, slot: int, band: tuple[int, ...], wanted: int) -> int:
        """The MIDI channel on which a slot is played.

        Args:
            slot: The slot.
            band: Programs of the band.
            wanted: Channel for all of the player's parts; -1 for their own.
        """
        if slot < BAND:
            return slot if wanted < 0 else wanted
        if band[(slot - BAND) % len(band)] == DRUM_PROGRAM:
            return DRUM_CHANNEL
        taken = {*self.programs, DRUM_CHANNEL}
        free = [channel for channel in range(16) if channel not in taken] or [15]
        return free[(slot - BAND) % len(free)]
