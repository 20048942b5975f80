"""Batches in this process, of a tiny network, and what they leave behind."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from live.tiny import tiny_predictor

from composer.batch import manifest
from composer.batch.jobs import CONTINUING, BatchSpec
from composer.batch.run import BatchJob, BatchRun
from composer.batch.tally import Tally
from composer.generation.settings import Settings

SHORT = Settings(bars=1, rng_seed=3)


def batch(seeds: Path, out: Path, **options: Any) -> BatchRun:
    job = {
        "settings": options.pop("settings", SHORT),
        "force": options.pop("force", False),
        "writing": options.pop("writing", CONTINUING),
    }
    spec = BatchSpec(**({"variations": 3, "batch_size": 16, "model": ("tiny", "0")} | options))
    return BatchRun(BatchJob(seeds, out, spec, model=Path(), **job), tiny_predictor())


def run(seeds: Path, out: Path, **options: Any) -> Tally:
    return batch(seeds, out, **options).run()


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, and every empty folder."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else b""
        for path in folder.rglob("*")
        if path.is_file() or not any(path.iterdir())
    }


def records(out: Path) -> list[dict[str, Any]]:
    return list(manifest.read(out / manifest.NAME))
