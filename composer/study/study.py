"""Study: everything that is found in one piece, put together."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from composer.music.keys import Key
from composer.network.numpy_trunk import FloatTrunk
from composer.network.predictor import Predictor
from composer.planning.form_letters import Section
from composer.study.cadences import Cadence, cadences_of
from composer.study.chords import Chord, chords_of
from composer.study.counterpoint import Remark, remarks_of, voices_of
from composer.study.expectation import Hearing, Surprise, hear, surprises_of
from composer.study.form import Phrase, Return, lettered_sections, phrases_of, returns_of
from composer.study.gradient_flow import GradientFlow, flow_of
from composer.study.keys import KeySpan, home_key, key_spans
from composer.study.motifs import Motif, motifs_of
from composer.study.music import Music
from composer.study.sureness import Statement
from composer.study.texture import Cell, TextureSpan, cells_of, spans_of
from composer.study.units import Following, followings, half_lives, series_of


@dataclass(frozen=True, slots=True, eq=False)
class Study:
    """What is found in a piece.

    Attributes:
        music: The piece.
        home: Its key, None without tones.
        home_said: What is said of that.
        keys: That it goes through.
        chords: In order.
        phrases: In order.
        cadences: In order.
        returns: Bars that take up earlier ones.
        sections: Its phrases with letters; none in free time.
        motifs: The most telling first.
        voices: Slots of the parts that are voices.
        remarks: On counterpoint.
        cells: Texture of each bar.
        textures: Runs of one texture.
        hearing: The piece as the network heard it; None where no network was asked.
        surprises: Notes that it did not expect.
        followings: What its cells follow.
        half_lives: How long they remember, in notes, [L, H].
        flow: Gradients through time.
    """

    music: Music
    home: Key | None
    home_said: Statement
    keys: list[KeySpan]
    chords: list[Chord]
    phrases: list[Phrase]
    cadences: list[Cadence]
    returns: list[Return]
    sections: list[Section]
    motifs: list[Motif]
    voices: list[int]
    remarks: list[Remark]
    cells: list[Cell]
    textures: list[TextureSpan]
    hearing: Hearing | None = None
    surprises: tuple[Surprise, ...] = ()
    followings: tuple[Following, ...] = ()
    half_lives: np.ndarray | None = None
    flow: GradientFlow | None = None


def study_piece(music: Music, predictor: Predictor | None) -> Study:
    """Study a piece.

    Args:
        music: The piece.
        predictor: The network, of float weights (`composer.network.numpy_trunk.load_float`);
            None: the music alone.
    """
    home, said = home_key(music)
    keys = key_spans(music, home)
    chords, phrases = chords_of(music), phrases_of(music)
    cells = cells_of(music)
    found = Study(
        music=music,
        home=home,
        home_said=said,
        keys=keys,
        chords=chords,
        phrases=phrases,
        cadences=cadences_of(music, chords, keys, phrases),
        returns=returns_of(music),
        sections=lettered_sections(music),
        motifs=motifs_of(music, home),
        voices=voices_of(music),
        remarks=remarks_of(music, home),
        cells=cells,
        textures=spans_of(cells),
    )
    if predictor is None:
        return found
    return _with_network(found, predictor)


def _with_network(study: Study, predictor: Predictor) -> Study:

    trunk = predictor.trunk
    if not isinstance(trunk, FloatTrunk):
        raise TypeError("the gates of an int8 graph cannot be looked into; load float weights")
    music = study.music
    hearing = hear(music.events, trunk, predictor.heads)
    series = series_of(music, study.phrases, study.chords, study.keys, study.home)
    cells = hearing.trace.cells[:, hearing.declared :]
    return replace(
        study,
        hearing=hearing,
        surprises=tuple(surprises_of(music, hearing, predictor.heads)),
        followings=tuple(followings(cells, series, np.random.default_rng(0))),
        half_lives=half_lives(hearing.trace),
        flow=flow_of(music.events, hearing.trace),
    )
