"""Tables: structured arrays with a row for each of B streams, put together and taken apart.

One array of many columns is joined, chosen from and copied in one step, where an array for
each column would take as many steps as there are columns: for a few streams at a time that
is most of what it costs. NumPy moves structured rows column by column, too, so these
functions move them as what they are in memory, strings of bytes.

Conventions:
    Tables have one axis, the streams'. All tables of a call have the same columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Table = NDArray[Any]


@cache
def _string(size: int) -> np.dtype[np.void]:
    """A string of so many bytes."""
    return np.dtype((np.void, size))


def _bytes(table: Table) -> Table:
    """The same memory, each row a string of bytes."""
    return table.view(_string(table.itemsize))


def join(tables: Sequence[Table]) -> Table:
    """The rows of several tables, one behind the other, in a table of their own."""
    return np.concatenate([_bytes(table) for table in tables]).view(tables[0].dtype)


def copy(table: Table) -> Table:
    """The same rows in a table of their own."""
    return _bytes(table).copy().view(table.dtype)


def alike(rows: NDArray[Any]) -> list[int]:
    """Of each row the number of the first that is the same."""
    seen: dict[bytes, int] = {}
    return [seen.setdefault(row.tobytes(), index) for index, row in enumerate(rows)]


def split(table: Table) -> list[Table]:
    """Every row in a table of its own; none keeps the memory of the others."""
    return [row.copy().view(table.dtype) for row in _bytes(table)[:, None]]
