"""Batches of the encoder: pieces with hidden notes, as chunks of steps among given ones.

As in `composer_training.data.streams`, B pieces run side by side in chunks of T steps, the
decoder's state carried from one to the next; with each chunk come the tokens of what is given
around it, and masks of what may come next (`composer.encoding.given`).

Conventions:
    W tokens of a chunk, S = shift classes with END; the rest as in
    `composer_training.data.streams`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from composer.analysis.form import plan_of
from composer.analysis.plan_around import foreknown, notes_ahead, plan_around
from composer.encoding.columns import COLUMNS
from composer.encoding.events import (
    DURATION,
    END,
    FIELDS,
    NO_SHIFT,
    SHIFT,
    Events,
)
from composer.encoding.given import Given, Opening
from composer.encoding.given_steps import NO_CAP, GivenSteps
from composer.encoding.given_tokens import STEP_COLUMNS, TOKEN_COLUMNS
from composer_training.data.augment import Augmentation, augment
from composer_training.data.dataset import Dataset, Record, to_events
from composer_training.data.plan_noise import spoilt
from composer_training.data.streams import Dealer, Steps, filled_up
from composer_training.encoder.openings import bar_lines, draw_openings

WINDOW: Final = 144
"""Tokens that go with a chunk at most."""
BEHIND: Final = 16
"""Of these, tokens that lie behind the chunk's first step."""
_INFERRED, _TOLD = 0.7, 0.15
"""Shares of pieces whose plan is found around what is given, and is told as users might; the
others have none."""


class Batch(NamedTuple):
    """One chunk of every piece.

    Attributes:
        features: int32 [B, T + 1, 39].
        parts: int32 [N, 17], as in `composer_training.data.streams`, of parts that may play.
        given_part: float32 [N], 1 for the part of the given note that is reached.
        weights: float32 [B, T, 5], 0 where a field has no target.
        keep: float32 [B], 0 for a piece that begins.
        shift_mask: bool [B, T, S].
        pitch_cap: int32 [B, T], pitch of the given note that bounds the next one; 128: none.
        pitch_only: bool [B, T], whether that pitch is the only one.
        tokens: int32 [B, W, 14], padded at its end.
        lengths: int32 [B], tokens that are none of the padding.
        next_token: int32 [B, T], index into the window; W where none is left.
        steps: int32 [B, T, 5], columns as in `STEP_COLUMNS`.
    """

    features: NDArray[np.int32]
    parts: NDArray[np.int32]
    given_part: NDArray[np.float32]
    weights: NDArray[np.float32]
    keep: NDArray[np.float32]
    shift_mask: NDArray[np.bool_]
    pitch_cap: NDArray[np.int32]
    pitch_only: NDArray[np.bool_]
    tokens: NDArray[np.int32]
    lengths: NDArray[np.int32]
    next_token: NDArray[np.int32]
    steps: NDArray[np.int32]

    @property
    def written(self) -> int:
        """Notes that are predicted: those that are not given."""
        return int(self.weights[..., DURATION].sum())


@dataclass(frozen=True, slots=True, eq=False)
class Taught:
    """A piece of which some notes are given, as the network is taught it.

    Attributes:
        plain: Its steps; given notes have no duration and velocity to predict.
        given: Where each step stands among the given notes.
        told: int32 [steps - 1, 5], columns as in `STEP_COLUMNS`.
    """

    plain: Steps
    given: GivenSteps
    told: NDArray[np.int32]

    @classmethod
    def of(cls, events: Events, given: Given, bars: int, dynamics: bool) -> Taught:
        """Of a piece with its plan, and the given notes among its own."""
        plain, steps = Steps.of(events, dynamics), GivenSteps.of(events, given, bars)
        weights = plain.weights[1:]
        weights[steps.is_given, DURATION:] = 0.0
        weights[~steps.possible] = 0.0
        return cls(plain, steps, steps.tokens.steps(steps.clock, steps.index))

    def __len__(self) -> int:
        return len(self.told)


def with_what_is_found(events: Events, given: Given, bars: int) -> Events:
    """A piece with the plan that is found around what is given, and the notes to come."""
    plan, ahead = plan_around(events, given, bars), notes_ahead(events, given)
    known = foreknown(events, given, given.openings, plan)
    return replace(events, plan=plan, ahead=ahead, foreknown=known)


class GivenStreams:
    """Endless training batches; see the module's docstring."""

    def __init__(
        self,
        dataset: Dataset,
        *,
        batch_size: int,
        steps: int,
        shares: Mapping[str, float],
        augmentation: Augmentation,
        seed: int,
    ) -> None:
        self.dataset, self.batch_size, self.steps = dataset, batch_size, steps
        self.augmentation, self.seed = augmentation, seed
        self.dealer = Dealer(dataset.corpora("train"), shares, seed)
        self._open_streams: list[tuple[int, Taught] | None] = [None] * batch_size

    def _open(self, serial: int, record: Record) -> Taught:
        rng = np.random.default_rng((self.seed, 2, serial))
        varied, notes = augment(record, self.dataset.notes(record), self.augmentation, rng)
        events = to_events(varied, notes)
        openings = draw_openings(events, rng)
        bars = len(bar_lines(events)) - 1
        given = Given.around(events, openings)
        events = replace(events, foreknown=foreknown(events, given, openings, None))
        chance = rng.random()
        if chance < _INFERRED:
            events = with_what_is_found(events, given, bars)
        elif chance < _INFERRED + _TOLD:
            events = replace(events, plan=spoilt(plan_of(events), 1.0, rng))
        return Taught.of(events, given, bars, varied.dynamics)

    def next(self) -> Batch:
        """The next chunk of every piece."""
        pieces: list[tuple[int, Taught] | None] = []
        for index in range(self.batch_size):
            piece = self._open_streams[index]
            while piece is None:
                steps = self._open(*self.dealer.next())
                piece = (0, steps) if len(steps) else None
            pieces.append(piece)
            start, steps = piece
            after = start + self.steps
            self._open_streams[index] = (after, steps) if after < len(steps) else None
        return batch_of(pieces, self.steps)


