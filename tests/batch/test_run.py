"""A batch in one process: the same music as `generate`, resumable, and nothing lost."""

from __future__ import annotations

import itertools
import json
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import mido
import pytest
from live.tiny import TinyTrunk, tiny_predictor
from tiny_batch import SHORT, batch, contents, records, run

from composer import models
from composer.batch import manifest
from composer.batch.jobs import BatchSpec, Task
from composer.batch.run import BatchJob, BatchRun, fingerprint, known_rng_seed
from composer.batch.worker import Worker
from composer.errors import DependencyError, OutputError, SeedError, SettingError
from composer.formats import midi, smf
from composer.formats.scores import read_score
from composer.generation.generate import continue_seed
from composer.generation.seed_files import alone, continued, open_seed
from composer.generation.settings import Settings
from composer.network.padded_trunk import PaddedTrunk
from composer.network.predictor import Predictor

SEEDS = Path(__file__).parents[2] / "midi_data"


def test_the_bytes_of_generate_whatever_the_batch_size(seeds: Path, tmp_path: Path) -> None:
    whole = run(seeds, tmp_path / "many", batch_size=64)
    assert (whole.made, whole.failed, whole.seeds) == (18, 0, 6)
    run(seeds, tmp_path / "one", batch_size=1)
    made = contents(tmp_path / "many")
    assert made == contents(tmp_path / "one")

    for name in ("folk.mid", "ode.musicxml", "sub/drums.mid"):
        seed = open_seed(seeds / name)
        alike = continue_seed(seed.analysis(), tiny_predictor(), SHORT, range(3))
        for number, continuation in enumerate(alike, start=1):
            output = str(Path(name).with_name(f"{Path(name).stem}-{number}.mid"))
            assert made[output] == smf.encode(continued(seed, continuation))


def test_the_continuation_alone(seeds: Path, tmp_path: Path) -> None:
    run(seeds, tmp_path / "out", continuation_only=True, variations=1)
    seed = open_seed(seeds / "waltz.mid")
    made = continue_seed(seed.analysis(), tiny_predictor(), SHORT)[0]
    assert (tmp_path / "out" / "waltz-1.mid").read_bytes() == smf.encode(alone(made))


def test_takes_are_those_of_generate_whatever_the_size(seeds: Path, tmp_path: Path) -> None:
    settings = Settings(bars=2, rng_seed=3, takes=3)
    for size in (2, 32):  # fewer places than takes of one continuation, and many
        spec = BatchSpec(variations=2, batch_size=size, model=("tiny", "0"), continuation_only=True)
        job = BatchJob(seeds, tmp_path / str(size), spec, settings, Path())
        BatchRun(job, tiny_predictor()).run()
    analysis = open_seed(seeds / "waltz.mid").analysis()
    for made in continue_seed(analysis, tiny_predictor(), settings, (0, 1)):
        name = f"waltz-{made.variation + 1}.mid"
        expected = smf.encode(alone(made))
        assert [(tmp_path / size / name).read_bytes() for size in ("2", "32")] == [expected] * 2


def test_many_streams_in_one_step(seeds: Path, tmp_path: Path) -> None:
    tiny, trunk = tiny_predictor(), TinyTrunk()
    predictor = Predictor(tiny.config, PaddedTrunk(trunk), tiny.heads)
    spec = BatchSpec(variations=20, batch_size=32, model=("tiny", "0"))
    settings = Settings(notes=12, rng_seed=3)
    BatchRun(BatchJob(seeds, tmp_path / "out", spec, settings, Path()), predictor).run()
    # Nearly all of the work is done in full steps.
    notes = sum(record["notes"] for record in records(tmp_path / "out"))
    assert notes == 6 * 20 * 12
    assert trunk.sizes.count(32) > 0.6 * notes / 32


def test_seeds_are_read_as_there_is_room(seeds: Path) -> None:
    taken = []

    def tasks() -> Iterator[tuple[int, Task]]:
        for number in itertools.count():  # it never ends: nobody can hold them all
            taken.append(number)
            path = str(seeds / "waltz.mid")
            yield number, Task("waltz.mid", path, "waltz", SHORT, (number,))

    made = Worker(BatchSpec(batch_size=8, model=("tiny", "0")), tiny_predictor()).run(tasks())
    assert len(list(itertools.islice(made, 20))) == 20
    assert len(taken) < 20 + 3 * 8


