"""Asked: fields of a request as values, whether they come as JSON or in an address."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from composer.errors import SettingError

MOST_VARIATIONS: Final = 8


def mapping_of(content: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """A field that is an object; empty if it is not there.

    Raises:
        SettingError: It is something else.
    """
    value = content.get(name) or {}
    if not isinstance(value, dict):
        raise SettingError(f"{name} is no object")
    return value


def count_of(content: Mapping[str, Any], name: str, most: int = MOST_VARIATIONS) -> int:
    """A field that is a whole number from 1 on; 1 if it is not there.

    Raises:
        SettingError: It is something else, or too large.
    """
    value = content.get(name, 1)
    if isinstance(value, str) and value.isdecimal() and len(value) < 5:  # from an address
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
        raise SettingError(f"{name} is {str(value)[:20]}, must be 1 to {most}")
    return value


def is_true(value: object) -> bool:
    """Whether a field says yes, in JSON or in an address."""
    return str(value).lower() in ("true", "1")
