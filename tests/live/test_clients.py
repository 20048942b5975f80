"""The clients that ship, run by the programs they are for, against the real server."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from live.running import PATIENCE, process

CLIENTS = Path(__file__).parents[2] / "clients"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[int]:
    with process(tmp_path / "state") as (_, port):
        yield port


def listen(command: list[str], until: str, **options: object) -> str:
    """Run a program until it prints a line with a text in it; returns all it printed."""
    running = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        start_new_session=True, **options,
    )  # type: ignore[call-overload]  # fmt: skip
    lines = []
    try:
        for line in running.stdout:
            lines.append(line)
            if until in line:
                break
    finally:
        os.killpg(running.pid, signal.SIGKILL)
        running.wait()
        running.stdout.close()
    return "".join(lines)


@pytest.mark.skipif(shutil.which("pd") is None, reason="Pure Data is not installed")
@pytest.mark.timeout(PATIENCE)
def test_pure_data(server: int, tmp_path: Path) -> None:
    for patch in ("composer.pd", "selftest.pd"):
        text = (CLIENTS / "puredata" / patch).read_text(encoding="utf-8")
        (tmp_path / patch).write_text(text.replace("127.0.0.1 9190", f"127.0.0.1 {server}"))
    printed = listen(
        ["pd", "-nogui", "-noaudio", "-nomidi", "-stderr", "-open", str(tmp_path / "selftest.pd")],
        until="PLAY: 72 0",
    )
    assert "PLAY: 72 100 1" in printed
    assert "SAID: phrase begin 1" in printed


@pytest.mark.skipif(shutil.which("sclang") is None, reason="SuperCollider is not installed")
@pytest.mark.timeout(PATIENCE)
def test_supercollider(server: int, tmp_path: Path) -> None:
    text = (CLIENTS / "supercollider" / "composer.scd").read_text(encoding="utf-8")
    blocks = re.findall(r"^\((.*?)^\)", text.replace("9190", str(server)), re.S | re.M)
    assert len(blocks) == 2
    script = tmp_path / "t.scd"
    script.write_text("(\n" + "\n".join(blocks) + ")\n", encoding="utf-8")
    headless = {
        "QT_QPA_PLATFORM": "offscreen",
        "QTWEBENGINE_DISABLE_SANDBOX": "1",
        "QTWEBENGINE_CHROMIUM_FLAGS": "--no-sandbox",
        "HOME": str(tmp_path),
    }
    printed = listen(
        ["sclang", "-D", str(script)], until="PLAY 79 0", env=os.environ | headless, cwd=tmp_path
    )
    for pitch in (72, 74, 76, 79):
        assert f"PLAY {pitch} 100 1" in printed


def test_python(server: int) -> None:
    printed = subprocess.run(
        [sys.executable, str(CLIENTS / "python" / "jam.py"), "60", "64", "--port", str(server)],
        capture_output=True, text=True, timeout=PATIENCE, check=True,
    ).stdout  # fmt: skip
    assert "play 72 velocity 100 channel 1" in printed
    assert "reply 1 has 2 notes" in printed


def test_every_address_a_client_uses_exists() -> None:
    from composer.live.wire.osc_addresses import OUTGOING
    from composer.live.wire.osc_handlers import INCOMING

    known = {address.name for address in (*INCOMING, *OUTGOING)}
    for path in CLIENTS.rglob("*.*"):
        if path.suffix == ".pyc":  # of the build script, once a test has imported it
            continue
        for name in re.findall(r"(?<!\w)/composer/[a-z/]+[a-z]", path.read_text(encoding="utf-8")):
            found = re.sub(r"^/composer/param/.*", "/composer/param/NAME", name)
            assert found in known, f"{path.name}: {name}"
