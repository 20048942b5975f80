"""The interface for programs, over a real server: an improviser that echoes an octave up."""

from __future__ import annotations

import base64
import io
import json
import logging
import os
import signal
import time
from pathlib import Path

import mido
import pytest
from guides import ROOT
from live.running import PATIENCE, Client
from web_server import Running, web_running

from composer.live.core.parameters import PARAMETERS
from composer.live.wire.osc_handlers import INCOMING
from composer.web.openapi import GETS
from composer.web.requests import REQUESTS

SCALE = [
    {"pitch": 60 + step, "start_beat": beat, "duration_beats": 1, "velocity": 80}
    for beat, step in enumerate((0, 2, 4, 5, 7, 5, 4, 2))
]


def notes_of(data: bytes) -> list[int]:
    file = mido.MidiFile(file=io.BytesIO(data))
    return [m.note for track in file.tracks for m in track if m.type == "note_on" and m.velocity]


def test_a_phrase_over_the_websocket_is_answered_as_over_osc(server: Running) -> None:
    with server.page("Ann") as page:
        page.send("session", "answers")
        page.until("ok", "/composer/session")
        for pitch in (60, 64, 67):
            page.send("note", pitch, 90, 1, 0.05)
        page.send("phrase/end")
        number, _, beats = page.until("phrase/begin")
        assert number == 1 and beats > 0
        page.until("phrase/end", 1)
        page.until("play", 79, 0)
        with pytest.raises(TimeoutError):
            page.next(0.05)


def test_several_messages_may_come_in_one_frame(server: Running) -> None:
    with server.page() as page:
        rows = [{"address": "/composer/ping", "arguments": [n]} for n in (7, "eight", 0.5)]
        page.socket.send(json.dumps(rows))
        assert [page.until("pong") for _ in rows] == [[7], ["eight"], [0.5]]


def test_two_pages_of_a_session_hear_each_other_and_see_what_is_set(server: Running) -> None:
    with server.page("Ann") as ann, server.page("Ben") as ben:
        for page in (ann, ben):
            page.send("session", "together")
            page.until("ok", "/composer/session")
        ann.send("set", "mirror", 1)
        ann.send("set", "density", 3)
        ann.send("note", 62, 70)
        ann.send("noteoff", 62)
        assert ben.until("changed", "density") == ["density", 3.0]
        assert ben.until("heard") == [62, 70, 1]
        assert ben.until("heard") == [62, 0, 1]


def test_a_page_that_goes_lets_its_keys_go_and_listens_no_more(server: Running) -> None:
    with server.page() as stays:
        stays.send("session", "left")
        stays.until("ok", "/composer/session")
        stays.send("set", "mirror", 1)
        with server.page() as goes:
            goes.send("session", "left")
            goes.until("ok", "/composer/session")
            goes.send("cc", 64, 127)
            goes.send("note", 50, 80)
            assert stays.until("heard") == [50, 80, 1]
        assert stays.until("heard") == [50, 0, 1]  # though the pedal is down
        [row] = [r for r in server.ask("GET", "/v1/status")[1]["sessions"] if r["name"] == "left"]
        assert row["listeners"] == 1


def test_pages_are_in_the_main_session_unless_they_join_another(server: Running) -> None:
    with server.page() as page:
        page.send("status")
        names = page.until("status", "version")
        assert names[names.index("session") + 1] == "main"


def test_the_jam_so_far_is_a_midi_file(server: Running) -> None:
    with server.page() as page:
        page.send("session", "kept")
        page.until("ok", "/composer/session")
        status, answer = server.ask("GET", f"/v1/jam?page={page.number}")
        assert (status, answer["error"]) == (422, "nothing was played yet, so there is nothing "
                                             "to save")  # fmt: skip
        page.send("note", 61, 90, 1, 0.02)
        page.send("note", 65, 90, 1, 0.02)
        page.send("phrase/end")
        page.until("play", 77, 0)
        status, data = server.ask("GET", f"/v1/jam?page={page.number}")
        assert status == 200 and sorted(notes_of(data)) == [61, 65, 73, 77]


def test_every_get_is_answered_and_documented(server: Running) -> None:
    for path in GETS:
        if path != "/v1/jam":
            status, answer = server.ask("GET", path)
            assert status == 200 and answer, path
    document = server.ask("GET", "/v1/openapi.json")[1]
    assert set(document["paths"]) >= {*GETS, *(f"/v1/{name}" for name in REQUESTS)}
    assert set(document["components"]["schemas"]["Settings"]["properties"]) >= {"bars", "recall"}


