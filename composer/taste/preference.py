"""Preference: what is liked, learnt from one mark after another.

A Bayesian logistic regression over the traits of replies (`composer.taste.traits`): the chance
that a reply is liked is the logistic function of a weighted sum of its traits, each measured from
the mean of what has been played. A taste is about few things, so each weight has a normal prior of
a width of its own, found with it: traits that do not matter fall away (automatic relevance
determination: MacKay 1994; Tipping, Sparse Bayesian learning, 2001). Laplace's approximation gives
how uncertain the weights are (Bishop, Pattern Recognition and Machine Learning, 2006, section 4.5).

People change their minds, and some err now and then: how far back marks should count is not
known. So three learners remember the last 8, 20 and 64 marks; each is asked what it expects before
it hears of a mark, and is trusted by how well it has foretold the marks of late (Herbster and
Warmuth, Tracking the best expert, 1998).

Which of several takes is played is chosen after Thompson (1933): weights are drawn from what is
thought of them, less widely than they might lie (`DARING`) unless a mind seems to have changed
(`Preference.sure`), and the take that these like best is played. So what is not known yet
is tried now and then, and replies stay different from each other.

Conventions:
    K traits. Marks are +1 for liked and -1 for disliked. Nothing here is random but by the
    generator that is given.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from composer.taste.traits import TRAITS

Floats = NDArray[np.float64]

MEMORIES: Final = (8, 20, 64)
"""Marks that each learner remembers."""
SHAPE, SCALE = 0.3, 0.3
"""Of the gamma distribution that the inverse variance of each weight is drawn from."""
DARING: Final = 0.3
"""Times what a weight is uncertain by that it is varied when a take is chosen."""
SPREADS: Final = np.array([0.8, 0.7, 0.7, 0.8, 0.7, 0.6, 0.6, 0.4, 0.6, 0.6, 0.7, 0.7])
"""How far replies mostly lie apart in each trait, before any are known."""
FORGETS: Final = 0.8
"""What a learner's past successes count for at the next mark."""
ROUNDS: Final = 3
"""Of finding the weights, then how widely each may lie; they begin where they were."""
LATE: Final = 6
"""Marks that say whether what is played now is liked."""
PLEASED: Final = 0.6
"""Share of the marks before them that has to be likes for a change of mind to be one."""
FARTHEST, MOST = 2.0, 8.0
"""How far a weight goes in one of Newton's steps, and from nothing: far enough for any taste."""
SEEN: Final = 64
"""Replies over which means and spreads are taken, and what these count for at first."""

assert len(SPREADS) == len(TRAITS)


