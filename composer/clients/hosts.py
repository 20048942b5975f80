"""Hosts: the programs in which composer is at home, where they look, and what goes there.

Conventions:
    Places are as each program's manual says, for Linux, macOS and Windows; `Places` has the
    folders that they start from, so that nothing here asks the system.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

VERBS: Final[Mapping[str, str]] = {
    "continue": "it goes on from the notes, four bars further.",
    "fill": "the bars of the selection are written anew, between what stands around them.",
    "vary": "the bars of the selection, or all, are varied.",
}
"""Actions on clips -> what each does, for its description."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where a computer keeps what.

    Attributes:
        system: linux, macos or windows.
        home: The user's folder.
        path: Folders of programs.
    """

    system: str
    home: Path
    path: str

    @classmethod
    def here(cls) -> Places:
        """This computer's."""
        system = {"darwin": "macos", "win32": "windows"}.get(sys.platform, "linux")
        return cls(system, Path.home(), os.environ.get("PATH", ""))

    @property
    def config(self) -> Path:
        """Where programs keep what a user has set."""
        return (
            self.home
            / {
                "linux": ".config",
                "macos": "Library/Application Support",
                "windows": "AppData/Roaming",
            }[self.system]
        )

    @property
    def documents(self) -> Path:
        """The user's documents, which desktops on Linux call by a name in the user's language."""
        if self.system == "linux":
            with contextlib.suppress(OSError, ValueError):
                text = (self.config / "user-dirs.dirs").read_text(encoding="utf-8")
                named = re.search(r'^XDG_DOCUMENTS_DIR="\$HOME/(.+)"', text, re.MULTILINE)
                if named:
                    return self.home / named[1]
        return self.home / "Documents"

    def program(self, *names: str) -> bool:
        """Whether there is a program of one of these names."""
        return any(shutil.which(name, path=self.path) for name in names)


@dataclass(frozen=True, slots=True)
class ClientFile:
    """A file for a host.

    Attributes:
        source: Its name below `clients/`.
        target: Where it goes.
        verb: The action that it is made for, of `VERBS`; "" for none.
    """

    source: str
    target: Path
    verb: str = ""


@dataclass(frozen=True, slots=True)
class Host:
    """A program as it was found.

    Attributes:
        name: As `composer install-clients --host` calls it.
        title: As people call it.
        found: Where it was found; None if it was not.
        files: What goes there.
        formats: Of the plug-in that it loads.
        after: What to do in the host then.
    """

    name: str
    title: str
    found: Path | None
    files: tuple[ClientFile, ...]
    formats: tuple[str, ...]
    after: str


def hosts(places: Places) -> Iterator[Host]:
    """All hosts that composer knows, found or not, in the order of their names."""
    yield _ardour(places)
    yield _live(places)
    yield _musescore(places)
    yield _plugdata(places)
    yield _reaper(places)


FORMATS: Final = ("lv2", "vst3", "clap")
"""In which the plug-in is built."""
HOSTS: Final = ("ardour", "live", "musescore", "plugdata", "reaper")
"""Their names."""


def plugin_folder(format: str, places: Places) -> Path:
    """Where hosts look for plug-ins of a format, of this user only."""
    if places.system == "macos":
        return places.home / "Library" / "Audio" / "Plug-Ins" / format.upper()
    if places.system == "windows":
        if format == "lv2":
            return places.config / "LV2"
        return places.home / "AppData" / "Local" / "Programs" / "Common" / format.upper()
    return places.home / f".{format}"


def unneeded(
    paths: Sequence[Path], leaving: Iterable[Host], staying: Iterable[Host], places: Places
) -> list[Path]:
    """What of the files that were put there nobody needs without some hosts.

    Args:
        paths: The files.
        leaving: Hosts that are to do without composer.
        staying: All others.
        places: Where this computer keeps what.

    Returns:
        Of the files: those of the hosts, those of plug-in formats that no other host with files
        loads, and all if there is no such host.
    """
    mine = {file.target for host in leaving for file in host.files}
    rest = [host for host in staying if any(file.target in paths for file in host.files)]
    if not rest:
        return list(paths)
    wanted = {format for host in rest for format in host.formats}
    folders = [plugin_folder(format, places) for format in FORMATS if format not in wanted]
    return [
        path
        for path in paths
        if path in mine or any(path.is_relative_to(folder) for folder in folders)
    ]


def _ardour(places: Places) -> Host:
    folders = {
        "linux": places.home / ".config",
        "macos": places.home / "Library" / "Preferences",
        "windows": places.home / "AppData" / "Local",
    }
    numbers = (9, 8, 7, 6)
    there = [
        folder
        for number in numbers
        for name in (f"ardour{number}", f"Ardour{number}")
        if (folder := folders[places.system] / name).is_dir()
    ] or [  # never started yet
        folders[places.system] / f"ardour{number}"
        for number in numbers
        if places.program(f"ardour{number}", f"ardour{number}-lua")
    ]
    files = tuple(
        ClientFile("ardour/composer.lua", folder / "scripts" / f"composer_{verb}.lua", verb)
        for folder in there
        for verb in VERBS
    )
    after = "Edit, Lua Scripts, Script Manager, Action Scripts: set each composer action to a slot"
    return Host("ardour", "Ardour", there[0] if there else None, files, ("lv2", "vst3"), after)


def _live(places: Places) -> Host:
    library = (
        places.home
        / {
            "macos": "Music/Ableton/User Library",
            "windows": "Documents/Ableton/User Library",
            "linux": "Documents/Ableton/User Library",
        }[places.system]
    )
    target = library / "Remote Scripts" / "composer"
    files = (ClientFile("ableton-live/composer/__init__.py", target / "__init__.py"),)
    after = "Settings, Link, Tempo & MIDI: choose composer as a control surface"
    found = library if library.is_dir() else None
    return Host("live", "Ableton Live", found, files, ("vst3",), after)


def _musescore(places: Places) -> Host:
    there = [
        folder
        for name in ("MuseScore4", "MuseScore3")
        if (folder := places.documents / name).is_dir()
    ]
    program = places.program("mscore", "mscore3", "musescore", "musescore3", "mscore4portable")
    found = there[0] if there else places.documents / "MuseScore3" if program else None
    files = tuple(
        ClientFile("musescore/composer.qml", folder / "Plugins" / f"composer_{verb}.qml", verb)
        for folder in (there or ([found] if found is not None else []))
        for verb in VERBS
    )
    after = "Plugins, Plugin Manager: tick each composer; composer serve --web has to run"
    return Host("musescore", "MuseScore", found, files, (), after)


def _plugdata(places: Places) -> Host:
    folder = places.documents / "plugdata"
    target = folder / "Patches" / "composer"
    files = tuple(
        ClientFile(f"puredata/{name}", target / name) for name in ("composer.pd", "jam.pd")
    )
    found = folder if folder.is_dir() else None
    return Host("plugdata", "plugdata", found, files, (), "open Patches, composer, jam.pd")


def _reaper(places: Places) -> Host:
    folder = places.config / "REAPER"
    target = folder / "Scripts" / "composer"
    files = tuple(
        ClientFile("reaper/composer.lua", target / f"composer_{verb}.lua", verb) for verb in VERBS
    )
    after = "Actions, Show action list, New action, Load ReaScript: the files in Scripts/composer"
    found = folder if folder.is_dir() else None
    return Host("reaper", "REAPER", found, files, ("vst3", "clap", "lv2"), after)
