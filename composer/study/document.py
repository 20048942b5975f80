"""Document: a study as plain values, which `--json` prints and the page is drawn from.

docs/study.md lists its fields. Moments are seconds from the beginning of the file, so that
whoever draws or plays it needs no clock of ticks; places are told in words, too.

Conventions:
    Everything is JSON: numbers are rounded to what they mean, arrays of pictures are base64 of
    uint8, rows one after another.
"""

from __future__ import annotations

import math
from typing import Any, Final

from composer.encoding.events import VELOCITY, velocity_of
from composer.music.timing import tempo_to_bpm
from composer.study.form import self_similarity
from composer.study.instruments import drum_name
from composer.study.keys import key_at
from composer.study.network_document import network_document
from composer.study.numerals import chord_text, numeral, pitch_name
from composer.study.statements import FORM_FROM, statements_of
from composer.study.study import Study
from composer.study.sureness import in_words

FORMAT: Final = "composer study"
VERSION: Final = 1


def document_of(study: Study, model: str) -> dict[str, Any]:
    """All of a study.

    Args:
        study: Of a piece.
        model: Name of the network that was asked.
    """
    music = study.music
    return {
        "format": FORMAT,
        "version": VERSION,
        "file": music.path.name,
        "model": model if study.hearing is not None else None,
        "piece": _piece(study),
        "statements": [statement.as_dict() for statement in statements_of(study)],
        "cells": {
            "unit": "2 s" if music.free else "bar",
            "lines": _seconds(study, music.lines),
        },
        "notes": _notes(study),
        "surprise": _surprise(study),
        "keys": _keys(study),
        "chords": _chords(study),
        "cadences": _cadences(study),
        "phrases": _phrases(study),
        "form": _form(study),
        "motifs": _motifs(study),
        "counterpoint": _counterpoint(study),
        "texture": _texture(study),
        "network": network_document(study),
    }


def _seconds(study: Study, ticks: Any) -> list[float]:
    return [round(float(second), 3) for second in study.music.seconds(ticks)]


def _name(study: Study, note: int) -> str:
    """A note by its name: a pitch, or a drum."""
    pitch = int(study.music.pitches[note])
    return drum_name(pitch) if study.music.drums[note] else pitch_name(pitch, study.home)


def _piece(study: Study) -> dict[str, Any]:
    music, piece = study.music, study.music.analysis.piece
    parts = []
    for slot, name in enumerate(music.names):
        own = music.parts == slot
        pitches = music.pitches[own]
        parts.append(
            {
                "name": name,
                "program": music.events.programs[slot],
                "drums": bool(music.drums[own].any()),
                "notes": int(own.sum()),
                "low": int(pitches.min()) if len(pitches) else None,
                "high": int(pitches.max()) if len(pitches) else None,
            }
        )
    metre = music.events.metres.metre_at(0)
    return {
        # Some files have the name of a track where the title should be.
        "title": "" if piece.title in music.names else piece.title,
        "notes": len(music.onsets),
        "notes_left_out": music.left_out,
        "seconds": _seconds(study, [music.end])[0],
        "bars": None if music.free else len(music.lines) - 1,
        "metre": None if music.free else f"{metre[0]}/{metre[1]}",
        "bpm": None if music.free else round(tempo_to_bpm(piece.tempos.tempo_at(0)), 1),
        "free": music.free,
        "parts": parts,
        "remarks": list(music.remarks),
    }


def _notes(study: Study) -> list[list[Any]]:
    """[start, end, pitch, velocity, part, nats of time, part and pitch, or null] of each."""
    music = study.music
    starts, ends = music.seconds(music.onsets), music.seconds(music.ends)
    nats = None if study.hearing is None else study.hearing.surprise
    return [
        [
            round(float(starts[note]), 3),
            round(float(ends[note]), 3),
            int(music.pitches[note]),
            velocity_of(int(music.events.rows[note, VELOCITY])),
            int(music.parts[note]),
            None if nats is None else round(float(nats[note]), 2),
        ]
        for note in range(len(starts))
    ]


def _surprise(study: Study) -> dict[str, Any] | None:
    hearing, music = study.hearing, study.music
    if hearing is None:
        return None
    told = []
    for one in study.surprises:
        drum = bool(music.drums[one.note])
        expected = [
            {
                "pitch": choice.value,
                "name": drum_name(choice.value) if drum else pitch_name(choice.value, study.home),
                "probability": round(choice.probability, 3),
            }
            for choice in one.pitches
        ]
        before = int(music.onsets[one.note - 1])
        odds = float(hearing.nats[one.note][[0, 1, 2]].sum())
        own = next((c.probability for c in one.pitches if c.value == music.pitches[one.note]), None)
        what = _name(study, one.note)
        text = f"{what} in {music.names[music.parts[one.note]]}"
        told.append(
            {
                "note": one.note,
                "place": music.place(int(music.onsets[one.note])),
                "name": what,
                "text": text,
                "nats": round(one.nats, 2),
                "probability": float(f"{math.exp(-odds):.2g}"),
                "surprising": one.field,
                "own_pitch_expected": None if own is None else round(own, 3),
                "pitches": expected,
                "times": [
                    {
                        "seconds": _seconds(study, [before + choice.value])[0],
                        "text": choice.text,
                        "probability": round(choice.probability, 3),
                        "came": before + choice.value == int(music.onsets[one.note]),
                    }
                    for choice in one.times
                ],
                "lengths": [
                    {"text": choice.text, "probability": round(choice.probability, 3)}
                    for choice in one.lengths
                ],
            }
        )
    nats = hearing.nats.mean(axis=0)
    return {
        "nats_per_note": round(float(nats.sum()), 3),
        "by_field": {
            name: round(float(value), 3)
            for name, value in zip(
                ("time", "part", "pitch", "length", "loudness"), nats, strict=True
            )
        },
        "source": "float weights, no plan told; what had been played before is all that is known",
        "notes": told,
    }


