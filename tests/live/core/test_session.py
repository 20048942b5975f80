"""Turn-taking, as music: who plays what when."""

from __future__ import annotations

from itertools import pairwise

import pytest
from live.jam import Jam, check_paired
from live.scripted import Echo

from composer.errors import SettingError
from composer.live.core.output import Control
from composer.live.core.session_log import COMPOSER, PLAYER

CALL = [(0.0, 0.4, 60), (0.5, 0.9, 62), (1.0, 1.5, 64)]


def test_a_phrase_is_answered_after_a_beat_of_silence() -> None:
    jam = Jam(Echo(), wait=0.5)
    jam.play(CALL)
    jam.until(5.0)
    assert jam.plays == [
        (2.0, 72, 80), (2.4, 72, 0),
        (2.5, 74, 80), (2.9, 74, 0),
        (3.0, 76, 80), (3.5, 76, 0),
    ]  # fmt: skip
    assert jam.said == [
        ("phrase/begin", 1, 120.0, 3.0),
        ("phrase/note", 1, 72, 0.0, 0.8, 80, 1),
        ("phrase/note", 1, 74, 1.0, 0.8, 80, 1),
        ("phrase/note", 1, 76, 2.0, 1.0, 80, 1),
        ("phrase/end", 1, 3),
    ]


def test_a_tempo_puts_the_reply_on_the_beat() -> None:
    jam = Jam(Echo(), bpm=100, start="beat")
    jam.play([(10.0, 10.2, 60), (10.6, 10.8, 62)])  # beats 0 and 1
    jam.until(20.0)
    assert [row[:2] for row in jam.plays if row[2]] == [(11.8, 72), (12.4, 74)]  # 3 and 4


def test_or_on_the_bar() -> None:
    jam = Jam(Echo(), bpm=100, start="bar")
    jam.play([(10.0, 10.2, 60), (10.6, 10.8, 62)])
    jam.until(20.0)
    assert [row[:2] for row in jam.plays if row[2]] == [(12.4, 72), (13.0, 74)]


def test_a_reply_stays_on_the_grid_when_the_tempo_moves() -> None:
    jam = Jam(Echo(), bpm=120, start="bar")
    jam.play([(0.0, 0.2, 60), (0.5, 0.7, 62), (1.0, 1.2, 64)])
    jam.at(2.25, lambda s, t: s.tempo(t, 60))  # half a beat into bar 2
    jam.until(20.0)
    assert [row[:2] for row in jam.plays if row[2]] == [(2.0, 72), (2.75, 74), (3.75, 76)]


def test_playing_over_a_reply_ends_it_at_once() -> None:
    jam = Jam(Echo(), wait=0.5)
    jam.play(CALL)
    jam.at(2.2, lambda s, t: s.note_on(t, 40, 80, 0))
    jam.until(2.3)
    assert jam.plays == [(2.0, 72, 80), (2.2, 72, 0)]
    assert jam.said[-1] == ("phrase/end", 1, 3)
    jam.at(2.4, lambda s, t: s.note_off(t, 40, 0))
    jam.until(10.0)
    assert jam.said[-1][1] == 2


def test_unless_told_otherwise() -> None:
    jam = Jam(Echo(), wait=0.5, interrupt=0)
    jam.play(CALL)
    jam.at(2.2, lambda s, t: s.note_on(t, 40, 80, 0, 0.1))
    jam.until(20.0)
    assert [row[0] for row in jam.plays if row[2]][:3] == [2.0, 2.5, 3.0]
    assert ("phrase/end", 1, 3) in jam.said
    assert jam.said[-1][1] == 2  # what was played over it is answered afterwards
    check_paired([(p, v, 0) for _, p, v in jam.plays])


def test_playing_on_throws_the_prepared_reply_away() -> None:
    improviser = Echo()
    jam = Jam(improviser, wait=0.5)
    jam.play([(0.0, 0.2, 60), (0.5, 0.7, 62)])
    jam.until(3.0)
    assert [ask.join for ask in improviser.asked] == [70, 120]  # the first between the two notes
    assert improviser.dropped == [70]
    assert [pitch for _, pitch, velocity in jam.plays if velocity] == [72, 74]


def test_the_player_may_say_that_it_is_over() -> None:
    jam = Jam(Echo(), wait=5)
    jam.play(CALL)
    jam.at(1.7, lambda s, t: s.phrase_end(t))
    assert jam.plays == [(1.7, 72, 80)]


