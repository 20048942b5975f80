"""OpenAPI: what programs may ask for over HTTP, as an OpenAPI document, from the tables.

Conventions:
    OpenAPI 3.1.
"""

from __future__ import annotations

from typing import Any, Final

from composer import __version__
from composer.live.core.parameters import PARAMETERS
from composer.live.wire.osc_addresses import KINDS, OUTGOING, Address
from composer.live.wire.osc_handlers import INCOMING
from composer.web.requests import REQUESTS, Request
from composer.web.settings_json import schema

NOTE: Final = {
    "type": "object",
    "required": ["pitch", "start_beat"],
    "properties": {
        "pitch": {"type": "integer", "minimum": 0, "maximum": 127},
        "start_beat": {"type": "number", "minimum": 0},
        "duration_beats": {"type": "number", "minimum": 0, "default": 1},
        "velocity": {"type": "integer", "minimum": 1, "maximum": 127, "default": 80},
        "part": {"type": "integer", "minimum": 0, "default": 0},
        "surprise": {"type": "number", "description": "nats; in answers only"},
    },
}
MUSIC: Final = {
    "file": {"type": "string", "contentEncoding": "base64"},
    "name": {"type": "string", "description": "of the file; its suffix says what it is"},
    "seed": {"type": "string", "description": "name of a seed that ships with composer"},
    "notes": {"type": "array", "items": {"$ref": "#/components/schemas/Note"}},
    "parts": {
        "type": "array",
        "description": "program (128: drums) and name of each part of the notes",
        "items": {"type": "object"},
    },
    "bpm": {"type": "number", "minimum": 10, "maximum": 400, "default": 120},
    "metre": {"type": "string", "default": "4/4"},
}
GETS: Final = {
    "/v1/status": "How things stand: the server, who plays, how late notes are.",
    "/v1/models": "What models there are.",
    "/v1/table": "Addresses, arguments and parameters of docs/osc.md, which the WebSocket speaks.",
    "/v1/seeds": "Seeds that ship with composer, by name.",
    "/v1/opened": "Files that 'composer generate --play' opened the page with.",
    "/v1/presets": "Presets of parameters, by name.",
    "/v1/jam": "The jam of a page's session so far, as a MIDI file; page=NUMBER.",
    "/v1/openapi.json": "This document.",
}
"""What can be fetched, with a line of help."""


def table() -> dict[str, Any]:
    """Addresses and parameters as docs/osc.md has them, for the page and for programs."""
    return {
        "version": __version__,
        "incoming": [_row(address) for address in INCOMING],
        "outgoing": [_row(address) for address in OUTGOING],
        "arguments": {name: kind.values for name, kind in KINDS.items()},
        "parameters": [
            {
                "name": parameter.name,
                "help": parameter.text,
                "default": parameter.default,
                "low": parameter.low,
                "high": parameter.high,
                "fader": list(parameter.fader),
                "whole": parameter.whole,
                "choices": list(parameter.choices),
                "text": isinstance(parameter.default, str) and not parameter.choices,
            }
            for parameter in PARAMETERS.values()
        ],
        "settings": schema()["properties"],
        "requests": list(REQUESTS),
    }


def document() -> dict[str, Any]:
    """The OpenAPI document."""
    paths: dict[str, Any] = {
        path: {"get": {"summary": text, "responses": _responses("done")}}
        for path, text in GETS.items()
    }
    name = [{"name": "name", "in": "path", "required": True, "schema": {"type": "string"}}]
    paths["/v1/presets/{name}"] = {
        "parameters": name,
        "put": {"summary": "Keep a preset.", "responses": _responses("kept")},
        "delete": {"summary": "Delete a preset.", "responses": _responses("deleted")},
    }
    paths |= {f"/v1/{request.name}": {"post": _operation(request)} for request in REQUESTS.values()}
    return {
        "openapi": "3.1.0",
        "info": {"title": "composer", "version": __version__},
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {
                "Note": NOTE,
                "Settings": schema(),
                "Error": {
                    "type": "object",
                    "properties": {"error": {"type": "string", "description": "one line"}},
                },
            },
        },
    }


def _row(address: Address) -> dict[str, str]:
    return {"address": address.name, "arguments": address.arguments, "help": address.help}


def _operation(request: Request) -> dict[str, Any]:
    fields: dict[str, Any] = {name: {"description": text} for name, text in request.takes.items()}
    if "settings" in fields:
        fields["settings"] = {"$ref": "#/components/schemas/Settings"}
    answer = {name: {"description": text} for name, text in request.gives.items()}
    return {
        "summary": request.help,
        "requestBody": {
            "content": {
                "application/json": {"schema": {"type": "object", "properties": MUSIC | fields}},
                "audio/midi": {"schema": {"type": "string", "format": "binary"}},
            }
        },
        "responses": _responses("done", {"type": "object", "properties": answer}),
    }


def _responses(text: str, schema: dict[str, Any] | None = None) -> dict[str, Any]:
    content = {"application/json": {"schema": schema or {"type": "object"}}}
    wrong = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    return {
        "200": {"description": text, "content": content},
        "default": {"description": "not done, and why in a line", "content": wrong},
    }
