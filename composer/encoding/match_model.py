"""Recall: what was played before at a place like this, and whether it is being played again.

Much music repeats itself: a chorus comes back note for note, a sequence one step higher.
An LSTM has no place to keep a chorus, so composer hands it the old one. A recall follows
the music as it is heard; where the last `CONTEXT` notes were heard before, it points to
what came then, and goes on pointing there as long as enough of it comes true. A note added,
left out or changed does not lose the place. What it expects next, and how far it has been
right, are inputs of the network, which decides how much to believe.

The idea is that of the match model of lossless compressors (M. Mahoney, "Adaptive weighing
of context models for lossless data compression", 2005, section on PAQ's match model), here
over notes and with recovery.

Conventions:
    Times are event ticks, counted by the shifts heard. A recall is a value: `hear` returns
    a new one, and the old one stays good. Recalls that grew from one another share their pages.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from composer.encoding.events import (
    END,
    NO_DURATION,
    NO_PITCH,
    NO_SHIFT,
    NO_VELOCITY,
    SHIFT_TICKS,
    SLOTS,
)
from composer.music.beat_grid import BEATS, FREE

CONTEXT = 3
"""Notes that have to be the same for a place to be found."""
WINDOW = 8
"""Notes of the old place among which the one just heard is looked for."""
HISTORY = 8
"""Notes over which it is counted how often the old place was right."""
LOST = 3
"""With fewer of them right, the old place is given up."""
DOUBTFUL = 4
"""With no more of them right and the last one wrong, another place is taken if there is one."""
FREE_TOLERANCE = 25
"""Ticks (a quarter of a second) by which a note may be early or late in free time."""
PAGE = 64
"""Notes to a page."""
_PAGE_BITS, _IN_PAGE = 6, PAGE - 1
PAGES = 48
"""Pages that are remembered by default."""

NO_PART = SLOTS
"""Part that is expected where nothing is."""
CONFIDENCES = 1 + 4 * (HISTORY + 1)
"""Classes of confidence: 0 for nothing expected, else 1 + 4 * (right ones of the last 8) + how
long lengths and velocities have been the same too (not, once, twice or thrice, longer)."""

_CLASS_OF_TICKS = [
    max(index for index, ticks in enumerate(SHIFT_TICKS.tolist()) if ticks <= tick)
    for tick in range(int(SHIFT_TICKS[-1]) + 1)
]
_TICKS = SHIFT_TICKS.tolist()


def class_of_ticks(ticks: int) -> int:
    """The shift class at or below a time in ticks."""
    if ticks >= len(_CLASS_OF_TICKS):
        return END - 1
    return _CLASS_OF_TICKS[max(ticks, 0)]


_KEY_BITS = 19  # a shift class, a slot and a pitch: 7 + 5 + 7
_KEY = (1 << _KEY_BITS) - 1
_UNSHIFTED = (1 << 12) - 1

Row = tuple[int, ...]


class Expected(NamedTuple):
    """The note that came next then, as classes; the last of each field where nothing did.

    Attributes:
        confidence: 0..36, see `CONFIDENCES`.
        shift: From now to it.
        part: Of it.
        pitch: Of it.
        duration: Of it.
        velocity: Of it.
    """

    confidence: int
    shift: int
    part: int
    pitch: int
    duration: int
    velocity: int


NOTHING = Expected(0, NO_SHIFT, NO_PART, NO_PITCH, NO_DURATION, NO_VELOCITY)


class _Page:
    """Up to `PAGE` notes heard one after another; appended to and never changed.

    Attributes:
        onsets: Of each note.
        rows: (shift, part, pitch, duration, velocity) of each.
        prints: One number for each note and the two before it; -1 for the first two.
        places: The last note with each print, counted from the page's first.
    """

    __slots__ = ("onsets", "places", "prints", "rows")

    def __init__(self, onsets: list[int], rows: list[Row], prints: list[int]) -> None:
        self.onsets, self.rows, self.prints = onsets, rows, prints
        self.places = {number: index for index, number in enumerate(prints)}

    def add(self, onset: int, row: Row, number: int) -> None:
        """One more note, with its print."""
        self.places[number] = len(self.rows)
        self.onsets.append(onset)
        self.rows.append(row)
        self.prints.append(number)

    def part(self, count: int) -> _Page:
        """A page of its own with the first notes of this one."""
        return _Page(self.onsets[:count], self.rows[:count], self.prints[:count])


class MatchModel:
    """What one stream remembers of itself; see the module's docstring."""

    __slots__ = (
        "_at",
        "_count",
        "_exact",
        "_first",
        "_hits",
        "_keys",
        "_max_pages",
        "_now",
        "_pages",
        "_source",
        "_suspended_until",
        "_tolerance",
    )  # fmt: skip

    _pages: tuple[_Page, ...]
    _max_pages: int  # pages kept
    _first: int  # number of the first page still kept
    _count: int  # notes heard; those behind it on the last page are another recall's
    _tolerance: int  # ticks
    _keys: int  # shift, part and pitch of the last two notes
    _now: int  # ticks, of the last note heard
    _source: int  # ticks, the same moment at the old place
    _at: int  # number of the note expected next; -1: none
    _hits: int  # one bit for each of the last HISTORY notes, the latest lowest
    _exact: int  # notes in a row right in every field
    _suspended_until: int  # ticks; no place is looked for before it

    @classmethod
    def start(cls, kind: str, pages: int = PAGES) -> MatchModel:
        """Nothing heard yet.

        Args:
            kind: "beats" on a grid, "free" without one.
            pages: Pages of notes that are remembered.
        """
        made = cls()
        made._pages, made._max_pages = (), pages
        made._first = made._count = made._keys = made._now = made._source = 0
        made._hits = made._exact = made._suspended_until = 0
        made._at = -1
        made._tolerance = FREE_TOLERANCE if kind == FREE else 0
        return made

    @property
    def expected(self) -> Expected:
        """The note that is expected next."""
        at = self._at
        if at < 0:
            return NOTHING
        page, place = self._pages[(at >> _PAGE_BITS) - self._first], at & _IN_PAGE
        _, part, pitch, duration, velocity = page.rows[place]
        ticks = page.onsets[place] - self._source
        confidence = 1 + 4 * self._hits.bit_count() + min(self._exact, 4).bit_length()
        return Expected(confidence, class_of_ticks(ticks), part, pitch, duration, velocity)

    @property
    def distance(self) -> int:
        """Ticks from the old place to now; 0 where nothing is expected."""
        return self._now - self._source if self._at >= 0 else 0

    @property
    def suspended(self) -> int:
        """Ticks for which no place is looked for yet."""
        return max(self._suspended_until - self._now, 0)

    def hear(self, row: Row) -> MatchModel:
        """The recall after one more note: (shift, part, pitch, duration, velocity)."""
        made = self._copy()
        own = self._count & _IN_PAGE
        if own == 0 or len(self._pages[-1].rows) > own:
            made._turn_page(own)
        ticks = _TICKS[row[0]]
        made._now = now = self._now + ticks
        hit = made._at >= 0 and made._compare(row, ticks)
        number = made._print_of(row)
        if number >= 0:
            lost = made._at < 0 or (not hit and made._hits.bit_count() <= DOUBTFUL)
            if lost and now >= self._suspended_until:
                made._look_for(number)
        made._pages[-1].add(now, row, number)
        made._count += 1
        return made

    def elsewhere(self, rows: Sequence[Row]) -> MatchModel:
        """A match model of the same kind that has heard other notes, and expects nothing yet.

        Args:
            rows: What it has heard; the first ones, where that is more than it remembers.
        """
        made = MatchModel.start(BEATS, self._max_pages)
        made._tolerance = self._tolerance
        for row in rows[: (self._max_pages - 1) * PAGE]:
            own = made._count & _IN_PAGE
            if own == 0:
                made._turn_page(own)
            made._now += _TICKS[row[0]]
            made._pages[-1].add(made._now, row, made._print_of(row))
            made._count += 1
        return made

    def last_rows(self, count: int) -> list[Row]:
        """The last notes heard, as `hear` was told them."""
        rows = [row for page in self._pages for row in page.rows]
        # Others may have gone on with the last page.
        return rows[: self._count - self._first * PAGE][-count:]

    def suspend(self, ticks: int) -> MatchModel:
        """The match model that expects nothing, and looks for no place for some ticks."""
        made = self._copy()
        made._at, made._hits, made._exact = -1, 0, 0
        made._suspended_until = self._now + ticks
        return made

    def _copy(self) -> MatchModel:
        made = MatchModel()
        made._pages, made._max_pages = self._pages, self._max_pages
        made._first, made._count = self._first, self._count
        made._tolerance, made._keys, made._now = self._tolerance, self._keys, self._now
        made._source, made._at, made._suspended_until = (
            self._source,
            self._at,
            self._suspended_until,
        )
        made._hits, made._exact = self._hits, self._exact
        return made

    def _print_of(self, row: Row) -> int:
        """Take in a note's key. Returns the print of it and the two before, -1 without two."""
        key = (0 if self._tolerance else row[0] << 12) | row[1] << 7 | row[2]
        older, newer = self._keys >> _KEY_BITS, self._keys & _KEY
        self._keys = newer << _KEY_BITS | key
        if self._count < CONTEXT - 1:
            return -1
        # How long the first of the three had to be waited for is of no account.
        return (older & _UNSHIFTED) << 2 * _KEY_BITS | self._keys

    def _compare(self, row: Row, ticks: int) -> bool:
        """Whether the old place has the note just heard; moves on there."""
        _, part, pitch, duration, velocity = row
        pages, first, at, count = self._pages, self._first, self._at, self._count
        self._source = source = self._source + ticks
        earliest, latest = source - self._tolerance, source + self._tolerance
        hit = False
        for index in range(at, min(at + WINDOW, count)):
            page, place = pages[(index >> _PAGE_BITS) - first], index & _IN_PAGE
            onset = page.onsets[place]
            if onset > latest:
                break
            old = page.rows[place]
            if old[1] == part and old[2] == pitch and onset >= earliest:
                hit = True
                self._source, self._at = onset, index + 1
                same = old[3] == duration and old[4] == velocity
                self._exact = self._exact + 1 if same else 0
                break
        self._hits = (self._hits << 1 | hit) & ((1 << HISTORY) - 1)
        if not hit:
            # Left out are the notes that should have been heard before this one.
            heard = (source, part, pitch)
            while at < count:
                page, place = pages[(at >> _PAGE_BITS) - first], at & _IN_PAGE
                old = page.rows[place]
                if (page.onsets[place], old[1], old[2]) >= heard:
                    break
                at += 1
            self._at = at if self._hits.bit_count() >= LOST else -1
        return hit

    def _look_for(self, number: int) -> None:
        """Go to the last place with this print, if there is another one than where it is."""
        for back, page in enumerate(reversed(self._pages)):
            place = page.places.get(number, -1)
            if place >= 0:
                at = (self._first + len(self._pages) - 1 - back) * PAGE + place + 1
                if at != self._at:
                    self._at, self._source = at, page.onsets[place]
                    self._hits, self._exact = (1 << CONTEXT) - 1, 0
                return

    def _turn_page(self, own: int) -> None:
        """See that the last page has room, and `own` notes on it."""
        if own == 0:
            self._pages = (*self._pages, _Page([], [], []))
            if len(self._pages) > self._max_pages:
                self._pages, self._first = self._pages[1:], self._first + 1
                if self._at < self._first * PAGE:
                    self._at = -1
        else:
            self._pages = (*self._pages[:-1], self._pages[-1].part(own))
