"""Run: a training run as a folder that can be left and gone on with.

run.json        datasets, network, settings, where the first weights came from
last.npz        the latest checkpoint, from which `--resume` goes on
best.npz        the one that did best in validation
history.jsonl   a line for each validation
logs/           curves for TensorBoard
model/          the best checkpoint as a model that plays, once the run has ended

and, of a run on marks of jams (`composer_training.liked`):

marks/          the marked replies as a dataset
before.json     validation before the first update
liked.json      whether it helped, once the run has ended
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from composer import __version__, files, models
from composer.distribution import install_extra
from composer.encoding.events import FIELDS
from composer.errors import DependencyError, OutputError
from composer.network import weights_file
from composer.network.config import NetworkConfig
from composer_training.data import dataset
from composer_training.data.dataset import DatasetError
from composer_training.data.heldout import is_dataset
from composer_training.fit import INTERRUPTED, Fitter, TrainingError, UpdateReport, fit
from composer_training.liked import Judge, Verdict, judge
from composer_training.settings import FitSettings
from composer_training.tensorboard_log import EventLog

LOG_EVERY = 10
"""Updates from one point of the training curve to the next, which is their mean."""


@dataclass(frozen=True, slots=True)
class RunPlan:
    """What a run is made of.

    Attributes:
        datasets: Prepared folders.
        network: Sizes.
        settings: Of the run.
        origin: Model folder with the first weights, None for new ones.
        limit: Validation pieces per corpus; None: all.
        liked: Whether the first of the datasets has marked replies, by which it is judged.
    """

    datasets: tuple[Path, ...]
    network: NetworkConfig
    settings: FitSettings
    origin: Path | None = None
    limit: int | None = None
    liked: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended.

    Attributes:
        folder: Of the run.
        end: One of `composer_training.fit`'s DONE, EARLY, INTERRUPTED.
        update: Updates done.
        best: Lowest nats per note in validation, infinite without validation pieces; of a run on
            marks by how much less liked replies are preferred than before.
        seconds: Spent, over all sittings.
        model: The model's folder, None if the run has not ended.
        verdict: Of a run on marks that has ended, whether it helped.
    """

    folder: Path
    end: str
    update: int
    best: float
    seconds: float
    model: Path | None
    verdict: Verdict | None = None


def check_free(folder: Path, force: bool) -> None:
    """See that a new run may go into a folder.

    Raises:
        OutputError: There is a run already, and it is not to be replaced; or a dataset lies there.
    """
    if is_dataset(folder):
        raise OutputError(f"{folder} is a dataset; give the run a folder of its own with --out")
    if (folder / "run.json").exists() and not force:
        raise OutputError(f"there is a run in {folder}; give --resume to go on, --force to replace")


