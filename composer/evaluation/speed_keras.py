"""What most tutorials do: a stateful Keras LSTM, and `model.predict` once for every note.

Run by `composer.evaluation.speed` in a process of its own, so that TensorFlow's threads and memory
are not in composer's way: `python -m composer.evaluation.speed_keras LAYERS UNITS`. For every line
for each number on standard input it draws that many notes and prints the seconds as JSON.
"""

from __future__ import annotations

import json
import os
import sys
import time

import numpy as np

from composer.encoding.events import FIELDS, SIZES


def main(layers: int, units: int) -> None:
    """Draw notes as asked until standard input ends."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import keras

    source = keras.Input(batch_shape=(1, 1, sum(SIZES)))
    x = source
    for layer in range(layers):
        x = keras.layers.LSTM(units, stateful=True, return_sequences=layer + 1 < layers)(x)
    heads = [keras.layers.Dense(size, activation="softmax")(x) for size in SIZES]
    model = keras.Model(source, heads)
    rng = np.random.default_rng(0)
    starts = np.concatenate([[0], np.cumsum(SIZES)[:-1]])
    note = np.zeros((1, 1, sum(SIZES)), dtype=np.float32)
    model.predict(note, verbose=0)
    for line in sys.stdin:
        times = []
        for _ in range(int(line)):
            began = time.perf_counter()
            shares = model.predict(note, verbose=0)
            note = np.zeros_like(note)
            for field in range(len(FIELDS)):
                p = np.asarray(shares[field][0], dtype=np.float64)
                note[0, 0, starts[field] + rng.choice(len(p), p=p / p.sum())] = 1.0
            times.append(time.perf_counter() - began)
        print(json.dumps(times), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
