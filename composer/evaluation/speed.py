"""Speed: how fast a model plays here, beside the loop that most tutorials write.

Measured, in milliseconds or notes a second:

    note         one note at batch 1 as `composer generate` and the server draw it: constraints,
                 five fields sampled, state advanced
    network      the same without constraints or a count of repetition: heads, draws, LSTM
    streams      notes a second of that many continuations in one batch, all together
    prime        notes of a seed heard a second
    fill         four bars written inside 32, beside four generated behind them; 32 takes of both
    cold_start   a whole `composer generate` from the shell, beside `import tensorflow`
    keras        a stateful Keras LSTM of the same size, `model.predict` once a note

Both sides of a comparison are measured in turns in one run, so that the machine's other work
slows both alike. Times are wall-clock, but for bars filled, which are the processor's. The median
is the figure to quote, and on a shared machine the ratio.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from composer import __version__
from composer.distribution import install_extra
from composer.encoding.events import FIELDS, PITCH, SHIFT, SIZES
from composer.errors import SettingError
from composer.evaluation.fill_speed import fill_times
from composer.generation.decoder import BatchDecoder
from composer.generation.generate import make_streams, seed_state
from composer.generation.sampling import SamplingParams, sample
from composer.generation.seed_analysis import analyse_seed
from composer.generation.settings import Settings
from composer.generation.stream import Stream
from composer.network.predictor import Predictor
from composer.shipped import shipped

SEED = "quartet.mid"
"""The shipped seed that is gone on from: four parts, so that no rule is idle."""
WARM_UP = 20
"""Notes drawn before the clock starts."""
ROUNDS = 5
"""Turns that two things compared take."""
SIDE_BY_SIDE = (1, 8, 64)
STREAM_NOTES = 60
"""Notes of each stream when several play."""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Timing:
    """Times of many equal things.

    Attributes:
        median_ms: Half of them took less.
        p99_ms: 99 of 100 took less.
        p5_ms: 5 of 100 took less: what the machine can do when nothing else wants it.
        count: How many.
    """

    median_ms: float
    p99_ms: float
    p5_ms: float
    count: int

    @classmethod
    def of(cls, seconds: Sequence[float]) -> Timing:
        """Of times in seconds, at least one."""
        times = 1e3 * np.asarray(seconds, dtype=np.float64)
        low, middle, high = (float(v) for v in np.quantile(times, (0.05, 0.5, 0.99)))
        return cls(middle, high, low, len(times))

    def as_dict(self) -> dict[str, float]:
        """Plain values, for JSON."""
        return {
            "median_ms": round(self.median_ms, 4),
            "p99_ms": round(self.p99_ms, 4),
            "p5_ms": round(self.p5_ms, 4),
            "notes": self.count,
        }


def bench(
    folder: Path,
    *,
    notes: int = 500,
    threads: int = 2,
    keras: bool = True,
    cold_start: bool = True,
    say: Say = lambda line: None,
) -> dict[str, Any]:
    """Measure a model.

    Args:
        folder: Of the model.
        notes: Notes to time at batch 1.
        threads: Threads of a step of the network.
        keras: Whether to time Keras, if it is installed.
        cold_start: Whether to time whole commands.
        say: Told what is being done.

    Returns:
        The parts of the module's docstring, each a dict of plain values; what was not
        measured is {"skipped": reason}.

    Raises:
        ModelError: The model cannot be read.
        SettingError: Too few notes.
    """
    if notes < ROUNDS:
        raise SettingError(f"notes is {notes}, must be at least {ROUNDS}")
    predictor = Predictor.load(folder, threads)
    config = predictor.config
    size = f"{config.layers} x {config.units}"
    say(f"{size} on {os.cpu_count()} processors, {threads} threads")
    result: dict[str, Any] = {
        "composer": __version__,
        "model": str(folder),
        "size": size,
        "processors": os.cpu_count(),
        "load": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
        "threads": threads,
    }
    say("one note at a time")
    played, bare, tutorial = _in_turns(predictor, notes, keras)
    result["note"] = Timing.of(played).as_dict()
    result["network"] = Timing.of(bare).as_dict()
    say("several streams side by side")
    result["streams"] = {
        str(count): {"notes_per_second": round(notes_per_second(predictor, count))}
        for count in SIDE_BY_SIDE
    }
    result["prime"] = {"notes_per_second": round(primed_per_second(predictor))}
    say("bars filled and generated")
    result["fill"] = fill_times(predictor)
    if isinstance(tutorial, str):
        result["keras"] = {"skipped": tutorial}
    else:
        times = Timing.of(tutorial)
        ratio = times.median_ms / result["note"]["median_ms"]
        result["keras"] = times.as_dict() | {"times_slower": round(ratio, 1)}
    if cold_start:
        say("cold start")
        result["cold_start"] = cold_starts(folder)
    else:
        result["cold_start"] = {"skipped": "not asked for"}
    return result


def lines(result: dict[str, Any]) -> list[str]:
    """What `bench` gave, for people."""
    shown = [
        f"{result['size']} on {result['processors']} processors, load {result['load']}",
        f"one note               {_times(result['note'])}",
        f"  the network alone    {_times(result['network'])}",
    ]
    for count, figures in result["streams"].items():
        shown.append(
            f"{count:>3} side by side       {figures['notes_per_second']:,} notes a second"
        )
    shown.append(f"hearing a seed         {result['prime']['notes_per_second']:,} notes a second")
    fill = result["fill"]
    shown.append(
        f"filling 4 of 32 bars   {fill['fill_s']:.2f} s, {fill['times']:g} times as long as"
        " generating 4"
    )
    rival = result["keras"]
    if "skipped" in rival:
        shown.append(f"Keras predict          skipped: {rival['skipped']}")
    else:
        shown.append(
            f"Keras predict          {_times(rival)}, {rival['times_slower']:g} times that"
        )
    cold = result["cold_start"]
    if "skipped" in cold:
        return [*shown, f"cold start             skipped: {cold['skipped']}"]
    shown.append(f"composer generate      {cold['generate_s']:.2f} s from the shell")
    if "import_tensorflow_s" in cold:
        seconds, ratio = cold["import_tensorflow_s"], cold["times_slower"]
        shown.append(f"import tensorflow      {seconds:.2f} s, {ratio:g} times that")
    return shown


def _times(figures: dict[str, Any]) -> str:
    return f"median {figures['median_ms']:.3f} ms, 99 of 100 under {figures['p99_ms']:.3f} ms"


def streams(predictor: Predictor, count: int, notes: int) -> list[Stream]:
    """Continuations of the shipped seed that will have that many notes each."""
    from composer.formats import midi

    analysis = analyse_seed(midi.read(seed_path()))
    settings = Settings(notes=notes)
    state = seed_state(analysis, predictor)
    return make_streams(analysis, state, settings, range(count))


def seed_path() -> Path:
    """The shipped seed that is gone on from."""
    return shipped(SEED)


def time_notes(predictor: Predictor, count: int, notes: int) -> list[float]:
    """Seconds of each step of `count` streams, after a warm-up."""
    decoder = BatchDecoder(predictor)
    decoder.add(streams(predictor, count, notes + WARM_UP))
    times = []
    for _ in range(notes + WARM_UP - 1):
        began = time.perf_counter()
        decoder.step()
        times.append(time.perf_counter() - began)
    return times[WARM_UP - 1 :]


def time_network(predictor: Predictor, notes: int) -> list[float]:
    """Seconds of each note of one stream without rules."""
    from composer.formats import midi

    state = seed_state(analyse_seed(midi.read(seed_path())), predictor)
    rng = np.random.default_rng(0)
    allowed = [np.ones((1, size), dtype=bool) for size in SIZES]
    allowed[SHIFT][:, -1] = False
    allowed[1][:] = state.context.slots
    params = SamplingParams(np.array([0.95]), np.array([0.97]), np.array([0.02]))
    times = []
    for _ in range(notes + WARM_UP):
        began = time.perf_counter()
        columns = state.context.fresh()
        uniform = rng.random((1, len(FIELDS)))
        for field in range(len(FIELDS)):
            logits = predictor.logits(field, state, columns)
            columns[:, field] = sample(logits, allowed[field], uniform[:, field], params)
            if field <= PITCH:
                state.context.follow(columns, field)
        state = predictor.step(columns[:, : len(FIELDS)], state, columns)
        times.append(time.perf_counter() - began)
    return times[WARM_UP:]


def notes_per_second(predictor: Predictor, count: int) -> float:
    """Notes of all streams together."""
    return count / float(np.median(time_notes(predictor, count, STREAM_NOTES)))


def primed_per_second(predictor: Predictor) -> float:
    """Notes of a seed that the network hears in a second."""
    from composer.formats import midi

    analysis = analyse_seed(midi.read(seed_path()))
    predictor.prime(analysis.events)
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        predictor.prime(analysis.events)
        times.append(time.perf_counter() - began)
    return len(analysis.events.rows) / float(np.median(times))


def _in_turns(
    predictor: Predictor, notes: int, keras: bool
) -> tuple[list[float], list[float], list[float] | str]:
    """Notes with rules, without, and Keras's, in turns; a reason instead of the last."""
    played: list[float] = []
    bare: list[float] = []
    tutorial: list[float] = []
    share = -(-notes // ROUNDS)
    with KerasTutorial(predictor, keras) as rival:
        for _ in range(ROUNDS):
            played += time_notes(predictor, 1, share)
            bare += time_network(predictor, share)
            tutorial += rival.times(max(share // 10, 5))
        reason = rival.reason
    return played, bare, reason or tutorial


class KerasTutorial:
    """A process that runs `composer.evaluation.speed_keras`, or the reason why there is none."""

    def __init__(self, predictor: Predictor, wanted: bool) -> None:
        self.reason = ""
        self._process: subprocess.Popen[str] | None = None
        if not wanted:
            self.reason = "not asked for"
        elif find_spec("keras") is None or find_spec("tensorflow") is None:
            self.reason = f"Keras and TensorFlow are not installed; run: {install_extra('train')}"
        else:
            config = predictor.config
            command = [sys.executable, "-m", "composer.evaluation.speed_keras"]
            self._process = subprocess.Popen(
                [*command, str(config.layers), str(config.units)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                text=True, env=os.environ | {"KERAS_BACKEND": "tensorflow"},
            )  # fmt: skip
            self.times(1)  # until it is up

    def __enter__(self) -> KerasTutorial:
        return self

    def __exit__(self, *error: object) -> None:
        if self._process is not None:
            assert self._process.stdin is not None
            self._process.stdin.close()
            self._process.wait()

    def times(self, notes: int) -> list[float]:
        """Seconds that each of a number of notes takes; empty if Keras does not run."""
        if self._process is None or self.reason:
            return []
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(f"{notes}\n")
            self._process.stdin.flush()
            answer = self._process.stdout.readline()
            return [float(value) for value in json.loads(answer)]
        except (OSError, ValueError):
            self.reason = "Keras does not run here"
            return []


def cold_starts(folder: Path) -> dict[str, Any]:
    """Seconds of a whole `composer generate`, and of `import tensorflow`, in turns."""
    with tempfile.TemporaryDirectory(prefix="composer-") as work:
        command = [
            sys.executable, "-m", "composer", "generate", "--seed", str(seed_path()),
            "--model", str(folder.resolve()), "--rng-seed", "0",
            "--out", str(Path(work) / "out.mid"), "--force",
        ]  # fmt: skip
        rival = [sys.executable, "-c", "import tensorflow"]
        with_tensorflow = find_spec("tensorflow") is not None
        ours: list[float] = []
        theirs: list[float] = []
        _seconds(command)  # once for the disk
        for _ in range(ROUNDS):
            ours.append(_seconds(command))
            if with_tensorflow:
                theirs.append(_seconds(rival))
    result: dict[str, Any] = {"generate_s": round(float(np.median(ours)), 3)}
    if not theirs:
        return result | {"tensorflow": {"skipped": "TensorFlow is not installed"}}
    result["import_tensorflow_s"] = round(float(np.median(theirs)), 3)
    ratio = float(np.median(np.array(theirs) / np.array(ours)))
    return result | {"times_slower": round(ratio, 2)}


def _seconds(command: Sequence[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - began
