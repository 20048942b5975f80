"""Code in the documents, to be run as it stands there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def python_blocks(document: str) -> list[str]:
    """The blocks marked as Python in a document, named from the root of the checkout."""
    text = (ROOT / document).read_text(encoding="utf-8")
    return re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
