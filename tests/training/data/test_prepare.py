"""`composer prepare`: what it reads, what it leaves out, and what it says."""

from __future__ import annotations

import json
from pathlib import Path

import mido
import pytest
from click.testing import CliRunner
from composer_training.data import dataset, sources
from composer_training.data.sources import find_sources
from tiny_midi import write_midi

from composer import models
from composer.cli.main import verbs
from composer.errors import SeedError
from composer.generation.seed_files import open_seed


def prepare(*args: str | Path) -> tuple[int, str, str]:
    result = CliRunner().invoke(verbs, ["prepare", *map(str, args)])
    return result.exit_code, result.stdout, result.stderr


def test_a_folder_becomes_a_dataset(prepared: Path) -> None:
    made = dataset.load([prepared])
    assert {record.corpus for record in made.records} == {"tiny"}
    # piece0 is in again/ too, which comes first; the test folder stays out.
    assert [record.name for record in made.records] == [
        "again/copy.mid",
        *[f"piece{seed}.mid" for seed in range(1, 9)],
    ]
    assert {record.kind for record in made.records} == {"beats"}
    assert all(made.corpora(split) for split in ("train", "valid"))


def test_what_was_skipped_is_listed_with_reasons(prepared: Path) -> None:
    skipped = json.loads((prepared / "skipped.json").read_text())["skipped"]
    reasons = {entry["name"]: entry["reason"] for entry in skipped}
    assert set(reasons) == {"broken.mid", "piece0.mid", "test/kept.mid"}
    assert "already" in reasons["piece0.mid"] and "test folder" in reasons["test/kept.mid"]


def test_what_was_passed_over_is_told_as_generate_tells_it(tmp_path: Path) -> None:
    folder = tmp_path / "scores"
    folder.mkdir()
    tune = "X:1\nT:Da capo\nM:4/4\nL:1/4\nK:C\nCDEF|GABc|!D.C.!|]\n"
    (folder / "tune.abc").write_text(tune)
    write_midi(folder / "plain.mid", 1)
    code, out, err = prepare(f"a={folder}", "--out", tmp_path / "d", "--workers", "1")
    assert code == 0, err
    (entry,) = json.loads((tmp_path / "d" / "remarks.json").read_text())["remarks"]
    assert entry["name"] == "tune.abc"
    assert entry["remarks"] == list(open_seed(folder / "tune.abc").remarks)
    assert entry["remarks"][0] in out


def test_json_says_what_was_made(music: Path, tmp_path: Path) -> None:
    code, out, err = prepare(f"a={music}", "--out", tmp_path / "d", "--json", "--workers", "1")
    assert code == 0, err
    summary = json.loads(out)
    assert summary["pieces"] == 9 and summary["skipped"] == 3
    counts = summary["corpora"]["a"]
    assert counts["train"] + counts["valid"] == 9 and counts["beats"] == 9
    assert summary["notes"] == counts["notes"] == len(dataset.load([tmp_path / "d"]).table)


def test_several_processes_give_the_same_dataset(
    music: Path, prepared: Path, tmp_path: Path
) -> None:
    code, _, err = prepare(f"tiny={music}", "--out", tmp_path / "d", "--workers", "2")
    assert code == 0, err
    for name in ("notes.npy", "pieces.json", "skipped.json", "remarks.json"):
        assert (tmp_path / "d" / name).read_bytes() == (prepared / name).read_bytes()


def test_a_dataset_is_not_replaced_unasked(prepared: Path, music: Path) -> None:
    code, _, err = prepare(music, "--out", prepared)
    assert code == 1
    assert err == f"Error: there is a dataset in {prepared}; give --force to replace it\n"


def test_nothing_readable_is_an_error_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "bad.mid").write_bytes(b"MThd")
    code, _, err = prepare(tmp_path / "in", "--out", tmp_path / "out")
    assert code == 1 and err.startswith("Error: ") and err.count("\n") == 1
    assert not list((tmp_path / "out").glob("*"))


def test_a_path_that_is_not_there_is_named(tmp_path: Path) -> None:
    code, _, err = prepare("mine=nowhere", "--out", tmp_path / "out")
    assert code == 1 and err.startswith("Error: nowhere does not exist")


