"""Patterns: what the players of a band play in a bar, style by style, in sixteenths.

A pattern is a bar of 4/4 written as sixteen signs. In all of them `-` holds on and `.` rests.

    rhythms   X accented, x plain, o soft and short
    basses    R root, 5 fifth, 8 octave, 3 third, 6 sixth, 7 seventh, a approach to the next root
    riffs     0..7 steps of the chord's pentatonic scale from its root; the second bar may differ
    figures   1..8 tones of the chord from below

They are this project's own: what any band book has for the style, in the plainest form.
"""

from __future__ import annotations

from dataclasses import dataclass

BAR = 16
"""Sixteenths."""


@dataclass(frozen=True, slots=True)
class Style:
    """How a band plays.

    Attributes:
        name: Of the style.
        drummers: What names of drummers' takes have in them that suit it.
        backbeat: Whether the snare is on the second beat and the fourth.
        swung: Whether eighths are long and short.
        basses: Patterns of the bass.
        comps: Rhythms of guitars and keys that play chords.
        riffs: Patterns of two bars of a guitar, a bass or a keyboard that repeats them.
        figures: Broken chords.
        stabs: Rhythms of brass and the like.
        power: Share of songs whose guitars play roots and fifths alone.
        guitars: Programs.
        keys: Programs.
        bass_programs: Programs.
    """

    name: str
    drummers: tuple[str, ...]
    backbeat: bool
    swung: bool
    basses: tuple[str, ...]
    comps: tuple[str, ...]
    riffs: tuple[str, ...]
    figures: tuple[str, ...]
    stabs: tuple[str, ...]
    power: float
    guitars: tuple[int, ...]
    keys: tuple[int, ...]
    bass_programs: tuple[int, ...]


