"""Npz files: what is in them, or one line that says why not."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from composer.errors import ModelError
from composer.network import weights_file


def packed() -> bytes:
    stream = io.BytesIO()
    np.savez(stream, **{"w:a/b": np.arange(6.0), "meta": np.frombuffer(b"{}", np.uint8)})
    return stream.getvalue()


WHOLE = packed()


def test_arrays_by_name(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    path.write_bytes(WHOLE)
    arrays = weights_file.read(path)
    assert sorted(arrays) == ["meta", "w:a/b"]
    assert arrays["w:a/b"].tolist() == [0, 1, 2, 3, 4, 5]


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_damage_is_one_line_that_names_the_file(tmp_path: Path, data: st.DataObject) -> None:
    content = bytearray(WHOLE)
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    path = tmp_path / "a.npz"
    path.write_bytes(content)
    try:
        weights_file.read(path)
    except ModelError as error:
        assert str(error).startswith(f"{path} is damaged (")
        assert "\n" not in str(error)


@pytest.mark.parametrize("content", [b"", b"no archive", WHOLE[:-40], WHOLE[: len(WHOLE) // 2]])
def test_what_is_cut_short_or_something_else_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.npz"
    path.write_bytes(content)
    with pytest.raises(ModelError, match="is damaged"):
        weights_file.read(path)


def test_one_array_alone_and_pickles_are_refused(tmp_path: Path) -> None:
    alone, pickled = tmp_path / "a.npy", tmp_path / "b.npz"
    np.save(alone, np.arange(3))
    np.savez(pickled, thing=np.array([{}], dtype=object))
    for path in (alone, pickled):
        with pytest.raises(ModelError, match="is damaged"):
            weights_file.read(path)


def test_a_missing_file_and_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ModelError) as caught:
        weights_file.read(tmp_path / "none.npz", "give another one")
    assert str(caught.value) == f"{tmp_path / 'none.npz'} is missing; give another one"


def test_what_cannot_be_opened_says_why(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"cannot be read \(.*\); install the model again"):
        weights_file.read(tmp_path)


def test_arrays_that_do_not_fit_are_damage_too(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    path.write_bytes(WHOLE)
    with (
        pytest.raises(ModelError, match=r"is damaged .*w:b"),
        weights_file.opened(path) as arrays,
    ):
        arrays["w:b"]
