"""Worker process: does requests one after another, at low priority, away from the music.

`python -m composer.web.worker_process` reads requests from its standard input and writes
answers to its standard output, until the former ends.

    4 bytes   length, big-endian
    rest      JSON: {"do": name, "content": ...} in;
              {"progress": share}, {"result": ...} or {"error": line, "kind": class} out
"""

from __future__ import annotations

import contextlib
import json
import os
import struct
import sys
from collections.abc import Callable
from functools import cache
from typing import IO, Any, Final

from composer import models
from composer.errors import ComposerError
from composer.network.predictor import Predictor
from composer.shipped import shipped
from composer.web.requests import do
from composer.web.tools import Tools

LENGTH: Final = struct.Struct(">I")
NICENESS: Final = 10
MOST_MEMORY: Final = 4 << 30
"""Bytes of address space, where the system can be told: a file that unfolds into more is
refused."""
STEP: Final = 0.02
"""Share done between two words about it."""


def main() -> None:
    """Serve requests until standard input ends."""
    model = sys.argv[1] if len(sys.argv) > 1 else models.DEFAULT
    _be_modest()
    requests = sys.stdin.buffer
    # What libraries print must not come between answers.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)

    @cache
    def predictor() -> Predictor:
        return Predictor.load(models.find(model), threads=1)

    while True:
        asked = read(requests)
        if asked is None:
            return
        tools = Tools(predictor, shipped(""), _progress(answers))
        write(answers, answer(asked, tools))


def answer(asked: dict[str, Any], tools: Tools) -> dict[str, Any]:
    """Do one request: its result, or what is wrong with it in a line."""
    if asked.get("do") == "load":  # so that the first request need not wait for it
        tools.predictor()
        return {"result": {}}
    try:
        return {"result": do(str(asked.get("do")), asked.get("content"), tools)}
    except ComposerError as error:
        return {"error": str(error), "kind": type(error).__name__}
    except MemoryError:
        return {"error": "there is not enough memory for this; ask for less", "kind": "MemoryError"}
    except RecursionError:
        return {"error": "this is nested too deep to be read", "kind": "SeedError"}
    except Exception as error:  # told, and the next request is done
        text = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        return {"error": f"this is a defect in composer ({text})", "kind": "Defect"}


def read(stream: IO[bytes]) -> dict[str, Any] | None:
    """The next message of a stream, None at its end."""
    head = stream.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    body = stream.read(LENGTH.unpack(head)[0])
    content = json.loads(body)
    assert isinstance(content, dict)
    return content


def write(stream: IO[bytes], content: dict[str, Any]) -> None:
    """Put a message into a stream."""
    stream.write(framed(content))
    stream.flush()


def framed(content: dict[str, Any]) -> bytes:
    """A message as bytes."""
    body = json.dumps(content, separators=(",", ":")).encode()
    return LENGTH.pack(len(body)) + body


def _progress(stream: IO[bytes]) -> Callable[[float], None]:
    told = [0.0]

    def tell(share: float) -> None:
        if share - told[0] >= STEP:
            told[0] = share
            write(stream, {"progress": round(share, 3)})

    return tell


def _be_modest() -> None:
    """Leave the processor to the music, and bound what a file may take."""
    with contextlib.suppress(AttributeError, OSError):  # Windows: by how it was started
        os.nice(NICENESS)
    if sys.platform == "linux":
        import resource

        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))


if __name__ == "__main__":
    main()
