"""The verb `study`: a page about one piece, or about two side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from composer import terminal
from composer.cli.options import model_option


def add_to(verbs: click.Group) -> None:
    """Add this module's verb to a group."""
    verbs.add_command(study)


@click.command()
@click.argument("file", required=False)
@click.option(
    "--compare",
    nargs=2,
    metavar="A B",
    help="Two pieces side by side: a seed and its continuation, an exercise and its model.",
)
@click.option(
    "--out", metavar="HTML", help="The page.  [default: FILE-study.html, A-and-B-study.html]"
)
@click.option("--json", "as_json", is_flag=True, help="Print what is found; a page only by --out.")
@click.option("--no-network", is_flag=True, help="The music alone: no surprise, no LSTM.")
@model_option
@click.option("--force", is_flag=True, help="Overwrite a page that exists.")
def study(
    file: str | None,
    compare: tuple[str, str] | None,
    out: str | None,
    as_json: bool,
    no_network: bool,
    model: str,
    force: bool,
) -> None:
    """Write a page to study FILE with: what the music does, and what the LSTM makes of it.

    Keys, chords with Roman numerals, cadences, phrases, form, motifs, counterpoint and texture,
    each with how sure it is; the notes that surprised the network, with what it expected instead,
    to be heard; its gates and cells over the piece. One file that needs nothing but a browser.

    \b
    Example:
      composer study chorale.mid
      composer study song.mid --out song.html --json > song.json
      composer study --compare seed.mid seed-continued.mid
    """
    import json

    from composer import files, models
    from composer.network.numpy_trunk import load_float
    from composer.study.comparison import compare_studies, comparison_page
    from composer.study.document import document_of
    from composer.study.music import open_music
    from composer.study.page import study_page
    from composer.study.study import study_piece

    if (file is None) == (compare is None):
        raise click.UsageError("give a FILE, or --compare with two")
    names = list(compare or (str(file),))
    pieces = [open_music(name) for name in names]
    page = Path(out) if out else Path(f"{'-and-'.join(one.path.stem for one in pieces)}-study.html")

    def found() -> dict[str, Any]:
        predictor = None if no_network else load_float(models.find(model))
        studies = [study_piece(piece, predictor) for piece in pieces]
        documents = [document_of(one, model) for one in studies]
        if len(studies) == 1:
            return documents[0]
        return {
            "format": "composer study of two",
            "version": 1,
            "studies": documents,
            "compared": compare_studies(*studies),
        }

    if as_json and out is None:
        document = found()
    else:
        # The file is begun first: that it may not be written is said before the work.
        with files.whole(page, force=force) as stream:
            document = found()
            drawn = comparison_page(document) if compare else study_page(document)
            stream.write(drawn.encode("utf-8", "xmlcharrefreplace"))
    for piece in pieces:
        for line in piece.remarks:
            terminal.say(f"{piece.path.name}: {line}")
    if as_json:
        click.echo(json.dumps(document))
        return
    for one in document.get("studies", [document]):
        if compare:
            click.echo(f"{one['file']}:")
        for statement in one["statements"]:
            click.echo(f"{statement['text']} [{statement['sure_words']}]")
    terminal.say(f"Written: {page}")
