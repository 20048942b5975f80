"""The plug-in as LV2, VST3 and CLAP, built by its one command and loaded by small hosts."""

from __future__ import annotations

import ctypes
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import plugin_host
import pytest
from live.running import process
from plugin_host import PLUGIN

BUILD = plugin_host.build_script()
CONTROLLERS = BUILD.dpf_changes.CONTROLLERS
PARAMETERS = re.findall(
    r'^    \{"(\w+)", "', (PLUGIN / "src" / "parameters.hpp").read_text(encoding="utf-8"), re.M
)


def dpf_is_there() -> bool:
    try:
        BUILD.find_dpf(None)
        BUILD.find_toolchain(windows=False)
    except BUILD.BuildError:
        return False
    return True


needs_dpf = pytest.mark.skipif(
    not dpf_is_there() or sys.platform != "linux", reason="there is no compiler, or no dpf-source"
)


@needs_dpf
@pytest.mark.slow
@pytest.mark.timeout(900)
def test_all_formats_are_where_hosts_look_inside_them(built: Path) -> None:
    machine = os.uname().machine
    for path, symbol in (
        ("composer.lv2/composer.so", "lv2_descriptor"),
        (f"composer.vst3/Contents/{machine}-linux/composer.so", "GetPluginFactory"),
        ("composer.clap", "clap_entry"),
    ):
        assert hasattr(ctypes.CDLL(str(built / path)), symbol), path
    assert sorted(path.name for path in built.iterdir()) == [
        "composer.clap", "composer.lv2", "composer.vst3",
    ]  # fmt: skip


@needs_dpf
@pytest.mark.slow
@pytest.mark.timeout(900)
def test_lv2_hosts_are_told_of_every_parameter_and_of_rendering(built: Path) -> None:
    text = (built / "composer.lv2" / "composer.ttl").read_text(encoding="utf-8")
    symbols = re.findall(r'lv2:symbol "(\w+)"', text)
    assert set(PARAMETERS) - {"bypass"} <= set(symbols)
    assert len(PARAMETERS) == 16
    assert re.search(r'"offline" ;\s+lv2:designation lv2:freeWheeling', text)
    assert "lv2:designation lv2:enabled" in text
    assert 'rdfs:label  "accompany"' in text


@needs_dpf
@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.skipif(
    not (shutil.which("lv2_validate") and shutil.which("sord_validate")),
    reason="lv2_validate (lv2-dev) or sord_validate (sordi) is not installed",
)
def test_lv2_validates(built: Path) -> None:
    files = [str(path) for path in (built / "composer.lv2").glob("*.ttl")]
    done = subprocess.run(["lv2_validate", *files], capture_output=True, text=True)
    said = done.stdout + done.stderr
    blocks = said.split("error: ")[1:]
    # DPF names a brand and a label in MOD's vocabulary, which does not come with LV2's own.
    others = [block for block in blocks if "http://moddevices.com/ns/mod#" not in block]
    assert "Found" in said and not others, said


@needs_dpf
@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_clap_host_renders_the_answer_and_saves_the_parameters(
    built: Path, tmp_path: Path
) -> None:
    assert render("clap_host", built / "composer.clap", tmp_path) == IN_CLAP


@needs_dpf
@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_vst3_host_renders_the_answer_and_saves_the_parameters(
    built: Path, tmp_path: Path
) -> None:
    binary = built / f"composer.vst3/Contents/{os.uname().machine}-linux/composer.so"
    assert render("vst3_host", binary, tmp_path) == IN_VST3


WINDOWS = "x86_64-w64-mingw32-g++-posix"


@needs_dpf
@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.skipif(
    not (shutil.which("wine") and shutil.which(WINDOWS)),
    reason="Wine (wine64) or MinGW-w64 (g++-mingw-w64-x86-64-posix) is not installed",
)
def test_the_build_for_windows_does_the_same_under_wine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WINEPREFIX", str(tmp_path / "wine"))
    monkeypatch.setenv("WINEDEBUG", "-all")
    BUILD.build(tmp_path / "built", ["vst3", "clap"], windows=True, flags=["-O0"])
    clap = tmp_path / "built" / "composer.clap"
    assert render("clap_host", clap, tmp_path, windows=True) == IN_CLAP
    vst3 = tmp_path / "built" / "composer.vst3" / "Contents" / "x86_64-win" / "composer.vst3"
    assert render("vst3_host", vst3, tmp_path, windows=True) == IN_VST3