def test_a_reply_is_not_held_back_to_a_hundredth() -> None:
    jam = Jam(Echo(), wait=5)
    jam.play(CALL)
    jam.at(1.7031, lambda s, t: s.phrase_end(t))
    assert jam.sent[0][0] == 1.7031


def test_a_sure_ending_is_answered_sooner() -> None:
    jam = Jam(Echo(quiet=1.0), bpm=60, start="now")
    jam.play([(0.0, 0.5, 60)])
    jam.until(3.0)
    assert jam.plays[0][0] == pytest.approx(0.9, abs=0.05)  # not at 1.5


@pytest.mark.parametrize(
    "wish, ticks", [({"length": 2}, 300), ({"bars": 2}, 400), ({"length": 0.25}, 100)]
)
def test_the_reply_is_as_long_as_told(wish: dict[str, float], ticks: int) -> None:
    improviser = Echo()
    jam = Jam(improviser, wait=0.5, **wish)
    jam.play(CALL)
    jam.until(5.0)
    end = improviser.asked[-1].end
    assert end is not None
    assert end - improviser.asked[-1].join == ticks


def test_continue_goes_on_until_the_player_plays() -> None:
    jam = Jam(Echo(), bpm=120, mode="continue")
    jam.play([(0.0, 0.4, 60)])
    jam.until(61.0)
    onsets = [moment for moment, _, velocity in jam.plays if velocity]
    assert onsets == [round(1.0 + 0.25 * i, 3) for i in range(241)]
    jam.at(61.1, lambda s, t: s.note_on(t, 60, 80, 0))
    jam.until(70.0)
    assert jam.plays[-1] == (61.1, 48, 0)
    check_paired([(p, v, 0) for _, p, v in jam.plays])


def test_accompany_plays_other_parts_under_the_player() -> None:
    improviser = Echo()
    jam = Jam(improviser, bpm=120, mode="accompany", band="bass drums")
    jam.play([(0.5 * beat, 0.5 * beat + 0.4, 60) for beat in range(8)])
    assert improviser.programs == {0: 0, 16: 33, 17: 128}
    assert all(ask.slots == {16, 17} for ask in improviser.asked)
    onsets = [moment for moment, _, velocity in jam.plays if velocity]
    assert 0.5 <= onsets[0] <= 0.525  # a bass waits for what is struck with it
    assert any(abs(b - a - 0.25) < 0.03 for a, b in pairwise(onsets))
    jam.until(30.0)  # the player has stopped: so does the band
    assert jam.plays[-1][0] < 10.0
    check_paired([(p, v, 0) for _, p, v in jam.plays])
    assert Control(-1, 33, 1) in jam.controls


def test_without_a_tempo_drums_keep_out_of_the_accompaniment() -> None:
    for band, slots in (("drums bass", [{17}]), ("drums", [])):
        improviser = Echo()
        jam = Jam(improviser, mode="accompany", band=band)
        jam.play([(0.4, 0.7, 60), (0.9, 1.2, 64)])
        jam.until(3.0)
        assert [set(ask.slots) for ask in improviser.asked[:1]] == slots
        assert [control.value for control in jam.controls if isinstance(control, Control)][:1] == (
            [33] if slots else []
        )
        jam.at(3.0, lambda s, t: s.tempo(t, 120))
        jam.play([(4.0, 4.3, 60)])
        assert improviser.asked[-1].slots == set(improviser.programs) - {0}


def test_a_bass_is_on_the_root_of_the_chord_that_is_struck_with_it() -> None:
    improviser = Echo()  # a bass that plays C, whatever is asked of it
    jam = Jam(improviser, bpm=120, mode="accompany", band="bass")
    for bar, chord in enumerate([(48, 52, 55), (50, 53, 57), (55, 59, 62)]):
        jam.play([(2.0 * bar + 0.001 * at, 2.0 * bar + 1.9, p) for at, p in enumerate(chord)])
    jam.until(6.0)
    played = [(moment, pitch) for moment, pitch, velocity in jam.plays if velocity]
    lines = {bar: [p for at, p in played if 0 <= at - 2.0 * bar <= 0.03] for bar in (1, 2)}
    assert lines == {1: [50], 2: [43]}  # D and G, whichever is nearest
    assert {pitch % 12 for at, pitch in played if 2.1 < at < 3.9} <= {2, 5, 9}
    assert (96, 48, 50) in improviser.amended
    check_paired([(p, v, 0) for _, p, v in jam.plays])


