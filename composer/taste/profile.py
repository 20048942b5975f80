"""Profiles: a taste as a small file that a person can read, from one day to the next.

    {"format": "composer taste", "version": 1,
     "marks": [{"liked": true, "register": 0.5, "density": 1.0, ...}, ...],
     "replies": [{"register": 0.25, ...}, ...]}

Traits are those of `composer.taste.traits`; one that a reply does not have is left out. Of marks
and replies the last are kept. What is learnt follows from the file alone, so that nothing in it
has to be trusted.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from composer import files
from composer.errors import SettingError
from composer.taste.preference import Preference
from composer.taste.traits import TRAITS, named

FORMAT: Final = "composer taste"
VERSION: Final = 1
SUFFIX: Final = ".json"
LONGEST: Final = 200_000
"""Bytes of a profile at most."""
_MOST: Final = 1000
_FARTHEST: Final = 100.0


def path_of(name: str, folder: Path) -> Path:
    """The file of a profile.

    Args:
        name: Letters, digits, hyphens, underscores and dots; or a path that ends in .json.
        folder: Where profiles are kept.

    Raises:
        SettingError: It is neither.
    """
    if name.endswith(SUFFIX):
        return Path(name)
    if not name or not all(char.isalnum() or char in "-_." for char in name) or name[0] == ".":
        raise SettingError(
            f"{name!r} cannot name a profile: take letters, digits, - and _, or a file{SUFFIX}"
        )
    return folder / f"{name}{SUFFIX}"


def text_of(preference: Preference) -> str:
    """A taste as the text of its profile."""
    document = {
        "format": FORMAT,
        "version": VERSION,
        "marks": [{"liked": liked} | named(traits) for traits, liked in preference.marks],
        "replies": [named(traits) for traits in preference.replies],
    }
    # A line for each mark and reply.
    lines = json.dumps(document, indent=1).replace("\n   ", " ").replace("\n  }", "}")
    return lines + "\n"


def parse(text: str, place: str = "the profile") -> Preference:
    """A taste from the text of its profile.

    Args:
        text: From `text_of`, or written by hand.
        place: What to call it in errors.

    Raises:
        SettingError: It is not one; the message says where.
    """
    try:
        document = json.loads(text)
        if not isinstance(document, dict):
            raise ValueError("must be an object in braces")
        if document["format"] != FORMAT or document["version"] != VERSION:
            raise ValueError(f"not {FORMAT!r} of version {VERSION}")
        marks, replies = document["marks"], document["replies"]
        if not all(isinstance(rows, list) for rows in (marks, replies)):
            raise ValueError("marks and replies are lists")
        if not all(isinstance(fields, dict) for fields in (*marks, *replies)):
            raise ValueError("each mark and reply is names and numbers in braces")
        if len(marks) > _MOST or len(replies) > _MOST:
            raise ValueError(f"more than {_MOST} marks or replies")
        preference = Preference()
        for fields in replies:
            preference.played(_traits(fields))
        for fields in marks:
            if not isinstance(fields["liked"], bool):
                raise ValueError(f"liked is {fields['liked']!r}, must be true or false")
            preference.mark(_traits(fields), fields["liked"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        reason = f"no {error}" if isinstance(error, KeyError) else error
        raise SettingError(f"{place} is not a taste profile ({reason})") from error
    return preference


def load(path: Path) -> Preference:
    """A profile from its file; one that knows nothing if there is none yet.

    Raises:
        SettingError: It cannot be read.
    """
    try:
        with path.open("rb") as stream:
            content = stream.read(LONGEST + 1)
    except FileNotFoundError:
        return Preference()
    except OSError as error:
        raise SettingError(f"{path} cannot be read: {files.reason(error)}") from error
    if len(content) > LONGEST:
        raise SettingError(f"{path} is too long for a taste profile")
    return parse(content.decode("utf-8", "replace"), str(path))


def profile_text(name: str, folder: Path) -> str:
    """The text of a profile that is there.

    Args:
        name: As for `path_of`.
        folder: Where profiles are kept.

    Raises:
        SettingError: There is none, or it cannot be read; the message names those that are.
    """
    path = path_of(name, folder)
    if not path.exists():
        others = ", ".join(sorted(other.stem for other in folder.glob(f"*{SUFFIX}")))
        known = f"there are {others}" if others else "there is none yet"
        raise SettingError(f"there is no taste profile {name!r}; {known}")
    return text_of(load(path))


def save(preference: Preference, path: Path) -> None:
    """Write a profile, whole or not at all.

    Raises:
        OutputError: It cannot be written.
        SettingError: Its folder cannot be made.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingError(f"{path.parent} cannot be made: {files.reason(error)}") from error
    files.write(text_of(preference).encode(), path, force=True)


def _traits(fields: Mapping[str, Any]) -> NDArray[np.float64]:
    """Traits by name as numbers, float64 [K]."""
    known = {trait.name for trait in TRAITS}
    for name in fields:
        if name not in known and name != "liked":
            raise ValueError(f"no trait {name!r}")
    found = np.full(len(TRAITS), np.nan)
    for index, trait in enumerate(TRAITS):
        value = fields.get(trait.name)
        if value is None:
            continue
        number = float(value) if isinstance(value, int | float) else math.nan
        if isinstance(value, bool) or not math.isfinite(number) or abs(number) > _FARTHEST:
            raise ValueError(f"{trait.name} is {value!r}, must be a number")
        found[index] = number
    return found
