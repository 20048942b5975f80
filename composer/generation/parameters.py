"""Parameters of a continuation: one table of names, ranges, defaults and help.

The options of `composer generate`, what `composer.generation.settings.Settings` accepts, the
parameters of a jam (`composer.live.core.parameters`) and the tables in docs/generate.md and
docs/osc.md are made from it.

Conventions:
    Nothing is imported here that takes time to load: the command line shows help from it.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any, Final

from composer.errors import SettingError


@dataclass(frozen=True, slots=True)
class Parameter:
    """One thing that can be asked of a continuation.

    Attributes:
        name: As in `Settings`; an option has hyphens instead of underscores.
        kind: What it is: int, float or str.
        help: What it does, in a line.
        default: What holds if it is not given; None if that follows from the seed.
        one_take: The default where every note is played as it is drawn, if it is another one.
        low: Least number.
        high: Greatest number.
        fader: (lowest, highest) number that a fader reaches; all if not given.
        choices: Texts that it may be; empty for numbers and free texts.
        metavar: How help writes its value; None for its kind.
        live: Whether a jam has it, too.
        many: Whether an option may be given several times, with parts by number or name.
    """

    name: str
    kind: type
    help: str
    default: Any = None
    one_take: float | None = None
    low: float = 0
    high: float = 0
    fader: tuple[float, float] | None = None
    choices: tuple[str, ...] = ()
    metavar: str | None = None
    live: bool = False
    many: bool = False

    @property
    def label(self) -> str:
        """As an option is called, without its dashes in front."""
        return self.name.replace("_", "-")

    def check(self, value: Any) -> None:
        """See whether a number, or one of the choices, is allowed.

        Raises:
            SettingError: It is not; the message names it and what is.
        """
        if self.choices:
            if value not in self.choices:
                raise SettingError(
                    f"{self.label} is {value!r}, must be one of {', '.join(self.choices)}"
                )
        elif self.kind is not str:
            within(self.label, value, self.low, self.high)

    @property
    def values(self) -> str:
        """What is allowed, as a document says it."""
        if self.choices:
            return ", ".join(self.choices)
        if self.kind is str:
            return self.metavar or "text"
        return f"{self.low} to {self.high}"

    @property
    def default_text(self) -> str:
        """What holds if it is not given, as help says it; "" where that is the seed's."""
        if self.default is None:
            return ""
        if self.one_take is None:
            return f"{self.default}"
        return f"{self.default:g}; {self.one_take:g} with one take"


def within(name: str, value: float, low: float, high: float) -> None:
    """See whether a number is one, and in its range.

    Raises:
        SettingError: It is not; the message names it and the range.
    """
    if isinstance(value, bool) or not math.isfinite(value) or not low <= value <= high:
        raise SettingError(f"{name} is {value}, must be {low} to {high}")


def pitch_range_in(given: object) -> tuple[int, int]:
    """The lowest and the highest pitch, from a pair of them or from a text such as 48-72.

    Raises:
        SettingError: It is neither.
    """
    pair = given if isinstance(given, list | tuple) else re.split(r"-|\.\.|:", str(given))
    pitches = [str(pitch).strip() for pitch in pair]
    if len(pitches) != 2 or not all(pitch.isdecimal() for pitch in pitches):
        raise SettingError(f"pitch-range is {str(given)[:20]!r}, must be like 48-72")
    return int(pitches[0]), int(pitches[1])


TAKES: Final = 32
"""How often `composer generate` tries each bar by default."""

TASKS: Final = ("continue", "fill", "arrange", "vary", "loop")
"""What may be written of a piece (`composer.inside.writing`)."""
LENGTHS: Final = frozenset({"bars", "seconds", "notes", "tempo", "form", "plan", "profile"})
"""Settings of what follows a piece, which what is written inside one does not have."""
KEEPS: Final = ("rhythm", "pitches", "contour", "bass")
"""What may be kept of a passage that is varied (`composer.inside.writing`)."""
USUAL_STRENGTH: Final = 0.5
"""How much of it is changed, if nothing is said."""

