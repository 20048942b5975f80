"""The plug-in for MuseScore, in MuseScore 3 without a window, and a stand-in for the server."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import music21
import pytest

from composer.clients.client_files import content
from composer.clients.hosts import ClientFile

MUSESCORE = next((path for name in ("mscore3", "mscore") if (path := shutil.which(name))), None)

pytestmark = [
    pytest.mark.skipif(MUSESCORE is None, reason="MuseScore 3 is not installed"),
    pytest.mark.timeout(300),
    pytest.mark.slow,
]

Row = tuple[float, float, float, int]
"""Pitch, beat, beats and staff."""
CONTINUED: list[Row] = [
    (72, 16.0, 1.0, 0),
    (76, 16.0, 1.0, 0),
    (74, 17.5, 0.5, 0),
    (48, 18.0, 4, 1),
]
"""What is answered to four bars of 4/4."""
WRITTEN: list[Row] = [(72, 16.0, 1.5, 0), (76, 16.0, 1.5, 0), (74, 17.5, 0.5, 0), (48, 18.0, 4, 1)]
"""What is in the score then: a rest of less than a beat is none."""


class Answer(BaseHTTPRequestHandler):
    asked: dict[str, Any]
    music: list[Row]
    given: list[Row]
    places: dict[str, float]

    def do_POST(self) -> None:
        size = int(self.headers["Content-Length"])
        type(self).asked = json.loads(self.rfile.read(size)) | {
            "path": self.path, "token": self.headers["Authorization"],
        }  # fmt: skip
        names = ("pitch", "start_beat", "duration_beats", "part")
        music, given = (
            {"notes": [dict(zip(names, note, strict=True)) for note in notes]}
            for notes in (self.music, self.given)
        )
        made = {"music": music, "given": given, "end_beat": self.places.get("end_beat")}
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps({"variations": [made]} | self.places).encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def port() -> Iterator[int]:
    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


@pytest.fixture
def score(tmp_path: Path) -> Path:
    """Four bars of 4/4 for two staves: C and E in turn, a whole note each."""
    score = music21.stream.Score()
    for octave in (5, 3):
        part = music21.stream.Part()
        part.append(music21.meter.TimeSignature("4/4"))
        for bar in range(4):
            part.append(music21.note.Note(f"{'CE'[bar % 2]}{octave}", quarterLength=4))
        score.insert(0, part)
    path = tmp_path / "seed.musicxml"
    score.write("musicxml", fp=path)
    return path


def stands(*bars: int) -> list[Row]:
    """The notes of the score, of some of its bars."""
    return [
        (low + 4 * (bar % 2), 4.0 * bar, 4.0, s) for s, low in ((0, 72), (1, 48)) for bar in bars
    ]


def run(
    score: Path, port: int, verb: str, before: str = "", selection: str = "selected("
) -> subprocess.CompletedProcess[str]:
    """MuseScore, with an action that begins at once and saves what it made; see `act`."""
    folder = score.parent
    result = folder / "result"
    plugins = folder / "Documents" / "MuseScore3" / "Plugins"
    plugins.mkdir(parents=True)
    file = ClientFile("musescore/composer.qml", plugins / f"composer_{verb}.qml", verb)
    text = content(file, ["composer"]).decode()
    # MuseScore undoes what a plug-in did before it writes its own file here.
    keep = f'writeScore(curScore, "{result}", "musicxml")\n        Qt.quit()\n    }}\n\n    onRun'
    text = text.replace(":9180", f":{port}").replace("Qt.quit()\n    }\n\n    onRun", keep)
    text = text.replace("= selected(", f"= {selection}")
    assert text.count("    onRun: act()") == text.count(keep) == 1
    file.target.write_text(text.replace("onRun: act()", f"onRun: {{ {before}; act() }}"))
    state = folder / ".local" / "state" / "composer"
    state.mkdir(parents=True)
    (state / "web-token").write_text("secret\n", encoding="utf-8")
    return subprocess.run(
        [str(MUSESCORE), "-p", file.target.name, "-o", str(folder / "out.musicxml"), str(score)],
        env=os.environ | {"HOME": str(folder), "QT_QPA_PLATFORM": "offscreen"},
        capture_output=True, text=True, timeout=240,
    )  # fmt: skip


def act(
    score: Path,
    port: int,
    verb: str,
    music: list[Row],
    given: list[Row] | None = None,
    before: str = "",
    selection: str = "selected(",
    **places: float,
) -> list[Row]:
    """What is in the score after an action that was answered so.

    Args:
        score: The file.
        port: Where the stand-in for the server listens.
        verb: The action.
        music: The new notes.
        given: Those that stand.
        before: JavaScript that runs before it.
        selection: Stands in for what is selected, with an opening parenthesis behind.
        places: Further fields of the answer.
    """
    Answer.music, Answer.given, Answer.places = music, given or [], places
    done = run(score, port, verb, before, selection)
    result = score.parent / "result"
    assert Path(f"{result}.musicxml").exists(), done.stderr
    assert Answer.asked["path"] == f"/v1/{verb}" and Answer.asked["token"] == "Bearer secret"
    assert Answer.asked["metre"] == "4/4" and len(Answer.asked["parts"]) == 2
    sent = [
        (n["pitch"], n["start_beat"], n["duration_beats"], n["part"]) for n in Answer.asked["notes"]
    ]
    assert sent == stands(0, 1, 2, 3)
    made = music21.converter.parse(f"{result}.musicxml")
    for part in made.parts:
        for measure in part.getElementsByClass("Measure"):
            for voice in measure.voices or [measure]:
                assert voice.duration.quarterLength == 4
    return [
        (pitch.midi, float(note.getOffsetInHierarchy(made)), float(note.quarterLength), index)
        for index, part in enumerate(made.parts)
        for note in part.stripTies().recurse().notes
        for pitch in note.pitches
    ]


def test_a_score_goes_on_in_new_bars(score: Path, port: int) -> None:
    rows = act(score, port, "continue", CONTINUED, join_beat=16, end_beat=32)
    assert Answer.asked["settings"] == {"bars": 4, "grid": "beats"}
    old = stands(0, 1, 2, 3)
    assert rows == [*old[:4], *WRITTEN[:3], *old[4:], *WRITTEN[3:]]
    made = music21.converter.parse(score.parent / "result.musicxml")
    assert [len(part.getElementsByClass("Measure")) for part in made.parts] == [8, 8]


def test_selected_bars_are_written_anew_and_nothing_else(score: Path, port: int) -> None:
    new = [(65, 4.5, 1.0, 0), (67, 7.0, 3.0, 0)]
    # Bar 2 and a note of bar 3, in the upper staff.
    range = "{from: 1920, to: 4320, firstStaff: 0, lastStaff: 0}; ("
    rows = act(score, port, "fill", new, stands(0, 3), selection=range)
    assert Answer.asked["bars"] == "2-3"
    assert Answer.asked["settings"] == {"grid": "beats", "parts": [1]}
    upper = [note for note in stands(0, 3) if note[3] == 0]
    lower = [note for note in stands(0, 1, 2, 3) if note[3] == 1]
    assert rows == [upper[0], *new, upper[1], *lower]


def test_without_a_selection_all_is_varied_and_what_stands_stays(score: Path, port: int) -> None:
    rows = act(score, port, "vary", [(74, 8.0, 2.0, 0), (77, 10.0, 2.0, 0)], stands(0, 1, 3))
    assert Answer.asked["bars"] == "1-4"
    assert Answer.asked["settings"] == {"grid": "beats", "parts": [1, 2]}
    old = stands(0, 1, 3)
    assert rows == [*old[:2], (74, 8.0, 2.0, 0), (77, 10.0, 2.0, 0), old[2], *old[3:]]


def test_the_selection_is_read_from_the_score(score: Path, port: int) -> None:
    rows = act(score, port, "fill", [(60, 0.0, 16.0, 1)], before='cmd("select-all")')
    assert Answer.asked["bars"] == "1-4"
    assert Answer.asked["settings"]["parts"] == [1, 2]
    assert rows == [(60, 0.0, 16.0, 1)]


def test_what_went_wrong_is_said_and_the_score_left_alone(score: Path) -> None:
    with socket.socket() as unheard:
        unheard.bind(("127.0.0.1", 0))
        port = unheard.getsockname()[1]
        done = run(score, port, "vary")
    said = f"composer: no server at http://127.0.0.1:{port}; start composer serve --web"
    assert said in done.stderr
    assert not (score.parent / "result.musicxml").exists()


def test_a_fill_of_nothing_selected_is_refused(score: Path, port: int) -> None:
    done = run(score, port, "fill")
    assert "select the bars that are to be written anew first" in done.stderr
    assert not (score.parent / "result.musicxml").exists()