def _keys(study: Study) -> list[dict[str, Any]]:
    music = study.music
    return [
        {
            "start": _seconds(study, [music.lines[span.start]])[0],
            "end": _seconds(study, [music.lines[span.stop]])[0],
            "from": music.cell_name(span.start),
            "cells": [span.start, span.stop],
            "key": str(span.key),
            "sure": round(span.sure, 2),
            "sure_words": in_words(span.sure),
            "source": "key profiles over five bars and a path over bars",
        }
        for span in study.keys
    ]


def _chords(study: Study) -> list[dict[str, Any]]:
    music, found = study.music, []
    for chord in study.chords:
        cell = int((music.lines <= chord.start).sum()) - 1
        key = key_at(study.keys, cell)
        found.append(
            {
                "start": _seconds(study, [chord.start])[0],
                "end": _seconds(study, [chord.stop])[0],
                "place": music.place(chord.start),
                "chord": chord_text(chord.code, chord.bass, key),
                "numeral": None if key is None else numeral(chord.code, chord.bass, key),
                "key": None if key is None else str(key),
                "sure": round(chord.sure, 2),
                "sure_words": in_words(chord.sure),
                "tones": round(chord.fit, 2),
            }
        )
    return found


def _cadences(study: Study) -> list[dict[str, Any]]:
    music = study.music
    return [
        {
            "start": _seconds(study, [cadence.tick])[0],
            "place": music.place(cadence.tick),
            "kind": cadence.kind,
            "numerals": list(cadence.numerals),
            "key": str(cadence.key),
            "sure": round(cadence.sure, 2),
            "sure_words": in_words(cadence.sure),
            "source": "the last two chords before a phrase's end or a held note",
        }
        for cadence in study.cadences
    ]


def _phrases(study: Study) -> list[dict[str, Any]]:
    music = study.music
    return [
        {
            "start": _seconds(study, [phrase.start])[0],
            "end": _seconds(study, [phrase.stop])[0],
            "place": music.place(phrase.start),
            "sure": round(phrase.sure, 2),
            "sure_words": in_words(phrase.sure),
            "source": phrase.why,
        }
        for phrase in study.phrases
    ]


def _form(study: Study) -> dict[str, Any]:
    music = study.music
    matrix = self_similarity(music)
    return {
        "sections": [
            {
                "letter": section.name,
                "letter_number": section.letter_number,
                "first_bar": section.start + 1,
                "bars": section.bars,
                "start": _seconds(study, [music.lines[section.start]])[0],
                "end": _seconds(study, [music.lines[section.start + section.bars]])[0],
            }
            for section in study.sections
        ],
        "returns": [
            {"bar": one.bar + 1, "of": one.of + 1, "how": one.how} for one in study.returns
        ],
        "similarity": [[round(float(value), 2) for value in row] for row in matrix],
        "similarity_of": "notes in common of two bars (Dice)"
        if not music.free
        else "cosine of how long pitch classes sound in two seconds each",
        "source": FORM_FROM,
    }


def _motifs(study: Study) -> list[dict[str, Any]]:
    music, found = study.music, []
    for motif in study.motifs:
        first = motif.occurrences[0]
        told = []
        for one in motif.occurrences:
            moved = one.moved
            how = one.how if moved == 0 or one.how == "as it was" else f"{one.how} ({moved:+d})"
            told.append(
                {
                    "place": music.place(int(music.onsets[one.notes[0]])),
                    "start": _seconds(study, [music.onsets[one.notes[0]]])[0],
                    "end": _seconds(study, [music.ends[one.notes[-1]]])[0],
                    "part": one.part,
                    "how": "first" if one is first else how,
                    "semitones": moved - first.moved,
                    "notes": list(one.notes),
                    "sure": one.sure,
                    "sure_words": in_words(one.sure),
                }
            )
        found.append(
            {
                "name": motif.name,
                "pitches": " ".join(_name(study, note) for note in first.notes),
                "occurrences": told,
                "source": "the same steps and rhythm in the top line of a part, or a variant",
            }
        )
    return found


def _counterpoint(study: Study) -> dict[str, Any]:
    music = study.music
    return {
        "voices": list(study.voices),
        "remarks": [
            {
                "kind": remark.kind,
                "place": music.place(remark.tick),
                "start": _seconds(study, [remark.tick])[0],
                "voices": list(remark.voices),
                "notes": list(remark.notes),
                "text": remark.text,
                "sure": 1.0,
                "source": remark.source,
            }
            for remark in study.remarks
        ],
    }


def _texture(study: Study) -> dict[str, Any]:
    music = study.music
    return {
        "density_unit": "notes a second" if music.free else "notes a quarter",
        "cells": [
            {
                "notes": cell.notes,
                "density": round(cell.density, 2),
                "sounding": round(cell.sounding, 2),
                "low": cell.low,
                "high": cell.high,
                "mean": None if cell.mean is None else round(cell.mean, 1),
                "kind": cell.kind,
            }
            for cell in study.cells
        ],
        "spans": [
            {
                "from": music.cell_name(span.start),
                "start": _seconds(study, [music.lines[span.start]])[0],
                "end": _seconds(study, [music.lines[span.stop]])[0],
                "kind": span.kind,
                "sure": span.sure,
                "sure_words": in_words(span.sure),
                "source": "how many tones sound and how many begin together",
            }
            for span in study.textures
        ],
    }