ROCK = Style(
    name="rock",
    drummers=("rock",),
    backbeat=True,
    swung=False,
    basses=("R-R-R-R-R-R-R-R-", "R---R-R-R---R-R-", "R-----R-R---5-8-", "R-..R-R-..R-5-a-",
            "R-R-R-R-R-R-5-a-", "R--R--R-R--R--5-"),
    comps=("X-x-x-x-X-x-x-x-", "X---x-x-X---x-x-", "X-----x-..x-x---", "X-x-..x-x-x-..x-",
           "X---------------", "X--x--x-X--x--x-", "....X-x-....X-x-"),
    riffs=("0-0-2-0-3-0-2-..0-0-2-0-4-3-2-..", "0--0--2-3-2-0-..0--0--2-5-4-2-..",
           "0---2-3-..3-2-0-0---2-3-..5-4---", "0-..0-2-0-..3---0-..0-2-0-..5-4-",
           "3-2-0-..0-2-3-2-3-2-0-..0-....0-"),
    figures=("1-3-2-3-1-3-2-3-", "1-2-3-4-3-2-3-2-", "1-3-4-3-2-3-4-3-"),
    stabs=("X-..............", "..........X-X-..", "X-....X-........"),
    power=0.6,
    guitars=(27, 28, 29, 29, 30, 30),
    keys=(0, 1, 2, 16, 18, 18),
    bass_programs=(33, 33, 34, 34),
)  # fmt: skip
METAL = Style(
    name="metal",
    drummers=("punk", "rock-prog", "rock"),
    backbeat=True,
    swung=False,
    basses=("R-RRR-RRR-RRR-RR", "R-R-R-R-R-R-R-R-", "RRRRRRRRRRRRRRRR", "R--R--R-R--R--R-"),
    comps=("X-ooX-ooX-ooX-oo", "X-o-o-o-X-o-o-o-", "X-------X---X---", "X--X--X-X--X--X-",
           "XoooXoooXoooXooo", "X-ooooX-ooooX-X-"),
    riffs=("0000300050004330000030005000655-", "0-003-002-000-000-003-005-004-3-",
           "0-00..002-003-..0-00..005-006-..", "0--0--3-0--0--4-0--0--5-0-4-3-2-",
           "00..00..00..3-2-00..00..00..6-5-"),
    figures=("1232123212321232", "1-3-2-3-4-3-2-3-", "1234321234321234"),
    stabs=("X-------........", "X-..X-..X-......"),
    power=0.95,
    guitars=(29, 30, 30, 30, 31),
    keys=(16, 19, 48, 52, 81, 90),
    bass_programs=(33, 34, 34),
)  # fmt: skip
POP = Style(
    name="pop",
    drummers=("pop", "rock-indie", "soul-motown", "dance", "country"),
    backbeat=True,
    swung=False,
    basses=("R-----R-R-------", "R---R---R---5---", "R-----R-5---R-R-", "R--R--R-..R-5---",
            "R-------R-----a-", "R-8-R-8-R-8-R-8-"),
    comps=("X---x---X---x-x-", "X---x-x---x-x---", "..x-..x-..x-..x-", "X--x--x---x---x-",
           "X-------x-------", "x-x-X-x-x-x-X-x-", "X-xxx-xxX-xxx-xx"),
    riffs=("0-2-3---2-......0-2-3---4-......", "..0-2-0-3-2-......0-2-0-4-3-....",
           "5---4---3---2---5---4---3-2-0---"),
    figures=("1-2-3-2-4-3-2-3-", "1-3-4-3-1-3-4-3-", "1234321234321232", "..3-..4-..3-..5-"),
    stabs=("X-....X-........", "........X-x-X-..", "..X-..X-........"),
    power=0.1,
    guitars=(24, 25, 25, 26, 27, 28),
    keys=(0, 0, 2, 4, 5, 7, 80, 81),
    bass_programs=(32, 33, 33, 35, 38, 39),
)  # fmt: skip
BALLAD = Style(
    name="ballad",
    drummers=("halftime", "pop-soft", "soul", "gospel", "pop"),
    backbeat=True,
    swung=False,
    basses=("R---------------", "R-------5-------", "R-----R-5-----a-", "R-----------5-a-"),
    comps=("X---------------", "X-------x-------", "X---x---x---x---", "X-----x-x-------"),
    riffs=("5-------4-3-2---3-------2-......", "....3-4-5-------....5-4-3-------"),
    figures=("1-2-3-4-5-4-3-2-", "1-3-4-5-4-3-4-3-", "1-2-3-5-4-3-2-3-", "1--2--3-4-------"),
    stabs=("X---------------", "........X-------"),
    power=0.02,
    guitars=(24, 24, 25, 26, 27),
    keys=(0, 0, 0, 2, 4, 4, 5),
    bass_programs=(32, 33, 33, 35),
)  # fmt: skip
FUNK = Style(
    name="funk",
    drummers=("funk", "hiphop", "afrobeat", "soul"),
    backbeat=True,
    swung=False,
    basses=("R..R..R.8..7R.5.", "R.R...8.R..5..a.", "8..R..R..R.8.7.5", "R..8R...R..78.5.",
            "R---..R.R..R..78"),
    comps=("x.ox.ox.ox.oX.o.", "..X...X...X.X.o.", "X..x..X...x.X...", "ooXooxoXooXooxoo",
           "....X.......X..x"),
    riffs=("0.0.3.4.0...4.3.0.0.3.4.5.4.3.2.", "0..0..3.0.4.3.2.0..0..3.5.4.3.2.",
           "..3.4...0...3.....3.4...5.4.3..."),
    figures=("1.3.4.3.1.3.5.3.", "1..3..4..3..5..3"),
    stabs=("X.............X.", "..X.X.......X...", "X..X......X.X...", "......X.X......."),
    power=0.02,
    guitars=(26, 27, 27, 28, 28),
    keys=(4, 5, 7, 7, 16, 17),
    bass_programs=(33, 36, 36, 37, 38),
)  # fmt: skip
DISCO = Style(
    name="disco",
    drummers=("dance", "disco", "rock"),
    backbeat=True,
    swung=False,
    basses=("R-8-R-8-R-8-R-8-", "R.8.R.8.R.8.5.8.", "R--R--8-R--R--8-", "..R...R...R...R."),
    comps=("..X...X...X...X.", "x.xxX.x.x.xxX.x.", "X--x--x-X--x--x-", "X---------------"),
    riffs=("0-3-4-..4-3-..0-0-3-4-..5-4-....", "4-..3-..2-..0-..4-..3-..5-4-2-0-"),
    figures=("1.2.3.4.3.2.3.2.", "1234123412341234", "4321432143214321"),
    stabs=("X..X..X.........", "..........X.X.X.", "X.........X....."),
    power=0.05,
    guitars=(26, 27, 28, 29),
    keys=(0, 2, 5, 80, 81, 90),
    bass_programs=(33, 36, 38, 38, 39),
)  # fmt: skip
SWING = Style(
    name="swing",
    drummers=("jazz-swing", "jazz", "shuffle", "blues"),
    backbeat=False,
    swung=True,
    basses=("R---3---5---a---", "R---5---8---a---", "R---3---5---6---", "R---8---5---a---",
            "R-------5-------", "R---7---5---a---"),
    comps=("x-....x-........", "x---x---x---x---", "..x-....x-....x-", "....x-......x---",
           "X-----x---------"),
    riffs=("..0-3---..0-4-3-..0-3---5---4---", "4-3-0---..........4-5-4-3-0---..",
           "0-..2-3-..5-4---0-..2-3-..0-...."),
    figures=("1-..2-..3-..4-..", "1---3---2---3---"),
    stabs=("......X---......", "X-....X-........", "..X-..X-....X---"),
    power=0.0,
    guitars=(24, 26, 26, 26),
    keys=(0, 0, 0, 4, 11, 17),
    bass_programs=(32, 32, 32, 33, 35),
)  # fmt: skip
SHUFFLE = Style(
    name="shuffle",
    drummers=("shuffle", "blues", "jazz-swing"),
    backbeat=True,
    swung=True,
    basses=("R---R---5---R---", "R-R-3-3-5-5-6-5-", "R-..R-R-..R-5-a-", "R---3---5---6---"),
    comps=("X-x-X-x-X-x-X-x-", "..x-..x-..x-..x-", "X---X---X---X---", "X-----x-..x-x---"),
    riffs=("0-0-3-0-4-3-0-..0-0-3-0-5-4-3-..", "..0-2-3-..3-2-0-..0-2-3-5-4-2-0-"),
    figures=("1-2-3-2-1-2-3-2-", "1---2-3-4---3-2-"),
    stabs=("..X-..X-........", "X-....X-........"),
    power=0.1,
    guitars=(25, 26, 27, 29),
    keys=(0, 0, 3, 16, 18),
    bass_programs=(32, 33, 33, 34),
)  # fmt: skip
LATIN = Style(
    name="latin",
    drummers=("latin", "brazilian", "afrocuban", "bossa", "samba"),
    backbeat=False,
    swung=False,
    basses=("R-----5-8-----5-", "R-----5-5-----R-", "......5-----8---", "R---5-..R---5-..",
            "R-----5-----8---"),
    comps=("x-....x-..x-....", "..x-..x-x-..x-..", "x--x--x---x-x---", "x-..x-..xx..x-x-"),
    riffs=("0-..3-..4-..3-..0-..3-..5-4-3-..", "..0-3-..4---3-....0-3-..5---4-.."),
    figures=("1-3-2-3-1-3-2-3-", "1.34.3.1.34.3.1.", "1--3--4---3-4---"),
    stabs=("X-..X-......X-..", "......X-..X-...."),
    power=0.0,
    guitars=(24, 24, 25, 26),
    keys=(0, 0, 4, 11, 12),
    bass_programs=(32, 33, 33, 35),
)  # fmt: skip
REGGAE = Style(
    name="reggae",
    drummers=("reggae", "halftime", "hiphop"),
    backbeat=False,
    swung=False,
    basses=("....R-R-5-..8-..", "R-..R-R-..5-....", "R---..3-5---..R-", "....R--R5-R-...."),
    comps=("....x.......x...", "..x...x...x...x.", "..xx..x...xx..x."),
    riffs=("0-..2-3-..0-....0-..2-3-..5-4-..", "....0-2-3-..........0-2-4-3-...."),
    figures=("..3.4.3...3.4.3.", "1...3...4...3..."),
    stabs=("......X.X.......", "X.....X........."),
    power=0.0,
    guitars=(25, 27, 28),
    keys=(0, 16, 17, 17),
    bass_programs=(33, 33, 35, 38),
)  # fmt: skip

