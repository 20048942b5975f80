"""Plots: pictures are written whole, never over another, and say where the bars are."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from composer.errors import DependencyError, OutputError
from composer.music.notes import DRUM_PROGRAM, Note, Part, Piece

pytest.importorskip("matplotlib")

from composer.plots import piano_roll as plot
from composer.plots import style as figures

PNG = b"\x89PNG\r\n\x1a\n"


def music(parts: int = 2, start: int = 0, drums: bool = False, bars: int = 4) -> Piece:
    made = [
        Part(
            tuple(
                Note(start + 480 * n, 40 + 5 * index + n % 7, 240, 40 + n % 64)
                for n in range(4 * bars)
            ),
            program=index,
            name=f"part {index}",
            track=index,
        )
        for index in range(parts)
    ]
    if drums:
        beats = tuple(Note(start + 240 * n, (36, 42)[n % 2], 60, 90) for n in range(8 * bars))
        made.append(Part(beats, DRUM_PROGRAM, track=parts, channel=9))
    return Piece(tuple(made), title="A piece")


@pytest.mark.parametrize("parts", [1, 2, 16])
@pytest.mark.parametrize("drums", [False, True])
def test_a_picture_is_made(parts: int, drums: bool):
    seed, after = music(parts, drums=drums), music(parts, start=4 * 1920, drums=drums)
    assert plot.piano_roll_png(seed, after, 4 * 1920).startswith(PNG)


def test_long_names_of_many_parts_stay_in_the_picture(tmp_path: Path) -> None:
    from matplotlib import image

    parts = tuple(replace(part, name=f"{part.program} MMMM " * 6) for part in music(16).parts)
    seed = replace(music(16), parts=parts)
    (tmp_path / "roll.png").write_bytes(plot.piano_roll_png(seed, music(16, 4 * 1920), 4 * 1920))
    pixels = image.imread(tmp_path / "roll.png")[..., :3]
    assert pixels[:, :3].min() == pixels[:, -3:].min() == 1.0  # white at both sides


@pytest.mark.parametrize(
    "seed",
    [
        music(0, drums=True),
        Piece((Part((Note(0, 60, 1, 1),)),)),
        Piece((Part((Note(0, 0, 10, 1), Note(50_000, 127, 10, 127))),)),
    ],
)
def test_odd_music_is_drawn_too(seed: Piece):
    join = -(-seed.end // 1920) * 1920
    silence = seed.with_parts(tuple(Part((), part.program) for part in seed.parts))
    assert plot.piano_roll_png(seed, silence, join).startswith(PNG)


def test_free_time_is_drawn_in_seconds():
    onsets = [int(n * 487.3 + 60 * (n * 7919 % 13)) for n in range(60)]
    seed = Piece((Part(tuple(Note(t, 60 + n % 12, 300, 64) for n, t in enumerate(onsets))),))
    picture = plot.piano_roll_png(seed, music(1, start=seed.end), seed.end)
    assert picture.startswith(PNG)


def test_the_same_music_gives_the_same_bytes():
    one, other = (plot.piano_roll_png(music(), music(start=7680), 7680) for _ in range(2))
    assert one == other


def test_nothing_is_overwritten_unless_told(tmp_path: Path):
    path = tmp_path / "roll.png"
    path.write_text("mine")
    with pytest.raises(OutputError, match="exists"):
        plot.surprise_roll(music(), {}, path)
    assert path.read_text() == "mine"
    plot.surprise_roll(music(), {}, path, force=True)
    assert path.read_bytes().startswith(PNG)


def test_a_folder_that_is_not_there(tmp_path: Path):
    with pytest.raises(OutputError, match="does not exist"):
        plot.surprise_roll(music(), {}, tmp_path / "no" / "roll.png")
    assert not list(tmp_path.iterdir())


def test_without_matplotlib_one_line_says_what_to_do(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(DependencyError, match="pip install matplotlib"):
        figures.pyplot()


def test_surprise(tmp_path: Path):
    piece = music(2, drums=True)
    nats = {(index, note): float(note.pitch % 5) for index, note in piece.notes()}
    nats.pop(next(iter(nats)))
    plot.surprise_roll(piece, nats, tmp_path / "surprise.png")
    assert (tmp_path / "surprise.png").read_bytes().startswith(PNG)