_LIST: Final = (
    Parameter("bars", int, "Length in bars.", default=8, low=1, high=10_000),
    Parameter(
        "seconds", float, "Length in seconds, up to the next bar line.", low=0.1, high=36_000
    ),
    Parameter("notes", int, "Length in notes, up to the next bar line.", low=1, high=1_000_000),
    Parameter(
        "temperature",
        float,
        "0: the likeliest note; 1: as the model believes; more: bolder.",
        default=1.0,
        one_take=0.95,
        high=5,
        fader=(0, 2),
        live=True,
    ),
    Parameter(
        "top_p",
        float,
        "Draw from the likeliest choices that hold this share.",
        default=0.99,
        one_take=0.97,
        low=1e-6,
        high=1,
        fader=(0.05, 1),
        live=True,
    ),
    Parameter(
        "min_p",
        float,
        "Draw from choices at least this share as likely as the likeliest.",
        default=0.01,
        one_take=0.02,
        high=0.999,
        fader=(0, 0.5),
        live=True,
    ),
    Parameter(
        "rng_seed",
        int,
        "The same number gives the same music; a new one, printed, if none is given.",
        high=2**63 - 1,
    ),
    Parameter(
        "key",
        str,
        "C:minor, Eb:major, ...: no note outside it; auto: that of the music before; off.",
        default="auto",
        metavar="KEY",
        live=True,
    ),
    Parameter(
        "parts", str, "Parts that play, by number or name: 1,3 or piano,bass.", metavar="PARTS"
    ),
    Parameter(
        "pitch_range",
        str,
        "MIDI pitches that may sound, such as 48-72; drums are not bound.",
        metavar="LOW-HIGH",
    ),
    Parameter(
        "density",
        float,
        "Notes a beat to aim at, never more in any bar (free time: a second).",
        low=0.05,
        high=100,
        fader=(0, 16),
        live=True,
    ),
    Parameter(
        "recall",
        int,
        "Most bars in a row that may come back as they were heard before.",
        default=4,
        high=10_000,
        fader=(0, 64),
        live=True,
    ),
    Parameter(
        "grid",
        str,
        "Whether the music keeps a beat.",
        default="auto",
        choices=("auto", "beats", "free"),
    ),
    Parameter(
        "tempo",
        str,
        "auto: as before a last ritardando; seed-end: as the seed ends.",
        default="auto",
        choices=("auto", "seed-end"),
    ),
    Parameter(
        "plan",
        str,
        "auto: which bars come back, the chords and the end are planned; off: they are not; "
        "or a plan file from 'composer plan'.",
        default="auto",
        metavar="auto|off|FILE",
    ),
    Parameter(
        "form",
        str,
        "Sections of the bars to come, the seed being A: AABA, A4 B8 A4, AA'BA.",
        metavar="LETTERS",
    ),
    Parameter(
        "chords",
        str,
        'Chords of the bars to come: "Am F | C G", or a chart: a text file, plain or ChordPro.',
        metavar="CHART",
    ),
    Parameter(
        "profile",
        str,
        "What is liked, as learnt from marks ('composer taste'): takes that it likes are kept.",
        metavar="NAME",
    ),
    Parameter(
        "drums",
        str,
        "A part that plays drums, by number or name, whatever its file says; repeatable.",
        metavar="PART",
        many=True,
    ),
    Parameter(
        "no_drums",
        str,
        "A part that plays tones and no drums; repeatable.",
        metavar="PART",
        many=True,
    ),
    Parameter(
        "takes",
        int,
        "Ways in which each bar is tried; the one that fits the seed best is kept.",
        default=TAKES,
        low=1,
        high=64,
    ),
)

PARAMETERS: Final = {parameter.name: parameter for parameter in _LIST}
"""By name, in the order in which help lists them."""
