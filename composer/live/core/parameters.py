"""Parameters: what can be changed while it plays, by name, fader or controller.

Conventions:
    A value is a number, or a text where a choice or a key is named. Switches are 0 and 1.
    A fader's 0..1 covers its part of the range evenly; of a choice it picks one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from composer.errors import SettingError
from composer.generation import parameters as generation
from composer.generation.settings import AUTO, OFF, Settings
from composer.music.keys import parse_key
from composer.music.notes import DRUM_PROGRAM
from composer.planning.chart import read_chart
from composer.planning.form_letters import least_bars

Value = float | str

CALL, CONTINUE, ACCOMPANY = "call", "continue", "accompany"
MODES: Final = (CALL, CONTINUE, ACCOMPANY, OFF)
STARTS: Final = ("now", "beat", "bar")
MOST_PARTS: Final = 8
LONGEST_BARS: Final = 64
"""Bars of a reply at most."""
MOST_CHART_BARS: Final = 1000


@dataclass(frozen=True, slots=True)
class Parameter:
    """One thing that can be set.

    Attributes:
        name: As in `/composer/set`.
        default: Its value at the start.
        low: Least number, 0 for texts.
        high: Greatest number.
        fader: (lowest, highest) number that a fader reaches.
        whole: Whether only whole numbers make sense.
        choices: Texts it may be; empty for numbers and free texts.
        text: What it does, in a line.
    """

    name: str
    default: Value
    low: float
    high: float
    whole: bool
    choices: tuple[str, ...]
    text: str
    fader: tuple[float, float] = (0, 0)

    def check(self, value: object) -> Value:
        """A valid value, rounded where it has to be.

        Raises:
            SettingError: It is none; the message names it and what is allowed.
        """
        if self.choices:
            if isinstance(value, str) and value.lower() in self.choices:
                return value.lower()
            raise SettingError(f"{self.name} is {value!r}, must be {', '.join(self.choices)}")
        if isinstance(self.default, str):
            if not isinstance(value, str):
                raise SettingError(f"{self.name} is {value!r}, must be a text")
            return _TEXTS[self.name](value)
        number = as_number(value)
        if number is None or not self.low <= number <= self.high:
            raise SettingError(f"{self.name} is {value!r}, must be {self.low:g} to {self.high:g}")
        return float(round(number)) if self.whole else number

    def from_fader(self, share: float) -> Value:
        """The value at 0..1 of its range.

        Raises:
            SettingError: It is a text that no fader can say.
        """
        share = min(max(share, 0.0), 1.0)
        if self.choices:
            return self.choices[min(int(share * len(self.choices)), len(self.choices) - 1)]
        if isinstance(self.default, str):
            raise SettingError(f"{self.name} is a text; use /composer/set {self.name} TEXT")
        low, high = self.fader
        value = low + share * (high - low)
        return float(round(value)) if self.whole else value


def as_number(value: object) -> float | None:
    """A finite number, also from a text or a switch; None if it is none."""
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
    if isinstance(value, int | float) and math.isfinite(value):
        return float(value)
    return None


def _key(text: str) -> str:
    if text.lower() in (AUTO, OFF):
        return text.lower()
    parse_key(text)
    return text


def _metre(text: str) -> str:
    upper, _, lower = text.partition("/")
    if not (upper.isdecimal() and 1 <= int(upper) <= 32 and lower in ("1", "2", "4", "8", "16")):
        raise SettingError(f"metre is {text!r}, must be like 4/4, 3/4 or 6/8")
    return f"{int(upper)}/{lower}"


def _band(text: str) -> str:
    names = [name for name in text.replace(",", " ").split() if name]
    for name in names:
        if name.lower() in ("drums", "bass", "piano", "strings", "guitar"):
            continue
        if not (name.isdecimal() and int(name) <= DRUM_PROGRAM):
            raise SettingError(
                f"band has {name!r}, must be programs 0 to 127 or piano, bass, drums, "
                "strings, guitar"
            )
    if not 1 <= len(names) <= MOST_PARTS:
        raise SettingError(f"band has {len(names)} parts, must be 1 to {MOST_PARTS}")
    return " ".join(names).lower()


def _chords(text: str) -> str:
    if text.strip().lower() in ("", OFF):
        return ""
    read_chart(text, MOST_CHART_BARS)
    return text.strip()


def _form(text: str) -> str:
    if text.strip().lower() in ("", OFF):
        return ""
    bars, _ = least_bars(text)
    if bars > LONGEST_BARS:
        raise SettingError(f"form is {text!r} and has {bars} bars, must be at most {LONGEST_BARS}")
    return text.strip()


_TEXTS = {"key": _key, "metre": _metre, "band": _band, "chords": _chords, "form": _form}

_PROGRAMS = {"piano": 0, "guitar": 25, "bass": 33, "strings": 48, "drums": DRUM_PROGRAM}


def _number(
    name: str,
    default: float,
    low: float,
    high: float,
    text: str,
    *,
    whole: bool = False,
    fader: tuple[float, float] | None = None,
) -> Parameter:
    return Parameter(name, float(default), low, high, whole, (), text, fader or (low, high))


def _shared(name: str, default: Value | None = None, low: float | None = None) -> Parameter:
    """A parameter that files have, too: same range, same help.

    Args:
        name: In `composer.generation.parameters`.
        default: Where a jam has another one than files.
        low: Where a jam has a least number that stands for "not given".
    """
    shared = generation.PARAMETERS[name]
    if default is None:
        default = shared.default if shared.one_take is None else shared.one_take
    text = shared.help if low is None else f"{shared.help} {low:g}: as in what you play."
    if shared.kind is str:
        return _text(name, str(default), text)
    return Parameter(
        name,
        float(default),
        shared.low if low is None else low,
        shared.high,
        shared.kind is int,
        (),
        text,
        shared.fader or (shared.low, shared.high),
    )


def _text(name: str, default: str, text: str, choices: tuple[str, ...] = ()) -> Parameter:
    return Parameter(name, default, 0, 0, False, choices, text)


_LIST: Final = (
    _text("mode", CALL, "what composer does: answer, go on, play along, nothing", MODES),
    _shared("temperature"),
    _shared("top_p"),
    _shared("min_p"),
    _shared("density", default=0, low=0),
    _shared("recall"),
    _shared("key"),
    # By fader, an octave remains: nobody who pulls one down means pitch 0 alone.
    _number(
        "low",
        0,
        0,
        127,
        "lowest pitch; 0 with high 127 is near yours",
        whole=True,
        fader=(0, 115),
    ),
    _number("high", 127, 0, 127, "highest pitch", whole=True, fader=(12, 127)),
    _number("length", 1, 0.25, 4, "length of a reply, in lengths of your phrase"),
    _number(
        "bars", 0, 0, LONGEST_BARS, "length of a reply in bars; 0 is by your phrase", whole=True
    ),
    _text("chords", "", "chords of answers, with a tempo: Am F C G, or a chart; off: its own"),
    _text("form", "", "sections of answers, A being your phrase: AABA, A4 B4; off: its own"),
    _number("wait", 0, 0, 5, "seconds of silence that end a phrase; 0 is about a beat"),
    _text("start", "beat", "where a reply begins when there is a tempo", STARTS),
    _number("interrupt", 1, 0, 1, "whether playing over a reply ends it", whole=True),
    _text("metre", "4/4", "bars, when there is a tempo"),
    _text("band", "bass drums", "parts that accompany: programs or names"),
    _number("harmonise", 0, 0, 3, "voices under each of your notes at once", whole=True),
    _number("program", -1, -1, 127, "program of the reply; -1 sends none", whole=True),
    _number("channel_in", 0, 0, 16, "channel listened to; 0 is all", whole=True),
    _number("channel_out", 0, 0, 16, "channel of replies; 0 is yours", whole=True),
    _number("loudness", 1, 0.1, 2, "factor on the velocity of what it plays"),
    _number("latency", 0, -500, 500, "milliseconds by which notes are sent early"),
    _number("play", 1, 0, 1, "whether notes are sent when they are due", whole=True),
    _number("phrases", 1, 0, 1, "whether replies are also sent as a whole", whole=True),
    _number("mirror", 0, 0, 1, "whether what players do is told to all who listen", whole=True),
    _number("sync", 1, 0, 1, "whether MIDI clock and Link set tempo and beat", whole=True),
    _number("rng_seed", 0, 0, 2**31 - 1, "number from which all chance comes", whole=True),
)

PARAMETERS: Final = {parameter.name: parameter for parameter in _LIST}
"""By name, in the order in which they are listed."""


def find(name: object) -> Parameter:
    """The parameter of a name; hyphens count as underscores.

    Raises:
        SettingError: There is none; the message lists them.
    """
    found = PARAMETERS.get(str(name).replace("-", "_").lower())
    if found is None:
        raise SettingError(f"no parameter {str(name)[:40]!r}; there are {', '.join(PARAMETERS)}")
    return found


def _check_length(form: str, bars: int) -> None:
    """See whether a form fits into so many bars; 0: any number.

    Raises:
        SettingError: It does not.
    """
    if not form or not bars:
        return
    least, exact = least_bars(form)
    if least > bars or (exact and least != bars):
        raise SettingError(
            f"form is {form!r} and has {least} bars, but bars is {bars}: "
            f"set bars to {least}, or to 0"
        )


class Values:
    """What one session's parameters stand at."""

    def __init__(self) -> None:
        self._values: dict[str, Value] = {p.name: p.default for p in _LIST}

    def set(self, name: object, value: object, *, bars: bool = True) -> str:
        """Set one. Returns its proper name.

        Args:
            name: Its name.
            value: What it is to be.
            bars: Whether there are bars now.

        Raises:
            SettingError: There is no such parameter, or the value is not allowed.
        """
        parameter = find(name)
        value = parameter.check(value)
        if value and not bars and parameter.name in ("form", "chords"):
            raise SettingError("in free time there are no bars to plan: send /composer/tempo first")
        if parameter.name == "low" and float(value) > self.number("high"):
            raise SettingError(f"low is {value:g}, must be at most high, {self.number('high'):g}")
        if parameter.name == "high" and float(value) < self.number("low"):
            raise SettingError(f"high is {value:g}, must be at least low, {self.number('low'):g}")
        if parameter.name in ("form", "bars"):
            now = self._values | {parameter.name: value}
            _check_length(str(now["form"]), int(now["bars"]))
        self._values[parameter.name] = value
        return parameter.name

    def get(self, name: object) -> Value:
        """One of them.

        Raises:
            SettingError: There is no such parameter.
        """
        return self._values[find(name).name]

    def number(self, name: str) -> float:
        """A numeric one."""
        return float(self._values[name])

    def text(self, name: str) -> str:
        """A text."""
        return str(self._values[name])

    def on(self, name: str) -> bool:
        """A switch."""
        return self.number(name) >= 0.5

    def copy(self) -> Values:
        """The same values, to be changed on their own."""
        other = Values()
        other._values = dict(self._values)
        return other

    @property
    def charted(self) -> bool:
        """Whether form or chords of replies are given: they begin on a bar line."""
        return bool(self.text("form") or self.text("chords"))

    @property
    def metre(self) -> tuple[int, int]:
        """(numerator, denominator)."""
        upper, lower = self.text("metre").split("/")
        return int(upper), int(lower)

    @property
    def band(self) -> tuple[int, ...]:
        """Programs of the parts that accompany."""
        return tuple(
            _PROGRAMS[name] if name in _PROGRAMS else int(name)
            for name in self.text("band").split()
        )

    def settings(self) -> Settings:
        """What the network is to keep to, as for files."""
        low, high = int(self.number("low")), int(self.number("high"))
        density = self.number("density")
        return Settings(
            temperature=self.number("temperature"),
            top_p=self.number("top_p"),
            min_p=self.number("min_p"),
            rng_seed=int(self.number("rng_seed")),
            key=self.text("key"),
            pitch_range=None if (low, high) == (0, 127) else (low, high),
            density=None if density < 0.05 else density,
            recall=int(self.number("recall")),
            form=self.text("form") or None,
            chords=self.text("chords") or None,
        )
