"""A mind of a few lines, so that a test knows what is going to be played."""

from __future__ import annotations

from composer.live.core.improviser import GenerateRequest, ProposedNote


class Echo:
    """Answers with what it heard since it last spoke, an octave higher.

    Asked to go on without end, it plays a beat of eighths at a time on one key.
    """

    def __init__(self, closing: float | None = 0.0) -> None:
        self.heard: list[list[int]] = []
        self.asked: list[GenerateRequest] = []
        self.dropped: list[int] = []
        self.programs: dict[int, int] = {}
        self._closing = closing
        self._ideas: list[ProposedNote] = []
        self._ask: GenerateRequest | None = None
        self._next = 0

    def begin(self, kind: str, bar: int, programs: dict[int, int]) -> None:
        self.kind, self.bar, self.programs = kind, bar, programs
        self._ideas, self._ask = [], None

    at_ease = False

    @property
    def listening(self) -> bool:
        return self._closing is None

    def hear(
        self, tick: int, slot: int, pitch: int, velocity: int, length: int | None = None
    ) -> int:
        assert slot in self.programs
        self.heard.append([tick, slot, pitch, 24, velocity])
        return len(self.heard) - 1

    def end(self, number: int, tick: int) -> None:
        self.heard[number][3] = max(tick - self.heard[number][0], 1)

    def ask(self, ask: GenerateRequest) -> None:
        self.asked.append(ask)
        self._ideas = []
        self._ask, self._next = ask, ask.join
        if ask.end is not None:
            first = self.heard[0][0] if self.heard else 0
            for tick, slot, pitch, length, velocity in self.heard:
                onset = ask.join + tick - first
                if slot in ask.slots and onset < ask.end:
                    length = min(length, ask.end - onset)
                    self._ideas.append(
                        ProposedNote(onset, slot, min(pitch + 12, 127), length, velocity)
                    )
        else:
            self.want(ask.join)

    def want(self, tick: int) -> None:
        ask = self._ask
        if ask is None or ask.end is not None or ask.ahead is None:
            return
        while self._next < tick + ask.ahead:
            slot = min(ask.slots)
            self._ideas.append(ProposedNote(self._next, slot, 48, 10, 80))
            self._next += 12

    def drop(self, tick: int) -> None:
        self.dropped.append(tick)
        self._ideas, self._ask = [], None

    def move(self, ticks: int) -> None:
        self._ideas = [i._replace(onset=i.onset + ticks) for i in self._ideas]

    def take(self) -> list[ProposedNote]:
        ideas, self._ideas = self._ideas, []
        if self._ask is not None and self._ask.end is not None:
            self._ask = None
        return ideas

    @property
    def done(self) -> bool:
        return self._ask is None and not self._ideas

    def closing(self) -> float | None:
        return self._closing


class Organ(Echo):
    """Answers like `Echo` with notes that sound for a minute, until someone ends them."""

    def take(self) -> list[ProposedNote]:
        return [idea._replace(duration=6000) for idea in super().take()]


class Ponderer(Echo):
    """Answers like `Echo`, but only when it is told to."""

    ready = False

    def take(self) -> list[ProposedNote]:
        return super().take() if self.ready else []

    @property
    def done(self) -> bool:
        return self.ready and super().done


MINDS = {"echo": Echo, "organ": Organ}
