"""What whoever looks on is shown."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
from live.running import Client, running
from live.scripted import Organ

from composer.live.console_view import Glance, glance, view_of

from .test_server import hear_chord, play_chord


def test_lines_of_a_glance() -> None:
    now = Glance(
        "call", 120.0, True, 6.5, 2, (60, 64), (72,), (76, 79), 3, (9.0, 3), 1, (0.2, 1.5), 4
    )
    assert now.lines() == [
        "call · 120.0 BPM, beat 6 · playing reply 3, 2 notes heard",
        "you       C4 E4",
        "composer  [C5] E5 G5",
        "sessions 1 · notes late: median 0.20 ms, 99 % 1.50 ms · dropped 4",
    ]
    idle = Glance("off", 0.0, False, None, 0, (), (), (), 0, (9.0, 3), 1, (0.0, 0.0), 0)
    assert idle.lines()[0] == "off · free time, stopped · listening"


def test_a_look_at_a_server_and_plain_lines_without_a_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COMPOSER_STATE", str(tmp_path))
    with running(Organ) as (app, client), view_of(app):
        play_chord(client)
        hear_chord(client)
        found: list[Glance] = []
        there = threading.Event()
        app.server.post(lambda now: (found.append(glance(app)), there.set()))  # type: ignore
        there.wait()
        said = ""
        while "playing reply 1" not in said:
            said += capsys.readouterr().err
            time.sleep(0.01)
    assert found[0].playing == 1
    assert found[0].played == (60, 64, 67)
    assert found[0].sounding == (72, 76, 79)


def test_a_reply_between_two_looks_is_a_line_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COMPOSER_STATE", str(tmp_path))
    monkeypatch.setattr("composer.live.console_view.EVERY", 1.0)
    with running() as (app, client):
        client.send("session", "main")
        with view_of(app):
            client.send("note", 60, 100, 1, 0.05)
            client.send("phrase/end")
            client.until("play", 72, 0)
            said = ""
            while "listening" not in said:
                said += capsys.readouterr().err
                time.sleep(0.01)
    assert "playing reply 1" in said


def test_sessions_notes_and_what_was_left_out_are_counted() -> None:
    with running(Organ, reply_port=None) as (app, one):

        def look() -> Glance:
            found: list[Glance] = []
            there = threading.Event()
            app.server.post(lambda now: (found.append(glance(app)), there.set()))  # type: ignore
            there.wait()
            return found[0]

        assert (look().sessions, look().heard, look().dropped) == (0, 0, 0)  # an idle main is none
        two = Client(app.ready["osc_port"])
        for client, pitches in ((one, (60, 64, 67)), (two, (48,))):
            for pitch in pitches:
                client.send("note", pitch, 80)
            client.send("ping")
            client.until("pong")
        assert (look().sessions, look().heard, look().played) == (2, 1, (48,))  # heard from last
        one.send("phrase/end")
        one.until("play", 72)
        seen = look()
        # Whoever is answered is looked at, and the phrase that is answered is over.
        assert (seen.sessions, seen.heard, seen.playing, seen.played) == (2, 0, 1, (60, 64, 67))
        two.send("session", "main")
        two.send("note", 50, 80)
        two.send("ping")
        two.until("pong")
        assert look().sessions == 3  # and now something was played in main
        two.close()


def test_the_view_counts_notes_left_out_in_all_sessions() -> None:
    with running() as (app, client):
        client.send("note", 60, 80)
        client.send("ping")
        client.until("pong")
        there = threading.Event()

        def drop(now: float) -> None:
            for session, count in zip(app.server.engine.sessions.values(), (2, 3), strict=True):
                session.schedule.dropped = count
            assert glance(app).dropped == 5
            there.set()

        app.server.post(drop)
        assert there.wait(60)