def test_without_paths_the_usage_is_wrong(tmp_path: Path) -> None:
    code, _, err = prepare("--out", tmp_path / "out")
    assert code == 2 and "--music21" in err


def test_a_corpus_of_which_none_fell_to_validation_gives_one(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for seed in (1, 2, 4):
        write_midi(tmp_path / "in" / f"{seed}.mid", seed)
    assert prepare(tmp_path / "in", "--out", tmp_path / "out")[0] == 0
    splits = [record.split for record in dataset.load([tmp_path / "out"]).records]
    assert splits.count("valid") == 1


def test_folders_say_the_split(tmp_path: Path) -> None:
    for folder, seed in (("train", 1), ("valid", 2), ("Test", 4)):
        (tmp_path / "in" / folder).mkdir(parents=True)
        write_midi(tmp_path / "in" / folder / "x.mid", seed)
    assert prepare(tmp_path / "in", "--out", tmp_path / "out")[0] == 0
    splits = {r.name: r.split for r in dataset.load([tmp_path / "out"]).records}
    assert splits == {"train/x.mid": "train", "valid/x.mid": "valid"}


def kept_out(tmp_path: Path, text: str) -> tuple[int, str, str]:
    """Three pieces, one of them in a test folder, and another corpus beside them."""
    for folder, seed in (("a", 1), ("a", 2), ("a/test", 3), ("b", 4), ("b", 5)):
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
        write_midi(tmp_path / folder / f"{seed}.mid", seed)
    (tmp_path / "list.txt").write_text(text)
    out = ("--out", tmp_path / "out", "--kept-out", tmp_path / "list.txt")
    return prepare(tmp_path / "a", tmp_path / "b", *out)


def test_a_list_says_what_is_kept_out(tmp_path: Path) -> None:
    text = "# ours\n\na/2.mid  # a remark\nelsewhere/1.mid\n"
    assert kept_out(tmp_path, text)[0] == 0
    records = dataset.load([tmp_path / "out"]).records
    splits = {record.name: record.split for record in records if record.corpus == "a"}
    assert splits == {"1.mid": "train", "2.mid": "valid"}
    # Of a corpus that the list does not name, content decides, as ever.
    others = {record.name: record.split for record in records if record.corpus == "b"}
    assert prepare(tmp_path / "b", "--out", tmp_path / "plain")[0] == 0
    plain = dataset.load([tmp_path / "plain"]).records
    assert others == {record.name: record.split for record in plain}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a/9.mid\n", "a/9.mid is to be kept out and is not there"),
        ("a/1.mid\njust words\n", "line 2: 'just words' is not CORPUS/NAME"),
    ],
)
def test_a_list_that_cannot_be_kept_to_is_told(tmp_path: Path, text: str, said: str) -> None:
    code, _, err = kept_out(tmp_path, text)
    assert code == 1 and said in err and len(err.strip().splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_the_default_models_list_can_be_read() -> None:
    listed = sources.read_kept_out(models.find("default") / "kept-out.txt")
    assert {corpus: len(names) for corpus, names in listed.items()} == {
        "freedoom": 5,
        "orchestra": 1,
    }


def test_an_equals_sign_in_a_path_is_no_name(tmp_path: Path) -> None:
    odd = tmp_path / "a=b"
    odd.mkdir()
    write_midi(odd / "x.mid", 1)
    assert [source.corpus for source in find_sources([odd])] == ["a=b"]
    assert [source.corpus for source in find_sources([f"c={odd}"])] == ["c"]
    with pytest.raises(SeedError, match="does not exist"):
        find_sources(["c=", str(odd)])


def test_a_tune_book_gives_each_of_its_tunes(tmp_path: Path) -> None:
    pytest.importorskip("music21")
    tunes = [
        f"X:{n}\nT:{n}\nM:4/4\nL:1/8\nK:G\nGABc {end}4|]\n\n" for n, end in ((1, "d"), (2, "B"))
    ]
    (tmp_path / "book.abc").write_text("".join(tunes))
    found = find_sources([tmp_path / "book.abc"])
    pieces = sources.read_pieces(found[0])
    assert [name for name, _ in pieces] == ["book.abc#1", "book.abc#2"]


def test_chorales_in_frames(tmp_path: Path) -> None:
    """Two voices in sixteenths: a held note is one note, -1 is silence."""
    frames = [[72, 48], [72, 48], [74, -1], [74, 50]]
    path = tmp_path / "Jsb16thSeparated.json"
    path.write_text(json.dumps({"train": [frames], "valid": [], "test": [frames]}))
    found = find_sources([path])
    assert [(source.item, source.split) for source in found] == [
        (("test", 0), "test"),
        (("train", 0), "train"),
    ]
    piece = sources.read_pieces(found[1])[0][1]
    assert [[(n.onset, n.pitch, n.duration) for n in part.notes] for part in piece.parts] == [
        [(0, 72, 12), (12, 74, 12)],
        [(0, 48, 12), (18, 50, 6)],
    ]


def test_what_macos_leaves_beside_files_is_no_music(tmp_path: Path) -> None:
    write_midi(tmp_path / "x.mid", 1)
    (tmp_path / "._x.mid").write_bytes(b"\0\5\x16\7")
    assert [source.name for source in find_sources([tmp_path])] == ["x.mid"]


def test_charts_become_bands_with_the_drums_that_are_there(tmp_path: Path) -> None:
    """One song, twice there; one that is in three; one that is kept out; and a drummer."""
    (tmp_path / "drums").mkdir()
    beat = mido.MidiTrack()
    for number in range(16):
        key = 38 if number % 2 else 36
        beat.append(mido.Message("note_on", channel=9, note=key, velocity=90, time=0))
        beat.append(mido.Message("note_off", channel=9, note=key, time=480))
    mido.MidiFile(type=1, ticks_per_beat=480, tracks=[beat]).save(tmp_path / "drums" / "beat.mid")
    charts = tmp_path / "charts"
    (charts / "test").mkdir(parents=True)
    song = "# metre: 4/4\n# tonic: C\n\n0.0\tA, verse, | C:maj | F:maj | G:7 | C:maj |\n8.0\tend\n"
    (charts / "again.txt").write_text(song)
    (charts / "song.txt").write_text(song)
    (charts / "waltz.txt").write_text(song.replace("4/4", "3/4"))
    (charts / "test" / "kept.txt").write_text(song.replace("F:maj", "D:min"))
    drums, out = f"drums={tmp_path / 'drums'}", tmp_path / "d"
    code, _, err = prepare(drums, "--charts", f"{charts}+drums", "--out", out)
    assert code == 0, err
    made = [record for record in dataset.load([out]).records if record.corpus == "charts"]
    assert [record.name.split()[0] for record in made] == ["again.txt"]
    assert made[0].name.endswith("beat.mid")
    skipped = json.loads((out / "skipped.json").read_text())["skipped"]
    reasons = {entry["name"]: entry["reason"] for entry in skipped}
    assert set(reasons) == {"song.txt", "waltz.txt", "test/kept.txt"}
    assert "3/4" in reasons["waltz.txt"] and "already" in reasons["song.txt"]


def test_charts_without_drums_are_refused_and_nothing_is_written(
    music: Path, tmp_path: Path
) -> None:
    (tmp_path / "song.txt").write_text("# metre: 4/4\n\n0.0\tA, verse, | C:maj |\n2.0\tend\n")
    out = tmp_path / "d"
    code, _, err = prepare(f"a={music}", "--charts", f"{tmp_path}+a", "--out", out)
    assert code == 1 and err.strip().endswith("for a band")
    assert not (out / "pieces.json").exists()


def test_charts_that_are_not_there_are_told(tmp_path: Path) -> None:
    write_midi(tmp_path / "x.mid", 1)
    code, _, err = prepare(tmp_path, "--charts", "nowhere+drums", "--out", tmp_path / "d")
    assert code == 1 and "nowhere does not exist" in err
    code, _, err = prepare(tmp_path, "--charts", "nowhere", "--out", tmp_path / "d")
    assert code == 2 and "two corpora" in err