def test_without_a_tempo_a_bass_keeps_to_root_and_fifth_and_waits_for_what_is_struck() -> None:
    jam = Jam(Echo(), mode="accompany", band="bass")  # a bass that plays C every 0.12 seconds
    jam.play([(0.0, 1.9, 45), (0.001, 1.9, 48), (0.002, 1.9, 52), (0.5, 0.6, 69)])
    played = [(moment, pitch) for moment, pitch, velocity in jam.plays if velocity]
    # Of A minor C is the third. The third note is due at 0.49; at 0.5 the player strikes.
    assert {pitch for _, pitch in played} == {45}
    assert [moment for moment, _ in played[:4]] == pytest.approx([0.275, 0.395, 0.506, 0.635])


def test_off_is_off() -> None:
    jam = Jam(Echo(), mode="off")
    jam.play(CALL)
    jam.until(10.0)
    assert jam.sent == []


def test_a_mode_change_silences_the_reply() -> None:
    jam = Jam(Echo(), wait=0.5)
    jam.play(CALL)
    jam.at(2.1, lambda s, t: s.set(t, "mode", "off"))
    jam.until(10.0)
    assert jam.plays == [(2.0, 72, 80), (2.1, 72, 0)]


def test_generate_answers_out_of_turn() -> None:
    jam = Jam(Echo(), mode="off")
    jam.play(CALL)
    jam.at(3.0, lambda s, t: s.generate(t, {"bars": 2}, 7))
    jam.until(20.0)
    assert jam.plays[0] == (3.0, 72, 80)
    assert {row[1] for row in jam.said} == {7}


def test_behind_the_largest_id_that_fits_a_message_comes_the_first() -> None:
    jam = Jam(Echo(), mode="off")
    jam.play(CALL)
    jam.at(3.0, lambda s, t: s.generate(t, {"bars": 1}, 2**31 - 1))
    jam.at(10.0, lambda s, t: s.generate(t, {"bars": 1}))
    jam.until(20.0)
    assert [row[1] for row in jam.said if row[0] == "phrase/begin"] == [2**31 - 1, 1]


def test_generate_needs_something_to_go_on_from() -> None:
    jam = Jam(Echo())
    with pytest.raises(SettingError, match="nothing to go on from"):
        jam.session.generate(0.0, {})


def test_the_transport_stops_and_silences() -> None:
    jam = Jam(Echo(), bpm=120)
    jam.play([(0.0, 0.4, 60)])
    jam.at(1.1, lambda s, t: s.transport(t, False))
    jam.until(10.0)
    assert jam.plays == [(1.0, 72, 80), (1.1, 72, 0)]
    jam.at(10.0, lambda s, t: s.transport(t, True))
    jam.play([(11.0, 11.2, 64)])
    jam.until(20.0)
    assert jam.plays[-1][2] == 0
    assert len(jam.plays) > 2


def test_a_jump_of_the_host_silences() -> None:
    jam = Jam(Echo(), bpm=120)
    jam.play([(0.0, 0.4, 60)])
    jam.at(1.1, lambda s, t: s.follow(t, 96 * 40 + 7, 120))
    jam.until(10.0)
    assert jam.plays == [(1.0, 72, 80), (1.1, 72, 0)]


def test_a_session_that_closes_leaves_nothing_sounding() -> None:
    jam = Jam(Echo(), wait=0.5)
    jam.play(CALL)
    jam.until(2.1)
    closed = jam.engine.close("player", 2.1)
    assert closed is not None
    plays = [output[:3] for output in closed[1] if hasattr(output, "pitch")]
    assert plays == [(72, 0, 0)]
    assert Control(64, 0, 0) in closed[1] and Control(123, 0, 0) in closed[1]


def test_channels_are_listened_to_and_answered_on_as_told() -> None:
    jam = Jam(Echo(), wait=0.5, channel_in=2, channel_out=5, program=40)
    jam.play([(0.0, 0.1, 60)], channel=0)
    jam.play([(0.2, 0.3, 62)], channel=1)
    jam.until(5.0)
    assert [o.channel for _, o in jam.sent if hasattr(o, "pitch")] == [4, 4]
    assert jam.controls == [Control(-1, 40, 4)]


