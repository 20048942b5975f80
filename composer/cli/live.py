"""Verbs for playing live: `serve`, `ports`, `panic`, `doctor`."""

from __future__ import annotations

import json
import sys
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from composer import terminal
from composer.cli.options import model_option
from composer.errors import ComposerError, DependencyError, SettingError

if TYPE_CHECKING:
    from composer.live.app import App
    from composer.web.web_process import Web

MODES = ["call", "continue", "accompany", "off"]


def add_to(verbs: click.Group) -> None:
    """Add this module's verbs to a group."""
    verbs.add_command(serve)
    verbs.add_command(ports)
    verbs.add_command(panic)
    verbs.add_command(doctor)


def _config(context: click.Context, option: click.Parameter, path: Path | None) -> Path | None:
    """Take the options in a config file for the defaults of this command's own."""
    from composer.live import config_file

    if path is None:
        return None
    config = config_file.read(path)
    known = {
        one.opts[0].lstrip("-").replace("-", "_"): str(one.name)
        for one in context.command.params
        if one is not option
    }
    for name in config.serve:
        if name not in known:
            raise SettingError(f"{path}: 'composer serve' has no option {name!r}")
    context.default_map = {known[name]: value for name, value in config.serve.items()}
    context.meta["composer.parameters"] = tuple(config.parameters.items())
    return path


