"""The scores that come inside music21, as far as a model may be trained on them.

music21's corpus is under many licences (see `license.txt` in it): some encodings are
free, many say nothing, and some forbid commercial use, like the Essen folk songs. What
may be used is decided folder by folder in `FOLDERS`; a folder that is not in the table
is not used. The music is in the public domain throughout, the licence is the encoder's.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from composer.errors import DependencyError, SettingError
from composer.formats.scores import read_scores
from composer.formats.suffixes import MUSICXML_SUFFIXES, SCORE_SUFFIXES
from composer.music.notes import Piece

_PLAIN: Final = "no restriction stated in the files; distributed by music21 with permission"


@dataclass(frozen=True, slots=True)
class Folder:
    """What may be done with one folder of music21's corpus.

    Attributes:
        usable: Whether a model that is sold may learn from it.
        reason: The licence, or why not.
        suffixes: The files it is true of.
    """

    usable: bool
    reason: str
    suffixes: tuple[str, ...] = SCORE_SUFFIXES


FOLDERS: Final[dict[str, Folder]] = {
    "airdsAirs": Folder(False, "Jack Campin's transcriptions: terms are on his site only"),
    # The three kern files there reserve "rights to all derivative electronic formats".
    "bach": Folder(True, "chorales by Margaret Greentree, used by permission", MUSICXML_SUFFIXES),
    "beach": Folder(False, "CC BY-SA: share-alike would reach the model"),
    "beethoven": Folder(True, _PLAIN, MUSICXML_SUFFIXES),
    "chopin": Folder(True, "encoded by Craig Stuart Sapp; no restriction stated"),
    "ciconia": Folder(False, "CC BY-SA: share-alike would reach the model"),
    "corelli": Folder(True, "CC BY"),
    "cpebach": Folder(True, _PLAIN),
    "demos": Folder(False, "notation tests, not music"),
    "essenFolksong": Folder(False, "for non-commercial distribution and use only"),
    "handel": Folder(True, _PLAIN),
    "haydn": Folder(True, _PLAIN),
    "johnson_j_r": Folder(True, _PLAIN),
    "joplin": Folder(True, _PLAIN),
    "josquin": Folder(False, "GPL: copyleft would reach the model"),
    "leadSheet": Folder(False, "one of two is all rights reserved"),
    "liliuokalani": Folder(True, _PLAIN),
    "luca": Folder(False, "CC BY-SA: share-alike would reach the model"),
    "lusitano": Folder(True, _PLAIN),
    "miscFolk": Folder(False, "Jack Campin's transcriptions: terms are on his site only"),
    "monteverdi": Folder(False, "two of the madrigals are copyright Ut Orpheus Edizioni 2003"),
    "mozart": Folder(True, _PLAIN),
    "nottingham-dataset": Folder(True, "Nottingham Music Database; no restriction stated"),
    "oneills1850": Folder(True, "volunteers' transcriptions; no restriction stated"),
    "palestrina": Folder(False, "rights to all derivative electronic formats reserved"),
    "ryansMammoth": Folder(True, "contributed by John Chambers; no restriction stated"),
    "schoenberg": Folder(False, "music under copyright in parts of the world until recently"),
    "schubert": Folder(False, "a bare copyright mark without terms"),
    "schumann_clara": Folder(False, "CC BY-SA: share-alike would reach the model"),
    "schumann_robert": Folder(True, _PLAIN),
    "theoryExercises": Folder(False, "exercises, not music"),
    "trecento": Folder(False, "copyright marks without terms in some files"),
    "verdi": Folder(True, _PLAIN),
    "weber": Folder(True, "released to the public domain"),
    "webern": Folder(False, "music under copyright in parts of the world until recently"),
}


@dataclass(frozen=True, slots=True)
class CorpusFile:
    """One score file of the corpus; may be sent to another process to be loaded there.

    Attributes:
        name: Where it lies in the corpus, with slashes: "bach/bwv66.6.mxl".
        path: Where it lies on this machine.
        licence: What is known of its licence, in a line.
    """

    name: str
    path: Path
    licence: str

    def load(self) -> list[Piece]:
        """Its pieces: tune books hold many.

        Raises:
            SeedError: music21 cannot read its own file, or there are no notes in it.
        """
        return read_scores(self.path)


def corpus(folders: Collection[str] | None = None) -> Iterator[CorpusFile]:
    """The score files that may be used, by name.

    Args:
        folders: Names from `FOLDERS`; None for all that are usable.

    Raises:
        SettingError: A folder is not known, or not usable.
        DependencyError: music21 is not installed.
    """
    for name in folders or ():
        if name not in FOLDERS:
            raise SettingError(
                f"music21 folder {name!r} is not known; see composer/corpora/music21_corpus.py"
            )
        if not FOLDERS[name].usable:
            raise SettingError(f"music21 folder {name!r} may not be used: {FOLDERS[name].reason}")
    spec = find_spec("music21")  # looks for it without importing it
    if spec is None or not spec.submodule_search_locations:
        raise DependencyError("music21 is not installed; pip install music21")
    return _files(Path(spec.submodule_search_locations[0]) / "corpus", folders)


def _files(root: Path, folders: Collection[str] | None) -> Iterator[CorpusFile]:
    """Walk the usable folders in the order of their names."""
    for name, folder in FOLDERS.items():
        if not folder.usable or (folders is not None and name not in folders):
            continue
        for path in sorted((root / name).rglob("*")):
            if path.suffix.lower() in folder.suffixes:
                yield CorpusFile(path.relative_to(root).as_posix(), path, folder.reason)
