"""Every state of the page, dark and light: what axe finds in it, and how it looks.

COMPOSER_WRITE_DOCS=1 writes the pictures of docs/web.md; COMPOSER_PICTURES=DIR writes all.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from browser import PATIENCE, browser, opened, wait
from guides import ROOT
from web_server import Running, web_running

from composer import models
from composer.live.playing.batch_slots import BLOCKS
from composer.network.predictor import Predictor

WALTZ = ROOT / "midi_data" / "waltz.mid"
DOCS = ROOT / "docs" / "web"
TELEPHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 2,
    "has_touch": True,
    "is_mobile": True,
}
WIDE: dict[str, Any] = {"viewport": {"width": 1360, "height": 820}}
SHOWN = {
    ("answer", "dark"): "jam.png",
    ("takes", "light"): "takes.png",
    ("bars", "dark"): "fill.png",
    ("telephone", "dark"): "telephone.png",
}
"""The pictures of docs/web.md."""

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    pytest.importorskip("uvicorn")
    with browser() as found:
        yield found


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, chromium: Any) -> Iterator[Running]:
    network = Predictor.load(models.find(), threads=1, sizes=BLOCKS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COMPOSER_STATE", str(tmp_path_factory.mktemp("state")))
        with web_running(tmp_path_factory.mktemp("web"), network=network) as running:
            yield running


TUNE = "qwertyurewq"


def phrase(page: Any) -> None:
    """A phrase with a rhythm, at a tempo."""
    page.evaluate("composer.connection.send('tempo', 108)")
    wait(page, "composer.clock.bpm === 108")
    chance = random.Random(3)
    for letter in TUNE:
        page.keyboard.down(letter)
        time.sleep(chance.choice((0.13, 0.13, 0.26)))
        page.keyboard.up(letter)
        time.sleep(0.01)


def empty(page: Any) -> None:
    """Nobody has played."""


def answer(page: Any) -> None:
    """A reply sounds, and the rest of it is to come; the one before has its colours."""
    phrase(page)
    wait(page, "composer.jam.notes.some(n => n.who === 'composer' && n.surprise > 0)")
    reply(page)


def reply(page: Any) -> None:
    """A reply sounds, and the rest of it is to come."""
    phrase(page)
    wait(page, "composer.jam.notes.at(-1).who === 'composer'")
    wait(page, "composer.jam.coming.length > 2 || composer.jam.reply === null")
    time.sleep(0.6)


def free(page: Any) -> None:
    """All groups of parameters are open."""
    page.evaluate("document.querySelectorAll('#steer details').forEach(one => { one.open = true })")
    page.locator("#parameters [data-name=rng_seed]").scroll_into_view_if_needed()


def wrong(page: Any) -> None:
    """Something was refused, in a line."""
    page.fill("[data-name=key] input", "H:dur")
    page.keyboard.press("Enter")
    page.wait_for_selector(".notice.wrong", timeout=1000 * PATIENCE)


def files(page: Any) -> None:
    """A file may be dropped."""
    page.click("#tab-files")


def takes(page: Any) -> None:
    """A file goes on in three takes, and one is heard."""
    page.click("#tab-files")
    page.set_input_files("#file", WALTZ)
    page.wait_for_selector("#seed:not([hidden])", timeout=1000 * PATIENCE)
    page.click("#continue")
    page.wait_for_selector("[data-take='3']", timeout=1000 * PATIENCE)
    page.click("[data-take='2'] .play")
    time.sleep(2.5)


def bars(page: Any) -> None:
    """Some bars were filled, in two ways."""
    files(page)
    page.set_input_files("#file", WALTZ)
    page.wait_for_selector("#seed:not([hidden])", timeout=1000 * PATIENCE)
    page.click("label[for=task-fill]")
    for side, bar in (("first", "9"), ("last", "10")):
        page.fill(f"#bar-{side}", bar)
        page.keyboard.press("Tab")
    page.click("label[for=takes-2]")
    page.click("#continue")
    page.wait_for_selector("[data-take='2']", timeout=1000 * PATIENCE)


def added(page: Any) -> None:
    """What parts may be added to a file, and its form in text."""
    files(page)
    page.set_input_files("#file", WALTZ)
    page.wait_for_selector("#seed:not([hidden])", timeout=1000 * PATIENCE)
    page.click("label[for=task-arrange]")
    page.click("#seed-form summary")


def settings(page: Any) -> None:
    """All settings of a continuation."""
    files(page)
    page.set_input_files("#file", WALTZ)
    page.wait_for_selector("#seed:not([hidden])", timeout=1000 * PATIENCE)
    page.click("#file-settings summary")


def sessions(page: Any) -> None:
    """Who plays, and any message."""
    page.click("#tab-sessions")
    page.click("#view-sessions summary")
    page.select_option("#message-address", "ping")
    page.fill("#message-arguments", "7")
    page.click("#message button")
    page.get_by_text("you are here").wait_for(timeout=1000 * PATIENCE)


def lost(page: Any) -> None:
    """The server is away."""
    page.evaluate("composer.connection._lost(); document.body.dataset.ready")
    page.wait_for_selector("body[data-state=lost]", timeout=1000 * PATIENCE)


STATES: dict[str, tuple[Callable[[Any], None], dict[str, Any]]] = {
    "empty": (empty, WIDE),
    "answer": (answer, WIDE),
    "parameters": (free, WIDE),
    "wrong": (wrong, WIDE),
    "files": (files, WIDE),
    "settings": (settings, WIDE),
    "takes": (takes, WIDE),
    "bars": (bars, WIDE),
    "added": (added, WIDE),
    "sessions": (sessions, WIDE),
    "lost": (lost, WIDE),
    "telephone": (reply, TELEPHONE),
    "telephone-takes": (takes, TELEPHONE),
    "telephone-bars": (bars, TELEPHONE),
    "telephone-sessions": (sessions, TELEPHONE),
}


@pytest.mark.parametrize("scheme", ["dark", "light"])
@pytest.mark.parametrize("state", STATES)
def test_axe_finds_no_serious_fault(
    state: str, scheme: str, chromium: Any, server: Running, tmp_path: Path
) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    act, screen = STATES[state]
    # axe is put into the page from outside, which its policy would forbid.
    context = chromium.new_context(color_scheme=scheme, bypass_csp=True, **screen)
    page = opened(context, f"{server.web.url}&session={state} {scheme}")
    act(page)
    whole = act in (takes, bars, added, settings, sessions)
    folder = Path(os.environ.get("COMPOSER_PICTURES") or tmp_path)
    page.screenshot(path=folder / f"{state}-{scheme}.png", full_page=whole)
    if os.environ.get("COMPOSER_WRITE_DOCS") and (state, scheme) in SHOWN:
        page.screenshot(path=DOCS / SHOWN[state, scheme], full_page=whole)
    found = axe.run(page).response["violations"]
    faults = [
        f"{fault['id']} ({fault['impact']}): {[node['html'][:160] for node in fault['nodes']][:3]}"
        for fault in found
        if fault["impact"] in ("serious", "critical", "moderate")
    ]
    assert faults == []
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0, "the page is wider than the screen"
    context.close()


def test_who_wants_less_motion_has_a_page_that_stands(chromium: Any, server: Running) -> None:
    context = chromium.new_context(reduced_motion="reduce", **WIDE)
    page = opened(context, f"{server.web.url}&session=calm")
    page.keyboard.down("z")
    page.keyboard.up("z")

    def picture() -> bytes:
        # Left of where now is: what is past does not move.
        clip = {"x": 60, "y": 200, "width": 60, "height": 250}
        taken: bytes = page.screenshot(clip=clip)
        return taken

    time.sleep(2.0)
    first = picture()
    time.sleep(0.5)
    assert picture() == first
    context.close()
