"""Terminal: what the library logs reaches a person, and bars only where somebody looks."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from composer import terminal

PACKAGES = ("composer", "composer_training")


@pytest.fixture
def log() -> Iterator[None]:
    """Loggers as they are, put back afterwards."""
    loggers = [logging.getLogger(name) for name in PACKAGES]
    before = [(log, list(log.handlers), log.level, log.propagate) for log in loggers]
    for one in loggers:
        one.handlers.clear()
    yield
    for one, handlers, level, propagate in before:
        one.handlers[:] = handlers
        one.setLevel(level)
        one.propagate = propagate


@pytest.mark.parametrize("package", PACKAGES)
def test_warnings_of_both_packages_are_one_plain_line(
    package: str, log: None, capsys: pytest.CaptureFixture[str]
) -> None:
    terminal.show_log()
    logging.getLogger(f"{package}.some.module").warning("a file was skipped")
    logging.getLogger(f"{package}.some.module").info("not for people")
    assert capsys.readouterr().err == "WARNING: a file was skipped\n"


def test_no_bar_is_drawn_where_nobody_watches(capsys: pytest.CaptureFixture[str]) -> None:
    with terminal.bar("Reading") as advance:
        advance(1, 2)
    assert capsys.readouterr() == ("", "")


def test_one_is_one_and_thousands_are_read_at_sight() -> None:
    told = [terminal.counted(number, "note") for number in (0, 1, 2, 12_000)]
    assert told == ["0 notes", "1 note", "2 notes", "12,000 notes"]
