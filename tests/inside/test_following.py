"""What stands behind a passage, and takes that are judged by it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
import tiny_model
from small_seeds import BEAT, duet, quarters, seed_of

from composer.encoding.events import SHIFT
from composer.generation.settings import Settings
from composer.generation.stream import Stream
from composer.inside.fit import FOLLOWING, InsideFit
from composer.inside.following import NOTES, Following
from composer.inside.passages import passage_of
from composer.inside.streams import streams_inside
from composer.inside.whole_piece import WholePiece
from composer.inside.writing import FILL, Writing
from composer.music.notes import Part, Piece
from composer.music.timing import MetreMap
from composer.network.likelihood import note_nats
from composer.network.predictor import Predictor
from composer.network.state import State

BAR = 96
"""In event ticks."""


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    return tiny_model.predictor()


def behind(whole: WholePiece, bars: tuple[int, int], predictor: Predictor) -> Following:
    opening = whole.opening(bars, range(len(whole.programs)))
    return Following.of(whole, whole.around(opening), opening, predictor)


def heard(whole: WholePiece, predictor: Predictor, end: int) -> State:
    """A stream that has heard what stands before a tick."""
    return predictor.prime(whole.events(whole.notes[whole.notes[:, SHIFT] < end]))


def test_what_comes_costs_what_it_costs_in_music_that_goes_on(predictor: Predictor) -> None:
    whole = WholePiece.of(duet().piece)
    following = behind(whole, (3, 3), predictor)
    assert len(following.notes) == NOTES
    state = heard(whole, predictor, 3 * BAR)
    other = heard(whole, predictor, 2 * BAR)  # whose last bar is empty
    found = following.nats(State.join([state, other]))
    [(_, nats)] = note_nats(predictor, [whole.events()])
    first = int(np.searchsorted(whole.notes[:, SHIFT], 3 * BAR))
    assert np.allclose(found[0], nats[first : first + NOTES].sum(axis=1), atol=1e-4)
    assert np.array_equal(found[1:], following.nats(other))
    assert found[1, 0] != found[0, 0]


def test_it_is_heard_in_its_own_bar_behind_rests_and_in_other_metres(predictor: Predictor) -> None:
    rest = WholePiece.of(duet(14, without=range(1, 10)).piece)
    following = behind(rest, (2, 10), predictor)
    assert following.notes[0, SHIFT] == 10 * BAR
    assert np.isfinite(following.nats(heard(rest, predictor, 2 * BAR))).all()
    waltz = Part(quarters(9, 60), 0, "Piano", 1, 0)
    turned = WholePiece.of(
        seed_of(Piece((waltz,), BEAT, metres=MetreMap(((0, 4, 4), (8 * BEAT, 3, 4))))).piece
    )
    following = behind(turned, (2, 2), predictor)
    state = heard(turned, predictor, 2 * BAR)
    as_before = replace(following, metres=MetreMap())
    assert not np.allclose(following.nats(state), as_before.nats(state))


def test_of_busy_music_it_is_so_many_notes_and_at_the_end_none(predictor: Predictor) -> None:
    busy = tuple(
        Part(quarters(8, 48 + 7 * number), 0, f"part {number}", number + 1, number)
        for number in range(5)
    )
    whole = WholePiece.of(Piece(busy, BEAT))
    assert len(behind(whole, (3, 3), predictor).notes) == NOTES // 5 * 5
    calm = WholePiece.of(Piece(busy[:1], BEAT))
    assert len(behind(calm, (3, 3), predictor).notes) == 2 * 4
    assert not len(behind(whole, (7, 8), predictor).notes)


@dataclass(frozen=True)
class Costing(Following):
    """What comes costs so much after each take."""

    costs: tuple[float, ...] = ()

    def nats(self, state: State) -> np.ndarray:
        return np.array(self.costs)[:, None] + np.zeros(len(self.notes))


def test_the_take_that_leads_to_what_comes_is_the_best(predictor: Predictor) -> None:
    passage, _ = passage_of(duet(), Settings(), Writing(FILL, (3, 3)))
    whole, opening, notes = passage.whole, passage.opening, passage.given.notes
    following = Following.of(whole, passage.given, opening, predictor)

    def take(after: State | None) -> Stream:
        [stream] = streams_inside(passage, predictor, Settings(), (0,))
        stream.rows, stream.onsets = [[24, 0, 72, 24, 20]], [opening.start]
        stream.origins, stream.expected, stream.after = [-1], [-1.0], after
        return stream

    def misfits(*costs: float) -> list[float]:
        judged = InsideFit(
            whole, opening, notes, None,
            Costing(following.notes, following.metres, predictor, costs),
        )  # fmt: skip
        state = heard(whole, predictor, 2 * BAR)
        return judged.misfits([take(None), *(take(state) for _ in costs)])

    unfinished, least, more, most = misfits(0.0, 2.0, 99.0)
    assert more - least == pytest.approx(2 * FOLLOWING)
    assert most - least == pytest.approx(12 * FOLLOWING)  # no note counts for more
    assert unfinished == misfits(5.0)[0]  # is not asked what comes
