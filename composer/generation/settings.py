"""Settings: what a musician may ask of a continuation, valid from birth."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, NamedTuple

from composer.errors import SettingError
from composer.generation.parameters import PARAMETERS, within
from composer.music.keys import Key, parse_key

DEFAULT_BARS: int = PARAMETERS["bars"].default
AUTO, OFF = "auto", "off"


class Draw(NamedTuple):
    """How freely notes are drawn; see `Settings`."""

    temperature: float
    top_p: float
    min_p: float


_DRAW = [PARAMETERS[name] for name in Draw._fields]
ONCE = Draw(*(parameter.one_take or 0.0 for parameter in _DRAW))
CHOSEN = Draw(*(parameter.default for parameter in _DRAW))
"""Defaults for one take and for several: candidates may be bolder than what is played at once."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How to go on.

    Attributes:
        bars: Length in bars (in free time: of two seconds); 8 if no length is given.
        seconds: Length in seconds, rounded up to a bar line when there are bars.
        notes: Length in notes; the music still ends on a bar line.
        temperature: 0 takes the likeliest note, 1 draws as the model believes; None for this
            and the next two: what suits `takes`, see `draw`.
        top_p: Draw from the likeliest choices that hold this share of probability.
        min_p: Draw from choices at least this share as likely as the likeliest.
        rng_seed: Number from which all randomness comes.
        key: "auto" (the seed's scale and what else it uses), "off", or a key as
            `composer.music.keys.parse_key` reads it, which then holds strictly.
        parts: Parts that play: numbers from 1, or parts of track names; empty for all.
        pitch_range: (lowest, highest) MIDI pitch of all but drums; None: near the seed's.
        density: Most notes per beat (in free time: per second), over any bar; None: near
            the seed's busiest bar.
        recall: Most bars in a row taken over from what was heard before; then as many
            without it. 0: nothing is.
        takes: How often each bar is tried; the try that fits the seed best is kept.
        grid: "auto", "beats" or "free".
        tempo: "auto" (as before a last ritardando) or "seed-end".
        drums: Parts that play drums, by number or name, whatever the file says.
        no_drums: Parts that play tones.
        plan: "auto" plans which bars come back, the chords and the end; "off" does not;
            else the text of a plan file, whose bars hold.
        form: Sections of the bars to come, as `composer.planning.form_letters` reads them.
        chords: Of the bars to come, as `composer.planning.chart` reads them.
        profile: The text of a taste profile (`composer.taste.profile`), by which takes are
            chosen, too.

    Raises:
        SettingError: A value is out of range; the message names it and the range.
    """

    bars: int | None = None
    seconds: float | None = None
    notes: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    min_p: float | None = None
    rng_seed: int = 0
    key: str = AUTO
    parts: tuple[str, ...] = ()
    pitch_range: tuple[int, int] | None = None
    density: float | None = None
    recall: int = PARAMETERS["recall"].default
    takes: int = 1
    grid: str = "auto"
    tempo: str = AUTO
    drums: tuple[str, ...] = ()
    no_drums: tuple[str, ...] = ()
    plan: str = AUTO
    form: str | None = None
    chords: str | None = None
    profile: str | None = None

    def __post_init__(self) -> None:
        given = [name for name in ("bars", "seconds", "notes") if getattr(self, name) is not None]
        if len(given) > 1:
            raise SettingError(f"give one length, not {' and '.join(given)}")
        for name, value in (self.as_dict() | {"parts": None, "pitch_range": None}).items():
            if value is not None:
                PARAMETERS[name].check(value)
        if self.pitch_range is not None:
            low, high = self.pitch_range
            within("lowest pitch", low, 0, 127)
            within("highest pitch", high, 0, 127)
            if low > high:
                raise SettingError(f"pitch range is {low}..{high}, the lower must come first")
        if self.key not in (AUTO, OFF):
            parse_key(self.key)
        if (self.form or self.chords) and self.plan != AUTO:
            raise SettingError("form and chords are parts of a plan: leave out --plan")

    @property
    def draw(self) -> Draw:
        """Temperature and cuts: those that were given, and defaults for the others."""
        usual = CHOSEN if self.takes > 1 else ONCE
        return Draw(
            usual.temperature if self.temperature is None else self.temperature,
            usual.top_p if self.top_p is None else self.top_p,
            usual.min_p if self.min_p is None else self.min_p,
        )

    @property
    def wanted_key(self) -> Key | None:
        """The key asked for by name, None for "auto" and "off"."""
        return None if self.key in (AUTO, OFF) else parse_key(self.key)

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON; of temperature and cuts those of `draw`."""
        return {f.name: getattr(self, f.name) for f in fields(self)} | self.draw._asdict()
