"""The documents say what the code does. COMPOSER_WRITE_DOCS=1 writes the tables anew."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path

import pytest

from composer.live.core.parameters import PARAMETERS, Parameter
from composer.live.wire.osc_addresses import KINDS, OUTGOING, Address
from composer.live.wire.osc_handlers import INCOMING

DOCS = Path(__file__).parents[2] / "docs"


def address_rows(table: Iterable[Address]) -> list[str]:
    return [f"| `{row.name}` | {row.arguments} | {row.help} |" for row in table]


def parameter_row(parameter: Parameter) -> str:
    if parameter.choices:
        values = ", ".join(parameter.choices)
    elif isinstance(parameter.default, str):
        values = "text"
    else:
        values = f"{parameter.low:g} to {parameter.high:.10g}"
        if parameter.fader != (parameter.low, parameter.high):
            values += f" (fader: {parameter.fader[0]:g} to {parameter.fader[1]:g})"
    default = parameter.default if isinstance(parameter.default, str) else f"{parameter.default:g}"
    return f"| `{parameter.name}` | {values} | {default} | {parameter.text} |"


def tables() -> list[list[str]]:
    return [
        address_rows(INCOMING),
        address_rows(OUTGOING),
        [f"| {name} | {kind.values} |" for name, kind in KINDS.items()],
        [parameter_row(parameter) for parameter in PARAMETERS.values()],
    ]


def test_the_osc_reference_has_the_codes_tables() -> None:
    path = DOCS / "osc.md"
    text = path.read_text(encoding="utf-8")
    if os.environ.get("COMPOSER_WRITE_DOCS"):
        parts = re.split(r"(\n\|---[-|]*\|\n)((?:\|.*\n|[A-Z]+\n)*)", text)
        for index, rows in enumerate(tables()):
            parts[2 + 3 * index] = "\n".join(rows) + "\n"
        path.write_text("".join(parts), encoding="utf-8")
        text = path.read_text(encoding="utf-8")
    for rows in tables():
        assert "\n".join(rows) in text


PAGES = [DOCS / "jam.md", DOCS / "osc.md", *sorted((DOCS / "clients").glob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_page_names_is_there(page: Path) -> None:
    from composer.cli.bench import live
    from composer.cli.clients import install_clients
    from composer.cli.live import serve

    text = page.read_text(encoding="utf-8")
    for link in re.findall(r"\]\(([^)#]+)\)", text):
        assert link.startswith("https://") or (page.parent / link).exists(), link
    spoken_of = (serve, live, install_clients)
    options = {name for verb in spoken_of for option in verb.params for name in option.opts}
    for option in re.findall(r"`?(?<!\w)(--[a-z][a-z-]+)", text):
        assert option in options, option
    known = {address.name for address in (*INCOMING, *OUTGOING)}
    for name in re.findall(r"/composer/[a-z/]+[a-z]", text):
        assert re.sub(r"^/composer/param.*", "/composer/param/NAME", name) in known, name
