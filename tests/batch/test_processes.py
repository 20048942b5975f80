"""A batch in several processes, and runs that are killed: the same files in the end."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from composer import models
from composer.batch import manifest
from composer.batch.jobs import BatchSpec
from composer.batch.process_pool import ProcessPool
from composer.batch.run import BatchJob, BatchRun, fingerprint
from composer.batch.tally import Tally
from composer.cli.main import verbs
from composer.errors import ComposerError
from composer.generation.settings import Settings

SEEDS = Path(__file__).parents[2] / "midi_data"
NAMES = ("folk.mid", "waltz.mid", "gymnopedie.mid", "drums.mid")
SETTINGS = Settings(bars=2, rng_seed=5)
LIMIT_SECONDS = 600.0
"""Seconds after which a test gives up: far more than a busy machine takes for anything here."""

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals as POSIX has them")


@pytest.fixture(scope="module")
def seeds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("seeds")
    for name in NAMES:
        shutil.copy(SEEDS / name, folder / name)
    (folder / "empty.mid").write_bytes(b"")
    return folder


def job(seeds: Path, out: Path, **options: Any) -> BatchJob:
    model = models.find()
    spec = BatchSpec(variations=6, batch_size=8, model=(model.name, fingerprint(model)))
    return BatchJob(seeds, out, spec, SETTINGS, model, **options)


@pytest.fixture(scope="module")
def whole(seeds: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What an undisturbed run in one process makes."""
    out = tmp_path_factory.mktemp("whole") / "out"
    tally = BatchRun(job(seeds, out)).run()
    assert (tally.made, tally.failed) == (24, 1)
    return contents(out)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def lines(out: Path) -> int:
    path = out / manifest.NAME
    return path.read_bytes().count(b"\n") if path.is_file() else 0


def test_two_workers_one_of_them_killed(
    seeds: Path, tmp_path: Path, whole: dict[str, bytes]
) -> None:
    out = tmp_path / "out"
    run = BatchRun(job(seeds, out, workers=2))
    killed = []

    def kill(tally: Tally) -> None:
        if not killed and tally.made == 3:
            assert isinstance(run.pool, ProcessPool)
            killed.append(run.pool.pids[0])
            os.kill(killed[0], signal.SIGKILL)

    tally = run.run(kill)
    assert killed
    assert (tally.made, tally.failed) == (24, 1)
    assert contents(out) == whole


def command(seeds: Path, out: Path, *more: str) -> list[str]:
    return [
        sys.executable, "-m", "composer", "batch", str(seeds), str(out), "--variations", "6",
        "--bars", "2", "--rng-seed", "5", "--batch-size", "8", *more,
    ]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("more", [(), ("--workers", "2")])
