"""Token file: the token by which pages come in, kept so that it outlives a restart.

A page that was open before a restart finds its way back, and a bookmark stays good. To have a
new token, delete the file.
"""

from __future__ import annotations

import os
import re
import secrets
from pathlib import Path
from typing import Final

from composer.errors import OutputError
from composer.files import reason
from composer.user_folders import state_folder

NAME: Final = "web-token"
_TOKEN = re.compile(r"[\w-]{32,100}")


def token(folder: Path | None = None) -> str:
    """The user's token, made if there is none.

    Args:
        folder: Where it is kept; None for the usual place.

    Raises:
        OutputError: It can neither be read nor written.
    """
    path = (folder or state_folder()) / NAME
    try:
        known = path.read_text(encoding="ascii").strip()
        if _TOKEN.fullmatch(known):
            return known
    except (OSError, ValueError):
        pass
    made = secrets.token_urlsafe(32)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        # For this user alone, from the first moment on.
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as stream:
            stream.write(made + "\n")
    except OSError as error:
        raise OutputError(f"the token cannot be kept in {path}: {reason(error)}") from error
    return made
