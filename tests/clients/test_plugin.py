"""The plug-in's code in a host of a few lines, against a server that answers an octave higher."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import plugin_host
import pytest
from live.running import process
from plugin_host import BYPASS, PANIC, RATE, WHILE_STOPPED, Played, note, play

pytestmark = [
    pytest.mark.skipif(plugin_host.compiler() is None, reason="there is no C++ compiler"),
    pytest.mark.skipif(sys.platform != "linux", reason="compiled for tests on Linux only"),
    pytest.mark.timeout(plugin_host.PATIENCE),
]

TRIES = 3
"""Of what happens in real time: a busy computer may be late once."""
PHRASE = [*note(0.5, 60), *note(1.0, 62), *note(1.5, 64), *note(2.0, 67, 0.4)]
"""At 120: beats 1 to 4, an eighth each, and longer at the end."""


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    with process(tmp_path / "state", "reply_port=9191") as (_, port):
        yield port


@pytest.fixture
def organ(tmp_path: Path) -> Iterator[int]:
    """A server whose notes sound for a minute."""
    with process(tmp_path / "state", 'improviser="organ"') as (_, port):
        yield port


def check_paired(played: Played) -> None:
    """Every note ends, and none is struck while it sounds."""
    sounding = set()
    for event in played.events:
        key = (event.channel, event.pitch)
        assert event.on != (key in sounding), event
        (sounding.add if event.on else sounding.remove)(key)
    assert not sounding and not played.sounding


def test_an_answer_is_on_the_grid_of_the_host_to_the_sample(program: Path, port: int) -> None:
    played = play(program, port, ["0 play", *PHRASE, "9 end"])
    assert [event.pitch for event in played.ons] == [72, 74, 76, 79]
    first = played.ons[0].beat
    assert first == round(first)
    assert [event.beat - first for event in played.ons] == [0, 1, 2, 3]
    assert [event.frame % 24000 for event in played.ons] == [0, 0, 0, 0]
    check_paired(played)
    assert played.allocations == 0


@pytest.mark.parametrize("block", [64, 100, 1024, 8192])
def test_the_size_of_the_blocks_changes_nothing(program: Path, port: int, block: int) -> None:
    lines = ["0 play", *PHRASE, "9 end"]
    usual, other = (play(program, port, lines, block=size) for size in (256, block))
    assert len(usual.events) == 8
    assert [event._replace(beat=0) for event in other.events] == [
        event._replace(beat=0) for event in usual.events
    ]


def test_in_real_time_the_notes_are_those_of_a_rendering(program: Path, port: int) -> None:
    lines = ["0 play", *PHRASE, "7 end"]
    rendered = play(program, port, lines)
    assert len(rendered.events) == 8
    for _ in range(TRIES):
        live = play(program, port, lines, realtime=True)
        assert live.allocations == 0
        if live.events == rendered.events:
            return
    assert live.events == rendered.events


def test_a_tempo_change_moves_the_notes_to_come_with_the_beats(program: Path, port: int) -> None:
    lines = ["0 play", *PHRASE, "4.0 tempo 60", "12 end"]
    played = play(program, port, lines)
    first = played.ons[0].beat
    assert [round(event.beat - first, 3) for event in played.ons] == [0, 1, 2, 3]
    steps = [b.frame - a.frame for a, b in itertools.pairwise(played.ons)]
    assert steps[0] == RATE / 2 and steps[-1] == RATE  # beats at 120, and then at 60
    check_paired(played)


def test_six_eight_is_counted_in_quarters(program: Path, port: int) -> None:
    lines = ["0 metre 6 8", "0 set 13 0", "0 play", *PHRASE, "9 end"]
    played = play(program, port, lines)
    assert len(played.ons) == 4
    assert all(abs(2 * event.beat - round(2 * event.beat)) < 1e-4 for event in played.ons)


def test_a_loop_of_whole_bars_does_not_break_an_answer_off(program: Path, port: int) -> None:
    played = play(program, port, ["0 play", *PHRASE, "4.0 locate 0", "9 end"])
    assert [event.pitch for event in played.ons] == [72, 74, 76, 79]
    check_paired(played)


def test_stopping_in_mid_note_leaves_nothing_sounding(program: Path, organ: int) -> None:
    played = play(program, organ, ["0 set 13 0", "0 play", *PHRASE, "4.1 stop", "6 end"])
    assert played.ons
    check_paired(played)
    stopped = 4.1 * RATE
    assert all(event.frame <= stopped for event in played.events)
    assert max(event.frame for event in played.events) > stopped - 256


@pytest.mark.parametrize("what", [f"4.1 set {BYPASS} 1", f"4.1 set {PANIC} 1", "4.1 locate 33.3"])
def test_bypass_panic_and_a_jump_silence_at_once(program: Path, organ: int, what: str) -> None:
    played = play(program, organ, ["0 play", *PHRASE, what, "4.6 end"])
    assert played.ons
    check_paired(played)
    assert max(event.frame for event in played.events) <= 4.1 * RATE + 1


def test_while_the_host_stands_it_answers_in_free_time_if_it_may(program: Path, port: int) -> None:
    heard = play(program, port, [*PHRASE, "9 end"])
    assert [event.pitch for event in heard.ons][:4] == [72, 74, 76, 79]
    steps = [b.frame - a.frame for a, b in itertools.pairwise(heard.ons)]
    assert all(abs(step - RATE / 2) <= RATE / 100 for step in steps)
    unheard = play(program, port, [f"0 set {WHILE_STOPPED} 0", *PHRASE, "9 end"])
    assert not unheard.events


def test_the_same_performance_has_the_same_answers_in_one_session(program: Path, port: int) -> None:
    again = [f"{10 + float(line.split()[0])} {line.split(maxsplit=1)[1]}" for line in PHRASE]
    lines = ["0 play", *PHRASE, "9.9 stop", "9.95 locate 0", "10 play", *again, "19 end"]
    played = play(program, port, lines)
    half = len(played.ons) // 2
    assert half == 4
    begun = 10 * RATE // 256 * 256  # the block in which it starts again
    assert [event.frame - begun for event in played.ons[half:]] == pytest.approx(
        [event.frame for event in played.ons[:half]], abs=1
    )


def test_a_parameter_that_moves_is_heeded_where_it_moves(program: Path, port: int) -> None:
    played = play(program, port, ["0 set 5 0.5", "0 play", *PHRASE, "9 end"])
    assert {event.velocity for event in played.ons} == {45}


def test_ten_at_once_have_ten_sessions(program: Path, port: int) -> None:
    scripts = [
        ["0 play", *note(0.5, 40 + number), *note(1.0, 60 + number), "6 end"]
        for number in range(10)
    ]
    hosts = [plugin_host.begin(program, port, lines) for lines in scripts]
    for number, host in enumerate(hosts):
        played = plugin_host.finish(host)
        assert [event.pitch for event in played.ons] == [52 + number, 72 + number]
        check_paired(played)
        assert played.allocations == 0


@pytest.mark.slow
@pytest.mark.parametrize("hosts", [1, 10])
def test_a_server_that_is_killed_leaves_nothing_sounding_and_is_found_again(
    program: Path, tmp_path: Path, hosts: int
) -> None:
    took = [kill_in_mid_chord(program, tmp_path / "first", hosts)]
    while took[-1] >= 0.2 and len(took) < TRIES:
        took.append(kill_in_mid_chord(program, tmp_path / str(len(took)), hosts))
    assert min(took) < 0.2


def kill_in_mid_chord(program: Path, tmp_path: Path, count: int) -> float:
    """Seconds from a server's end to the last note's of as many hosts."""
    chord = ["0 play", *(f"0.5 on {pitch} 90" for pitch in (60, 64, 67))]
    chord += [f"1.0 off {pitch}" for pitch in (60, 64, 67)]
    later = [*note(13.0, 50), *note(13.5, 52)]
    with process(tmp_path / "state", 'improviser="organ"') as (server, port):
        hosts = [
            plugin_host.begin(program, port, [*chord, *later, "19 end"], realtime=True)
            for _ in range(count)
        ]
        time.sleep(3.5)
        server.send_signal(signal.SIGKILL)
        killed = time.monotonic()
        server.wait()
        with process(tmp_path / "state", f"osc_port={port}"):
            all_played = [plugin_host.finish(host) for host in hosts]
    return max(seconds_to_silence(played, killed) for played in all_played)


def seconds_to_silence(played: Played, killed: float) -> float:
    """From a server's end to that of the chord it was told; later notes were answered again."""
    check_paired(played)
    assert played.allocations == 0
    before = [event for event in played.events if event.frame < 10 * RATE]
    assert [event.pitch for event in before if event.on] == [72, 76, 79]
    ends = [event.frame / RATE for event in before if not event.on]
    assert len(ends) == 3
    assert [event.pitch for event in played.ons[3:]] == [62, 64]
    took = played.began + max(ends) - killed
    assert took > 0
    return took


