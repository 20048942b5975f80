"""Spreadsheet: a table as text with a head, as spreadsheets of any country write one."""

from __future__ import annotations

import csv
import io


def lines_of(text: str) -> csv.DictReader[str]:
    """The lines of a table by the names in its head; cells are parted by commas or semicolons."""
    # Where decimals have commas, spreadsheets write semicolons.
    head = text.partition("\n")[0]
    separator = ";" if head.count(";") > head.count(",") else ","
    return csv.DictReader(io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=True)


def number_in(text: str) -> float:
    """The number in a cell, whose decimals may stand behind a comma.

    Raises:
        ValueError: It is none.
    """
    return float(text.strip().replace(",", "."))
