"""What OSC messages do, address by address, without a socket."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from live.osc_wire import HERE, THERE, Wire
from live.scripted import Echo

from composer.formats import midi
from composer.generation.seed_files import open_seed
from composer.generation.settings import Settings
from composer.live.core.parameters import Values
from composer.live.core.sessions import Sessions
from composer.live.core.turns import PlayerState
from composer.live.wire.osc_clients import MOST_LISTENERS
from composer.live.wire.osc_handlers import INCOMING
from composer.live.wire.osc_router import Router
from composer.live.wire.session_files import load_seed
from composer.music.notes import Note, Part, Piece
from composer.music.timing import TempoMap


def test_every_address_of_the_table_is_understood() -> None:
    wire = Wire()
    for address in INCOMING:
        name = address.name.removeprefix("/composer/").replace("NAME", "density")
        answer = wire.send(name, "nonsense", "more", "and more")
        assert "no such address" not in str(answer), address.name


def test_a_phrase_and_its_answer() -> None:
    wire = Wire()
    wire.send("note", 60, 100)
    wire.let(0.5)
    wire.send("note", 60, 0)
    assert wire.send("phrase/end") == [("ok", "/composer/phrase/end")]
    assert [play[:3] for play in wire.let(5)] == [(72, 100, 0), (72, 0, 0)]


def test_chords_and_form_of_answers_are_given() -> None:
    wire = Wire()
    wire.send("tempo", 120)
    values = wire.engine.sessions["main"].values
    assert wire.send("chord", "Am F | C G") == [("ok", "/composer/chord")]
    assert values.text("chords") == "Am F | C G"
    assert wire.send("chord", "Dm7", "G7") == [("ok", "/composer/chord")]
    assert values.text("chords") == "Dm7 G7"
    assert wire.send("form", "A4 B4") == [("ok", "/composer/form")]
    assert wire.send("form") == wire.send("form", "off") == [("ok", "/composer/form")]
    assert wire.send("chord") == [("ok", "/composer/chord")]
    assert values.text("chords") == values.text("form") == ""


@pytest.mark.parametrize(
    ("address", "given", "wrong"),
    [
        ("chord", ("Am H7",), "chords, bar 2: chord is 'H7'"),
        ("chord", ("|",), "chords has no chord"),
        ("chord", (7.5, "Am"), "chord is missing or no text"),
        ("form", ("AXa",), "form is 'AXa', must be letters"),
        ("form", ("A4 B",), "form is 'A4 B': give bars behind every letter"),
        ("form", ("A60 B60",), "form is 'A60 B60' and has 120 bars, must be at most 64"),
    ],
)
def test_what_is_no_chord_and_no_form_is_refused_in_a_line(
    address: str, given: tuple[object, ...], wrong: str
) -> None:
    wire = Wire()
    wire.send("tempo", 120)
    [(kind, about, line)] = wire.send(address, *given)
    assert (kind, about) == ("error", f"/composer/{address}")
    assert str(line).startswith(wrong) and "\n" not in str(line)


def test_a_form_longer_than_the_bars_is_refused_whichever_is_given_first() -> None:
    wire = Wire()
    wire.send("tempo", 120)
    wire.send("set", "bars", 4)
    [(kind, _, line)] = wire.send("form", "A4 B4")
    assert kind == "error"
    assert line == "form is 'A4 B4' and has 8 bars, but bars is 4: set bars to 8, or to 0"
    wire.send("set", "bars", 0)
    wire.send("form", "AABA")
    [(kind, _, line)] = wire.send("set", "bars", 3)
    assert kind == "error" and "AABA" in str(line)


def test_in_free_time_there_are_no_bars_for_chords() -> None:
    wire = Wire()
    for address, text in (("chord", "Am"), ("form", "AB")):
        [(kind, _, line)] = wire.send(address, text)
        assert kind == "error"
        assert line == "in free time there are no bars to plan: send /composer/tempo first"
    assert wire.send("chord") == [("ok", "/composer/chord")]


def test_floats_are_ints_as_pure_data_sends_them() -> None:
    wire = Wire()
    wire.send("note", 60.0, 100.0, 1.0, 0.25)
    wire.let(0.3)
    wire.send("phrase/end", 1.0)
    assert [play[:3] for play in wire.let(5)][:1] == [(72, 100, 0)]


def test_a_button_let_go_does_nothing() -> None:
    wire = Wire()
    wire.send("note", 60, 100, 1, 0.25)
    for trigger in ("phrase/end", "panic", "reset", "seed/end", "generate"):
        assert wire.send(trigger, 0) == []
        assert wire.send(trigger, 0.0) == []
        assert wire.send(trigger, False) == []
    assert wire.engine.sessions["main"].phrases.state is not PlayerState.SILENT


@pytest.mark.parametrize(
    "address, arguments",
    [
        ("note", ()),
        ("note", (60,)),
        ("note", (128, 64)),
        ("note", (-1, 64)),
        ("note", (math.nan, 64)),
        ("note", (60, math.inf)),
        ("note", (60, 64, 17)),
        ("note", (60, 64, 0)),
        ("note", (60, 64, 1, -1)),
        ("note", (60, 64, 1, math.nan)),
        ("note", ("60", 64)),
        ("note", (2**63, 64)),
        ("note", (None, b"x")),
        ("cc", (64,)),
        ("set", ("temperature",)),
        ("set", ("temperature", math.nan)),
        ("set", ("temperature", 5.1)),
        ("set", ("temprature", 1)),
        ("set", (b"x", 1)),
        ("set", ("key", "H:dur")),
        ("set", ("key", 5)),
        ("set", ("metre", "4/5")),
        ("set", ("band", "kazoo")),
        ("get", ("nothing",)),
        ("param/temperature", (1.5,)),
        ("param/key", (0.5,)),
        ("param/", (0.5,)),
        ("mode", ("sing",)),
        ("mode", (1,)),
        ("tempo", (-1,)),
        ("tempo", (math.nan,)),
        ("tempo", (5,)),
        ("beat", (1e30,)),
        ("seed/notes", (60, 0, 1)),
        ("seed/notes", (60, math.inf, 1, 64)),
        ("seed/end", ()),
        ("generate", ("bars",)),
        ("generate", ("bars", -1)),
        ("seed", ("x.mid",)),
        ("save", ("x.mid",)),
        ("subscribe", (70000,)),
        ("session", ("",)),
        ("session", ("x" * 100,)),
        ("nonsense", ()),
    ],
)
def test_what_makes_no_sense_is_said_to_make_none(
    address: str, arguments: tuple[object, ...]
) -> None:
    wire = Wire()
    (answer,) = wire.send(address, *arguments)
    assert answer[0] == "error"
    assert "\n" not in str(answer[2])
    assert "defect" not in str(answer[2])


def test_generate_echoes_the_id() -> None:
    wire = Wire()
    assert wire.send("generate", "id", 7)[0][:2] == ("error", 7)
    wire.send("note", 60, 100, 1, 0.1)
    wire.let(0.2)
    assert wire.send("generate", "bars", 2, "temperature", 0.5, "id", 7) == [("ok", 7)]
    assert wire.send("get", "temperature") == [("status", "temperature", 0.95)]


def test_parameters() -> None:
    wire = Wire()
    assert wire.send("set", "temperature", 1) == [("ok", "/composer/set")]
    assert wire.send("get", "temperature") == [("status", "temperature", 1.0)]
    assert wire.send("param/temperature", 0.25) == []
    assert wire.send("get", "temperature") == [("status", "temperature", 0.5)]
    wire.send("mode", "continue")
    assert wire.send("get", "mode") == [("status", "mode", "continue")]
    wire.send("param/mode", 0.99)
    assert wire.send("get", "mode") == [("status", "mode", "off")]


def test_a_fader_leaves_an_octave() -> None:
    wire = Wire()
    wire.send("param/high", 0.0)
    assert wire.send("get", "high") == [("status", "high", 12.0)]
    wire.send("param/high", 1.0)
    wire.send("param/low", 1.0)
    assert wire.send("get", "low") == [("status", "low", 115.0)]


def test_parameters_reach_the_network() -> None:
    values = Values()
    assert values.settings().as_dict() == Settings().as_dict()
    for name, value in (("recall", 0), ("density", 2.5), ("low", 40), ("key", "C:minor")):
        values.set(name, value)
    told = Settings(recall=0, density=2.5, pitch_range=(40, 127), key="C:minor")
    assert values.settings().as_dict() == told.as_dict()


def test_sessions_of_their_own() -> None:
    wire = Wire(reply_port=None)
    wire.send("set", "temperature", 0.1)
    wire.send("set", "temperature", 0.2, source=THERE)
    assert wire.send("get", "temperature") == [("status", "temperature", 0.1)]
    wire.send("session", "together")
    wire.send("session", "together", source=THERE)
    wire.send("set", "temperature", 0.3)
    assert wire.send("get", "temperature", source=THERE) == [("status", "temperature", 0.3)]
    assert set(wire.router.clients.listeners("together")) == {HERE, THERE}


def test_asking_makes_no_session() -> None:
    wire = Wire(reply_port=None)
    for question in ("ping", "help", "status", "nonsense"):
        wire.send(question)
    assert not wire.engine.sessions


def test_several_listen() -> None:
    wire = Wire()
    wire.send("subscribe", 9300)
    wire.send("subscribe", 0)
    assert set(wire.router.clients.listeners("main")) == {
        ("127.0.0.1", 9191), ("127.0.0.1", 9300), HERE,
    }  # fmt: skip
    wire.send("subscribe", 9300, 0)
    assert ("127.0.0.1", 9300) not in wire.router.clients.listeners("main")


@pytest.mark.parametrize("leaving", [("session", "elsewhere"), ("subscribe", 0, 0)])
def test_at_one_who_leaves_what_sounds_ends(leaving: tuple[object, ...]) -> None:
    wire = Wire(reply_port=None)
    wire.send("note", 60, 100, 1, 0.4)
    wire.let(0.5)
    wire.send("phrase/end")
    assert [play[:3] for play in wire.let(0.1)] == [(72, 100, 0)]
    wire.send(*leaving)  # type: ignore[arg-type]
    assert [(to, play[:3]) for to, play in wire.router.take_ends()] == [(HERE, (72, 0, 0))]


def test_the_keys_of_one_who_leaves_come_up() -> None:
    wire = Wire(reply_port=None)
    for source in (HERE, THERE):
        wire.send("session", "together", source=source)
    wire.send("note", 60, 100, source=THERE)
    wire.send("note", 64, 100, 1, 0.2)
    wire.send("session", "elsewhere", source=THERE)
    wire.let(0.3)
    assert wire.engine.sessions["together"].phrases.keyboard.quiet_since is not None


def test_help_is_the_table() -> None:
    assert [row[1] for row in Wire().send("help")] == [address.name for address in INCOMING]


def test_pong() -> None:
    assert Wire().send("ping", 5) == [("pong", 5)]
    assert Wire().send("ping", "x" * 5000)[0][0] == "pong"
    assert Wire().send("ping", 2**40) == [("pong", str(2**40))]


def test_seed_from_notes() -> None:
    wire = Wire()
    assert wire.send("seed/notes", 60, 0, 1, 80, 62, 1, 1, 80) == [("ok", "/composer/seed/notes")]
    assert wire.send("seed/end") == [("ok", "/composer/seed/end")]
    wire.send("generate", "bars", 1)
    assert [play.pitch for play in wire.let(5) if play.velocity] == [72, 74]


def test_a_seed_is_taken_as_generate_takes_it_and_says_so(tmp_path: Path) -> None:
    """A ritardando at the end: the tempo is that before it, and the remark is told."""
    notes = tuple(Note(480 * i, 60 + i, 480, 80) for i in range(16))
    tempos = TempoMap(((0, 500_000), (14 * 480, 600_000), (15 * 480, 750_000)))
    midi.save(midi.from_piece(Piece((Part(notes),), tempos=tempos)), tmp_path / "a.mid")
    wire = Wire(files=tmp_path)
    remark, done = wire.send("seed", "a.mid")
    assert done == ("ok", "/composer/seed")
    assert remark[:2] == ("remark", "/composer/seed")
    assert (
        remark[2]
        == open_seed(tmp_path / "a.mid").remarks_on(open_seed(tmp_path / "a.mid").analysis())[0]
    )
    assert load_seed(tmp_path, "a.mid").bpm == pytest.approx(120)


def test_seed_and_save_in_the_folder(tmp_path: Path) -> None:
    notes = tuple(Note(480 * i, 60 + i, 480, 80) for i in range(8))
    midi.save(midi.from_piece(Piece((Part(notes),))), tmp_path / "a.mid")
    wire = Wire(files=tmp_path)
    assert wire.send("seed", "a.mid") == [("ok", "/composer/seed")]
    wire.send("generate", "bars", 2)
    assert [play.pitch for play in wire.let(10) if play.velocity] == list(range(72, 80))
    assert wire.send("save", "jam.mid") == [("ok", "/composer/save")]
    assert midi.read(tmp_path / "jam.mid").note_count == 8
    for name, reason in (
        ("jam.mid", "jam.mid exists; choose another name"),
        ("no/jam.mid", "the folder no does not exist; make it first"),
    ):
        assert wire.send("save", name) == [("error", "/composer/save", reason)]


@pytest.mark.parametrize(
    "name",
    [
        "../out.mid", "/etc/passwd", "/tmp/x.mid", "a/../../x.mid", "..\\x.mid", "C:\\x.mid",
        "link/x.mid", "link.mid", "x.txt", "", "x\0.mid", "\\\\host\\x.mid", ".", "~/x.mid/..",
        "a" * 600 + ".mid",
    ],
)  # fmt: skip
def test_nothing_leads_out_of_the_folder(tmp_path: Path, name: str) -> None:
    outside, folder = tmp_path / "outside", tmp_path / "folder"
    outside.mkdir()
    folder.mkdir()
    (folder / "link").symlink_to(outside)
    (folder / "link.mid").symlink_to(outside / "x.mid")
    (outside / "x.mid").write_bytes(b"secret")
    wire = Wire(files=folder)
    wire.send("note", 60, 100, 1, 0.1)
    wire.let(0.2)
    for verb in ("seed", "save"):
        (answer,) = wire.send(verb, name)
        assert answer[0] == "error"
        assert str(tmp_path) not in str(answer)
    assert (outside / "x.mid").read_bytes() == b"secret"
    assert len(list(tmp_path.rglob("*"))) == 5


def test_whoever_cannot_join_stays_where_they_are() -> None:
    wire = Wire(reply_port=None)
    wire.engine = Sessions(Echo, most=1)
    wire.router = Router(wire.engine, reply_port=None)
    wire.send("set", "temperature", 0.5)
    (answer,) = wire.send("session", "elsewhere")
    assert answer[:2] == ("error", "/composer/session")
    assert wire.send("get", "temperature") == [("status", "temperature", 0.5)]
    wire.send("note", 60, 100, 1, 0.1)
    wire.let(0.2)
    wire.send("phrase/end")
    assert set(wire.router.clients.listeners("127.0.0.1:5000")) == {HERE}
    assert list(wire.engine.sessions) == ["127.0.0.1:5000"]


def test_a_full_session_is_not_joined() -> None:
    wire = Wire(reply_port=None)
    for port in range(MOST_LISTENERS):
        wire.send("session", "crowd", source=("127.0.0.1", 6000 + port))
    (answer,) = wire.send("session", "crowd")
    assert "listen to this session already" in str(answer[2])
    wire.send("set", "temperature", 0.5)
    assert wire.send("get", "temperature", source=("127.0.0.1", 6000))[0][2] == 0.95


@pytest.mark.parametrize(
    "address, arguments",
    [
        ("noteoff", (60,)), ("phrase/end", ()), ("reset", ()), ("panic", ()), ("like", ()),
        ("get", ("key",)), ("generate", ()), ("seed/end", ()), ("save", ("a.mid",)),
        ("note", (60, 128)), ("set", ("temprature", 1)), ("mode", ("sing",)), ("tempo", (5,)),
        ("param/nothing", (0.5,)),
    ],
)  # fmt: skip
def test_what_needs_no_session_makes_none(
    address: str, arguments: tuple[object, ...], tmp_path: Path
) -> None:
    wire = Wire(reply_port=None, files=tmp_path)
    wire.send(address, *arguments)
    assert not wire.engine.sessions
