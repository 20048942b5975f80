"""The music of the seeds, in the shorthand of `example_seeds.notation`.

Every piece is in the public domain; these transcriptions are made for this project and
given away under CC0-1.0. `README.md` says what each seed is and what it is for. One file,
however long, because it is music and hardly any code: each score stands whole on its page.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

PIANO, HARPSICHORD, GUITAR, UPRIGHT_BASS = 0, 6, 24, 32
VIOLIN, VIOLA, CELLO, STRINGS, CHOIR = 40, 41, 42, 48, 52
TRUMPET, FLUTE = 56, 73
DRUM_KIT = 128
"""Not a program: a line with it goes to the drum channel."""


@dataclass(frozen=True, slots=True)
class Line:
    """One track: the voices one player plays.

    Attributes:
        name: Track name.
        program: General MIDI program, 0..127, or `DRUM_KIT`.
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

QUARTET = Score(
    title="Haydn: String Quartet in C, op. 76 no. 3, second movement, theme",
    key="G",
    metres=((0, 4, 4),),
    tempos=((0, 72), (32, 66)),
    dynamics=((2, 60), (9, 74), (16, 62), (19, 60), (25, 76), (33, 58)),
    start=2,
    beats=36,
    lines=(
        Line(
            "Violin I",
            VIOLIN,
            (
                """
                g4/q. a4/e | b4/q a4 c5 b4 | a4/e f#4 g4/q e5 d5 | c5 b4 a4 b4/e g4
                | d5/h g4/q. a4/e | b4/q a4 c5 b4 | a4/e f#4 g4/q e5 d5 | c5 b4 a4 b4/e g4
                | d5/h -/h |
                """,
            ),
            loudness=8,
        ),
        Line(
            "Violin II",
            VIOLIN,
            (
                """
                b3/q. d4/e | g4/q f#4 a4 g4 | c4 b3 c5 b4 | f#4 g4 e4/h | d4 b3/q. d4/e
                | g4/q f#4 a4 g4 | c4 b3 c5 b4 | f#4 g4 e4/h | d4 -/h |
                """,
            ),
        ),
        Line(
            "Viola",
            VIOLA,
            (
                """
                g3/q - | -/h d4/q d4 | f#3/e a3 g3/q -/h | a3/q b3 e4 g3 | f#3/h g3/q -
                | -/h d4/q d4 | f#3/e a3 g3/q -/h | a3/q b3 e4 g3 | f#3/h -/h |
                """,
            ),
            loudness=-2,
        ),
        Line(
            "Violoncello",
            CELLO,
            (
                """
                g3/q - | -/h f#3/q g3 | d3 g2 -/h | d3/q g3 c3 c#3 | d3/h g3/q -
                | -/h f#3/q g3 | d3 g2 -/h | d3/q g3 c3 c#3 | d3/h -/h |
                """,
            ),
            loudness=2,
        ),
    ),
)

_AM, _G, _C, _E = (
    "a2 e3 a3 c4 a3 e3",
    "g2 d3 g3 b3 g3 d3",
    "c3 g3 c4 e4 c4 g3",
    "e2 b2 e3 g#3 e3 b2",
)

# The file starts with the upbeat at tick 0 and says 6/8 from there, so that every written
# bar line is an eighth note early: what most sequencers export.
FOLK = Score(
    title="Greensleeves (English, sixteenth century)",
    key="Am",
    metres=((0, 6, 8),),
    tempos=((0, 87),),
    dynamics=((2, 66), (12, 78), (24, 64), (27, 88), (39, 66)),
    start=Fraction(5, 2),
    beats=39,
    offset_ticks=-1200,
    lines=(
        Line(
            "Flute",
            FLUTE,
            (
                """
                a4/e | c5/q d5/e e5/e. f5/s e5/e | d5/q b4/e g4/e. a4/s b4/e
                | c5/q a4/e a4/e. g#4/s a4/e | b4/q g#4/e e4/q a4/e | c5/q d5/e e5/e. f#5/s e5/e
                | d5/q b4/e g4/e. a4/s b4/e | c5/e. b4/s a4/e g#4/e. f#4/s g#4/e | a4/h.
                | g5/q. g5/e. f#5/s e5/e | d5/q b4/e g4/e. a4/s b4/e
                | c5/q a4/e a4/e. g#4/s a4/e | b4/q g#4/e e4/q. |
                """,
            ),
            loudness=8,
        ),
        Line(
            "Guitar",
            GUITAR,
            (
                f"""
                -/e | {_AM} | {_G} | {_AM} | {_E} | {_AM} | {_G} | a2 e3 a3 e2 b2 e3 | {_AM}
                | {_C} | {_G} | {_AM} | {_E} |
                """,
            ),
            loudness=-8,
            legato=1.0,
        ),
    ),
)

