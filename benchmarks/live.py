"""How soon composer answers, how exactly it plays, and how many it can play with.

    python benchmarks/live.py                        about two minutes
    python benchmarks/live.py --seconds 600          ten minutes on the grid
    python benchmarks/live.py --sessions 50,100,500  where it breaks

Starts a server of its own on loopback. What is measured: see composer/live/bench.py.
"""

from __future__ import annotations

import argparse
import json

from composer.live import bench


def main() -> None:
    """Measure, and print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--model", default="default")
    parser.add_argument("--phrases", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--sessions", default="500", help="numbers, with commas; 0 for none")
    given = parser.parse_args()
    result = bench.bench(given.model, phrases=given.phrases, seconds=given.seconds, sessions=0)
    result["crowds"] = []
    for count in (int(number) for number in given.sessions.split(",")):
        if count:
            with bench.served(given.model) as (port, process):
                seconds = min(given.seconds, 60.0)
                result["crowds"].append(bench.crowd(port, process, count, seconds))
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
