"""A server that ends when nobody uses it, without a clock."""

from __future__ import annotations

from types import SimpleNamespace

from composer.live.app import EndWhenIdle


def test_a_server_ends_so_long_after_the_last_message() -> None:
    stopped = []
    router = SimpleNamespace(understood=0)
    server = SimpleNamespace(router=router, stop=lambda: stopped.append(True))
    end = EndWhenIdle(server, 10.0)  # type: ignore[arg-type]
    for second in range(100, 108):
        end.look(float(second))
    router.understood = 1
    for second in range(108, 118):
        end.look(float(second))
    assert not stopped
    end.look(118.0)
    assert stopped