_BROKEN = (
    "c4 e4 g4 c5 e5",
    "c4 d4 a4 d5 f5",
    "b3 d4 g4 d5 f5",
    "c4 e4 g4 c5 e5",
    "c4 e4 a4 e5 a5",
    "c4 d4 f#4 a4 d5",
    "b3 d4 g4 d5 g5",
    "b3 c4 e4 g4 c5",
    "a3 c4 e4 g4 c5",
    "d3 a3 d4 f#4 c5",
    "g3 b3 d4 g4 b4",
)
"""The chords of the prelude, bottom to top, one a bar; each bar breaks its chord twice."""


def _broken(figure: str) -> str:
    """A voice that plays `figure` twice a bar; {0} .. {4} are the notes of the chord."""
    return " | ".join(f"{figure} {figure}".format(*chord.split()) for chord in _BROKEN) + " |"


ARPEGGIO = Score(
    title="Bach: Prelude in C, BWV 846",
    key="C",
    metres=((0, 4, 4),),
    tempos=((0, 84), (42, 78)),
    dynamics=((0, 56), (8, 64), (16, 58), (24, 74), (32, 60), (40, 70), (44, 58)),
    beats=44,
    lines=(
        Line("Right hand", PIANO, (_broken("-/e {2}/s {3} {4} {2} {3} {4}"),), loudness=2),
        Line(
            "Left hand",
            PIANO,
            (_broken("{0}/h"), _broken("-/s {1}/e.~ {1}/q")),
            loudness=2,
        ),
    ),
)

# Every note lies 37 ticks (37 ms) behind the grid, as after a bounce through audio
# latency: a constant offset is not a free performance, and must be found and put back.
MINUET = Score(
    title="Petzold: Minuet in G, BWV Anh. 114",
    key="G",
    metres=((0, 3, 4),),
    tempos=((0, 126),),
    dynamics=((0, 74), (12, 84), (24, 74), (36, 86), (48, 74)),
    beats=48,
    offset_ticks=37,
    lines=(
        Line(
            "Upper manual",
            HARPSICHORD,
            (
                """
                d5/q g4/e a4 b4 c5 | d5/q g4' g4' | e5 c5/e d5 e5 f#5 | g5/q g4' g4'
                | c5 d5/e c5 b4 a4 | b4/q c5/e b4 a4 g4 | f#4/q g4/e a4 b4 g4 | a4/h.
                | d5/q g4/e a4 b4 c5 | d5/q g4' g4' | e5 c5/e d5 e5 f#5 | g5/q g4' g4'
                | c5 d5/e c5 b4 a4 | b4/q c5/e b4 a4 g4 | a4/q b4/e a4 g4 f#4 | g4/h. |
                """,
            ),
        ),
        Line(
            "Lower manual",
            HARPSICHORD,
            (
                """
                g3+b3+d4/h a3/q | b3/h. | c4 | b3 | a3 | g3 | d4/q b3 g3 | d4 d3/e c4 b3 a3
                | b3/h a3/q | g3 b3 g3 | c4/h. | b3/q c4/e b3 a3 g3 | a3/h f#3/q | g3/h b3/q
                | c4 d4 d3 | g3/h g2/q |
                """,
            ),
        ),
    ),
)

GYMNOPEDIE = Score(
    title="Satie: Gymnopédie no. 1",
    key="D",
    metres=((0, 3, 4),),
    tempos=((0, 80), (33, 74)),
    dynamics=((0, 44), (12, 50), (18, 58), (24, 50), (36, 42)),
    beats=36,
    pedal=tuple((Fraction(3 * bar), Fraction(3 * bar) + Fraction(11, 4)) for bar in range(12)),
    lines=(
        Line(
            "Right hand",
            PIANO,
            (
                """
                -/h. | - | - | - | -/q f#5 a5 | g5 f#5 c#5 | b4 c#5 d5 | a4/h. | f#4/h.~ | f#4~
                | f#4~ | f#4 |
                """,
            ),
            loudness=14,
            legato=1.0,
        ),
        Line(
            "Left hand",
            PIANO,
            (
                " | ".join(("g2/h.", "d2/h.") * 6) + " |",
                " | ".join(("-/q b3+d4+f#4/h", "-/q a3+c#4+f#4/h") * 4)
                # The melody rests on f#4 here, which the chords therefore leave out.
                + " | "
                + " | ".join(("-/q b3+d4/h", "-/q a3+c#4/h") * 2)
                + " |",
            ),
            legato=1.0,
        ),
    ),
)

