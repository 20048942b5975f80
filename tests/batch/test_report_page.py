"""The page about a batch."""

from __future__ import annotations

import shutil
from html.parser import HTMLParser
from pathlib import Path

import pytest
from click.testing import CliRunner
from live.tiny import tiny_predictor

from composer.batch.jobs import BatchSpec
from composer.batch.report_page import roll, write_report
from composer.batch.run import BatchJob, BatchRun
from composer.cli.main import verbs
from composer.errors import OutputError
from composer.generation.settings import Settings
from composer.music.notes import Note, Part, Piece

SEEDS = Path(__file__).parents[2] / "midi_data"


class _Page(HTMLParser):
    """Counts elements and collects what a page asks for from elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.count: dict[str, int] = {}
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.count[tag] = self.count.get(tag, 0) + 1
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]


@pytest.fixture
def out(tmp_path: Path) -> Path:
    seeds = tmp_path / "seeds & <more>"
    seeds.mkdir()
    for name in ("folk.mid", "drums.mid"):
        shutil.copy(SEEDS / name, seeds / name)
    shutil.copy(SEEDS / "waltz.mid", seeds / "a <b> & #1.mid")
    (seeds / "<script>.mid").write_bytes(b"")
    spec = BatchSpec(variations=3, best=2, batch_size=8, model=("tiny", "0"))
    job = BatchJob(seeds, tmp_path / "out", spec, Settings(notes=20, rng_seed=1), Path())
    BatchRun(job, tiny_predictor()).run()
    return tmp_path / "out"


def read(page: Path) -> tuple[str, _Page]:
    text = page.read_text(encoding="utf-8")
    parsed = _Page()
    parsed.feed(text)
    return text, parsed


def test_rolls_statistics_and_failures(out: Path) -> None:
    text, page = read(write_report(out, out / "report.html"))
    assert page.count["figure"] >= 6 + 5
    assert "<script" not in text and "&lt;script&gt;.mid is empty" in text
    assert "a &lt;b&gt; &amp; #1-" in text
    for words in ("notes per second", "misfit", "rank 1, cost", "Continuations", "tiny"):
        assert words in text
    # It stands alone, but for links to the files themselves.
    assert "http" not in text and "url(" not in text
    assert len(page.links) == 6
    assert all("%20" in link or link[0].isalpha() for link in page.links)
    assert sum("a%20%3Cb%3E%20%26%20%231-" in link for link in page.links) == 2


def test_as_many_rolls_as_asked_for(out: Path) -> None:
    few, none = (read(write_report(out, out / f"{n}.html", rolls=n))[1] for n in (2, 0))
    assert (len(few.links), len(none.links)) == (2, 0)


def test_a_file_that_is_gone_is_said_to_be(out: Path) -> None:
    for path in out.glob("folk-*.mid"):
        path.unlink()
    text, page = read(write_report(out, out / "report.html"))
    assert len(page.links) == 6
    assert text.count("does not exist") == 2


def test_a_roll_shows_the_seed_grey_and_the_new_in_colour() -> None:
    part = Part((Note(0, 60, 480, 64), Note(960, 62, 480, 127)), 0)
    drawn = roll(Piece((part,), 480), 0.5)
    # 120 beats per minute: the second note sounds from 1 s to 1.5 s, and is the new.
    assert drawn.count("#aaa") == 1 and drawn.count("#3465a4") == 1
    assert roll(Piece((part,), 480), 1.5).count("#3465a4") == 2
    assert roll(Piece(()), 0.0).startswith("<svg")


def test_the_command(out: Path, tmp_path: Path) -> None:
    runner = CliRunner()
    ended = runner.invoke(verbs, ["report", str(out)])
    assert ended.exit_code == 0
    assert ended.stdout.strip() == str(out / "report.html")
    assert (out / "report.html").is_file()
    missing = runner.invoke(verbs, ["report", str(tmp_path)])
    assert missing.exit_code == 1
    assert "give the output folder of a batch" in missing.output


def test_a_page_that_cannot_be_written(out: Path, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="does not exist"):
        write_report(out, tmp_path / "no" / "report.html")
