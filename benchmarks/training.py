"""How fast composer trains, beside PyTorch's own LSTM of the same size.

    python benchmarks/training.py                       about two minutes
    python benchmarks/training.py --threads 1 --hold    on a machine that others use, too

Both sides make whole updates (forward, backward and optimiser) on steps drawn at random. Composer
uses Keras on TensorFlow and the loop of `composer.network.hoisted_lstm`; the other side uses
`torch.nn.LSTM` in bfloat16 under autocast with the same embeddings, heads, loss, clipping and
optimiser. Each runs in a process of its own, one at a time and in turns, so that the machine's
other work slows both alike. The figures are notes a second by the median update, and their ratio.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from composer.encoding.columns import COLUMN_SIZES, COLUMNS
from composer.encoding.events import FIELDS, SIZES
from composer.network.config import EMBEDDING_SIZES, HEAD_CONTEXT, NetworkConfig

WARM_UP = 2
"""Updates before the clock starts, in which graphs are made."""
CLIP, RATE, DECAY = 1.0, 2e-3, 0.01

Update = Callable[[np.ndarray], None]


def steps(batch_size: int, length: int) -> np.ndarray:
    """Columns of random notes, int32 [B, T + 1, 39]."""
    rng = np.random.default_rng(0)
    sizes = list(SIZES) + list(COLUMN_SIZES[len(SIZES) :])
    drawn = [rng.integers(size, size=(batch_size, length + 1)) for size in sizes]
    return np.stack(drawn, axis=-1).astype(np.int32)


def keras_update(config: NetworkConfig, batch_size: int, length: int) -> Update:
    """One update as `composer train` makes it."""
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    import keras
    from composer_training.steps import make_steps

    from composer.network.keras_lstm import build

    keras.mixed_precision.set_global_policy("mixed_bfloat16")
    network = build(config)
    optimizer = keras.optimizers.AdamW(RATE, weight_decay=DECAY, global_clipnorm=CLIP)
    optimizer.build(network.trainable_variables)
    train, _ = make_steps(network, optimizer)
    weights = np.ones((batch_size, length, len(FIELDS)), dtype=np.float32)
    keep = np.ones(batch_size, dtype=np.float32)
    state: Any = np.zeros((config.layers, 2, batch_size, config.units), dtype=np.float32)

    def update(batch: np.ndarray) -> None:
        nonlocal state
        sums, state = train(batch, weights, keep, state)
        np.asarray(sums)

    return update


def torch_update(config: NetworkConfig, batch_size: int, length: int) -> Update:
    """The same with PyTorch's modules."""
    import torch
    from torch import nn

    torch.manual_seed(0)
    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    sizes = dict(zip(COLUMNS, COLUMN_SIZES, strict=True))
    seen = sorted({name for names in HEAD_CONTEXT.values() for name in names})
    width = sum(EMBEDDING_SIZES[name] for name in COLUMNS)
    parts = nn.ModuleDict(
        {f"in_{name}": nn.Embedding(sizes[name], EMBEDDING_SIZES[name]) for name in COLUMNS}
        | {f"known_{name}": nn.Embedding(sizes[name], EMBEDDING_SIZES[name]) for name in seen}
        | {
            "lstm": nn.LSTM(
                width, config.units, config.layers, batch_first=True, dropout=config.dropout
            )
        }
    )
    for field, size in zip(FIELDS, SIZES, strict=True):
        context = sum(EMBEDDING_SIZES[name] for name in HEAD_CONTEXT[field])
        parts[f"{field}_trunk"] = nn.Linear(config.units, config.head_units)
        parts[f"{field}_context"] = nn.Linear(max(context, 1), config.head_units, bias=False)
        parts[f"{field}_logits"] = nn.Linear(config.head_units, size)
    drop = nn.Dropout(config.dropout)
    optimizer = torch.optim.AdamW(parts.parameters(), RATE, weight_decay=DECAY)
    state: Any = None

    def update(batch: np.ndarray) -> None:
        nonlocal state
        columns = torch.from_numpy(batch.astype(np.int64))
        before, coming = columns[:, :-1], columns[:, 1:]
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            x = torch.cat([parts[f"in_{n}"](before[..., i]) for i, n in enumerate(COLUMNS)], dim=-1)
            out, state = parts["lstm"](x, state)
            out = drop(out)
            known = {n: parts[f"known_{n}"](coming[..., COLUMNS.index(n)]) for n in seen}
            loss = torch.zeros(())
            for index, field in enumerate(FIELDS):
                hidden = parts[f"{field}_trunk"](out)
                names = HEAD_CONTEXT[field]
                if names:
                    context = torch.cat([known[name] for name in names], dim=-1)
                    hidden = hidden + parts[f"{field}_context"](context)
                logits = parts[f"{field}_logits"](torch.relu(hidden)).float()
                loss = loss + nn.functional.cross_entropy(
                    logits.reshape(-1, logits.shape[-1]), coming[..., index].reshape(-1)
                )
        loss.backward()
        nn.utils.clip_grad_norm_(parts.parameters(), CLIP)
        optimizer.step()
        state = tuple(part.detach() for part in state)

    return update


