"""Settings as options: those of `composer.generation.parameters`, given to a command and read."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import click

from composer.errors import SettingError
from composer.generation.parameters import PARAMETERS, Parameter, pitch_range_in


def pitch_range(ctx: Any, param: Any, value: str | None) -> tuple[int, int] | None:
    """Read "48-72"."""
    del ctx, param
    try:
        return None if value is None else pitch_range_in(value)
    except SettingError as error:
        raise click.BadParameter(str(error)) from None


def _option(parameter: Parameter, default: Any) -> Callable[..., Any]:
    """The option of one parameter."""
    # Where a default is not the same everywhere, it is not given to click but said in the help.
    settled = parameter.kind is not float and parameter.name != "bars"
    text = parameter.help
    if not settled and parameter.default_text:
        text += f"  [default: {parameter.default_text}]"
    return click.option(
        f"--{parameter.label}",
        type=click.Choice(parameter.choices) if parameter.choices else parameter.kind,
        default=default if settled else None,
        show_default=settled and default is not None,
        help=text,
        metavar=parameter.metavar,
        multiple=parameter.many,
        callback=pitch_range if parameter.name == "pitch_range" else None,
    )


def with_settings(
    takes: int, without: Collection[str] = ()
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a command the options of `composer.generation.parameters`.

    Args:
        takes: The command's own default of `--takes`.
        without: Names of those that it does not have.
    """

    def give(command: Callable[..., Any]) -> Callable[..., Any]:
        for parameter in reversed(PARAMETERS.values()):
            if parameter.name in without:
                continue
            default = takes if parameter.name == "takes" else parameter.default
            command = _option(parameter, default)(command)
        return command

    return give


def settings_from(options: dict[str, Any]) -> Any:
    """Take the options of `with_settings` out of a command's arguments, as Settings.

    Raises:
        SettingError: A value is out of range, or a file that one names cannot be read.
    """
    from composer.generation.part_names import names_in
    from composer.generation.settings import AUTO, OFF, Settings
    from composer.planning import plan_file
    from composer.planning.chart import chart_text
    from composer.taste.profile import profile_text
    from composer.user_folders import profiles_folder

    values = {
        name: options.pop(name, None if name == "bars" else parameter.default)
        for name, parameter in PARAMETERS.items()
    }
    for name in ("drums", "no_drums"):
        values[name] = values[name] or ()
    if values["rng_seed"] is None:
        values["rng_seed"] = secrets.randbelow(1_000_000)
    values["parts"] = (values["parts"] or "",)
    for name in ("parts", "drums", "no_drums"):
        values[name] = tuple(text for given in values[name] for text in names_in(given))
    if values["plan"] not in (AUTO, OFF):
        values["plan"] = plan_file.text_of(Path(values["plan"]))
    if values["profile"]:
        values["profile"] = profile_text(values["profile"], profiles_folder())
    if values["chords"]:
        values["chords"] = chart_text(values["chords"])
    return Settings(**values)
