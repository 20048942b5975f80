"""Sources: which files to read, what each is called, and on which side of the split it falls."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from composer.errors import SeedError
from composer.formats import music_file
from composer.formats.jsb_chorales import chorale_items, read_chorale
from composer.formats.remarks import Remark, to_log
from composer.formats.suffixes import MUSICXML_SUFFIXES, is_music
from composer.music.notes import Piece

SPLIT_FOLDERS = {"train": "train", "validation": "valid", "valid": "valid", "test": "test"}
VALID_SHARE = 0.05
CHART_SUFFIXES = (".txt", *MUSICXML_SUFFIXES)


@dataclass(frozen=True, slots=True)
class Source:
    """One thing to read.

    Attributes:
        path: File.
        name: How it is called in the dataset.
        corpus: Which corpus it belongs to.
        item: Which piece of a JSON file that holds several, or None.
        split: "train", "valid" or "test" if its folder says so, else "".
    """

    path: Path
    name: str
    corpus: str
    item: tuple[str, int] | None = None
    split: str = ""


def find_sources(paths: Sequence[str | Path]) -> list[Source]:
    """Every readable kind of file under some paths, in a stable order.

    A path may be `NAME=PATH` to name its corpus; otherwise the folder's name is taken.
    A `~` at its beginning is the home folder.

    Raises:
        SeedError: A path does not exist, or nothing readable lies under it.
    """
    sources: list[Source] = []
    for given in paths:
        path, corpus = Path(os.path.expanduser(given)), ""
        if not path.exists():
            corpus, _, rest = str(given).partition("=")
            path = Path(os.path.expanduser(rest))  # behind "=", few shells do it
            if not rest or not corpus or not path.exists():
                missing = rest or given
                raise SeedError(
                    f"{missing} does not exist; give files or folders of MIDI or scores"
                )
        corpus = corpus or (path.resolve().name if path.is_dir() else path.resolve().parent.name)
        found = _under(path, corpus)
        if not found:
            raise SeedError(f"no MIDI file or score lies under {path}")
        sources += found
    return sources


def find_charts(given: str | Path) -> list[Source]:
    """Every chart and lead sheet under a path, in a stable order.

    Raises:
        SeedError: The path does not exist, or nothing of that kind lies under it.
    """
    path = Path(os.path.expanduser(given))
    if not path.exists():
        raise SeedError(f"{given} does not exist; give a folder of charts or lead sheets")
    files = sorted(path.rglob("*")) if path.is_dir() else [path]
    found = []
    for file in files:
        if file.suffix.lower() in CHART_SUFFIXES and file.is_file() and file.name[:2] != "._":
            inside = file.relative_to(path) if path.is_dir() else Path(file.name)
            found.append(Source(file, inside.as_posix(), "charts", None, _split_of_folders(inside)))
    if not found:
        raise SeedError(f"no chart or lead sheet lies under {path}")
    return found


def read_kept_out(path: Path) -> dict[str, frozenset[str]]:
    """Names of pieces that are for validation, by corpus, from a list of them.

    A line is CORPUS/NAME, the name as a dataset has it; what follows a "#" at the beginning of
    a line or behind a space is a remark.

    Raises:
        SeedError: The file cannot be read, or a line names no corpus and piece.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SeedError(f"{path} cannot be read; give a text file of CORPUS/NAME lines") from error
    listed: dict[str, set[str]] = {}
    for number, line in enumerate(lines, 1):
        text = f" {line}".partition(" #")[0].strip()
        if not text:
            continue
        corpus, _, name = text.partition("/")
        if not corpus or not name:
            raise SeedError(f"{path}, line {number}: {text!r} is not CORPUS/NAME")
        listed.setdefault(corpus, set()).add(name)
    return {corpus: frozenset(names) for corpus, names in listed.items()}


def with_kept_out(sources: Sequence[Source], listed: Mapping[str, frozenset[str]]) -> list[Source]:
    """The sources, those of listed corpora split as the list says, but for "test" folders.

    Args:
        sources: From `find_sources`.
        listed: From `read_kept_out`; corpora that are not among the sources are passed over.

    Raises:
        SeedError: A listed piece is not in its corpus.
    """
    found = {(source.corpus, source.name) for source in sources}
    for corpus in sorted({source.corpus for source in sources} & listed.keys()):
        for name in sorted(listed[corpus]):
            if (corpus, name) not in found:
                raise SeedError(
                    f"{corpus}/{name} is to be kept out and is not there; "
                    "take it from the list or give its corpus whole"
                )
    return [
        replace(source, split="valid" if source.name in listed[source.corpus] else "train")
        if source.corpus in listed and source.split != "test"
        else source
        for source in sources
    ]


def _split_of_folders(inside: Path) -> str:
    folders = [
        SPLIT_FOLDERS[part.lower()] for part in inside.parts[:-1] if part.lower() in SPLIT_FOLDERS
    ]
    return folders[0] if folders else ""


def _under(path: Path, corpus: str) -> list[Source]:
    sources: list[Source] = []
    for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
        inside = file.relative_to(path) if path.is_dir() else Path(file.name)
        split = _split_of_folders(inside)
        # Names that begin with "._" are what macOS leaves beside files on other disks.
        if file.name.startswith("._") or not file.is_file():
            continue
        if is_music(file):
            sources.append(Source(file, inside.as_posix(), corpus, None, split))
        elif file.suffix.lower() == ".json":
            for part, index in chorale_items(file):
                label = f"{inside.as_posix()}#{part}{index}"
                side = SPLIT_FOLDERS.get(part, "")
                sources.append(Source(file, label, corpus, (part, index), side))
    return sources


def music21_sources() -> list[Source]:
    """The scores inside music21 that a model may learn from.

    Raises:
        DependencyError: music21 is not installed.
    """
    from composer.corpora.music21_corpus import corpus

    return [Source(file.path, file.name, "music21") for file in corpus()]


def read_pieces(source: Source, remark: Remark = to_log) -> list[tuple[str, Piece]]:
    """(name, piece) of everything in a source: tune books hold many.

    Args:
        source: Where to read.
        remark: Told what was passed over or had to be decided, a line each.

    Raises:
        SeedError: It cannot be read.
    """
    if source.item is not None:
        return [(source.name, read_chorale(source.path, source.item))]
    pieces = music_file.read_pieces(source.path, remark)
    if len(pieces) == 1:
        return [(source.name, pieces[0])]
    return [(f"{source.name}#{number}", piece) for number, piece in enumerate(pieces, 1)]


def split_of(source: Source, digest: str) -> str:
    """The split a piece belongs to: its folder's, else one in twenty is for validation.

    By the content's hash, so that the same music always falls on the same side.
    """
    if source.split:
        return source.split
    return "valid" if int(digest[:8], 16) / 2**32 < VALID_SHARE else "train"
