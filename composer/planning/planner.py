"""The planner: hears the bars of a seed and writes the plan of those to come.

Conventions:
    Bars are counted from the seed's first. The planner remembers the last `REMEMBERED` of them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from composer import models
from composer.analysis.form import plan_of
from composer.encoding.events import Events
from composer.errors import ModelError
from composer.music.beat_grid import FREE
from composer.music.chords import CHORDS
from composer.music.keys import MINOR, Key
from composer.music.plan import FAR, NONE, Plan, PlannedBar
from composer.network import weights_file
from composer.planning.bars import Bars, bar_lengths, bars_of, tonic_of
from composer.planning.features import absolute, imagined, pair_features, relative, steps
from composer.planning.given import Given, GivenBar
from composer.planning.network import KEY_UNITS, PlannerNetwork
from composer.planning.rules import phrases_allowed

FILE: Final = models.PLANNER
REMEMBERED: Final = 128
"""Bars before the one that is planned that it may take up, and that the state has heard."""

_OTHER_CHORD: Final = 2.0
"""By how many logits an earlier bar is less likely taken up for each half on another chord than
the one that is asked for."""

_HEARD: Final = 0.4
"""By how many logits a bar that was heard is more likely taken up, and one of the plan itself less.
What it has just planned looks more usual to the planner than music does: without this it takes up
heard bars in half of its references, where people do in two thirds (docs/experiments.md)."""

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Temperatures:
    """How far chance strays from what is likeliest, 1: as the network believes.

    A small network spreads its belief over more chords and lengths of phrases than people use:
    at these values its plans are nearest to theirs (`benchmarks/plans.py`, docs/plan.md).

    Attributes:
        reference: Of what a bar takes up, and how nearly.
        chords: Of chords.
        phrase: Of the lengths of phrases.
        close: Of the chords of the last bar of all.
    """

    reference: float = 1.0
    chords: float = 0.95
    phrase: float = 0.8
    close: float = 0.3


@dataclass(frozen=True, slots=True)
class Planner:
    """A planner with its weights.

    Attributes:
        network: Its equations.
        temperatures: How it draws.
    """

    network: PlannerNetwork
    temperatures: Temperatures = Temperatures()

    @classmethod
    def load(cls, model: Path) -> Planner:
        """The planner of a model folder.

        Raises:
            ModelError: The folder has none, or its file is damaged.
        """
        path = model / FILE
        arrays = weights_file.read(path)
        try:
            return cls(PlannerNetwork(arrays))
        except (*weights_file.DAMAGE,) as error:
            raise ModelError(
                f"{path} is damaged ({error}); {weights_file.INSTALL_AGAIN}"
            ) from error

    def propose(
        self,
        events: Events,
        bars: int,
        *,
        closes: bool = True,
        rng: np.random.Generator,
        given: Given | None = None,
        key: Key | None = None,
    ) -> Plan:
        """A plan of music that was heard and of the bars that shall follow it.

        Args:
            events: The seed; its own plan is taken, or found where it has none.
            bars: How many follow.
            closes: Whether the last of them ends the piece.
            rng: From which everything is drawn.
            given: What is fixed of the bars to come.
            key: In which it is; None: that for which the seed's chords speak.

        Returns:
            The seed's bars and the bars to come.

        Raises:
            ValueError: In free time, where there are no bars; or a reference that is given is
                not to an earlier bar.
        """
        if events.kind == FREE:
            raise ValueError("in free time there are no bars to plan")
        plan = events.plan or plan_of(events, closes=False) or Plan(())
        draft = Draft(self, events, plan, bars, key)
        planned = []
        for number in range(bars):
            left = min(bars - number, FAR) if closes else 0
            fixed = given.bar(number) if given else GivenBar()
            planned.append(draft.next(left, fixed, rng))
        return plan.followed_by(planned)


class Draft:
    """A plan while it is written, a bar at a time: between two bars other things may be done."""

    # Inside, bars are counted from the first one remembered.

    def __init__(
        self, planner: Planner, events: Events, plan: Plan, bars: int, key: Key | None = None
    ) -> None:
        """Hear the bars that there are.

        Args:
            planner: Whose plan it is.
            events: What was heard, on a beat grid.
            plan: Of its bars.
            bars: How many are to be planned at most.
            key: See `Planner.propose`.
        """
        self.heard = heard = len(plan)
        self.planner, self.network = planner, planner.network
        self.first = max(heard - REMEMBERED, 0)
        seed = bars_of(events, plan)
        lengths = bar_lengths(events, heard + bars)
        self.bars = _extended(seed, lengths).cut(self.first, heard + bars - self.first)
        self.now = heard - self.first
        # Chords alone often speak for the key of the dominant or of the relative minor.
        self.tonic, self.minor = (
            tonic_of(seed.chords) if key is None else (key.tonic, key.mode == MINOR)
        )
        self.keys = np.zeros((len(lengths), KEY_UNITS), dtype=np.float32)
        self.state = self.network.start()
        if self.now:
            told, content = steps(self._known(self.now), self.tonic, self.minor)
            for bar in range(self.now):
                self._hear(bar, told[bar], content[bar])

    def _known(self, count: int) -> Bars:
        return imagined(self.bars.first(count))

    def _hear(self, bar: int, told: NDArray[np.int64], content: Floats) -> None:
        """Take the step that predicts a bar."""
        self.state = self.network.step(told, content, self.state)
        if bar:
            self.keys[bar - 1] = self.network.key(self.state[0])

    def next(self, left: int, given: GivenBar, rng: np.random.Generator) -> PlannedBar:
        """Plan one bar more.

        Args:
            left: Bars to the end, this one counted; 0: not known.
            given: What is fixed of it.
            rng: From which everything is drawn.

        Raises:
            ValueError: A reference that is given is not to an earlier bar.
        """
        bar, network, heat = self.now, self.network, self.planner.temperatures
        self.bars.ending[bar] = left
        known = self._known(bar + 1)
        told, content = steps(known, self.tonic, self.minor)
        self._hear(bar, told[bar], content[bar])
        h = self.state[0]
        last = int(self.bars.nearness[bar - 1]) if bar else 0
        phrase = given.phrase
        if phrase is None:
            allowed = phrases_allowed(int(self.bars.phrase[bar - 1]) if bar else 1, left)
            phrase = _draw(network.phrase(h), heat.phrase, rng, allowed)
        known.phrase[bar] = self.bars.phrase[bar] = phrase
        pairs, may = pair_features(known, bar)
        reference = self._reference(pairs[0], may[0], phrase, given, rng)
        nearness = 0
        if reference != NONE:
            logits = network.nearness(h, pairs[0, reference], last)
            near = np.array([False, True, True, True])
            nearness = given.nearness or _draw(logits, heat.reference, rng, near)
        advice = np.full(2, CHORDS)
        if reference != NONE:
            advice = relative(self.bars.chords[reference], self.tonic)
        before = CHORDS
        if bar:
            before = int(relative(self.bars.chords[bar - 1, 1], self.tonic))
        chords = []
        warmth = heat.close if left == 1 else heat.chords
        for half, advised, fixed in zip(("first", "second"), advice, given.chords, strict=True):
            logits = network.chord(half, h, before, int(advised), nearness, phrase, left)
            before = _draw(logits, warmth, rng)
            if fixed is not None:
                before = int(relative(np.array(fixed), self.tonic))
            chords.append(absolute(before, self.tonic))
        self.bars.references[bar], self.bars.nearness[bar] = reference, nearness
        self.bars.chords[bar] = chords
        self.now += 1
        absolute_reference = reference + self.first if reference != NONE else NONE
        return PlannedBar(
            absolute_reference if given.reference is None else given.reference,
            given.transposition,
            nearness if given.reference in (None, NONE) else max(nearness, given.nearness or 1),
            (chords[0], chords[1]),
            phrase,
            left,
        )

    def _reference(
        self,
        pairs: Floats,
        may: NDArray[np.bool_],
        phrase: int,
        given: GivenBar,
        rng: np.random.Generator,
    ) -> int:
        """The bar that is taken up, `NONE` for none or for one that is not remembered."""
        bar = self.now
        logits = self.network.pointer(self.state[0], phrase, self.keys[:bar], pairs[:bar])
        heard = max(self.heard - self.first, 0)
        logits[:heard] += _HEARD
        logits[heard:bar] -= _HEARD
        # What is taken up should have the chords that are asked for.
        for half, chord in enumerate(given.chords):
            if chord is not None:
                logits[:bar] -= _OTHER_CHORD * (self.bars.chords[:bar, half] != chord)
        allowed = np.append(may[:bar], True)
        if given.since is not None:
            allowed[: max(given.since - self.first, 0)] = False
            allowed[-1] = True
        drawn = _draw(logits, self.planner.temperatures.reference, rng, allowed)
        if given.reference is not None:
            if not NONE <= given.reference < bar + self.first:
                raise ValueError(
                    f"bar {bar + self.first} refers to bar {given.reference}, must be earlier"
                )
            drawn = given.reference - self.first if given.reference >= self.first else bar
        return drawn if drawn < bar else NONE


def _extended(bars: Bars, lengths: NDArray[np.int64]) -> Bars:
    """The bars with others behind them of which nothing is known but their lengths."""
    more = len(lengths) - len(bars)

    def longer(array: NDArray, fill: int) -> NDArray:  # type: ignore[type-arg]
        shape = (more, *array.shape[1:])
        return np.concatenate([array, np.full(shape, fill, dtype=array.dtype)])

    return replace(
        bars,
        references=longer(bars.references, NONE),
        nearness=longer(bars.nearness, 0),
        chords=longer(bars.chords, 0),
        phrase=longer(bars.phrase, 0),
        ending=longer(bars.ending, 0),
        lengths=lengths,
        content=longer(bars.content, 0),
    )


def _draw(
    logits: Floats,
    temperature: float,
    rng: np.random.Generator,
    allowed: NDArray[np.bool_] | None = None,
) -> int:
    """A class, drawn. One number is taken from the generator whatever is allowed."""
    scaled = logits.astype(np.float64) / max(temperature, 1e-3)
    if allowed is not None:
        scaled = np.where(allowed, scaled, -np.inf)
    weights = np.exp(scaled - scaled.max())
    sums = weights.cumsum()
    return int(min(np.searchsorted(sums, rng.random() * sums[-1], "right"), len(sums) - 1))
