"""Whether a batch survives seeds broken in a hundred ways, and kill -9 at ten random moments.

    python benchmarks/endurance.py broken      1,000 seeds, 100 of them broken
    python benchmarks/endurance.py killed      one run, killed ten times

Each prints the reason and ends with exit code 1 if the batch did not survive.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from batch import HOME, make_seeds

from composer.batch import manifest


def breakages() -> list[tuple[str, Callable[[bytes, int], bytes]]]:
    """(suffix, what is done to the bytes of a good MIDI file, given a number)."""
    return [
        (".mid", lambda data, n: data[: 30 + (len(data) - 40) * (n + 1) // 12]),  # cut short
        (".mid", lambda data, n: b""),
        (".mid", lambda data, n: b"\0" * (100 + n)),
        (".mid", lambda data, n: random.Random(n).randbytes(1000)),
        (".mid", lambda data, n: data[:8] + bytes([0, 2 + n]) + data[10:]),  # type 2 and above
        (".mid", lambda data, n: data[:10] + b"\0\0" + data[12:14]),  # no tracks
        (".mid", lambda data, n: data[:14] + b"MTrk\0\0\0\4\0\xff\x2f\0" * (1 + n)),  # no notes
        (".musicxml", lambda data, n: b"<score-partwise><part id='P'>" + b"<measure>" * n),
        (".mxl", lambda data, n: b"PK\3\4" + bytes(range(n, 100 + n))),
        (".xml", lambda data, n: data),  # MIDI that calls itself a score
    ]


def command(seeds: Path, out: Path, options: argparse.Namespace) -> list[str]:
    """The batch, as a user gives it."""
    return [
        sys.executable, "-m", "composer", "batch", str(seeds), str(out), "--rng-seed", "1",
        "--bars", str(options.bars), "--variations", str(options.variations),
        "--workers", str(options.workers), "--model", options.model, "--json",
    ]  # fmt: skip


def broken(home: Path, options: argparse.Namespace) -> str | None:
    """A tenth of the seeds are broken: the others are made, and these are reported."""
    seeds, out = home / "seeds", home / "out"
    count = options.seeds
    make_seeds(seeds, count - count // 10)
    good = sorted(seeds.rglob("*.mid"))
    kinds = breakages()
    for number in range(count // 10):
        suffix, harm = kinds[number % len(kinds)]
        source = good[number]
        place = source.with_name(f"broken{number:03}{suffix}")
        place.write_bytes(harm(source.read_bytes(), number // len(kinds)))
    ended = subprocess.run(command(seeds, out, options), capture_output=True, text=True, cwd=HOME)
    tally = json.loads(ended.stdout)
    reasons = {
        record["seed"]: record["error"]
        for record in manifest.read(out / manifest.NAME)
        if "error" in record
    }
    print(f"{tally['made']} made, {tally['failed']} failed, exit code {ended.returncode},")
    kinds_said = {reason.replace(seed, "") for seed, reason in reasons.items()}
    print(f"{len(kinds_said)} different reasons, for example:")
    for seed in sorted(reasons, key=lambda seed: Path(seed).name)[:10]:
        print(f"    {seed}: {reasons[seed]}")
    if ended.returncode != 3:
        return f"exit code {ended.returncode}: {ended.stderr}"
    if tally["made"] != len(good) * options.variations:
        return f"{tally['made']} made of {len(good) * options.variations}"
    if len(reasons) != count // 10 or not all("broken" in seed for seed in reasons):
        return f"{len(reasons)} failures"
    if any("defect" in reason for reason in reasons.values()):
        return "a defect"
    return None


def killed(home: Path, options: argparse.Namespace) -> str | None:
    """Killed ten times and gone on with, the folder is that of an undisturbed run."""
    seeds, out, whole = home / "seeds", home / "out", home / "whole"
    make_seeds(seeds, options.seeds)
    subprocess.run(command(seeds, whole, options), check=True, capture_output=True, cwd=HOME)
    draw = random.Random(options.draw)
    path = out / manifest.NAME

    def lines() -> int:
        return path.read_bytes().count(b"\n") if path.is_file() else 0

    for number in range(10):
        process = subprocess.Popen(
            command(seeds, out, options), cwd=HOME, start_new_session=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        # At a moment in the next sixth of the work, which now and then lies before its start.
        target = lines() + draw.randrange(options.seeds * options.variations // 6)
        while lines() < target and process.poll() is None:
            time.sleep(0.001)
        time.sleep(draw.uniform(0, 0.3))
        process.send_signal(signal.SIGKILL)
        process.wait()
        print(f"killed, time {number + 1}: {lines()} lines in the manifest", flush=True)
    ended = subprocess.run(command(seeds, out, options), capture_output=True, text=True, cwd=HOME)
    tally = json.loads(ended.stdout)
    print(f"then {tally['found']} were there and {tally['made']} made")
    if tally["found"] + tally["made"] != options.seeds * options.variations:
        return "some are missing"
    both = [
        {str(p.relative_to(root)): p.read_bytes() for p in root.rglob("*") if p.is_file()}
        for root in (out, whole)
    ]
    if both[0] != both[1]:
        return f"{sum(both[0].get(name) != data for name, data in both[1].items())} files differ"
    print(f"{len(both[0])} files, byte for byte those of the undisturbed run")
    return None


def main() -> None:
    """Run one of the two tests."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("what", choices=["broken", "killed"])
    parser.add_argument("--seeds", type=int, default=1000)
    parser.add_argument("--variations", type=int, default=1)
    parser.add_argument("--bars", type=int, default=2)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--model", default="default")
    parser.add_argument("--draw", type=int, default=0, help="number for the random moments")
    options = parser.parse_args()
    home = Path(tempfile.mkdtemp(prefix="composer-endurance-"))
    try:
        wrong = (broken if options.what == "broken" else killed)(home, options)
    finally:
        shutil.rmtree(home)
    if wrong:
        raise SystemExit(f"not as promised: {wrong}")


if __name__ == "__main__":
    main()
