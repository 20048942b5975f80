"""What is put where hosts look, and taken away again."""

from __future__ import annotations

import contextlib
import json
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from composer.cli.main import verbs
from composer.clients import found, plugin_build
from composer.clients.client_files import content
from composer.clients.hosts import HOSTS, VERBS, Places, hosts, plugin_folder, unneeded
from composer.clients.installation import Installation
from composer.errors import OutputError

FOLDERS = {
    "linux": [".config/ardour7", ".config/REAPER", "Documents/MuseScore3", "Documents/plugdata"],
    "macos": [
        "Library/Preferences/Ardour8", "Library/Application Support/REAPER",
        "Music/Ableton/User Library", "Documents/MuseScore4", "Documents/plugdata",
    ],
    "windows": [
        "AppData/Local/ardour8", "AppData/Roaming/REAPER", "Documents/MuseScore4",
        "Documents/Ableton/User Library", "Documents/plugdata",
    ],
}  # fmt: skip


def computer(home: Path, system: str) -> Places:
    for folder in FOLDERS[system]:
        (home / folder).mkdir(parents=True)
    return Places(system, home, "")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Linux computer with Ardour and REAPER on it."""
    (tmp_path / ".config" / "ardour7").mkdir(parents=True)
    (tmp_path / ".config" / "REAPER").mkdir(parents=True)
    monkeypatch.setattr(Places, "here", classmethod(lambda cls: cls("linux", tmp_path, "")))
    monkeypatch.setenv("COMPOSER_STATE", str(tmp_path / "state"))
    return tmp_path


def install(*arguments: str, answer: str = "") -> Result:
    command = ["install-clients", "--no-plugin", *arguments]
    return CliRunner().invoke(verbs, command, input=answer, prog_name="composer")


def written(home: Path) -> list[str]:
    return sorted(str(path.relative_to(home)) for path in home.rglob("*") if path.is_file())


@pytest.mark.parametrize("system", list(FOLDERS))
def test_hosts_are_found_by_their_folders(tmp_path: Path, system: str) -> None:
    known = list(hosts(computer(tmp_path, system)))
    assert tuple(host.name for host in known) == HOSTS
    there = {host.name for host in known if host.found is not None}
    assert there == set(HOSTS) - ({"live"} if system == "linux" else set())
    for host in known:
        for file in host.files:
            assert file.target.is_relative_to(tmp_path)
            assert content(file, ["composer"])


def test_on_an_empty_computer_none_is_found(tmp_path: Path) -> None:
    assert not [host for host in hosts(Places("linux", tmp_path, "")) if host.found]


def test_scripts_stand_alone_and_know_how_to_start_composer(tmp_path: Path) -> None:
    for host in hosts(computer(tmp_path, "linux")):
        for file in host.files:
            text = content(file, ["/opt/my python/bin/python", "-m", "composer"]).decode()
            assert not re.search(r"@[A-Z]+@|@include", text), file
            if file.target.suffix == ".qml":
                assert f'verb: "{file.verb}"' in text
            elif file.verb:
                assert f'VERB = "{file.verb}"' in text
                assert "[==['/opt/my python/bin/python' -m composer]==]" in text
                assert "local function ask_composer" in text


def test_it_lists_asks_writes_and_takes_away_again(home: Path) -> None:
    before = written(home)
    refused = install(answer="n\n")
    assert refused.exit_code == 130 and written(home) == before
    done = install(answer="y\n")
    assert done.exit_code == 0, done.output
    expected = [f".config/REAPER/Scripts/composer/composer_{verb}.lua" for verb in VERBS]
    expected += [f".config/ardour7/scripts/composer_{verb}.lua" for verb in VERBS]
    expected += ["state/installed-clients.json", "state/server-command"]
    assert written(home) == sorted(expected)
    for path in expected[:-2]:
        assert str(home / path) in done.stdout
    assert "REAPER: Actions" in done.stdout
    removed = install("--remove", "--yes")
    assert removed.exit_code == 0 and written(home) == before
    assert (home / ".config" / "REAPER").is_dir()  # it was there before, and empty
    assert not (home / ".config" / "REAPER" / "Scripts").exists()
    assert install("--remove").stdout == "There is nothing to take away.\n"


def test_one_host_alone(home: Path) -> None:
    assert install("--host", "reaper", "--yes").exit_code == 0
    assert not [path for path in written(home) if "ardour" in path]
    assert install("--host", "ardour", "--yes").exit_code == 0
    assert install("--host", "reaper", "--remove", "--yes").exit_code == 0
    assert [path for path in written(home) if "ardour" in path]
    assert not [path for path in written(home) if "REAPER" in path]
    assert "state/server-command" in written(home)
    assert install("--host", "ardour", "--remove", "--yes").exit_code == 0
    assert written(home) == []


def test_documents_are_where_the_desktop_says(tmp_path: Path) -> None:
    (tmp_path / ".config").mkdir()
    (tmp_path / ".config" / "user-dirs.dirs").write_text(
        'XDG_DESKTOP_DIR="$HOME/Schreibtisch"\nXDG_DOCUMENTS_DIR="$HOME/Dokumente"\n',
        encoding="utf-8",
    )
    (tmp_path / "Dokumente" / "MuseScore3").mkdir(parents=True)
    known = {host.name: host for host in hosts(Places("linux", tmp_path, ""))}
    assert known["musescore"].found == tmp_path / "Dokumente" / "MuseScore3"


def test_formats_of_the_plug_in_go_with_the_last_host_that_loads_them(home: Path) -> None:
    places = Places.here()
    known = {host.name: host for host in hosts(places)}
    plugins = [plugin_folder(format, places) / f"composer.{format}" for format in ("lv2", "clap")]
    paths = [file.target for name in ("ardour", "reaper") for file in known[name].files]
    paths += [*plugins, home / "state" / "server-command"]
    rest = [host for name, host in known.items() if name != "reaper"]
    left = set(paths) - set(unneeded(paths, [known["reaper"]], rest, places))
    ardour = {file.target for file in known["ardour"].files}
    assert left == ardour | {plugins[0], home / "state" / "server-command"}
    assert unneeded(sorted(left), [known["ardour"]], [known["reaper"]], places) == sorted(left)


def test_an_ardour_that_was_never_started_is_found_by_its_number(tmp_path: Path) -> None:
    program = tmp_path / "bin" / ("ardour7-lua.exe" if sys.platform == "win32" else "ardour7-lua")
    program.parent.mkdir()
    program.touch(mode=0o755)
    [ardour, *_] = hosts(Places("linux", tmp_path, str(program.parent)))
    assert ardour.found == tmp_path / ".config" / "ardour7"
    assert {file.target.parent for file in ardour.files} == {ardour.found / "scripts"}


def test_again_is_no_harm(home: Path) -> None:
    install("--yes")
    before = written(home)
    assert install("--yes").exit_code == 0
    assert written(home) == before


def test_a_file_that_is_not_composers_is_left(home: Path) -> None:
    own = home / ".config" / "ardour7" / "scripts" / "composer_vary.lua"
    own.parent.mkdir()
    own.write_text("mine", encoding="utf-8")
    result = install("--yes")
    assert result.exit_code == 1
    [line] = result.stderr.splitlines()
    assert line == f"Error: {own} is there and not as composer wrote it; move it away first"
    assert own.read_text(encoding="utf-8") == "mine" and len(written(home)) == 1


def test_a_script_that_was_edited_is_kept_and_said(home: Path) -> None:
    install("--yes")
    edited = home / ".config" / "REAPER" / "Scripts" / "composer" / "composer_fill.lua"
    edited.write_text("-- mine\n", encoding="utf-8")
    result = install("--remove", "--yes")
    assert f"changed since, and kept: {edited}" in result.stdout
    assert [path for path in written(home) if path.endswith(".lua")] == [
        str(edited.relative_to(home))
    ]


def test_a_host_that_is_not_there_is_said_in_a_line(home: Path) -> None:
    result = install("--host", "live", "--yes")
    assert result.exit_code == 1
    assert result.stderr == "Error: Ableton Live was not found here; start it once, and try again\n"


def test_a_list_that_is_damaged_is_named(tmp_path: Path) -> None:
    (tmp_path / "installed-clients.json").write_text("{", encoding="utf-8")
    with pytest.raises(OutputError, match=r"installed-clients\.json cannot be read: .*; delete it"):
        Installation(tmp_path)


def test_for_another_daw_there_is_the_plug_in_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextlib.contextmanager
    def built(formats: Sequence[str]) -> Iterator[Path]:
        for format in formats:
            (tmp_path / "built").mkdir(exist_ok=True)
            (tmp_path / "built" / f"composer.{format}").write_text(format, encoding="utf-8")
        yield tmp_path / "built"

    home = tmp_path / "home"
    places = Places("linux", home, "")
    monkeypatch.setattr(Places, "here", classmethod(lambda cls: places))
    monkeypatch.setenv("COMPOSER_STATE", str(home / "state"))
    monkeypatch.setattr(plugin_build, "built", built)
    run = CliRunner().invoke
    none = run(verbs, ["install-clients", "--yes"])
    assert none.exit_code == 1 and "or --plugin for another DAW" in none.stderr
    assert run(verbs, ["install-clients", "--plugin", "--yes"]).exit_code == 0
    plugins = [path for path in written(home) if not path.startswith("state/")]
    assert plugins == [".clap/composer.clap", ".lv2/composer.lv2", ".vst3/composer.vst3"]
    assert run(verbs, ["install-clients", "--remove", "--yes"]).exit_code == 0
    assert written(home) == []


def test_the_list_has_checksums(home: Path) -> None:
    install("--yes")
    known = json.loads((home / "state" / "installed-clients.json").read_text(encoding="utf-8"))
    assert sorted(len(checksum) for checksum in known.values() if checksum != "folder") == [64] * 7


def test_a_doctor_says_which_hosts_there_are_and_what_is_missing(home: Path) -> None:
    facts: dict[str, object] = {}
    advice: list[str] = []
    found.tell_hosts(facts, advice, program=lambda name: None)
    assert facts["Ardour"] == f"found at {home}/.config/ardour7; 0 of 3 files there"
    assert facts["Ableton Live"] == "not found"
    assert facts["plug-in"] == "not installed"
    assert advice == [
        "for these hosts: composer install-clients --host ardour --host reaper",
        "for the plug-in: apt-get install g++ dpf-source, then composer install-clients",
    ]
    install("--yes")
    plugin_folder("lv2", Places("linux", home, "")).joinpath("composer.lv2").mkdir(parents=True)
    advice.clear()
    found.tell_hosts(facts, advice)
    assert facts["REAPER"] == f"found at {home}/.config/REAPER; 3 of 3 files there"
    assert facts["plug-in"] == "installed as LV2"
    assert not advice
