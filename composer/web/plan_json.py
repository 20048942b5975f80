"""Plans as JSON: what a plan file has, with its sections, and where its bars begin.

    {"format": "composer plan", "version": 1, "metre": "3/4", "seed_bars": 16, "bars": [...],
     "sections": [{"name": "A", "bar": 1, "bars": 8, "letter_number": 0}],
     "bar_lines": [0, 3, 6], "lines": [...]}

It can be edited and handed back as the setting `plan`: what a plan file does not have is passed
over there.

Conventions:
    Bars are counted from 1. Bar lines are in beats, one more than there are bars. Lines are
    those that `composer plan` prints.
"""

from __future__ import annotations

from typing import Any

from composer.generation.seed_analysis import SeedAnalysis
from composer.music.plan import Plan
from composer.planning import plan_file
from composer.planning.form_letters import sections_of
from composer.planning.plan_text import plan_lines


def plan_json(analysis: SeedAnalysis, plan: Plan | None) -> dict[str, Any] | None:
    """A plan of a seed, or of a seed and of what follows; None for none.

    Args:
        analysis: Of the seed.
        plan: Of all bars.
    """
    heard = analysis.events.plan
    if plan is None or heard is None:
        return None
    metre = analysis.events.metres.metre_at(analysis.join)
    beat = analysis.piece.ticks_per_beat
    return {
        **plan_file.document(plan, metre, len(heard), analysis.key),
        "sections": [
            {
                "name": section.name,
                "bar": section.start + 1,
                "bars": section.bars,
                "letter_number": section.letter_number,
            }
            for section in sections_of(plan)
        ],
        "bar_lines": [round(tick / beat, 4) for tick in analysis.bar_lines(len(plan))],
        "lines": plan_lines(plan, len(heard), analysis.key),
    }
