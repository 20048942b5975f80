"""A server of several processes, which share a port and the players."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from live.jam import check_paired
from live.running import PATIENCE, Client, process

from composer.errors import SettingError
from composer.live.worker_processes import check_processes, composer_command

from .test_server import play_chord

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="processes share a UDP port on Linux only"
)


def test_what_cannot_be_shared_is_refused() -> None:
    check_processes(1, 9191)
    check_processes(2, None)
    with pytest.raises(SettingError, match="--reply-source"):
        check_processes(2, 9191)


def test_packages_of_the_working_folder_are_not_taken_for_composers(tmp_path: Path) -> None:
    for name in ("composer", "training", "composer_training"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise SystemExit('the wrong one')")
    root = Path(__file__).parents[2]
    environment = os.environ | {"PYTHONPATH": f"{root}{os.pathsep}{root / 'training'}"}
    done = subprocess.run(
        [*composer_command(), "serve", "--help"],
        cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=PATIENCE,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "--processes" in done.stdout


@pytest.mark.timeout(120)
def test_every_player_is_answered_and_silenced(tmp_path: Path) -> None:
    with process(tmp_path / "state", "processes=2", 'improviser="organ"') as (serving, port):
        clients = [Client(port) for _ in range(12)]
        for client in clients:
            play_chord(client)
        for client in clients:
            client.until("play")
        clients[0].send("session", "main")
        assert "several processes" in str(clients[0].until("error").arguments[1])
        serving.send_signal(signal.SIGTERM)
        assert serving.wait(60) == 0
        for client in clients:
            client.drain()
            check_paired(client.plays)
            client.close()


@pytest.mark.timeout(120)
def test_workers_do_not_outlive_the_server(tmp_path: Path) -> None:
    with process(tmp_path / "state", "processes=2") as (serving, _):
        workers = _children(serving.pid)
        assert workers
        if len(os.sched_getaffinity(0)) > len(workers):
            cores = [os.sched_getaffinity(pid) for pid in (serving.pid, *workers)]
            assert len(set.union(*cores)) == len(cores)  # each on one of its own
        serving.kill()
        serving.wait()
        while any(_lives(pid) for pid in workers):
            time.sleep(0.05)


def _children(pid: int) -> list[int]:
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            if path.read_text().rpartition(")")[2].split()[1] == str(pid):
                found.append(int(path.parent.name))
    return found


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"
