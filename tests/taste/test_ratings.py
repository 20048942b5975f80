"""Takes are rated in a list that any editor or spreadsheet writes back."""

from __future__ import annotations

from pathlib import Path

import pytest

from composer.errors import SettingError
from composer.taste.ratings import ratings_csv, ratings_of, read_ratings
from composer.taste.traits import named

TAKES = [("a-1.mid", {"register": 0.5, "density": 1.0}), ("a-2.mid", {"register": -0.5})]


def written(tmp_path: Path, text: bytes) -> Path:
    path = tmp_path / "ratings.csv"
    path.write_bytes(text)
    return path


def test_a_new_list_has_no_ratings(tmp_path: Path) -> None:
    path = written(tmp_path, ratings_csv(TAKES))
    assert [(named(traits), liked) for traits, liked in read_ratings(path)] == [
        ({"register": 0.5, "density": 1.0}, None),
        ({"register": -0.5}, None),
    ]


def test_ratings_stay_when_the_list_is_written_again(tmp_path: Path) -> None:
    first = written(tmp_path, ratings_csv(TAKES, {"a-2.mid": "like"}))
    again = written(tmp_path, ratings_csv([*TAKES, ("a-3.mid", {})], ratings_of(first)))
    assert [liked for _, liked in read_ratings(again)] == [None, True, None]


def test_spreadsheets_write_semicolons_and_commas(tmp_path: Path) -> None:
    text = "\ufefffile;rating;register\na-1.mid;Like;0,5\na-2.mid;-;-0,5\n"
    marks = [(named(t), liked) for t, liked in read_ratings(written(tmp_path, text.encode()))]
    assert marks == [({"register": 0.5}, True), ({"register": -0.5}, False)]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"file,register\na.mid,1\n", "no columns 'file' and 'rating'"),
        (b"file,rating,register\na.mid,superb,1\n", "line 2: rating is 'superb'"),
        (b"file,rating,register\na.mid,like,high\n", "line 2: register is 'high'"),
        (b"", "no columns"),
    ],
)
def test_what_cannot_be_read_is_said_with_its_line(
    text: bytes, reason: str, tmp_path: Path
) -> None:
    with pytest.raises(SettingError, match=reason):
        list(read_ratings(written(tmp_path, text)))
