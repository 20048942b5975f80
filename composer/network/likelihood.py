"""Likelihood: what the network thinks of music that is there, in nats, note by note.

Whole pieces, the state carried from the first step to END, every field given what came
before it (teacher forcing), as `composer_training.validate` has it. Pieces run side by side: as one
ends the next takes its place. A piece's nats do not depend on what runs beside it.

Conventions:
    B streams, T steps, F = 5 fields. Nats are -log p with natural logarithms.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from composer.encoding.columns import COLUMNS
from composer.encoding.events import DURATION, END, FIELDS, NO_DURATION, PART, SHIFT, SIZES, Events
from composer.encoding.features import features, parts_of
from composer.encoding.part_features import PART_FEATURES
from composer.encoding.part_order import NO_RANK, ranks_of
from composer.encoding.sounding import SOUNDING, lengths_before
from composer.music.beat_grid import FREE
from composer.network.heads import Heads, with_ends
from composer.network.predictor import Predictor
from composer.network.trunk import Floats, Ints
from composer.terminal import Advance

STREAMS = 32
"""Pieces side by side. More would not be quicker on a few cores."""
STEPS = 64
"""Steps of all streams between two passes of the heads."""
ROWS = 512
"""Rows of one pass of the heads, so that what they look up stays in the cache."""


@dataclass(slots=True, eq=False)
class _Scored:
    """A piece on its way through the network.

    Attributes:
        piece: Its index.
        table: int32 [steps, 39], declarations, notes, END.
        told: uint8 [notes, P, 14], what is told of each part.
        lengths: int [notes + 1, 16], with which each note would end with others; END none.
        ranks: int [P].
        declared: How many declarations there are.
        nats: float32 [notes + 1, 5], filled as they come.
        at: The step that goes in next.
    """

    piece: int
    table: NDArray[np.int32]
    told: NDArray[np.uint8]
    lengths: NDArray[np.int16]
    ranks: Ints
    declared: int
    nats: Floats
    at: int = 0


def note_nats(
    predictor: Predictor,
    pieces: Sequence[Events],
    streams: int = STREAMS,
    progress: Advance | None = None,
) -> Iterator[tuple[int, Floats]]:
    """Score pieces.

    Args:
        predictor: The network.
        pieces: In any order.
        streams: How many run side by side at most.
        progress: Called with notes scored and notes in all.

    Yields:
        (index of the piece, float32 [notes + 1, 5]), as pieces end. The last row is END,
        which has a shift and no other field (0).
    """
    # Long ones first, so that no long one is left to run alone.
    waiting = sorted(range(len(pieces)), key=lambda index: len(pieces[index].rows))
    total = sum(len(piece.rows) for piece in pieces)
    count = min(streams, len(pieces))
    open_streams: list[_Scored | None] = [None] * count
    recurrent = predictor.zero(count)
    scored = 0

    def begin(index: int) -> _Scored:
        events = pieces[index]
        nats = np.zeros((len(events.rows) + 1, len(FIELDS)), dtype=np.float32)
        table = features(events, end=True)
        told = parts_of(events, table)
        ranks = np.array(ranks_of(events.programs), dtype=np.int64)
        steps, lengths = table.astype(np.int32), lengths_of(events)
        return _Scored(index, steps, told, lengths, ranks, len(events.programs), nats)

    while waiting or any(open_streams):
        heard: list[Floats] = []
        targets: list[NDArray[np.int32]] = []
        places: list[tuple[_Scored, int]] = []
        ended: list[_Scored] = []
        for _ in range(STEPS):
            steps = np.zeros((count, len(COLUMNS)), dtype=np.int32)
            live: list[int] = []
            for index in range(count):
                stream = open_streams[index]
                if stream is None and waiting:
                    stream = open_streams[index] = begin(waiting.pop())
                    recurrent[index] = 0.0
                if stream is None:
                    continue
                steps[index] = stream.table[stream.at]
                stream.at += 1
                if stream.at >= stream.declared:  # what comes next is a note or END
                    live.append(index)
                    targets.append(stream.table[stream.at])
                    places.append((stream, stream.at - stream.declared))
                if stream.at == len(stream.table) - 1:
                    ended.append(stream)
                    open_streams[index] = None
            hidden, recurrent = predictor.trunk(steps, recurrent)
            heard.append(hidden[live])
            if not waiting and not any(open_streams):
                break
        nats = field_nats(
            predictor.heads,
            np.concatenate(heard),
            np.array(targets).reshape(-1, len(COLUMNS)),
            [
                (stream.told[row], stream.ranks) if row < len(stream.told) else None
                for stream, row in places
            ],
            np.array([stream.lengths[row] for stream, row in places], dtype=np.int64),
        )
        for (stream, row), values in zip(places, nats, strict=True):
            stream.nats[row] = values
        scored += len(places)
        if progress:
            progress(min(scored, total), total)
        for stream in ended:
            yield stream.piece, stream.nats


def field_nats(
    heads: Heads,
    hidden: Floats,
    targets: NDArray[np.int32] | Ints,
    parts: Sequence[tuple[NDArray[np.uint8], Ints] | None],
    lengths: Ints,
) -> Floats:
    """Nats of each field of steps that came, float32 [N, 5].

    Args:
        heads: Of the network.
        hidden: float32 [N, F * K], the trunk's output before each step.
        targets: int [N, 39], the steps; of END only the shift counts.
        parts: What is told of each part at each step, [P, 14], and its rank, [P]; of END None.
        lengths: From `lengths_of`, [N, 16].
    """
    nats = np.zeros((len(targets), len(FIELDS)), dtype=np.float32)
    for start in range(0, len(targets), ROWS):
        part = slice(start, start + ROWS)
        columns = targets[part].astype(np.int64)
        row, is_note = np.arange(len(columns)), columns[:, SHIFT] != END
        for field, size in enumerate(SIZES):
            if field == PART:
                told, ranks = _side_by_side(parts[part])
                logits = heads.part(hidden[part], columns, told, ranks).astype(np.float64)
            elif field == DURATION:
                known = with_ends(heads(field, hidden[part], columns), lengths[part])
                logits = known.astype(np.float64)
            else:
                logits = heads(field, hidden[part], columns).astype(np.float64)
            logits -= logits.max(axis=1, keepdims=True)
            # END's other fields hold the class past the last, which no head has.
            chosen = logits[row, np.minimum(columns[:, field], size - 1)]
            value = np.log(np.exp(logits).sum(axis=1)) - chosen
            nats[part, field] = value if field == SHIFT else np.where(is_note, value, 0.0)
    return nats


def lengths_of(events: Events) -> NDArray[np.int16]:
    """Lengths with which each note, and END, would end with others, int16 [notes + 1, 16]."""
    found = np.full((len(events.rows) + 1, SOUNDING), NO_DURATION, dtype=np.int16)
    if events.kind == FREE:
        found[:-1] = lengths_before(events)
    return found


def _side_by_side(
    parts: Sequence[tuple[NDArray[np.uint8], Ints] | None],
) -> tuple[Ints, Ints]:
    """What is told of the parts of several steps, [N, P, 14], and their ranks, [N, P]."""
    most = max((len(ranks) for told, ranks in filter(None, parts)), default=1)
    all_told = np.zeros((len(parts), most, len(PART_FEATURES)), dtype=np.int64)
    all_ranks = np.full((len(parts), most), NO_RANK, dtype=np.int64)
    all_ranks[:, 0] = 0
    for index, step in enumerate(parts):
        if step is not None:
            told, ranks = step
            all_told[index, : len(ranks)] = told
            all_ranks[index, : len(ranks)] = ranks
    return all_told, all_ranks
