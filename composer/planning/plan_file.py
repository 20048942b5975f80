"""Plan files: a plan as JSON that a person can read, edit and hand back.

    {"format": "composer plan", "version": 1, "metre": "4/4", "seed_bars": 2,
     "bars": [{"bar": 1, "chords": ["C", "Am"], "phrase": 2},
              {"bar": 2, "chords": ["G", "G"], "phrase": 1},
              {"bar": 3, "takes_up": 1, "how": "nearly", "chords": ["C", "Am"]},
              {"bar": 4}]}

Bars are counted from 1, those of the seed first. What a bar to come does not say, the planner
writes: "takes_up": null says that it takes up nothing. `FIELDS` has what a bar may say.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from composer.errors import SettingError
from composer.music.chords import chord_name, parse_chord
from composer.music.keys import Key
from composer.music.plan import EXACT, FAR, LOOSE, NEAR, NONE, Plan
from composer.planning.given import Given, GivenBar

FORMAT: Final = "composer plan"
VERSION: Final = 1
HOW: Final = {"exactly": EXACT, "nearly": NEAR, "partly": LOOSE}
"""How nearly a bar comes back, in words."""
FIELDS: Final = ("bar", "takes_up", "how", "transposed", "chords", "phrase", "ending")
"""What is said of a bar: its number; the earlier bar that it takes up, null for none; how; moved
by so many semitones; the chords of its two halves, or one for both; bars to the end of its
phrase, and of the piece, itself counted (9: nine or more)."""
_HIGHEST: Final = 48
_MOST: Final = 10_000

Metre = tuple[int, int]


@dataclass(frozen=True, slots=True)
class PlanFile:
    """A plan file, as it was read.

    Attributes:
        metre: Numerator and denominator.
        heard: Bars of the seed.
        bars: All of them, the seed's first.
    """

    metre: Metre
    heard: int
    bars: tuple[GivenBar, ...]

    def given(self, metre: Metre, heard: int, bars: int) -> Given:
        """What it fixes of the bars to come.

        Args:
            metre: Of the seed that it shall be played with.
            heard: Bars of that seed.
            bars: To be written.

        Raises:
            SettingError: The plan is for another metre or seed, or is longer.
        """
        if metre != self.metre:
            raise SettingError(
                f"the plan is in {_metre_text(self.metre)}, but the seed is in {_metre_text(metre)}"
            )
        if heard != self.heard:
            raise SettingError(
                f"the plan is for a seed of {self.heard} bars, but this one has {heard}"
            )
        coming = len(self.bars) - self.heard
        if coming > bars:
            raise SettingError(
                f"the plan has {coming} bars to come, but {bars} are to be written: "
                f"give --bars {coming}"
            )
        return Given(self.bars[self.heard :])


def document(plan: Plan, metre: Metre, heard: int, key: Key | None = None) -> dict[str, Any]:
    """A plan as JSON has it.

    Args:
        plan: Of the seed and of the bars to come.
        metre: Numerator and denominator.
        heard: Bars of the seed.
        key: By which chords are spelt.
    """
    names = {near: how for how, near in HOW.items()}
    bars = []
    for number, bar in enumerate(plan.bars, 1):
        told: dict[str, Any] = {"bar": number}
        told["takes_up"] = None if bar.reference == NONE else bar.reference + 1
        if bar.reference != NONE:
            told["how"] = names[max(bar.nearness, LOOSE)]
        if bar.transposition:
            told["transposed"] = bar.transposition
        told["chords"] = [chord_name(code, key) for code in bar.chords]
        if bar.phrase:
            told["phrase"] = bar.phrase
        if bar.ending:
            told["ending"] = bar.ending
        bars.append(told)
    return {
        "format": FORMAT,
        "version": VERSION,
        "metre": _metre_text(metre),
        "seed_bars": heard,
        "bars": bars,
    }


def plan_bytes(plan: Plan, metre: Metre, heard: int, key: Key | None = None) -> bytes:
    """The bytes of a plan file, a bar to a line."""
    told = document(plan, metre, heard, key)
    bars = ",\n  ".join(json.dumps(bar) for bar in told.pop("bars"))
    head = json.dumps(told)[:-1]
    return f'{head},\n "bars": [\n  {bars}\n ]}}\n'.encode()


def read(path: Path) -> PlanFile:
    """Read a plan file.

    Raises:
        SettingError: It cannot be read or says something that cannot be; one line says what.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text in UTF-8"
        raise SettingError(f"plan {path} cannot be read: {reason}") from error
    try:
        return parse(text)
    except SettingError as error:
        raise SettingError(f"plan {path}: {error}") from error


