"""What a batch is asked for: values out of range and names that could clash are refused."""

from __future__ import annotations

import pytest

from composer.batch.jobs import BatchSpec
from composer.errors import SettingError


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("{variation}.mid", "needs {stem}"),
        ("{stem}.mid", "needs {variation}"),
        ("{stem}{variation}.mid", "run together"),
        ("{stem}x{variation}.mid", "run together"),
        ("{stem}-{variation}.wma", "must end in one of"),
        ("../{stem}-{variation}.mid", "inside the output folder"),
        ("/{stem}-{variation}.mid", "inside the output folder"),
        ("{stem}-{variation}-{mood}.mid", "names {mood}"),
        ("{stem}-{variation}-{stem}.mid", "twice"),
        ("{stem!r}-{variation}.mid", "other than a width"),
        ("{stem}-{variation:999999999}.mid", "other than a width"),
        ("{stem.parts}-{variation}.mid", "names {stem.parts}"),
        ("{stem}-{variation.mid", "cannot be read"),
    ],
)
def test_patterns_under_which_names_could_clash(pattern: str, words: str) -> None:
    with pytest.raises(SettingError) as raised:
        BatchSpec(variations=2, pattern=pattern)
    assert words in str(raised.value)


def test_values_of_a_specification_are_checked() -> None:
    for wrong in (
        {"variations": 0},
        {"best": 0},
        {"best": 2},
        {"batch_size": 0},
        {"also": ("ogg",)},
    ):
        with pytest.raises(SettingError):
            BatchSpec(**wrong)
    assert BatchSpec(pattern="{stem}.MID", also=("json", "mid")).formats == ("mid", "json")
