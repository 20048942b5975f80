"""What is known of a player's taste, in words."""

from __future__ import annotations

from composer.taste.preference import Preference
from composer.taste.traits import TRAITS

SURE, HINTED = 2.0, 1.0
"""Standard deviations from nothing at which a trait is liked, and perhaps liked."""
MOST = 4


def told(preference: Preference) -> list[str]:
    """What has been learnt, a sentence each; the surest first."""
    if not preference.count:
        return ["Nothing is known of your taste yet: like or dislike a few replies."]
    marks = "1 mark" if preference.count == 1 else f"{preference.count} marks"
    mean, spread = preference.weights()
    strength = mean / spread
    order = sorted(range(len(TRAITS)), key=lambda index: -abs(strength[index]))
    liked, perhaps = [], []
    for index in order[:MOST]:
        words = TRAITS[index].more if strength[index] > 0 else TRAITS[index].less
        if abs(strength[index]) >= SURE:
            liked.append(words)
        elif abs(strength[index]) >= HINTED:
            perhaps.append(words)
    found = []
    if liked:
        found.append(f"From {marks}: you like replies that are {_listed(liked)}.")
    if perhaps:
        found.append(f"Perhaps you like replies that are {_listed(perhaps)}.")
    return found or [f"From {marks}, no taste can be told yet."]


def _listed(words: list[str]) -> str:
    """A, B and C."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