def test_the_table_is_that_of_the_osc_reference(server: Running) -> None:
    table = server.ask("GET", "/v1/table")[1]
    assert [row["address"] for row in table["incoming"]] == [row.name for row in INCOMING]
    assert [row["name"] for row in table["parameters"]] == list(PARAMETERS)


def test_status_says_who_plays(server: Running) -> None:
    with server.page("Clara"):
        answer = server.ask("GET", "/v1/status")[1]
        assert "Clara" in [page["name"] for page in answer["pages"]]
        assert answer["session_count"] >= 1 and answer["late_ms"]["median"] >= 0
        assert 0 <= answer["load"] < 64


def test_notes_in_beats_are_continued_the_same_with_the_same_number(server: Running) -> None:
    asked = {"notes": SCALE, "variations": 2, "settings": {"bars": 1, "takes": 1, "rng_seed": 5}}
    first = server.ask("POST", "/v1/continue", asked)
    assert first == server.ask("POST", "/v1/continue", asked)
    status, answer = first
    assert status == 200 and answer["join_beat"] == 8 and answer["rng_seed"] == 5
    assert [variation["number"] for variation in answer["variations"]] == [1, 2]
    for variation in answer["variations"]:
        notes = variation["music"]["notes"]
        assert notes and all(8 <= note["start_beat"] < 12 for note in notes)
        assert all(note["surprise"] > 0 for note in notes)
        heard = notes_of(base64.b64decode(variation["midi"]))
        assert heard[:8] == [60, 62, 64, 65, 67, 65, 64, 62]
        assert len(heard) == 8 + len(notes)


def test_the_chords_of_the_bars_to_come_can_be_given(server: Running) -> None:
    settings = {"bars": 2, "takes": 1, "chords": "Dm | G"}
    status, answer = server.ask("POST", "/v1/continue", {"notes": SCALE, "settings": settings})
    assert status == 200 and answer["variations"][0]["music"]["notes"]


def test_a_plan_is_that_of_the_command_line_and_can_be_handed_back(server: Running) -> None:
    from click.testing import CliRunner

    from composer.cli.main import verbs

    song = str(ROOT / "midi_data" / "song.mid")
    same = ["--bars", "4", "--rng-seed", "1", "--chords", "C | F G7"]
    printed = CliRunner().invoke(verbs, ["plan", song, *same, "--json"]).stdout
    settings = {"bars": 4, "rng_seed": 1, "chords": "C | F G7"}
    status, answer = server.ask("POST", "/v1/plan", {"seed": "song.mid", "settings": settings})
    plan = answer["plan"]
    assert status == 200 and {k: plan[k] for k in json.loads(printed)} == json.loads(printed)
    assert plan["bar_lines"][:3] == [0, 2, 4] and len(plan["bar_lines"]) == 21
    assert sum(section["bars"] for section in plan["sections"]) == 20
    assert plan["lines"][0].startswith(" 1  A   | G ")
    plan["bars"][17]["chords"] = "Eb"
    settings = {"bars": 4, "rng_seed": 9, "takes": 1, "plan": plan}
    asked = {"seed": "song.mid", "settings": settings}
    for request in ("plan", "continue"):
        answer = server.ask("POST", f"/v1/{request}", asked)[1]
        found = answer["plan"] if request == "plan" else answer["variations"][0]["plan"]
        assert [bar["chords"] for bar in found["bars"][16:18]] == [["C", "C"], ["Eb", "Eb"]]


def test_bars_are_filled_between_what_stands(server: Running) -> None:
    settings = {"takes": 1, "rng_seed": 1}
    asked = {"seed": "waltz.mid", "bars": "9-10", "variations": 2, "settings": settings}
    status, answer = server.ask("POST", "/v1/fill", asked)
    assert status == 200 and (answer["start_beat"], answer["end_beat"]) == (24, 30)
    waltz = (ROOT / "midi_data" / "waltz.mid").read_bytes()
    for variation in answer["variations"]:
        given, new = variation["given"]["notes"], variation["music"]["notes"]
        assert not [note for note in given if 24 <= note["start_beat"] < 30]
        assert new and all(24 <= note["start_beat"] < 30 and note["surprise"] > 0 for note in new)
        filled = sorted(notes_of(base64.b64decode(variation["midi"])))
        assert filled == sorted(note["pitch"] for note in (*given, *new))
    headers = {"Content-Type": "audio/midi", "Accept": "audio/midi"}
    address = "/v1/fill?bars=9-10&takes=1&rng-seed=1"
    status, data = server.ask("POST", address, headers=headers, body=waltz)
    assert status == 200 and data == base64.b64decode(answer["variations"][0]["midi"])


