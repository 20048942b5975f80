"""Network document: what the LSTM did with a piece, as pictures of bytes and plain values.

Gates and cells are drawn over the seconds of the piece, so that they lie under the piano roll:
each column is the last note before it. The units of a layer are sorted by how long they remember
and put into bands, the longest memory on top.

Conventions:
    L layers, H units, W columns of a picture, R bands. Pictures are uint8 [rows, W], base64.
"""

from __future__ import annotations

import base64
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from composer.network.gate_trace import FORGET, INPUT, OUTPUT
from composer.study.study import Study
from composer.study.sureness import in_words

Floats = NDArray[np.floating]

_COLUMNS: Final = 640
_BANDS: Final = 24
_HISTOGRAM: Final = (0.25, 0.5, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 2001)
"""Edges of the half-lives that are counted, in notes."""
_MAPS: Final = (("input gate", INPUT), ("forget gate", FORGET), ("output gate", OUTPUT))


def network_document(study: Study) -> dict[str, Any] | None:
    """What the network did; None where none was asked."""
    hearing = study.hearing
    if hearing is None or study.half_lives is None:
        return None
    music, trace = study.music, hearing.trace
    columns = _columns(study)
    layers = []
    for layer in range(len(trace.cells)):
        lives = study.half_lives[layer]
        order = np.argsort(-lives, kind="stable")
        maps: list[dict[str, Any]] = []
        for name, gate in _MAPS:
            values = trace.gates[layer, hearing.declared :, gate]
            maps.append(_map(name, values[:, order], columns, 1.0))
        # Cells of either sign would cancel one another in a band.
        cells = np.abs(trace.cells[layer, hearing.declared :])
        maps.append(_map("size of the cells", cells[:, order], columns, None))
        counts, _ = np.histogram(lives, _HISTOGRAM)
        layers.append(
            {
                "layer": layer + 1,
                "units": len(lives),
                "maps": maps,
                "half_life_edges": list(_HISTOGRAM),
                "half_life_counts": counts.tolist(),
                "half_life_median": round(float(np.median(lives)), 2),
                "half_life_longest": round(float(lives.max()), 1),
                "mean_gates": {
                    name: round(float(trace.gates[layer, hearing.declared :, gate].mean()), 3)
                    for name, gate in _MAPS
                },
            }
        )
    per_note = (float(music.onsets[-1]) / max(len(music.onsets) - 1, 1)) / (
        100 if music.free else 24
    )
    return {
        "columns": _COLUMNS,
        "bands": _BANDS,
        "seconds": [0.0, round(float(music.seconds(np.array([music.end]))[0]), 3)],
        "layers": layers,
        "note_length": round(per_note, 3),
        "note_length_unit": "seconds" if music.free else "quarters",
        "units": [_following(study, one, columns) for one in study.followings],
        "chance_source": "the same series shifted round in time 99 times, the best cell each time",
        "gradients": _gradients(study),
    }


def _columns(study: Study) -> NDArray[np.int64]:
    """The note that each column shows, [W]; -1 before the first.

    Notes that begin together are steps of the network one after another: they share the time to
    the next onset in that order.
    """
    music = study.music
    ends = music.seconds(np.array([music.end]))
    moments = (np.arange(_COLUMNS) + 0.5) * float(ends[0]) / _COLUMNS
    onsets, first, together = np.unique(music.onsets, return_index=True, return_counts=True)
    starts = music.seconds(onsets)
    lengths = np.diff(np.append(starts, ends))
    group = np.repeat(np.arange(len(onsets)), together)
    place = (np.arange(len(music.onsets)) - first[group]) / together[group]
    own = starts[group] + place * lengths[group]
    return np.asarray(np.searchsorted(own, moments, side="right") - 1)


def _map(
    name: str, values: Floats, columns: NDArray[np.int64], high: float | None
) -> dict[str, Any]:
    """Bands of units, and their average over all, as a picture from 0 to `high`, or the most."""
    rows = np.stack([band.mean(axis=1) for band in np.array_split(values, _BANDS, axis=1)])
    high = float(np.quantile(rows, 0.995)) if high is None else high
    return {
        "name": name,
        "low": 0.0,
        "high": round(high, 3),
        "rows": _picture(rows, columns, 0.0, high),
        "mean": _picture(values.mean(axis=1)[None], columns, 0.0, high),
    }


def _picture(rows: Floats, columns: NDArray[np.int64], low: float, high: float) -> str:
    """Values of notes, [rows, N], as columns; the lowest where no note is yet."""
    values = np.where(columns >= 0, rows[:, columns.clip(0)], low)
    scaled = np.clip((values - low) / max(high - low, 1e-9), 0, 1)
    return base64.b64encode(np.rint(255 * scaled).astype(np.uint8).tobytes()).decode("ascii")


def _following(study: Study, one: Any, columns: NDArray[np.int64]) -> dict[str, Any]:
    hearing = study.hearing
    assert hearing is not None and study.half_lives is not None
    cell = hearing.trace.cells[one.layer, hearing.declared :, one.unit]
    # Of 99 shifts none was as good: that is not certain yet.
    sure = min(1 - one.chance, 0.95)
    return {
        "follows": one.what,
        "layer": one.layer + 1,
        "unit": one.unit,
        "correlation": round(one.correlation, 3),
        "chance": round(one.chance, 2),
        "sure": round(sure, 2),
        "sure_words": in_words(sure),
        "half_life": round(float(study.half_lives[one.layer, one.unit]), 1),
        "cell": _picture(cell[None], columns, float(cell.min()), float(cell.max())),
        "series": _picture(
            one.series[None], columns, float(one.series.min()), float(one.series.max())
        ),
    }


def _gradients(study: Study) -> dict[str, Any] | None:
    flow = study.flow
    if flow is None:
        return None
    return {
        "units": flow.units,
        "ends": flow.ends,
        "notes_back": len(flow.curves[0].norms) - 1,
        "curves": [
            {"name": curve.name, "norms": [float(f"{value:.3g}") for value in curve.norms]}
            for curve in flow.curves
        ],
        "learnt": [
            {
                "name": own.name,
                "nats_before": round(float(own.nats[0]), 3),
                "nats_after": round(float(own.nats[-1]), 3),
                "updates": len(own.nats),
            }
            for own in flow.learnt
        ],
        "source": "computed backwards through time in NumPy (composer.study.gradient_flow)",
    }