PROMENADE = Score(
    title="Mussorgsky: Pictures at an Exhibition, Promenade",
    key="Bb",
    metres=(
        (0, 5, 4),
        (5, 6, 4),
        (11, 5, 4),
        (16, 6, 4),
        (22, 5, 4),
        (27, 6, 4),
        (33, 5, 4),
        (38, 6, 4),
    ),
    tempos=((0, 104), (9, 96), (11, 108), (20, 92), (22, 104), (31, 96), (33, 110), (42, 84)),
    dynamics=((0, 84), (11, 92), (21, 88), (22, 80), (33, 86), (40, 98), (44, 88)),
    beats=44,
    lines=(
        Line(
            "Right hand",
            PIANO,
            (
                """
                g4/q f4 bb4 c5/e f5 d5/q | c5/e f5 d5/q bb4 c5 g4 f4
                | bb3+d4+g4 a3+c4+f4 bb3+d4+bb4 c5/e f5 d5/q
                | c5/e f5 d5/q d4+g4+bb4 e4+g4+c5 g3+c4+g4 a3+c4+f4
                | f4 g4 d4 f4/e g4 c4/q | g4/e a4 f4/q f4+f5 f4+d5 c5/e bb4 f4/q
                | f4 g4 d4 f4/e g4 eb4/q | bb4/e c5 ab4/q ab4+ab5 ab4+f5 eb5/e db5 ab4/q |
                """,
                """
                -/w -/q | -/h. - | -/h. c4+a4/q f4+a4 | c4+a4 f4+bb4 -/w | -/w -/q
                | -/w f4/q - | -/w -/q | -/w ab4/q - |
                """,
            ),
            legato=0.9,
        ),
        Line(
            "Left hand",
            PIANO,
            (
                """
                -/w -/q | -/h. - | g2+g3/q a2+f3 g2+g3 f2+f3 d2+d3
                | f2+f3 bb2+bb3 g2+g3 c2+c3 e2+e3 f2+f3 | -/w -/q
                | -/h f2+f3/q bb2+bb3 g2+g3 f2+f3 | -/w -/q
                | -/h ab2+ab3/q db3+db4 bb2+bb3 ab2+ab3 |
                """,
            ),
            loudness=-4,
            legato=0.9,
        ),
    ),
)

_RIDE = "eb3/q eb3/q3> eb3/e3 eb3/q eb3/q3> eb3/e3"
_F6, _F7, _C7, _BB, _BBM = "a3+c4+d4", "a3+c4+eb4", "bb3+c4+e4", "bb3+d4+f4", "bb3+db4+f4"


def _comp(*chords: str) -> str:
    """Two chords a bar on the second and fourth beat, each after a beat of silence."""
    bars = [f"- {left}' - {right}'" for left, right in zip(chords[::2], chords[1::2], strict=True)]
    return " | ".join(bars)


BAND = Score(
    title="When the Saints Go Marching In (traditional), arranged for composer",
    key="F",
    metres=((0, 4, 4),),
    tempos=((0, 176),),
    dynamics=((0, 82), (24, 88), (36, 96), (52, 104), (68, 88)),
    beats=68,
    lines=(
        Line(
            "Trumpet",
            TRUMPET,
            (
                """
                -/q f4 a4 bb4 | c5/w | -/q f4 a4 bb4 | c5/w | -/q f4 a4 bb4 | c5/h a4 | f4 a4
                | g4/w | -/q a4 a4 g4 | f4/h. f4/q | a4/h c5/q. c5/e | c5/h bb4/h~ | bb4/q - a4 bb4
                | c5/h> a4 | f4 g4 | f4/w~ | f4/q - -/h |
                """,
            ),
            loudness=-4,
        ),
        Line(
            "Piano",
            PIANO,
            (
                f"""
                -/w | -/q {_comp(_F6, _F6, _F6, _F6, _F6, _F6, _F6, _F6)[2:]}
                | {_comp(_F6, _F6, _F6, _F6, _C7, _C7, _C7, _C7, _F6, _F6, _F7, _F7)}
                | {_comp(_BB, _BB, _BBM, _BBM, _F6, _F6, _C7, _C7, _F6, _F6, _C7, _C7)} |
                """,
            ),
            loudness=-14,
        ),
        Line(
            "Bass",
            UPRIGHT_BASS,
            (
                """
                -/w | f2/q a2 c3 a2 | f2 g2 a2 c3 | f3 c3 a2 c3 | f2 a2 c3 e3 | f3 e3 d3 c3
                | a2 c3 d3 b2 | c3 d3 e3 g3 | c3 bb2 a2 g2 | f2 g2 a2 c3 | f3 eb3 c3 a2
                | bb2 d3 f3 d3 | bb2 db3 f3 db3 | c3 a2 f2 a2 | g2 bb2 c3 e3 | f3 c3 d3 a2
                | bb2 b2 c3 e3 |
                """,
            ),
            loudness=-4,
            legato=0.85,
        ),
        Line(
            "Drums",
            DRUM_KIT,
            (
                " | ".join(("-/w", *(_RIDE,) * 16)) + " |",
                " | ".join(("-/w", *("-/q ab2 - ab2",) * 16)) + " |",
                " | ".join(("-/h. d2/q3 d2/e3", *("c2/q - c2 -",) * 15, "c2/q - c2 c2")) + " |",
                """
                -/w | - | -/h. -/q3 d2/e3 | -/w | -/q d2/q3 -/e3 -/h | -/w | -/h. -/q3 d2/e3
                | -/w | -/h -/q3 d2/e3 d2/q | -/w | -/h. -/q3 d2/e3 | -/w
                | -/q -/q3 d2/e3 -/h | -/w | -/h. -/q3 d2/e3 | -/w | -/h d2/e3 d2 d2 d2/q> |
                """,
            ),
            loudness=-14,
            legato=0.3,
        ),
    ),
)