def test_drums_are_drums() -> None:
    improviser = Echo()
    Jam(improviser).play([(0.0, 0.1, 36)], channel=9)
    assert improviser.programs == {9: 128}


def test_latency_sends_early() -> None:
    jam = Jam(Echo(), bpm=120, latency=20)
    jam.play([(0.0, 0.4, 60)])
    jam.until(5.0)
    assert jam.plays[0][0] == 0.98


def test_in_free_time_a_slow_output_shortens_no_step() -> None:
    jam = Jam(Echo(), wait=0.5, latency=300)
    jam.play(CALL)
    jam.until(5.0)
    assert [row[:2] for row in jam.plays if row[2]] == [(2.0, 72), (2.5, 74), (3.0, 76)]


def test_a_beat_that_a_slow_output_cannot_reach_is_not_begun_on() -> None:
    """The phrase is over at 0.9 s; what is to sound on the beat at 1.0 had to be sent at 0.7."""
    jam = Jam(Echo(), bpm=120, start="beat", wait=0.5, latency=300)
    jam.play([(0.0, 0.4, 60)])
    jam.until(5.0)
    assert [row[:2] for row in jam.plays if row[2]] == [(1.2, 72)]


def test_a_client_that_plays_for_itself_is_sent_no_notes_and_no_ends() -> None:
    jam = Jam(Echo(), wait=0.5, play=0)
    jam.play(CALL)
    jam.until(5.0)
    assert jam.plays == []
    assert ("phrase/end", 1, 3) in jam.said


def test_what_sounds_is_ended_when_playing_is_turned_off() -> None:
    jam = Jam(Echo(), wait=0.5)
    jam.play(CALL)
    jam.at(2.1, lambda s, t: s.set(t, "play", 0))
    jam.until(5.0)
    assert jam.plays == [(2.0, 72, 80), (2.4, 72, 0)]


def test_a_seed_is_gone_on_from() -> None:
    from composer.live.core.improviser import ProposedNote

    improviser = Echo()
    jam = Jam(improviser, bpm=120)
    ideas = [ProposedNote(0, 0, 60, 24, 80), ProposedNote(24, 0, 62, 24, 80)]
    jam.at(1.0, lambda s, t: s.seed(t, ideas, {0: 0}))
    jam.at(1.1, lambda s, t: s.generate(t, {"bars": 1}))
    jam.until(5.0)
    assert [row[1] for row in jam.plays if row[2]] == [72, 74]


def test_the_log_has_both_players() -> None:
    jam = Jam(Echo(), wait=0.5)
    jam.play(CALL)
    jam.until(5.0)
    log = jam.session.log
    assert log is not None
    assert [row[2] for row in log.rows[PLAYER]] == [60, 62, 64]
    assert [row[2] for row in log.rows[COMPOSER]] == [72, 74, 76]
    log.mark(3.0, "like", 1)
    file = log.file()
    assert file is not None
    assert [track.name for track in file.tracks[1:]] == ["player", "composer"]
    assert any(m.type == "marker" and m.text == "like 1" for m in file.tracks[0])


def test_idle_sessions_expire() -> None:
    jam = Jam(Echo())
    assert jam.engine.expired(599) == []
    assert jam.engine.expired(700) == ["player"]


def test_the_log_says_where_replies_begin_and_which_was_taken_back() -> None:
    jam = Jam(Echo(), bpm=120, start="bar", bars=1)
    jam.at(0.0, lambda s, t: s.program(0, 19))
    jam.play(CALL)
    jam.until(6.0)
    jam.at(6.0, lambda s, t: s.call.again(t))
    jam.until(12.0)
    log = jam.session.log
    assert log is not None
    assert [text for _, text in log.marks] == ["reply 1", "unheard 1", "reply 2"]
    # Before its first note, and less than a bar before.
    begun = [round(at, 3) for at, text in log.marks if text.startswith("reply")]
    first = [row[0] for row in log.rows[COMPOSER] if row[2] == 72]
    assert all(0 <= onset - at < 2.0 for at, onset in zip(begun, first, strict=True))
    file = log.file()
    assert file is not None
    assert {m.program for track in file.tracks for m in track if m.type == "program_change"} == {19}
    assert log.rotate().programs == {0: 19}
