"""The network at work: what it has heard, the way back, and what it says."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest
from live.jam import Jam, check_paired
from live.players import SECONDS, Players
from live.tiny import tiny_predictor

from composer.encoding.events import SHIFT, UNLIMITED, MetreMap, quantise
from composer.encoding.match_model import PAGE
from composer.generation.constraints import Constraints
from composer.generation.part_limits import TILT
from composer.generation.settings import Settings
from composer.live.core.improviser import BAND, GenerateRequest, ProposedNote
from composer.live.core.scheduler import Play
from composer.live.core.sessions import Sessions
from composer.live.playing.history import KEPT, NEAR, STRIDE, PlayerHistory
from composer.live.playing.inference import MORE, REMEMBERED, InferenceScheduler
from composer.live.playing.live_constraints import make_live_constraints
from composer.live.playing.network_improviser import NetworkImproviser
from composer.music.beat_grid import BEATS, FREE
from composer.music.keys import fitting_key, key_change, parse_key
from composer.music.notes import DRUM_PROGRAM

Rows = list[tuple[int, int, int]]  # onset, pitch, duration


@pytest.fixture
def scheduler() -> InferenceScheduler:
    return InferenceScheduler(tiny_predictor())


def listened(scheduler: InferenceScheduler, kind: str = BEATS) -> NetworkImproviser:
    improviser = scheduler.improviser()
    improviser.set_parts(kind, 96 if kind == BEATS else 200, {0: 0})
    return improviser


def work(scheduler: InferenceScheduler) -> None:
    while not scheduler.idle:
        scheduler.step()


def play(improviser: NetworkImproviser, rows: Rows) -> None:
    for onset, pitch, duration in rows:
        improviser.note_off(improviser.note_on(onset, 0, pitch, 80), onset + duration)


def heard_as_a_file(scheduler: InferenceScheduler, rows: Rows, kind: str = BEATS) -> np.ndarray:
    """The recurrent state of the offline path after the same notes."""
    table = np.array(rows, dtype=np.int64)
    zeros = np.zeros(len(rows), dtype=np.int64)
    events = quantise(
        table[:, 0].astype(float), table[:, 2].astype(float), zeros, table[:, 1],
        zeros + 80, (0,), kind, MetreMap(),
    )  # fmt: skip
    return scheduler.predictor.prime(events).recurrent


PHRASE: Rows = [(12, 60, 12), (24, 62, 12), (36, 64, 12), (36, 67, 30), (72, 60, 24), (150, 62, 6)]


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


def test_what_one_plays_does_not_depend_on_the_others(scheduler: InferenceScheduler) -> None:
    def replies(count: int) -> list[ProposedNote]:
        room = InferenceScheduler(tiny_predictor())
        improvisers = [listened(room) for _ in range(count)]
        for index, improviser in enumerate(improvisers):
            play(improviser, [(o, p + index % 5, d) for o, p, d in PHRASE])
            improviser.generate(GenerateRequest(192, 192, 480, frozenset({0}), Settings(), 1))
        work(room)
        return improvisers[0].take()

    assert replies(1) == replies(20)  # beside nobody, and beside nineteen


def test_in_a_crowd_a_first_note_comes_at_once_and_the_rest_in_rounds(
    scheduler: InferenceScheduler,
) -> None:
    improvisers = [listened(scheduler) for _ in range(30)]
    for improviser in improvisers:
        play(improviser, PHRASE)
    while scheduler.pressing or not scheduler.idle:
        scheduler.begin_cycle()
        scheduler.step()
    for improviser in improvisers[1:]:
        play(improviser, [(180, 65, 12)])
    assert not scheduler.pressing  # they can be heard together, when more has come
    improvisers[0].note_on(180, 0, 65, 80)
    improvisers[0].generate(GenerateRequest(192, 192, 480, frozenset({0}), Settings(), 1))
    assert scheduler.pressing  # a first note is waited for
    scheduler.step()
    scheduler.step()
    assert len(improvisers[0].take()) == 1
    assert not scheduler.pressing
    scheduler.begin_cycle()
    while scheduler.pressing:
        scheduler.step()
    assert len(improvisers[0].take()) == 1


def test_where_rounds_are_late_first_notes_come_with_them(scheduler: InferenceScheduler) -> None:
    improvisers = [listened(scheduler) for _ in range(30)]
    for improviser in improvisers:
        play(improviser, PHRASE)
    scheduler.begin_cycle(late=True)
    improvisers[0].generate(GenerateRequest(192, 192, 480, frozenset({0}), Settings(), 1))
    slices = 0
    while scheduler.in_cycle:
        slices += 1
        scheduler.step()
    assert slices == 2 + MORE  # two to hear all once, the others for the one who waits
    while not improvisers[0].take():
        scheduler.begin_cycle(late=True)
        while scheduler.in_cycle:
            slices += 1
            scheduler.step()
    assert slices < 20


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


def dense(onsets: list[int], **settings: float) -> tuple[int, float]:
    """Notes to a bar at most, and on the whole, for a reply to a part that played at these."""
    heard = np.array([(onset, 0, 60, 10, 20) for onset in onsets])
    ask = GenerateRequest(960, 960, None, frozenset({0}), Settings(**settings), 1)  # type: ignore[arg-type]
    rules = make_live_constraints(heard, (0, 33), BEATS, 96, ask, [0])
    return int(rules.table["per_bar"][0]), float(rules.table["rate"][0]) * 96


def test_a_reply_is_about_as_dense_as_the_phrase() -> None:
    assert dense([24 * i for i in range(8)]) == (5, 5.0)  # quarters
    assert dense([12 * i for i in range(16)]) == (10, 10.0)  # eighths
    # The bars of silence while composer played do not count.
    phrases = [24 * i for i in range(4)] + [480 + 24 * i for i in range(4)]
    assert dense(phrases) == (5, pytest.approx(5.0, rel=0.2))
    assert dense([24 * i for i in range(8)], density=3.0) == (12, 0.0)


def test_a_band_has_room_of_its_own() -> None:
    heard = np.array([(48 * i, 0, 60, 10, 20) for i in range(8)])  # two notes to a bar
    ask = GenerateRequest(960, 960, None, frozenset({1}), Settings(), 1)
    rules = make_live_constraints(heard, (0, 128), BEATS, 96, ask, [1])
    assert rules.table["per_bar"][0] > 8
    assert rules.table["rate"][0] == 0


def asked_of(
    heard: list[tuple[int, int, int, int, int]],
    slots: frozenset[int],
    end: int | None = None,
    **wishes: object,
) -> Constraints:
    """What a piano, a bass and a kit may play from tick 96 on."""
    ask = GenerateRequest(96, 96, end, slots, Settings(**wishes), 1, 96)  # type: ignore[arg-type]
    inside = [0] if slots == {0} else [1, 2]
    return make_live_constraints(np.array(heard), (0, 33, DRUM_PROGRAM), BEATS, 96, ask, inside)


BAND_SLOTS = frozenset({BAND, BAND + 1})
F_MAJOR_CHORD = [(72, 0, 53, 24, 20), (72, 0, 60, 24, 20), (72, 0, 69, 24, 20)]


def test_a_bass_prefers_the_chord_in_the_players_hands_and_its_lowest_most() -> None:
    before = [(0, 0, 48, 24, 20), (0, 0, 52, 24, 20), (0, 0, 55, 24, 20)]  # C, no longer held
    bias = asked_of([*before, *F_MAJOR_CHORD], BAND_SLOTS).pitch_bias(np.array([1]))
    assert bias is not None
    #                                         c    d       f           a      b
    assert bias[0, 36:48].tolist() == [1.5, 0, 0, 0, 0, 2.5, 0, 0, 0, 1.5, 0, 0]
    drums = asked_of([*before, *F_MAJOR_CHORD], BAND_SLOTS).pitch_bias(np.array([2]))
    assert drums is not None and not drums.any()


def test_it_does_not_run_along_with_a_melody() -> None:
    melody = [(60, 0, 65, 12, 20), (72, 0, 67, 12, 20), (84, 0, 67, 12, 20)]
    assert asked_of(melody, BAND_SLOTS).pitch_bias(np.array([1])) is None
    # Nor does the player's own part with its chords.
    assert asked_of(F_MAJOR_CHORD, frozenset({0}), 192).pitch_bias(np.array([0])) is None


def test_none_of_a_band_falls_silent_for_more_than_a_bar() -> None:
    assert asked_of(F_MAJOR_CHORD, BAND_SLOTS).table["rests"][0, [1, 2]].tolist() == [96, 96]
    assert asked_of(F_MAJOR_CHORD, frozenset({0}), 192).table["rests"].min() == UNLIMITED


EIGHTHS = [(12 * step, 0, 60 + step % 5, 10, 20) for step in range(8)]


def test_a_reply_without_an_end_keeps_the_players_range_and_pace() -> None:
    you = frozenset({0})
    endless, ended = (asked_of(EIGHTHS, you, end, key="off") for end in (None, 192))
    tones = [np.flatnonzero(rules.table["pitches"][0, 0]) for rules in (endless, ended)]
    assert (tones[0][0], tones[0][-1]) == (58, 66)
    assert (tones[1][0], tones[1][-1]) == (53, 71)
    # An eighth is 12 ticks: no fewer than seven notes in the time of ten.
    assert endless.table["pace"][0] == pytest.approx(0.7 / 12)
    assert ended.table["pace"][0] == 0
    assert asked_of(EIGHTHS, you, density=1.0).table["pace"][0] == pytest.approx(1 / 24)


def test_a_set_key_is_thought_of_live_too() -> None:
    rules = asked_of(EIGHTHS, frozenset({0}), 192, key="C:minor")
    bias = rules.pitch_bias(np.array([0]))
    heard = fitting_key(np.bincount([p % 12 for _, _, p, _, _ in EIGHTHS], minlength=12) * 1.0)
    assert heard is not None and bias is not None
    assert bias[0, :12] == pytest.approx(TILT * key_change(heard, parse_key("C:minor")))


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


@pytest.mark.parametrize("mode", ["call", "continue", "accompany"])
@pytest.mark.parametrize("bpm", [None, 100.0])
def test_a_jam_with_the_network(
    scheduler: InferenceScheduler, mode: str, bpm: float | None
) -> None:
    jam = Jam(scheduler.improviser(), bpm, scheduler, mode=mode)
    for start in (0.0, 4.0):
        jam.play([(start + 0.3 * i, start + 0.3 * i + 0.25, 60 + i) for i in range(5)])
        jam.until(start + 3.9)
    closed = jam.engine.close("player", 8.0)
    assert closed is not None
    jam.keep(closed[1])
    check_paired([output[:3] for _, output in jam.sent if isinstance(output, Play)])
    assert jam.plays


def test_jamming_with_the_network_leaves_nothing_sounding(scheduler: InferenceScheduler) -> None:
    players = Players(scheduler.improviser, scheduler, 7)
    players.jam(min(SECONDS, 40))
    assert players.sent > 20


def test_nothing_of_a_session_that_ended_waits_for_the_search_for_cycles(
    scheduler: InferenceScheduler,
) -> None:
    engine = Sessions(scheduler.improviser)
    gc.disable()
    try:
        session = engine.session("player", 0.0)
        for step in range(8):
            session.note_on(step / 4, 60 + step, 80, 0, 0.2)
            engine.touch("player", step / 4)
            while not scheduler.idle:
                list(engine.news(scheduler.step(), step / 4))
        session.phrase_end(2.0)
        while not scheduler.idle:
            list(engine.news(scheduler.step(), 2.0))
        assert [output for _, outputs in engine.advance(2.5) for output in outputs]
        engine.close("player", 2.5)
        scheduler.remove(session.improviser)  # type: ignore[arg-type]  # its own
        while not scheduler.idle:
            scheduler.step()
        left = weakref.ref(session.improviser)
        del session
        assert left() is None
    finally:
        gc.enable()