def batch_of(pieces: list[tuple[int, Taught] | None], steps: int) -> Batch:
    """Chunks of some pieces as arrays.

    Args:
        pieces: (first step that goes in, piece); None for nothing.
        steps: Of a chunk.
    """
    shape = (len(pieces), steps)
    made = Batch(
        features=np.zeros((*shape[:1], steps + 1, len(COLUMNS)), dtype=np.int32),
        parts=np.zeros((0, 0), dtype=np.int32),
        given_part=np.zeros(0, dtype=np.float32),
        weights=np.zeros((*shape, len(FIELDS)), dtype=np.float32),
        keep=np.ones(len(pieces), dtype=np.float32),
        shift_mask=np.ones((*shape, END + 1), dtype=bool),
        pitch_cap=np.full(shape, NO_CAP, dtype=np.int32),
        pitch_only=np.zeros(shape, dtype=bool),
        tokens=np.zeros((len(pieces), WINDOW, len(TOKEN_COLUMNS)), dtype=np.int32),
        lengths=np.ones(len(pieces), dtype=np.int32),
        next_token=np.full(shape, WINDOW, dtype=np.int32),
        steps=np.zeros((*shape, len(STEP_COLUMNS)), dtype=np.int32),
    )
    made.features[..., SHIFT] = NO_SHIFT
    rows: list[NDArray[np.int32]] = []
    given: list[NDArray[np.float32]] = []
    for row, piece in enumerate(pieces):
        if piece is None:
            continue
        start, whole = piece
        count = min(steps, len(whole) - start)
        if count <= 0:
            continue
        span = slice(start, start + count)
        made.features[row, : count + 1] = whole.plain.table[start : start + count + 1]
        made.weights[row, :count] = whole.plain.weights[start + 1 : start + count + 1]
        made.keep[row] = float(start > 0)
        made.shift_mask[row, :count] = whole.given.shift_mask[span]
        made.pitch_cap[row, :count] = whole.given.pitch_cap[span]
        made.pitch_only[row, :count] = whole.given.pitch_only[span]
        made.steps[row, :count] = whole.told[span]
        first = max(int(whole.given.token[start]) - BEHIND, 0)
        window = whole.given.tokens.table[first : first + WINDOW]
        made.tokens[row, : len(window)] = window
        made.lengths[row] = max(len(window), 1)
        inside = whole.given.token[span] - first
        made.next_token[row, :count] = np.where(inside < len(window), inside, WINDOW)
        own = whole.plain.parts_that_may(start, steps, row * steps)
        if len(own):
            step = own[:, 0] - row * steps + start
            part = np.tile(np.arange(len(whole.plain.ranks)), len(own) // len(whole.plain.ranks))
            allowed = whole.given.part_mask[step, part]
            rows.append(own[allowed])
            given.append((whole.given.given_part[step] == part)[allowed].astype(np.float32))
    parts = (
        filled_up(rows, shape[0] * steps)
        if rows
        else filled_up([np.zeros((0, 17), dtype=np.int32)], shape[0] * steps)
    )
    given_part = np.zeros(len(parts), dtype=np.float32)
    told = np.concatenate(given) if given else np.zeros(0, dtype=np.float32)
    given_part[: len(told)] = told
    return made._replace(parts=parts, given_part=given_part)


Openings = Callable[[Events], tuple[Opening, ...]]


def validation_pieces(
    dataset: Dataset, openings: Openings, limit: int, longest: int
) -> dict[str, list[tuple[Record, Events, Given, int]]]:
    """Pieces kept out of training with the notes that are hidden, by corpus.

    Args:
        dataset: With pieces in its "valid" split.
        openings: What is hidden of a piece.
        limit: Pieces of each corpus at most.
        longest: Notes of a piece at most; longer ones are passed over.
    """
    found: dict[str, list[tuple[Record, Events, Given, int]]] = {}
    for corpus, records in dataset.corpora("valid").items():
        for record in records:
            if record.count > longest or len(found.get(corpus, ())) >= limit:
                continue
            events = to_events(record, dataset.notes(record))
            opened = openings(events)
            given = Given.around(events, opened)
            if opened and len(given) < len(events.rows):
                bars = len(bar_lines(events)) - 1
                found.setdefault(corpus, []).append((record, events, given, bars))
    return found


def chunks(pieces: list[Taught], steps: int, rows: int | None = None) -> list[Batch]:
    """Some pieces side by side from their beginning to the end of the longest.

    Args:
        pieces: At least one.
        steps: Of a chunk.
        rows: Rows of each batch, those behind the pieces empty; None: as many as pieces.
    """
    longest = max(len(piece) for piece in pieces)
    empty = [None] * ((rows or len(pieces)) - len(pieces))
    return [
        batch_of([*((start, piece) for piece in pieces), *empty], steps)
        for start in range(0, longest, steps)
    ]
