"""A server as `composer serve` makes it, with a mind of a few lines, for tests to kill.

Arguments: fields of `Options` as NAME=VALUE, the value in JSON; and mind, one of `MINDS`.
"""

from __future__ import annotations

import contextlib
import json
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "helpers")]

from composer.live.app import App, Options, signals_stop  # noqa: E402
from live.scripted import MINDS  # noqa: E402


def main() -> None:
    given = {}
    for argument in sys.argv[1:]:
        name, _, value = argument.partition("=")
        given[name] = json.loads(value)
        if isinstance(given[name], list):
            given[name] = tuple(given[name])
        if name in ("logs", "files"):
            given[name] = Path(given[name])
    mind = MINDS[given.pop("mind", "echo")]
    options = Options(**({"osc_port": 0, "reply_port": None} | given))
    with contextlib.ExitStack() as stack:
        app = App(options, mind, None, stack)
        with signals_stop(app.server):
            print(json.dumps(app.ready), flush=True)
            app.server.run()


if __name__ == "__main__":
    main()
