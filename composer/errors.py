"""The errors a user may meet, named by whose fault they are.

Every one carries a single line that says what is wrong, where, and what to do.
The command line prints that line and exits with code 1; anything that is not a
`ComposerError` is a defect of composer itself.
"""

from __future__ import annotations


class ComposerError(Exception):
    """Base of every error that composer raises on purpose; its text is one line."""


class SeedError(ComposerError):
    """The music handed in cannot be used: missing, unreadable, or without notes."""


class SettingError(ComposerError):
    """A setting is out of range, or two settings contradict each other."""


class ModelError(ComposerError):
    """The model asked for is missing, damaged, or made for another version."""


class OutputError(ComposerError):
    """The result cannot be written where it was asked for."""


class DependencyError(ComposerError):
    """An optional package that this operation needs is not installed."""


class DownloadError(ComposerError):
    """A corpus cannot be fetched: the network, the server, or what it sent is at fault."""
