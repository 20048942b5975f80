"""Parts by what a musician calls them: numbers from 1, or parts of track names."""

from __future__ import annotations

from collections.abc import Sequence

from composer.errors import SettingError


def names_in(given: object) -> tuple[str, ...]:
    """Names, from a list of them or from a text with commas between them."""
    texts = given if isinstance(given, list | tuple) else str(given).split(",")
    return tuple(text for text in (str(each).strip() for each in texts) if text)


def parts_called(names: Sequence[str], wanted: Sequence[str]) -> list[int]:
    """Indices of the parts that are meant, ascending.

    Args:
        names: Of all parts.
        wanted: Numbers from 1 in the order of the parts, or parts of their names.

    Raises:
        SettingError: A number or name fits no part; the message lists them.
    """
    found: set[int] = set()
    for text in wanted:
        if text.strip().isdecimal() and 1 <= int(text) <= len(names):
            matches = [int(text) - 1]
        else:
            sought = text.strip().lower()
            matches = [i for i, name in enumerate(names) if sought and sought in name.lower()]
        if not matches:
            listed = ", ".join(f"{n} {name.strip()}".strip() for n, name in enumerate(names, 1))
            raise SettingError(f"no part is called {text!r}; this seed has: {listed}")
        found.update(matches)
    return sorted(found)