def test_parts_are_added(server: Running) -> None:
    asked = {"notes": SCALE, "add": "bass", "settings": {"takes": 1, "rng_seed": 1}}
    status, answer = server.ask("POST", "/v1/arrange", asked)
    [variation] = answer["variations"]
    assert status == 200 and (answer["start_beat"], answer["end_beat"]) == (0, 8)
    assert [part["program"] for part in variation["music"]["parts"]] == [0, 33]
    assert {note["part"] for note in variation["music"]["notes"]} == {1}
    assert len(variation["given"]["notes"]) == len(SCALE)


def test_a_varied_bar_keeps_what_is_to_be_kept(server: Running) -> None:
    asked = {"seed": "song.mid", "bars": "5-6", "keep": "rhythm", "strength": 1,
             "variations": 2, "settings": {"takes": 1, "rng_seed": 1}}  # fmt: skip
    status, answer = server.ask("POST", "/v1/vary", asked)
    assert status == 200 and (answer["start_beat"], answer["end_beat"]) == (8, 12)
    before = server.ask("POST", "/v1/read", {"seed": "song.mid"})[1]["music"]["notes"]
    for variation in answer["variations"]:
        after = variation["given"]["notes"] + variation["music"]["notes"]
        times = [sorted((n["start_beat"], n["part"]) for n in notes) for notes in (before, after)]
        assert variation["music"]["notes"] and times[0] == times[1]


def test_music_in_free_time_has_no_plan(server: Running) -> None:
    asked = {"notes": SCALE, "settings": {"grid": "free"}}
    status, answer = server.ask("POST", "/v1/plan", asked)
    assert (status, answer["error"]) == (
        422, "notes is in free time, where there are no bars to plan"
    )  # fmt: skip


def test_a_midi_file_as_it_is_is_judged_as_the_address_says(server: Running) -> None:
    seed = (ROOT / "midi_data" / "waltz.mid").read_bytes()
    nats = []
    for address in ("evaluate", "evaluate?plan=true"):
        headers = {"Content-Type": "audio/midi"}
        status, answer = server.ask("POST", f"/v1/{address}", headers=headers, body=seed)
        assert status == 200
        nats.append(answer["nats_per_note"])
    assert nats[1] < nats[0] - 0.2
    status, answer = server.ask("POST", "/v1/evaluate", {"notes": SCALE, "grid": "odd"})
    assert (status, answer["error"]) == (422, "grid is 'odd', must be auto, beats, free")


def test_a_midi_file_as_it_is_gives_a_midi_file(server: Running) -> None:
    seed = (ROOT / "midi_data" / "waltz.mid").read_bytes()
    headers = {"Content-Type": "audio/midi", "Accept": "audio/midi"}
    status, data = server.ask(
        "POST", "/v1/continue?bars=1&takes=1&rng-seed=1", headers=headers, body=seed
    )
    assert status == 200 and data[:4] == b"MThd" and len(notes_of(data)) > len(notes_of(seed))


def test_a_long_request_tells_how_far_it_is(server: Running) -> None:
    headers = {"Accept": "application/x-ndjson"}
    asked = {"seed": "jig.abc", "settings": {"bars": 4, "takes": 4}}
    status, data = server.ask("POST", "/v1/continue", asked, headers=headers)
    lines = [json.loads(line) for line in data.splitlines()]
    shares = [line["progress"] for line in lines[:-1]]
    assert status == 200 and shares[0] == 0 and shares == sorted(shares) and len(shares) > 2
    assert lines[-1]["result"]["variations"][0]["music"]["notes"]


def test_a_score_is_read_and_kept_as_every_kind_of_file(server: Running) -> None:
    data = base64.b64encode((ROOT / "midi_data" / "ode.musicxml").read_bytes()).decode()
    music = {"file": data, "name": "ode.musicxml"}
    status, answer = server.ask("POST", "/v1/read", music)
    assert status == 200 and answer["key"] and answer["music"]["notes"][0]["start_beat"] == 0
    for kind, start in (("midi", b"MThd"), ("musicxml", b"<?xml"), ("png", b"\x89PNG")):
        status, answer = server.ask("POST", "/v1/convert", music | {"to": kind, "join_beat": 8})
        assert status == 200 and base64.b64decode(answer["file"]).startswith(start), kind


