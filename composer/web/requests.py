"""Requests: what programs may ask of composer over HTTP, in one table, and how it is done.

Each is a function from music (and settings) to an answer; it runs in the worker process and
knows nothing of HTTP. The routes, docs/web.md and the OpenAPI document are made from the table.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from composer.encoding.events import FIELDS
from composer.encoding.placement import encode
from composer.errors import ComposerError, SeedError, SettingError
from composer.evaluation.evaluate import EncodedPiece, note_surprise, with_own_plan
from composer.formats import midi, smf
from composer.generation.generate import continue_seed
from composer.generation.parameters import PARAMETERS
from composer.generation.seed_files import Seed, continued
from composer.generation.seed_plan import plan_ahead, planner_of
from composer.inside.writing import ARRANGE, FILL, VARY
from composer.music.beat_grid import find_grid
from composer.network.likelihood import note_nats
from composer.web.asked import MOST_VARIATIONS, count_of, is_true, mapping_of
from composer.web.conversions import FORMATS
from composer.web.given_music import given_music, name_of
from composer.web.inside_requests import FIELDS as INSIDE
from composer.web.inside_requests import GIVES, write_request
from composer.web.notes_json import content_of
from composer.web.plan_json import plan_json
from composer.web.settings_json import settings_of
from composer.web.surprise import MOST_SCORED, surprise_of
from composer.web.tools import Tools

PLANNED: Final = 16
"""Bars to come that are planned if a request does not say."""
GRIDS: Final = PARAMETERS["grid"].choices


@dataclass(frozen=True, slots=True)
class Request:
    """One thing that can be asked for.

    Attributes:
        name: Its address is /v1/NAME.
        help: What it does, in a line.
        takes: Fields of the request beside the music, with a line of help each.
        gives: Fields of the answer, with a line of help each.
        act: Does it.
    """

    name: str
    help: str
    takes: Mapping[str, str]
    gives: Mapping[str, str]
    act: Callable[[Mapping[str, Any], Seed, Tools], dict[str, Any]]


def _read_request(content: Mapping[str, Any], seed: Seed, tools: Tools) -> dict[str, Any]:
    analysis = seed.analysis()
    return {
        "music": content_of(seed.piece),
        "midi": _base64(smf.encode(seed.file)),
        "key": str(analysis.key) if analysis.key else None,
        "grid": analysis.grid.kind,
        "join_beat": analysis.tick(analysis.join) / seed.piece.ticks_per_beat,
        "plan": plan_json(analysis, analysis.events.plan),
        "remarks": seed.remarks_on(analysis),
    }


def _plan_request(content: Mapping[str, Any], seed: Seed, tools: Tools) -> dict[str, Any]:
    wished = dict(mapping_of(content, "settings"))
    settings = settings_of({"bars": PLANNED, **wished})
    analysis = seed.analysis(settings.grid)
    plan = plan_ahead(analysis, settings, 0, planner_of(tools.predictor()))
    if analysis.events.plan is None:
        raise SeedError(f"{seed.path} is in free time, where there are no bars to plan")
    if plan is None:
        raise SettingError("plan is off, or this model has no planner: there is nothing to show")
    return {
        "plan": plan_json(analysis, plan),
        "key": str(analysis.key) if analysis.key else None,
        "rng_seed": settings.rng_seed,
        "remarks": seed.remarks_on(analysis),
    }


def _continue_request(content: Mapping[str, Any], seed: Seed, tools: Tools) -> dict[str, Any]:
    settings = settings_of(mapping_of(content, "settings"))
    count = count_of(content, "variations")
    seed = seed.with_drums(settings.drums, settings.no_drums)
    analysis = seed.analysis(settings.grid, settings.tempo)
    predictor = tools.predictor()
    made = continue_seed(
        analysis, predictor, settings, range(count), lambda share: tools.progress(0.9 * share)
    )
    files = [continued(seed, continuation) for continuation in made]
    pieces = [midi.to_piece(file) for file in files]
    scored = surprise_of(predictor, pieces)
    tools.progress(1.0)
    beat = seed.piece.ticks_per_beat
    joins = [max(continuation.join, seed.piece.end) for continuation in made]
    return {
        "key": str(analysis.key) if analysis.key else None,
        "grid": analysis.grid.kind,
        "join_beat": made[0].join / beat,
        "rng_seed": settings.rng_seed,
        "remarks": seed.remarks_on(analysis),
        "seed": content_of(seed.piece),
        "variations": [
            {
                "number": number,
                "midi": _base64(smf.encode(file)),
                "music": content_of(piece, surprise, join),
                "end_beat": continuation.end / beat,
                "plan": plan_json(analysis, continuation.plan),
            }
            for number, (file, piece, surprise, join, continuation) in enumerate(
                zip(files, pieces, scored, joins, made, strict=True), start=1
            )
        ],
    }


def _evaluate_request(content: Mapping[str, Any], seed: Seed, tools: Tools) -> dict[str, Any]:
    piece = seed.piece
    if piece.note_count > MOST_SCORED:
        raise SeedError(f"there are {piece.note_count} notes, {MOST_SCORED} can be judged at once")
    grid = str(content.get("grid") or "auto")
    if grid not in GRIDS:
        raise SettingError(f"grid is {grid[:20]!r}, must be {', '.join(GRIDS)}")
    events, placement = encode(piece, find_grid(piece, grid))
    found = EncodedPiece("", "", events, True, piece, placement)
    if is_true(content.get("plan")):
        found = with_own_plan(found)
    [(_, nats)] = note_nats(tools.predictor(), [found.events])
    by_field = nats.sum(axis=0) / max(len(events.rows), 1)
    fields = {
        name: round(float(value), 4) for name, value in zip(FIELDS, by_field.tolist(), strict=True)
    }
    return {
        "nats_per_note": round(sum(fields.values()), 4),
        "fields": fields,
        "music": content_of(piece, note_surprise(found, nats)),
    }


def _convert_request(content: Mapping[str, Any], seed: Seed, tools: Tools) -> dict[str, Any]:
    wanted = str(content.get("to"))
    if wanted not in FORMATS:
        raise SettingError(f"to is {wanted[:20]!r}, must be {', '.join(FORMATS)}")
    suffix, media, write = FORMATS[wanted]
    data = write(seed.file, seed.piece, content)
    return {"file": _base64(data), "name": f"{Path(name_of(content)).stem}{suffix}", "type": media}


_SETTINGS: Final = {
    "settings": "as in docs/generate.md: bars, temperature, key, rng_seed ...",
    "variations": f"how many, 1 to {MOST_VARIATIONS}",
}
_INSIDE_HELP: Final = {
    FILL: "Write some bars of music anew, between what stands before and after them.",
    ARRANGE: "Write further parts to music, from its first bar to its end.",
    VARY: "Write bars of music as something else that is still like them.",
}

_LIST: Final = (
    Request(
        "read",
        "Read music: notes in beats, key, and where a continuation would begin.",
        {},
        {
            "music": "the notes, in beats",
            "midi": "the same as a MIDI file, base64",
            "key": "its key, null without tones",
            "grid": "beats or free",
            "join_beat": "where a continuation begins",
            "plan": "its form, as the request plan gives it; null in free time",
            "remarks": "what had to be decided, a line each",
        },
        _read_request,
    ),
    Request(
        "plan",
        "The form of music, and of the bars proposed to follow.",
        {"settings": f"bars ({PLANNED} if not said), form, chords, plan, rng_seed, grid"},
        {
            "plan": "of all bars, as in docs/plan.md, with sections, bar_lines (in beats) and the "
            "lines that 'composer plan' prints; edit it and hand it back as the setting plan",
            "key": "its key, null without tones",
            "rng_seed": "the number that gives the same plan again",
            "remarks": "what had to be decided, a line each",
        },
        _plan_request,
    ),
    Request(
        "continue",
        "Go on from music, in several variations.",
        _SETTINGS,
        {
            "seed": "the notes that were given, in beats",
            "variations": "each with number, music (the new notes, with surprise in nats), "
            "midi (seed and continuation, base64), end_beat and plan",
            "join_beat": "where they begin",
            "rng_seed": "the number that gives the same music again",
            "key": "the key, null without tones",
            "grid": "beats or free",
            "remarks": "what had to be decided, a line each",
        },
        _continue_request,
    ),
    *(
        Request(task, text, {**INSIDE[task], **_SETTINGS}, GIVES, partial(write_request, task))
        for task, text in _INSIDE_HELP.items()
    ),
    Request(
        "evaluate",
        "How surprising each note of music is to the network, in nats.",
        {
            "grid": f"one of {', '.join(GRIDS)}",
            "plan": "true: the network is told the music's own plan",
        },
        {
            "nats_per_note": "on average",
            "fields": "the same by field: shift, part, pitch, duration, velocity",
            "music": "the notes, each with its surprise",
        },
        _evaluate_request,
    ),
    Request(
        "convert",
        "Music as a file of another kind.",
        {
            "to": f"one of {', '.join(FORMATS)}",
            "join_beat": "png: where a continuation begins, which is drawn in another colour",
        },
        {"file": "base64", "name": "a name for it", "type": "its media type"},
        _convert_request,
    ),
)
REQUESTS: Final = {request.name: request for request in _LIST}
"""By name, in the order in which they are listed."""


def do(name: str, content: Any, tools: Tools) -> dict[str, Any]:
    """Do a request.

    Raises:
        ComposerError: It cannot be done; the line says why.
    """
    request = REQUESTS.get(name)
    if request is None:
        raise SettingError(f"there is no request {name[:40]!r}; there are {', '.join(REQUESTS)}")
    if not isinstance(content, dict):
        raise SettingError("a request is a JSON object")
    try:
        with given_music(content, tools.seeds) as seed:
            return request.act(content, seed, tools)
    except ComposerError as error:
        raise type(error)(" ".join(str(error).split())[:500]) from None


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
