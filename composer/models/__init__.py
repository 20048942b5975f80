"""The models there are: folders with a trunk.tflite, weights.npz and config.json.

One that plans has a planner.npz, too; one that is told of given notes an encoder.npz and an
encoder.tflite.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from composer.errors import ModelError

DEFAULT = "default"
FILES = ("config.json", "trunk.tflite", "weights.npz")
PLANNER = "planner.npz"
"""What a model that plans has, too."""
ENCODER = ("encoder.npz", "encoder.tflite")
"""What a model that is told of given notes has, too: weights, and its LSTM layers to play."""


def files_of(folder: Path) -> list[str]:
    """The names of all files that a model plays by."""
    more = (name for name in (PLANNER, *ENCODER) if (folder / name).is_file())
    return [*FILES, *more]


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """One model.

    Attributes:
        name: By which `--model` finds it.
        path: Its folder.
        size: Of its network, for example "2 x 512".
        megabytes: Of its files.
        nats_per_note: On validation pieces by corpus, as config.json says.
        licence: Of the weights.
    """

    name: str
    path: Path
    size: str
    megabytes: float
    nats_per_note: dict[str, float]
    licence: str

    def __str__(self) -> str:
        lines = [
            f"{self.name}: {self.size}, {self.megabytes:.1f} MB, {self.licence or 'no licence'}"
        ]
        if self.nats_per_note:
            figures = ", ".join(f"{name} {value:.2f}" for name, value in self.nats_per_note.items())
            lines.append(f"    nats per note: {figures}")
        lines.append(f"    {self.path}")
        return "\n".join(lines)


def installed() -> list[ModelInfo]:
    """The models that came with composer, by name."""
    home = Path(str(files(__name__)))
    found = sorted(path.parent for path in home.glob("*/config.json"))
    return [describe(path) for path in found]


def find(name: str | Path = DEFAULT) -> Path:
    """The folder of a model, by its name or its path.

    Raises:
        ModelError: There is none; the message says which there are.
    """
    home = Path(str(files(__name__)))
    for folder in (home / str(name), Path(name), Path(name) / "model"):
        if all((folder / file).is_file() for file in FILES):
            return folder
    names = ", ".join(info.name for info in installed()) or "none"
    if Path(name).is_dir():
        missing = ", ".join(file for file in FILES if not (Path(name) / file).is_file())
        raise ModelError(f"{name} is not a model: it has no {missing}")
    raise ModelError(
        f"there is no model {str(name)!r}; installed: {names}; or give a model's folder"
    )


def describe(folder: Path) -> ModelInfo:
    """What a model's folder says of itself.

    Raises:
        ModelError: Its config.json cannot be read.
    """
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        network = config["network"]
        scores = config.get("nats_per_note", {})
        return ModelInfo(
            name=folder.name,
            path=folder,
            size=f"{network['layers']} x {network['units']}",
            megabytes=sum(file.stat().st_size for file in folder.iterdir()) / 1e6,
            nats_per_note={name: float(value) for name, value in scores.items()},
            licence=str(config.get("licence", "")),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(f"{folder / 'config.json'} cannot be read ({error})") from error
