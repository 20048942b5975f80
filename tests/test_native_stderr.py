"""Quiet: one kind of line is kept off standard error, everything else comes through."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from composer.native_stderr import without_lines


def test_only_such_lines_are_left_out(capfd: pytest.CaptureFixture[str]):
    with without_lines(b"INFO: hello"):
        os.write(2, b"INFO: hello world\nERROR: this matters\n")
        os.write(2, b"INFO: hello again\nhalf a line")
    os.write(2, b" and its end\n")
    assert capfd.readouterr().err == "ERROR: this matters\nhalf a line and its end\n"


def test_several_kinds_of_lines_are_left_out_and_others_are_kept(
    capfd: pytest.CaptureFixture[str],
):
    with without_lines(b"ALSA lib ", b"JackShm"):
        os.write(2, b"ALSA lib seq_hw.c:466\nJackShmReadWritePtr\n")
        os.write(2, b"WARNING: another thread's line\n")
    assert capfd.readouterr().err == "WARNING: another thread's line\n"


def test_lines_must_begin_with_something():
    with pytest.raises(ValueError, match="which lines"), without_lines(b""):
        pass


def test_an_error_inside_comes_out(capfd: pytest.CaptureFixture[str]):
    with pytest.raises(ValueError, match="inside"), without_lines(b"INFO"):
        os.write(2, b"WARNING: first\n")
        raise ValueError("inside")
    assert capfd.readouterr().err == "WARNING: first\n"


def test_without_standard_error_it_does_nothing(tmp_path: Path):
    # In a process of its own, as pytest needs its descriptor.
    pid = os.fork() if hasattr(os, "fork") else None
    if pid is None:
        pytest.skip("needs fork")
    if pid == 0:
        try:
            os.close(2)
            with without_lines(b"x"):
                (tmp_path / "ran").touch()
        finally:
            os._exit(0)
    os.waitpid(pid, 0)
    assert (tmp_path / "ran").exists()
