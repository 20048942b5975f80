"""Overlap: how alike two sets of music are in one descriptor, and how sure that is.

Two sets are compared by the distances between their members, as in mgeval: distances
within the true set, and distances from the other set to the true one. Each gives a
density (Gaussian kernels, Scott's bandwidth); their overlapping area is 1 for equal ones
and their Kullback-Leibler divergence 0.

Conventions:
    Intervals are of 95 %, by the bootstrap over pieces (Efron 1979), the same every time.

Source: Yang and Lerch, On the evaluation of generative models in music (2020), section 4.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from composer.analysis.descriptors import distance

Floats = NDArray[np.float64]

CELLS = 400
"""Of the axis on which densities are compared."""
RESAMPLES = 1000
FEWER = 100
"""Draws for densities, which take longer."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure and the interval in which it lies for other pieces like these.

    Attributes:
        value: NaN if there is nothing to go by.
        low: 2.5 % of the draws lie under it.
        high: 97.5 % do.
    """

    value: float
    low: float
    high: float

    def as_dict(self) -> dict[str, float | None]:
        """Plain values, for JSON."""
        named = {"value": self.value, "low": self.low, "high": self.high}
        return {name: None if np.isnan(value) else value for name, value in named.items()}

    def __str__(self) -> str:
        if np.isnan(self.value):
            return "-"
        return f"{self.value:.3f} ({self.low:.3f} to {self.high:.3f})"


NOTHING = Estimate(float("nan"), float("nan"), float("nan"))


def mean(values: Sequence[float] | Floats) -> Estimate:
    """The mean of one figure a piece, those that have none left out."""
    return _estimate(values, lambda table: np.asarray(table.mean(axis=-1)))


def quantile(values: Sequence[float] | Floats, share: float) -> Estimate:
    """The value under which a share of the pieces lie, those that have none left out."""
    return _estimate(values, lambda table: np.asarray(np.quantile(table, share, axis=-1)))


def _estimate(values: Sequence[float] | Floats, figure: Callable[[Floats], Floats]) -> Estimate:
    known = np.asarray(values, dtype=np.float64)
    known = known[~np.isnan(known)]
    if not len(known):
        return NOTHING
    drawn = np.random.default_rng(0).integers(len(known), size=(RESAMPLES, len(known)))
    low, high = np.quantile(figure(known[drawn]), (0.025, 0.975))
    return Estimate(float(figure(known)), float(low), float(high))


def distances(a: Sequence[Floats], b: Sequence[Floats]) -> Floats:
    """Every member of one set to every member of another, [len(a), len(b)]."""
    return np.array([[distance(x, y) for y in b] for x in a]).reshape(len(a), len(b))


def density(values: Floats, edges: Floats) -> Floats:
    """Share of a smoothed distribution in each cell, adding up to 1.

    Args:
        values: At least one.
        edges: Of the cells, evenly spaced, [cells + 1].
    """
    width = float(edges[1] - edges[0])
    counts = np.histogram(values, edges)[0].astype(np.float64)
    # Scott (1992): the spread over the fifth root of the count. All-alike values have none.
    bandwidth = max(float(values.std()) * len(values) ** -0.2, width / 2)
    reach = np.arange(-len(counts) + 1, len(counts)) * width
    kernel = np.exp(-0.5 * np.square(reach / bandwidth))
    smooth = np.convolve(counts, kernel)[len(counts) - 1 : 2 * len(counts) - 1]
    return np.asarray(smooth / smooth.sum())


def compare(within: Floats, between: Floats) -> tuple[Estimate, Estimate]:
    """(overlapping area, Kullback-Leibler divergence in nats) of two sets in one descriptor.

    Args:
        within: Distances inside the true set, [N, N].
        between: Distances from the other set to the true one, [N, N]; row i of both
            belongs to one piece.
    """
    count = len(within)
    known = np.concatenate([within[~np.isnan(within)], between[~np.isnan(between)]])
    if count < 3 or not len(known) or not known.max() > 0:
        return NOTHING, NOTHING
    edges = np.linspace(-0.1, 1.1, CELLS + 1) * float(known.max())
    rng = np.random.default_rng(0)
    draws = [np.arange(count)] + [rng.integers(count, size=count) for _ in range(FEWER)]
    figures = []
    for drawn in draws:
        # A piece drawn twice is not at distance 0 from itself.
        apart = drawn[:, None] != drawn[None]
        inside = within[np.ix_(drawn, drawn)][apart]
        across = between[np.ix_(drawn, drawn)][apart]
        inside, across = inside[~np.isnan(inside)], across[~np.isnan(across)]
        if len(inside) and len(across):
            p, q = density(inside, edges), density(across, edges)
            common = float(np.minimum(p, q).sum())
            nats = float(np.sum(p * np.log((p + 1e-12) / (q + 1e-12))))
            figures.append((common, max(nats, 0.0)))
    if len(figures) < 2:  # too few pieces have it for an interval
        return NOTHING, NOTHING
    table = np.array(figures)
    low, high = np.quantile(table[1:], (0.025, 0.975), axis=0)
    area, divergence = (
        Estimate(float(table[0, index]), float(low[index]), float(high[index])) for index in (0, 1)
    )
    return area, divergence