@needs_dpf
@pytest.mark.slow
@pytest.mark.timeout(900)
def test_pedalboard_loads_it_soon_and_gives_its_state_to_another(
    built: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pedalboard = pytest.importorskip("pedalboard", reason="pedalboard is not installed")
    monkeypatch.setenv("COMPOSER_OSC_PORT", "1")
    # What it starts never answers; loading, in which pedalboard renders, does not wait for it.
    monkeypatch.setenv("COMPOSER_COMMAND", "true")
    began = time.monotonic()
    first, second = (pedalboard.load_plugin(str(built / "composer.vst3")) for _ in range(2))
    assert time.monotonic() - began < 10
    own = list(first.parameters)[len(CONTROLLERS) :]
    assert own[:2] == ["mode", "temperature"] and len(own) == len(PARAMETERS)
    first.parameters["mode"].raw_value = 2 / 3
    first.parameters["temperature"].raw_value = 0.25
    first.process(np.zeros((2, 4800), np.float32), 48000)
    second.raw_state = first.raw_state
    assert second.parameters["mode"].string_value == "accompany"
    assert second.parameters["temperature"].raw_value == pytest.approx(0.25)


@needs_dpf
def test_this_dpf_can_be_changed_in_all_places(tmp_path: Path) -> None:
    assert BUILD.copy_dpf(BUILD.find_dpf(None), tmp_path / "dpf") == []


@needs_dpf
def test_another_dpf_is_said_and_left_whole(tmp_path: Path) -> None:
    shutil.copytree(BUILD.find_dpf(None), tmp_path / "theirs")
    path = tmp_path / "theirs" / "distrho" / "src" / "DistrhoPluginVST3.cpp"
    text = path.read_text(encoding="utf-8").replace("paramId % 130", "paramId % 131")
    path.write_text(text, encoding="utf-8")
    said = BUILD.copy_dpf(tmp_path / "theirs", tmp_path / "dpf")
    assert said == ["this DPF is another: " + BUILD.dpf_changes.CHANGES[2].without]
    header = "distrho/src/DistrhoPluginVST.hpp"
    assert (tmp_path / "dpf" / header).read_bytes() == (tmp_path / "theirs" / header).read_bytes()


ANSWERED = [
    "24000 on 60",  # what came in goes on
    "36000 off 60",
    "72000 on 72",  # the answer, on the third beat
    "84000 off 72",
    "sound passed",
]
IN_CLAP = [
    f"parameters {len(PARAMETERS)}",
    "parameter 0 2.00",  # mode
    "parameter 1 0.50",  # temperature
    "parameter 15 0.00",  # offline, which the host tells and no song keeps
    *ANSWERED,
]
IN_VST3 = [
    "name composer",
    f"parameters {len(PARAMETERS)} of {len(PARAMETERS) + len(CONTROLLERS)}",
    "4800 control 64 127",  # a pedal goes on, too
    "9600 control 64 0",
    *ANSWERED,
    "Mode 2.0000",
    "Temperature 0.5000",
]


def render(host: str, plugin: Path, folder: Path, *, windows: bool = False) -> list[str]:
    """What a host of a few lines prints of a plug-in that it renders offline."""
    compiler = WINDOWS if windows else plugin_host.compiler()
    assert compiler is not None
    program = folder / (f"{host}.exe" if windows else host)
    system = ["-static", "-D__USE_MINGW_ANSI_STDIO=1"] if windows else ["-ldl"]
    subprocess.run(
        [compiler, "-std=c++17", f"-I{BUILD.find_dpf(None)}/distrho/src",
         str(PLUGIN / "test" / f"{host}.cpp"), "-o", str(program), *system],
        check=True,
    )  # fmt: skip
    with process(folder / "state", "reply_port=9191") as (_, port):
        done = subprocess.run(
            [*(["wine"] if windows else []), program, plugin],
            capture_output=True, text=True, timeout=400,
            env=os.environ | {"COMPOSER_OSC_PORT": str(port), "COMPOSER_COMMAND": ""},
        )  # fmt: skip
    assert not done.returncode, done.stderr
    return done.stdout.splitlines()


def test_what_is_missing_is_said_in_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BUILD.BuildError, match=r"no DPF in .*apt-get install dpf-source"):
        BUILD.find_dpf(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CXX", raising=False)
    with pytest.raises(BUILD.BuildError, match="no C\\+\\+ compiler: install"):
        BUILD.find_toolchain(windows=False)
    with pytest.raises(BUILD.BuildError, match="mingw"):
        BUILD.find_toolchain(windows=True)


def test_every_setting_is_a_parameter_of_the_server_within_its_range() -> None:
    from composer.live.core.parameters import find

    text = (PLUGIN / "src" / "parameters.hpp").read_text(encoding="utf-8")
    rows = re.findall(
        r'\{"(\w+)", "[^"]+", ([\d.]+)f?, ([\d.]+)f?, ([\d.]+)f?, Use::Setting, (\w+), (\w+)', text
    )
    assert len(rows) == 8
    for name, low, high, usual, _, choices in rows:
        parameter = find(name)
        if choices != "nullptr":
            listed = re.search(rf"{choices}\[\] = \{{(.*?)\}};", text, re.S)
            assert listed is not None
            texts = re.findall(r'"([^"]+)"', listed[1])
            assert len(texts) == int(high) + 1
            for choice in texts:
                parameter.check(choice)
            assert texts[int(usual)] == parameter.default
            continue
        assert parameter.check(float(low)) is not None
        assert parameter.check(float(high)) is not None
        assert float(usual) == pytest.approx(float(parameter.default))
