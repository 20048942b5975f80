"""Listener: a classifier that tells made passages from those that people wrote.

It learns on some pieces and is asked about others. How often it is right is the area under its
ROC curve: the chance that of one made and one true passage it takes the right one for made. 0.5
is a draw, and the goal; 1 is always.

Ridge-penalised logistic regression, fitted by Newton's method. Traits are standardised by the
pieces learnt from; one that a passage does not have counts as the mean. The penalty is chosen
among a few by cross-validation inside the pieces learnt from.

Conventions:
    N pieces, T traits. Of each piece there is one true passage and one that was made, and both
    are always in the same fold, so that nothing is known of a piece that is asked about.

Sources: le Cessie and van Houwelingen, Ridge estimators in logistic regression (1992); Hanley and
McNeil, The meaning and use of the area under a ROC curve (1982).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from composer.evaluation.overlap import NOTHING, RESAMPLES, Estimate

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

FEWEST_PIECES = 10
"""With fewer there is nothing to learn from."""
FOLDS = 5
DRAWS = 3
"""Ways in which pieces are dealt into folds; what a passage is thought to be is their mean."""
PENALTIES = (3.0, 30.0, 300.0)
"""On the squares of the weights, among which the listener chooses."""
_INNER_FOLDS = 4
_STEPS = 30
_CLOSE = 1e-6
_FAR = 4.0
"""Standard deviations beyond which a trait counts no more."""


@dataclass(frozen=True, slots=True)
class Tell:
    """One trait by itself.

    Attributes:
        trait: Its name.
        area: The chance that a made passage has more of it than a true one.
        made: Its mean over what was made.
        true: Its mean over what people wrote.
    """

    trait: str
    area: float
    made: float
    true: float

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {"trait": self.trait, "area": self.area, "made": self.made, "true": self.true}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the listener came to of one source.

    Attributes:
        pieces: How many there were.
        area: Under the ROC curve, with its interval over pieces; NaN of too few pieces.
        tells: Every trait by itself, those first that give made music away most.
    """

    pieces: int
    area: Estimate
    tells: tuple[Tell, ...]

    def as_dict(self, most: int = 20) -> dict[str, Any]:
        """Plain values, for JSON: so many traits at most."""
        return {
            "pieces": self.pieces,
            "area": self.area.as_dict(),
            "tells": [tell.as_dict() for tell in self.tells[:most]],
        }


def listen(
    true: Sequence[dict[str, float]], made: Sequence[dict[str, float]], rng_seed: int = 0
) -> Verdict:
    """Ask a listener.

    Args:
        true: Traits of a true passage of each piece, [N].
        made: Traits of a made one of each, in the same order, [N].
        rng_seed: Of the folds.
    """
    count = len(true)
    if count < FEWEST_PIECES:
        return Verdict(count, NOTHING, ())
    names = list(true[0])
    tables = [np.array([[each[name] for name in names] for each in some]) for some in (true, made)]
    traits, is_made = np.concatenate(tables), np.repeat([0.0, 1.0], count)
    belief = np.zeros(2 * count)
    rng = np.random.default_rng(rng_seed)
    for _ in range(DRAWS):
        for asked in folds(count, FOLDS, rng):
            held = np.isin(np.arange(2 * count) % count, asked)
            model = _fit_chosen(traits[~held], is_made[~held], rng)
            belief[held] += model.log_odds(traits[held]) / DRAWS
    belief = np.round(belief, 9)  # the same traits are a tie, whichever way sums were rounded
    tells = [
        tell
        for index, name in enumerate(names)
        if (tell := _tell(name, tables[0][:, index], tables[1][:, index])) is not None
    ]
    tells.sort(key=lambda tell: -abs(tell.area - 0.5))
    return Verdict(count, _area(belief[count:], belief[:count]), tuple(tells))


def folds(pieces: int, count: int, rng: np.random.Generator) -> list[Ints]:
    """Deal pieces out: each is in one fold of so many."""
    return [np.sort(part) for part in np.array_split(rng.permutation(pieces), count)]


