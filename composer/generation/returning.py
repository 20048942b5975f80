"""Returning: how bars are drawn that the plan brings back.

A bar that comes back as it was is not a matter of chance, nor so much one that comes back nearly:
both are drawn more coolly. In training some plans were wrong, so the network does not quite
believe one until it has followed it for some notes, and at the beginning of a bar it plays what
comes back in half of the cases, where people do in nearly all (docs/experiments.md). So in
bars that are to come back literally what was played there is made likelier, too.

Conventions:
    A bar's first note is reached from the bar before, and drawn as that one's are.
    B streams; columns are those of the next note, [B, 39] as in `composer.encoding.features`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from composer.encoding.columns import COLUMNS, RETURN_PART, RETURN_PITCH, RETURNING
from composer.encoding.events import PART, PITCH, SHIFT
from composer.encoding.return_lookback import RETURNINGS
from composer.generation.sampling import SamplingParams

Ints = NDArray[np.int64]
Floats = NDArray[np.float32]

COOLING: Final = np.ones(RETURNINGS)
"""What the temperature is multiplied by, by class of returning."""
COOLING[2:] = np.repeat((1.0, 0.65, 0.4), (RETURNINGS - 2) // 3)
_COOLING: Final[list[float]] = COOLING.tolist()
_NEARLY: Final = 2 + (RETURNINGS - 2) // 3
"""The first class of bars that come back nearly."""
_LITERAL: Final = RETURNINGS - (RETURNINGS - 2) // 3
"""The first class of bars that come back as they were."""
_FOLLOWING: Final = 1.0
"""Logits, before the temperature, of the time, the part and the pitch of what was played there."""
_THERE: Final = {SHIFT: COLUMNS.index("return_shift"), PART: RETURN_PART, PITCH: RETURN_PITCH}


@dataclass(frozen=True, slots=True, eq=False)
class Returning:
    """The streams that are in a bar that comes back nearly or literally.

    Attributes:
        cooling: What each stream's temperature is multiplied by.
        literal: Streams whose bar comes back as it was.
    """

    cooling: tuple[float, ...]
    literal: Sequence[int]

    @classmethod
    def of(cls, columns: Ints, stuck: Sequence[bool]) -> Returning | None:
        """Of some streams before their next note; None if none of them is in such a bar.

        Args:
            columns: Of the streams.
            stuck: Which repeat themselves too often, [B]: these are to get away from it.
        """
        told = zip(columns[:, RETURNING].tolist(), stuck, strict=True)
        classes = [0 if away else returning for returning, away in told]
        if max(classes) < _NEARLY:
            return None
        literal = [stream for stream, known in enumerate(classes) if known >= _LITERAL]
        return cls(tuple([_COOLING[known] for known in classes]), literal)

    def cooled(self, params: SamplingParams) -> SamplingParams:
        """Sampling parameters of all streams, cooler where bars come back."""
        return params.at(params.temperature * np.array(self.cooling))

    def following(self, which: int, logits: Floats, columns: Ints) -> Floats:
        """Logits of a field, [B, C], with what was played there likelier.

        Args:
            which: The field.
            logits: Of the network.
            columns: With the fields before it chosen.
        """
        if which not in _THERE or not self.literal:
            return logits
        followed, classes = logits.copy(), logits.shape[1]
        for stream in self.literal:
            there = columns.item(stream, _THERE[which])
            if there < classes:  # the last class of a column: nothing
                followed[stream, there] += _FOLLOWING
        return followed
