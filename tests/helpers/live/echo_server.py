"""A server as `composer serve` makes it, with an improviser of a few lines, for tests to kill.

Arguments: fields of `Options` as NAME=VALUE, the value in JSON; and improviser, one of
`IMPROVISERS`.
"""

from __future__ import annotations

import contextlib
import json
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "helpers")]

from composer.live.app import App, Options, signals_stop  # noqa: E402
from live.scripted import IMPROVISERS  # noqa: E402


def main() -> None:
    given = {}
    for argument in sys.argv[1:]:
        name, _, value = argument.partition("=")
        given[name] = json.loads(value)
        if isinstance(given[name], list):
            given[name] = tuple(given[name])
        if name in ("logs", "files"):
            given[name] = Path(given[name])
    improviser = IMPROVISERS[given.pop("improviser", "echo")]
    options = Options(**({"osc_port": 0, "reply_port": None} | given))
    with contextlib.ExitStack() as stack:
        app = App(options, improviser, None, stack)
        with signals_stop(app.server):
            print(json.dumps(app.ready), flush=True)
            app.server.run()


if __name__ == "__main__":
    main()