@pytest.mark.slow
def test_rendering_where_no_server_can_come_gets_on_soon(program: Path) -> None:
    began = time.monotonic()
    played = play(program, 1, ["0 play", *PHRASE, "3 end"])
    assert not played.events
    assert time.monotonic() - began < 20  # it waits for five seconds, once


def test_where_nothing_is_played_rendering_waits_for_no_server(program: Path) -> None:
    # As hosts do when they load a plug-in; the command would be given half a minute.
    began = time.monotonic()
    plugin_host.finish(plugin_host.begin(program, 1, ["10 end"], command="true"))
    assert time.monotonic() - began < 15


def test_a_server_is_started_where_none_runs(program: Path, tmp_path: Path) -> None:
    told = tmp_path / "told"
    starter = tmp_path / "composer"
    starter.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" >{told}.part\nmv {told}.part {told}\n')
    starter.chmod(0o755)
    host = subprocess.Popen(
        [program], stdin=subprocess.PIPE, text=True,
        env=os.environ | {"COMPOSER_OSC_PORT": "1", "COMPOSER_COMMAND": str(starter)},
    )  # fmt: skip
    try:
        assert host.stdin is not None
        host.stdin.write("0 end\n")
        host.stdin.close()
        end = time.monotonic() + plugin_host.PATIENCE
        while not told.exists() and time.monotonic() < end:
            time.sleep(0.05)
    finally:
        host.kill()
        host.wait()
    words = told.read_text().split()
    assert words[0] == "serve" and words[-2:] == ["--osc-port", "1"]


@pytest.mark.parametrize("flag", ["address,undefined", "thread"])
@pytest.mark.slow
def test_a_minute_is_clean_under_sanitizers(port: int, tmp_path: Path, flag: str) -> None:
    try:
        program = plugin_host.compile_host(tmp_path, f"-fsanitize={flag}")
    except AssertionError as error:
        if "cannot find" in str(error):
            pytest.skip(f"the compiler has no -fsanitize={flag}")
        raise
    minute = ["0 play"]
    for second in range(0, 60, 6):
        for line in PHRASE:
            at, what = line.split(maxsplit=1)
            minute.append(f"{second + float(at)} {what}")
        minute += [f"{second + 5.2} tempo {90 + second}", f"{second + 5.4} set 1 0.{second}"]
    rendered = play(program, port, [*minute, "59 stop", "60 end"])
    check_paired(rendered)
    assert len(rendered.ons) > 20
    live = play(program, port, ["0 play", *PHRASE, "5 stop", "5.2 end"], realtime=True)
    check_paired(live)
