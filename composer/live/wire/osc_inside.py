"""OSC inside: bars of what was played written anew or varied, parts added to it, loops behind it.

It is written in a process of its own; the notes come back in messages, to be played or put into a
clip by whoever asked.

Conventions:
    Channels are 1..16 on the wire. Beats are counted from the bar line at or before the first note,
    of a loop from its own beginning.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from composer.encoding.events import TICKS_PER_BEAT
from composer.errors import SeedError, SettingError
from composer.formats import midi
from composer.generation.parameters import pitch_range_in
from composer.generation.part_names import names_in
from composer.generation.settings import Settings
from composer.inside.process import NewNote
from composer.inside.writing import ARRANGE, FILL, LOOP, VARY, Writing, parse_bars
from composer.live.core.improviser import ProposedNote
from composer.live.wire.osc_codec import Argument
from composer.live.wire.osc_request import Request
from composer.music.beat_grid import BEATS
from composer.music.notes import Note, Part, Piece
from composer.music.timing import TempoMap, bpm_to_tempo

ROWS: Final = 40
"""Notes in one message."""
TAKES: Final = 8
MOST_TAKES: Final = 32
_NUMBERS: Final = {
    "temperature": float, "top_p": float, "min_p": float, "density": float, "rng_seed": int,
    "takes": int, "recall": int,
}  # fmt: skip
_OTHERS: Final = ("bars", "add", "crossing", "keep", "strength", "parts", "pitch_range")
_TEXTS: Final = ("key", "chords", "grid")


def fill(request: Request, parameters: list[tuple[str, Argument]]) -> None:
    """Some bars are written anew."""
    _write(request, FILL, dict(parameters))


def arrange(request: Request, parameters: list[tuple[str, Argument]]) -> None:
    """Further parts are written."""
    _write(request, ARRANGE, dict(parameters))


def vary(request: Request, parameters: list[tuple[str, Argument]]) -> None:
    """Some bars become something else that keeps part of them."""
    _write(request, VARY, dict(parameters))


def loop(request: Request, parameters: list[tuple[str, Argument]]) -> None:
    """Bars that go on from it are written, whose end leads into their beginning."""
    _write(request, LOOP, dict(parameters))


def _write(request: Request, task: str, given: Mapping[str, Argument]) -> None:
    settings, writing = asked(task, given)
    file, address = _file(request), f"/composer/{task}"
    write = request.shared.inside
    if write is None:
        raise SettingError("this server writes inside no music")

    def written(request: Request, result: object) -> None:
        if isinstance(result, Exception):
            request.refuse(address, result)
            return
        assert isinstance(result, list)
        for start in range(0, len(result), ROWS):
            _send(request, task, result[start : start + ROWS])
        request.ok(address)

    request.later(lambda: write(file, settings, writing), written)


def _send(request: Request, task: str, notes: Sequence[NewNote]) -> None:
    values: list[object] = []
    for note in notes:
        values += [
            note.channel + 1, note.pitch, float(note.start_beat), float(note.beats), note.velocity
        ]  # fmt: skip
    request.reply(f"{task}/notes", *values)


def asked(task: str, given: Mapping[str, Argument]) -> tuple[Settings, Writing]:
    """Settings, and what is to be written, from names and values.

    Raises:
        SettingError: A name or a value is none.
    """
    values: dict[str, Any] = {"takes": TAKES}
    writing: dict[str, Any] = {}
    for name, value in given.items():
        if name == "bars":
            text = f"{value:g}" if isinstance(value, float) else str(value)
            if task == LOOP:
                values["bars"] = _number("bars", text, int)
            else:
                writing["bars"] = parse_bars(text)
        elif name == "add":
            writing["add"] = names_in(value)
        elif name == "crossing":
            writing["crossing"] = bool(value)
        elif name == "parts":
            values["parts"] = names_in(value)
        elif name == "pitch_range":
            values["pitch_range"] = pitch_range_in(value)
        elif name in _TEXTS:
            values[name] = str(value)
        elif name == "keep":
            writing["keep"] = str(value) or None
        elif name == "strength":
            writing["strength"] = _number(name, value, float)
        elif name in _NUMBERS:
            values[name] = _number(name, value, _NUMBERS[name])
        else:
            known = (*_OTHERS, *_TEXTS, *_NUMBERS)
            raise SettingError(f"no setting {name[:40]!r}; there are {', '.join(known)}")
    if values["takes"] > MOST_TAKES:
        raise SettingError(f"takes is {values['takes']}, a message may ask for {MOST_TAKES}")
    return Settings(**values), Writing(task, **writing)


def _number(name: str, value: Argument, kind: Callable[[Any], float]) -> float:
    try:
        return kind(value)
    except (TypeError, ValueError):
        raise SettingError(f"{name} is {str(value)[:40]}, must be a number") from None


def _file(request: Request) -> bytes:
    """The notes that were sent and not yet taken for a seed, or else what was played."""
    session = request.existing()
    sent = request.shared.seeds.pop(request.key, [])
    if session is None:
        raise SeedError("there are no notes; play, or send them with /composer/seed/notes")
    if sent:
        bpm = session.timeline.bpm if session.timeline.kind == BEATS else 120.0
        file = midi.from_piece(_piece(sent, bpm))
    elif session.log is None:
        raise SettingError("this server keeps no log; send notes with /composer/seed/notes")
    else:
        played = session.log.copy().file()
        if played is None:
            raise SeedError("nothing was played yet")
        file = played
    stream = io.BytesIO()
    file.save(file=stream)
    return stream.getvalue()


def _piece(notes: Sequence[ProposedNote], bpm: float) -> Piece:
    rows = tuple(
        Note(note.onset, note.pitch, max(note.duration, 1), note.velocity) for note in notes
    )
    part = Part(rows, 0, "notes", 1, 0)
    return Piece((part,), TICKS_PER_BEAT, TempoMap(((0, bpm_to_tempo(bpm)),)))
