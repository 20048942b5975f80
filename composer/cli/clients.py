"""The verb `install-clients`: files for DAWs and other hosts, put where these look."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from composer import terminal
from composer.clients.hosts import HOSTS
from composer.errors import DependencyError, SettingError

if TYPE_CHECKING:
    from composer.clients.hosts import ClientFile, Places
    from composer.clients.installation import Installation


def add_to(verbs: click.Group) -> None:
    """Add this module's verb to a group."""
    verbs.add_command(install_clients)


@click.command("install-clients")
@click.option(
    "--host",
    "names",
    multiple=True,
    type=click.Choice(HOSTS),
    help="Only for this host; repeatable. All that are found if not given.",
)
@click.option(
    "--plugin", is_flag=True, help="The plug-in in all formats, for other DAWs than these, too."
)
@click.option(
    "--no-plugin", is_flag=True, help="Only scripts and patches; do not build the plug-in."
)
@click.option("--remove", is_flag=True, help="Take away what was put there.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def install_clients(
    names: tuple[str, ...], plugin: bool, no_plugin: bool, remove: bool, yes: bool
) -> None:
    """Put plug-in, actions and patches where DAWs and other hosts look for them.

    It lists what it is going to write, asks, and remembers it: --remove takes it away again.

    \b
    Example:
      composer install-clients
      composer install-clients --host ardour --host reaper
      composer install-clients --plugin
      composer install-clients --remove
    """
    from composer.clients.hosts import FORMATS, Places, hosts, unneeded
    from composer.clients.installation import Installation
    from composer.user_folders import state_folder

    places = Places.here()
    chosen = [host for host in hosts(places) if not names or host.name in names]
    installation = Installation(state_folder())
    if remove:
        others = [host for host in hosts(places) if host not in chosen]
        _remove(installation, unneeded(installation.paths, chosen, others, places), yes)
        return
    found = [host for host in chosen if host.found is not None]
    for host in chosen:
        if host.found is None and names:
            raise SettingError(f"{host.title} was not found here; start it once, and try again")
    if not found and not plugin:
        raise SettingError(
            "no host was found; start yours once and try again, or --plugin for another DAW"
        )
    wanted = FORMATS if plugin else {format for host in found for format in host.formats}
    formats = [format for format in FORMATS if format in wanted and not no_plugin]
    contents = _contents(file for host in found for file in host.files)
    contents |= _plugin(formats, places) if formats else {}
    click.echo("This writes")
    for path in contents:
        click.echo(f"  {path}")
    if not yes and not click.confirm("Go on?"):
        raise click.Abort
    installation.write(contents)
    for host in found:
        click.echo(f"{host.title}: {host.after}.")


def _contents(wanted: Iterable[ClientFile]) -> dict[Path, bytes]:
    from composer.clients.client_files import content, server_command
    from composer.user_folders import state_folder

    command = server_command()
    contents = {file.target: content(file, command) for file in wanted}
    # The plug-in starts a server by this where none runs.
    contents[state_folder() / "server-command"] = "".join(f"{word}\n" for word in command).encode()
    return contents


def _plugin(formats: Sequence[str], places: Places) -> dict[Path, bytes]:
    """What was built; nothing, and a line that says why, where it could not be."""
    from composer.clients import plugin_build

    terminal.say(f"Building the plug-in ({', '.join(formats)}) ...")
    try:
        with plugin_build.built(formats) as folder:
            return plugin_build.contents(folder, formats, places)
    except DependencyError as error:
        terminal.say(f"Without the plug-in: {error}")
        return {}


def _remove(installation: Installation, paths: list[Path], yes: bool) -> None:
    if not paths:
        click.echo("There is nothing to take away.")
        return
    click.echo("This deletes")
    for path in paths:
        click.echo(f"  {path}")
    if not yes and not click.confirm("Go on?"):
        raise click.Abort
    for path in installation.remove(paths):
        click.echo(f"changed since, and kept: {path}")
