"""The tokens of a line of ABC music, as patterns (abc notation 2.1, section 4)."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Final

_LENGTH: Final = r"(?P<above>\d{0,4})(?P<slashes>/*)(?P<below>\d{0,4})"
NOTE: Final = re.compile(
    rf"(?P<accidental>\^\^?|__?|=)?(?P<letter>[A-Ga-g])(?P<octave>[,']*){_LENGTH}(?P<tie>-?)"
)
REST: Final = re.compile(rf"[zx]{_LENGTH}")
BARS_OF_REST: Final = re.compile(r"[ZX](\d{0,4})")
CHORD: Final = re.compile(rf"\[(?P<inside>[^\]|]*)\]{_LENGTH}(?P<tie>-?)")
TUPLET: Final = re.compile(r"\((\d)(?::(\d?))?(?::(\d?))?")
INVISIBLE: Final = re.compile(r"\[\|\]")
BAR_LINE: Final = re.compile(r"\.?(?P<ends>:*)(?:\[?\|+\]?(?P<starts>(?<=\|):*|:*(?!\|))|(?<=:))")
ENDING: Final = re.compile(r"(?:\[\s*|(?<=[|:\]]))(\d{1,2}(?:[,-]\d{1,2})*)")
NAMED_ENDING: Final = re.compile(r'\[\s*"(?P<number>\d{0,2})[^"]*"')
INLINE: Final = re.compile(r"\[([A-Za-z]):([^\]]*)\]")
TIE: Final = re.compile(r"-")
BROKEN: Final = re.compile(r">+|<+")
PASSED: Final = re.compile(r'"[^"]*"|\{[^}]*\}|y\d*|[().~H-WYh-w`\\$*;?@#\s]')
DECORATION: Final = re.compile(r"!([^!|\s]*)!|\+([^+|\s]*)\+")


def turns_of(text: str) -> frozenset[int]:
    """The turns of a repeat in which an ending is played: "1,3-4" is {1, 3, 4}."""
    turns: set[int] = set()
    for piece in text.split(","):
        first, _, last = piece.partition("-")
        turns.update(range(int(first), int(last or first) + 1))
    return frozenset(turns)


def broken_by(signs: str) -> Fraction:
    """Times which the note before > or < is as long: 3/2 for >, 1/4 for <<."""
    short = Fraction(1, 2 ** min(len(signs), 8))
    return 2 - short if signs[0] == ">" else short
