"""Choice: among plans, the one in the key, that brings something back and comes home."""

from __future__ import annotations

from composer.music.chords import parse_chord
from composer.music.keys import Key
from composer.music.plan import EXACT, NONE, Plan, PlannedBar
from composer.planning.choice import misfit, most_usual, taken_up, traits

C_MAJOR = Key(0, "major")


def bars(chords: str, references: list[int]) -> list[PlannedBar]:
    """A bar to each chord."""
    return [
        PlannedBar(reference, 0, EXACT if reference != NONE else 0, (parse_chord(name),) * 2)
        for name, reference in zip(chords.split(), references, strict=True)
    ]


SEED = bars("C Am F G C Am F G", [NONE, NONE, NONE, NONE, 0, 1, 2, 3])


def plan(chords: str, references: list[int]) -> Plan:
    return Plan((*SEED, *bars(chords, references)))


AGAIN = plan("C Am F G C Dm G C", [0, 1, 2, 3, 4, NONE, NONE, 4])
ASTRAY = plan("C Bbm Ebm Ab C F#m B E", [0, NONE, NONE, NONE, 4, NONE, NONE, NONE])


def test_harmony_that_stays_in_the_key_is_more_usual_than_one_that_never_comes_round() -> None:
    assert most_usual([ASTRAY, AGAIN, ASTRAY], 8, C_MAJOR, True) is AGAIN


def test_one_chord_for_ever_is_not_usual() -> None:
    frozen = plan("C C C C C C C C", [0, 8, 9, 10, 11, 12, 13, 14])
    assert misfit(AGAIN, 8, C_MAJOR, False) < misfit(frozen, 8, C_MAJOR, False)


def test_an_end_is_on_the_tonic_where_there_is_to_be_one() -> None:
    open_end = plan("C Am F G C Dm G F", [0, 1, 2, 3, 4, NONE, NONE, 2])
    assert most_usual([open_end, AGAIN], 8, C_MAJOR, True) is AGAIN
    closing = misfit(open_end, 8, C_MAJOR, True) - misfit(AGAIN, 8, C_MAJOR, True)
    going_on = misfit(open_end, 8, C_MAJOR, False) - misfit(AGAIN, 8, C_MAJOR, False)
    assert closing > going_on


def test_a_chorus_that_comes_back_note_for_note_is_no_fault() -> None:
    """Only what is astray counts: more returns, and fewer new changes, than usual are none."""
    seed = bars("C Am F G C Am F G", [NONE, NONE, NONE, NONE, 0, 1, NONE, NONE])
    chorus = Plan((*seed, *bars("C Am F G C Am F C", [0, 1, 2, 3, 8, 9, 2, NONE])))
    assert misfit(chorus, 8, None, False) == 0
    assert misfit(ASTRAY, 8, None, False) > 1


def test_music_that_brings_little_back_may_go_on_so() -> None:
    through = Plan((*bars("C Am F G C Am F G", [NONE] * 8), *AGAIN.bars[8:]))
    new = Plan((*through.bars[:8], *bars("C Dm Am G C Dm F C", [0, NONE, NONE, 3, *[NONE] * 4])))
    assert taken_up(AGAIN, 8) == 1 and taken_up(through, 8) == 0
    assert misfit(new, 8, None, False) < 0.01
    assert misfit(Plan((*SEED, *new.bars[8:])), 8, None, False) > 0.2


def test_a_loop_of_what_was_just_planned_is_astray() -> None:
    loop = plan("C Am F C C Am F C", [0, 1, NONE, NONE, 8, 9, 10, 11])
    song = plan("C Am F C C Am F C", [0, 1, NONE, NONE, 4, 5, 10, 11])
    assert traits(loop, 8)["of its own"] == 0.5
    assert misfit(song, 8, None, False) < misfit(loop, 8, None, False)


def test_the_traits_by_hand() -> None:
    found = traits(AGAIN, 8)
    assert found["returns"] == 6 / 8 and found["of the seed"] == 6 / 8
    assert found["of its own"] == 0
    assert found["runs"] == 4 / 4  # 0 to 4, each one on from the last
    # Of fifteen pairs of half bars these are new: C to Dm, in Dm, Dm to G.
    assert found["new pairs"] == 3 / 15
    assert found["outside"] == 0 and traits(ASTRAY, 8)["outside"] == 6 / 8


def test_of_equals_the_first_and_of_nothing_nothing() -> None:
    same = plan("C Am F G C Dm G C", [0, 1, 2, 3, 4, NONE, NONE, 4])
    assert most_usual([AGAIN, same], 8, None, True) is AGAIN
    assert misfit(Plan(()), 0, None, True) == 0