@dataclass(eq=False)
class Preference:
    """What one player likes.

    Attributes:
        marks: (traits, liked) of the replies that were marked, the last ones, [K] each.
        replies: Traits of the last replies that were played, marked or not, [K] each.
        count: Marks in all, since it began or was reset.
    """

    marks: list[tuple[Floats, bool]] = field(default_factory=list)
    replies: list[Floats] = field(default_factory=list)
    count: int = 0
    _weights: Floats = field(init=False)  # of each learner, [L, K]
    _precisions: Floats = field(init=False)  # of each weight's prior, [L, K]
    _roots: Floats = field(init=False)  # of each learner's covariance, [L, K, K]
    _scores: Floats = field(init=False)  # log of how well each has foretold the marks, [L]

    def __post_init__(self) -> None:
        self._begin()

    def played(self, traits: Floats) -> None:
        """A reply was played: what replies are like is known better."""
        self.replies = [*self.replies[-SEEN + 1 :], traits]

    def mark(self, traits: Floats, liked: bool) -> None:
        """A reply was liked or disliked."""
        sign = 1.0 if liked else -1.0
        told = sign * (self._weights @ self._units(traits))
        self._scores = FORGETS * self._scores - np.logaddexp(0.0, -told)
        self.marks = [*self.marks[-max(MEMORIES) + 1 :], (traits, liked)]
        self.count += 1
        self._learn()

    def expected(self, traits: Floats) -> float:
        """How much a reply is thought to be liked, in logits; nothing is left to chance."""
        return float(self._trust() @ (self._weights @ self._units(traits)))

    def varied(self, rng: np.random.Generator) -> Callable[[Floats], float]:
        """How much takes are liked by weights that are drawn now, in logits, from their traits."""
        learner = int(rng.choice(len(MEMORIES), p=self._trust()))
        sure = self.sure
        daring = DARING * sure + (1 - sure)
        varied = daring * self._roots[learner] @ rng.standard_normal(len(TRAITS))
        drawn = sure * self._weights[learner] + varied
        return lambda traits: float(drawn @ self._units(traits))

    def weights(self) -> tuple[Floats, Floats]:
        """What each trait counts and how sure that is, as standard deviations, [K] each."""
        trust = self._trust()
        variances = np.square(self._roots).sum(axis=2)
        return np.asarray(trust @ self._weights), np.asarray(np.sqrt(trust @ variances))

    @property
    def sure(self) -> float:
        """How far what was learnt is to be gone by, 0..1.

        Where most was liked and hardly anything is any more, it leads the wrong way, and replies
        that are all of one kind do not tell which way is right.
        """
        before, last = (
            (sum(liked for _, liked in marks) + 1) / (len(marks) + 2)
            for marks in (self.marks[:-LATE], self.marks[-LATE:])
        )
        return 1.0 if before < PLEASED else min(max(3 * last - 0.5, 0.0), 1.0)

    def reset(self) -> None:
        """Forget all marks; what replies are like stays known."""
        self.marks, self.count = [], 0
        self._begin()

    def _begin(self) -> None:
        """Know nothing of any trait."""
        self._scores = np.zeros(len(MEMORIES))
        self._weights = np.zeros((len(MEMORIES), len(TRAITS)))
        self._precisions = np.ones((len(MEMORIES), len(TRAITS)))
        self._learn()

    def _trust(self) -> Floats:
        """How much each learner is trusted; they add up to one."""
        chances = np.exp(self._scores - self._scores.max())
        return np.asarray(chances / chances.sum())

    def _units(self, traits: Floats) -> Floats:
        """Traits from the mean of what was played, in spreads; 0 for one that is not there."""
        return np.asarray(np.nan_to_num((traits - self._mean) / self._spread).clip(-3, 3))

    def _learn(self) -> None:
        """Find means, spreads and weights anew."""
        known = np.array([*self.replies, *(traits for traits, _ in self.marks)]).reshape(
            -1, len(TRAITS)
        )[-SEEN:]
        there = np.isfinite(known)
        count = there.sum(axis=0)
        sums = np.where(there, known, 0.0).sum(axis=0)
        self._mean = np.where(count > 0, sums / np.maximum(count, 1), 0.0)
        square = np.where(there, np.square(known - self._mean), 0.0).sum(axis=0)
        # As if eight replies had been heard before, with the usual spread.
        self._spread = np.sqrt((square + 8 * SPREADS**2) / (count + 8))
        units = np.array([self._units(traits) for traits, _ in self.marks]).reshape(-1, len(TRAITS))
        signs = np.array([1.0 if liked else -1.0 for _, liked in self.marks])
        # Each learner remembers its last marks only.
        age = np.arange(len(units))[::-1]
        remembered = (age < np.array(MEMORIES)[:, None]).astype(np.float64)
        self._weights, self._precisions, self._roots = _most_probable(
            units, signs, remembered, self._weights, self._precisions
        )


def _most_probable(
    units: Floats, signs: Floats, counts: Floats, weights: Floats, precisions: Floats
) -> tuple[Floats, Floats, Floats]:
    """The most probable weights and precisions, [L, K], and roots of covariances, [L, K, K].

    Args:
        units: Of the marked replies, [N, K].
        signs: Of the marks, [N].
        counts: What each mark counts to each of L learners, [L, N].
        weights: To begin with, [L, K].
        precisions: Of their priors, to begin with, [L, K].
    """
    every = np.arange(units.shape[1])
    told_by = signs[:, None] * units
    for _ in range(ROUNDS):
        for _ in range(2):
            wrong = 1 / (1 + np.exp(np.clip(weights @ told_by.T, -30, 30)))  # [L, N]
            slope = (counts * wrong) @ told_by - precisions * weights
            curvature = (units.T * (counts * wrong * (1 - wrong))[:, None]) @ units
            curvature[:, every, every] += precisions
            step = np.linalg.solve(curvature, slope[..., None])[..., 0]
            weights = (weights + step.clip(-FARTHEST, FARTHEST)).clip(-MOST, MOST)
        covariance = np.linalg.inv(curvature)
        covariance = (covariance + covariance.transpose(0, 2, 1)) / 2
        expected = np.square(weights) + covariance[:, every, every]
        precisions = (1 + 2 * SHAPE) / (expected + 2 * SCALE)
    return weights, precisions, np.linalg.cholesky(covariance)
