"""The network at work: what it has heard, the way back, and what it says."""

from __future__ import annotations

import numpy as np
import pytest
from live.heard import PHRASE, Rows, heard_as_a_file, listened, play, work
from live.tiny import tiny_predictor

from composer.encoding.events import SHIFT
from composer.encoding.match_model import PAGE
from composer.generation.settings import Settings
from composer.live.core.improviser import GenerateRequest
from composer.live.playing.history import KEPT, NEAR, STRIDE, PlayerHistory
from composer.live.playing.inference import REMEMBERED, InferenceScheduler
from composer.live.playing.live_constraints import make_live_constraints
from composer.music.beat_grid import BEATS, FREE


def test_live_and_file_are_heard_alike(scheduler: InferenceScheduler) -> None:
    improviser = listened(scheduler)
    play(improviser, PHRASE)
    work(scheduler)
    assert improviser.history is not None
    np.testing.assert_allclose(
        improviser.history.state.recurrent, heard_as_a_file(scheduler, PHRASE), atol=1e-6
    )


def test_a_held_note_is_heard_again_when_it_ends(scheduler: InferenceScheduler) -> None:
    improviser = listened(scheduler)
    held = improviser.note_on(12, 0, 60, 80)
    work(scheduler)  # heard with the length that notes had so far
    play(improviser, PHRASE[1:])
    work(scheduler)
    improviser.note_off(held, 12 + 90)
    assert improviser.behind
    work(scheduler)
    assert improviser.history is not None
    rows = [(12, 60, 90), *PHRASE[1:]]
    np.testing.assert_allclose(
        improviser.history.state.recurrent, heard_as_a_file(scheduler, rows), atol=1e-6
    )


def test_notes_of_a_chord_may_come_in_any_order(scheduler: InferenceScheduler) -> None:
    improviser = listened(scheduler)
    for onset, pitch, duration in (PHRASE[0], PHRASE[1], PHRASE[3], PHRASE[2], *PHRASE[4:]):
        play(improviser, [(onset, pitch, duration)])
        work(scheduler)
    assert improviser.history is not None
    np.testing.assert_allclose(
        improviser.history.state.recurrent, heard_as_a_file(scheduler, PHRASE), atol=1e-6
    )


def test_a_reply_that_was_thrown_away_was_never_there(scheduler: InferenceScheduler) -> None:
    improviser = listened(scheduler)
    play(improviser, PHRASE)
    improviser.generate(GenerateRequest(192, 192, 384, frozenset({0}), Settings(), 1))
    work(scheduler)
    assert improviser.take()
    improviser.discard(192)
    work(scheduler)
    assert improviser.history is not None
    np.testing.assert_allclose(
        improviser.history.state.recurrent, heard_as_a_file(scheduler, PHRASE), atol=1e-6
    )


def test_how_long_a_silence_lasts_is_read_from_the_next_onset_it_expects(
    scheduler: InferenceScheduler,
) -> None:
    improviser = listened(scheduler)
    play(improviser, PHRASE)
    assert improviser.stays_quiet(160, 12) is None  # it is catching up
    work(scheduler)
    # The last onset is at 150. That nothing begins by 154 is the sum of all later shifts.
    assert improviser.history is not None
    state = improviser.history.state
    logits = scheduler.predictor.logits(SHIFT, state, state.context.fresh())[0]
    chances = np.exp(logits) / np.exp(logits).sum()
    assert improviser.stays_quiet(149, 5) == pytest.approx(chances[5:].sum(), rel=1e-4)
    # Quiet for ten ticks, and then for five: quiet for fifteen.
    whole = improviser.stays_quiet(149, 15)
    first, then = improviser.stays_quiet(149, 10), improviser.stays_quiet(159, 5)
    assert first is not None and then is not None
    assert whole == pytest.approx(first * then, rel=1e-4)
    assert 0 < whole < first < 1


def test_what_it_expects_of_the_player_does_not_depend_on_what_it_would_play(
    scheduler: InferenceScheduler,
) -> None:
    improviser = listened(scheduler)
    play(improviser, PHRASE)
    work(scheduler)
    before = improviser.stays_quiet(160, 12)
    improviser.generate(GenerateRequest(192, 192, 384, frozenset({0}), Settings(), 1))
    work(scheduler)
    assert improviser.stays_quiet(160, 12) == before
    improviser.discard(192)
    play(improviser, [(170, 64, 6)])
    work(scheduler)
    assert improviser.stays_quiet(180, 12) != before