def test_what_comes_next_in_a_scale_surprises_less_than_what_does_not(server: Running) -> None:
    odd = [dict(note) for note in SCALE]
    odd[4]["pitch"] = 102
    plain, spoilt = (server.ask("POST", "/v1/evaluate", {"notes": n})[1] for n in (SCALE, odd))
    assert spoilt["nats_per_note"] > plain["nats_per_note"]
    assert spoilt["music"]["notes"][4]["surprise"] > plain["music"]["notes"][4]["surprise"] + 2


def test_presets_are_kept_in_a_file_that_serve_reads(server: Running, tmp_path: Path) -> None:
    assert server.ask("PUT", "/v1/presets/slow%20waltz", {"metre": "3/4", "density": 2}) == (
        200,
        {"preset": {"metre": "3/4", "density": 2.0}},
    )
    assert server.ask("GET", "/v1/presets")[1]["presets"]["slow waltz"]["metre"] == "3/4"
    assert server.ask("DELETE", "/v1/presets/slow%20waltz")[0] == 200
    assert server.ask("GET", "/v1/presets")[1] == {"presets": {}}


@pytest.mark.parametrize(
    ("path", "asked", "line"),
    [
        ("continue", {}, "give the music once: as file, as seed, or as notes"),
        ("continue", {"seed": "../README.md"}, "there is no such seed; there are"),
        ("continue", {"notes": [{"pitch": 200}]}, "start_beat of note 0 is None"),
        ("continue", {"notes": SCALE, "settings": {"tempi": 1}}, "no setting 'tempi'; there are"),
        ("continue", {"notes": SCALE, "settings": {"bars": 999}}, "may ask for 128 at most"),
        ("continue", {"notes": SCALE, "settings": {"plan": "/etc/passwd"}}, "it is not JSON"),
        ("continue", {"notes": SCALE, "settings": {"chords": "/etc/passwd"}}, "chords"),
        ("continue", {"notes": SCALE, "settings": {"key": "x" * 99}}, "of 80 characters at most"),
        ("continue", {"notes": SCALE, "variations": 99}, "variations is 99, must be 1 to 8"),
        ("read", {"file": "AAAA", "name": "x.mid"}, "x.mid is not a MIDI file"),
        ("read", {"file": "AAAA", "name": "../../etc/passwd"}, "passwd is no music file's name"),
        ("read", {"file": "?", "name": "x.mid"}, "file is not base64"),
        ("convert", {"notes": SCALE, "to": "exe"}, "to is 'exe', must be midi, musicxml, png"),
        ("fill", {"seed": "waltz.mid"}, "fill which bars? Name"),
        ("fill", {"seed": "waltz.mid", "bars": 9}, "bars is a text such as 9-12"),
        ("fill", {"seed": "waltz.mid", "bars": "90"}, "there is no bar 90"),
        ("fill", {"notes": SCALE, "bars": "1", "settings": {"form": "A"}}, "no setting 'form'"),
        ("arrange", {"notes": SCALE}, "add which parts? Name"),
        ("arrange", {"notes": SCALE, "add": "kazoo"}, "no part is called 'kazoo'"),
        ("vary", {"notes": SCALE, "strength": "much"}, "strength is 'much', must be 0 to 1"),
        ("vary", {"notes": SCALE, "keep": "cool"}, "keep is 'cool', must be one of rhythm"),
        ("evaluate", [], "a request is a JSON object"),
    ],
)
def test_what_cannot_be_done_is_said_in_the_command_lines_line(
    server: Running, path: str, asked: object, line: str
) -> None:
    status, answer = server.ask("POST", f"/v1/{path}", asked)
    assert status == 422 and line in answer["error"] and "\n" not in answer["error"]
    assert "/tmp" not in answer["error"]


def test_a_web_process_that_dies_is_told_of_and_osc_goes_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    logging.getLogger("composer").propagate = True  # a command run before may have taken it
    with web_running(tmp_path, reply_port=None) as running:
        client = Client(running.app.ready["osc_port"])
        os.kill(running.web.pid, signal.SIGTERM)
        end = time.monotonic() + PATIENCE
        while "the web server ended" not in caplog.text:
            assert time.monotonic() < end
            time.sleep(0.02)
        client.send("ping", 4)
        assert client.until("pong").arguments == (4,)
        client.close()