def test_killed_and_started_again(
    seeds: Path, tmp_path: Path, whole: dict[str, bytes], more: tuple[str, ...]
) -> None:
    out = tmp_path / "out"
    for moment in (1, 9, 17) if not more else (7,):
        process = subprocess.Popen(
            command(seeds, out, *more), start_new_session=True, stderr=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
        limit = time.monotonic() + LIMIT_SECONDS
        while lines(out) < moment and process.poll() is None and time.monotonic() < limit:
            time.sleep(0.002)
        process.send_signal(signal.SIGKILL)
        process.wait()
    ended = subprocess.run(
        [*command(seeds, out, *more), "--json"],
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
    )
    assert ended.returncode == 3, ended.stderr
    tally = json.loads(ended.stdout)
    assert tally["made"] + tally["found"] == 24
    assert contents(out) == whole


@pytest.mark.slow
def test_ctrl_c_ends_cleanly(seeds: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    process = subprocess.Popen(
        command(seeds, out, "--workers", "2", "--variations", "400"),
        start_new_session=True, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    limit = time.monotonic() + LIMIT_SECONDS
    while lines(out) < 3 and time.monotonic() < limit:
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to all of its processes
    _, said = process.communicate(timeout=LIMIT_SECONDS)
    assert process.returncode == 130
    assert "The same command goes on from here." in said
    assert "Traceback" not in said
    assert not [path for path in out.iterdir() if path.name.startswith(".")]


def test_the_command_and_its_exit_codes(
    seeds: Path, tmp_path: Path, whole: dict[str, bytes]
) -> None:
    out = tmp_path / "out"

    def run(*arguments: str) -> Any:
        return CliRunner().invoke(verbs, ["batch", *arguments], prog_name="composer")

    basic = [str(seeds), str(out), *command(seeds, out)[6:]]
    plan = run(*basic, "--dry-run")
    assert plan.exit_code == 0
    assert plan.stdout == "5 seeds, 30 continuations: 0 done, 30 to make\n"
    assert not out.exists()

    ended = run(*basic)
    assert ended.exit_code == 3
    assert "24 continuations of 5 seeds made, 1 failed" in ended.stdout
    assert "Failed: empty.mid is empty" in ended.stderr
    assert contents(out) == whole

    # Without a number it goes on with the one that the folder was begun with.
    again = run(*[word for word in basic if word not in ("--rng-seed", "5")], "--json")
    assert json.loads(again.stdout)["found"] == 24
    assert run(str(seeds / "no"), str(out)).exit_code == 1
    assert run(*basic, "--scheduler", "tcp://x", "--workers", "2").exit_code == 2
    assert run(str(seeds)).exit_code == 2

    (seeds / "empty.mid").unlink()
    try:
        best = run(*basic[:1], str(tmp_path / "best"), "--best", "2", "of", "6", "--bars", "2",
                   "--rng-seed", "5")  # fmt: skip
    finally:
        (seeds / "empty.mid").write_bytes(b"")
    assert best.exit_code == 0, best.output
    kept = [r for r in manifest.read(tmp_path / "best" / manifest.NAME) if "error" not in r]
    ranks = {name: sorted(r["rank"] for r in kept if r["seed"] == name) for name in NAMES}
    # Of a groove two bars may be the seed's own again, which are not kept.
    assert ranks.pop("drums.mid") in ([], [1], [1, 2])
    assert list(ranks.values()) == [[1, 2]] * 3
    assert all(-20 < -r["scores"]["nats"] < 0 for r in kept)
    for record in kept:  # its number is the one under which `generate` makes it
        name = record["output"]
        if name in whole:
            assert (tmp_path / "best" / name).read_bytes() == whole[name]


@pytest.mark.slow
def test_a_dask_cluster_that_loses_a_worker(
    seeds: Path, tmp_path: Path, whole: dict[str, bytes]
) -> None:
    pytest.importorskip("distributed")
    scheduler, workers = start_cluster(tmp_path)
    try:
        out = tmp_path / "out"
        run = BatchRun(job(seeds, out, scheduler=address(tmp_path)))
        killed = []

        def kill(tally: Tally) -> None:
            if not killed:
                workers[0].kill()
                killed.append(workers[0].wait())

        tally = run.run(kill)
        assert killed
        assert (tally.made, tally.failed) == (24, 1)
        assert contents(out) == whole
    finally:
        for process in [*workers, scheduler]:
            process.kill()
            process.wait()


def address(tmp_path: Path) -> str:
    told = json.loads((tmp_path / "scheduler.json").read_text())
    return str(told["address"])


def start_cluster(tmp_path: Path) -> tuple[Any, list[Any]]:
    """A scheduler and two workers of one thread, as processes of their own."""
    environment = os.environ | {"DASK_DISTRIBUTED__ADMIN__TICK__LIMIT": "60s"}

    def start(*arguments: str) -> Any:
        return subprocess.Popen(
            [sys.executable, "-m", *arguments], stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, env=environment, cwd=Path(__file__).parents[2],
        )  # fmt: skip

    told = tmp_path / "scheduler.json"
    scheduler = start("distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0",
                      "--no-dashboard", "--scheduler-file", str(told))  # fmt: skip
    limit = time.monotonic() + LIMIT_SECONDS
    while not told.is_file() and time.monotonic() < limit:
        time.sleep(0.05)
    workers = [
        start("distributed.cli.dask_worker", "--scheduler-file", str(told), "--nthreads", "1",
              "--nworkers", "1", "--no-nanny", "--no-dashboard",
              "--local-directory", str(tmp_path / f"worker{number}"))
        for number in range(2)
    ]  # fmt: skip
    return scheduler, workers


def test_no_scheduler_there(seeds: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed")
    from composer.batch import dask_pool as cluster

    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 1)
    with pytest.raises(ComposerError, match="no Dask scheduler answers"):
        BatchRun(job(seeds, tmp_path / "out", scheduler="tcp://127.0.0.1:9")).run()
