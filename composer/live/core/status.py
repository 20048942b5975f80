"""Status: how a session stands, as names and values that are told to whoever asks."""

from __future__ import annotations

from composer.encoding.events import TICKS_PER_BEAT
from composer.live.core.parameters import Value, Values
from composer.live.core.phrases import PhraseTracker
from composer.live.core.reply_player import ReplyPlayer
from composer.live.core.timeline import Timeline
from composer.music.beat_grid import BEATS


def status(
    values: Values,
    timeline: Timeline,
    heard: int,
    phrases: PhraseTracker,
    player: ReplyPlayer,
    now: float,
) -> list[tuple[str, Value]]:
    """How a session stands; the beat is -1 in free time.

    Args:
        values, timeline, heard, phrases, player: The session's own.
        now: The moment.
    """
    beats = timeline.kind == BEATS
    return [
        *((name, values.get(name)) for name in ("mode", "temperature", "key")),
        ("tempo", round(timeline.bpm, 2) if beats else 0.0),
        ("beat", round(timeline.tick(now) / TICKS_PER_BEAT, 3) if beats else -1.0),
        ("running", int(timeline.running)),
        ("heard", heard),
        ("phrase", phrases.count),
        ("playing", player.playing),
        ("sounding", len(player.schedule.sounding)),
        ("dropped", player.schedule.dropped),
    ]