# Played, not engraved: `make_seeds` gives it rubato and a wandering touch.
PRELUDE = Score(
    title="Chopin: Prelude in A, op. 28 no. 7",
    key="A",
    metres=((0, 3, 4),),
    tempos=((0, 78),),
    dynamics=(
        (2, 50),
        (4, 58),
        (8, 46),
        (10, 62),
        (14, 50),
        (16, 66),
        (20, 52),
        (23, 68),
        (27, 46),
    ),
    start=2,
    beats=27,
    pedal=tuple((Fraction(beat), Fraction(beat) + Fraction(9, 2)) for beat in (3, 9, 15, 21)),
    lines=(
        Line(
            "Piano",
            PIANO,
            (
                """
                e4/q | c#5/e. d5/s d4+g#4+b4/q d4+g#4+b4 | d4+g#4+b4/h d5+f#5/q
                | b#4+d#5/e. c#5+e5/s c#5+a5/q c#5+a5 | c#5+a5/h e4+c#5/q
                | c#4+a#4/e. b4/s f#4+d5/q f#4+d5 | f#4+d5/h d4+g#4/q
                | d4+g#4/e. c#4+a4/s c#4+c#5/q c#4+c#5 | c#4+c#5/h -/q |
                """,
                """
                -/q | -/h. | - | - | - | -/e. d4/s~ d4/h~ | d4/h -/q | -/h. | - |
                """,
                """
                -/q | e2 e3+e4 e3+e4 | e3+e4/h -/q | a2 a3+e4 a3+e4 | a3+e4/h -/q
                | e2 e3+b3 e3+b3 | e3+b3/h -/q | a1 e3+a3+e4 e3+a3+e4 | e3+a3+e4/h -/q |
                """,
            ),
            legato=0.98,
        ),
    ),
)

ODE = Score(
    title="Beethoven: Ode to Joy, from Symphony no. 9",
    key="D",
    metres=((0, 4, 4),),
    tempos=((0, 116),),
    dynamics=((0, 72), (16, 84), (32, 76)),
    beats=32,
    lines=(
        Line(
            "Violin",
            VIOLIN,
            (
                """
                f#4/q f#4 g4 a4 | a4 g4 f#4 e4 | d4 d4 e4 f#4 | f#4/q. e4/e e4/h
                | f#4/q f#4 g4 a4 | a4 g4 f#4 e4 | d4 d4 e4 f#4 | e4/q. d4/e d4/h |
                """,
            ),
        ),
        Line(
            "Violoncello",
            CELLO,
            (
                """
                d3/h e3/q f#3 | d3/h a2/h | b2 g2/q d3 | a2/h a2/q c#3 | d3/h e3/q f#3
                | d3/h a2/h | b2 g2/q d3 | a2/h d3/h |
                """,
            ),
        ),
    ),
)

ENGRAVED = {
    "arpeggio": ARPEGGIO,
    "band": BAND,
    "chorale": CHORALE,
    "folk": FOLK,
    "fur_elise": FUR_ELISE,
    "gymnopedie": GYMNOPEDIE,
    "minuet": MINUET,
    "promenade": PROMENADE,
    "quartet": QUARTET,
    "rag": RAG,
    "song": SONG,
    "waltz": WALTZ,
}
"""Seeds written on the grid, as notation programs and sequencers write them."""

JIG = """\
X:1
T:The Irish Washerwoman
C:Traditional
R:jig
M:6/8
L:1/8
Q:3/8=112
K:G
dc|BGG DGG|BGB dcB|cAA EAA|cAc edc|
BGG DGG|BGB dcB|cBc Adc|BGG G2|]
"""
