"""Liked: what marks of jams make of a training run: its data, how it is judged, whether it helped.

Replies that were liked become likelier and those that were not less likely, beside ordinary music,
so that what the model can do stays. Of six marked replies two are kept out of training: one chooses
among checkpoints, and one, which nothing was chosen by, says in the end whether that helped.

Conventions:
    Nats are -log p a note, over the five fields.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from composer import files, models
from composer.analysis.form import with_plan
from composer.errors import SeedError
from composer.network.likelihood import note_nats
from composer.network.predictor import Predictor
from composer.shipped import shipped
from composer_training.data import dataset, jams
from composer_training.data.dataset import Dataset, DatasetError, Notes, Record, to_events
from composer_training.data.jams import DISLIKED, LIKED, Found
from composer_training.data.prepare import Skipped, read_source
from composer_training.data.sources import find_sources
from composer_training.validate import Score

FOLDER: Final = "marks"
"""Of the dataset of marked replies, in the run's."""
BEFORE: Final = "before.json"
"""What validation gave before the first update, in the run's folder."""
REPORT: Final = "liked.json"
"""What was found out in the end, in the run's folder."""
FEWEST: Final = {True: 12, False: 6}
"""Replies that have to be liked, and not, for something to be learnt and told."""
ORDINARY: Final = "seeds"
"""Corpus of composer's own seeds, which stand for music at large where no dataset is given."""
SHARES: Final = {LIKED: 0.3, DISLIKED: 0.2}
"""Of the notes of a batch; the rest is ordinary music."""
TOLERANCE: Final = 0.02
"""Nats by which liked replies and ordinary music may become less likely."""
SURE: Final = 1.64
"""Standard deviations from chance: one in twenty would lie beyond."""
SCORED: Final = 24
"""Pieces of each ordinary corpus that are scored in the end."""

Floats = NDArray[np.float64]


class MarksError(SeedError):
    """There are not the marks that a run needs."""


def prepare(paths: Sequence[Path], folder: Path, datasets: Sequence[Path]) -> Found:
    """Make a dataset of marked replies.

    Args:
        paths: Logged jams, or folders of them.
        folder: Of the run.
        datasets: Of ordinary music; with none composer's seeds are added as some.

    Raises:
        MarksError: There are too few marks; the message says how many.
        SeedError: A path is not there, or is no jam.
        OutputError: The dataset cannot be written.
    """
    found = jams.find_jams(paths)
    liked, disliked = found.count(True), found.count(False)
    where = ", ".join(map(str, paths))
    if not liked + disliked:
        read = len(found.jams) + found.unmarked
        if found.damaged and not read:
            more = f" (and {len(found.damaged) - 1} more)" if len(found.damaged) > 1 else ""
            raise MarksError(f"no jam can be read: {found.damaged[0]}{more}")
        lost = f", and {found.lost} marks are of replies that they do not have" * bool(found.lost)
        raise MarksError(
            f"no reply is marked in the {read} jams of {where}{lost}; "
            "like and dislike replies while you play, then try again"
        )
    if liked < FEWEST[True] or disliked < FEWEST[False]:
        raise MarksError(
            f"{liked} replies are liked and {disliked} disliked in {where}: "
            f"{FEWEST[True]} and {FEWEST[False]} are needed to learn from some and judge by others"
        )
    dataset.save(folder / FOLDER, _pieces(found, not datasets))
    return found


def _pieces(found: Found, seeds: bool) -> Iterator[tuple[Record, Notes]]:
    yield from jams.records_of(found.jams)
    if not seeds:
        return
    number = 0
    for source in find_sources([f"{ORDINARY}={shipped('catalogue.json').parent}"]):
        for result in read_source(0, (source, "auto")).pieces:
            if not isinstance(result, Skipped):
                record, notes = result
                number += 1
                yield replace(record, split="train" if number % 3 else "valid"), notes


