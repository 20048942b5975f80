"""Chord symbols of a MusicXML score as a chart; what is repeated there is read once."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Final

from composer.errors import SettingError
from composer.formats.musicxml_container import read_mxl
from composer.formats.play_order import Signs, play_order

_KINDS: Final = {
    "major": "", "minor": "m", "diminished": "dim", "augmented": "aug", "dominant": "7",
    "major-seventh": "maj7", "minor-seventh": "m7", "half-diminished": "m7b5",
    "diminished-seventh": "dim", "augmented-seventh": "aug", "major-minor": "m",
    "major-sixth": "", "minor-sixth": "m", "dominant-ninth": "7", "major-ninth": "maj7",
    "minor-ninth": "m7", "dominant-11th": "7", "major-11th": "maj7", "minor-11th": "m7",
    "dominant-13th": "7", "major-13th": "maj7", "minor-13th": "m7", "power": "",
    "suspended-fourth": "sus4", "suspended-second": "sus4",
}  # fmt: skip
"""MusicXML's kinds of chord, as the quality that a plan has for them."""


def played_chart(path: Path) -> tuple[int, list[str]] | None:
    """The chords of a score bar by bar as it is played, and the bar in which the first one stands.

    Returns:
        None where there are no chord symbols.

    Raises:
        SettingError: It cannot be read.
    """
    part = next(
        (part for part in _root(path).iter("part") if part.find("measure/harmony") is not None),
        None,
    )
    if part is None:
        return None
    try:
        first, bars = _bars(part)
    except ValueError as error:
        raise SettingError(f"chords: {path} is damaged: {error}") from error
    order = play_order([_signs(measure) for measure in part.iter("measure")])
    while order and order[0] < first:
        order.pop(0)
    return first, [bars[max(number - first, 0)] for number in order]


def musicxml_chart(path: Path) -> str:
    """The chords of a score's first part that has any: "| C | Dm G7 |".

    Raises:
        SettingError: It cannot be read, or has no chord symbols.
    """
    for part in _root(path).iter("part"):
        if part.find("measure/harmony") is not None:
            try:
                return f"| {' | '.join(_bars(part)[1])} |"
            except ValueError as error:
                raise SettingError(f"chords: {path} is damaged: {error}") from error
    raise SettingError(f"chords: {path} has no chord symbols")


def _root(path: Path) -> ET.Element:
    try:
        data = read_mxl(path) if path.suffix.lower() == ".mxl" else path.read_bytes()
        return ET.fromstring(data)
    except (OSError, ValueError, ET.ParseError) as error:
        reason = getattr(error, "strerror", None) or " ".join(str(error).split())
        raise SettingError(f"chords: {path} cannot be read: {reason}") from error


def _signs(measure: ET.Element) -> Signs:
    """What stands at the lines of a measure."""
    repeats = {sign.get("direction"): sign for sign in measure.iterfind("barline/repeat")}
    endings = [
        int(number)
        for ending in measure.iterfind("barline/ending")
        if ending.get("type") == "start"
        for number in (ending.get("number") or "").replace(",", " ").split()
        if number.isdecimal()
    ]
    back = repeats.get("backward")
    times = 0 if back is None else int(back.get("times") or 2)
    return Signs("forward" in repeats, False, frozenset(endings), times)


def _bars(part: ET.Element) -> tuple[int, list[str]]:
    """The number of the first measure with a chord, and the chords of the halves from there."""
    sounding: str | None = None
    bars: list[str] = []
    first = 0
    for number, measure in enumerate(part.iter("measure")):
        at = longest = 0.0
        changes: list[tuple[float, str]] = []
        for element in measure:
            duration = float(element.findtext("duration") or 0)
            if element.tag == "harmony":
                changes.append((at + float(element.findtext("offset") or 0), _name(element)))
            elif element.tag == "backup":
                at -= duration
            elif element.tag == "forward" or (
                element.tag == "note" and element.find("chord") is None
            ):
                at += duration
            longest = max(longest, at)
        if sounding is None and not changes:
            continue  # an upbeat before the first chord
        first = first if bars else number
        halves: list[str] = []
        for middle in (0.0, longest / 2):
            begun = [name for place, name in sorted(changes) if place <= middle]
            halves.append(begun[-1] if begun else sounding or sorted(changes)[0][1])
        if changes:
            sounding = sorted(changes)[-1][1]
        bars.append(" ".join(halves))
    return first, bars


def _name(harmony: ET.Element) -> str:
    step = harmony.findtext("root/root-step")
    kind = harmony.findtext("kind") or "major"
    if step is None or kind == "none":
        return "N.C."
    alter = round(float(harmony.findtext("root/root-alter") or 0))
    sign = {1: "#", -1: "b"}.get(alter, "")
    return f"{step}{sign}{_KINDS.get(kind, '')}"
