"""Bars of a reduced MusicXML score: of one length in all parts, and told where they do not add up.

In MusicXML a part is a cursor that notes and `<forward>` move on and `<backup>` moves back. One
`<backup>` or `<chord>` that is missing puts everything behind it elsewhere, in this part alone.
So a bar is as long as it is in its longest part, as in MuseScore, and the next bar begins in
all parts at once; where a bar holds more or less than its metre says, that is told.

Conventions:
    Lengths are whole numbers of `composer.formats.musicxml_values.UNIT` to the beat.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from composer.formats.musicxml_values import UNIT
from composer.formats.remarks import Remark

_SMALL: Final = UNIT // 64
"""Under this, a difference is one of rounding."""


@dataclass(slots=True)
class _Held:
    """What a bar of a part holds.

    Attributes:
        bar: The element.
        metre: Length of a bar by the metre in force, None before any.
        length: From its start to the end of the last note, rest or forward in it.
        cursor: Where the cursor stands at its end.
        mended: Backups that were missing or led before the bar line.
    """

    bar: ET.Element
    metre: int | None
    length: int = 0
    cursor: int = 0
    mended: int = 0

    @property
    def is_odd(self) -> bool:
        """Whether it holds more or less than its metre; a silent bar that was put in does not."""
        if self.metre is None or (not self.length and self.bar.get("implicit") == "yes"):
            return False
        return abs(self.length - self.metre) > _SMALL


def keep_in_step(parts: Sequence[list[ET.Element]], names: Sequence[str], remark: Remark) -> None:
    """Make each bar as long in all parts as in its longest; in place.

    A bar that only some parts have, by its number, is silence in the others.

    Args:
        parts: The `<measure>` elements of each part.
        names: Of the parts, for messages.
        remark: Told what did not add up.
    """
    _put_in_missing_bars(parts, names, remark)
    held = [list(_held(part)) for part in parts]
    mended = sum(bar.mended for part in held for bar in part)
    if mended:
        remark(
            f"{mended} voices stood behind the end of their bar or before it, with a <backup>"
            " missing or wrong; they are put to its beginning"
        )
    odd: list[tuple[int, int]] = []
    for index in range(max(map(len, held), default=0)):
        there = [(number, part[index]) for number, part in enumerate(held) if index < len(part)]
        longest = max(own.length for _, own in there)
        alike = all(longest - own.length <= _SMALL for _, own in there if own.length)
        # Where all parts agree, the bar is to be so long, unless nothing makes up for it.
        wrong = [
            (index, number)
            for number, own in there
            if own.is_odd and not (alike and _is_split(held[number], index))
        ]
        if not alike and not wrong:
            wrong = [(index, number) for number, own in there if 0 < own.length < longest]
        odd += wrong
        for _, own in there:
            _fill(own, longest)
    if odd:
        _tell(odd, held, names, remark)


def _put_in_missing_bars(
    parts: Sequence[list[ET.Element]], names: Sequence[str], remark: Remark
) -> None:
    """Empty bars where a part lacks one that the longest part has, by its number."""
    longest = max(parts, key=len, default=[])
    numbers = [bar.get("number") for bar in longest]
    for part, name in zip(parts, names, strict=True):
        lacking = len(longest) - len(part)
        if not lacking:
            continue
        own = {bar.get("number"): bar for bar in part}
        missing = [number for number in numbers if number not in own]
        if lacking == len(missing) and len(set(numbers)) == len(numbers):
            part[:] = [own.get(n, _silent_bar(n)) for n in numbers]
            where = f"bar {missing[0]}" + (f" and {lacking - 1} more" if lacking > 1 else "")
            remark(f"{name or 'a part'} lacks {where}, and is silent there")
        else:
            remark(f"{name or 'a part'} has {lacking} bars fewer than another, whichever they are")


def _silent_bar(number: str | None) -> ET.Element:
    """A bar that is meant to hold nothing."""
    return ET.Element("measure", {"number": str(number), "implicit": "yes"})


def _tell(
    odd: Sequence[tuple[int, int]],
    held: Sequence[Sequence[_Held]],
    names: Sequence[str],
    remark: Remark,
) -> None:
    index, number = odd[0]
    own = held[number][index]
    where = f"bar {own.bar.get('number')}" + (f" of {names[number]}" if names[number] else "")
    holds = f"{where} holds {own.length / UNIT:g} beats"
    if own.metre is not None:
        holds += f" where the metre has {own.metre / UNIT:g}"
    more = len({place for place, _ in odd}) - 1
    others = f", and {more} more bars are like it" if more else ""
    remark(f"{holds}{others}: notes may be missing or stand in the wrong place there")


def _held(bars: Sequence[ET.Element]) -> Iterator[_Held]:
    """What each bar of a part holds, backups put right."""
    metre: int | None = None
    for bar in bars:
        time = bar.find("attributes/time")
        if time is not None:
            above, below = (int(time.findtext(tag) or 4) for tag in ("beats", "beat-type"))
            metre = 4 * UNIT * above // below
        held = _Held(bar, metre)
        _walk(held)
        yield held


def _walk(held: _Held) -> None:
    """Follow the cursor through a bar."""
    voices: set[tuple[str | None, str | None]] = set()
    for child in list(held.bar):
        length = int(child.findtext("duration") or 0)
        if child.tag == "backup":
            # Nearly every backup leads to the beginning of the bar.
            if length > held.cursor or (length == held.metre and held.cursor > length):
                held.mended += length > held.cursor
                length = held.cursor
                _set_duration(child, length)
            held.cursor -= length
        elif child.tag == "forward":
            held.cursor += length
        elif child.tag == "note" and child.find("chord") is None:
            voice = child.findtext("staff"), child.findtext("voice")
            if voices and voice not in voices and held.metre and held.cursor >= held.metre:
                held.bar.insert(list(held.bar).index(child), _moved("backup", held.cursor))
                held.mended += 1
                held.cursor = 0
            voices.add(voice)
            held.cursor += length
        held.length = max(held.length, held.cursor)


def _is_split(part: Sequence[_Held], index: int) -> bool:
    """Whether a bar that holds less than its metre is meant so.

    An upbeat, the last bar, a bar numbered as none of its own (`implicit`), one with a
    repeat sign, and one that is a whole bar together with a neighbour.
    """
    own = part[index]
    assert own.metre is not None
    if own.length > own.metre:
        return False
    if index in (0, len(part) - 1) or own.bar.get("implicit") == "yes":
        return True
    if not own.length:
        return False
    if own.bar.find("barline/repeat") is not None or own.bar.find("barline/ending") is not None:
        return True
    near = [part[index - 1], part[index + 1]]
    return any(abs(other.length + own.length - own.metre) <= _SMALL for other in near)


def _fill(own: _Held, length: int) -> None:
    """Silence up to the end of the bar."""
    if own.length >= length:
        return
    if own.length > own.cursor:
        own.bar.append(_moved("forward", own.length - own.cursor))
    rest = ET.SubElement(own.bar, "note")
    ET.SubElement(rest, "rest")
    ET.SubElement(rest, "duration").text = str(length - own.length)
    ET.SubElement(rest, "voice").text = "1"


def _moved(tag: str, length: int) -> ET.Element:
    made = ET.Element(tag)
    _set_duration(made, length)
    return made


def _set_duration(element: ET.Element, length: int) -> None:
    duration = element.find("duration")
    if duration is None:
        duration = ET.SubElement(element, "duration")
    duration.text = str(length)
