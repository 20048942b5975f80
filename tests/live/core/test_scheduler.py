"""What is to sound when: on time, without drift, and always with its end."""

from __future__ import annotations

import math

from composer.live.core.scheduler import LATE, Note, Scheduler
from composer.live.core.timeline import Timeline


def run(scheduler: Scheduler, timeline: Timeline, *moments: float) -> list[tuple[float, int, int]]:
    return [
        (round(play.due, 6), play.pitch, play.velocity)
        for now in moments
        for play in scheduler.due(now, timeline)
    ]


def test_a_scale_is_sent_note_for_note() -> None:
    timeline, scheduler = Timeline(0.0), Scheduler()
    for index, pitch in enumerate((60, 62, 64)):
        scheduler.add(Note(50 * index, 50, pitch, 80, 0))
    assert run(scheduler, timeline, 0.0, 0.5, 1.0, 1.5) == [
        (0.0, 60, 80),
        (0.5, 60, 0), (0.5, 62, 80),
        (1.0, 62, 0), (1.0, 64, 80),
        (1.5, 64, 0),
    ]  # fmt: skip
    assert not scheduler.sounding
    assert scheduler.deadline(timeline) == math.inf


def test_ten_thousand_beats_do_not_drift() -> None:
    timeline, scheduler = Timeline(1000.0, bpm=97.3), Scheduler()
    for beat in range(10_000):
        scheduler.add(Note(24 * beat, 12, 60, 80, 0))
    begun = []
    while (deadline := scheduler.deadline(timeline)) < math.inf:
        # Whoever asks is always a little late: that must not add up.
        begun += [p.due for p in scheduler.due(deadline + 0.003, timeline) if p.velocity]
    assert len(begun) == 10_000
    assert scheduler.dropped == 0
    for beat in (0, 1, 4_999, 9_999):
        assert abs(begun[beat] - (1000 + beat * 60 / 97.3)) < 1e-6


def test_a_late_on_is_dropped_with_its_off_and_a_late_off_is_sent() -> None:
    timeline, scheduler = Timeline(0.0), Scheduler()
    scheduler.add(Note(0, 10, 60, 80, 0))
    assert run(scheduler, timeline, 0.0) == [(0.0, 60, 80)]
    scheduler.add(Note(20, 10, 62, 80, 0))
    assert run(scheduler, timeline, 0.2 + 2 * LATE) == [(0.1, 60, 0)]
    assert scheduler.dropped == 1
    assert len(scheduler) == 0


def test_a_key_struck_again_is_ended_first_and_ends_once() -> None:
    timeline, scheduler = Timeline(0.0), Scheduler()
    scheduler.add(Note(0, 100, 60, 80, 0))
    scheduler.add(Note(50, 20, 60, 90, 0))
    assert run(scheduler, timeline, 0.0, 0.5, 0.7, 1.0) == [
        (0.0, 60, 80), (0.5, 60, 0), (0.5, 60, 90), (0.7, 60, 0),
    ]  # fmt: skip


def test_a_note_is_not_cut_by_the_end_of_the_one_before() -> None:
    timeline, scheduler = Timeline(0.0), Scheduler()
    scheduler.add(Note(0, 100, 60, 80, 0))
    scheduler.add(Note(50, 100, 60, 90, 0))
    assert run(scheduler, timeline, 0.0, 0.5, 1.0, 1.5) == [
        (0.0, 60, 80), (0.5, 60, 0), (0.5, 60, 90), (1.5, 60, 0),
    ]  # fmt: skip


def test_silence_ends_what_sounds_and_forgets_the_rest() -> None:
    timeline, scheduler = Timeline(0.0), Scheduler()
    for pitch in (60, 64, 67):
        scheduler.add(Note(0, 400, pitch, 80, 2))
    scheduler.add(Note(50, 10, 72, 80, 2))
    scheduler.due(0.0, timeline)
    assert sorted((p.pitch, p.velocity, p.channel) for p in scheduler.silence(0.1)) == [
        (60, 0, 2), (64, 0, 2), (67, 0, 2),
    ]  # fmt: skip
    assert len(scheduler) == 0


def test_notes_stay_on_the_grid_when_the_tempo_moves() -> None:
    timeline, scheduler = Timeline(0.0, bpm=120), Scheduler()
    scheduler.add(Note(96, 24, 60, 80, 0))
    assert scheduler.deadline(timeline) == 2.0
    timeline.set_tempo(1.0, 60)  # beat 2 is past; two beats at a second each to go
    assert scheduler.deadline(timeline) == 3.0


def test_an_output_can_be_served_early() -> None:
    timeline, scheduler = Timeline(0.0), Scheduler()
    scheduler.add(Note(100, 10, 60, 80, 0))
    assert scheduler.deadline(timeline, early=0.02) == 0.98
    assert [p.due for p in scheduler.due(0.98, timeline, early=0.02)] == [0.98]
