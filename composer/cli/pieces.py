"""Pieces for verbs that measure: files and folders, or datasets made by `prepare`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from composer import terminal

if TYPE_CHECKING:
    from composer_training.data.dataset import Dataset

    from composer.evaluation.evaluate import EncodedPiece, Report


def read_pieces(
    files: Sequence[str], grid: str = "auto", limit: int | None = None
) -> tuple[list[EncodedPiece], Report, Dataset | None]:
    """What is named on the command line.

    Args:
        files: MIDI files, scores, folders of them; of a dataset made by `prepare` the
            validation pieces.
        grid: "auto", "beats" or "free"; a dataset has that settled.
        limit: Pieces of each corpus at most; None: all.

    Returns:
        The pieces; a report with what was skipped; and the dataset, if there was one.

    Raises:
        SeedError: There is nothing that can be read.
        DatasetError: A dataset is damaged.
    """
    from composer_training.data.heldout import is_dataset, read_split

    from composer.evaluation.evaluate import Report, read_files

    folders = [Path(name) for name in files if is_dataset(Path(name))]
    others = [Path(name) for name in files if not is_dataset(Path(name))]
    pieces: list[EncodedPiece] = []
    report, dataset = Report(), None
    if folders:
        from composer_training.data.dataset import load

        dataset = load(folders)
        pieces += read_split(dataset, "valid", limit)
        report.files = len(pieces)
    if others:
        with terminal.bar("Reading") as advance:
            found, read = read_files(others, grid, advance)
        count: dict[str, int] = {}
        for piece in found:
            count[piece.corpus] = count.get(piece.corpus, 0) + 1
            if limit is None or count[piece.corpus] <= limit:
                pieces.append(piece)
        report.files += read.files
        report.skipped += read.skipped
    return pieces, report, dataset
