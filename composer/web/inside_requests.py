"""Requests for what is written among the notes of music: bars filled, parts added, bars varied.

All of them are one act with another `Writing`; what each may be asked stands in `FIELDS`.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any, Final

from composer.errors import SettingError
from composer.formats import smf
from composer.generation.parameters import KEEPS, LENGTHS, USUAL_STRENGTH
from composer.generation.part_names import names_in
from composer.generation.seed_files import Seed
from composer.inside.verbs import write_inside
from composer.inside.writing import ARRANGE, FILL, VARY, Writing, parse_bars
from composer.web.asked import count_of, is_true, mapping_of
from composer.web.notes_json import content_of
from composer.web.settings_json import settings_of
from composer.web.surprise import surprise_of
from composer.web.tools import Tools

LONGEST: Final = 200
"""Characters of a field."""
MOST_ADDED: Final = 16
"""Parts that are added at once."""
BARS: Final = "first and last bar, counted from 1 at the beginning: 9-12"
FIELDS: Final[Mapping[str, Mapping[str, str]]] = {
    FILL: {"bars": BARS},
    ARRANGE: {
        "add": "parts to add, as in docs/arrange.md: bass,drums,piano",
        "bars": f"{BARS}; all if not said",
        "crossing": "true: added voices may cross",
    },
    VARY: {
        "bars": f"{BARS}; all if not said",
        "strength": f"how much is changed, 0 to 1; {USUAL_STRENGTH:g} if not said",
        "keep": f"what stays of it: {', '.join(KEEPS)}; nothing if not said",
    },
}
"""What each may be asked beside settings and the number of variations."""
WITHOUT: Final = {FILL: LENGTHS, ARRANGE: LENGTHS | {"parts"}, VARY: LENGTHS | {"chords"}}
"""Settings that each does not have."""
GIVES: Final = {
    "variations": "each with number, given (the notes that stand), music (the new notes, with "
    "surprise in nats) and midi (all of it, base64)",
    "start_beat": "where what is written begins",
    "end_beat": "where it ends",
    "rng_seed": "the number that gives the same music again",
    "key": "the key, null without tones",
    "grid": "beats or free",
    "remarks": "what had to be decided, a line each",
}
"""Fields of the answer."""


def write_request(
    task: str, content: Mapping[str, Any], seed: Seed, tools: Tools
) -> dict[str, Any]:
    """Write inside the music of a request.

    Raises:
        SettingError: What is asked for does not fit the music.
    """
    settings = settings_of(mapping_of(content, "settings"), without=WITHOUT[task])
    count = count_of(content, "variations")
    writing = writing_of(task, content)
    seed = seed.with_drums(settings.drums, settings.no_drums)
    predictor = tools.predictor()
    made = write_inside(
        seed,
        predictor,
        settings,
        writing,
        range(count),
        lambda share: tools.progress(0.9 * share),
    )
    scored = surprise_of(predictor, [one.whole for one in made])
    tools.progress(1.0)
    first, beat = made[0], seed.piece.ticks_per_beat
    key = first.analysis.key
    return {
        "key": str(key) if key else None,
        "grid": first.analysis.grid.kind,
        "start_beat": round(first.start / beat, 4),
        "end_beat": round(first.end / beat, 4),
        "rng_seed": settings.rng_seed,
        "remarks": list(seed.remarks),
        "variations": [
            {
                "number": number,
                "midi": base64.b64encode(smf.encode(one.file(seed.file))).decode("ascii"),
                "given": content_of(one.given),
                "music": content_of(one.piece, surprise),
            }
            for number, (one, surprise) in enumerate(zip(made, scored, strict=True), start=1)
        ],
    }


def writing_of(task: str, content: Mapping[str, Any]) -> Writing:
    """What a request wants written.

    Raises:
        SettingError: A field is not what it may be.
    """
    bars = _text(content, "bars", "9-12")
    add = _text(content, "add", "bass,drums")
    keep = _text(content, "keep", KEEPS[0])
    strength = content.get("strength", USUAL_STRENGTH)
    try:
        share = float(strength)
    except (TypeError, ValueError, OverflowError):
        raise SettingError(f"strength is {str(strength)[:20]!r}, must be 0 to 1") from None
    return Writing(
        task,
        parse_bars(bars) if bars else None,
        add=names_in(add)[:MOST_ADDED],
        strength=share if task == VARY else USUAL_STRENGTH,
        keep=keep or None,
        crossing=is_true(content.get("crossing")),
    )


def _text(content: Mapping[str, Any], name: str, example: str) -> str:
    value = content.get(name) or ""
    if not isinstance(value, str) or len(value) > LONGEST:
        raise SettingError(f"{name} is a text such as {example}")
    return value
