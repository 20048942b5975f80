"""Files that count seconds: on the pulse of what they play, or in free time."""

from __future__ import annotations

import numpy as np
import pytest

from composer.formats import midi, smf
from composer.music.beat_grid import BEATS, FREE, find_grid
from composer.music.notes import HEARD, UNKNOWN


def recorded(onsets: list[float], division: bytes = b"\xe7\x28") -> bytes:
    """A file of short notes at these seconds; by default a tick is a millisecond."""
    rate, per_frame = 256 - division[0], division[1]
    per_second = (30000 / 1001 if rate == 29 else rate) * per_frame
    track, now = bytearray(), 0
    for number, second in enumerate(onsets):
        for tick, status in ((second, 0x90), (second + 0.1, 0x80)):
            at = round(tick * per_second)
            delta = max(at - now, 0)
            track += bytes((delta >> 14 & 0x7F | 0x80, delta >> 7 & 0x7F | 0x80, delta & 0x7F))
            track += bytes((status, 60 + number % 5, 64))
            now += delta
    track += b"\0\xff\x2f\0"
    head = b"MThd\0\0\0\6\0\0\0\1" + division + b"MTrk" + len(track).to_bytes(4, "big")
    return head + bytes(track)


@pytest.mark.parametrize("division", [b"\xe7\x28", b"\xe8\x50", b"\xe3\x50", b"\xe2\x64"])
@pytest.mark.parametrize(("bpm", "start"), [(96, 0.0), (96, 1.234), (103.7, 0.4)])
def test_the_pulse_gives_tempo_and_beat(division: bytes, bpm: float, start: float) -> None:
    remarks: list[str] = []
    eighths = [start + i * 30 / bpm for i in range(64)]
    file = smf.parse(recorded(eighths, division), remarks.append)
    piece = midi.to_piece(file)
    assert piece.pulse == HEARD
    assert 60e6 / piece.tempos.tempo_at(0) == pytest.approx(bpm, rel=1e-3)
    assert f"a pulse of {bpm:.1f} beats per minute" in remarks[0]
    # Every note is where it was, in seconds and on the beat.
    seconds = [piece.tempos.seconds(n.onset, piece.ticks_per_beat) for n in piece.parts[0].notes]
    assert seconds == pytest.approx(eighths, abs=0.002)
    grid = find_grid(piece)
    places = [(n.onset - grid.offset) / piece.ticks_per_beat for n in piece.parts[0].notes]
    assert grid.kind == BEATS
    halves = [round(2 * place) for place in places]
    assert halves == list(range(halves[0], halves[0] + 64))
    assert max(abs(2 * place - round(2 * place)) for place in places) < 0.1


def test_without_a_pulse_it_is_free_time_even_if_short() -> None:
    for count in (7, 200):
        onsets = np.cumsum(np.random.default_rng(5).gamma(3, 0.11, count)).tolist()
        remarks: list[str] = []
        piece = midi.to_piece(smf.parse(recorded(onsets), remarks.append))
        assert piece.pulse == UNKNOWN
        assert find_grid(piece).kind == FREE
        assert find_grid(piece, "beats").kind == BEATS
        assert "free time" in remarks[0]


def test_the_written_file_keeps_every_second() -> None:
    onsets = [i * 60 / 97.3 for i in range(300)]
    again = midi.to_piece(smf.parse(smf.encode(smf.parse(recorded(onsets)))))
    last = again.parts[0].notes[-1].onset
    assert again.tempos.seconds(last, again.ticks_per_beat) == pytest.approx(onsets[-1], abs=2e-3)
    # The last of three hundred beats is still on the beat.
    assert last / again.ticks_per_beat == pytest.approx(299, abs=1 / 48)
