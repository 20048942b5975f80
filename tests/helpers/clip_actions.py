"""Scripts of DAWs as they are installed, with a stand-in for composer."""

from __future__ import annotations

import sys
from pathlib import Path

from composer.clients.client_files import content
from composer.clients.hosts import ClientFile


def stand_in(folder: Path, answer: str) -> list[str]:
    """A command that answers a clip so, and keeps what it was given in `given.txt`."""
    script = folder / "composer.py"
    script.write_text(
        "import shutil, sys\n"
        f"shutil.copy(sys.argv[3], {str(folder / 'given.txt')!r})\n"
        f"open({str(folder / 'action.txt')!r}, 'w').write(sys.argv[2])\n"
        f"answer = {answer!r}\n"
        "if not answer: sys.exit('Error: the clip has no notes')\n"
        "open(sys.argv[4], 'w').write(answer)\n",
        encoding="utf-8",
    )
    return [sys.executable, str(script)]


def installed(source: str, verb: str, folder: Path, command: list[str]) -> Path:
    """A script as `composer install-clients` writes it."""
    path = folder / f"composer_{verb}{Path(source).suffix}"
    path.write_bytes(content(ClientFile(source, path, verb), command))
    return path
