"""Ardour without a window: songs of a MIDI region, and scripts that it runs."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import mido

LUA = next((path for name in ("ardour8-lua", "ardour7-lua") if (path := shutil.which(name))), None)
TICKS = 1920
"""Ardour's, to the beat."""

_MAKE = """
AudioEngine:set_backend ("None (Dummy)", "", "")
local session = create_session (arg[1], "song", 48000)
local midi = ARDOUR.ChanCount (ARDOUR.DataType ("midi"), 1)
for number = 1, 2 do
    session:new_midi_track (midi, midi, false, ARDOUR.PluginInfo (), nil, nil, 1,
        "MIDI " .. number, ARDOUR.PresentationInfo.max_order, ARDOUR.TrackMode.Normal, true)
end
assert (session:save_state ("") == 0)
session = nil
collectgarbage ()
close_session ()
quit ()
"""
_REGION = (
    '<Region name="clip" muted="0" opaque="1" locked="0" automatic="0" whole-file="0" hidden="0"'
    ' start="b0" length="b{length}@b{start}" sync-position="b0" stretch="1" shift="1" layer="0"'
    ' channels="1" id="9001" type="midi" source-0="9000" master-source-0="9000"/>'
)


def lua(
    script: Path, *arguments: str, home: Path, may_crash: bool = False, **environment: str
) -> str:
    """Run a script in Ardour; returns what it printed."""
    own = {"HOME": str(home), "XDG_CONFIG_HOME": str(home / ".config")}
    done = subprocess.run(
        [str(LUA), str(script), *arguments], capture_output=True, text=True, timeout=280,
        env=os.environ | own | environment,
    )  # fmt: skip
    assert may_crash or not done.returncode, done.stdout + done.stderr
    return done.stdout


def song(
    folder: Path, notes: Sequence[tuple[int, float, float]], *, start: float, length: float
) -> Path:
    """A session whose track MIDI 1 has a region, and MIDI 2 none, at 120 in 4/4.

    Args:
        folder: Where the session's folder is made.
        notes: Pitch, beat from the region's beginning, beats; one after another.
        start: Beat at which the region begins.
        length: Its beats.
    """
    make = folder / "make.lua"
    make.write_text(_MAKE, encoding="utf-8")
    session = folder / "song"
    lua(make, str(session), home=folder)
    file = mido.MidiFile(ticks_per_beat=TICKS)
    track = mido.MidiTrack()
    file.tracks.append(track)
    now = 0
    for pitch, beat, beats in notes:
        on, off = round(beat * TICKS), round((beat + beats) * TICKS)
        track.append(mido.Message("note_on", note=pitch, velocity=90, time=on - now))
        track.append(mido.Message("note_off", note=pitch, time=off - on))
        now = off
    file.save(session / "interchange" / "song" / "midifiles" / "clip.mid")
    path = session / "song.ardour"
    text = path.read_text(encoding="utf-8")
    source = '<Source name="clip.mid" type="midi" flags="Writable,CanRename" id="9000" origin=""/>'
    text = text.replace("<Sources/>", f"<Sources>{source}</Sources>")
    region = _REGION.format(length=round(length * TICKS), start=round(start * TICKS))
    text = re.sub(r'(<Playlist id="\d+" name="MIDI 1"[^>]*?)/>', rf"\1>{region}</Playlist>", text)
    path.write_text(text, encoding="utf-8")
    return session
