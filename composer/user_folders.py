"""User folders: where composer keeps what outlives a process, by each system's custom.

COMPOSER_STATE names another folder for state, as tests do.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import platformdirs

NAME = "composer"


def state_folder() -> Path:
    """What a later process has to know: notes left sounding, controllers that were learned."""
    own = os.environ.get("COMPOSER_STATE")
    return Path(own) if own else platformdirs.user_state_path(NAME, appauthor=False)


def former_state_folder() -> Path | None:
    """Where an earlier version kept its state; None if that is still the place."""
    if os.environ.get("COMPOSER_STATE") or sys.platform == "win32":
        return None
    home = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    former = Path(home) / NAME
    return None if former == state_folder() else former


def profiles_folder() -> Path:
    """Where tastes are kept by name."""
    own = os.environ.get("COMPOSER_STATE")
    data = Path(own) if own else platformdirs.user_data_path(NAME, appauthor=False)
    return data / "profiles"


def jams_folder() -> Path:
    """Where jams are kept if no other place is named."""
    return platformdirs.user_data_path(NAME, appauthor=False) / "jams"
