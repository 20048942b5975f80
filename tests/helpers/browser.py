"""A real browser for the tests of the page, or the reason why there is none."""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import Iterator
from typing import Any

import pytest

PATIENCE = 300.0
"""Seconds after which a test gives up: far more than a busy machine takes for anything here."""
SOUND = ["--autoplay-policy=no-user-gesture-required"]


@contextlib.contextmanager
def browser() -> Iterator[Any]:
    """Chromium, driven by Playwright; a skip where there is none.

    A browser of the system's (Debian's `chromium`) is taken before Playwright's own.
    """
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    own = shutil.which("chromium") or shutil.which("google-chrome")
    sandbox = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    with api.sync_playwright() as playwright:
        try:
            chromium = playwright.chromium.launch(executable_path=own, args=[*SOUND, *sandbox])
        except api.Error as error:
            if "Executable doesn't exist" not in str(error):
                raise
            pytest.skip("there is no chromium (apt-get install chromium)")
        with contextlib.closing(chromium):
            yield chromium


def wait(page: Any, what: str, seconds: float = PATIENCE) -> Any:
    """Wait until an expression in the page is true; its value.

    Asked again and again from outside: the page's policy forbids to evaluate in it.
    """
    end = time.monotonic() + seconds
    while not (value := page.evaluate(what)):
        assert time.monotonic() < end, f"not true: {what}"
        time.sleep(0.01)
    return value


def opened(context: Any, url: str) -> Any:
    """A page that is connected; what it complains of fails the test at `complaints`."""
    page = context.new_page()
    page.set_default_timeout(1000 * PATIENCE)
    page.complaints = []
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.on(
        "console",
        lambda said: page.complaints.append(said.text) if said.type == "error" else None,
    )
    page.goto(url)
    page.wait_for_selector("body[data-ready=yes]", timeout=1000 * PATIENCE)
    page.wait_for_selector("body[data-state=open]", timeout=1000 * PATIENCE)
    return page
