"""The document and the pages: whole, closed in themselves, and drawn by a real browser."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from typing import Any

import pytest
from browser import browser, wait

from composer import models
from composer.network.numpy_trunk import load_float
from composer.study.comparison import compare_studies, comparison_page
from composer.study.document import document_of
from composer.study.html import page, text
from composer.study.music import open_music
from composer.study.page import study_page
from composer.study.study import Study, study_piece

SEEDS = Path(__file__).parents[2] / "midi_data"


@pytest.fixture(scope="module")
def chorale() -> Study:
    return study_piece(open_music(SEEDS / "chorale.mid"), load_float(models.find()))


@pytest.fixture(scope="module")
def document(chorale: Study) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(json.dumps(document_of(chorale, "default")))
    return found


def test_every_statement_says_how_sure_it_is_and_where_it_comes_from(document: Any) -> None:
    def told(value: Any) -> list[dict[str, Any]]:
        if isinstance(value, list):
            return [one for item in value for one in told(item)]
        if isinstance(value, dict):
            own = [value] if "sure" in value else []
            return own + [one for item in value.values() for one in told(item)]
        return []

    found = told(document)
    assert len(found) > 60
    assert all(0 <= one["sure"] <= 1 for one in found)
    for name in ("statements", "keys", "cadences", "phrases"):
        assert document[name] and all(one["source"] for one in document[name])
    assert "D minor" in document["statements"][0]["text"]


def test_the_document_holds_together(document: Any) -> None:
    count, columns = document["piece"]["notes"], document["network"]["columns"]
    assert len(document["notes"]) == count == 128
    assert all(one["note"] < count for one in document["surprise"]["notes"])
    for layer in document["network"]["layers"]:
        for one in layer["maps"]:
            assert len(base64.b64decode(one["rows"])) == columns * document["network"]["bands"]
            assert len(base64.b64decode(one["mean"])) == columns
        assert sum(layer["half_life_counts"]) == layer["units"] == 512
    lines = document["cells"]["lines"]
    assert len(lines) == document["piece"]["bars"] + 1
    assert len(document["form"]["similarity"]) == document["piece"]["bars"]
    for motif in document["motifs"]:
        assert motif["occurrences"][0]["how"] == "first"
    for curve in document["network"]["gradients"]["curves"]:
        assert curve["norms"][0] == 1


def test_a_page_asks_nothing_of_the_network(document: Any) -> None:
    drawn = study_page(document)
    assert "default-src 'none'" in drawn
    assert not re.findall(r"(?:src|href)=[\"']?(?:https?:)?//", drawn)
    assert not re.search(r"@import|url\(\s*[\"']?http", drawn)


def test_names_from_files_cannot_break_the_page(document: Any) -> None:
    evil = "</script><img src=x onerror=alert(1)>\u0007"
    changed = json.loads(json.dumps(document))
    changed["piece"]["title"] = evil
    changed["piece"]["parts"][0]["name"] = evil
    drawn = study_page(changed)
    assert "<img src=x" not in drawn and "\u0007" not in drawn
    assert text(evil) in drawn
    assert drawn.count("</script>") == 2


def test_without_the_network_the_music_is_still_told() -> None:
    found = document_of(study_piece(open_music(SEEDS / "waltz.mid"), None), "default")
    assert found["network"] is None and found["surprise"] is None and found["model"] is None
    drawn = study_page(found)
    assert "The LSTM, opened" not in drawn and "id=stage-0" in drawn


@pytest.mark.parametrize("seed", ["drums.mid", "prelude.mid", "jig.abc", "fur_elise.mid"])
def test_music_of_every_kind_has_a_page(seed: str) -> None:
    found = document_of(study_piece(open_music(SEEDS / seed), None), "default")
    assert study_page(json.loads(json.dumps(found)))


def test_a_piece_shares_all_with_itself(chorale: Study) -> None:
    same = compare_studies(chorale, chorale)
    assert same["bars_of_a_in_b"] == same["figures_of_a_in_b"] == 1
    assert same["progressions"]["of_a_in_b"] == 1
    other = study_piece(open_music(SEEDS / "drums.mid"), None)
    apart = compare_studies(chorale, other)
    assert apart["bars_of_a_in_b"] == 0 and apart["figures_of_b_in_a"] is None


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_the_page_works_in_a_browser(document: Any, tmp_path: Path, scheme: Any) -> None:
    path = tmp_path / "study.html"
    path.write_text(study_page(document), encoding="utf-8")
    with browser() as chromium:
        context = chromium.new_context(color_scheme=scheme, viewport={"width": 1200, "height": 900})
        opened = context.new_page()
        complaints: list[str] = []
        opened.on("pageerror", lambda error: complaints.append(str(error)))
        opened.on(
            "console",
            lambda said: complaints.append(said.text) if said.type == "error" else None,
        )
        opened.goto(path.as_uri(), timeout=300_000)
        wait(opened, "document.body.dataset.ready === 'yes'")
        assert opened.evaluate("document.querySelectorAll('.hit').length") == len(
            document["surprise"]["notes"]
        )
        first = opened.inner_text("#expected-0")
        opened.keyboard.press("n")
        assert opened.inner_text("#expected-0") != first
        opened.focus("#stage-0 .hit")
        opened.keyboard.press("Enter")
        assert document["surprise"]["notes"][0]["place"] in opened.inner_text("#expected-0")
        # Playing moves the line, and ends.
        opened.click("#expected-0 button")
        wait(opened, "document.querySelector('.playhead').style.display === 'block'")
        opened.keyboard.press("Escape")
        wait(opened, "document.querySelector('.playhead').style.display === 'none'")
        before = opened.evaluate("getComputedStyle(document.body).backgroundColor")
        opened.click("#theme")
        assert opened.evaluate("getComputedStyle(document.body).backgroundColor") != before
        # Nothing is wider than the window but what scrolls, on a telephone, too.
        for width in (1200, 390):
            opened.set_viewport_size({"width": width, "height": 844})
            assert opened.evaluate("document.documentElement.scrollWidth") <= width
        assert complaints == []


@pytest.mark.slow
def test_two_pieces_are_drawn_side_by_side(chorale: Study, tmp_path: Path) -> None:
    other = study_piece(open_music(SEEDS / "ode.musicxml"), None)
    document = {
        "studies": [document_of(chorale, "default"), document_of(other, "default")],
        "compared": compare_studies(chorale, other),
    }
    path = tmp_path / "two.html"
    path.write_text(comparison_page(document), encoding="utf-8")
    with browser() as chromium:
        opened = chromium.new_page()
        complaints: list[str] = []
        opened.on("pageerror", lambda error: complaints.append(str(error)))
        opened.goto(path.as_uri(), timeout=300_000)
        wait(opened, "document.body.dataset.ready === 'yes'")
        rows, columns = opened.evaluate(
            "[document.getElementById('matrix-cross').height,"
            " document.getElementById('matrix-cross').width]"
        )
        bars = [one["piece"]["bars"] for one in document["studies"]]
        assert [rows, columns] == bars
        assert complaints == []


def test_a_page_is_made_of_all_its_scripts() -> None:
    drawn = page("x", "<main></main>", {"studies": []})
    folder = Path(__file__).parents[2] / "composer" / "study" / "page"
    for script in folder.glob("*.js"):
        assert script.read_text(encoding="utf-8").splitlines()[0] in drawn