def test_a_reply_drawn_to_its_end_needs_no_second_hearing(scheduler: InferenceScheduler) -> None:
    improviser = listened(scheduler)
    play(improviser, PHRASE)
    work(scheduler)
    memory = improviser.history
    assert memory is not None
    last = PHRASE[-1][0]
    improviser.generate(
        GenerateRequest(last, last + 24, last + 192, frozenset({0}), Settings(rng_seed=3), 0, None)
    )
    work(scheduler)
    ideas = improviser.take()
    assert len(ideas) > 2
    assert memory.behind == 0
    drawn = memory.state
    again = PlayerHistory(BEATS, 96, scheduler.initial_state(BEATS, 96, (0,)))
    for note in memory.notes:
        again.add(note)
    assert again.behind == len(PHRASE) + len(ideas)
    while again.behind:
        again.advance(scheduler.predictor.step(*again.next_step()))
    np.testing.assert_allclose(again.state.recurrent, drawn.recurrent, atol=1e-6)
    np.testing.assert_array_equal(again.state.context.clock, drawn.context.clock)


def test_long_phrases_are_forgotten_note_by_note_only(scheduler: InferenceScheduler) -> None:
    improviser = listened(scheduler)
    rows = [(6 * i, 40 + i * 7 % 40, 6) for i in range(1000)]
    play(improviser, rows)
    work(scheduler)
    assert improviser.history is not None
    assert len(improviser.history.notes) < 300
    np.testing.assert_allclose(
        improviser.history.state.recurrent, heard_as_a_file(scheduler, rows), atol=1e-5
    )


@pytest.mark.parametrize("kind", [BEATS, FREE])
@pytest.mark.parametrize("join", [180, 192, 251, 600, 5001])
def test_a_reply_begins_where_it_was_asked_for_and_keeps_to_its_end(
    scheduler: InferenceScheduler, kind: str, join: int
) -> None:
    improviser = listened(scheduler, kind)
    play(improviser, PHRASE)
    improviser.generate(
        GenerateRequest(join, join, join + 96, frozenset({0}), Settings(key="C:major"), 1)
    )
    work(scheduler)
    ideas = improviser.take()
    assert improviser.done
    assert ideas[0].onset == join
    assert all(idea.onset < join + 96 for idea in ideas)
    assert all(idea.onset + idea.duration <= join + 96 for idea in ideas)
    assert all(idea.pitch % 12 in (0, 2, 4, 5, 7, 9, 11) for idea in ideas)
    assert ideas == sorted(ideas)


def most_at_once(rows: Rows) -> list[int]:
    """Notes that a player and a bass that has not played yet may begin together."""
    heard = np.array([(onset, 0, pitch, duration, 20) for onset, pitch, duration in rows])
    ask = GenerateRequest(480, 480, None, frozenset({0}), Settings(), 1)
    return (
        make_live_constraints(heard, (0, 33), BEATS, 96, ask, [0, 1])
        .table["chords"][0, :2]
        .tolist()
    )


def test_single_notes_are_answered_by_single_notes_and_chords_by_chords() -> None:
    single = [(48 * i, 60 + i, 40) for i in range(6)]
    assert most_at_once(single) == [1, 1]
    # Three keys, not on the very same tick.
    chords = [(onset + at, pitch + 4 * at, 40) for onset, pitch, _ in single for at in range(3)]
    assert most_at_once(chords) == [3, 1]
    assert most_at_once(single[:3])[0] > 88  # nothing is known of them yet


def test_it_thinks_ahead_as_far_as_it_was_told(scheduler: InferenceScheduler) -> None:
    improviser = listened(scheduler)
    play(improviser, PHRASE)
    improviser.generate(GenerateRequest(192, 192, None, frozenset({0}), Settings(), 1, ahead=96))
    work(scheduler)
    first = improviser.take()
    assert first[-1].onset >= 288
    assert not improviser.done
    improviser.extend(192)
    work(scheduler)
    assert improviser.take() == []
    improviser.extend(first[-1].onset)
    work(scheduler)
    assert improviser.take()[-1].onset >= first[-1].onset + 96


def copied_in_a_row(recall: int) -> int:
    """Most notes in a row that an endless reply of a parrot takes over from the player."""
    scheduler = InferenceScheduler(tiny_predictor(belief=5.0))
    improviser = listened(scheduler)
    song = np.random.default_rng(3).integers(48, 80, 12 * 8).tolist()  # eight to a bar
    song += song[:8]
    play(improviser, [(12 * index, pitch, 12) for index, pitch in enumerate(song)])
    improviser.generate(
        GenerateRequest(1248, 1248, None, frozenset({0}), Settings(recall=recall), 1, ahead=96 * 16)
    )
    work(scheduler)
    most, rows = 0, [0] * (len(song) + 1)
    for idea in improviser.take():
        rows = [0] + [rows[at] + 1 if idea.pitch == old else 0 for at, old in enumerate(song)]
        most = max(most, *rows)
    return most


def test_recall_is_bounded_as_told_across_what_is_thought_of_at_once() -> None:
    # Eight notes to a bar and the one at which it is noticed; the last ends with the song.
    assert [copied_in_a_row(bars) for bars in (1, 2, 4, 64)] == [9, 17, 33, 96]
    assert copied_in_a_row(0) <= 3


