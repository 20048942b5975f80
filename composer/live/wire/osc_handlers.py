"""OSC handlers: what each address does, beside its arguments and its line of help.

`/composer/help` and the tables of `docs/osc.md` are made from what is written here.

Conventions:
    Channels are 1..16 on the wire and 0..15 inside. A handler is called when its arguments
    are valid. One that only means something to a session that exists makes none.
"""

from __future__ import annotations

from composer import __version__
from composer.encoding.events import TICKS_PER_BEAT, TICKS_PER_SECOND
from composer.errors import ComposerError, SeedError, SettingError
from composer.live.core.improviser import ProposedNote
from composer.live.wire import osc_host, osc_inside, osc_marks, osc_parameters
from composer.live.wire.osc_addresses import KINDS, TRIGGER, AddressTable
from composer.live.wire.osc_codec import Argument
from composer.live.wire.osc_request import Request
from composer.live.wire.session_files import Seed, fit, inside, load_seed, save_inside
from composer.music.beat_grid import BEATS, FREE

MOST_SEED_NOTES = 4096
PER_STATUS = 8
"""Names and values in one status message."""

INCOMING = AddressTable()


# Playing.


@INCOMING.address(
    "note",
    "pitch velocity [channel] [seconds]",
    help="You play a note; velocity 0 ends it. With a length it ends by itself.",
    ok=False,
)
def note(
    request: Request, pitch: int, velocity: int, channel: int = 1, seconds: float | None = None
) -> None:
    """A key is struck, or let go."""
    request.session().note_on(request.now, pitch, velocity, channel - 1, seconds, request.client)


@INCOMING.address("noteoff", "pitch [channel]", help="You end a note.", ok=False)
def note_off(request: Request, pitch: int, channel: int = 1) -> None:
    """A key is let go."""
    if (session := request.existing()) is not None:
        session.note_off(request.now, pitch, channel - 1, request.client)


@INCOMING.address(
    "cc",
    "controller level [channel]",
    help="You move a controller: 64 is the sustain pedal, 123 ends all your notes.",
    ok=False,
)
def control(request: Request, controller: int, level: int, channel: int = 1) -> None:
    """A controller is moved."""
    request.session().control(request.now, controller, level, channel - 1)


@INCOMING.address("program", "program [channel]", help="You take another instrument.", ok=False)
def program(request: Request, program: int, channel: int = 1) -> None:
    """Another instrument is taken."""
    request.session().program(channel - 1, program)


# Seeds.


@INCOMING.address(
    "seed",
    "path",
    help="Read a MIDI file, in the server's folder, as if you had just played it; "
    "in free time, its tempo becomes yours.",
    ok=False,  # when it is read
)
def seed(request: Request, path: str) -> None:
    """A file is read beside the server, and then taken for what was played."""
    folder = request.folder()
    inside(folder, path)
    request.later(lambda: load_seed(folder, path), _take_seed)


def _take_seed(request: Request, seed: Seed | Exception) -> None:
    if isinstance(seed, Exception):
        request.refuse("/composer/seed", seed)
        return
    try:
        session = request.session()
    except SettingError as error:
        request.refuse("/composer/seed", error)
        return
    if session.timeline.kind == FREE and seed.kind == BEATS:
        session.tempo(request.now, seed.bpm)
    timeline = session.timeline
    notes = fit(seed, timeline.kind, timeline.ticks_per_second)
    session.seed(request.now, notes, seed.programs)
    for line in seed.remarks:
        request.reply("remark", "/composer/seed", line)
    request.ok("/composer/seed")


@INCOMING.address(
    "seed/notes",
    "[pitch start_beat duration_beats velocity]*",
    help="Notes of a seed; any number in a message, in any number of messages.",
)
def seed_notes(request: Request, rows: list[tuple[int, float, float, int]]) -> None:
    """Notes are kept until the seed is complete."""
    if not rows:
        raise SeedError("notes come as pitch start_beat duration_beats velocity")
    session = request.session()
    per_beat = TICKS_PER_BEAT if session.timeline.kind == BEATS else TICKS_PER_SECOND / 2
    notes = request.shared.seeds.setdefault(request.key, [])
    if len(notes) + len(rows) > MOST_SEED_NOTES:
        raise SeedError(f"a seed has {MOST_SEED_NOTES} notes at most")
    notes += [
        ProposedNote(
            onset=round(start * per_beat),
            slot=0,
            pitch=pitch,
            duration=max(round(duration * per_beat), 1),
            velocity=max(velocity, 1),
        )
        for pitch, start, duration, velocity in rows
    ]


