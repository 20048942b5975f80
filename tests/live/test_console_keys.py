"""Single keys at the terminal, read from a terminal of the test's own."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from live.running import running
from live.scripted import Organ

from composer.live.app import App
from composer.live.console_keys import keys_to
from composer.live.console_view import press

from .test_server import hear_chord, play_chord

ROOT = Path(__file__).parents[2]
READER = """
import sys, termios, threading
from composer.live.console_keys import keys_to
before, done = termios.tcgetattr(0), threading.Event()
def press(key):
    print("<" + key + ">", flush=True)
    if key == "q":
        done.set()
with keys_to(press) as reading:
    print("reading", reading, flush=True)
    done.wait(60)
print("as it was", termios.tcgetattr(0) == before, flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX terminals")
def test_keys_come_one_by_one_without_enter_and_the_terminal_is_left_as_it_was() -> None:
    import pty

    child, line = pty.fork()
    if not child:
        os.environ["PYTHONPATH"] = str(ROOT)
        os.execv(sys.executable, [sys.executable, "-c", READER])
    said = ""

    def until(text: str) -> None:
        nonlocal said
        while text not in said:
            said += os.read(line, 1024).decode()

    until("reading True")
    for keys in ("l", "\x1b[Ad", "\x1bOPaq"):  # an arrow and F1 are no keys; a and q come together
        os.write(line, keys.encode())
        until(f"<{keys[-1]}>")
    until("as it was True")
    os.waitpid(child, 0)
    os.close(line)
    assert said.count("<") == 4 and "<a>" in said


def test_without_a_terminal_no_key_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    with Path(os.devnull).open() as nothing:
        monkeypatch.setattr(sys, "stdin", nothing)
        with keys_to(lambda key: None) as reading:
            assert not reading


def pressed(app: App, said: list[str], key: str) -> str:
    """What is said of a key."""
    count = len(said)
    press(app, key)
    while len(said) == count:
        pass
    return said[-1]


def test_a_key_says_what_it_says_of_the_last_reply(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMPOSER_STATE", str(tmp_path))
    with running(Organ, logs=tmp_path / "logs") as (app, client):
        said: list[str] = []
        app.say = said.append
        assert pressed(app, said, "l") == "There was no reply yet"
        play_chord(client)
        hear_chord(client)
        press(app, "x")  # no key of ours
        assert pressed(app, said, "+") == "Liked reply 1"
        assert pressed(app, said, "D") == "Disliked reply 1"
        assert pressed(app, said, "a") == "Another take: reply 2"
