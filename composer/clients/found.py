"""Found: what `composer doctor` says of hosts, and of what is missing for them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from composer.clients.hosts import FORMATS, Places, hosts, plugin_folder


def tell_hosts(
    facts: dict[str, Any],
    advice: list[str],
    places: Places | None = None,
    program: Callable[[str], object] = shutil.which,
) -> None:
    """Add which hosts were found, and what would help, to a doctor's findings.

    Args:
        facts: Names and values.
        advice: A line each.
        places: Where to look; None for this computer.
        program: Says whether there is a program of a name.
    """
    places = places or Places.here()
    missing = []
    formats: set[str] = set()
    for host in hosts(places):
        if host.found is None:
            facts[host.title] = "not found"
            continue
        there = [file.target for file in host.files if file.target.exists()]
        facts[host.title] = f"found at {host.found}; {len(there)} of {len(host.files)} files there"
        formats.update(host.formats)
        if len(there) < len(host.files):
            missing.append(f"--host {host.name}")
    built = [
        format.upper()
        for format in FORMATS
        if (plugin_folder(format, places) / f"composer.{format}").exists()
    ]
    facts["plug-in"] = f"installed as {', '.join(built)}" if built else "not installed"
    if missing:
        advice.append(f"for these hosts: composer install-clients {' '.join(missing)}")
    if formats and not built:
        advice.append(_plugin_advice(places, program))


def _plugin_advice(places: Places, program: Callable[[str], object]) -> str:
    compiler = program("g++") or program("clang++")
    framework = Path("/usr/share/dpf").is_dir()
    if compiler and (framework or places.system != "linux"):
        return "for the plug-in: composer install-clients builds it"
    if places.system == "linux":
        return "for the plug-in: apt-get install g++ dpf-source, then composer install-clients"
    return "for the plug-in: a C++ compiler and DPF; see docs/clients/plugin.md"
