"""Writing: what is to be written of a piece, beside what may be asked of how it is written.

continue   what follows the piece
fill       some bars of it anew, of all parts or of some
arrange    further parts to it
vary       some bars of it as something else that keeps part of them
loop       what follows it, with an end that leads back into its own beginning
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from composer.errors import SettingError
from composer.generation.parameters import KEEPS, TASKS, USUAL_STRENGTH, within

CONTINUE, FILL, ARRANGE, VARY, LOOP = TASKS
RHYTHM, PITCHES, CONTOUR, BASS = KEEPS
INSIDE = (FILL, ARRANGE, VARY)
"""Tasks that write among the notes of a piece, and not behind them."""

_SPAN = re.compile(r"\s*(\d{1,5})\s*(?:(?:-|\.\.)\s*(\d{1,5})\s*)?")


@dataclass(frozen=True, slots=True)
class Writing:
    """What is to be written.

    Attributes:
        task: One of `TASKS`.
        bars: First and last bar that are written, as people count them; None for all.
        add: What further parts are called, for "arrange".
        strength: How much is changed, 0..1, for "vary".
        keep: What is kept of all that is changed, one of `KEEPS`; None for nothing.
        crossing: Whether added voices may cross.

    Raises:
        SettingError: A value is out of range, or belongs to another task.
    """

    task: str = CONTINUE
    bars: tuple[int, int] | None = None
    add: tuple[str, ...] = ()
    strength: float = USUAL_STRENGTH
    keep: str | None = None
    crossing: bool = False

    def __post_init__(self) -> None:
        if self.task not in TASKS:
            raise SettingError(f"task is {self.task!r}, must be one of {', '.join(TASKS)}")
        if self.task == FILL and self.bars is None:
            raise SettingError("fill which bars? Name the first and the last of them: 9-12")
        if self.task == ARRANGE and not self.add:
            raise SettingError("add which parts? Name some: bass,drums")
        if self.task != ARRANGE and self.add:
            raise SettingError(f"parts are added by arrange, not by {self.task}")
        if self.bars is not None and self.task in (CONTINUE, LOOP):
            raise SettingError(f"{self.task} has a number of bars, and no first and last bar")
        if self.bars is not None and self.bars[0] > self.bars[1]:
            first, last = self.bars
            raise SettingError(f"bars are {first}-{last}, the lower must come first")
        within("strength", self.strength, 0, 1)
        if self.keep is not None and self.task != VARY:
            raise SettingError(f"keep belongs to vary, not to {self.task}")
        if self.keep is not None and self.keep not in KEEPS:
            raise SettingError(f"keep is {self.keep!r}, must be one of {', '.join(KEEPS)}")

    @property
    def writes_inside(self) -> bool:
        """Whether it is written among the notes of the piece, and not behind them."""
        return self.task in INSIDE


def parse_bars(text: str) -> tuple[int, int]:
    """The first and the last of the bars in a text: "9-12", "9..12", "9".

    Raises:
        SettingError: It is none of these.
    """
    found = _SPAN.fullmatch(text)
    if not found:
        raise SettingError(f"bars are {text!r}, must be two numbers such as 9-12, or one")
    first = int(found[1])
    return first, int(found[2]) if found[2] else first
