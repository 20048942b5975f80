"""Builds the plug-in "composer" as LV2, VST3 and CLAP: `python clients/plugin/build.py`.

It needs a C++17 compiler and the DISTRHO Plugin Framework (DPF): on Debian and Ubuntu
`apt-get install g++ dpf-source`; elsewhere a clone of https://github.com/DISTRHO/DPF, named
by --dpf. Nothing of DPF is kept in this repository. `--windows` builds for Windows with
MinGW-w64 (`apt-get install g++-mingw-w64-x86-64-posix`).

What DPF lacks for this plug-in is changed in a copy of it beside the build, as dpf_changes.py
says. Where a version of DPF has these places elsewhere, the plug-in is built without, and that
is said.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import dpf_changes  # noqa: E402 - beside this script, which is in no package

SOURCES = [
    HERE / "src" / name
    for name in ("composer_plugin.cpp", "player.cpp", "connection.cpp", "server_process.cpp")
]
FORMATS = ("lv2", "vst3", "clap")
USUAL_DPF = (Path("/usr/share/dpf"), Path("/usr/local/share/dpf"))
LV2_OFFLINE = 'lv2:symbol "offline" ;\n'
LV2_FREEWHEEL = LV2_OFFLINE + "        lv2:designation lv2:freeWheeling ;\n"


class BuildError(Exception):
    """What is missing or went wrong, and what to do, in a line."""


class Toolchain(NamedTuple):
    """How to compile for a system.

    Attributes:
        compiler: The C++ compiler.
        system: linux, windows or macos.
        machine: As VST3 calls it: x86_64, aarch64 ...
    """

    compiler: str
    system: str
    machine: str

    @property
    def suffix(self) -> str:
        """Of a library."""
        return {"windows": ".dll", "macos": ".dylib"}.get(self.system, ".so")


def find_dpf(named: Path | None) -> Path:
    """The folder of DPF.

    Raises:
        BuildError: There is none.
    """
    for folder in (named,) if named else USUAL_DPF:
        if folder is not None and (folder / "distrho" / "DistrhoPluginMain.cpp").is_file():
            return folder
    place = f"in {named}" if named else "here"
    raise BuildError(
        f"there is no DPF {place}: apt-get install dpf-source, or clone "
        "https://github.com/DISTRHO/DPF and name its folder with --dpf"
    )


def find_toolchain(*, windows: bool) -> Toolchain:
    """The compiler to use.

    Raises:
        BuildError: There is none.
    """
    if windows:
        names, system, machine = ["x86_64-w64-mingw32-g++-posix"], "windows", "x86_64"
        advice = "apt-get install g++-mingw-w64-x86-64-posix"
    else:
        names = [os.environ.get("CXX", ""), "g++", "clang++"]
        system = {"Darwin": "macos", "Windows": "windows"}.get(platform.system(), "linux")
        machine = platform.machine().lower().replace("amd64", "x86_64").replace("arm64", "aarch64")
        advice = "install g++ or clang++, or name one in CXX"
    for name in names:
        if name and shutil.which(name):
            return Toolchain(name, system, machine)
    raise BuildError(f"there is no C++ compiler: {advice}")


def binary_path(format: str, tools: Toolchain) -> Path:
    """Where a format has its binary, inside the folder of builds."""
    if format == "lv2":
        return Path("composer.lv2") / f"composer{tools.suffix}"
    if format == "clap":
        bundled = tools.system == "macos"
        return Path("composer.clap/Contents/MacOS/composer" if bundled else "composer.clap")
    inside = {
        "linux": f"{tools.machine}-linux/composer.so",
        "windows": f"{tools.machine}-win/composer.vst3",
        "macos": "MacOS/composer",
    }
    return Path("composer.vst3", "Contents", inside[tools.system])


def copy_dpf(dpf: Path, to: Path) -> list[str]:
    """Copy DPF's sources and change them. Returns what could not be done."""
    if to.exists():
        shutil.rmtree(to)
    shutil.copytree(dpf / "distrho", to / "distrho")
    (to / "dgl").mkdir()  # DPF's graphics, which this plug-in does without
    shutil.copytree(dpf / "utils" / "symbols", to / "symbols")
    return [
        f"this DPF is another: {change.without}"
        for change in dpf_changes.CHANGES
        if not change.apply(to)
    ]


