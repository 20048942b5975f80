"""Bars filled and parts added over OSC."""

from __future__ import annotations

import json
from functools import partial

import pytest
import tiny_model
from live.scripted import Echo
from small_seeds import BEAT, duet

from composer.errors import SettingError
from composer.formats import midi, smf
from composer.generation.settings import Settings
from composer.inside.process import NewNote, answer_to, write_here
from composer.inside.writing import ARRANGE, FILL, Writing
from composer.live.core.sessions import Sessions
from composer.live.wire.osc_codec import Message, encode
from composer.live.wire.osc_inside import asked
from composer.live.wire.osc_router import Router

HERE = ("127.0.0.1", 9000)


class Wire:
    """A router whose music is written by a small network at once."""

    def __init__(self) -> None:
        write = partial(write_here, tiny_model.predictor())
        self.router = Router(Sessions(Echo, logs=True), inside=write)

    def send(self, address: str, *arguments: object) -> list[tuple[str, tuple[object, ...]]]:
        self.router.receive(0.0, HERE, Message("/composer/" + address, arguments))  # type: ignore[arg-type]
        replies = self.router.take_replies()
        for _, reply, values in replies:
            assert len(encode(reply, values)) <= 1400
        return [(reply.removeprefix("/composer/"), values) for _, reply, values in replies]

    def tune(self, bars: int = 6) -> None:
        rows: list[object] = []
        for beat in range(4 * bars):
            rows += [60 + (0, 2, 4, 5, 7)[beat % 5], float(beat), 1.0, 80]
        self.send("tempo", 120.0)
        assert self.send("seed/notes", *rows)[-1][0] == "ok"


def test_bars_of_the_notes_that_were_sent_are_filled() -> None:
    wire = Wire()
    wire.tune()
    answer = wire.send("fill", "bars", "3-4", "takes", 2, "rng_seed", 5)
    assert answer[-1] == ("ok", ("/composer/fill",))
    rows = [row for name, row in answer if name == "fill/notes"]
    notes = [values[at : at + 5] for values in rows for at in range(0, len(values), 5)]
    assert notes and all(8 <= start < 16 for _, _, start, _, _ in notes)  # type: ignore[operator]
    assert {channel for channel, *_ in notes} == {1}
    wire.tune()
    assert wire.send("fill", "bars", "3-4", "takes", 2, "rng_seed", 5) == answer


def test_parts_are_added_on_channels_of_their_own() -> None:
    wire = Wire()
    wire.tune(4)
    answer = wire.send("arrange", "add", "bass,drums", "takes", 1)
    assert answer[-1] == ("ok", ("/composer/arrange",))
    channels = {row[0] for name, row in answer if name == "arrange/notes"}
    every = {
        values[at]
        for name, values in answer
        if name == "arrange/notes"
        for at in range(0, len(values), 5)
    }
    assert 10 in every and 1 not in every and channels <= every


def notes_in(answer: list[tuple[str, tuple[object, ...]]], task: str) -> list[tuple[object, ...]]:
    rows = [values for name, values in answer if name == f"{task}/notes"]
    return [values[at : at + 5] for values in rows for at in range(0, len(values), 5)]


def test_all_notes_of_bars_that_are_varied_come_back() -> None:
    wire = Wire()
    wire.tune()
    asked_for = ("vary", "bars", "3-4", "keep", "rhythm", "strength", 1.0, "takes", 1)
    answer = wire.send(*asked_for, "rng_seed", 2)
    assert answer[-1] == ("ok", ("/composer/vary",))
    notes = notes_in(answer, "vary")
    assert [start for _, _, start, _, _ in notes] == [float(beat) for beat in range(8, 16)]
    assert [pitch for _, pitch, *_ in notes] != [60 + (0, 2, 4, 5, 7)[b % 5] for b in range(8, 16)]
    wire.tune()
    nothing = wire.send("vary", "bars", "3-4", "keep", "rhythm", "strength", 0.0)
    assert [pitch for _, pitch, *_ in notes_in(nothing, "vary")] == [
        60 + (0, 2, 4, 5, 7)[beat % 5] for beat in range(8, 16)
    ]


def test_a_loop_is_counted_from_its_own_beginning() -> None:
    wire = Wire()
    wire.tune()
    answer = wire.send("loop", "bars", 3, "takes", 1, "rng_seed", 5)
    assert answer[-1] == ("ok", ("/composer/loop",))
    notes = notes_in(answer, "loop")
    assert notes and all(0 <= start < start + beats <= 12 for _, _, start, beats, _ in notes)  # type: ignore[operator]
    assert max(start for _, _, start, _, _ in notes) >= 4  # type: ignore[operator, type-var]
    wire.tune()
    assert "at least two bars" in str(wire.send("loop", "bars", 1))
    wire.tune()
    assert "keep belongs to vary" in str(wire.send("loop", "bars", 2, "keep", "bass"))


def test_what_cannot_be_done_is_said() -> None:
    wire = Wire()
    assert "there are no notes" in str(wire.send("fill", "bars", "3-4"))
    wire.tune()
    assert "not all of bars 9-12" in str(wire.send("fill", "bars", "9-12"))
    assert "nothing was played" in str(wire.send("fill", "bars", "1-2"))
    assert "no setting 'colour'" in str(wire.send("fill", "colour", "red"))
    assert "add which parts" in str(wire.send("arrange"))
    closed = Router(Sessions(Echo, logs=True))
    closed.receive(0.0, HERE, Message("/composer/note", (60, 80)))
    closed.receive(0.0, HERE, Message("/composer/note", (60, 0)))
    closed.take_replies()
    closed.receive(0.0, HERE, Message("/composer/fill", ("bars", "1-2")))
    assert "writes inside no music" in str(closed.take_replies())


def test_values_are_read_as_they_come() -> None:
    settings, writing = asked(
        FILL, {"bars": 3.0, "density": 2, "pitch_range": "48-72", "parts": "1,2"}
    )
    assert writing.bars == (3, 3) and settings.density == 2.0
    assert settings.pitch_range == (48, 72) and settings.parts == ("1", "2")
    with pytest.raises(SettingError, match="takes is 64"):
        asked(FILL, {"bars": "1-2", "takes": 64})
    with pytest.raises(SettingError, match="must be a number"):
        asked(ARRANGE, {"add": "bass", "takes": "many"})


def test_a_request_to_the_process_is_answered_in_json() -> None:
    predictor = tiny_model.predictor()
    data = smf.encode(duet(6).file)
    import base64
    from dataclasses import asdict

    settings = Settings(takes=1, rng_seed=3, pitch_range=(40, 90))
    writing = Writing(FILL, (2, 3))
    request = {
        "file": base64.b64encode(data).decode(),
        "settings": {name: getattr(settings, name) for name in Settings.__dataclass_fields__},
        "writing": asdict(writing),
    }
    answer = answer_to(json.loads(json.dumps(request)), predictor)
    notes = [NewNote(*row) for row in json.loads(json.dumps(answer))["notes"]]
    assert notes == write_here(predictor, data, settings, writing)
    assert midi.to_piece(smf.parse(data)).ticks_per_beat == BEAT
    request["writing"] = asdict(Writing(FILL, (9, 9)))
    assert "there is no bar 9" in answer_to(json.loads(json.dumps(request)), predictor)["error"]
