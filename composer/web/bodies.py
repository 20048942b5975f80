"""Bodies: what comes with a request, read up to a size and within a time."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Container
from typing import Any, Final

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

from composer.web.gate import LARGEST_BODY

SECONDS: Final = 15.0
"""Seconds in which a body has to be there."""
RAW: Final = frozenset({"audio/midi", "audio/x-midi", "audio/mid", "application/octet-stream"})
"""Types of a body that is a file as it is."""


async def content_of(request: Request, fields: Container[str]) -> Any:
    """What is asked for: JSON, or a file as it is, with fields and settings in the address.

    Args:
        request: What came.
        fields: Names of what stands beside the music and is no setting.
    """
    body = await body_of(request)
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() not in RAW:
        return json_of(body)
    content: dict[str, Any] = {"settings": {}}
    for name, value in request.query_params.items():
        if name == "name" or name in fields:
            content[name] = value
        else:
            content["settings"][name] = value
    return content | {"file": base64.b64encode(body).decode("ascii")}


async def body_of(request: Request) -> bytes:
    """A request's body.

    Raises:
        HTTPException: It is too large, or too slow.
    """
    body = bytearray()
    try:
        async with asyncio.timeout(SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > LARGEST_BODY:
                    raise HTTPException(413, f"a request has {LARGEST_BODY >> 20} MB at most")
    except TimeoutError:
        raise HTTPException(408, f"a request has to be there in {SECONDS:g} s") from None
    except ClientDisconnect:
        raise HTTPException(400, "the request broke off") from None
    return bytes(body)


def json_of(body: bytes) -> Any:
    """A body as JSON.

    Raises:
        HTTPException: It is none.
    """
    try:
        return json.loads(body, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise HTTPException(400, "a request has to be JSON") from None


def _no_number(constant: str) -> float:
    raise ValueError(constant)
