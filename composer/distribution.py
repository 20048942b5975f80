"""Distribution: the name under which composer is installed, and how its extras are added.

PyPI's `composer` is another project, so the distribution has a name of its own; the command
and the import are `composer`. pip resolves that name from what is installed already, so the
advice below is right for a wheel and for an editable checkout alike.
"""

from __future__ import annotations

DISTRIBUTION = "composer-lstm"


def install_extra(extra: str) -> str:
    """The shell command that installs an extra of composer.

    The quotes are double, because the command prompt of Windows does not know single ones.

    Args:
        extra: One of the optional dependencies in pyproject.toml: "midi", "train" ...
    """
    return f'pip install "{DISTRIBUTION}[{extra}]"'
