"""A profile is a file that a person can read, and from which the same taste is learnt again."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from composer.errors import SettingError
from composer.taste.preference import Preference
from composer.taste.profile import load, parse, path_of, profile_text, save, text_of
from composer.taste.traits import TRAITS

K = len(TRAITS)


def learnt(marks: int = 12) -> Preference:
    rng = np.random.default_rng(3)
    preference = Preference()
    for _ in range(marks):
        traits = rng.standard_normal(K).round(4)
        traits[8] = np.nan  # no drums
        preference.played(traits)
        preference.mark(traits, bool(traits[0] > 0))
    return preference


def test_the_same_is_learnt_again(tmp_path: Path) -> None:
    path = tmp_path / "some" / "mine.json"
    before = learnt()
    save(before, path)
    after = load(path)
    takes = np.random.default_rng(4).standard_normal((5, K))
    # Nearly: what replies are like was known less well when the first marks came.
    assert [after.expected(take) for take in takes] == pytest.approx(
        [before.expected(take) for take in takes], rel=0.2, abs=0.05
    )
    assert text_of(after) == text_of(before) == path.read_text()
    assert json.loads(path.read_text())["marks"][0].keys() >= {"liked", "register"}
    assert "drums" not in path.read_text()


def test_a_profile_that_is_not_there_yet_knows_nothing(tmp_path: Path) -> None:
    assert load(tmp_path / "new.json").count == 0


def test_one_that_is_asked_for_has_to_be_there(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="no taste profile 'mine'; there is none yet"):
        profile_text("mine", tmp_path)
    save(learnt(), tmp_path / "other.json")
    with pytest.raises(SettingError, match="there are other"):
        profile_text("mine", tmp_path)


@pytest.mark.parametrize("name", ["", "../mine", "a/b", ".hidden", "a b"])
def test_no_name_leads_out_of_the_folder(name: str, tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="cannot name a profile"):
        path_of(name, tmp_path)


DAMAGES = [
    ('{"format": "composer taste", "version": 1, "marks": "x", "replies": []}', "are lists"),
    ('{"format": "composer taste", "version": 1, "marks": ["x"], "replies": []}', "in braces"),
    ('["composer taste"]', "must be an object"),
    ("", "not a taste profile"),
    ("[]", "not a taste profile"),
    ('{"format": "composer plan", "version": 1}', "not 'composer taste'"),
    ('{"format": "composer taste", "version": 1}', "no 'marks'"),
    ('{"format": "composer taste", "version": 1, "replies": [], "marks": [{"liked": 1}]}', "liked"),
    ('{"format": "composer taste", "version": 1, "marks": [], "replies": [{"pitch": 1}]}', "pitch"),
    (
        '{"format": "composer taste", "version": 1, "marks": [], "replies": [{"register": "x"}]}',
        "register is 'x', must be a number",
    ),
    (
        '{"format": "composer taste", "version": 1, "marks": [], "replies": [{"register": NaN}]}',
        "must be a number",
    ),
]


@pytest.mark.parametrize(("text", "reason"), DAMAGES)
def test_what_is_no_profile_is_one_line(text: str, reason: str) -> None:
    with pytest.raises(SettingError, match=reason) as caught:
        parse(text)
    assert "\n" not in str(caught.value)
