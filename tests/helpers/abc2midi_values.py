"""What abc2midi plays: `python tests/helpers/abc2midi_values.py` writes expected notes.

That is tests/formats/abc/notes.json.

Run where abc2midi is installed (Debian's package abcmidi; 4.84 made the file that is here)
after changing an .abc file in that folder. Grace notes, chord symbols and fermatas, which
composer leaves out, are switched off, and broken rhythm is 3:1 as in the standard.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path

import mido

FOLDER = Path(__file__).parents[1] / "formats" / "abc"
FLAGS = ("-NGRA", "-NGUI", "-NFER", "-RS", "-silent")


def played(path: Path) -> list[tuple[int, float, float]]:
    """(pitch, onset, length) of every note of the first tune, sorted; beats from the first."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "tune.mid"
        command = ["abc2midi", str(path), "-o", str(target), *FLAGS]
        subprocess.run(command, check=True, capture_output=True)
        file = mido.MidiFile(target)
    notes: list[tuple[int, float, float]] = []
    for track in file.tracks:
        now, on = 0, {}
        for message in track:
            now += message.time
            if message.type == "note_on" and message.velocity:
                on[message.note] = now
            elif message.type in ("note_on", "note_off") and message.note in on:
                start = on.pop(message.note)
                beats = start / file.ticks_per_beat, (now - start) / file.ticks_per_beat
                notes.append((message.note, *beats))
    first = min(onset for _, onset, _ in notes)
    return sorted(
        (pitch, round(onset - first, 3), round(length, 3)) for pitch, onset, length in notes
    )


def main() -> None:
    """Write the notes of every tune in the folder."""
    found = {path.stem: played(path) for path in sorted(FOLDER.glob("*.abc"))}
    lines = [f"{json.dumps(name)}: {json.dumps(notes)}" for name, notes in found.items()]
    (FOLDER / "notes.json").write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
