"""Bundles of OSC packets, which composer reads and never writes."""

from __future__ import annotations

import struct
from collections.abc import Sequence


def bundle(packets: Sequence[bytes]) -> bytes:
    """Packets as one bundle, meant at once."""
    sized = [struct.pack(">i", len(packet)) + packet for packet in packets]
    return b"".join((b"#bundle\0", struct.pack(">Q", 1), *sized))