@click.command()
@click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    is_eager=True,
    callback=_config,
    help="File with options, parameters and presets; see docs/web.md.",
)
@click.option(
    "--osc-port",
    type=click.IntRange(0, 65535),
    default=9190,
    show_default=True,
    help="UDP port to listen on; 0 takes a free one.",
)
@click.option(
    "--reply-port",
    type=click.IntRange(1, 65535),
    default=9191,
    show_default=True,
    help="UDP port of the sender to which replies go.",
)
@click.option(
    "--reply-source",
    is_flag=True,
    help="Reply to the port that was sent from; every client has its own session.",
)
@click.option("--listen", is_flag=True, help="Be reachable from other computers.")
@click.option(
    "--midi-in",
    multiple=True,
    metavar="NAME",
    help="MIDI port to listen to, or a part of its name.",
)
@click.option(
    "--midi-out", multiple=True, metavar="NAME", help="MIDI port to play to, or a part of its name."
)
@click.option("--virtual", metavar="NAME", help="Make MIDI ports of this name.")
@click.option("--no-midi", is_flag=True, help="Open no MIDI ports, whatever the other options say.")
@click.option(
    "--mode", type=click.Choice(MODES), default="call", show_default=True, help="Mode at the start."
)
@click.option(
    "--tempo",
    type=click.FloatRange(10, 400),
    metavar="BPM",
    help="Keep this tempo; without one, time is free.",
)
@click.option(
    "--set",
    "given",
    multiple=True,
    metavar="NAME=VALUE",
    help="A parameter of docs/osc.md with which sessions begin; repeatable.",
)
@click.option("--web", is_flag=True, help="Open a page in the browser to play, see and steer.")
@click.option(
    "--web-port",
    type=click.IntRange(0, 65535),
    default=9180,
    show_default=True,
    help="TCP port of the page and of the interface for programs; 0 takes a free one.",
)
@click.option("--no-browser", is_flag=True, help="Say the page's address, and do not open it.")
@click.option("--link", is_flag=True, help="Follow Ableton Link.")
@click.option(
    "--learn",
    is_flag=True,
    help="Ask for a controller for each usual parameter, and for like, dislike and again.",
)
@click.option(
    "--profile", metavar="NAME", help="Begin with this taste, and keep what marks teach in it."
)
@click.option(
    "--log",
    "logs",
    type=click.Path(path_type=Path, file_okay=False),
    show_default="your data folder, the last 500",
    help="Folder in which every jam is kept as a MIDI file.",
)
@click.option("--no-log", is_flag=True, help="Keep nothing.")
@click.option(
    "--files",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Folder for /composer/seed and /composer/save.",
)
@model_option
@click.option(
    "--processes",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    help="Share the players out among so many processes (Linux, with --reply-source).",
)
@click.option(
    "--server-worker",
    is_flag=True,
    hidden=True,
    help="Be one of the processes: share the port, and end when standard input does.",
)
@click.option(
    "--end-when-idle",
    type=click.FloatRange(1),
    metavar="SECONDS",
    help="End when nothing has come for so long; for a server that a plug-in starts.",
)
@click.option("--json", "as_json", is_flag=True, help="Say that it is ready as a line of JSON.")
@click.option("--quiet", is_flag=True, help="No view of what goes on.")
def serve(**options: Any) -> None:
    """Play live: listen to phrases over OSC and MIDI, and answer them.

    Ends with Ctrl-C, and silences everything it started.

    \b
    Examples:
      composer serve
      composer serve --web
      composer serve --midi-in Keystation --midi-out "IAC Driver" --tempo 110
      composer serve --virtual composer --mode accompany
    """  # fmt: skip
    from contextlib import nullcontext

    from composer import models
    from composer.live.app import Options, open_app, signals_stop
    from composer.live.log_keeper import KEPT
    from composer.live.playing.batch_slots import BLOCKS
    from composer.live.worker_processes import at_end_of_input
    from composer.network.predictor import Predictor
    from composer.taste.profile import path_of
    from composer.user_folders import jams_folder, profiles_folder

    if options["profile"] and options["processes"] > 1:
        raise click.UsageError("one process keeps a profile: leave --processes or --profile out")
    midi = not options["no_midi"]
    if options["learn"] and not (midi and (options["midi_in"] or options["virtual"])):
        raise click.UsageError("--learn needs a MIDI port to listen to: --midi-in or --virtual")
    chosen = Options(
        osc_port=options["osc_port"],
        reply_port=None if options["reply_source"] else options["reply_port"],
        listen=options["listen"],
        midi_in=options["midi_in"] if midi else (),
        midi_out=options["midi_out"] if midi else (),
        virtual=options["virtual"] if midi else None,
        mode=options["mode"],
        tempo=options["tempo"],
        logs=None if options["no_log"] else options["logs"] or jams_folder(),
        logs_kept=None if options["logs"] else KEPT,
        files=options["files"],
        link=options["link"],
        learn=options["learn"],
        profile=options["profile"] and path_of(options["profile"], profiles_folder()),
        model=options["model"],
        end_when_idle=options["end_when_idle"],
        processes=options["processes"],
        worker=options["server_worker"],
        parameters=(
            *click.get_current_context().meta.get("composer.parameters", ()),
            *_named(options["given"]),
        ),
    )
    predictor = Predictor.load(models.find(options["model"]), threads=1, sizes=BLOCKS)
    beside = _web(options) if options["web"] else nullcontext()
    with beside as web, open_app(chosen, predictor, web.live if web else None) as app:
        from composer.live.console_view import view_of

        if web is not None:
            web.live.attach(app.server)
            app.ready |= {"web_port": web.port, "web_url": web.url}
            app.ready["web_pid"] = web.pid
        if chosen.worker:
            at_end_of_input(app.server.stop)
        with signals_stop(app.server):
            say_ready(app, as_json=options["as_json"])
            if web is not None and not (options["no_browser"] or options["as_json"]):
                import webbrowser

                webbrowser.open(web.url)
            app.ask()
            with view_of(app, shown=not options["quiet"] and not options["as_json"]):
                app.server.run()
    if not options["as_json"]:
        terminal.say("Stopped; everything is silent.")


def _named(given: tuple[str, ...]) -> list[tuple[str, float | str]]:
    """Read NAME=VALUE, any number of times."""
    from composer.live.core.parameters import find

    rows = []
    for text in given:
        name, equals, value = text.partition("=")
        if not equals:
            raise click.BadParameter(f"{text!r} is not NAME=VALUE", param_hint="--set")
        parameter = find(name.strip())
        rows.append((parameter.name, parameter.check(value.strip())))
    return rows


