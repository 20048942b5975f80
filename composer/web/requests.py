"""Requests: what programs may ask of composer over HTTP, in one table, and how it is done.

Each is a function from music (and settings) to an answer; it runs in the worker process and
knows nothing of HTTP. The routes, docs/web.md and the OpenAPI document are made from the table.

Conventions:
    Music comes as `file` (base64, with its `name`), as `seed` (the name of one of the seeds
    that ship with composer), or as `notes` (`composer.web.notes_json`).
"""

from __future__ import annotations

import base64
import binascii
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import mido

from composer.encoding.events import FIELDS
from composer.encoding.placement import encode
from composer.errors import ComposerError, SeedError, SettingError
from composer.evaluation.evaluate import EncodedPiece, note_surprise
from composer.formats import midi, musicxml, smf
from composer.formats.music_file import read_music
from composer.formats.suffixes import MUSIC_SUFFIXES, split_tune
from composer.generation.generate import continue_seed
from composer.generation.seed_files import Seed, continued
from composer.music.beat_grid import find_grid
from composer.music.notes import Piece
from composer.network.likelihood import note_nats
from composer.network.predictor import Predictor
from composer.web.notes_json import MOST_NOTES, Surprise, content_of, file_of, piece_of
from composer.web.settings_json import settings_of

MOST_VARIATIONS: Final = 8
MOST_SCORED: Final = 4096
"""Notes of a piece up to which each is said how surprising it is."""

Progress = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Tools:
    """What requests are done with.

    Attributes:
        predictor: The network; loaded when it is called for.
        seeds: Folder of the seeds that ship with composer.
        progress: Told the share done, 0..1.
    """

    predictor: Callable[[], Predictor]
    seeds: Path
    progress: Progress


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
    act: Callable[[Mapping[str, Any], Tools], dict[str, Any]]


def seed_of(content: Mapping[str, Any], tools: Tools) -> Seed:
    """The music of a request.

    Raises:
        SeedError: There is none, or it cannot be read; the line has the name that was given.
    """
    given = [name for name in ("file", "seed", "notes") if content.get(name)]
    if len(given) != 1:
        raise SeedError("give the music once: as file, as seed, or as notes")
    if given == ["notes"]:
        piece = piece_of(content)
        return Seed(Path("notes"), file_of(piece), piece)
    if given == ["seed"]:
        names = seed_names(tools.seeds)
        if content["seed"] not in names:
            raise SeedError(f"there is no such seed; there are {', '.join(names)}")
        return _read(tools.seeds / str(content["seed"]), str(content["seed"]))
    name = Path(str(content.get("name") or "music.mid").replace("\\", "/")).name[:120]
    path, tune = split_tune(name)
    suffix = Path(path).suffix.lower()
    if suffix not in MUSIC_SUFFIXES:
        raise SeedError(f"{name} is no music file's name; end it in {' '.join(MUSIC_SUFFIXES)}")
    try:
        data = base64.b64decode(content["file"], validate=True)
    except (binascii.Error, TypeError, ValueError):
        raise SeedError("file is not base64") from None
    # The readers read files. The name is composer's own, and the folder goes with the request.
    with tempfile.TemporaryDirectory(prefix="composer-") as folder:
        file = Path(folder) / f"music{suffix}"
        file.write_bytes(data)
        return _read(file, name, tune)


def seed_names(folder: Path) -> list[str]:
    """The seeds that ship with composer."""
    return sorted(path.name for path in folder.glob("*") if path.suffix in MUSIC_SUFFIXES)


def _read(path: Path, name: str, tune: str | None = None) -> Seed:
    try:
        read = read_music(f"{path}#{tune}" if tune else path)
    except SeedError as error:
        raise SeedError(str(error).replace(str(path), name)) from None
    if read.piece.note_count > MOST_NOTES:
        raise SeedError(f"{name} has {read.piece.note_count} notes, {MOST_NOTES} are the most")
    return Seed(Path(name), read.file, read.piece, read.remarks)


def surprise_of(predictor: Predictor, pieces: Sequence[Piece]) -> list[Surprise]:
    """How surprising each note of some pieces is, in nats; nothing of pieces that are long."""
    found: dict[int, EncodedPiece] = {}
    for index, piece in enumerate(pieces):
        if piece.note_count <= MOST_SCORED:
            events, placement = encode(piece, find_grid(piece, "auto"))
            found[index] = EncodedPiece("", "", events, True, piece, placement)
    scored: list[Surprise] = [{} for _ in pieces]
    order = list(found)
    for number, nats in note_nats(predictor, [found[index].events for index in order]):
        scored[order[number]] = note_surprise(found[order[number]], nats)
    return scored