MAKERS = {"keras": keras_update, "torch": torch_update}


def serve(which: str, config: NetworkConfig, batch_size: int, length: int) -> None:
    """For every line with a number, make that many updates and print their seconds as JSON."""
    batch = steps(batch_size, length)
    update = MAKERS[which](config, batch_size, length)
    for _ in range(WARM_UP):
        update(batch)
    for line in sys.stdin:
        times = []
        for _ in range(int(line)):
            began = time.perf_counter()
            update(batch)
            times.append(time.perf_counter() - began)
        print(json.dumps(times), flush=True)


def start(which: str, arguments: list[str], threads: int) -> subprocess.Popen[str]:
    """One side of the comparison, in a process of its own.

    -P, because this file's folder would otherwise come first on the path, and with it this
    file instead of the package of its name.
    """
    return subprocess.Popen(
        [sys.executable, "-P", __file__, "--serve", which, *arguments],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        env=os.environ | {
            "OMP_NUM_THREADS": str(threads),
            "TF_NUM_INTRAOP_THREADS": str(threads),
            "TF_NUM_INTEROP_THREADS": "1",
        },
    )  # fmt: skip


def ask(process: subprocess.Popen[str], updates: int) -> list[float]:
    """Seconds of each of some updates."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{updates}\n")
    process.stdin.flush()
    answer = process.stdout.readline()
    if not answer:
        raise SystemExit("one of the two did not run: are TensorFlow and PyTorch installed?")
    return [float(value) for value in json.loads(answer)]


def main() -> None:
    """Measure in turns, and print notes a second and their ratio as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--layers", type=int, default=2)
    parser.add_argument("--units", type=int, default=512)
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--steps", type=int, default=96)
    parser.add_argument("--updates", type=int, default=3, help="updates in a turn")
    parser.add_argument("--rounds", type=int, default=4, help="turns of each")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument(
        "--hold", action="store_true", help="once both are up, wait for Enter before measuring"
    )
    parser.add_argument("--serve", choices=sorted(MAKERS), help=argparse.SUPPRESS)
    given = parser.parse_args()
    config = NetworkConfig(layers=given.layers, units=given.units)
    if given.serve:
        serve(given.serve, config, given.batch_size, given.steps)
        return
    sizes = [
        f"--{name}={value}"
        for name, value in (
            ("layers", given.layers),
            ("units", given.units),
            ("batch-size", given.batch_size),
            ("steps", given.steps),
        )
    ]
    sides = {which: start(which, sizes, given.threads) for which in MAKERS}
    times: dict[str, list[float]] = {which: [] for which in sides}
    for process in sides.values():
        ask(process, 1)  # until both are up and wait
    if given.hold:
        print("both are up; Enter to measure", file=sys.stderr, flush=True)
        sys.stdin.readline()
    for _ in range(given.rounds):
        for which, process in sides.items():
            times[which] += ask(process, given.updates)
    for process in sides.values():
        assert process.stdin is not None
        process.stdin.close()
        process.wait()
    notes = given.batch_size * given.steps
    speed = {which: notes / float(np.median(values)) for which, values in times.items()}
    result = {
        "size": f"{given.layers} x {given.units}",
        "batch_size": given.batch_size,
        "steps": given.steps,
        "processors": os.cpu_count(),
        "threads": given.threads,
        "load": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
        "notes_per_second": {which: round(value) for which, value in speed.items()},
        "keras_to_torch": round(speed["keras"] / speed["torch"], 2),
    }
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
