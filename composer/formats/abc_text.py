"""The text of ABC files: tune books cut into tunes, and the values of their fields.

After the abc notation standard 2.1, https://abcnotation.com/wiki/abc:standard:v2.1; section
numbers in this module are of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final

from composer.music.timing import bpm_to_tempo

_SHARPS_OF_LETTER: Final = {"C": 0, "G": 1, "D": 2, "A": 3, "E": 4, "B": 5, "F": -1}
_SHARPS_OF_MODE: Final = {
    "": 0, "maj": 0, "ion": 0, "mix": -1, "dor": -2, "m": -3, "min": -3, "aeo": -3, "phr": -4,
    "loc": -5, "lyd": 1,
}  # fmt: skip
ALTERS: Final = {"^": 1, "^^": 2, "_": -1, "__": -2, "=": 0}

_KEY: Final = re.compile(
    r"([A-G])([#b]?)\s*(maj|ion|mix|dor|min|aeo|phr|loc|lyd|m(?![a-z]))?[a-z]*", re.IGNORECASE
)
_CLEFS: Final = "treble|bass|alto|tenor|baritone|mezzosoprano|mezzo|soprano|perc|none"
_CLEF: Final = re.compile(
    rf"(?:^|\s)(?:(?:clef=)?\"?(?:{_CLEFS})|clef=\"?[GFCP])(\d?)([+-](?:8|15))?(?=\W|$)"
)


@dataclass(frozen=True, slots=True)
class Tune:
    """The lines of one tune, from its X: field on, comments and free text left out.

    Attributes:
        number: What its X: field says, or "".
        lines: In order, without line ends.
    """

    number: str
    lines: tuple[str, ...]

    @property
    def title(self) -> str:
        """Its first T: field, or ""."""
        return next((line[2:].strip() for line in self.lines if line.startswith("T:")), "")


@dataclass(slots=True)
class _Draft:
    number: str
    lines: list[str] = field(default_factory=list)


def tunes_of(text: str) -> list[Tune]:
    """The tunes of a file, in order (section 2.2).

    A blank line ends a tune; what stands between tunes is not music. Fields before the
    first tune count for every tune. A file without an X: field is one tune if it has a K:
    field, which ends every header (section 3.1.14), else it is not ABC.
    """
    drafts: list[_Draft] = []
    shared: list[str] = []
    open_draft: _Draft | None = None
    lines = list(_lines(text))
    if not any(line.startswith("X:") for line in lines):
        is_tune = any(line.startswith("K:") for line in lines)
        return [Tune("", tuple(line for line in lines if line))] if is_tune else []
    for line in lines:
        if line.startswith("X:"):
            open_draft = _Draft(line[2:].strip(), [*shared])
            drafts.append(open_draft)
        elif not line:
            open_draft = None
        elif open_draft is not None:
            open_draft.lines.append(line)
        elif not drafts and re.match(r"[A-Za-z]:|%%", line):
            shared.append(line)
    return [Tune(draft.number, tuple(draft.lines)) for draft in drafts]


def _lines(text: str) -> Iterator[str]:
    """Lines without comments and text blocks; a blank line is ""."""
    inside_text = False
    for raw in re.split(r"\r\n|\r|\n", text):
        line = raw.strip()
        if line.startswith("%%begin"):
            inside_text = True
        if inside_text:
            inside_text = not line.startswith("%%end")
            continue
        if line.startswith("I:"):
            line = "%%" + line[2:].strip()
        if not line.startswith("%%"):
            cut = re.search(r"(?<!\\)%", line)
            if cut:
                line = line[: cut.start()].rstrip()
                if not line:
                    continue  # a comment on a line of its own ends no tune
        yield line


def key_alters(value: str) -> dict[str, int] | None:
    """Letter -> semitones, of a K: field (section 3.1.14); None if it names no key."""
    words = value.strip()
    if re.match(r"H[Pp]\b", words):  # the highland pipe's scale
        return {"F": 1, "C": 1}
    if re.match(r"none\b", words):
        return {}
    match = _KEY.match(words) if words[:1] in _SHARPS_OF_LETTER else None
    if match is None:
        return {} if words[:1] in ("^", "_", "=") else None
    sign = {"#": 7, "b": -7, "": 0}[match[2]]
    fifths = _SHARPS_OF_LETTER[match[1]] + sign + _SHARPS_OF_MODE[(match[3] or "").lower()]
    order = "FCGDAEB"
    alters: dict[str, int] = {}
    for step in range(abs(fifths)):
        letter = order[step % 7] if fifths > 0 else order[6 - step % 7]
        alters[letter] = alters.get(letter, 0) + (1 if fifths > 0 else -1)
    if re.search(r"\bexp\b", words):
        alters = {}
    for accidental, letter in re.findall(r"(?<=\s)(\^\^?|__?|=)([A-Ga-g])\b", words):
        alters[letter.upper()] = ALTERS[accidental]
    return alters


def sounding_shift(value: str) -> dict[str, int]:
    """What a K: or V: field says of semitones between written and played, by what says it.

    Clefs with +8 or -8 sound an octave away (section 4.6), `octave=` and `transpose=` add
    to that.
    """
    found = {}
    clef = _CLEF.search(value)
    if clef:
        octaves = {"": 0, "8": 12, "15": 24}[(clef[2] or "").lstrip("+-")]
        found["clef"] = -octaves if (clef[2] or "").startswith("-") else octaves
    for name, scale in (("octave", 12), ("transpose", 1), ("t", 1)):
        match = re.search(rf"(?:^|\s){name}=(-?\d{{1,2}})", value)
        if match:
            found["transpose" if name == "t" else name] = scale * int(match[1])
    return found


def metre_of(value: str) -> tuple[int, int] | None:
    """(numerator, denominator) of an M: field; None where it is free or not understood."""
    words = value.strip()
    if words in ("C", "C|"):
        return (4, 4) if words == "C" else (2, 2)
    match = re.fullmatch(r"\(?(\d+(?:\s*\+\s*\d+)*)\)?\s*/\s*(\d+)", words)
    if match is None:
        return None
    numerator, denominator = sum(map(int, re.findall(r"\d+", match[1]))), int(match[2])
    if not 1 <= numerator <= 255 or denominator not in (1, 2, 4, 8, 16, 32, 64):
        return None
    return numerator, denominator


def unit_of(value: str) -> Fraction | None:
    """The unit note length of an L: field, in beats; None if it is not understood."""
    match = re.fullmatch(r"(\d{1,3})(?:/(\d{1,3}))?", value.strip())
    if match is None or not int(match[1]) or not int(match[2] or 1):
        return None
    return Fraction(4 * int(match[1]), int(match[2] or 1))


def tempo_of(value: str, unit: Fraction) -> int | None:
    """Microseconds per beat of a Q: field (section 3.1.8); None if it gives no number."""
    words = re.sub(r'"[^"]*"', " ", value).strip()
    match = re.fullmatch(r"((?:\d+/\d+\s*)+)=\s*(\d+(?:\.\d+)?)", words)
    if match:
        pairs = re.findall(r"(\d+)/(\d+)", match[1])
        if any(int(below) == 0 for _, below in pairs):
            return None
        length = sum((Fraction(4 * int(above), int(below)) for above, below in pairs), Fraction(0))
        number = match[2]
    else:
        older = re.fullmatch(r"(?:[Cc](\d*)\s*=)?\s*(\d+(?:\.\d+)?)", words)
        if older is None:
            return None
        length, number = unit * int(older[1] or 1), older[2]
    beats_per_minute = float(length) * float(number)
    if not beats_per_minute:
        return None
    return min(max(bpm_to_tempo(beats_per_minute), 1), 0xFFFFFF)


def part_order(value: str) -> str:
    """The letters of a header's P: field as they are played (section 3.1.9): A2(BC)2."""
    words = re.sub(r"[^A-Za-z0-9()]", "", value)
    inner = re.compile(r"\(([A-Za-z0-9]*)\)(\d?)|([A-Za-z])(\d)")
    while len(words) < 1000:
        match = inner.search(words)
        if match is None:
            break
        if match[3]:
            spelt = match[3] * int(match[4])
        elif re.search(r"\d", match[1]):
            spelt = "(" + re.sub(r"([A-Za-z])(\d)", lambda m: m[1] * int(m[2]), match[1])
            spelt += ")" + match[2]
        else:
            spelt = match[1] * int(match[2] or 1)
        words = words[: match.start()] + spelt + words[match.end() :]
    return re.sub(r"[^A-Za-z]", "", words)[:1000]
