"""Ardour without a window: songs of a MIDI region, and scripts that it runs."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path

import mido

NUDGE_AFTER, NUDGES = 45.0, 6
"""Seconds after which Ardour is taken to hang, and how often it is nudged then before the test
fails: it needs ten to forty, on a busy computer too."""
LUA = next((path for name in ("ardour8-lua", "ardour7-lua") if (path := shutil.which(name))), None)
TICKS = 1920
"""Ardour's, to the beat."""

_MAKE = """
AudioEngine:set_backend ("None (Dummy)", "", "")
local session = create_session (arg[1], "song", 48000)
local midi = ARDOUR.ChanCount (ARDOUR.DataType ("midi"), 1)
for number = 1, tonumber (arg[2]) do
    session:new_midi_track (midi, midi, false, ARDOUR.PluginInfo (), nil, nil, 1,
        "MIDI " .. number, ARDOUR.PresentationInfo.max_order, ARDOUR.TrackMode.Normal, true)
end
assert (session:save_state ("") == 0)
session = nil
collectgarbage ()
close_session ()
quit ()
"""
_SOURCE = '<Source name="clip{n}.mid" type="midi" flags="Writable,CanRename" id="{n}" origin=""/>'
_REGION = (
    '<Region name="clip" muted="0" opaque="1" locked="0" automatic="0" whole-file="0" hidden="0"'
    ' start="b0" length="b{length}@b{start}" sync-position="b0" stretch="1" shift="1" layer="0"'
    ' channels="1" id="{id}" type="midi" source-0="{source}" master-source-0="{source}"/>'
)
_IDS = 9000
"""From here on, nothing else in a session has a number."""

Phrase = Sequence[tuple[int, float, float]]
"""Pitch, beat from the region's beginning, beats; one after another."""


def lua(
    script: Path, *arguments: str, home: Path, may_crash: bool = False, **environment: str
) -> str:
    """Run a script in Ardour; returns what it printed.

    Raises:
        AssertionError: The script failed, or Ardour did not come to its end.
    """
    own = {"HOME": str(home), "XDG_CONFIG_HOME": str(home / ".config")}
    running = subprocess.Popen(
        [str(LUA), str(script), *arguments], text=True, env=os.environ | own | environment,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    for _ in range(NUDGES):
        try:
            out, errors = running.communicate(timeout=NUDGE_AFTER)
            break
        except subprocess.TimeoutExpired:
            # Ardour 7.3 now and then sleeps on its lock for connecting tracks after that was
            # let go (Session::auto_connect_route): threads that are stopped and continued look
            # at their locks again.
            running.send_signal(signal.SIGSTOP)
            running.send_signal(signal.SIGCONT)
    else:
        running.kill()
        out, errors = running.communicate()
        raise AssertionError(f"Ardour hangs: {out}{errors}")
    assert may_crash or not running.returncode, out + errors
    return out


def song(folder: Path, *phrases: Phrase, start: float, length: float, tracks: int = 2) -> Path:
    """A session at 120 in 4/4, whose track MIDI 1 has a region of a phrase, MIDI 2 of the next ...

    Args:
        folder: Where the session's folder is made.
        phrases: What is in the regions.
        start: Beat at which each begins.
        length: Its beats.
        tracks: How many there are.
    """
    make = folder / "make.lua"
    make.write_text(_MAKE, encoding="utf-8")
    session = folder / "song"
    lua(make, str(session), str(tracks), home=folder)
    path = session / "song.ardour"
    text = path.read_text(encoding="utf-8")
    sources = ""
    for number, phrase in enumerate(phrases, 1):
        source = _IDS + 2 * number
        midi_file(phrase).save(session / "interchange" / "song" / "midifiles" / f"clip{source}.mid")
        sources += _SOURCE.format(n=source)
        region = _REGION.format(
            length=round(length * TICKS), start=round(start * TICKS), id=source + 1, source=source
        )
        playlist = rf'(<Playlist id="\d+" name="MIDI {number}"[^>]*?)/>'
        text = re.sub(playlist, rf"\1>{region}</Playlist>", text)
    text = text.replace("<Sources/>", f"<Sources>{sources}</Sources>")
    path.write_text(text, encoding="utf-8")
    return session


def midi_file(phrase: Phrase) -> mido.MidiFile:
    """A phrase as Ardour keeps one."""
    file = mido.MidiFile(ticks_per_beat=TICKS)
    track = mido.MidiTrack()
    file.tracks.append(track)
    now = 0
    for pitch, beat, beats in phrase:
        on, off = round(beat * TICKS), round((beat + beats) * TICKS)
        track.append(mido.Message("note_on", note=pitch, velocity=90, time=on - now))
        track.append(mido.Message("note_off", note=pitch, time=off - on))
        now = off
    return file


def recorded(path: Path) -> list[tuple[int, int, int, int]]:
    """What Ardour recorded: pitch, onset and end in ticks, and velocity, in order of onset."""
    file = mido.MidiFile(path)
    now, begun, notes = 0, {}, []
    for message in mido.merge_tracks(file.tracks):
        now += message.time
        tick = now * TICKS // file.ticks_per_beat
        if message.type == "note_on" and message.velocity:
            assert message.note not in begun
            begun[message.note] = (tick, message.velocity)
        elif message.type in ("note_on", "note_off"):
            onset, velocity = begun.pop(message.note)
            notes.append((message.note, onset, tick, velocity))
    assert not begun, "a note was never ended"
    return sorted(notes, key=lambda note: note[1])