def test_what_the_manifest_says(seeds: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run(seeds, out, variations=2)
    lines = records(out)
    assert [(line["seed"], line["variation"]) for line in lines] == sorted(
        (name, number)
        for name in ("folk.mid", "gymnopedie.mid", "ode.musicxml", "waltz.mid",
                     "sub/drums.mid", "sub/rag.mid")
        for number in (1, 2)
    )  # fmt: skip
    line = lines[0]
    data = (out / "folk-1.mid").read_bytes()
    import hashlib

    assert line["sha256"] == hashlib.sha256(data).hexdigest()
    assert line["seed_sha256"] == hashlib.sha256((seeds / "folk.mid").read_bytes()).hexdigest()
    assert line["settings"]["bars"] == 1
    assert (line["rng_seed"], line["model"], line["output"]) == (3, "tiny", "folk-1.mid")
    made = continue_seed(open_seed(seeds / "folk.mid").analysis(), tiny_predictor(), SHORT)[0]
    assert line["notes"] == made.piece.note_count
    tempos, beat = made.piece.tempos, made.piece.ticks_per_beat
    length = tempos.seconds(made.end, beat) - tempos.seconds(made.join, beat)
    assert line["seconds"] == pytest.approx(length, abs=1e-3)
    assert known_rng_seed(out) == 3
    assert known_rng_seed(tmp_path) is None


def test_the_notes_that_are_told_are_those_in_the_file(seeds: Path, tmp_path: Path) -> None:
    """Thirty tracks on one channel strike the same keys: a key sounds once."""
    crowd = mido.MidiFile(type=1, ticks_per_beat=480)
    for _ in range(30):
        track = mido.MidiTrack()
        for pitch in (60, 62, 64, 65):
            track.append(mido.Message("note_on", note=pitch, velocity=80))
            track.append(mido.Message("note_off", note=pitch, time=480))
        crowd.tracks.append(track)
    shutil.rmtree(seeds)
    seeds.mkdir()
    crowd.save(seeds / "crowd.mid")
    for only in (False, True):
        out = tmp_path / f"out-{only}"
        run(seeds, out, variations=2, continuation_only=only)
        before = 0 if only else 120
        for line in records(out):
            data = (out / line["output"]).read_bytes()
            assert line["notes"] == smf.note_count(smf.parse(data)) - before


def test_names_and_formats(seeds: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    pattern = "{key}/{stem}_{variation:02}_{bpm}_{seed}.json"
    run(seeds, out, pattern=pattern, also=("mid", "musicxml"), variations=1)
    line = next(line for line in records(out) if line["seed"] == "waltz.mid")
    key = line["key"].replace(" ", "-")
    name = f"{key}/waltz_01_{round(line['bpm'])}_3"
    assert line["output"] == f"{name}.json"
    assert sorted(line["also"]) == [f"{name}.mid", f"{name}.musicxml"]
    assert (out / "sub").is_dir()

    events = json.loads((out / f"{name}.json").read_text())
    seed = open_seed(seeds / "waltz.mid")
    made = continue_seed(seed.analysis(), tiny_predictor(), SHORT)[0]
    assert len(events["notes"]) == made.piece.note_count == line["notes"]
    assert events["events"][: events["seed_events"]] == seed.analysis().events.rows.tolist()
    assert (out / f"{name}.mid").read_bytes() == smf.encode(continued(seed, made))
    assert b"score-partwise" in (out / f"{name}.musicxml").read_bytes()


def test_the_score_beside_a_file_has_its_notes_and_its_drums(seeds: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run(seeds, out, variations=1, also=("musicxml",))
    for line in records(out):
        played = midi.read(out / line["output"])
        read = read_score((out / line["output"]).with_suffix(".musicxml"))
        # A piano's two staves are two parts.
        assert Counter(note.pitch for _, note in read.notes()) == Counter(
            note.pitch for _, note in played.notes()
        )
    # A part that is told to be drums is drums on the page too.
    run(seeds, tmp_path / "told", variations=1, also=("musicxml",),
        settings=replace(SHORT, drums=("1",)))  # fmt: skip
    page = (tmp_path / "told" / "waltz-1.musicxml").read_text()
    assert "<unpitched>" in page and "<midi-channel>10<" in page


def test_two_seeds_of_one_name_get_two_names(seeds: Path, tmp_path: Path) -> None:
    shutil.copy(SEEDS / "rag.mid", seeds / "FOLK.MID")
    tally = run(seeds, tmp_path / "out", variations=1)
    assert tally.failed == 0
    assert {"folk.mid-1.mid", "FOLK.MID-1.mid"} <= set(contents(tmp_path / "out"))


def test_a_picture_of_each(seeds: Path, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    for path in [*seeds.glob("*.m*"), seeds / "sub" / "rag.mid"]:
        path.unlink()
    run(seeds, tmp_path / "out", variations=1, also=("png",))
    assert (tmp_path / "out" / "sub" / "drums-1.png").read_bytes().startswith(b"\x89PNG")


def test_sound_needs_fluidsynth(
    seeds: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DependencyError, match="fluidsynth"):
        batch(seeds, tmp_path / "out", also=("wav",))


@pytest.mark.skipif(shutil.which("sh") is None, reason="needs a shell")
def test_sound_comes_from_fluidsynth(
    seeds: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A stand-in with the same arguments: -n -i -q -F TARGET -T wav -r RATE SOUNDFONT SOURCE
    program = tmp_path / "fluidsynth"
    program.write_text('#!/bin/sh\n[ "$4" = -F ] && cat "${10}" "${11}" > "$5"\n')
    program.chmod(0o755)
    font = tmp_path / "font.sf2"
    font.write_bytes(b"SoundFont ")
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    run(seeds, tmp_path / "out", variations=1, also=("wav",), soundfont=str(font))
    out = tmp_path / "out"
    assert (out / "folk-1.wav").read_bytes() == b"SoundFont " + (out / "folk-1.mid").read_bytes()


def test_settings_of_single_files(seeds: Path, tmp_path: Path) -> None:
    (seeds / "settings.csv").write_text("file,bars,top-p,key\nfolk.mid,2,,\nsub/*.mid,,0.5,off\n")
    (seeds / "sub" / "settings.jsonl").write_text(
        '{"file": "rag.mid", "notes": 5, "pitch_range": [60, 72]}\n{"file": "none.mid"}\n'
    )
    tally = run(seeds, tmp_path / "out", variations=1)
    by_seed = {line["seed"]: line["settings"] for line in records(tmp_path / "out")}
    base = SHORT.as_dict() | {"parts": [], "drums": [], "no_drums": []}
    assert by_seed["folk.mid"] == base | {"bars": 2}
    assert by_seed["waltz.mid"] == base
    assert by_seed["sub/drums.mid"] == base | {"top_p": 0.5, "key": "off"}
    own = {"top_p": 0.5, "key": "off", "bars": None, "notes": 5, "pitch_range": [60, 72]}
    assert by_seed["sub/rag.mid"] == base | own
    assert tally.unused == ["sub/settings.jsonl line 2"]


def test_a_table_may_be_one_that_spreadsheets_write_where_decimals_have_commas(
    seeds: Path, tmp_path: Path
) -> None:
    table = "\ufefffile;bars;temperature\r\nfolk.mid;2;\r\nwaltz.mid;;1,25\r\n"
    (seeds / "settings.csv").write_text(table, encoding="utf-8", newline="")
    run(seeds, tmp_path / "out", variations=1)
    by_seed = {line["seed"]: line["settings"] for line in records(tmp_path / "out")}
    assert (by_seed["folk.mid"]["bars"], by_seed["waltz.mid"]["temperature"]) == (2, 1.25)


def test_a_wrong_setting_fails_its_seeds_alone(seeds: Path, tmp_path: Path) -> None:
    (seeds / "settings.csv").write_text(
        "file,bars,temperature,parts\nfolk.mid,x,,\nwaltz.mid,,9,\ngymnopedie.mid,,,tuba\n"
    )
    tally = run(seeds, tmp_path / "out", variations=1)
    assert (tally.made, tally.failed) == (3, 3)
    reasons = dict(tally.failures)
    assert reasons["folk.mid"].startswith("settings.csv line 2: bars are 'x', must be")
    assert reasons["waltz.mid"] == "settings.csv line 3: temperature is 9.0, must be 0 to 5"
    assert "no part is called 'tuba'" in reasons["gymnopedie.mid"]


def test_a_table_that_cannot_be_read_stops_the_run(seeds: Path, tmp_path: Path) -> None:
    (seeds / "settings.csv").write_text("file,speed\nfolk.mid,120\n")
    with pytest.raises(SettingError, match=r"settings.csv line 2: there is no setting 'speed'"):
        run(seeds, tmp_path / "out")
    assert contents(tmp_path / "out") == {}
    (seeds / "settings.csv").write_bytes("file,bars\nétude.mid,4\n".encode("cp1252"))
    with pytest.raises(SettingError, match=r"settings.csv is not text in UTF-8; save it as"):
        run(seeds, tmp_path / "out")


def damaged(folder: Path) -> dict[str, str]:
    """Seeds that are broken in different ways, and what is said of each."""
    whole = (SEEDS / "waltz.mid").read_bytes()
    (folder / "empty.mid").write_bytes(b"")
    (folder / "cut.mid").write_bytes(whole[: len(whole) // 2])
    (folder / "text.mid").write_text("this is no music")
    (folder / "header.mid").write_bytes(whole[:14])
    (folder / "type2.mid").write_bytes(whole[:9] + b"\x02" + whole[10:])
    (folder / "silent.mid").write_bytes(b"MThd\0\0\0\6\0\0\0\1\0\x60MTrk\0\0\0\4\0\xff\x2f\0")
    (folder / "score.musicxml").write_text("<score-partwise><part")
    (folder / "archive.mxl").write_bytes(b"PK\3\4 and no more")
    (folder / "noise.abc").write_bytes(bytes(range(256)))
    (folder / "gone.mid").symlink_to(folder / "nowhere.mid")
    return {
        "empty.mid": "is empty", "cut.mid": "", "text.mid": "not a MIDI file", "header.mid": "",
        "type2.mid": "type 2", "silent.mid": "no notes", "score.musicxml": "", "archive.mxl": "",
        "noise.abc": "", "gone.mid": "does not exist",
    }  # fmt: skip


def test_a_bad_seed_stops_nothing(seeds: Path, tmp_path: Path) -> None:
    expected = damaged(seeds)
    tally = run(seeds, tmp_path / "out")
    assert (tally.made, tally.failed, tally.seeds) == (18, len(expected), 6 + len(expected))
    reasons = dict(tally.failures)
    assert reasons.keys() == expected.keys()
    for name, words in expected.items():
        assert words in reasons[name]
        assert name in reasons[name] and str(tmp_path) not in reasons[name]
        assert "defect" not in reasons[name]
    # What failed is tried again, and what is done is not.
    again = run(seeds, tmp_path / "out")
    assert (again.made, again.found, again.failed) == (0, 18, len(expected))


def test_a_plan_does_nothing(seeds: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    plan = batch(seeds, out).plan()
    assert (plan.seeds, plan.total, plan.found) == (6, 18, 0)
    assert not out.exists()
    run(seeds, out, variations=1)
    before = contents(out)
    plan = batch(seeds, out).plan()
    assert (plan.seeds, plan.total, plan.found) == (6, 18, 6)
    assert contents(out) == before


def test_a_link_that_leads_round_ends(seeds: Path, tmp_path: Path) -> None:
    (seeds / "sub" / "round").symlink_to(seeds)
    assert run(seeds, tmp_path / "out", variations=1).seeds == 6


def test_the_output_may_lie_among_the_seeds(seeds: Path) -> None:
    out = seeds / "out"
    assert run(seeds, out).seeds == 6
    assert run(seeds, out).found == 18
    with pytest.raises(SettingError, match="folder of its own"):
        run(seeds, seeds)
    with pytest.raises(SeedError, match="does not exist"):
        run(seeds / "nowhere", out)


def test_another_file_is_not_taken_for_a_manifest(seeds: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / manifest.NAME).write_text("shopping list\nbread\n")
    with pytest.raises(OutputError, match="is not of a manifest"):
        run(seeds, out)
    assert (out / manifest.NAME).read_text() == "shopping list\nbread\n"


def test_the_fingerprint_of_a_model_is_of_all_files_that_it_plays_by(tmp_path: Path) -> None:
    for name in (*models.FILES, "MODEL_CARD.md"):
        (tmp_path / name).write_bytes(name.encode())
    prints = [fingerprint(tmp_path)]
    for name in (models.PLANNER, *models.ENCODER, models.FILES[0]):
        (tmp_path / name).write_bytes(b"another")
        prints.append(fingerprint(tmp_path))
    assert len(set(prints)) == len(prints)
    (tmp_path / "MODEL_CARD.md").write_bytes(b"another")
    assert fingerprint(tmp_path) == prints[-1]
