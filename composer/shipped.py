"""Shipped: the files of `midi_data` that come with composer, in a checkout and installed."""

from __future__ import annotations

from pathlib import Path

_HERE = Path(__file__).parent


def shipped(name: str) -> Path:
    """The path of one of them: `catalogue.json`, `waltz.mid` ...

    A wheel has them inside the package, a checkout beside it.
    """
    inside = _HERE / "midi_data" / name
    return inside if inside.exists() else _HERE.parent / "midi_data" / name