def test_a_reply_may_begin_sooner_than_thought(scheduler: InferenceScheduler) -> None:
    improviser = listened(scheduler, FREE)
    play(improviser, PHRASE)
    improviser.generate(GenerateRequest(260, 260, 460, frozenset({0}), Settings(), 1))
    work(scheduler)
    improviser.shift(-40)
    assert improviser.take()[0].onset == 220
    work(scheduler)
    assert improviser.done


def test_what_is_left_of_an_answer_that_is_played_over_is_not_heard(
    scheduler: InferenceScheduler,
) -> None:
    improviser = listened(scheduler)
    play(improviser, PHRASE)
    improviser.generate(GenerateRequest(192, 192, 384, frozenset({0}), Settings(), 1))
    work(scheduler)
    answer = improviser.take()
    over = 240
    play(improviser, [(over, 48, 12)])
    work(scheduler)
    assert improviser.history is not None
    heard = [note.onset for note in improviser.history.notes]
    assert heard == sorted(
        [onset for onset, _, _ in PHRASE]
        + [idea.onset for idea in answer if idea.onset < over]
        + [over]
    )
    assert any(idea.onset > over for idea in answer)  # they are played all the same


def test_after_a_long_answer_the_way_back_is_short(scheduler: InferenceScheduler) -> None:
    improviser = listened(scheduler)
    for turn in range(3):
        start = 960 * turn
        play(improviser, [(start + 12 * n, 60 + n, 10) for n in range(24)])
        work(scheduler)
        wanted = Settings(rng_seed=1, density=4.0)
        improviser.generate(
            GenerateRequest(start + 384, start + 384, start + 864, frozenset({0}), wanted, turn)
        )
        work(scheduler)
        assert len(improviser.take()) > NEAR
        memory = improviser.history
        assert memory is not None and memory.behind == 0
        improviser.discard(start + 384)  # it was not to be played
        assert memory.behind == 0
        assert memory.kept_states < NEAR + 6


@pytest.mark.parametrize("goes_on_at", [210, 900], ids=["before it begins", "in its middle"])
def test_a_very_long_answer_that_is_given_up_was_never_there(
    scheduler: InferenceScheduler, goes_on_at: int
) -> None:
    """More notes than are remembered one by one."""
    improviser = listened(scheduler, FREE)
    phrase = [(5 * n, 48 + n, 4) for n in range(20)]
    play(improviser, phrase)
    work(scheduler)
    wanted = Settings(rng_seed=1, density=40.0)
    improviser.generate(GenerateRequest(240, 240, 2240, frozenset({0}), wanted, 1))
    work(scheduler)
    answer = improviser.take()
    assert len(answer) > KEPT + STRIDE
    improviser.discard(max(goes_on_at, 240))
    play(improviser, [(goes_on_at, 60, 10)])
    work(scheduler)
    memory = improviser.history
    assert memory is not None and memory.behind == 0
    assert int(memory.state.context.clock[0]) == goes_on_at
    assert all(note.onset < goes_on_at for note in memory.notes if note.own)
    assert memory.notes[-1].onset == goes_on_at


def test_an_endless_answer_hears_who_plays_over_it(scheduler: InferenceScheduler) -> None:
    improviser = listened(scheduler)
    play(improviser, PHRASE)
    improviser.generate(GenerateRequest(192, 192, None, frozenset({0}), Settings(), 1, 96))
    work(scheduler)
    before = len(improviser.history.notes) if improviser.history else 0
    play(improviser, [(200, 48, 12)])
    assert improviser.history is not None
    assert len(improviser.history.notes) == before + 1


def test_a_jam_remembers_some_minutes(scheduler: InferenceScheduler) -> None:
    state = scheduler.initial_state(BEATS, 96, (0,))
    pitches = np.random.default_rng(5).integers(30, 100, PAGE * REMEMBERED + 80).tolist()
    notes = [[12, 0, pitch, 11, 20] for pitch in pitches]
    (recall,) = state.context.recalls
    for row in notes:
        recall = recall.hear(row)

    def recalled(first: int) -> int:
        """The pitch that is expected after five notes, from this one on, come again."""
        again = recall
        for row in notes[first : first + 5]:
            again = again.hear(row)
        return again.expected[3]

    near = PAGE * 2
    assert recalled(near + 80) == notes[near + 85][2]
    assert recalled(0) != notes[5][2]


def test_someone_new_sits_down(scheduler: InferenceScheduler) -> None:
    improviser = listened(scheduler)
    play(improviser, PHRASE)
    improviser.set_parts(BEATS, 96, {0: 0, 16: 33, 17: 128})
    improviser.generate(GenerateRequest(192, 240, 480, frozenset({16, 17}), Settings(), 1))
    work(scheduler)
    assert {idea.slot for idea in improviser.take()} <= {16, 17}
