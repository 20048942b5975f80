"""Charts: the chords of the bars to come, as musicians write them.

    Am F | C G            two bars of two chords each
    Am F C G              without bar lines every chord has a bar
    | Am / F / | % | N.C. |   a stroke or a dot holds a chord for a beat, % repeats a bar
    |: C | F :| x3        what stands between repeat signs is played twice, or so many times

ChordPro is read too: chords in brackets over the words have a bar each, a grid has bar lines.
A plan holds two chords a bar: of more, the one that sounds at the beginning of each half.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from composer.errors import SettingError
from composer.formats.suffixes import MUSICXML_SUFFIXES
from composer.music.chords import parse_chord
from composer.planning import musicxml_chart

Chords = list[tuple[int, int]]
"""Codes of the two halves of each bar."""

SUFFIXES: Final = frozenset({".txt", ".cho", ".chord", ".chordpro", ".chopro", ".crd", ".pro"})
"""Of files that hold a chart."""
_MOST: Final = 1000
"""Bars that repeats may make."""

_DIRECTIVE = re.compile(r"\{([^}]*)\}")
_BRACKETS = re.compile(r"\[([^\]]*)\]")
_TOKEN = re.compile(
    r"\|\:|\:\||\|[|\]]|\||\b[x×]\s*(\d+)\b|%|[^\s|%]+?(?=:\||\s|\||%|$)", re.IGNORECASE
)
_HELD = ("/", ".", "-")


def chart_text(given: str) -> str:
    """A chart as it is written, or the text of the file that holds it.

    Raises:
        SettingError: The file cannot be read, or has no chord symbols.
    """
    path = Path(given)
    if path.suffix.lower() in MUSICXML_SUFFIXES:
        return musicxml_chart.musicxml_chart(path)
    if path.suffix.lower() not in SUFFIXES:
        return given
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text in UTF-8"
        raise SettingError(f"chords: {path} cannot be read: {reason}") from error


def read_chart(text: str, bars: int) -> Chords:
    """The chords of so many bars. A chart that is shorter is played again from its beginning.

    Args:
        text: Of a chart.
        bars: To be written.

    Raises:
        SettingError: There is something that is no chord, no chord at all, or more bars than
            are to be written.
    """
    found = _bars(list(_tokens(_plain(text))))
    if not found:
        raise SettingError('chords has no chord; write for example "Am F | C G"')
    if len(found) > bars:
        raise SettingError(
            f"chords has {len(found)} bars, but {bars} are to be written: write {len(found)} bars,"
            " or give fewer chords"
        )
    return [found[bar % len(found)] for bar in range(bars)]


def _plain(text: str) -> str:
    """What there is of chords in a text: ChordPro's brackets and grids, or all of it."""
    if not _DIRECTIVE.search(text) and not _BRACKETS.search(text):
        return text
    kept: list[str] = []
    grid = False
    for line in text.splitlines():
        if line.lstrip().startswith("#"):
            continue
        directive = _DIRECTIVE.fullmatch(line.strip())
        if directive:
            name = directive[1].split(":")[0].strip().lower()
            grid = name in ("start_of_grid", "sog") or (grid and name not in ("end_of_grid", "eog"))
        elif grid:
            kept.append(line)
        else:
            kept += [name for name in _BRACKETS.findall(line) if not name.startswith("*")]
    return " ".join(kept)


def _tokens(text: str) -> Iterator[str]:
    for match in _TOKEN.finditer(" ".join(text.split())):
        yield f"x{match[1]}" if match[1] else match[0]


def _bars(tokens: list[str]) -> Chords:
    drawn = any("|" in token for token in tokens)
    bars: Chords = []
    inside: list[int | None] = []  # chords of this bar, None where one is held
    begin = 0  # of what is repeated
    repeated: tuple[int, int] | None = None  # what was repeated last, for "x3" behind it

    def close() -> None:
        if not inside:
            return
        before = bars[-1][1] if bars else None
        sounding: list[int] = []
        for chord in inside:
            held = chord if chord is not None else (sounding[-1] if sounding else before)
            if held is None:
                raise SettingError("chords begins with a held beat: write a chord first")
            sounding.append(held)
        bars.append((sounding[0], sounding[len(sounding) // 2]))
        inside.clear()
        if len(bars) > _MOST:
            raise SettingError(f"chords has more than {_MOST} bars")

    for token in tokens:
        if token.startswith("x") and token[1:].isdecimal():
            if repeated is not None:
                times = int(token[1:])
                part = bars[repeated[0] : repeated[1]]
                if len(part) * times > _MOST:
                    raise SettingError(f"chords has more than {_MOST} bars")
                bars[repeated[0] :] = part * max(times, 1)
                repeated = None
            continue
        if "|" in token:
            close()
            if token == "|:":
                begin = len(bars)
            elif token == ":|":
                repeated = begin, len(bars)
                bars += bars[begin:]
                begin = len(bars)
            continue
        repeated = None
        if token == "%":
            close()
            if not bars:
                raise SettingError("chords begins with %: there is no bar to repeat yet")
            bars.append(bars[-1])
        elif token in _HELD:
            inside.append(None)
        else:
            inside.append(_chord(token, len(bars) + 1))
            if not drawn:
                close()
    close()
    return bars


def _chord(token: str, bar: int) -> int:
    try:
        return parse_chord(token)
    except SettingError as error:
        raise SettingError(f"chords, bar {bar}: {error}") from error
