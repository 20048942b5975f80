"""OSC addresses: what a table of them is, and how arguments are read and checked.

An address stands in a table with its arguments, a line of help, and the function that acts
on it. The arguments are written as a musician reads them, and are what the server checks:

    pitch velocity [channel]                  the last may be left out
    [pitch start_beat duration_beats]*        any number of these, one after another
    [1]                                       a trigger: 0 is a button let go, and does nothing

Conventions:
    Every argument has a kind (`KINDS`), named in the table and in `docs/osc.md`. Ints and
    floats are accepted for each other. What is there beyond the table is passed over.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from composer.errors import SettingError
from composer.live.core.parameters import as_number
from composer.live.core.reply import LARGEST_ID
from composer.live.wire.osc_codec import Argument

PREFIX: Final = "/composer/"
TRIGGER: Final = "[1]"
FARTHEST_BEAT: Final = 1_000_000

Handler = Callable[..., None]
"""Called with the request and the values of its arguments."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What an argument may be.

    Attributes:
        values: In words, for people.
        low: Least number.
        high: Greatest number; below `low` where the argument is no number.
        whole: Whether it is rounded to a whole number.
        text: Whether it is a text.
    """

    values: str
    low: float = 0.0
    high: float = -1.0
    whole: bool = False
    text: bool = False

    def read(self, name: str, value: Argument) -> Any:
        """A valid value.

        Raises:
            SettingError: It is none; the line names it and what is allowed.
        """
        # Nearly all arguments are valid ints of whole kinds, or floats of the others.
        if type(value) is (int if self.whole else float) and self.low <= value <= self.high:
            return value
        if self.text:
            if not isinstance(value, str):
                raise SettingError(f"{name} is missing or no text")
            return value
        if self.high < self.low:
            return value
        number = None if isinstance(value, str) else as_number(value)
        if number is None or not self.low <= number <= self.high:
            shown = str(value)[:40]
            raise SettingError(f"{name} is {shown}, must be {self.low:g} to {self.high:g}")
        return math.floor(number + 0.5) if self.whole else number


def _whole(low: int, high: int, words: str = "") -> Kind:
    return Kind(words or f"{low} to {high}", low, high, whole=True)


KINDS: Final = {
    "pitch": _whole(0, 127),
    "velocity": _whole(0, 127),
    "channel": _whole(1, 16),
    "seconds": Kind("0.001 to 3600", 0.001, 3600),
    "controller": _whole(0, 127),
    "level": _whole(0, 127),
    "program": _whole(0, 127),
    "path": Kind("a name in the server's folder", text=True),
    "start_beat": Kind(f"0 to {FARTHEST_BEAT}", 0, FARTHEST_BEAT),
    "duration_beats": Kind("0 to 1000", 0, 1000),
    "name": Kind("a text", text=True),
    "value": Kind("a number or a text"),
    "share": Kind("0 to 1", 0, 1),
    "mode": Kind("call, continue, accompany or off", text=True),
    "bpm": Kind("10 to 400, or 0", 0, 400),
    "beat": Kind(f"0 to {FARTHEST_BEAT}", 0, FARTHEST_BEAT),
    "running": _whole(0, 1, "0 or 1"),
    "id": _whole(0, LARGEST_ID),
    "port": _whole(0, 65535),
    "on": _whole(0, 1, "0 or 1"),
    "token": Kind("a number or a text"),
    "moment": Kind("seconds on the host's clock, 0 to 1000000000", 0, 1e9),
    "host_beat": Kind(f"-{FARTHEST_BEAT} to {FARTHEST_BEAT}", -FARTHEST_BEAT, FARTHEST_BEAT),
    "upper": _whole(1, 32),
    "lower": _whole(1, 16, "1, 2, 4, 8 or 16"),
    "epoch": _whole(0, LARGEST_ID),
    "waits": _whole(0, 1, "0 or 1"),
    "chord": Kind("a chord, or a chart of them", text=True),
    "word": Kind("reset, or nothing", text=True),
    "sections": Kind("letters, with or without bars: AABA, A4 B4 A4", text=True),
}
"""Every kind of argument that composer takes, by name."""


@dataclass(frozen=True, slots=True)
class Address:
    """One address.

    Attributes:
        name: In full; a part in capitals stands for any name.
        arguments: What it takes, as above.
        help: What it does, in a line.
        handler: What acts on it; None for what composer sends.
        ok: Whether `/composer/ok` is sent when the handler is done.
    """

    name: str
    arguments: str
    help: str
    handler: Handler | None = None
    ok: bool = True
    _fields: tuple[tuple[str, bool], ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Take the arguments apart, once: (name, whether it may be left out)."""
        names = self.arguments.split()
        fields = tuple((name.strip("[]*"), name.startswith("[")) for name in names)
        object.__setattr__(self, "_fields", fields)

    def read(self, arguments: Sequence[Argument]) -> list[Any] | None:
        """The handler's values; None for a button let go.

        Raises:
            SettingError: An argument is missing, or not what it may be.
        """
        names = self.arguments
        if names == TRIGGER:
            return None if _is_zero(arguments) else []
        if names.endswith("]*"):
            return self._read_groups(arguments)
        values = []
        for place, (name, optional) in enumerate(self._fields):
            if place < len(arguments):
                values.append(KINDS[name].read(name, arguments[place]))
            elif optional:
                break
            else:
                raise SettingError(f"{name} is missing")
        return values

    def _read_groups(self, arguments: Sequence[Argument]) -> list[Any] | None:
        names = [name for name, _ in self._fields]
        if len(arguments) == 1 and not isinstance(arguments[0], str):  # a button
            return None if _is_zero(arguments) else [[]]
        if len(arguments) % len(names):
            raise SettingError(f"arguments come as {' '.join(names)}, any number of times")
        groups = [
            tuple(
                KINDS[name].read(name, value)
                for name, value in zip(names, arguments[at:], strict=False)
            )
            for at in range(0, len(arguments), len(names))
        ]
        return [groups]