def shares_of(datasets: Sequence[Path]) -> dict[str, float]:
    """Which share of the notes each corpus gets, those of the marks among them."""
    sizes: dict[str, int] = {}
    for corpus, records in dataset.load(datasets).corpora("train").items():
        sizes[corpus] = sum(record.count for record in records)
    ordinary = sum(size for corpus, size in sizes.items() if corpus not in SHARES)
    rest = 1 - sum(SHARES.values())
    return {
        corpus: SHARES.get(corpus, rest * size / max(ordinary, 1)) for corpus, size in sizes.items()
    }


@dataclass(frozen=True, slots=True)
class Judge:
    """How good a checkpoint is: a number that is to be as low as it can.

    Attributes:
        before: Nats of each corpus in validation, before the first update.
    """

    before: Mapping[str, float]

    @classmethod
    def begin(cls, scores: Mapping[str, Score], folder: Path) -> Judge:
        """By what validation gave before the first update, which is kept for `resume`."""
        made = cls({corpus: score.nats_per_note for corpus, score in scores.items()})
        text = json.dumps(dict(made.before), indent=2) + "\n"
        files.write(text.encode(), folder / BEFORE, force=True)
        return made

    @classmethod
    def resume(cls, folder: Path) -> Judge:
        """As it was when the run began.

        Raises:
            DatasetError: That is not there any more.
        """
        try:
            before = json.loads((folder / BEFORE).read_text(encoding="utf-8"))
            return cls({str(corpus): float(value) for corpus, value in before.items()})
        except (OSError, ValueError, AttributeError, TypeError) as error:
            raise DatasetError(f"{folder / BEFORE} cannot be read ({error}); begin anew") from error

    def __call__(self, scores: Mapping[str, Score]) -> float:
        """How much less liked replies are preferred than before; infinite where that costs others.

        Args:
            scores: Of a validation, by corpus.
        """
        worse = {
            corpus: score.nats_per_note - self.before[corpus]
            for corpus, score in scores.items()
            if corpus in self.before and corpus != "all"
        }
        ordinary = [value for corpus, value in worse.items() if corpus not in SHARES]
        if worse[LIKED] > TOLERANCE or (ordinary and float(np.mean(ordinary)) > TOLERANCE):
            return math.inf
        return worse[LIKED] - worse[DISLIKED]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether training on marks helped, by replies and music that it never saw.

    Attributes:
        liked, disliked: Replies that were judged.
        told_apart: How often, of one liked and one disliked reply, it is the liked one that has
            gained more: 0.5 is chance, 1 always.
        deviations: Standard deviations by which that lies over chance (Mann and Whitney 1947).
        liked_nats, disliked_nats: A note, (before, after).
        ordinary_nats: A note of ordinary music, (before, after); 0 where there is none.
        pieces: Of ordinary music.
    """

    liked: int
    disliked: int
    told_apart: float
    deviations: float
    liked_nats: tuple[float, float]
    disliked_nats: tuple[float, float]
    ordinary_nats: tuple[float, float]
    pieces: int

    @property
    def helped(self) -> bool:
        """Whether liked replies have surely gained, and ordinary music has not lost."""
        return self.deviations >= SURE and not self.harmed

    @property
    def harmed(self) -> bool:
        """Whether ordinary music has become less likely."""
        before, after = self.ordinary_nats
        return after - before > TOLERANCE

    def words(self) -> list[str]:
        """What was found, a sentence each; the first says whether it helped."""
        if self.harmed:
            first = "It did harm: ordinary music has become less likely."
        elif self.helped:
            first = "It helped: replies that you liked have become likelier than others."
        elif self.deviations > 0:
            first = "Perhaps it helped: there are too few marks to be sure. Mark more replies."
        else:
            first = "It did not help: what you like cannot be told from these marks."
        pair = f"{self.liked} liked and {self.disliked} disliked replies that it never saw"
        return [
            first,
            f"Of {pair}, the liked one of two gains more in {self.told_apart:.0%} of pairs "
            f"(chance is 50%; {self.deviations:+.1f} standard deviations).",
            f"Nats a note: liked {_change(self.liked_nats)}, disliked "
            f"{_change(self.disliked_nats)}, ordinary music {_change(self.ordinary_nats)} "
            f"({self.pieces} pieces).",
        ]

    def document(self) -> dict[str, Any]:
        """All of it as plain values, for JSON."""
        return asdict(self) | {"helped": self.helped, "words": self.words()}

    def save(self, folder: Path) -> None:
        """Write it into a run's folder."""
        text = json.dumps(self.document(), indent=2) + "\n"
        files.write(text.encode(), folder / REPORT, force=True)


