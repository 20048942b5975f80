"""Statements: what is said first of a piece, in the order in which a teacher would say it."""

from __future__ import annotations

import math
from collections import Counter
from typing import Final

from composer.encoding.events import TICKS_PER_BEAT
from composer.study.numerals import numeral, without_figures
from composer.study.study import Study
from composer.study.sureness import Statement

FORM_FROM: Final = "notes in common of bars, and a path over bars (composer.analysis.form)"
_CHORDS_FROM: Final = "chord templates and a path over beats (composer.analysis.harmony)"


def statements_of(study: Study) -> list[Statement]:
    """What is said first, in the order in which a teacher would say it."""
    music = study.music
    found = [study.home_said]
    away = [span for span in study.keys if span.key != study.home]
    if away:
        named = ", ".join(f"{span.key} from {music.cell_name(span.start)}" for span in away[:4])
        sure = min(span.sure for span in away)
        found.append(Statement(f"On its way it goes to {named}.", sure, "key profiles by bar"))
    if study.sections:
        letters = " ".join(f"{section.name}{section.bars}" for section in study.sections[:24])
        lengths = Counter(section.bars for section in study.sections).most_common(1)[0][0]
        bars = "bar" if lengths == 1 else "bars"
        text = f"Its phrases, with a letter for each that comes back: {letters}; most have"
        found.append(Statement(f"{text} {lengths} {bars}.", 0.5, FORM_FROM))
    else:
        found.append(
            Statement(
                f"It keeps no beat that can be counted; {len(study.phrases)} phrases are told by"
                " breaths."
                if len(study.phrases) > 1
                else "It keeps no beat that can be counted.",
                0.7,
                "onsets against every grid (composer.music.beat_grid), gaps",
            )
        )
    if study.returns and music.plan is not None:
        exact = sum(one.how == "exactly" for one in study.returns)
        found.append(
            Statement(
                f"{len(study.returns)} of {len(music.lines) - 1} bars take up an earlier one,"
                f" {exact or 'none'} of them all but note for note.",
                0.95,
                FORM_FROM,
            )
        )
    found += _on_harmony(study)
    if study.motifs:
        motif = study.motifs[0]
        ways = Counter(one.how for one in motif.occurrences[1:])
        named = ", ".join(f"{count} {how}" for how, count in ways.most_common())
        times = len(motif.occurrences)
        found.append(
            Statement(
                f"Its most telling figure has {len(motif.occurrences[0].notes)} notes and comes"
                f" {times} times ({named}).",
                min(one.sure for one in motif.occurrences),
                "figures of the top lines",
            )
        )
    kinds: Counter[str] = Counter()
    for span in study.textures:
        kinds[span.kind] += span.stop - span.start
    if kinds:
        kind, count = kinds.most_common(1)[0]
        share = count / sum(kinds.values())
        text = f"Its texture is {kind}" + (
            " throughout." if share > 0.95 else " for the most part."
        )
        sure = next(span.sure for span in study.textures if span.kind == kind)
        found.append(Statement(text, sure, "how many tones sound and begin together"))
    if study.hearing is not None:
        nats = study.hearing.nats.mean(axis=0)
        pitch, what = float(nats[2]), "drum" if music.drums.all() else "pitch"
        found.append(
            Statement(
                f"The network finds it {_ease(pitch)}: a {what} costs it {pitch:.2f} nats on"
                f" average, as if it had to choose among {math.exp(pitch):.1f}.",
                1.0,
                "counted from the network's probabilities",
            )
        )
    return found


def _ease(nats: float) -> str:
    return (
        "easy to follow" if nats < 1.0 else "moderately surprising" if nats < 1.9 else "surprising"
    )


def _on_harmony(study: Study) -> list[Statement]:
    if not study.chords or study.home is None:
        return []
    names: Counter[str] = Counter()
    for chord in study.chords:
        names[without_figures(numeral(chord.code, chord.bass, study.home))] += (
            chord.stop - chord.start
        )
    total = sum(names.values())
    named = ", ".join(
        f"{name} ({round(100 * count / total)} %)" for name, count in names.most_common(4)
    )
    sure = sum(chord.sure * (chord.stop - chord.start) for chord in study.chords) / total
    found = [
        Statement(
            f"Most of the time is on {named}; a chord holds for"
            f" {total / TICKS_PER_BEAT / len(study.chords):.1f} quarters on average."
            if not study.music.free
            else f"Most of the time is on {named}.",
            sure,
            _CHORDS_FROM,
        )
    ]
    if study.cadences:
        kinds = Counter(cadence.kind for cadence in study.cadences)
        listed = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())
        last = study.cadences[-1]
        found.append(
            Statement(
                f"Cadences: {listed}; the last is {last.kind}, at {study.music.place(last.tick)}.",
                sum(cadence.sure for cadence in study.cadences) / len(study.cadences),
                "the last two chords before a phrase's end or a held note",
            )
        )
    return found