@INCOMING.address("seed/end", TRIGGER, help="The seed is complete.")
def seed_end(request: Request) -> None:
    """The notes that were kept are taken for what was played."""
    notes = request.shared.seeds.pop(request.key, [])
    if not notes:
        raise SeedError("there are no notes; send them with /composer/seed/notes")
    request.session().seed(request.now, notes, {0: 0})


INCOMING.address(
    "fill",
    "[name value]*",
    help="Write bars anew (bars 9-12) of the notes sent as a seed and not ended, or of what was "
    "played; the notes come back.",
    ok=False,  # when they are written
)(osc_inside.fill)
INCOMING.address(
    "arrange",
    "[name value]*",
    help="Write further parts (add bass,drums) to the same; the notes come back.",
    ok=False,
)(osc_inside.arrange)
INCOMING.address(
    "vary",
    "[name value]*",
    help="Vary bars (bars 5-8) of the same, by a strength of 0 to 1, and keep rhythm, pitches, "
    "contour or bass; what is played there then comes back.",
    ok=False,
)(osc_inside.vary)
INCOMING.address(
    "loop",
    "[name value]*",
    help="Write bars (bars 4) that go on from the same and lead back into their beginning; the "
    "notes come back.",
    ok=False,
)(osc_inside.loop)


# Replies.


@INCOMING.address(
    "generate",
    "[name value]*",
    help="Play now; any parameter for this once, and id to tell the reply by.",
    ok=False,  # by its id
)
def generate(request: Request, parameters: list[tuple[str, Argument]]) -> None:
    """A reply is asked for, whatever the mode."""
    given: dict[str, object] = {name[:40]: value for name, value in parameters}
    number = None
    if "id" in given:
        number = KINDS["id"].read("id", given.pop("id"))  # type: ignore[arg-type]
    session = request.existing()
    try:
        if session is None:
            raise SettingError("there is nothing to go on from; play or send a seed first")
        turn = session.generate(request.now, given, number)
        request.shared.largest_ids[request.key] = max(turn, osc_marks.largest_id(request, session))
        request.ok(turn)
    except ComposerError as error:
        request.refuse("/composer/generate" if number is None else number, error)


@INCOMING.address("phrase/end", TRIGGER, help="Your phrase is over: answer now.")
def phrase_end(request: Request) -> None:
    """The player's turn is over."""
    if (session := request.existing()) is not None:
        session.phrase_end(request.now)


INCOMING.address("like", "[id]", help="You like a reply, the last one: more of it.")(osc_marks.like)
INCOMING.address("dislike", "[id]", help="You do not like a reply.")(osc_marks.dislike)
INCOMING.address("again", TRIGGER, help="Another take of the last reply.", ok=False)(
    osc_marks.again
)
INCOMING.address(
    "taste", "[word]", help="What is known of your taste; reset: forget it.", ok=False
)(osc_marks.taste)


# Parameters, tempo and transport.


INCOMING.address("set", "name value", help="Set a parameter.")(osc_parameters.set_parameter)
INCOMING.address("get", "name", help="Ask for a parameter; the answer is a status.", ok=False)(
    osc_parameters.get_parameter
)
INCOMING.address(
    "param/NAME", "share", help="Set a parameter from a fader over its range.", ok=False
)(osc_parameters.fader)
INCOMING.address("mode", "mode", help="call, continue, accompany or off.")(osc_parameters.mode)
INCOMING.address(
    "chord",
    "[chord]*",
    help="Chords of answers from now on: Am F C G, a bar each, or a chart; none: its own.",
)(osc_parameters.chord)
INCOMING.address(
    "form",
    "[sections]*",
    help="Sections of answers from now on, A being your phrase: AABA, A4 B4 A4; none: its own.",
)(osc_parameters.form)


@INCOMING.address("tempo", "bpm", help="The tempo; 0 is free time.", ok=False)
def tempo(request: Request, bpm: float) -> None:
    """The tempo is known."""
    if 0 < bpm < 10:
        raise SettingError(f"tempo is {bpm:g}, must be 10 to 400, or 0 for free time")
    request.session().tempo(request.now, bpm)


@INCOMING.address("beat", "beat", help="Your beat falls now; beat 0 is a bar line.", ok=False)
def beat(request: Request, beat: float) -> None:
    """The host's beat falls now."""
    request.session().beat(request.now, beat)