class AddressTable:
    """Addresses that are acted on, in the order in which they are written down."""

    def __init__(self) -> None:
        self._rows: dict[str, Address] = {}

    def __iter__(self) -> Iterator[Address]:
        """All of them, in order."""
        return iter(self._rows.values())

    def address(
        self, name: str, arguments: str = "", *, help: str, ok: bool = True
    ) -> Callable[[Handler], Handler]:
        """Put the function that follows into the table.

        Args:
            name: The address, without /composer/ in front.
            arguments: What it takes.
            help: What it does, in a line.
            ok: Whether the router answers `/composer/ok` when the function is done.
        """

        def add(handler: Handler) -> Handler:
            row = Address(PREFIX + name, arguments, help, handler, ok)
            self._rows[row.name] = row
            return handler

        return add

    def find(self, name: str) -> tuple[Address, tuple[str, ...]]:
        """The row of an address that came, and what stands for its part in capitals.

        Raises:
            SettingError: There is none.
        """
        row = self._rows.get(name)
        if row is not None and not row.name.endswith("/NAME"):
            return row, ()
        folder, _, last = name.rpartition("/")
        row = self._rows.get(f"{folder}/NAME")
        if row is None:
            raise SettingError("there is no such address; /composer/help lists them")
        return row, (last,)


def _is_zero(arguments: Sequence[Argument]) -> bool:
    return bool(arguments) and as_number(arguments[0]) == 0


OUTGOING: Final = (
    Address(
        PREFIX + "phrase/begin",
        "id bpm beats [plan]",
        "A reply begins; beats 0: open end. The plan, a text, is of the bars ahead.",
    ),
    Address(
        PREFIX + "phrase/note",
        "id pitch start_beat duration_beats velocity channel",
        "A note of it, as soon as it is known; beats from the reply's beginning.",
    ),
    Address(PREFIX + "phrase/end", "id count", "The reply is complete, or was broken off."),
    Address(PREFIX + "taste", "sentence*", "What has been learnt of your taste, in words."),
    Address(
        PREFIX + "play",
        "pitch velocity channel",
        "A note, at the moment at which it is due; velocity 0 ends it.",
    ),
    Address(
        PREFIX + "heard",
        "pitch velocity channel",
        "With `mirror`: a note that a player of your session plays; velocity 0 ends it.",
    ),
    Address(
        PREFIX + "host/new",
        "epoch",
        "To a plug-in: its session begins, with the usual parameters; send yours.",
    ),
    Address(
        PREFIX + "host/note",
        "epoch place length pitch velocity channel",
        "To a plug-in: a note, ahead of its place; beats of its host, or seconds in free time.",
    ),
    Address(
        PREFIX + "host/forget",
        "epoch place",
        "To a plug-in: notes that begin at this place or later are not played.",
    ),
    Address(PREFIX + "host/silence", "epoch", "To a plug-in: end every note, and begin no more."),
    Address(
        PREFIX + "host/ready",
        "moment",
        "To a plug-in that waits: all that follows from what it sent up to then is told.",
    ),
    Address(
        PREFIX + "fill/notes",
        "[channel pitch start_beat duration_beats velocity]*",
        "New notes of bars that were filled; beats from the first bar line. Then `ok`.",
    ),
    Address(
        PREFIX + "arrange/notes",
        "[channel pitch start_beat duration_beats velocity]*",
        "New notes of parts that were added.",
    ),
    Address(
        PREFIX + "vary/notes",
        "[channel pitch start_beat duration_beats velocity]*",
        "All notes that begin in bars that were varied, those that stayed among them.",
    ),
    Address(
        PREFIX + "loop/notes",
        "[channel pitch start_beat duration_beats velocity]*",
        "Notes of a loop; beats from its beginning.",
    ),
    Address(PREFIX + "changed", "name value", "With `mirror`: a parameter, or the tempo, was set."),
    Address(PREFIX + "pong", "token", "The answer to a ping."),
    Address(PREFIX + "status", "[name value]*", "How things stand."),
    Address(PREFIX + "help", "address arguments text", "A line of this table."),
    Address(PREFIX + "ok", "id", "Done; the id given, or else the address."),
    Address(PREFIX + "error", "id text", "Not done, and why."),
    Address(PREFIX + "remark", "id text", "Done, but for what the text says, a line each."),
)
"""What composer sends; here the arguments are names only."""
