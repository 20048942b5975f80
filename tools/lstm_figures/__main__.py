"""Make the figures of docs/lstm.md.

    PYTHONPATH=tools python -m lstm_figures [docs/lstm]

Needs composer and matplotlib. The same seeds and model give the same figures.
"""

from __future__ import annotations

import sys
from pathlib import Path

from lstm_figures import both_sides, inside

SEEDS = Path(__file__).parents[2] / "midi_data"


def main(out: Path) -> None:
    """Write all figures into a folder."""
    out.mkdir(parents=True, exist_ok=True)
    for name, figure in inside.figures(SEEDS).items():
        (out / f"{name}.png").write_bytes(figure)
        print(name)
    both_sides_figure, nats = both_sides.figure(SEEDS)
    (out / "both-sides.png").write_bytes(both_sides_figure)
    print("both-sides", nats)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parents[2] / "docs" / "lstm"))