def _read_request(content: Mapping[str, Any], tools: Tools) -> dict[str, Any]:
    seed = seed_of(content, tools)
    analysis = seed.analysis()
    return {
        "music": content_of(seed.piece),
        "midi": _base64(smf.encode(seed.file)),
        "key": str(analysis.key) if analysis.key else None,
        "grid": analysis.grid.kind,
        "join_beat": analysis.tick(analysis.join) / seed.piece.ticks_per_beat,
        "remarks": seed.remarks_on(analysis),
    }


def _continue_request(content: Mapping[str, Any], tools: Tools) -> dict[str, Any]:
    settings = settings_of(_mapping(content, "settings"))
    count = _count(content, "variations", MOST_VARIATIONS)
    seed = seed_of(content, tools).with_drums(settings.drums, settings.no_drums)
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
            }
            for number, (file, piece, surprise, join, continuation) in enumerate(
                zip(files, pieces, scored, joins, made, strict=True), start=1
            )
        ],
    }


def _evaluate_request(content: Mapping[str, Any], tools: Tools) -> dict[str, Any]:
    piece = seed_of(content, tools).piece
    if piece.note_count > MOST_SCORED:
        raise SeedError(f"there are {piece.note_count} notes, {MOST_SCORED} can be judged at once")
    events, placement = encode(piece, find_grid(piece, "auto"))
    found = EncodedPiece("", "", events, True, piece, placement)
    [(_, nats)] = note_nats(tools.predictor(), [events])
    by_field = nats.sum(axis=0) / max(len(events.rows), 1)
    fields = {
        name: round(float(value), 4) for name, value in zip(FIELDS, by_field.tolist(), strict=True)
    }
    return {
        "nats_per_note": round(sum(fields.values()), 4),
        "fields": fields,
        "music": content_of(piece, note_surprise(found, nats)),
    }


def _convert_request(content: Mapping[str, Any], tools: Tools) -> dict[str, Any]:
    wanted = str(content.get("to"))
    if wanted not in FORMATS:
        raise SettingError(f"to is {wanted[:20]!r}, must be {', '.join(FORMATS)}")
    seed = seed_of(content, tools)
    suffix, media, write = FORMATS[wanted]
    data = write(seed.file, seed.piece, content)
    return {"file": _base64(data), "name": f"{seed.path.stem}{suffix}", "type": media}


def _as_midi(file: mido.MidiFile, piece: Piece, content: Mapping[str, Any]) -> bytes:
    return smf.encode(file)


def _as_score(file: mido.MidiFile, piece: Piece, content: Mapping[str, Any]) -> bytes:
    return musicxml.encode(piece)


def _as_picture(file: mido.MidiFile, piece: Piece, content: Mapping[str, Any]) -> bytes:
    from composer.plots.piano_roll import piano_roll_png

    join_beat = content.get("join_beat", 0)
    if isinstance(join_beat, bool) or not isinstance(join_beat, int | float):
        raise SettingError("join_beat is no number")
    join = round(min(max(join_beat, 0.0), 1e6) * piece.ticks_per_beat)
    join = join if 0 < join < piece.end else piece.end
    sides = [
        piece.with_parts(
            tuple(
                replace(part, notes=tuple(n for n in part.notes if (n.onset < join) is before))
                for part in piece.parts
            )
        )
        for before in (True, False)
    ]
    return piano_roll_png(sides[0], sides[1], join)


Write = Callable[[mido.MidiFile, Piece, Mapping[str, Any]], bytes]
FORMATS: Final[Mapping[str, tuple[str, str, Write]]] = {
    "midi": (".mid", "audio/midi", _as_midi),
    "musicxml": (".musicxml", "application/vnd.recordare.musicxml+xml", _as_score),
    "png": (".png", "image/png", _as_picture),
}
"""What music can be kept as -> its suffix, its media type, and what writes it."""

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
            "remarks": "what had to be decided, a line each",
        },
        _read_request,
    ),
    Request(
        "continue",
        "Go on from music, in several variations.",
        {
            "settings": "as in docs/generate.md: bars, temperature, key, rng_seed ...",
            "variations": f"how many continuations, 1 to {MOST_VARIATIONS}",
        },
        {
            "seed": "the notes that were given, in beats",
            "variations": "each with number, music (the new notes, with surprise in nats), "
            "midi (seed and continuation, base64) and end_beat",
            "join_beat": "where they begin",
            "rng_seed": "the number that gives the same music again",
            "key": "the key, null without tones",
            "grid": "beats or free",
            "remarks": "what had to be decided, a line each",
        },
        _continue_request,
    ),
    Request(
        "evaluate",
        "How surprising each note of music is to the network, in nats.",
        {},
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
        return request.act(content, tools)
    except ComposerError as error:
        raise type(error)(" ".join(str(error).split())[:500]) from None


def _mapping(content: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = content.get(name) or {}
    if not isinstance(value, dict):
        raise SettingError(f"{name} is no object")
    return value


def _count(content: Mapping[str, Any], name: str, most: int) -> int:
    value = content.get(name, 1)
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
        raise SettingError(f"{name} is {str(value)[:20]}, must be 1 to {most}")
    return value


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