@INCOMING.address("transport", "running", help="You stop (0) or start (1).")
def transport(request: Request, running: int) -> None:
    """The host stops or starts."""
    request.session().transport(request.now, bool(running))


@INCOMING.address("reset", TRIGGER, help="Forget what was played.")
def reset(request: Request) -> None:
    """What was played is forgotten."""
    if (session := request.existing()) is not None:
        session.reset(request.now)


@INCOMING.address("panic", TRIGGER, help="Silence everything.")
def panic(request: Request) -> None:
    """All is silenced."""
    if (session := request.existing()) is not None:
        session.panic(request.now)


# Plug-ins.


INCOMING.address(
    "host",
    "moment host_beat bpm upper lower running epoch [waits]",
    help="You are a plug-in in a host, which is here; what follows is at this moment.",
    ok=False,
)(osc_host.host)
INCOMING.address("host/restart", TRIGGER, help="Forget what was played, and where beats lay.")(
    osc_host.restart
)
INCOMING.address("host/close", TRIGGER, help="You are a plug-in, and gone.", ok=False)(
    osc_host.close
)


# Sessions, and what the server says of itself.


@INCOMING.address(
    "save",
    "path",
    help="Save the session so far, in the server's folder.",
    ok=False,  # when it is written
)
def save(request: Request, path: str) -> None:
    """What was played is written to a file."""
    folder = request.folder()
    inside(folder, path)
    session = request.existing()
    log = osc_marks.log_of(session.log if session is not None else None, session is not None).copy()

    def saved(request: Request, result: object) -> None:
        if isinstance(result, Exception):
            request.refuse("/composer/save", result)
        else:
            request.ok("/composer/save")

    request.later(lambda: save_inside(log, folder, path), saved)


@INCOMING.address(
    "subscribe",
    "port [on]",
    help="Send this session to one more port of yours (0: the one you send from); "
    "with 0 behind it, no longer.",
)
def subscribe(request: Request, port: int, on: int = 1) -> None:
    """One more port of the client listens, or no longer does."""
    to = (request.source[0], port or request.source[1])
    request.session()
    if on:
        request.shared.clients.listen(request.key, to)
    else:
        request.shared.clients.unlisten(request.key, to)
        request.silence_at(request.key, to)


@INCOMING.address("session", "name", help="Join a session by its name; main has the MIDI ports.")
def join(request: Request, name: str) -> None:
    """The client moves to another session."""
    shared = request.shared
    if not shared.joins:
        raise SettingError("this server is several processes, and each has its own sessions")
    if not (name.isprintable() and 0 < len(name) <= 40):
        raise SettingError("a session's name has 1 to 40 characters")
    # The session first: a client that is refused stays in its own.
    shared.engine.session(name, request.now)
    left, to = request.key, shared.clients.reply_to(request.source)
    shared.clients.join(request.source, name)
    if left != name:
        request.silence_at(left, to)
        if (session := shared.engine.sessions.get(left)) is not None:
            session.lift_keys(request.now, request.client)
            shared.outputs.append((left, shared.engine.touch(left, request.now)))
    request.used = name


@INCOMING.address("ping", "[token]", help="Answered by a pong.", ok=False)
def ping(request: Request, token: Argument = 0) -> None:
    """The client asks whether anyone is there."""
    if isinstance(token, bool) or not isinstance(token, int | float | str):
        token = 0
    if isinstance(token, int) and not -(2**31) <= token < 2**31:
        token = str(token)
    request.reply("pong", token[:200] if isinstance(token, str) else token)


@INCOMING.address("status", "", help="Answered by how things stand.", ok=False)
def status(request: Request) -> None:
    """The client asks how things stand."""
    shared, key = request.shared, request.key
    rows: list[tuple[str, object]] = [("version", __version__), *shared.about]
    rows += [("sessions", len(shared.engine.sessions)), ("session", str(key)[:60])]
    rows += shared.vitals()
    session = shared.engine.sessions.get(key)
    rows += session.status(request.now) if session is not None else []
    for at in range(0, len(rows), PER_STATUS):
        request.reply("status", *(value for row in rows[at : at + PER_STATUS] for value in row))


@INCOMING.address("help", "", help="Answered by this table.", ok=False)
def help_lines(request: Request) -> None:
    """The client asks which addresses there are."""
    for row in INCOMING:
        request.reply("help", row.name, row.arguments, row.help)
