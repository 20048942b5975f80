"""Who is in which session, and who hears it."""

from __future__ import annotations

from composer.live.wire.osc_clients import MAIN, Clients

HERE, THERE, AWAY = ("127.0.0.1", 5000), ("127.0.0.1", 5001), ("10.0.0.9", 5000)


def test_programs_of_a_computer_share_a_session_where_replies_go_to_one_port() -> None:
    clients = Clients(9191)
    assert clients.key(HERE) == clients.key(THERE) == MAIN
    assert clients.key(AWAY) == "10.0.0.9"
    assert clients.reply_to(HERE) == ("127.0.0.1", 9191)


def test_every_program_has_its_own_where_it_is_answered_at_its_own_port() -> None:
    clients = Clients(None)
    assert [clients.key(client) for client in (HERE, THERE)] == ["127.0.0.1:5000", "127.0.0.1:5001"]
    assert clients.reply_to(HERE) == HERE


def test_whoever_joins_hears_the_new_session_and_no_longer_the_old_one() -> None:
    clients = Clients(None)
    clients.listen("old", HERE)
    clients.join(HERE, "old")
    clients.join(HERE, "new")
    assert clients.key(HERE) == "new"
    assert list(clients.listeners("old")) == []
    assert list(clients.listeners("new")) == [HERE]
    clients.forget("new")
    assert clients.key(HERE) == "127.0.0.1:5000"
    assert list(clients.listeners("new")) == []


def test_a_flood_of_clients_that_join_shuts_nobody_out() -> None:
    """Senders' addresses may be made up: whoever plays stays, the silent ones are forgotten."""
    clients = Clients(None, most_joined=3)
    clients.join(HERE, "jam")
    for port in range(10):
        clients.join(("10.0.0.9", port), f"session {port}")
        assert clients.key(HERE) == "jam"  # something came from there
    assert list(clients.listeners("jam")) == [HERE]
    assert clients.key(("10.0.0.9", 0)) == "10.0.0.9:0"
    assert list(clients.listeners("session 0")) == []
    assert clients.key(("10.0.0.9", 9)) == "session 9"
