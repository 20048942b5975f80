"""An OSC router without a socket, and what it says."""

from __future__ import annotations

from collections.abc import Callable

from composer.live.core.scheduler import Play
from composer.live.core.sessions import Sessions
from composer.live.wire.osc_codec import Message, encode
from composer.live.wire.osc_router import Router
from live.scripted import Echo

HERE = ("127.0.0.1", 5000)
THERE = ("127.0.0.1", 5001)


class Wire:
    """A router, and what it says."""

    def __init__(self, learnt: Callable[[], None] = lambda: None, **options: object) -> None:
        self.now = 0.0
        self.engine = Sessions(Echo, logs=True, learnt=learnt)
        self.router = Router(self.engine, **options)  # type: ignore[arg-type]

    def send(
        self, address: str, *arguments: object, source: tuple[str, int] = HERE
    ) -> list[tuple[object, ...]]:
        self.router.receive(self.now, source, Message("/composer/" + address, arguments))  # type: ignore[arg-type]
        replies = self.router.take_replies()
        for _, reply, values in replies:
            assert len(encode(reply, values)) <= 1400
        return [(reply.removeprefix("/composer/"), *values) for _, reply, values in replies]

    def let(self, seconds: float) -> list[Play]:
        end = self.now + seconds
        outputs = self.router.take_outputs()
        while self.engine.deadline() <= end:
            self.now = self.engine.deadline()
            outputs += list(self.engine.advance(self.now))
        self.now = end
        return [o for _, some in outputs for o in some if isinstance(o, Play)]
