"""Keras backend: the library under Keras, chosen before anything imports it."""

from __future__ import annotations

import importlib
import os
from importlib.util import find_spec

from composer.distribution import install_extra
from composer.errors import DependencyError
from composer.native_stderr import TENSORFLOW_GREETINGS, without_lines

BACKENDS = ("tensorflow", "jax", "torch")


def choose_backend(wanted: str | None) -> None:
    """Tell Keras what to run on, before it is imported.

    Raises:
        DependencyError: Keras, or what it is to run on, is not installed.
    """
    backend = wanted or os.environ.get("KERAS_BACKEND") or "tensorflow"
    os.environ["KERAS_BACKEND"] = backend
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    if backend == "jax":
        # It would take three quarters of the GPU's memory at once.
        os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    for package in ("keras", backend):
        if find_spec(package) is None:
            in_extra = package in ("keras", "tensorflow")
            command = install_extra("train") if in_extra else f"pip install {package}"
            raise DependencyError(f"this needs {package}; run: {command}")
    with without_lines(*TENSORFLOW_GREETINGS):
        if backend == "tensorflow":
            import tensorflow as tf

            for gpu in tf.config.list_physical_devices("GPU"):
                tf.config.experimental.set_memory_growth(gpu, True)
        keras = importlib.import_module("keras")
    running = keras.backend.backend()
    if running != backend:
        raise DependencyError(f"Keras runs on {running} already; {backend} needs a new process")
