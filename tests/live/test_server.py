"""The running server, over real sockets on loopback."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from live.jam import check_paired
from live.osc_bundles import bundle
from live.running import PATIENCE, Client, process, running
from live.scripted import Organ
from pythonosc.osc_bundle_builder import OscBundleBuilder
from pythonosc.osc_message_builder import OscMessageBuilder
from pythonosc.udp_client import SimpleUDPClient

from composer.errors import OutputError
from composer.formats import midi
from composer.live.core.improviser import ProposedNote
from composer.live.wire.osc_codec import encode
from composer.live.wire.udp_transport import open_udp

DATAGRAMS = int(os.environ.get("COMPOSER_DATAGRAMS", 20_000))
"""Hostile datagrams of the short form; the long form is 100,000."""


@pytest.fixture(autouse=True)
def _own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMPOSER_STATE", str(tmp_path / "state"))


def play_chord(client: Client) -> None:
    """A chord to be answered by another."""
    notes = [encode("/composer/note", (pitch, 100)) for pitch in (60, 64, 67)]
    client.raw(bundle(notes))
    time.sleep(0.3)
    client.send("phrase/end")


def hear_chord(client: Client) -> None:
    while sum(velocity > 0 for _, velocity, _ in client.plays) < 3:
        client.until("play")


def test_a_phrase_is_answered() -> None:
    with running() as (_, client):
        play_chord(client)
        hear_chord(client)
        while any(velocity for _, velocity, _ in client.plays) and len(client.plays) < 6:
            client.until("play")
        check_paired(client.plays)
        assert {pitch for pitch, _, _ in client.plays} == {72, 76, 79}


def test_python_osc_and_its_bundles() -> None:
    with running() as (_, client), SimpleUDPClient("127.0.0.1", client.to[1]) as theirs:
        theirs.send_message("/composer/ping", 5)
        assert b"/composer/pong" in theirs.receive(PATIENCE)
        # A bundle dated half a second ahead: heard then, and nobody waits for it.
        due = time.time() + 0.5
        ahead = OscBundleBuilder(due)  # type: ignore[arg-type]
        message = OscMessageBuilder("/composer/ping")
        message.add_arg("later")
        ahead.add_content(message.build())
        theirs.send(ahead.build())
        theirs.send_message("/composer/ping", "now")
        first = theirs.receive(PATIENCE)
        if b"later" in first:  # only where the machine stood still until then
            assert time.time() > due - 0.05
        second = theirs.receive(PATIENCE)
        assert time.time() > due - 0.05
        assert {b"now" in first, b"now" in second} == {True, False}
        assert {b"later" in first, b"later" in second} == {True, False}


def until_taken(port: int) -> None:
    """Wait until someone listens on a UDP port here."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            open_udp("0.0.0.0", port).close()
        except OutputError:
            return
        time.sleep(0.05)
    raise AssertionError(f"nobody listens on {port}")


@pytest.mark.skipif(shutil.which("oscsend") is None, reason="liblo-tools is not installed")
def test_oscsend_and_oscdump() -> None:
    probe = Client(1)
    port = probe.port
    probe.close()
    with running(reply_port=port) as (_, client):

        def oscsend(address: str, *arguments: str) -> None:
            to = ["oscsend", "localhost", str(client.to[1]), "/composer/" + address]
            subprocess.run([*to, *arguments], check=True, timeout=PATIENCE)

        dump = subprocess.Popen(["oscdump", "-L", str(port)], stdout=subprocess.PIPE, text=True)
        try:
            assert dump.stdout is not None
            until_taken(port)
            oscsend("note", "iiif", "60", "100", "1", "0.2")
            oscsend("phrase/end")
            lines = [dump.stdout.readline() for _ in range(6)]
        finally:
            dump.kill()
            dump.wait()
            dump.stdout.close()
    text = "".join(lines)
    for part in ("phrase/begin iff 1", "phrase/note", "phrase/end ii 1 1", "play iii 72 100 1",
                 "play iii 72 0 1", "ok s"):  # fmt: skip
        assert part in text


def test_two_clients_do_not_disturb_each_other() -> None:
    with running() as (_, one):
        two = Client(one.to[1])
        one.send("set", "temperature", 0.1)
        one.until("ok")
        two.send("get", "temperature")
        assert two.until("status").arguments[1] == pytest.approx(0.95)
        play_chord(one)
        hear_chord(one)
        two.drain(0.1)
        assert two.plays == []
        two.close()


def test_one_port_for_all_and_subscribers() -> None:
    receiver = Client(1)
    with running(reply_port=receiver.port) as (_, sender):
        extra = Client(1)
        sender.send("subscribe", extra.port)
        receiver.until("ok")
        play_chord(sender)
        hear_chord(receiver)
        hear_chord(extra)
        assert {pitch for pitch, _, _ in receiver.plays} == {72, 76, 79}
        assert sender.plays == []
        extra.close()
    receiver.close()


def test_a_client_that_is_gone_is_forgotten() -> None:
    with running(Organ, idle=1.0) as (app, client):
        play_chord(client)
        hear_chord(client)
        assert len(client.plays) == 3
        gone = time.monotonic()
        while len(app.server.engine.sessions) > 1:
            assert time.monotonic() - gone < PATIENCE
            time.sleep(0.05)
        client.drain()
        check_paired(client.plays)