@dataclass(frozen=True, slots=True)
class Logistic:
    """A fitted logistic regression.

    Attributes:
        centre: Mean of each trait, [T].
        scale: Standard deviation of each trait, infinite for one that is always the same, [T].
        weights: Of the standardised traits, [T].
        bias: Log odds of a passage that is average in everything.
    """

    centre: Floats
    scale: Floats
    weights: Floats
    bias: float

    @classmethod
    def fit(cls, traits: Floats, is_made: Floats, penalty: float) -> Logistic:
        """Find the weights that explain best which passages were made.

        Args:
            traits: NaN where there is none, [passages, T].
            is_made: 0 or 1, [passages].
            penalty: Half of it times the sum of squared weights is added to the nats.
        """
        known = ~np.isnan(traits)
        counts = np.maximum(known.sum(axis=0), 1)
        centre = np.where(known, traits, 0).sum(axis=0) / counts
        spread = np.sqrt((np.where(known, traits - centre, 0) ** 2).sum(axis=0) / counts)
        scale = np.where(spread > 1e-9, spread, np.inf)
        table = np.column_stack([_standard(traits, centre, scale), np.ones(len(traits))])
        ridge = np.append(np.full(traits.shape[1], penalty), 1e-6)
        weights = np.zeros(table.shape[1])
        loss = _loss(table, is_made, weights, ridge)
        for _ in range(_STEPS):
            chance = _sigmoid(table @ weights)
            slope = table.T @ (chance - is_made) + ridge * weights
            curve = (table.T * (chance * (1 - chance))) @ table + np.diag(ridge)
            step = np.linalg.solve(curve, slope)
            # Newton's step may overshoot far from the minimum: then half of it, and so on.
            while (after := _loss(table, is_made, weights - step, ridge)) > loss + 1e-9:
                step = step / 2
            weights, loss = weights - step, after
            if np.abs(step).max() < _CLOSE:
                break
        return cls(centre, scale, weights[:-1], float(weights[-1]))

    def log_odds(self, traits: Floats) -> Floats:
        """Log odds that each passage was made, [passages]."""
        return np.asarray(_standard(traits, self.centre, self.scale) @ self.weights + self.bias)


def _fit_chosen(traits: Floats, is_made: Floats, rng: np.random.Generator) -> Logistic:
    """Fit with the penalty that does best on pieces held out of these; theirs come in order."""
    pieces = len(traits) // 2
    losses = np.zeros(len(PENALTIES))
    for asked in folds(pieces, _INNER_FOLDS, rng):
        held = np.isin(np.arange(2 * pieces) % pieces, asked)
        for index, penalty in enumerate(PENALTIES):
            odds = Logistic.fit(traits[~held], is_made[~held], penalty).log_odds(traits[held])
            losses[index] += np.logaddexp(0, np.where(is_made[held] > 0, -odds, odds)).sum()
    return Logistic.fit(traits, is_made, PENALTIES[int(np.argmin(losses))])


def _standard(traits: Floats, centre: Floats, scale: Floats) -> Floats:
    return np.asarray(np.clip(np.nan_to_num((traits - centre) / scale), -_FAR, _FAR))


def _sigmoid(odds: Floats) -> Floats:
    return np.asarray(np.exp(-np.logaddexp(0, -odds)))


def _loss(table: Floats, is_made: Floats, weights: Floats, ridge: Floats) -> float:
    odds = table @ weights
    nats = np.logaddexp(0, odds) - is_made * odds
    return float(nats.sum() + 0.5 * (ridge * weights**2).sum())


def _wins(made: Floats, true: Floats) -> Floats:
    """1 where the made one has more, 1/2 where both have as much, [made, true]."""
    return np.asarray((made[:, None] > true) + 0.5 * (made[:, None] == true))


def _area(made: Floats, true: Floats) -> Estimate:
    """Area under the ROC curve; the interval is of draws of pieces with both their passages."""
    wins, count = _wins(made, true), len(made)
    rng = np.random.default_rng(0)
    drawn = rng.multinomial(count, np.full(count, 1 / count), size=RESAMPLES).astype(np.float64)
    areas = ((drawn @ wins) * drawn).sum(axis=1) / count**2
    low, high = np.quantile(areas, (0.025, 0.975))
    return Estimate(float(wins.mean()), float(low), float(high))


def _tell(name: str, true: Floats, made: Floats) -> Tell | None:
    true, made = true[~np.isnan(true)], made[~np.isnan(made)]
    if min(len(true), len(made)) < FEWEST_PIECES:
        return None
    area = float(_wins(made, true).mean())
    return Tell(name, area, float(made.mean()), float(true.mean()))