STYLES = (ROCK, METAL, POP, BALLAD, FUNK, DISCO, SWING, SHUFFLE, LATIN, REGGAE)

PERCUSSION = (
    (54, "o.o.X.o.o.o.X.o."),
    (54, "x.x.x.x.x.x.x.x."),
    (70, "xoxoxoxoxoxoxoxo"),
    (82, "xooxxooxxooxxoox"),
    (39, "....X.......X..."),
    (56, "x...x...x...x..."),
    (75, "x..x..x...x.x..."),
    (63, "..x...x...x..xx."),
    (64, "x......xx......x"),
    (69, "x.xox.xox.xox.xo"),
)
"""Drum keys (tambourine, maraca, shaker, clap, cowbell, claves, congas, cabasa) and rhythms."""


def scaled(pattern: str, beats: int) -> str:
    """A pattern's signs for a bar of so many beats: cut short, or begun again."""
    return (pattern * -(-beats // 4))[: 4 * beats]


def hits(pattern: str) -> list[tuple[int, int, str]]:
    """(step, steps it lasts, sign) of each note of a pattern."""
    found = []
    for step, sign in enumerate(pattern):
        if sign not in "-.":
            end = step + 1
            while end < len(pattern) and pattern[end] == "-":
                end += 1
            found.append((step, end - step, sign))
    return found
