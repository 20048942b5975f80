"""Form letters: what musicians call the sections of a piece, read from a plan and given to one.

A form is written as letters, AABA, with or without bars behind them, A8 A8 B8 A8; A' is A varied.
A is what was heard before; any other letter is new where it first comes and is taken up after.
Behind Z come AA, BB and so on, as rehearsal letters do. AABA has four sections all the same: a
double letter is one name only behind a Z, where bars are written.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from dataclasses import dataclass
from string import ascii_uppercase
from typing import Final

from composer.errors import SettingError
from composer.music.plan import EXACT, LOOSE, NONE, Plan
from composer.planning.given import Given, GivenBar

HEARD: Final = "A"
"""The letter of the seed."""

_SECTION = re.compile(r"(?P<letter>[A-Z])(?P<varied>'*)\s*(?P<bars>\d*)[\s,;-]*")
_DOUBLED = re.compile(r"(?P<letter>([A-Z])\2+)(?P<varied>'*)\s*(?P<bars>\d+)[\s,;-]*")
_PHRASE: Final = 4
_LONGEST_PHRASE: Final = 6


@dataclass(frozen=True, slots=True)
class Section:
    """Some bars with a letter.

    Attributes:
        start: Its first bar.
        bars: How many it has.
        letter: From A on, in the order in which they come; AA behind Z.
        varied: Whether it comes back changed.
    """

    start: int
    bars: int
    letter: str
    varied: bool = False

    @property
    def name(self) -> str:
        """As it is written: A, or A'."""
        return self.letter + "'" * self.varied

    @property
    def letter_number(self) -> int:
        """Of its letter: 0 for A, 25 for Z, 26 for AA. Sections of one letter look alike by it."""
        return ascii_uppercase.index(self.letter[0]) + len(ascii_uppercase) * (len(self.letter) - 1)


def read_form(text: str, bars: int, heard: int) -> Given:
    """A form as what is fixed of the bars to come.

    Letters without numbers divide the bars evenly. The bars of a section end a phrase with it.

    Args:
        text: "AABA", "A8 B8 A4", "AA'BA".
        bars: To be written.
        heard: Bars of the seed, which is A.

    Raises:
        SettingError: It is no form, or has not as many bars as are to be written.
    """
    given: list[GivenBar] = []
    models: dict[str, tuple[int, int]] = {HEARD: (0, heard)} if heard else {}
    for section in form_sections(text, bars):
        start = heard + section.start
        model, length = models.get(section.letter, (0, 0))
        for place, phrase in enumerate(_phrases(section.bars)):
            if section.letter == HEARD and length:
                place %= length  # a short seed comes as often as it must
            reference = model + place if place < length else None
            given.append(
                GivenBar(
                    reference=reference,
                    nearness=LOOSE if section.varied and reference is not None else None,
                    phrase=phrase,
                    since=start if reference is None else None,
                )
            )
        if section.letter not in models:
            models[section.letter] = start, section.bars
    return Given(tuple(given))


def form_sections(text: str, bars: int) -> list[Section]:
    """The sections of a form.

    Args:
        text: As for `read_form`.
        bars: In all.

    Raises:
        SettingError: As for `read_form`.
    """
    found, lengths = _letters(text)
    if lengths:
        if sum(lengths) != bars:
            raise SettingError(
                f"form is {text!r} and has {sum(lengths)} bars, but {bars} are to be written: "
                f"give --bars {sum(lengths)}"
            )
    else:
        if len(found) > bars:
            raise SettingError(
                f"form is {text!r} and has {len(found)} sections, but only {bars} bars are to be "
                f"written: give --bars {4 * len(found)}"
            )
        lines = [round(section * bars / len(found)) for section in range(len(found) + 1)]
        lengths = [end - start for start, end in itertools.pairwise(lines)]
    sections, start = [], 0
    for (letter, varied), length in zip(found, lengths, strict=True):
        sections.append(Section(start, length, letter, varied))
        start += length
    return sections


def least_bars(text: str) -> tuple[int, bool]:
    """How many bars a form has at least, and whether it has no more.

    Raises:
        SettingError: It is no form.
    """
    found, lengths = _letters(text)
    return (sum(lengths), True) if lengths else (len(found), False)


def _letters(text: str) -> tuple[list[tuple[str, bool]], list[int]]:
    """The letters of a form, with whether each is varied, and their bars where these are given."""
    found: list[tuple[str, bool, str]] = []
    at, written = 0, text.strip()
    doubled = False
    while at < len(written):
        match = (_DOUBLED.match(written, at) if doubled else None) or _SECTION.match(written, at)
        if match is None:
            break
        found.append((match["letter"], bool(match["varied"]), match["bars"]))
        doubled = doubled or match["letter"] == ascii_uppercase[-1]
        at = match.end()
    if not found or at < len(written):
        raise SettingError(
            f"form is {text!r}, must be letters, with or without bars: AABA, A8 B8 A8, AA'BA"
        )
    numbered = sum(bool(number) for _, _, number in found)
    if numbered not in (0, len(found)):
        raise SettingError(f"form is {text!r}: give bars behind every letter, or behind none")
    lengths = [int(number) for _, _, number in found if number]
    if 0 in lengths:
        raise SettingError(f"form is {text!r}: a section has no bars")
    return [(letter, varied) for letter, varied, _ in found], lengths


def _phrases(bars: int) -> list[int]:
    """Bars to the phrase's end of each bar of a section: phrases of four, the last longer."""
    found: list[int] = []
    left = bars
    while left > 0:
        length = left if left <= _LONGEST_PHRASE else _PHRASE
        found += range(length, 0, -1)
        left -= length
    return found


def _before(plan: Plan, bar: int, start: int) -> int:
    """The bar before `start` that a bar takes up, if by way of others; NONE for none."""
    while bar >= start:
        bar = plan.bars[bar].reference
        if bar == NONE:
            break
    return bar


def _letter(number: int) -> str:
    """What the section is called before which so many have letters: A to Z, AA, BB, and so on."""
    times, place = divmod(number, len(ascii_uppercase))
    return ascii_uppercase[place] * (times + 1)


def sections_of(plan: Plan) -> list[Section]:
    """The phrases of a plan with letters: one that mostly takes up another has its letter."""
    sections: list[Section] = []
    section_at: list[int] = []  # number of the section of each bar
    start = 0
    for bar, planned in enumerate(plan.bars):
        last = bar + 1 == len(plan)
        if planned.phrase != 1 and not last:
            continue
        inside = plan.bars[start : bar + 1]
        origins = Counter(
            section_at[origin]
            for origin in (_before(plan, number, start) for number in range(start, bar + 1))
            if origin != NONE
        )
        number, count = origins.most_common(1)[0] if origins else (0, 0)
        if 2 * count >= len(inside):
            letter = sections[number].letter
            varied = any(own.reference == NONE or own.nearness < EXACT for own in inside)
        else:
            letter, varied = _letter(len({section.letter for section in sections})), False
        section_at += [len(sections)] * len(inside)
        sections.append(Section(start, len(inside), letter, varied))
        start = bar + 1
    return sections
