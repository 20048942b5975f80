"""Comparison run: second halves by a model and by all baselines, measured side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from composer.errors import SeedError, SettingError
from composer.evaluation.comparison import measure, nearer, random_pairs
from composer.evaluation.copying import BarIndex, bars_of_events
from composer.evaluation.evaluate import EncodedPiece
from composer.evaluation.form_comparison import closing
from composer.evaluation.sources import continuations, seed_again, true_halves
from composer.evaluation.split_piece import (
    FEWEST_BARS,
    FEWEST_NOTES,
    SecondHalf,
    SplitPiece,
    split_piece,
)
from composer.evaluation.uniform import Uniform
from composer.generation.seed_plan import planner_of
from composer.generation.settings import OFF, Settings
from composer.network.predictor import NoteModel
from composer.terminal import Advance
from composer_training.baselines.markov import Markov
from composer_training.baselines.markov_player import MarkovPlayer
from composer_training.data.dataset import Dataset, to_events

if TYPE_CHECKING:
    from composer_training.baselines.performance_player import PerformancePlayer

MODEL, MARKOV, UNIFORM, AGAIN, TRUTH = "model", "Markov", "uniform", "seed again", "truth"
PERFORMANCE_RNN = "Performance RNN"
ONE_TAKE, ALONE, UNPLANNED = "{}, one take", "{}, alone", "{}, plan off"

Bar = Callable[[str, str], AbstractContextManager[Advance]]
"""(what is being done, what is counted) -> a context with what shows how far it is."""


@dataclass(frozen=True, slots=True)
class ComparisonSpec:
    """What is compared, and how.

    Attributes:
        settings: Of all continuations, which have one take each unless the following says more.
        takes: Of the model.
        baselines: Whether anything but the model as it plays, the model without a plan, the
            seed again and the truth is among the sources, and copies of the music trained on
            are looked for.
        markov: Whether a Markov model is among the baselines.
        markov_takes: Of it.
        performance_rnn: File of a trained Performance RNN; None leaves it out.
        bars: Bars of the second halves at most; None: all.
        seed_bars: Bars of the seeds at most, the last before the cut; None: all.
        outputs: Continuations by the model in all; None: one of each piece.

    Raises:
        SettingError: A number of takes is out of range.
    """

    settings: Settings
    takes: int = 1
    baselines: bool = True
    markov: bool = True
    markov_takes: int = 1
    performance_rnn: Path | None = None
    bars: int | None = None
    seed_bars: int | None = None
    outputs: int | None = None

    def __post_init__(self) -> None:
        for takes in (self.takes, self.markov_takes):
            replace(self.settings, takes=takes)  # raises what is wrong with it


def compare_sources(
    encoded: Sequence[EncodedPiece],
    predictor: NoteModel,
    training: Dataset | None,
    spec: ComparisonSpec,
    bar: Bar,
) -> dict[str, Any]:
    """Figures of every source, as plain values for JSON.

    Args:
        encoded: Pieces that the model has not learnt from.
        predictor: The model.
        training: What it has learnt from, for copies and the Markov model; None for neither.
        spec: What is compared.
        bar: Shows progress.

    Raises:
        SeedError: Fewer than two pieces are long enough.
        SettingError: A setting is out of range, or there are fewer outputs than pieces.
        ModelError: The Performance RNN cannot be read.
    """
    split = (split_piece(whole, spec.bars, spec.seed_bars) for whole in encoded)
    pieces = [piece for piece in split if piece is not None]
    if len(pieces) < 2:
        raise SeedError(
            f"two pieces at least are to have two halves of {FEWEST_BARS} bars and {FEWEST_NOTES}"
            f" notes or more, and {len(pieces)} of {len(encoded)} have; give more music"
        )
    if spec.outputs is not None and spec.outputs < len(pieces):
        raise SettingError(f"--outputs is {spec.outputs}, fewer than the {len(pieces)} pieces")
    performer = None
    if spec.performance_rnn is not None:
        performer = _performer(spec.performance_rnn, pieces, bar)
    guided = replace(spec.settings, takes=spec.takes)
    sources = _second_halves(pieces, predictor, training, performer, spec, bar)
    index = _index(training) if training is not None and spec.baselines else None
    surprise: dict[str, list[float]] = {}
    if performer is not None:
        for name, second_halves in sources.items():
            with bar(f"Judging: {name}", "continuations") as advance:
                surprise[name] = performer.surprise(second_halves, advance)
    true = surprise.get(TRUTH)
    apart, keys = random_pairs(pieces, true)
    figures = {
        name: measure(pieces, made, index, None if true is None else (surprise[name], true))
        for name, made in sources.items()
    }
    return {
        "pieces": len(pieces),
        "notes": sum(len(piece.second_half.rows) for piece in pieces),
        "settings": {
            **guided.draw._asdict(),
            "takes": spec.takes,
            "markov_takes": spec.markov_takes,
            "rng_seed": guided.rng_seed,
            "bars": spec.bars,
            "seed_bars": spec.seed_bars,
        },
        "training_pieces": 0 if index is None else len(index),
        "pieces_end_on_tonic": closing(pieces).as_dict(),
        "sources": {name: some.as_dict() for name, some in figures.items()},
        "model_nearer_than": {
            name: {
                descriptor: value.as_dict()
                for descriptor, value in nearer(figures[MODEL], some).items()
            }
            for name, some in figures.items()
            if name not in (MODEL, TRUTH)
        },
        "random_pairs": {
            "distance": {name: value.as_dict() for name, value in apart.items()},
            "key_agreement": keys.as_dict(),
        },
    }


def _second_halves(
    pieces: Sequence[SplitPiece],
    predictor: NoteModel,
    training: Dataset | None,
    performer: PerformancePlayer | None,
    spec: ComparisonSpec,
    bar: Bar,
) -> dict[str, list[SecondHalf]]:
    """Second halves by name of their source, the true ones among them."""
    sources: dict[str, list[SecondHalf]] = {}

    def play(
        name: str, model: NoteModel, takes: int = 1, count: int | None = None, alone: bool = False,
        **changes: Any,
    ) -> None:  # fmt: skip
        settings = replace(spec.settings, takes=takes, **changes)
        with bar(f"Playing: {name}", "continuations") as advance:
            sources[name] = continuations(model, pieces, settings, count, advance, unguided=alone)

    play(MODEL, predictor, spec.takes, spec.outputs)
    if planner_of(predictor) is not None:
        play(UNPLANNED.format(MODEL), predictor, spec.takes, plan=OFF)
    certain = {AGAIN: seed_again(pieces), TRUTH: true_halves(pieces)}
    if not spec.baselines:
        return sources | certain
    if spec.takes > 1:
        play(ONE_TAKE.format(MODEL), predictor)
    play(ALONE.format(MODEL), predictor, alone=True)
    if training is not None and spec.markov:
        markov = _markov(training, bar)
        play(MARKOV, markov, spec.markov_takes)
        if spec.markov_takes > 1:
            play(ONE_TAKE.format(MARKOV), markov)
        play(ALONE.format(MARKOV), markov, alone=True)
    if performer is not None:
        with bar(f"Playing: {PERFORMANCE_RNN}", "continuations") as advance:
            settings = replace(spec.settings, takes=1)
            sources[PERFORMANCE_RNN] = performer.continuations(settings, advance)
    play(UNIFORM, Uniform())
    return sources | certain


def _markov(training: Dataset, bar: Bar) -> MarkovPlayer:
    pieces = [
        to_events(record, training.notes(record))
        for records in training.corpora("train").values()
        for record in records
    ]
    with bar("Counting", "fields") as advance:
        return MarkovPlayer(Markov.fit(pieces, advance))


def _performer(path: Path, pieces: Sequence[SplitPiece], bar: Bar) -> PerformancePlayer:
    # Keras is loaded only here.
    from composer_training.baselines.performance_player import PerformancePlayer
    from composer_training.baselines.performance_rnn import load

    network, _ = load(path)
    with bar(f"Listening: {PERFORMANCE_RNN}", "seeds") as advance:
        return PerformancePlayer(network, pieces, advance)


def _index(training: Dataset) -> BarIndex:
    return BarIndex(
        (record.name, bars_of_events(to_events(record, training.notes(record))))
        for records in training.corpora("train").values()
        for record in records
    )
