"""Simulated jams whose replies are marked, through the live session itself, logged as files.

    python benchmarks/marked_jams.py FILE_OR_FOLDER --likes density=1 --out jams [--jams 24]

A simulated player plays phrases of pieces (`benchmarks/answers.py`) in fake time to a session that
keeps a log, hears the reply, and marks it by a hidden taste: one that likes half of what is played
to these phrases without any mark. Told are the share of replies that are liked, in the first ten
and after twenty marks, and how far replies lie apart beside those of jams without marks. The logs
are what `composer finetune --liked` learns from; with `--model` it is also told how many replies of
what came out are liked without a mark.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click
import numpy as np
from answers import Pair, pairs
from numpy.typing import NDArray
from taste import HEARD, NAMES, Listener

from composer import models
from composer.errors import ComposerError
from composer.live.core.session_log import DISLIKE, LIKE, SessionLog
from composer.live.offline_session import OfflineSession
from composer.live.playing.batch_slots import BLOCKS
from composer.live.wire.session_files import save_log
from composer.network.predictor import Predictor

Floats = NDArray[np.float64]
PATIENT, LONGEST = 12.0, 40.0
"""Seconds for which the player waits for a reply to begin, and to end."""


def phrase(session: OfflineSession, pair: Pair) -> None:
    """Play a phrase from the next bar line on."""
    beat = 60 / pair.bpm
    bar = 4.0
    start = (int(session.now / (bar * beat)) + 1) * bar * beat
    keys = [(start + note.onset * beat, 1, note) for note in pair.phrase]
    keys += [(start + (note.onset + note.duration) * beat - 0.004, 0, note) for note in pair.phrase]
    for moment, down, note in sorted(keys):
        if down:
            session.note_on(max(moment, session.now), note.pitch, note.velocity)
        else:
            session.note_off(max(moment, session.now), note.pitch)


def jam(
    predictor: Predictor,
    phrases: Sequence[Pair],
    marks: int,
    seed: int,
    listener: Listener | None,
) -> tuple[SessionLog, list[Floats], list[bool]]:
    """Play so many phrases to one session.

    Args:
        predictor: The network.
        phrases: Of one tempo each; the session goes at that of the first.
        marks: Phrases.
        seed: Of everything that is drawn.
        listener: Who marks every reply; None: nobody does.

    Returns:
        The log, the traits of each reply, and whether it was liked.
    """
    rng = np.random.default_rng(seed)
    bpm = 100.0
    session = OfflineSession(predictor, bpm=bpm, rng_seed=seed)
    inside = session.session
    inside.log = log = SessionLog()
    inside.beat(0.0, 0.0)
    heard: list[Floats] = []
    liked: list[bool] = []
    for _ in range(marks):
        pair = phrases[int(rng.integers(len(phrases)))]
        phrase(session, Pair(pair.phrase, pair.following, bpm, pair.metre))
        before, up = inside.turn, session.now
        while inside.turn == before and session.now < up + PATIENT:
            session.until(session.now + 0.5)
        while inside.player.on_turn and session.now < up + LONGEST:
            session.until(session.now + 0.5)
        traits = inside.improviser.traits
        if inside.turn == before or traits is None:
            continue
        heard.append(traits)
        if listener is not None:
            right = float(listener.units(traits) @ listener.likes) > listener.middle
            liked.append(right)
            mark = right != (rng.random() < listener.errs)
            inside.call.mark(inside.turn, mark)
            log.mark(session.now, LIKE if mark else DISLIKE, inside.turn)
    inside.close(session.now)
    return log, heard, liked


def apart(units: Floats) -> float:
    """How far neighbouring replies lie apart."""
    return float(np.linalg.norm(np.diff(units, axis=0), axis=1).mean())


def weights_of(text: str) -> dict[str, float]:
    """NAME=NUMBER, with commas."""
    found = {}
    for pair in text.split(","):
        name, _, number = pair.partition("=")
        if name not in NAMES:
            raise click.UsageError(f"{name!r} is no trait; there are {', '.join(NAMES)}")
        found[name] = float(number or 1)
    return found


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True))
@click.option("--likes", default="density=1", show_default=True, help="TRAIT=NUMBER, with commas.")
@click.option("--errs", default=0.0, show_default=True, help="Share of marks that are wrong.")
@click.option("--part", default="MELODY", show_default=True, help="Part that is played.")
@click.option("--phrases", "count", default=40, show_default=True, help="One of each piece.")
@click.option("--jams", default=24, show_default=True)
@click.option("--first", default=0, show_default=True, help="Seed of the first jam.")
@click.option(
    "--marks", default=25, show_default=True, type=click.IntRange(HEARD + 2), help="Of each jam."
)
@click.option("--out", type=click.Path(path_type=Path), help="Folder for the logs.")
@click.option("--unmarked", default=2, show_default=True, help="Jams without marks at least.")
@click.option("--model", default=models.DEFAULT, show_default=True)
@click.option(
    "--before", default=models.DEFAULT, show_default=True, help="Half of whose replies they like."
)
def main(
    folder: Path,
    likes: str,
    errs: float,
    part: str,
    count: int,
    jams: int,
    first: int,
    marks: int,
    out: Path | None,
    unmarked: int,
    model: str,
    before: str,
) -> None:
    """Let a simulated player jam, and mark what is played."""
    predictor, usual = (
        Predictor.load(models.find(name), threads=1, sizes=BLOCKS) for name in (model, before)
    )
    phrases = list(pairs(folder, part, count, every=False))
    seeds = range(9000, 9000 + max(jams // 6, unmarked))
    # What is played for nobody in particular, as often as is marked later.
    pools = [jam(usual, phrases, marks, seed, None)[1] for seed in seeds]
    pool = np.array([traits for heard in pools for traits in heard])
    listener = Listener.of(weights_of(likes), errs, pool)
    nobody = float(np.mean([apart(listener.units(np.array(heard))) for heard in pools]))
    if model != before:
        mine = [jam(predictor, phrases, marks, seed, None)[1] for seed in seeds]
        units = listener.units(np.array([traits for heard in mine for traits in heard]))
        liked_of = float(np.mean(units @ listener.likes > listener.middle))
        click.echo(
            f"without a mark: liked {liked_of:.2f} of {len(units)}, {before} 0.50 of {len(pool)}; "
            f"variety {np.mean([apart(listener.units(np.array(h))) for h in mine]) / nobody:.2f}"
        )
    if not jams:
        return
    early, late, variety = [], [], []
    for seed in range(first, first + jams):
        log, heard, liked = jam(predictor, phrases, marks, seed, listener)
        early += liked[:10]
        late += liked[HEARD:]
        variety.append(apart(listener.units(np.array(heard[HEARD:]))))
        if out is not None:
            out.mkdir(parents=True, exist_ok=True)
            try:
                save_log(log, out / f"jam{seed:03}.mid", force=True)
            except ComposerError as error:
                raise click.ClickException(str(error)) from error
    click.echo(
        f"{likes}: liked {np.mean(early):.2f} of the first 10, {np.mean(late):.2f} after {HEARD}; "
        f"variety {np.mean(variety) / nobody:.2f}; {len(pool)} replies for nobody, {jams} jams"
    )


if __name__ == "__main__":
    main()
