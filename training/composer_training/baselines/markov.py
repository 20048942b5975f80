"""Markov: the baseline that counts. Interpolated n-grams over the same events and fields.

Every field is predicted along several chains of contexts
(`composer_training.baselines.markov_contexts`). Each chain gives two predictions: one by counts
from the training pieces, one by counts from the piece itself so far. Along a chain, a level's
counts are interpolated with the level before it by Witten and Bell's estimate, which is escape
method C of PPM:

    p_l(x) = (n(x) + t p_{l-1}(x)) / (n + t)

with n notes seen in the context and t different symbols among them; p_0 is the same for all
classes. The predictions are mixed with weights that depend on how long a context has occurred in
the piece before. Expectation and maximisation fits the weights on training pieces that were not
counted.

Sources: Cleary and Witten (1984), Moffat (1990), Witten and Bell (1991) for the estimate;
Conklin and Witten (1995), Pearce and Wiggins (2004) for music, several viewpoints, and a
long- and a short-term model side by side; Jelinek and Mercer (1980) for fitting the mixture.

Conventions:
    N positions as in `composer_training.baselines.markov_contexts`; nats are -log p.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from composer.encoding.events import END, FIELDS, SHIFT, SIZES, Events
from composer.terminal import Advance
from composer_training.baselines.markov_contexts import (
    CHAINS,
    SYMBOLS,
    Hashes,
    Ints,
    hashes,
    known,
    symbols,
)

Floats = NDArray[np.float64]

HELD_OUT = 25
"""Of this many training pieces one is not counted, and the mixture is fitted to it."""
ROUNDS = 30
"""Of expectation and maximisation."""
DEEPEST = 8
"""Bound on the levels of a chain, for numbering buckets."""


@dataclass(frozen=True, slots=True, eq=False)
class Counts:
    """How often each symbol followed each context, of one level.

    Attributes:
        contexts: uint64 [C], sorted.
        starts: int32 [C + 1], where each context's entries begin.
        keys: int64 [E], index of the context times `SYMBOLS` plus the symbol; sorted.
        counts: int32 [E].
        totals: int32 [C], the sum of each context's entries.
    """

    contexts: Hashes
    starts: NDArray[np.int32]
    keys: Ints
    counts: NDArray[np.int32]
    totals: NDArray[np.int32]

    @classmethod
    def of(cls, contexts: Hashes, came: Ints) -> Counts:
        """Count; both [N]."""
        unique, index = np.unique(contexts, return_inverse=True)
        keys, counts = np.unique(index * SYMBOLS + came, return_counts=True)
        kinds = np.bincount(keys // SYMBOLS, minlength=len(unique))
        return cls(
            contexts=unique,
            starts=np.concatenate([[0], np.cumsum(kinds)]).astype(np.int32),
            keys=keys.astype(np.int64),
            counts=counts.astype(np.int32),
            totals=np.bincount(index, minlength=len(unique)).astype(np.int32),
        )

    def find(self, contexts: Hashes) -> Ints:
        """Index of each context, -1 for one never seen, [N]."""
        if not len(self.contexts):
            return np.full(len(contexts), -1, dtype=np.int64)
        at = np.minimum(np.searchsorted(self.contexts, contexts), len(self.contexts) - 1)
        return np.where(self.contexts[at] == contexts, at, -1)

    def look_up(self, contexts: Hashes, came: Ints) -> tuple[Ints, Ints, Ints]:
        """n(x), n and t of every position, [N] each."""
        index = self.find(contexts)
        there = index >= 0
        safe = np.maximum(index, 0)
        key = safe * SYMBOLS + came
        at = np.minimum(np.searchsorted(self.keys, key), len(self.keys) - 1)
        count = np.where(there & (self.keys[at] == key), self.counts[at], 0)
        kinds = self.starts[safe + 1] - self.starts[safe]
        return count, np.where(there, self.totals[safe], 0), np.where(there, kinds, 0)


def counts_so_far(contexts: Hashes, came: Ints) -> tuple[Ints, Ints, Ints]:
    """n(x), n and t before each position, counted among the positions before it, [N] each."""
    _, context = np.unique(contexts, return_inverse=True)
    pair = context.astype(np.int64) * SYMBOLS + came
    seen = _rank(pair)
    new = (seen == 0).astype(np.int64)
    order = np.argsort(context, kind="stable")
    running = np.cumsum(new[order]) - new[order]
    first = np.concatenate([[True], context[order][1:] != context[order][:-1]])
    base = np.maximum.accumulate(np.where(first, running, 0))
    kinds = np.empty_like(running)
    kinds[order] = running - base
    return seen, _rank(context.astype(np.int64)), kinds


def _rank(groups: Ints) -> Ints:
    """How many positions of the same group come before each, [N]."""
    order = np.argsort(groups, kind="stable")
    first = np.concatenate([[True], groups[order][1:] != groups[order][:-1]])
    place = np.arange(len(groups))
    start = np.maximum.accumulate(np.where(first, place, 0))
    ranks = np.empty(len(groups), dtype=np.int64)
    ranks[order] = place - start
    return ranks


def interpolate(levels: Iterable[tuple[Ints, Ints, Ints]], classes: int) -> tuple[Floats, Ints]:
    """Probability of what came, and how many levels of a chain met their context, [N]."""
    p, deep = None, None
    for count, total, kinds in levels:
        if p is None or deep is None:
            p = np.full(len(count), 1.0 / classes)
            deep = np.zeros(len(count), dtype=np.int64)
        share = np.maximum(total + kinds, 1)
        p = np.where(total > 0, (count + kinds * p) / share, p)
        deep = deep + (total > 0)
    assert p is not None and deep is not None
    return p, deep


class Markov:
    """The model; see the module's docstring.

    Attributes:
        counts: Of each field, chain and level.
        weights: Of each field, float [buckets, 2 * chains]: first of the predictions by
            training pieces, then of those by the piece so far.
        without: The same for a model without counts from the piece, whose weights are 0.
    """

    def __init__(self) -> None:
        self.counts: dict[str, list[list[Counts]]] = {}
        self.weights: dict[str, Floats] = {}
        self.without: dict[str, Floats] = {}

    @classmethod
    def fit(cls, pieces: Sequence[Events], progress: Advance | None = None) -> Markov:
        """Count pieces, and fit the mixture on one in `HELD_OUT` of them.

        Args:
            pieces: For training; at least two.
            progress: Called with fields done and fields in all.
        """
        model = cls()
        kept = pieces[HELD_OUT - 1 :: HELD_OUT] or pieces[-1:]
        aside = {id(piece) for piece in kept}
        counted = _Table.of([piece for piece in pieces if id(piece) not in aside])
        held_out = _Table.of(kept)
        for number, field in enumerate(FIELDS):
            where = counted.where(field)
            names = {name: values[where] for name, values in counted.names.items()}
            model.counts[field] = [
                [
                    Counts.of(contexts, symbols(chain, field, names))
                    for contexts in hashes(chain, names)
                ]
                for chain in CHAINS[field]
            ]
            experts, buckets = model._experts(field, held_out)
            model.weights[field] = fit_mixture(experts, buckets)
            chains = len(CHAINS[field])
            alone = fit_mixture(experts[:, :chains], np.zeros_like(buckets))[0]
            model.without[field] = np.zeros_like(model.weights[field])
            model.without[field][:, :chains] = alone
            if progress:
                progress(number + 1, len(FIELDS))
        return model

    def nats(self, pieces: Sequence[Events], *, memory: bool = True) -> list[NDArray[np.float32]]:
        """float32 [notes + 1, 5] of each piece, as `composer.network.likelihood.note_nats` has it.

        Args:
            pieces: In any order.
            memory: Whether counts from the piece itself are used, too.
        """
        table = _Table.of(pieces)
        weights = self.weights if memory else self.without
        nats = np.zeros((len(table.piece), len(FIELDS)), dtype=np.float32)
        for index, field in enumerate(FIELDS):
            experts, buckets = self._experts(field, table)
            p = (experts * weights[field][buckets]).sum(axis=1)
            nats[table.where(field), index] = -np.log(p)
        ends = np.cumsum([len(piece.rows) + 1 for piece in pieces])
        return np.split(nats, ends[:-1])

    def _experts(self, field: str, table: _Table) -> tuple[Floats, Ints]:
        """Probability by each chain of the symbol that came, [N, 2 * chains], and buckets [N]."""
        where, classes = table.where(field), SIZES[FIELDS.index(field)]
        names = {name: values[where] for name, values in table.names.items()}
        piece = table.piece[where].astype(np.uint64) + np.uint64(1)
        long, short, depths = [], [], []
        for chain, counts in zip(CHAINS[field], self.counts[field], strict=True):
            came = symbols(chain, field, names)
            levels = zip(counts, hashes(chain, names), strict=True)
            long.append(interpolate((c.look_up(h, came) for c, h in levels), classes)[0])
            own = hashes(chain, names, piece)
            p, deep = interpolate((counts_so_far(h, came) for h in own), classes)
            short.append(p)
            depths.append(deep)
        return np.stack(long + short, axis=1), bucket(depths)


def bucket(depths: Sequence[Ints]) -> Ints:
    """The row of the mixture to use, by the depth of the first two chains in the piece, [N]."""
    second = depths[1] if len(depths) > 1 else np.zeros_like(depths[0])
    return np.minimum(depths[0], DEEPEST - 1) * DEEPEST + np.minimum(second, DEEPEST - 1)


def fit_mixture(experts: Floats, buckets: Ints) -> Floats:
    """Weights under which what came is likeliest, [buckets, experts]; rows add up to 1.

    Args:
        experts: Probability of the symbol that came by each prediction, [N, experts].
        buckets: The row of the mixture to use at each position, [N].
    """
    count = experts.shape[1]
    weights = np.full((DEEPEST * DEEPEST, count), 1.0 / count)
    overall = np.full(count, 1.0 / count)
    for _ in range(ROUNDS):
        share = experts * overall
        overall = (share / share.sum(axis=1, keepdims=True)).mean(axis=0)
    weights[:] = overall
    for _ in range(ROUNDS):
        share = experts * weights[buckets]
        share /= share.sum(axis=1, keepdims=True)
        # Each row starts from ten positions on which the experts did as on average.
        sums = np.repeat(10.0 * overall[None], len(weights), axis=0)
        np.add.at(sums, buckets, share)
        weights = sums / sums.sum(axis=1, keepdims=True)
    return weights


@dataclass(frozen=True, slots=True, eq=False)
class _Table:
    """Positions of many pieces one after another.

    Attributes:
        names: From `known`.
        piece: Index of the piece, int64 [N].
    """

    names: dict[str, Ints]
    piece: Ints

    @classmethod
    def of(cls, pieces: Sequence[Events]) -> _Table:
        tables = [known(piece) for piece in pieces]
        wanted = _wanted()
        return cls(
            {
                name: np.concatenate([table[name].astype(np.int16) for table in tables])
                for name in wanted
            },
            np.repeat(np.arange(len(pieces)), [len(piece.rows) + 1 for piece in pieces]),
        )

    def where(self, field: str) -> Ints:
        """Positions that have this field: END has a shift and no other."""
        if field == FIELDS[SHIFT]:
            return np.arange(len(self.piece))
        return np.flatnonzero(self.names["shift"] != END)


def _wanted() -> list[str]:
    """Names that some chain looks at."""
    wanted = set(FIELDS)
    for chains in CHAINS.values():
        for chain in chains:
            wanted |= {name for level in chain.levels for name in level}
            wanted |= {chain.anchor} - {""}
    return sorted(wanted)
