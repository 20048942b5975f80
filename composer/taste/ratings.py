"""Ratings: takes in a list, to be marked in any editor or spreadsheet, and read again.

A CSV file with a line for each take: its file, an empty column "rating" to be filled in, and its
traits (`composer.taste.traits`), so that nothing else is needed to learn from it.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from composer import files, spreadsheet
from composer.errors import SettingError
from composer.taste.traits import TRAITS

NAME: Final = "ratings.csv"
LIKED: Final = ("like", "+", "+1", "1", "yes")
DISLIKED: Final = ("dislike", "-", "-1", "0", "no")
_LONGEST: Final = 50_000_000


def ratings_csv(
    takes: Iterable[tuple[str, Mapping[str, float]]],
    rated: Mapping[str, str] = MappingProxyType({}),
) -> bytes:
    """A list to be rated.

    Args:
        takes: File and traits of each.
        rated: Ratings that are there already, by file.
    """
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["file", "rating", *(trait.name for trait in TRAITS)])
    for file, traits in takes:
        table.writerow(
            [file, rated.get(file, ""), *(traits.get(trait.name, "") for trait in TRAITS)]
        )
    return text.getvalue().encode()


def ratings_of(path: Path) -> dict[str, str]:
    """What was written in a list for each file, so that a new one keeps it.

    Raises:
        SettingError: The list cannot be read.
    """
    return {line["file"]: line["rating"] for line, _ in _lines(path) if line.get("rating")}


def read_ratings(path: Path) -> Iterator[tuple[NDArray[np.float64], bool | None]]:
    """(traits, whether it is liked) of each take; None for one that was not rated.

    Raises:
        SettingError: The list cannot be read, or a line of it; the message says which.
    """
    yield from [
        (_traits(line, place), _rating(line.get("rating") or "", place))
        for line, place in _lines(path)
    ]


def _lines(path: Path) -> Iterator[tuple[dict[str, str], str]]:
    """The lines of a list, and what to call each."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SettingError(f"{path} cannot be read: {files.reason(error)}") from error
    if len(content) > _LONGEST:
        raise SettingError(f"{path} is too long for a list of ratings")
    table = spreadsheet.lines_of(content.decode("utf-8-sig", "replace"))
    if not {"file", "rating"} <= set(table.fieldnames or ()):
        raise SettingError(
            f"{path} has no columns 'file' and 'rating'; 'composer batch --rate' writes such a list"
        )
    for line in table:
        yield (
            {key: value or "" for key, value in line.items() if key},
            f"{path} line {table.line_num}",
        )


def _rating(text: str, place: str) -> bool | None:
    word = text.strip().casefold()
    if not word:
        return None
    if word in LIKED or word in DISLIKED:
        return word in LIKED
    raise SettingError(f"{place}: rating is {text.strip()[:20]!r}, must be like or dislike")


def _traits(line: Mapping[str, str | None], place: str) -> NDArray[np.float64]:
    found = np.full(len(TRAITS), np.nan)
    for index, trait in enumerate(TRAITS):
        text = (line.get(trait.name) or "").strip()
        if not text:
            continue
        try:
            number = spreadsheet.number_in(text)
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            raise SettingError(f"{place}: {trait.name} is {text[:20]!r}, must be a number")
        found[index] = number
    return found
