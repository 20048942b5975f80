"""Jams whose replies are marked beside jams whose replies are not, at one server, in one run.

    python benchmarks/marked_load.py [--sessions 12] [--minutes 5]

Every session plays a phrase of eight notes in two seconds, says that it is over with its last
note, and hears the answer out; half of them like or dislike it then, at random, and ask for
another take of every eighth. So many sessions for so many minutes are an hour of jamming. Told
are, with and without marks: how soon the first note of an answer came, how late its others were,
answers that never came, and those that came after more than half a second.
"""

from __future__ import annotations

import heapq
import json
import random
import time
from dataclasses import dataclass, field
from typing import Any

import click

from composer import models
from composer.live.bench.client import Wire, cpu_seconds, served
from composer.live.bench.load import HALF, PHRASE, STEP, Answers, quantiles

CYCLE = 6.0
"""Seconds from one phrase to the next: two of it, two of the answer, and two to mark it."""
MARK_AT = 4.6
"""Seconds into it at which the answer is marked."""
EVERY = 8
"""Answers, of which one is played in another way."""
LATE = 0.5
"""Seconds after which an answer counts as silence."""


@dataclass
class Player:
    """One session's player.

    Attributes:
        wire: To the server.
        marks: Whether replies are marked.
        answers: What was asked and played.
        asked: Moments at which the last phrase was over.
        first: From each to the first note.
        said: Marks, takes asked for again and errors.
    """

    wire: Wire
    marks: bool
    answers: Answers = field(default_factory=Answers)
    first: list[float] = field(default_factory=list)
    over: float = 0.0
    marked: int = 0
    again: int = 0
    errors: list[str] = field(default_factory=list)

    def hear(self) -> None:
        """Take in what has come."""
        for _ in range(256):
            got = self.wire.receive()
            if got is None:
                return
            moment, message = got
            values: Any = message.arguments
            if message.address == "/composer/play" and values[1]:
                self.answers.play(values[0], moment)
                if self.over:
                    self.first.append(moment - self.over)
                    self.over = 0.0
            elif message.address == "/composer/phrase/note":
                self.answers.note(values[0], values[1], values[2] * HALF)
            elif message.address == "/composer/phrase/begin":
                self.answers.begin(values[0])
            elif message.address == "/composer/error":
                self.errors.append(" ".join(map(str, values)))


def jam(players: list[Player], seconds: float) -> None:
    """Play in all sessions for so long."""
    chance, origin = random.Random(2), time.time() + 0.5
    for player in players:
        player.wire.send("set", "interrupt", 0)
        player.wire.send("set", "wait", 5)
    queue: list[tuple[float, int, int]] = [
        (origin + CYCLE * index / len(players), index, 0) for index in range(len(players))
    ]
    heapq.heapify(queue)
    while queue:
        when, index, step = heapq.heappop(queue)
        while (left := when - time.time()) > 0:
            time.sleep(min(left, 0.002))
            for one in players:
                one.hear()
        player, turn = players[index], step // (PHRASE + 1)
        at = step % (PHRASE + 1)
        if at < PHRASE:
            player.wire.send("note", 55 + chance.randrange(20), 80, 1, 0.2)
            if at == PHRASE - 1:
                player.over = player.wire.send("phrase/end")
                player.answers.asked.append(player.over)
            delay = STEP if at < PHRASE - 1 else MARK_AT - STEP * (PHRASE - 1)
        else:
            if player.marks:
                player.wire.send("like" if chance.random() < 0.5 else "dislike")
                player.marked += 1
                if turn % EVERY == EVERY - 1:
                    player.answers.asked.append(player.wire.send("again"))
                    player.again += 1
            delay = CYCLE - MARK_AT
        if when + delay < origin + seconds:
            heapq.heappush(queue, (when + delay, index, step + 1))
    end = time.time() + 4.0
    while time.time() < end:
        time.sleep(0.01)
        for one in players:
            one.hear()


def figures(players: list[Player]) -> dict[str, Any]:
    """What was heard in some sessions."""
    first = [late for player in players for late in player.first]
    rows = [player.answers.reckon() for player in players]
    return {
        "sessions": len(players),
        "answers": sum(len(p.answers.asked) - p.again for p in players),
        "marks": sum(player.marked for player in players),
        "again": sum(player.again for player in players),
        "first_note": quantiles(first),
        "other_notes": quantiles([late for _, later, _, _ in rows for late in later]),
        "without_an_answer": sum(len(p.answers.asked) - p.again - len(p.first) for p in players),
        "late_answers": sum(late > LATE for late in first),
        "errors": sorted({error for player in players for error in player.errors}),
    }


@click.command()
@click.option("--sessions", default=12, show_default=True, help="Half of them mark.")
@click.option("--minutes", default=5.0, show_default=True)
@click.option("--model", default=models.DEFAULT, show_default=True)
def main(sessions: int, minutes: float, model: str) -> None:
    """Jam with and without marks in one run."""
    with served(model) as (port, processes):
        players = [Player(Wire(port), marks=index % 2 == 0) for index in range(sessions)]
        spent = cpu_seconds(processes)
        jam(players, 60 * minutes)
        cores = (cpu_seconds(processes) - spent) / (60 * minutes)
        result = {
            "sessions": sessions,
            "minutes_of_jamming": sessions * minutes,
            "server_cores": round(cores, 3),
            "with_marks": figures([player for player in players if player.marks]),
            "without_marks": figures([player for player in players if not player.marks]),
        }
        for player in players:
            player.wire.close()
    click.echo(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
