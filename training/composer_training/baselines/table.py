"""Baselines: what simpler models make of the same pieces, beside a model that plays.

    python -m composer_training.baselines.table datasets/default
    python -m composer_training.baselines.table datasets/default --model runs/mine/model --json
    python -m composer_training.baselines.table datasets/default --rnn-minutes 240 --rnn
    performance.npz

Rows of the table, in nats per note on the validation pieces, whole, the state carried:

    model               what `--model` names, int8 as it plays
    Markov              counts from the training pieces alone (`composer_training.baselines.markov`)
    Markov with memory  the same, and counts from the piece itself so far
    Performance RNN     3 x 512 over its own 388 events (Oore et al. 2018); it says when and
                        how long on a grid of 10 ms and not which part plays, so it has no
                        fields and is to be compared with care
    uniform             every class alike

Velocities of pieces that have a single one throughout are left out for all but the
Performance RNN, whose velocities are events of their own.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from composer import models
from composer.encoding.events import FIELDS, SHIFT, SIZES, Events
from composer.errors import ComposerError
from composer.evaluation.evaluate import EncodedPiece, Report, Scored, evaluate
from composer.evaluation.overlap import Estimate
from composer.network.predictor import Predictor
from composer_training.baselines.markov import Markov
from composer_training.data.dataset import Dataset, load, to_events
from composer_training.data.heldout import read_split
from composer_training.settings import FitSettings

if TYPE_CHECKING:
    from composer_training.baselines.performance_rnn import PerformanceRNN

CURVE_UPDATES = 50
"""Updates of the Performance RNN to a point of its learning curve, and between its files."""

Nats = Sequence[np.ndarray]
Say = Callable[[str], None]


def uniform_nats(pieces: Sequence[Events]) -> list[np.ndarray]:
    """[notes + 1, 5] of each piece for a model to which all classes are alike."""
    made = []
    for piece in pieces:
        nats = np.tile(np.log(np.array(SIZES, dtype=np.float64)), (len(piece.rows) + 1, 1))
        nats[-1, SHIFT + 1 :] = 0.0
        made.append(nats)
    return made


def to_report(found: Sequence[EncodedPiece], nats: Nats) -> Report:
    """Nats of every note as `composer evaluate` sums them up."""
    report = Report(files=len(found))
    for piece, table in zip(found, nats, strict=True):
        summed = table.sum(axis=0, dtype=np.float64)
        notes = len(piece.events.rows)
        report.pieces.append(Scored(piece.name, piece.corpus, notes, summed, piece.dynamics))
    return report


def by_corpus(report: Report) -> dict[str, Any]:
    """Figures of each corpus as in training, with their intervals."""
    groups: dict[str, Report] = {}
    for piece in report.pieces:
        groups.setdefault(piece.corpus, Report()).pieces.append(piece)
    figures = {}
    for corpus, group in groups.items():
        fields = group.as_in_training
        interval = group.interval()
        figures[corpus] = {
            "nats_per_note": sum(fields.values()),
            "fields": fields,
            "interval": None if interval is None else list(interval),
        }
    return figures


def measure(
    dataset: Dataset,
    model: str,
    *,
    limit: int | None = None,
    rnn: Path | None = None,
    rnn_minutes: float = 0.0,
    say: Say = lambda line: None,
) -> dict[str, Any]:
    """Train the baselines on a dataset and score everything on its validation pieces.

    Args:
        dataset: Prepared, with both splits.
        model: Name or folder of the model that plays.
        limit: Validation pieces of each corpus at most.
        rnn: File of a trained Performance RNN; where it is written as it trains.
        rnn_minutes: Train it for so long, on from what is in `rnn` if that exists; 0: take
            what is in `rnn`, or leave it out.
        say: Told what is being done.

    Raises:
        ComposerError: Something cannot be read.
    """
    found = read_split(dataset, "valid", limit)
    events = [piece.events for piece in found]
    say(f"{len(found)} validation pieces; {model}")
    reports = {"model": evaluate(Predictor.load(models.find(model)), found)}
    records = [record for group in dataset.corpora("train").values() for record in group]
    say(f"counting {len(records)} training pieces")
    markov = Markov.fit([to_events(record, dataset.notes(record)) for record in records])
    reports["Markov"] = to_report(found, markov.nats(events, memory=False))
    reports["Markov with memory"] = to_report(found, markov.nats(events))
    del markov  # some gigabytes
    reports["uniform"] = to_report(found, uniform_nats(events))
    rows: dict[str, Any] = {name: by_corpus(report) for name, report in reports.items()}
    if rnn_minutes or (rnn is not None and rnn.exists()):
        rows["Performance RNN"] = _performance(dataset, found, rnn, rnn_minutes, say)
    return {"model": model, "pieces": len(found), "rows": rows}


def _performance(
    dataset: Dataset, found: Sequence[EncodedPiece], path: Path | None, minutes: float, say: Say
) -> dict[str, Any]:
    from composer_training.baselines import performance_rnn as rival

    if minutes:
        network, about = train_rival(dataset, path, minutes, say)
    else:
        assert path is not None
        network, about = rival.load(path)
    names = {f"{record.corpus}/{record.name}": record for record in dataset.records}
    records = [names[piece.name] for piece in found]
    tokens = rival.tokens_of(dataset, records)
    say(f"Performance RNN hears {sum(map(len, tokens))} events")
    nats = {index: float(each.sum()) for index, each in rival.event_nats(network, tokens)}
    figures: dict[str, Any] = {}
    for corpus in dict.fromkeys(piece.corpus for piece in found):
        those = [index for index, piece in enumerate(found) if piece.corpus == corpus]
        notes = sum(len(found[index].events.rows) for index in those)
        total = sum(nats[index] for index in those)
        figures[corpus] = {
            "nats_per_note": total / notes,
            "nats_per_event": total / sum(len(tokens[index]) - 1 for index in those),
            "nats_per_piece": total / len(those),
        }
    return figures | {"trained": about}


def train_rival(
    dataset: Dataset, path: Path | None, minutes: float, say: Say
) -> tuple[PerformanceRNN, dict[str, Any]]:
    """Train a Performance RNN, on from what is in a file if there is one; kept there on the way."""
    from composer_training.baselines import performance_rnn as rival

    settings = FitSettings(batch_size=32, steps=128, updates=1_000_000, minutes=minutes, warm_up=60)
    network, known = rival.begin(settings, path)
    about: dict[str, Any] = {"minutes": 0.0, "events_heard": 0, "sittings": 0, "curve": []} | known
    # Other pieces than in the sitting before.
    settings = replace(settings, seed=settings.seed + int(about["sittings"]))
    about["sittings"] += 1
    minutes_before, heard_before = about["minutes"], about["events_heard"]
    recent: list[float] = []
    began = time.monotonic()

    def note(update: int) -> None:
        about["minutes"] = round(minutes_before + (time.monotonic() - began) / 60, 1)
        about["events_heard"] = heard_before + update * settings.batch_size * settings.steps
        if recent:
            mean = round(float(np.mean(recent)), 3)
            about["curve"].append([about["events_heard"], mean])
            recent.clear()
            say(f"Performance RNN: {about['minutes']} min, {mean} nats per event")
        if path is not None:
            rival.save(network, path, about)

    last = 0

    def report(update: int, nats: float, done: float) -> None:
        nonlocal last
        del done
        last = update
        recent.append(nats)
        if update % CURVE_UPDATES == 0:
            note(update)

    rival.fit(dataset, settings, network, report=report)
    note(last)
    return network, about


def lines(document: Mapping[str, Any]) -> list[str]:
    """A table for people for each corpus."""
    shown = []
    corpora = list(document["rows"]["model"])
    for corpus in corpora:
        heads = "".join(f"{name:>10}" for name in ("nats/note", *FIELDS))
        shown.append(f"{corpus:<20}{heads}   95 % interval")
        for name, figures in document["rows"].items():
            group = figures[corpus]
            values = [group["nats_per_note"], *group.get("fields", {}).values()]
            line = f"  {name:<18}" + "".join(f"{value:10.3f}" for value in values)
            if group.get("interval"):
                line += "   " + str(Estimate(values[0], *group["interval"])).split(" ", 1)[1]
            shown.append(line)
    return shown


def main() -> None:
    """Measure, and print a table or JSON."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("datasets", nargs="+", type=Path, help="made by 'composer prepare'")
    parser.add_argument("--model", default=models.DEFAULT, help="a model's name or folder")
    parser.add_argument("--limit", type=int, help="validation pieces of each corpus at most")
    parser.add_argument("--rnn", type=Path, metavar="NPZ", help="a trained Performance RNN")
    parser.add_argument(
        "--rnn-minutes", type=float, default=0.0, help="train it for so long, on from --rnn"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    given = parser.parse_args()
    began = time.monotonic()

    def say(line: str) -> None:
        print(f"{time.monotonic() - began:6.0f} s  {line}", file=sys.stderr, flush=True)

    try:
        document = measure(
            load(given.datasets),
            given.model,
            limit=given.limit,
            rnn=given.rnn,
            rnn_minutes=given.rnn_minutes,
            say=say,
        )
    except ComposerError as error:
        raise SystemExit(f"error: {error}") from error
    print(json.dumps(document, indent=2) if given.json else "\n".join(lines(document)))


if __name__ == "__main__":
    main()
