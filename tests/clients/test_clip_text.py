"""A clip as lines of text, there and back."""

from __future__ import annotations

import pytest

from composer.clients.clip_text import parse, to_request, to_text
from composer.errors import SeedError

CLIP = """bpm 90
metre 3 4
length 12
selection 3 5.5
setting bars 2
note 60 0 1 90 1
note 36 0.5 0.25 100 10
note 62 3.25 1.5 80 1
"""


def test_a_clip_becomes_the_music_of_a_request() -> None:
    request = to_request(parse(CLIP))
    assert request["bpm"] == 90 and request["metre"] == "3/4"
    assert request["parts"] == [{"program": 0}, {"program": 128}]
    assert request["settings"] == {"grid": "beats", "bars": "2"}
    assert [tuple(note.values()) for note in request["notes"]] == [
        (60, 0, 1, 90, 0), (36, 0.5, 0.25, 100, 1), (62, 3.25, 1.5, 80, 0),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "selection, bars",
    [("3 5.5", (2, 2)), ("2.9 6", (1, 2)), ("3 6.0000001", (2, 2)), ("6 6", (3, 3))],
)
def test_bars_that_the_selection_touches_count(selection: str, bars: tuple[int, int]) -> None:
    assert parse(CLIP.replace("3 5.5", selection)).bars() == bars


def test_without_a_selection_it_is_the_whole_clip() -> None:
    assert parse("metre 3 4\nlength 12\nnote 60 0 1 90 1").bars() == (1, 4)
    assert parse("metre 3 4\nnote 60 2 1.5 90 1").bars() == (1, 2)


def test_an_answer_says_what_is_new_and_where_the_clip_ends() -> None:
    new = [
        {"pitch": 64, "start_beat": 12.0, "duration_beats": 1.0, "velocity": 70, "part": 0},
        {"pitch": 38, "start_beat": 13.5, "duration_beats": 0.5, "velocity": 99, "part": 1},
    ]
    answer = {
        "variations": [{"music": {"notes": new}, "end_beat": 18.0}],
        "remarks": ["the key is said to be C"],
    }
    assert to_text(parse(CLIP), answer, clear=None).splitlines() == [
        "note 64 12.000000 1.000000 70 1",
        "note 38 13.500000 0.500000 99 10",
        "end 18.000000",
        "remark the key is said to be C",
    ]


def test_inside_a_clip_only_what_was_cleared_is_written() -> None:
    notes = [
        {
            "pitch": 60 + at,
            "start_beat": float(at),
            "duration_beats": 1.0,
            "velocity": 70,
            "part": 0,
        }
        for at in range(12)
    ]
    answer = {"variations": [{"music": {"notes": notes}, "end_beat": 12.0}]}
    lines = to_text(parse(CLIP), answer, clear=(3.0, 6.0)).splitlines()
    assert lines[0] == "clear 3.000000 6.000000"
    assert [line.split()[1] for line in lines[1:-1]] == ["63", "64", "65"]
    assert lines[-1] == "end 12.000000"


@pytest.mark.parametrize(
    "line", ["metre 4", "metre 0 4", "bpm fast", "note 60 0 1 90", "note 60 0 1 90 x", "nonsense 1"]
)
def test_a_line_that_means_nothing_is_named_by_its_number(line: str) -> None:
    with pytest.raises(SeedError, match="line 2 of the clip means nothing: " + line):
        parse(f"bpm 100\n{line}\nnote 60 0 1 90 1\n")


def test_a_clip_without_notes_is_refused() -> None:
    with pytest.raises(SeedError, match="no notes"):
        parse("bpm 100\n")
