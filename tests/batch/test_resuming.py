"""A batch that is run again: nothing is done twice, nothing is lost, nothing is replaced."""

from __future__ import annotations

import errno
import itertools
import shutil
from pathlib import Path

import pytest
from tiny_batch import batch, contents, records, run

from composer.batch import manifest
from composer.batch.tally import Tally
from composer.errors import OutputError
from composer.generation.settings import Settings

SEEDS = Path(__file__).parents[2] / "midi_data"


def test_nothing_is_done_twice(seeds: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run(seeds, out)
    before = contents(out)
    stamps = {path: path.stat().st_mtime_ns for path in out.rglob("*.mid")}
    again = run(seeds, out)
    assert (again.made, again.found) == (0, 18)
    more = run(seeds, out, variations=4)
    assert (more.made, more.found) == (6, 18)
    assert all(path.stat().st_mtime_ns == stamp for path, stamp in stamps.items())
    assert {name: data for name, data in contents(out).items() if name in before} != {}


@pytest.mark.parametrize("best", [None, 2])
@pytest.mark.parametrize("after", [1, 5, 11])
def test_interrupted_anywhere_it_ends_as_if_undisturbed(
    seeds: Path, tmp_path: Path, after: int, best: int | None
) -> None:
    run(seeds, tmp_path / "whole", best=best)
    out = tmp_path / "out"

    def interrupt(tally: Tally) -> None:
        if tally.made == after:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        batch(seeds, out, best=best).run(interrupt)
    assert len(records(out)) == after
    assert not (out / ".composer-batch").exists()
    # Harder than any interruption: a torn line, a torn file, one that is gone, and leavings.
    with open(out / manifest.NAME, "ab") as stream:
        stream.write(b'{"seed": "folk.mid", "vari')
    first = out / records(out)[0]["output"]
    first.write_bytes(first.read_bytes()[:20])
    (out / ".composer-batch").mkdir()
    (out / ".composer-batch" / "file.tmp").write_bytes(b"half a f")
    (out / f".{manifest.NAME}.tmp").write_bytes(b"half")
    if after == 5:
        first.unlink()

    tally = run(seeds, out, best=best)
    assert tally.failed == 0
    assert contents(out) == contents(tmp_path / "whole")


def test_what_others_wrote_stays(seeds: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "folk-2.mid").write_bytes(b"mine")
    tally = run(seeds, out)
    assert (tally.made, tally.failed) == (17, 1)
    assert tally.failures == [
        ("folk.mid", "folk-2.mid exists and is another file; use --force to replace it")
    ]
    assert (out / "folk-2.mid").read_bytes() == b"mine"
    forced = run(seeds, out, force=True)
    assert (forced.made, forced.found, forced.failed) == (1, 17, 0)
    run(seeds, tmp_path / "whole")
    assert contents(out) == contents(tmp_path / "whole")


def test_other_settings_do_not_replace_what_is_there(seeds: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run(seeds, out, variations=1)
    before = contents(out)
    other = Settings(bars=1, rng_seed=4)
    tally = run(seeds, out, variations=1, settings=other)
    assert tally.made == 0 and tally.failed == 6
    assert {n: d for n, d in contents(out).items() if n.endswith(".mid")} == {
        n: d for n, d in before.items() if n.endswith(".mid")
    }
    assert run(seeds, out, variations=1, settings=other, force=True).made == 6
    run(seeds, tmp_path / "whole", variations=1, settings=other)
    assert contents(out) == contents(tmp_path / "whole")


def test_a_changed_seed_is_made_again(seeds: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run(seeds, out, variations=1)
    shutil.copy(SEEDS / "rag.mid", seeds / "folk.mid")
    tally = run(seeds, out, variations=1, force=True)
    assert (tally.made, tally.found) == (1, 5)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO])
def test_a_full_disk_ends_cleanly(
    seeds: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    out = tmp_path / "out"
    written = Path.write_bytes
    count = itertools.count()

    def full(self: Path, data: bytes) -> int:
        if next(count) == 7:
            written(self, data[:10])
            raise OSError(number, "no more", str(self))
        return written(self, data)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", full)
        with pytest.raises(OutputError, match="full" if number == errno.ENOSPC else "no more"):
            run(seeds, out)
    assert len(records(out)) == 7
    assert not list(out.rglob("*.tmp"))
    assert (run(seeds, out).made, run(seeds, out).found) == (11, 18)
    run(seeds, tmp_path / "whole")
    assert contents(out) == contents(tmp_path / "whole")


def test_one_run_at_a_time(seeds: Path, tmp_path: Path) -> None:
    pytest.importorskip("fcntl")
    out = tmp_path / "out"

    def again(tally: Tally) -> None:
        with pytest.raises(OutputError, match="another composer batch is at work"):
            run(seeds, out)

    batch(seeds, out, variations=1).run(again)
    assert len(records(out)) == 6