def start(plan: RunPlan, folder: Path, *, force: bool = False) -> Fitter:
    """A new run in a folder that has none.

    Args:
        plan: What to train, on what.
        folder: Made if it is not there.
        force: Begin anew even if there is a run; its checkpoints are deleted.

    Raises:
        OutputError: There is a run already, or the folder cannot be written.
        ComposerError: A dataset, the origin or a setting cannot be used.
    """
    check_free(folder, force)
    fitter = _fitter(plan, folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("last.npz", "best.npz", "history.jsonl"):
            (folder / name).unlink(missing_ok=True)
        for old in (folder / "logs").glob("events.out.tfevents.*"):
            old.unlink()
        _write_json(folder / "run.json", _document(plan))
    except OSError as error:
        raise OutputError(
            f"{error.filename or folder} cannot be written: {error.strerror}"
        ) from error
    if plan.liked:
        # What does not come to be preferred more than this has not helped.
        fitter.judge, fitter.best = Judge.begin(fitter.validate(plan.limit), folder), 0.0
        fitter.save("best")
    # From here on --resume has something to go on from.
    fitter.save("last")
    return fitter


def resume(folder: Path, changes: Mapping[str, Any]) -> tuple[RunPlan, Fitter]:
    """A run as it was when its last checkpoint was written.

    Args:
        folder: Of the run.
        changes: Settings to change: only when it ends, and how often it validates.

    Raises:
        TrainingError: There is no run.
        ModelError: Its checkpoint is damaged.
        DatasetError: A dataset is no longer what it was.
    """
    try:
        document = json.loads((folder / "run.json").read_text(encoding="utf-8"))
        plan = RunPlan(
            tuple(Path(item["path"]) for item in document["datasets"]),
            NetworkConfig(**document["network"]),
            replace(FitSettings.from_dict(document["settings"]), **changes),
            None if document["origin"] is None else Path(document["origin"]),
            document["limit"],
            document.get("liked", False),
        )
        prints = [item["pieces"] for item in document["datasets"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TrainingError(
            f"there is no run to go on with in {folder} ({files.reason(error)})"
        ) from error
    for path, before in zip(plan.datasets, prints, strict=True):
        if _fingerprint(path) != before:
            raise DatasetError(
                f"{path} has changed since the run began: train anew, or finetune from its model"
            )
    fitter = _fitter(replace(plan, origin=None), folder)  # its weights are in the checkpoint
    if plan.liked:
        fitter.judge = Judge.resume(folder)
    fitter.restore("last")
    _forget_after(folder / "history.jsonl", fitter.update)
    return plan, fitter


def run(
    plan: RunPlan,
    fitter: Fitter,
    *,
    report: Callable[[UpdateReport], None] = lambda progress: None,
    stop: Callable[[], bool] = lambda: False,
) -> Outcome:
    """Train to the end, and make a model of the best.

    Args:
        plan: From which the fitter was made.
        fitter: From `start` or `resume`.
        report: Called after every update.
        stop: Asked after every update; True leaves a checkpoint and ends.

    Raises:
        ComposerError: The loss is not a number, the disk is full, memory has run out.
    """
    folder = fitter.folder
    recent: list[NDArray[np.float32]] = []

    def note(progress: UpdateReport) -> None:
        recent.append(progress.fields)
        if progress.update % LOG_EVERY == 0:
            log.add(progress.update, _curves(progress, np.mean(recent, axis=0)))
            recent.clear()
        if progress.scores:
            for corpus, score in progress.scores.items():
                values = score.fields | {"total": score.nats_per_note}
                tags = {f"validation/{corpus}/{name}": value for name, value in values.items()}
                log.add(progress.update, tags)
            _append_json(folder / "history.jsonl", _history(progress))
        report(progress)

    try:
        with EventLog(folder / "logs") as log:
            end = fit(fitter, note, plan.limit, stop=stop)
        model = None if end == INTERRUPTED else make_model(folder, plan)
    except OSError as error:
        raise OutputError(
            f"{error.filename or folder} cannot be written: {error.strerror}"
        ) from error
    except Exception as error:
        if _out_of_memory(error):
            raise TrainingError(
                "memory has run out: give a smaller --batch-size, fewer --steps or fewer --units"
            ) from error
        raise
    verdict = None
    if plan.liked and model is not None and plan.origin is not None:
        verdict = judge(fitter.dataset, plan.origin, model)
        verdict.save(folder)
    return Outcome(folder, end, fitter.update, fitter.best, fitter.elapsed, model, verdict)


def make_model(folder: Path, plan: RunPlan) -> Path:
    """The run's best checkpoint as a model folder that `--model` takes.

    Raises:
        DependencyError: TensorFlow, whose converter this needs, is not installed.
    """
    if find_spec("tensorflow") is None:
        raise DependencyError(
            "trained to the end, but making a model that plays needs TensorFlow: "
            f"{install_extra('train')}, then composer train --resume --out {folder}"
        )
    from composer_training.export import export

    # The converter's remarks on its own interface are nobody's business here.
    logging.getLogger("absl").setLevel(logging.ERROR)
    model = folder / "model"
    corpora = {record.corpus for record in dataset.load(plan.datasets).records}
    about = {"corpora": sorted(corpora), "composer": __version__}
    if plan.origin is not None:
        about["origin"] = plan.origin.name
    export(folder / "best.npz", model, name=folder.resolve().name, about=about)
    # Plans are of bars, not of notes: the planner is that of the model it began with, or ours.
    planner = (plan.origin or models.find(models.DEFAULT)) / models.PLANNER
    if planner.exists():
        files.write(planner.read_bytes(), model / models.PLANNER, force=True)
    return model


def read_model(folder: Path) -> tuple[NetworkConfig, dict[str, NDArray[Any]]]:
    """Sizes and weights of a model folder, to go on training from.

    Raises:
        ModelError: Something is missing or damaged.
    """
    config = NetworkConfig.load(folder / "config.json")
    stored = weights_file.read(folder / "weights.npz")
    return config, {name: array.astype(np.float32) for name, array in stored.items()}


def _fitter(plan: RunPlan, folder: Path) -> Fitter:
    weights = None if plan.origin is None else read_model(plan.origin)[1]
    return Fitter(dataset.load(plan.datasets), plan.network, plan.settings, folder, weights)


def _document(plan: RunPlan) -> dict[str, Any]:
    return {
        "composer": __version__,
        "datasets": [
            {"path": str(path.resolve()), "pieces": _fingerprint(path)} for path in plan.datasets
        ],
        "network": plan.network.as_dict(),
        "settings": plan.settings.as_dict(),
        "origin": None if plan.origin is None else str(plan.origin.resolve()),
        "limit": plan.limit,
        "liked": plan.liked,
    }


def _fingerprint(folder: Path) -> str:
    """SHA-256 of a dataset's list of pieces, which names each piece's own."""
    try:
        return hashlib.sha256((folder / "pieces.json").read_bytes()).hexdigest()
    except OSError as error:
        raise DatasetError(f"{folder} is not there any more ({error.strerror})") from error


def _curves(progress: UpdateReport, fields: NDArray[np.float32]) -> dict[str, float]:
    named = dict(zip(FIELDS, fields.tolist(), strict=True))
    return {
        **{f"train/{name}": value for name, value in named.items()},
        "train/total": float(fields.sum()),
        "train/learning_rate": progress.learning_rate,
        "train/notes_per_second": progress.notes_per_second,
    }


def _history(progress: UpdateReport) -> dict[str, Any]:
    scores = progress.scores or {}
    return {
        "update": progress.update,
        "train": round(progress.nats, 6),
        "improved": progress.improved,
        "validation": {
            corpus: {"total": round(score.nats_per_note, 6)}
            | {name: round(value, 6) for name, value in score.fields.items()}
            for corpus, score in scores.items()
        },
    }


def _write_json(path: Path, document: Mapping[str, Any]) -> None:
    files.write((json.dumps(document, indent=2) + "\n").encode(), path, force=True)


def _append_json(path: Path, line: Mapping[str, Any]) -> None:
    with path.open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(line) + "\n")


def _forget_after(history: Path, update: int) -> None:
    """Drop validations that a killed run did after its last checkpoint: they come again."""
    if not history.exists():
        return
    kept = []
    for line in history.read_text(encoding="utf-8").splitlines():
        try:
            if json.loads(line)["update"] <= update:
                kept.append(line + "\n")
        except (ValueError, KeyError, TypeError):
            continue  # the half of a line that was being written when the run was killed
    history.write_text("".join(kept), encoding="utf-8")


def _out_of_memory(error: Exception) -> bool:
    """Whether a backend's own error says that memory has run out."""
    name = type(error).__name__
    return name in ("ResourceExhaustedError", "OutOfMemoryError") or "RESOURCE_EXHAUSTED" in str(
        error
    )
