"""composer in Ableton Live: a control surface that continues, fills and varies clips.

Not tested in Live. It goes by the interface that Live's own control surfaces use; in the
project's tests a stand-in for that runs it.

Select a MIDI clip and rename it (Ctrl+R or Cmd+R) to `continue`, `fill` or `vary`: it gets
its name back, and what was asked for. With a number behind the word, `continue 8`, it goes
on for so many bars. `fill` and `vary` are about the clip's loop. Live's undo takes it back.
"""

import os
import subprocess
import tempfile
import threading

COMMAND = r"""@COMPOSER@"""
VERBS = ("continue", "fill", "vary")
BARS = 4

try:
    from _Framework.ControlSurface import ControlSurface
except ImportError:  # outside of Live
    ControlSurface = object


def create_instance(c_instance):
    """What Live calls when the control surface is chosen."""
    return Composer(c_instance)


def clip_lines(clip, song, verb, bars=BARS):
    """A clip as `composer clip` reads it, and the clip's beginning in beats."""
    begin = clip.loop_start if clip.looping else clip.start_marker
    end = clip.loop_end if clip.looping else clip.end_marker
    notes = clip.get_notes_extended(0, 128, 0, max(clip.end_marker, end))
    lines = [
        f"bpm {song.tempo:.6f}",
        f"metre {clip.signature_numerator} {clip.signature_denominator}",
        "length {:.6f}".format(end if verb != "continue" else end - begin),
    ]
    if verb == "continue":
        lines.append(f"setting bars {bars}")
    else:
        lines.append(f"selection {begin:.6f} {end:.6f}")
        begin = 0.0
    for note in notes:
        if not note.mute and note.start_time >= begin:
            lines.append(
                f"note {note.pitch} {note.start_time - begin:.6f} {note.duration:.6f} "
                f"{round(note.velocity)} 1"
            )
    return lines, begin


def ask(verb, lines, run=subprocess.run):
    """What composer answers, as lines; or None and what went wrong."""
    folder = tempfile.mkdtemp(prefix="composer-")
    given, answer = (os.path.join(folder, name) for name in ("clip.txt", "answer.txt"))
    try:
        with open(given, "w") as file:
            file.write("\n".join(lines) + "\n")
        done = run(
            f'{COMMAND} clip {verb} "{given}" "{answer}"',
            shell=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        if not os.path.exists(answer):
            return None, done.stdout.decode("utf-8", "replace").strip()
        with open(answer) as file:
            return file.read().splitlines(), ""
    finally:
        for path in (given, answer):
            if os.path.exists(path):
                os.remove(path)
        os.rmdir(folder)


def put(clip, begin, lines, specification):
    """Put an answer into a clip.

    Args:
        clip: Live's.
        begin: The beat of the clip at which the answer's beat 0 lies.
        lines: The answer.
        specification: Makes a note: Live.Clip.MidiNoteSpecification.
    """
    notes = []
    for line in lines:
        words = line.split()
        if words[0] == "clear":
            start, end = float(words[1]), float(words[2])
            clip.remove_notes_extended(0, 128, begin + start, end - start)
        elif words[0] == "note":
            pitch, start, length, velocity = (float(word) for word in words[1:5])
            notes.append(
                specification(
                    pitch=int(pitch),
                    start_time=begin + start,
                    duration=length,
                    velocity=velocity,
                )
            )
        elif words[0] == "end":
            end = begin + float(words[1])
            if end > clip.end_marker:
                clip.end_marker = end
            if clip.looping and end > clip.loop_end:
                clip.loop_end = end
    clip.add_new_notes(tuple(notes))


class Composer(ControlSurface):
    """Waits for the clip that is shown to be called like something that composer can do."""

    def __init__(self, c_instance):
        super().__init__(c_instance)
        self._clip, self._name, self._answer = None, "", None
        self.song().view.add_detail_clip_listener(self._shown)
        self._shown()

    def disconnect(self):
        """Live takes the control surface away."""
        self.song().view.remove_detail_clip_listener(self._shown)
        self._watch(None)
        super().disconnect()

    def update_display(self):
        """Live calls this ten times a second, on the thread that may change clips."""
        super().update_display()
        if self._answer is None:
            return
        clip, begin, lines, problem = self._answer
        self._answer = None
        if lines is None:
            self.show_message(f"composer: {problem}")
            return
        from Live.Clip import MidiNoteSpecification

        song = self.song()
        song.begin_undo_step()
        put(clip, begin, lines, MidiNoteSpecification)
        song.end_undo_step()
        self.show_message("composer is done")

    def _shown(self):
        clip = self.song().view.detail_clip
        self._watch(clip if clip is not None and clip.is_midi_clip else None)

    def _watch(self, clip):
        if self._clip is not None:
            self._clip.remove_name_listener(self._renamed)
        self._clip = clip
        if clip is not None:
            self._name = clip.name
            clip.add_name_listener(self._renamed)

    def _renamed(self):
        words = self._clip.name.lower().split()
        if not words or words[0] not in VERBS or self._answer is not None:
            self._name = self._clip.name
            return
        bars = int(words[1]) if len(words) > 1 and words[1].isdigit() else BARS
        clip, name = self._clip, self._name
        # Live allows no change from within a listener.
        self.schedule_message(1, lambda: setattr(clip, "name", name))
        lines, begin = clip_lines(clip, self.song(), words[0], bars)
        self.show_message("composer is at work ...")

        def work():
            answer, problem = ask(words[0], lines)
            self._answer = (clip, begin, answer, problem)

        threading.Thread(target=work, daemon=True).start()
