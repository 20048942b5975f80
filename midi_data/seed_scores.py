"""The music of the seeds, in the shorthand of `midi_data.notation`.

Every piece is in the public domain; these transcriptions are made for this project and
given away under CC0-1.0. `README.md` says what each seed is and what it is for.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

PIANO, HARPSICHORD, GUITAR, UPRIGHT_BASS = 0, 6, 24, 32
VIOLIN, VIOLA, CELLO, STRINGS, CHOIR = 40, 41, 42, 48, 52
TRUMPET, FLUTE = 56, 73


@dataclass(frozen=True, slots=True)
class Line:
    """One track: the voices one player plays.

    Attributes:
        name: Track name.
        program: General MIDI program, 0..127.
        voices: Shorthand, one string a voice; all begin together.
        loudness: Added to the score's dynamics, in MIDI velocity.
        legato: Share of its written length a plain note sounds.
    """

    name: str
    program: int
    voices: tuple[str, ...]
    loudness: int = 0
    legato: float = 0.95


@dataclass(frozen=True, slots=True)
class Score:
    """One seed as it stands on paper, and how it is to be played.

    Attributes:
        title: Composer and work.
        lines: The tracks, top to bottom.
        key: Key signature as MIDI files name it ("Am", "G").
        metres: (beat, numerator, denominator), the first at beat 0.
        tempos: (beat, quarter notes a minute), the first at beat 0.
        dynamics: (beat, velocity), straight lines between.
        beats: Length of the piece in beats, counted from the first bar line.
        start: Beats between the first bar line and the first token: an upbeat of one
            beat in 3/4 starts at 2.
        offset_ticks: Every note is this late against the grid (0: on it).
        pedal: (down, up) beats of the sustain pedal, pressed on every line.
    """

    title: str
    lines: tuple[Line, ...]
    key: str
    metres: tuple[tuple[Fraction | int, int, int], ...]
    tempos: tuple[tuple[Fraction | int, float], ...]
    dynamics: tuple[tuple[Fraction | int, int], ...]
    beats: Fraction | int
    start: Fraction | int = 0
    offset_ticks: int = 0
    pedal: tuple[tuple[Fraction, Fraction], ...] = ()


WALTZ = Score(
    title="Chopin: Waltz in A minor, B. 150",
    key="Am",
    metres=((0, 3, 4),),
    tempos=((0, 138), (48, 132), (50, 120)),
    dynamics=((2, 62), (9, 76), (14, 66), (26, 62), (33, 74), (39, 70), (45, 88), (50, 64)),
    start=2,
    beats=51,
    lines=(
        Line(
            "Right hand",
            PIANO,
            (
                """
                e4/q | a4/e b4 c5/q c5 | d5/e e5 f5/h | b4/e c5 d5 a5 g5 f5
                | ^e5 ^f5 e5/e d#5 e5/h | a4/e b4 c5/q c5 | d5/e e5 f5/h
                | b4/e c5 d5 a5 g5 b4 | c5/q - e4 | a4/e b4 c5/q c5 | d5/e e5 f5/h
                | b4/e c5 d5 a5 g5 f5 | ^e5 ^f5 e5/e d#5 e5/h | c5/e d5 e5/q e5
                | f5/e g5 a5/h | g5/q f#5/e g5 d6 f5 | e5/h. |
                """,
            ),
            loudness=8,
        ),
        Line(
            "Left hand",
            PIANO,
            (
                """
                -/q | a1/q a3+c4+e4 a3+c4+e4 | d2 a3+d4+f4 a3+d4+f4 | g2 g3+b3+f4 g3+b3+f4
                | c3 g3+c4+e4 g3+c4+e4 | a2 a3+c4+e4 a3+c4+e4 | d2 a3+d4+f4 a3+d4+f4
                | g2 g3+b3+f4 g3+b3+f4 | c3 g3+c4+e4 - | a1 a3+c4+e4 a3+c4+e4
                | d2 a3+d4+f4 a3+d4+f4 | g2 g3+b3+f4 g3+b3+f4 | c3 g3+c4+e4 g3+c4+e4
                | a2 a3+c4+e4 a3+c4+e4 | d2 a3+d4+f4 a3+d4+f4 | g2 g3+b3+f4 g3+b3+f4
                | c3 g3+c4+e4 g3+c4+e4 |
                """,
            ),
            loudness=-8,
            legato=0.85,
        ),
    ),
)

# The upbeat is written as a short first bar, as many notation programs export it.
FUR_ELISE = Score(
    title="Beethoven: Für Elise, WoO 59",
    key="Am",
    metres=((0, 1, 8), (Fraction(1, 2), 3, 8)),
    tempos=((0, 70), (Fraction(35, 2), 64)),
    dynamics=((0, 52), (2, 58), (6, 50), (8, 58), (12, 54), (15, 72), (18, 58)),
    beats=Fraction(37, 2),
    pedal=tuple(
        (Fraction(1, 2) + Fraction(3, 2) * bar, Fraction(1, 2) + Fraction(3, 2) * bar + 1)
        for bar in (1, 2, 3, 5, 6, 7, 8, 9, 10)
    ),
    lines=(
        Line(
            "Right hand",
            PIANO,
            (
                """
                e5/s d#5 | e5 d#5 e5 b4 d5 c5 | a4/e -/s c4 e4 a4 | b4/e -/s e4 g#4 b4
                | c5/e -/s e4 e5 d#5 | e5 d#5 e5 b4 d5 c5 | a4/e -/s c4 e4 a4
                | b4/e -/s e4 c5 b4 | a4/e -/s b4 c5 d5 | e5/e. g4/s f5 e5
                | d5/e. f4/s e5 d5 | c5/e. e4/s d5 c5 | b4/e -/s e4/s e5/e |
                """,
            ),
            loudness=6,
        ),
        Line(
            "Left hand",
            PIANO,
            (
                """
                -/e | -/q. | a2/s e3 a3 -/e. | e2/s e3 g#3 -/e. | a2/s e3 a3 -/e. | -/q.
                | a2/s e3 a3 -/e. | e2/s e3 g#3 -/e. | a2/s e3 a3 -/e. | c3/s g3 c4 -/e.
                | g2/s g3 b3 -/e. | a2/s e3 a3 -/e. | e2/s e3 -/q |
                """,
            ),
            loudness=-4,
        ),
    ),
)

CHORALE = Score(
    title="Bach: O Haupt voll Blut und Wunden, BWV 244/54",
    key="Dm",
    metres=((0, 4, 4),),
    tempos=((0, 80), (33, 74)),
    dynamics=((3, 74), (10, 84), (19, 70), (26, 80), (35, 64)),
    start=3,
    beats=36,
    lines=(
        Line(
            "Soprano",
            CHOIR,
            (
                """
                a4/q | d5 c5 bb4 a4 | g4/h a4/q e5 | f5 f5 e5/e d5 e5/q | d5/h. f5/q
                | e5/e d5 c5/q d5 e5 | f5/h f5/q c5 | d5 c5 bb4/e a4 bb4/q | a4/h. -/q |
                """,
            ),
            loudness=4,
            legato=0.98,
        ),
        Line(
            "Alto",
            CHOIR,
            (
                """
                f4/q | f4/e g4 a4/q d4/e e4 f4/q | f4 e4 f4 a4 | a4 a4 a4 a4/e g4
                | f4/h. a4/q | g4 g4/e f4 f4/q bb4 | bb4 a4/e g4 a4/q a4
                | a4/e g4 a4/q g4/e f#4 g4/q | f#4/h. -/q |
                """,
            ),
            legato=0.98,
        ),
        Line(
            "Tenor",
            CHOIR,
            (
                """
                d4/q | d4/e e4 f4/q g4 c4 | d4 c4 c4 e4 | e4 d4 d4 c#4 | a3/h. d4/e c4
                | bb3/q c4 c4 bb3/e c4 | d4/q c4/e bb3 c4/q f4/e eb4 | d4/q d4 d4 d4
                | d4/h. -/q |
                """,
            ),
            legato=0.98,
        ),
        Line(
            "Bass",
            CHOIR,
            (
                """
                d4/e c4 | bb3/q a3 g3 f3 | bb2 c3 f3 c#3 | d3/e e3 f3 g3 a3/q a2 | d3/h. d3/q
                | g3 a3 bb3/e a3 g3/q | f3/h f3/q f3 | bb3 f#3 g3 g2 | d3/h. -/q |
                """,
            ),
            loudness=2,
            legato=0.98,
        ),
    ),
)

_ENTERTAINER_OCTAVES = "c5+e5+c6/s d5+f5+d6 d#5+f#5+d#6"
_ENTERTAINER_TURN = (
    "e5+g5+e6/s c5+e5+c6 d5+f5+d6 e5+g5+e6~ e5+g5+e6 b4+d5+b5 d5+f5+d6/e | c5+e5+c6/q~ c5+e5+c6/e"
)

RAG = Score(
    title="Joplin: The Entertainer, first strain",
    key="C",
    metres=((0, 2, 4),),
    tempos=((0, 76),),
    dynamics=((1, 68), (5, 70), (6, 90), (9, 82), (10, 70), (14, 92), (18, 72), (22, 92), (34, 84)),
    start=Fraction(3, 2),
    beats=34,
    lines=(
        Line(
            "Right hand",
            PIANO,
            (
                f"""
                d4/s d#4 | e4 c5/e e4/s c5/e e4/s c5/s~ | c5/q~ c5/s {_ENTERTAINER_OCTAVES}
                | {_ENTERTAINER_TURN} d4/s d#4 | e4 c5/e e4/s c5/e e4/s c5/s~
                | c5/q~ c5/e a4+c5+a5/s g4+c5+g5 | f#4+c5+f#5 a4+a5 c5+c6 e5+e6~ e5+e6 d5+d6
                c5+c6 a4+a5 | d5+f5+d6/q~ d5+f5+d6/e d4/s d#4
                | e4 c5/e e4/s c5/e e4/s c5/s~ | c5/q~ c5/s {_ENTERTAINER_OCTAVES}
                | {_ENTERTAINER_TURN} c5+c6/s d5+d6
                | e5+e6 c5+c6 d5+d6 e5+e6~ e5+e6 c5+c6 d5+d6 c5+c6
                | e5+e6 c5+c6 d5+d6 e5+e6~ e5+e6 c5+c6 d5+d6 c5+c6 | {_ENTERTAINER_TURN} -/e |
                """,
            ),
            loudness=4,
            legato=0.9,
        ),
        Line(
            "Left hand",
            PIANO,
            (
                """
                -/e | c3/e e3+g3+c4 g2+g3 g3+bb3+c4 | f2+f3 a3+c4 e2+e3 g3+c4
                | g2 e3+g3+c4 g2 f3+g3+b3 | c3 e3+g3+c4 e3+g3+c4 g3+b3
                | c3 e3+g3+c4 g2+g3 g3+bb3+c4 | f2+f3 a3+c4 e2+e3 eb2+eb3
                | d2+d3 d3+f#3+a3+c4 d3 f#3+a3+c4 | g3+b3 g2+g3 a2+a3 b2+b3
                | c3 e3+g3+c4 g2+g3 g3+bb3+c4 | f2+f3 a3+c4 e2+e3 g3+c4
                | g2 e3+g3+c4 g2 f3+g3+b3 | c3 e3+g3+c4 g3+c4+e4 -
                | c3+c4 g3+c4+e4 bb2+bb3 g3+c4+e4 | a2+a3 a3+c4+f4 ab2+ab3 ab3+c4+f4
                | g2+g3 g3+c4+e4 g2 g3+b3 | c3+g3+c4 g2+g3 c3/e -/e |
                """,
            ),
            loudness=-6,
            legato=0.8,
        ),
    ),
)

SONG = Score(
    title="Schubert: Heidenröslein, D. 257",
    key="G",
    metres=((0, 2, 4),),
    tempos=((0, 69), (19, 58), (20, 69), (23, 56), (24, 69), (31, 60)),
    dynamics=(
        (0, 62),
        (6, 72),
        (8, 62),
        (14, 70),
        (19, 82),
        (20, 62),
        (24, 68),
        (28, 64),
        (32, 54),
    ),
    beats=32,
    lines=(
        Line(
            "Singstimme",
            CHOIR,
            (
                """
                b4/e b4 b4 b4 | d5/s c5 c5 b4 a4/q | a4/e a4 b4 c5 | d5/q g5/e - | b4 b4 b4 b4
                | d5/s c#5 c#5 b4 a4/q | d5/e d5 e5/e. d5/s | c#5 d5 e5 f#5 d5/q
                | d5/s f#5 e5 d5 c#5 b4 a#4 b4 | g5/e. c#5/s d5/q | a4/e a4 b4 c5
                | d5 e5/s f#5 g5/q | e5/e g5 c5 e5 | g4 b4/s a4 g4/q | -/h | -/h |
                """,
            ),
            loudness=12,
        ),
        Line(
            "Piano",
            PIANO,
            (
                """
                -/e d4+g4+b4 - d4+g4+b4 | - e4+a4+c5 - e4+a4+c5 | - d4+a4+c5 - d4+f#4+a4
                | - d4+g4+d5 - d4+g4+b4 | - d4+g4+b4 - d4+g4+b4 | - e4+a4+c#5 - e4+a4+c#5
                | - a4+d5 - b4+e5 | - g4+c#5 - f#4+d5 | - a4+d5 - b4+e5 | - g4+c#5 - f#4+d5
                | - f#4+a4 - d4+f#4+a4 | - d4+g4+d5 - d4+g4+b4 | - e4+g4+c5 - c4+g4+c5
                | g4+b4 f#4+a4 g4/s b4' c5' d5' | e5/e' ^e5 g5/e c5' ^c5 e5
                | g4' a4/s. b4/t g4/q |
                """,
                """
                -/h | - | - | - | - | - | - | - | - | - | - | - | - | - | -
                | -/e f#4 -/q |
                """,
            ),
            loudness=-4,
            legato=0.8,
        ),
        Line(
            "Piano",
            PIANO,
            (
                """
                g3/e - g3 - | g3 - g3 - | f#3 - c3 - | b2 - g2 - | g3 - g3 - | g3 - g3 -
                | f#3 - g3 - | a3 - b3 - | f#3 - g3 - | a3 - d3 - | d3 - c3 - | b2 - g2/q
                | c3/e - e3 - | d3/q g3/s g3 a3 b3 | c4/e' ^c4 e4 a3' ^a3 c4
                | d3+b3' d3+c4 g3+b3/q |
                """,
                """
                -/h | - | - | - | - | - | - | - | - | - | - | - | - | d4/e c4 b3/s -/e. | -/h
                | - |
                """,
            ),
            loudness=-6,
            legato=0.85,
        ),
    ),
)

SCORES = {
    "waltz": WALTZ,
    "fur_elise": FUR_ELISE,
    "chorale": CHORALE,
    "rag": RAG,
    "song": SONG,
}
