"""Music of a request: there as a file while the request is done, and called what it was called."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from guides import ROOT

from composer.errors import SeedError
from composer.planning.musicxml_chart import played_chart
from composer.web.given_music import given_music, name_of

SEEDS = ROOT / "midi_data"
HARMONY = b"""<harmony><root><root-step>D</root-step><root-alter>-1</root-alter></root>
<kind>major</kind></harmony><note"""


def test_the_chord_symbols_of_a_score_can_be_read_meanwhile() -> None:
    sheet = (SEEDS / "ode.musicxml").read_bytes().replace(b"<note", HARMONY, 1)
    content = {"file": base64.b64encode(sheet).decode(), "name": "../../sheet.musicxml"}
    with given_music(content, SEEDS) as seed:
        chart = played_chart(seed.path)
        assert chart and "Db" in str(chart)
    assert not seed.path.exists()


def test_a_line_about_the_music_has_the_name_that_was_given(tmp_path: Path) -> None:
    content = {"file": base64.b64encode(b"MThd").decode(), "name": "C:\\songs\\mine.mid"}
    with pytest.raises(SeedError, match=r"mine\.mid") as refused, given_music(content, SEEDS):
        pass
    assert "composer-" not in str(refused.value)
    content["file"] = base64.b64encode((SEEDS / "waltz.mid").read_bytes()).decode()
    with pytest.raises(SeedError) as refused, given_music(content, SEEDS) as seed:
        raise SeedError(f"{seed.path} has no second bar")
    assert str(refused.value) == "mine.mid has no second bar"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"file": "", "name": "zero.mid"}, "zero.mid is empty; get a whole copy of the file"),
        ({"notes": []}, "there are no notes"),
        ({"seed": ""}, "give the music once: as file, as seed, or as notes"),
    ],
)
def test_music_that_is_empty_is_said_to_be(content: dict[str, object], said: str) -> None:
    with pytest.raises(SeedError) as refused, given_music(content, SEEDS):
        pass
    assert str(refused.value) == said


def test_names_have_no_folders() -> None:
    assert name_of({"file": "AAAA", "name": "../../etc/passwd"}) == "passwd"
    assert name_of({"seed": "waltz.mid"}) == "waltz.mid"
    assert name_of({"notes": [{}], "name": "x.mid"}) == "notes"
