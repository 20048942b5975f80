"""Verbs about what there is: models to play with and music to train on."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from composer import terminal


def add_to(verbs: click.Group) -> None:
    """Add this module's verbs to a group."""
    verbs.add_command(corpora)
    verbs.add_command(models)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
def models(as_json: bool) -> None:
    """List the models there are.

    \b
    Example:
      composer models
    """
    from composer import models as library

    found = library.installed()
    if as_json:
        click.echo(json.dumps([asdict(info) for info in found], indent=2, default=str))
        return
    for info in found:
        click.echo(str(info))


@click.group()
def corpora() -> None:
    """List the music there is to train on, and fetch it.

    \b
    Example:
      composer corpora list
      composer corpora get pop909 --to corpora
    """


@corpora.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
def list_corpora(as_json: bool) -> None:
    """List the corpora, with their licences and sizes.

    \b
    Example:
      composer corpora list
    """
    from composer.corpora.catalogue import catalogue

    found = catalogue()
    if as_json:
        click.echo(json.dumps([asdict(corpus) for corpus in found], indent=2, ensure_ascii=False))
        return
    for corpus in found:
        pieces = "" if corpus.pieces is None else f", {corpus.pieces} pieces"
        size = "" if corpus.size is None else f", {corpus.size / 1e6:.0f} MB"
        use = "" if corpus.commercial else ", no commercial use"
        by_hand = "" if corpus.archive else ", to be fetched by hand"
        click.echo(f"{corpus.name}: {corpus.title}")
        click.echo(f"    {corpus.licence}{use}{pieces}{size}{by_hand}")


@corpora.command("get")
@click.argument("name", metavar="NAME")
@click.option(
    "--to",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("corpora"),
    show_default=True,
    help="Folder in which corpora are kept.",
)
def get_corpus(name: str, folder: Path) -> None:
    """Fetch a corpus and unpack it; prints where its music lies.

    \b
    Example:
      composer corpora get pop909 --to corpora
    """
    from composer.corpora.catalogue import find, get

    corpus = find(name)
    if not corpus.commercial:
        terminal.say(f"{corpus.name} is {corpus.licence}: not for commercial use")
    with terminal.bar(f"Fetching {corpus.name}", "bytes") as advance:
        place = get(corpus, folder, progress=advance)
    click.echo(str(place / corpus.inside))
