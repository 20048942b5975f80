"""docs/web.md has the requests that there are, and names nothing that there is not."""

from __future__ import annotations

import os
import re

from guides import ROOT

from composer.live.wire.osc_addresses import OUTGOING
from composer.live.wire.osc_handlers import INCOMING
from composer.web.openapi import GETS
from composer.web.requests import REQUESTS

PAGE = ROOT / "docs" / "web.md"
BEGIN = "<!-- requests: written by tests/web/test_docs.py -->\n"
END = "<!-- end of requests -->"


def rows() -> str:
    lines = ["| request | what it does | fields beside the music | answer |", "|---|---|---|---|"]
    for request in REQUESTS.values():
        takes = "; ".join(f"`{name}`: {text}" for name, text in request.takes.items())
        gives = ", ".join(f"`{name}`" for name in request.gives)
        lines.append(f"| `POST /v1/{request.name}` | {request.help} | {takes} | {gives} |")
    for path, text in GETS.items():
        lines.append(f"| `GET {path}` | {text} | | |")
    return "\n".join(lines) + "\n"


def test_the_page_has_the_tables_rows() -> None:
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    written, _, after = rest.partition(END)
    if os.environ.get("COMPOSER_WRITE_DOCS"):
        PAGE.write_text(before + BEGIN + rows() + END + after, encoding="utf-8", newline="\n")
        return
    assert written == rows(), "COMPOSER_WRITE_DOCS=1 pytest tests/web/test_docs.py writes it anew"


def test_what_the_page_names_is_there() -> None:
    from composer.cli.generate import generate
    from composer.cli.live import serve

    text = PAGE.read_text(encoding="utf-8")
    for link in re.findall(r"\]\(([^)#]+)\)", text):
        assert link.startswith("https://") or (PAGE.parent / link).exists(), link
    options = {name for verb in (serve, generate) for one in verb.params for name in one.opts}
    for option in re.findall(r"composer (?:serve|generate)[^\n`]*?(--[a-z][a-z-]+)", text):
        assert option in options, option
    known = {row.name for row in (*INCOMING, *OUTGOING)} | {"/composer/page"}
    for name in re.findall(r"(?<![\w/])/composer/[a-z/]+[a-z]", text):
        assert name in known, name
