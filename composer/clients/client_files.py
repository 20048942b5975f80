"""Client files: what ships in `clients/`, and actions made of it for one computer.

A script in a host stands alone in one file, so what several have in common is put into each
(`-- @include NAME`), and so is the command that starts composer here (`@COMPOSER@`).
"""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from composer.clients.hosts import VERBS, ClientFile

_HERE = Path(__file__).parent


def client_folder() -> Path:
    """The folder `clients`: in a wheel inside the package, in a checkout at the top."""
    inside = _HERE / "files"
    return inside if inside.is_dir() else _HERE.parents[1] / "clients"


def server_command() -> list[str]:
    """What starts composer here, a word to an element."""
    return [sys.executable, "-m", "composer"]


def for_shell(command: Sequence[str]) -> str:
    """A command as this system's shell wants it."""
    return subprocess.list2cmdline(command) if sys.platform == "win32" else shlex.join(command)


def content(file: ClientFile, command: Sequence[str]) -> bytes:
    """A client file as it is written, with the command that starts composer in it."""
    folder = client_folder()
    text = (folder / file.source).read_text(encoding="utf-8")
    text = re.sub(
        r"^[ \t]*-- @include (\S+)\n",
        lambda found: (folder / "clips" / found[1]).read_text(encoding="utf-8"),
        text,
        flags=re.MULTILINE,
    )
    text = text.replace("@VERB@", file.verb).replace("@HELP@", VERBS.get(file.verb, ""))
    return text.replace("@COMPOSER@", for_shell(command)).encode()
