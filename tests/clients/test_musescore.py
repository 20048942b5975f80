"""The plug-in for MuseScore, in MuseScore 3 without a window, and a stand-in for the server."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import music21
import pytest

ROOT = Path(__file__).parents[2]
MUSESCORE = next((path for name in ("mscore3", "mscore") if (path := shutil.which(name))), None)

pytestmark = [
    pytest.mark.skipif(MUSESCORE is None, reason="MuseScore 3 is not installed"),
    pytest.mark.timeout(300),
    pytest.mark.slow,
]

NEW = [(72, 16.0, 1.0, 0), (76, 16.0, 1.0, 0), (74, 17.5, 0.5, 0), (48, 16.0, 4.0, 1)]
"""Pitch, beat, beats and staff of what is answered to four bars of 4/4."""
WRITTEN = [(72, 16.0, 1.5, 0), (76, 16.0, 1.5, 0), (74, 17.5, 4.0, 0), (48, 16.0, 4.0, 1)]
"""What is in the score then: notes up to the next one, for a bar at most."""


class Answer(BaseHTTPRequestHandler):
    asked: dict[str, Any]

    def do_POST(self) -> None:
        size = int(self.headers["Content-Length"])
        type(self).asked = json.loads(self.rfile.read(size)) | {
            "path": self.path, "token": self.headers["Authorization"],
        }  # fmt: skip
        names = ("pitch", "start_beat", "duration_beats", "part")
        notes = [dict(zip(names, note, strict=True)) for note in NEW]
        answer = {"variations": [{"music": {"notes": notes}, "end_beat": 32}]}
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

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


def test_a_score_goes_on_in_new_bars(tmp_path: Path, port: int) -> None:
    score = music21.stream.Score()
    for octave in (5, 3):
        part = music21.stream.Part()
        part.append(music21.meter.TimeSignature("4/4"))
        for _ in range(4):
            part.append(music21.note.Note(f"C{octave}", quarterLength=4))
        score.insert(0, part)
    seed, result = tmp_path / "seed.musicxml", tmp_path / "result"
    score.write("musicxml", fp=seed)
    plugins = tmp_path / "Documents" / "MuseScore3" / "Plugins"
    plugins.mkdir(parents=True)
    text = (ROOT / "clients" / "musescore" / "composer.qml").read_text(encoding="utf-8")
    # MuseScore undoes what a plug-in did before it writes its own file here.
    keep = f'writeScore(curScore, "{result}", "musicxml")\n        Qt.quit()'
    text = text.replace(":9180", f":{port}").replace("Qt.quit()", keep)
    (plugins / "composer.qml").write_text(text, encoding="utf-8")
    state = tmp_path / ".local" / "state" / "composer"
    state.mkdir(parents=True)
    (state / "web-token").write_text("secret\n", encoding="utf-8")
    done = subprocess.run(
        [str(MUSESCORE), "-p", "composer.qml", "-o", str(tmp_path / "out.musicxml"), str(seed)],
        env=os.environ | {"HOME": str(tmp_path), "QT_QPA_PLATFORM": "offscreen"},
        capture_output=True, text=True, timeout=240,
    )  # fmt: skip
    assert Path(f"{result}.musicxml").exists(), done.stderr
    assert Answer.asked["path"] == "/v1/continue" and Answer.asked["token"] == "Bearer secret"
    assert Answer.asked["settings"] == {"bars": 4, "grid": "beats"}
    rows = [(n["pitch"], n["start_beat"], n["duration_beats"]) for n in Answer.asked["notes"]]
    assert rows == [(72, 4 * bar, 4) for bar in range(4)] + [(48, 4 * bar, 4) for bar in range(4)]
    made = music21.converter.parse(f"{result}.musicxml")
    new = [
        (pitch.midi, float(note.getOffsetInHierarchy(made)), float(note.quarterLength), index)
        for index, part in enumerate(made.parts)
        for note in part.stripTies().recurse().notes
        if note.getOffsetInHierarchy(made) >= 16
        for pitch in note.pitches
    ]
    assert new == WRITTEN
    assert [len(part.getElementsByClass("Measure")) for part in made.parts] == [8, 8]