class Fickle(Organ):
    """Has no ideas once it heard the lowest key, but a fault."""

    def take(self) -> list[ProposedNote]:
        if any(pitch == 0 for _, _, pitch, _, _ in self.heard):
            raise RuntimeError("out of order")
        return super().take()


def test_an_error_in_one_session_silences_it_and_no_other(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with running(Fickle) as (_, client):
        other = Client(client.to[1])
        for player in (client, other):
            play_chord(player)
            hear_chord(player)
        client.send("set", "interrupt", 0)
        client.send("note", 0, 100)
        while len(client.plays) < 6:
            client.until("play")
        check_paired(client.plays)
        other.drain()
        assert len(other.plays) == 3
        play_chord(client)  # and it may begin again
        while len(client.plays) < 9:
            client.until("play")
        other.close()
    assert "out of order" in caplog.text


def test_the_port_is_loopback_unless_asked() -> None:
    with running() as (app, _):
        assert app.ready["osc_host"] == "127.0.0.1"
        assert app.ready["osc_host"] == "127.0.0.1"


def test_a_taken_port_is_one_clear_line() -> None:
    with running() as (_, client), pytest.raises(OutputError, match="another composer"):
        open_udp("127.0.0.1", client.to[1])


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_in_the_middle_of_a_chord(tmp_path: Path, how: signal.Signals) -> None:
    with process(tmp_path / "state", 'improviser="organ"') as (serving, port):
        client = Client(port)
        play_chord(client)
        hear_chord(client)
        assert len(client.plays) == 3
        serving.send_signal(how)
        assert serving.wait(PATIENCE) == 0
        client.drain()
        check_paired(client.plays)
        client.close()
    assert list((tmp_path / "state").iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
def test_after_kill_9_the_next_start_cleans_up(tmp_path: Path) -> None:
    with process(tmp_path / "state", 'improviser="organ"') as (serving, port):
        client = Client(port)
        play_chord(client)
        hear_chord(client)
        serving.kill()
        serving.wait()
        client.drain()
        assert len(client.plays) == 3
    with process(tmp_path / "state"):
        while len(client.plays) < 6:
            client.until("play")
    check_paired(client.plays)
    client.close()


def test_the_jam_is_kept(tmp_path: Path) -> None:
    with running(logs=tmp_path / "jams") as (_, client):
        play_chord(client)
        hear_chord(client)
    (kept,) = (tmp_path / "jams").iterdir()
    piece = midi.read(kept)
    assert [part.name for part in piece.parts] == ["player", "composer"]
    assert [len(part.notes) for part in piece.parts] == [3, 3]


def hostile(chance: random.Random) -> bytes:
    """A datagram of someone who means harm, or has a bug."""
    kind = chance.randrange(10)
    address = chance.choice(
        ("note", "set", "seed", "save", "generate", "tempo", "beat", "param/low", "seed/notes",
         "subscribe", "transport", "x" * 900, "", "note/../..", "mode", "status", "like")
    )  # fmt: skip
    values = (
        0, -1, 2**31 - 1, -(2**31), 1e38, -1e38, float("nan"), float("inf"), 0.5, "",
        "../../etc/passwd", "x" * 1000, "%s%n", "auto", 60, 100, "temperature", "mode",
        "__class__", "\u2028",
    )  # fmt: skip
    packet = encode(
        "/composer/" + address, [chance.choice(values) for _ in range(chance.randrange(7))]
    )
    if kind == 0:
        return chance.randbytes(chance.randrange(1500))
    if kind == 1:
        return packet[: chance.randrange(len(packet) + 1)]
    if kind == 2:
        return packet + chance.randbytes(chance.choice((1, 4, 60_000)))
    if kind == 3:
        for _ in range(chance.randrange(40)):
            packet = bundle([packet])
        return packet
    if kind == 4:
        stamp = struct.pack(">Q", chance.randrange(2**64))
        size = struct.pack(">i", chance.choice((len(packet), -4, 0, 2**31 - 1)))
        return b"#bundle\0" + stamp + size + packet
    if kind == 5:
        broken = bytearray(packet)
        for _ in range(3):
            broken[chance.randrange(len(broken))] = chance.randrange(256)
        return bytes(broken)
    return packet


def test_hostile_datagrams_do_not_reach_the_honest_player(tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    with running(files=folder, reply_port=None) as (app, client):
        attacker = Client(client.to[1])
        done = threading.Event()

        def attack() -> None:
            chance = random.Random(5)
            for count in range(DATAGRAMS):
                attacker.raw(hostile(chance))
                if count % 50 == 0:
                    # In step with the server: what the system drops tests nothing.
                    attacker.send("ping", count)
                    with contextlib.suppress(TimeoutError):
                        while attacker.next(1.0).arguments != (count,):
                            pass
                    attacker.heard.clear()
            done.set()

        thread = threading.Thread(target=attack)
        thread.start()
        while not done.is_set():
            play_chord(client)
            hear_chord(client)
            client.send("reset")
            client.until("ok", "/composer/reset")
            check_paired(client.plays)
            client.heard.clear()
        thread.join()
        attacker.drain(0.01)
        client.send("ping", "there?")
        assert client.until("pong").arguments == ("there?",)
        assert len(app.server.engine.sessions) < 20
        router = app.server.router
        assert router.refused > DATAGRAMS // 10
        assert router.understood > DATAGRAMS // 50
        attacker.close()
    assert not [path for path in tmp_path.rglob("*.mid") if path.parent != folder]
