"""An improviser of a few lines, so that a test knows what is going to be played."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from composer.live.core.improviser import NOBODY, GenerateRequest, ProposedNote


class Echo:
    """Answers with what it heard since it last spoke, an octave higher.

    Asked to go on without end, it plays a beat of eighths at a time on one key.
    """

    def __init__(self, quiet: float | None = 0.0) -> None:
        self.heard: list[list[int]] = []
        self.asked: list[GenerateRequest] = []
        self.dropped: list[int] = []
        self.described: np.ndarray | None = None  # the traits of its answers
        self.amended: list[tuple[int, int, int]] = []  # tick, pitch, the one it was played at
        self.programs: dict[int, int] = {}
        self._quiet = quiet
        self._notes: list[ProposedNote] = []
        self._request: GenerateRequest | None = None
        self._next = 0
        self.foreseen: list[GenerateRequest] = []
        self.planned = ""
        self.hurried = 0

    def set_parts(
        self, kind: str, bar: int, programs: Mapping[int, int], moved: Mapping[int, int] = NOBODY
    ) -> None:
        self.kind, self.bar, self.programs = kind, bar, dict(programs)
        self._notes, self._request = [], None
        for note in self.heard:
            note[1] = moved.get(note[1], note[1])

    def reset(self) -> None:
        self.heard, self.programs = [], {}
        self._notes, self._request = [], None

    has_capacity = False
    busy = False

    @property
    def catching_up(self) -> bool:
        return self._quiet is None

    def note_on(
        self, tick: int, slot: int, pitch: int, velocity: int, length: int | None = None
    ) -> int:
        assert slot in self.programs
        self.heard.append([tick, slot, pitch, 24, velocity])
        return len(self.heard) - 1

    def note_off(self, number: int, tick: int) -> None:
        self.heard[number][3] = max(tick - self.heard[number][0], 1)

    def generate(self, request: GenerateRequest) -> None:
        self.asked.append(request)
        self._notes = []
        self._request, self._next = request, request.join
        if request.end is not None:
            first = self.heard[0][0] if self.heard else 0
            for tick, slot, pitch, length, velocity in self.heard:
                onset = request.join + tick - first
                if slot in request.slots and onset < request.end:
                    length = min(length, request.end - onset)
                    self._notes.append(
                        ProposedNote(onset, slot, min(pitch + 12, 127), length, velocity)
                    )
        else:
            self.extend(request.join)

    def foresee(self, request: GenerateRequest) -> None:
        self.foreseen.append(request)

    @property
    def plan(self) -> str:
        return self.planned

    def hurry(self) -> None:
        self.hurried += 1

    def extend(self, tick: int) -> None:
        request = self._request
        if request is None or request.end is not None or request.ahead is None:
            return
        while self._next < tick + request.ahead:
            slot = min(request.slots)
            self._notes.append(ProposedNote(self._next, slot, 48, 10, 80))
            self._next += 12

    def discard(self, tick: int) -> None:
        self.dropped.append(tick)
        self._notes, self._request = [], None

    def amend(self, note: ProposedNote, pitch: int) -> None:
        self.amended.append((note.onset, note.pitch, pitch))

    def shift(self, ticks: int) -> None:
        self._notes = [i._replace(onset=i.onset + ticks) for i in self._notes]

    def take(self) -> list[ProposedNote]:
        notes, self._notes = self._notes, []
        if self._request is not None and self._request.end is not None:
            self._request = None
        return notes

    @property
    def traits(self) -> np.ndarray | None:
        return self.described

    @property
    def done(self) -> bool:
        return self._request is None and not self._notes

    def stays_quiet(self, tick: float, ticks: float) -> float | None:
        return self._quiet


class Organ(Echo):
    """Answers like `Echo` with notes that sound for a minute, until someone ends them."""

    def take(self) -> list[ProposedNote]:
        return [note._replace(duration=6000) for note in super().take()]


class Ponderer(Echo):
    """Answers like `Echo`, but only when it is told to."""

    ready = False

    def take(self) -> list[ProposedNote]:
        return super().take() if self.ready else []

    @property
    def done(self) -> bool:
        return self.ready and super().done


IMPROVISERS = {"echo": Echo, "organ": Organ}
