"""The verb `taste`: what a profile has learnt, and marks given in a list of rated takes."""

from __future__ import annotations

from pathlib import Path

import click

from composer import terminal


def add_to(verbs: click.Group) -> None:
    """Add this module's verb to a group."""
    verbs.add_command(taste)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def taste() -> None:
    """Say what a profile has learnt of a taste, teach it, or let it forget.

    A profile is a small file that is kept by NAME; a NAME that ends in .json is a file of yours.
    It learns from marks in a jam (`composer serve --profile NAME`) and from rated takes.

    \b
    Example:
      composer batch seeds takes --variations 4 --rate
      composer taste learn mine takes/ratings.csv
      composer taste show mine
      composer generate --seed song.mid --profile mine
    """


@taste.command()
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print the profile itself.")
def show(name: str, as_json: bool) -> None:
    """Say what has been learnt.

    \b
    Example:
      composer taste show mine
    """
    from composer.taste.profile import parse, profile_text
    from composer.taste.words import told
    from composer.user_folders import profiles_folder

    text = profile_text(name, profiles_folder())
    if as_json:
        click.echo(text, nl=False)
        return
    for sentence in told(parse(text)):
        click.echo(sentence)


@taste.command()
@click.argument("name")
@click.argument("ratings", type=click.Path(path_type=Path))
def learn(name: str, ratings: Path) -> None:
    """Learn from RATINGS, a list of rated takes as `composer batch --rate` writes it.

    In its column "rating", like or + is a take that you like, dislike or - one that you do not;
    takes without a rating are passed over.

    \b
    Example:
      composer taste learn mine takes/ratings.csv
    """
    from composer.taste.profile import load, path_of, save
    from composer.taste.ratings import read_ratings
    from composer.taste.words import told
    from composer.user_folders import profiles_folder

    path = path_of(name, profiles_folder())
    preference = load(path)
    marked = 0
    for traits, liked in read_ratings(ratings):
        preference.played(traits)
        if liked is not None:
            preference.mark(traits, liked)
            marked += 1
    save(preference, path)
    terminal.say(f"{path}: {terminal.counted(marked, 'mark')} more.")
    for sentence in told(preference):
        click.echo(sentence)


@taste.command()
@click.argument("name")
def reset(name: str) -> None:
    """Forget all marks of a profile.

    \b
    Example:
      composer taste reset mine
    """
    from composer.taste.profile import parse, path_of, profile_text, save
    from composer.user_folders import profiles_folder

    folder = profiles_folder()
    preference = parse(profile_text(name, folder))
    preference.reset()
    save(preference, path_of(name, folder))
    click.echo(f"{name} has forgotten its marks.")