def text_of(path: Path) -> str:
    """The text of a plan file that can be read.

    Raises:
        SettingError: See `read`.
    """
    read(path)
    return path.read_text(encoding="utf-8-sig")


def parse(text: str) -> PlanFile:
    """Read the text of a plan file.

    Raises:
        SettingError: As `read`.
    """
    try:
        told = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise SettingError(f"it is not JSON ({' '.join(str(error).split())})") from error
    if not isinstance(told, dict) or told.get("format") != FORMAT:
        raise SettingError(f'it is no plan: its "format" must be "{FORMAT}"')
    if told.get("version") != VERSION:
        raise SettingError(f"it has version {told.get('version')!r}, {VERSION} is read here")
    metre = _metre(told.get("metre"))
    bars = told.get("bars")
    if not isinstance(bars, list) or not bars:
        raise SettingError('its "bars" must be a list of bars')
    if len(bars) > _MOST:
        raise SettingError(f"it has {len(bars)} bars; {_MOST} are read at most")
    heard = _whole(told.get("seed_bars"), "seed_bars", 0, len(bars))
    return PlanFile(metre, heard, tuple(_bar(bar, number) for number, bar in enumerate(bars)))


def _bar(told: Any, number: int) -> GivenBar:
    """One bar; numbers are from 0 here."""
    name = f"bar {number + 1}"
    if not isinstance(told, dict):
        raise SettingError(f"{name} is {told!r}, must be an object")
    unknown = [field for field in told if field not in FIELDS]
    if unknown:
        raise SettingError(f"{name} says {unknown[0]!r}; it may say {', '.join(FIELDS)}")
    if told.get("bar", number + 1) != number + 1:
        raise SettingError(f"{name} calls itself bar {told['bar']!r}: bars are listed in order")
    reference = None
    if "takes_up" in told:
        taken = told["takes_up"]
        if taken is None:
            reference = NONE
        else:
            if not isinstance(taken, int) or isinstance(taken, bool):
                raise SettingError(f"{name} takes up {taken!r}, must be the number of a bar")
            if not 1 <= taken <= number:
                raise SettingError(f"{name} takes up bar {taken}, must be an earlier bar")
            reference = taken - 1
    nearness = None
    if "how" in told and reference != NONE:
        if told["how"] not in HOW:
            raise SettingError(f"{name} comes back {told['how']!r}, must be {', '.join(HOW)}")
        nearness = HOW[told["how"]]
    moved = told.get("transposed", 0)
    phrase = None
    if "phrase" in told:
        phrase = _whole(told["phrase"], f"{name}: phrase", 1, FAR)
    if "ending" in told:
        _whole(told["ending"], f"{name}: ending", 1, FAR)
    return GivenBar(
        reference=reference,
        nearness=0 if reference == NONE else nearness,
        chords=_chords(told.get("chords"), name),
        phrase=phrase,
        transposition=_whole(moved, f"{name}: transposed", -_HIGHEST, _HIGHEST),
    )


def _chords(told: Any, name: str) -> tuple[int | None, int | None]:
    if told is None:
        return None, None
    names = [told, told] if isinstance(told, str) else told
    if isinstance(names, list) and len(names) == 1:
        names = names * 2
    if not isinstance(names, list) or len(names) != 2:
        raise SettingError(f"{name} has chords {told!r}, must be one, or one for each half")
    found: list[int | None] = []
    for chord in names:
        if chord is not None and not isinstance(chord, str):
            raise SettingError(f"{name} has a chord {chord!r}, must be text such as Am")
        try:
            found.append(None if chord is None else parse_chord(chord))
        except SettingError as error:
            raise SettingError(f"{name}: {error}") from error
    return found[0], found[1]


def _whole(told: Any, name: str, least: int, most: int) -> int:
    if not isinstance(told, int) or isinstance(told, bool) or not least <= told <= most:
        raise SettingError(f"{name} is {told!r}, must be a whole number {least}..{most}")
    return told


def _metre(told: Any) -> Metre:
    above, stroke, below = str(told).partition("/")
    if stroke and above.isdecimal() and below.isdecimal():
        metre = int(above), int(below)
        if 1 <= metre[0] <= 255 and metre[1] in (1, 2, 4, 8, 16, 32, 64):
            return metre
    raise SettingError(f'its "metre" is {told!r}, must be such as "4/4"')


def _metre_text(metre: Metre) -> str:
    return f"{metre[0]}/{metre[1]}"