def _change(nats: tuple[float, float]) -> str:
    return f"{nats[0]:.3f} -> {nats[1]:.3f}"


def judge(data: Dataset, before: Path, after: Path) -> Verdict:
    """Hold two models against replies and music that none was trained on.

    Args:
        data: The marks and the ordinary music of a run.
        before: Folder of the model that the run began with.
        after: Of the one that came out; both as they are played, with int8 weights.
    """
    held_out = data.corpora("test")
    chosen = {corpus: held_out.get(corpus, []) for corpus in SHARES}
    for corpus, records in data.corpora("valid").items():
        if corpus not in SHARES:
            chosen[corpus] = records[:SCORED]
    names = [(corpus, record) for corpus, records in chosen.items() for record in records]
    first, last = (_nats(path, data, [record for _, record in names]) for path in (before, after))
    groups: dict[str, list[int]] = {LIKED: [], DISLIKED: [], "": []}
    for index, (corpus, _) in enumerate(names):
        groups[corpus if corpus in SHARES else ""].append(index)

    def both(corpus: str) -> tuple[float, float]:
        rows = groups[corpus]
        return (float(first[rows].mean()), float(last[rows].mean())) if rows else (0.0, 0.0)

    gained = first - last
    apart, deviations = told_apart(gained[groups[LIKED]], gained[groups[DISLIKED]])
    return Verdict(
        liked=len(groups[LIKED]),
        disliked=len(groups[DISLIKED]),
        told_apart=apart,
        deviations=deviations,
        liked_nats=both(LIKED),
        disliked_nats=both(DISLIKED),
        ordinary_nats=both(""),
        pieces=len(groups[""]),
    )


def told_apart(liked: Floats, disliked: Floats) -> tuple[float, float]:
    """How often the liked one of two has more, and by how many deviations that is over chance.

    Args:
        liked: A number of each liked reply, [N].
        disliked: Of each disliked one, [M].
    """
    pairs = len(liked) * len(disliked)
    if not pairs:
        return 0.5, 0.0
    differences = liked[:, None] - disliked
    share = float(np.mean((differences > 0) + 0.5 * (differences == 0)))
    spread = math.sqrt((len(liked) + len(disliked) + 1) / (12 * pairs))
    return share, (share - 0.5) / spread


def _nats(model: Path, data: Dataset, records: Sequence[Record]) -> Floats:
    """Nats a note of each record, of its given notes none, [records]."""
    pieces, given = [], []
    for record in records:
        notes = data.notes(record)
        pieces.append(with_plan(to_events(record, notes)))
        given.append(len(to_events(record, notes[: record.context]).rows) if record.context else 0)
    found = np.zeros(len(records))
    for index, nats in note_nats(Predictor.load(models.find(model)), pieces):
        found[index] = nats[given[index] : -1].sum(axis=1).mean()
    return found


def describe(found: Found) -> Iterator[str]:
    """What is to be said of the jams that were read, a line each."""
    yield (
        f"{found.count(True)} liked and {found.count(False)} disliked replies "
        f"in {len(found.jams)} jams."
    )
    if found.lost:
        yield f"{found.lost} marks are of replies that their logs do not have."
    for line in found.damaged:
        yield f"Left out: {line}"
