"""Addresses: every OSC address there is, what it takes, and what it does.

This table is what `/composer/help` sends, what `docs/osc.md` prints (a test compares them)
and what the router dispatches by. Square brackets mean optional, a star any number.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Address(NamedTuple):
    """One address.

    Attributes:
        name: In full; a part in capitals stands for any name.
        arguments: What it takes.
        text: What it does.
        answered: Whether it is answered by `/composer/ok` or `/composer/error`; where not,
            errors are sent all the same.
    """

    name: str
    arguments: str
    text: str
    answered: bool = True


INCOMING: Final = (
    Address(
        "/composer/note", "pitch velocity [channel] [seconds]",
        "You play a note; velocity 0 ends it. With a length it ends by itself.", False,
    ),
    Address("/composer/noteoff", "pitch [channel]", "You end a note.", False),
    Address(
        "/composer/cc", "number value [channel]",
        "You move a controller: 64 is the sustain pedal, 123 ends all your notes.", False,
    ),
    Address("/composer/program", "program [channel]", "You take another instrument.", False),
    Address(
        "/composer/seed", "path",
        "Read a MIDI file, in the server's folder, as if you had just played it.",
    ),
    Address(
        "/composer/seed/notes", "[pitch start_beat duration_beats velocity]*",
        "Notes of a seed; any number in a message, in any number of messages.",
    ),
    Address("/composer/seed/end", "", "The seed is complete."),
    Address(
        "/composer/generate", "[name value]*",
        "Play now; any parameter for this once, and id to tell the reply by.",
    ),
    Address("/composer/set", "name value", "Set a parameter."),
    Address("/composer/get", "name", "Ask for a parameter; the answer is a status."),
    Address(
        "/composer/param/NAME", "0..1", "Set a parameter from a fader over its range.", False
    ),
    Address("/composer/mode", "mode", "call, continue, accompany or off."),
    Address("/composer/tempo", "bpm", "The tempo; 0 is free time.", False),
    Address("/composer/beat", "beat", "Your beat falls now; beat 0 is a bar line.", False),
    Address("/composer/transport", "0 or 1", "You stop or start."),
    Address("/composer/phrase/end", "[1]", "Your phrase is over: answer now."),
    Address("/composer/reset", "[1]", "Forget what was played."),
    Address("/composer/panic", "[1]", "Silence everything."),
    Address("/composer/like", "[id]", "Mark a reply as good in the session's log."),
    Address("/composer/dislike", "[id]", "Mark a reply as bad in the session's log."),
    Address("/composer/save", "path", "Save the session so far, in the server's folder."),
    Address(
        "/composer/subscribe", "port [0]",
        "Send this session to one more port of yours (0: the one you send from); 0 ends it.",
    ),
    Address("/composer/session", "name", "Join a session by its name; main has the MIDI ports."),
    Address("/composer/ping", "[token]", "Answered by a pong."),
    Address("/composer/status", "", "Answered by how things stand."),
    Address("/composer/help", "", "Answered by this table."),
)  # fmt: skip

OUTGOING: Final = (
    Address("/composer/phrase/begin", "id bpm beats", "A reply begins; beats 0: open end."),
    Address(
        "/composer/phrase/note", "id pitch start_beat duration_beats velocity channel",
        "A note of it, as soon as it is known; beats from the reply's beginning.",
    ),
    Address("/composer/phrase/end", "id count", "The reply is complete, or was broken off."),
    Address(
        "/composer/play", "pitch velocity channel",
        "A note, at the moment at which it is due; velocity 0 ends it.",
    ),
    Address("/composer/pong", "token", "The answer to a ping."),
    Address("/composer/status", "[name value]*", "How things stand."),
    Address("/composer/help", "address arguments text", "A line of this table."),
    Address("/composer/ok", "id", "Done; the id given, or else the address."),
    Address("/composer/error", "id text", "Not done, and why."),
)  # fmt: skip