def _web(options: dict[str, Any]) -> AbstractContextManager[Web]:
    """The web server that belongs to a server of these options."""
    from composer.live import config_file
    from composer.web.token_file import token
    from composer.web.web_process import WebOptions, web_process

    return web_process(
        WebOptions(
            token=token(),
            config=options["config"] or config_file.usual_path(),
            port=options["web_port"],
            listen=options["listen"],
            model=options["model"],
        )
    )


def say_ready(app: App, *, as_json: bool) -> None:
    """Tell, on standard output, that it is ready and where."""
    ready = app.ready
    if as_json:
        click.echo(json.dumps(ready))
    else:
        replies = ready["reply_port"] or "the sender's port"
        click.echo(
            f"Ready: OSC on {ready['osc_host']} UDP {ready['osc_port']}, replies to {replies}"
        )
        if ready["midi_in"]:
            click.echo(f"MIDI: listening to {', '.join(ready['midi_in'])}")
        if ready["midi_out"]:
            click.echo(f"MIDI: playing to {', '.join(ready['midi_out'])}")
        if "web_url" in ready:
            click.echo(f"Page: {ready['web_url']}")
        click.echo(f"Model: {ready['model']}; Ctrl-C ends")
    sys.stdout.flush()


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object.")
def ports(as_json: bool) -> None:
    """List the MIDI ports there are.

    \b
    Example:
      composer ports
    """
    from composer.live.wire.midi_library import port_names

    ins, outs = port_names()
    if as_json:
        click.echo(json.dumps({"in": ins, "out": outs}, ensure_ascii=False))
        return
    click.echo("composer can listen to (a DAW's or keyboard's outputs):")
    for name in ins or ["none"]:
        click.echo(f"  {name}")
    click.echo("composer can play to (a DAW's or synthesizer's inputs):")
    for name in outs or ["none"]:
        click.echo(f"  {name}")
    if not (ins and outs):
        click.echo(
            "Make ports with loopMIDI."
            if sys.platform == "win32"
            else "composer serve --virtual composer makes ports."
        )


@click.command()
@click.option(
    "--midi-out",
    multiple=True,
    metavar="NAME",
    help="MIDI port, or a part of its name; every port if none is named.",
)
@click.option(
    "--osc-port",
    type=click.IntRange(1, 65535),
    default=9190,
    show_default=True,
    help="Port of a server that runs here.",
)
def panic(midi_out: tuple[str, ...], osc_port: int) -> None:
    """Silence everything: a server that runs, MIDI ports, and what a killed server left.

    \b
    Example:
      composer panic
    """  # fmt: skip
    import socket

    from composer.live.left_sounding import end_left_sounding
    from composer.live.wire.midi_library import port_names
    from composer.live.wire.midi_port import silence_port
    from composer.live.wire.osc_codec import encode

    for destination in end_left_sounding()[0]:
        click.echo(f"ended what was left sounding: {destination}")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.sendto(encode("/composer/panic"), ("127.0.0.1", osc_port))
    click.echo(f"told a server on UDP {osc_port}, if there is one")
    try:
        names = midi_out or port_names()[1]
    except DependencyError:
        return  # no MIDI here: nothing sounds there
    for name in names:
        try:
            click.echo(f"silenced: {silence_port(name)}")
        except ComposerError:
            if midi_out:
                raise


@click.command()
@model_option
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object.")
def doctor(model: str, as_json: bool) -> None:
    """Look whether this computer is fit for playing live, and say what to do if not.

    \b
    Example:
      composer doctor
    """
    from composer.clients.found import tell_hosts
    from composer.live.doctor import examine

    found = examine(model)
    tell_hosts(found.facts, found.advice)
    if as_json:
        click.echo(json.dumps(found.facts, indent=2, ensure_ascii=False))
    else:
        for name, value in found.facts.items():
            click.echo(f"{name}: {value}")
        for line in found.advice:
            click.echo(f"-> {line}")
    if not found.fit:
        raise SystemExit(1)