def compile_format(format: str, tools: Toolchain, dpf: Path, out: Path, flags: list[str]) -> Path:
    """Compile the plug-in in a format. Returns its binary."""
    binary = out / binary_path(format, tools)
    binary.parent.mkdir(parents=True, exist_ok=True)
    command = [
        tools.compiler, "-std=c++17", "-O2", "-Wall", "-fvisibility=hidden", "-shared",
        f"-DDISTRHO_PLUGIN_TARGET_{format.upper()}", f"-I{HERE / 'src'}",
        f"-I{dpf / 'distrho'}", f"-I{dpf / 'dgl'}",
        *map(str, SOURCES), str(dpf / "distrho" / "DistrhoPluginMain.cpp"),
        "-o", str(binary), *flags,
    ]  # fmt: skip
    symbols = dpf / "symbols" / ("lv2-dsp" if format == "lv2" else format)
    if tools.system == "linux":
        command += ["-fPIC", "-pthread", "-ldl", f"-Wl,--version-script={symbols}.version"]
    elif tools.system == "macos":
        command += ["-fPIC", f"-Wl,-exported_symbols_list,{symbols}.exp", "-framework", "Cocoa"]
    else:
        command += ["-DNOMINMAX", f"{symbols}.def", "-static", "-lws2_32", "-lole32", "-luuid"]
    run(command)
    return binary


def describe_lv2(binary: Path) -> None:
    """Write what LV2 hosts read of the plug-in, which the plug-in itself knows."""
    library = ctypes.CDLL(str(binary))
    before = Path.cwd()
    os.chdir(binary.parent)
    try:
        library.lv2_generate_ttl(binary.stem.encode())
    finally:
        os.chdir(before)
    path = binary.parent / "composer.ttl"
    text = path.read_text(encoding="utf-8")
    if text.count(LV2_OFFLINE) != 1:
        raise BuildError(f"{path} has no port 'offline'")
    path.write_text(text.replace(LV2_OFFLINE, LV2_FREEWHEEL), encoding="utf-8")


def run(command: Sequence[str]) -> None:
    """Run a compiler.

    Raises:
        BuildError: It failed.
    """
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise BuildError(f"{command[0]} failed:\n{done.stderr.strip()}")


def build(
    out: Path,
    formats: Sequence[str] = FORMATS,
    *,
    dpf: Path | None = None,
    windows: bool = False,
    flags: Sequence[str] = (),
) -> list[Path]:
    """Build the plug-in.

    Args:
        out: Folder to build in.
        formats: Of `FORMATS`.
        dpf: Folder of DPF; None for where Debian has it.
        windows: Whether for Windows, from another system.
        flags: For the compiler, as well.

    Returns:
        What is to be put where hosts look: a bundle or file for each format.

    Raises:
        BuildError: Something is missing, or does not compile.
    """
    tools = find_toolchain(windows=windows)
    own_dpf = out / "dpf"
    out.mkdir(parents=True, exist_ok=True)
    built = []
    try:
        for remark in copy_dpf(find_dpf(dpf), own_dpf):
            print(remark, file=sys.stderr)
        for format in formats:
            binary = compile_format(format, tools, own_dpf, out, list(flags))
            if format == "lv2" and not windows:
                describe_lv2(binary)
            built.append(out / binary_path(format, tools).parts[0])
    finally:
        shutil.rmtree(own_dpf, ignore_errors=True)
    return built


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--out", type=Path, default=Path("build") / "plugin", help="folder to build in"
    )
    parser.add_argument("--format", action="append", choices=FORMATS, help="repeatable; all if not")
    parser.add_argument("--dpf", type=Path, help="folder of DPF; usually where Debian has it")
    parser.add_argument("--windows", action="store_true", help="build for Windows, with MinGW-w64")
    arguments = parser.parse_args()
    formats = arguments.format or [f for f in FORMATS if not (arguments.windows and f == "lv2")]
    try:
        built = build(arguments.out, formats, dpf=arguments.dpf, windows=arguments.windows)
    except BuildError as error:
        print(f"build.py: {error}", file=sys.stderr)
        return 1
    for path in built:
        print(path)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
