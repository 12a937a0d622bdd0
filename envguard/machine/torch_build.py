"""What torch was built with, from ``torch/version.py`` read as text: nothing is imported.

The file is written by torch's build (``tools/generate_torch_version.py``) as plain assignments, with or without a type.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from ..errors import UnreadableError
from ..model import Fact, Unknown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..reader import Reader

MAX_BYTES = 1024 * 1024
_NAMES = {"torch.version": "__version__", "torch.cuda": "cuda", "torch.hip": "hip", "torch.git": "git_version"}
_LINE = r"^{name}\s*(?::[^=\n]+)?=\s*(?:(?P<none>None)|(?P<quote>['\"])(?P<text>[^'\"\\\n]*)(?P=quote))\s*(?:\#.*)?$"


def torch_build(reader: Reader, folders: Sequence[str]) -> dict[str, Fact]:
    """Return the facts ``torch.*`` of the first torch in *folders*."""
    for folder in folders:
        path = os.path.join(folder, "torch", "version.py")
        if reader.exists(path):
            return _read(reader, path)
        if reader.exists(os.path.join(folder, "torch", "__init__.py")):
            # It is imported before any other that is further down the path.
            return dict.fromkeys(_NAMES, Unknown(reason="torch is installed, and has no version.py"))
    return dict.fromkeys(_NAMES, "none")


def _read(reader: Reader, path: str) -> dict[str, Fact]:
    try:
        text = reader.read_text(path, limit=MAX_BYTES)
    except UnreadableError as error:
        return dict.fromkeys(_NAMES, Unknown(reason=f"torch/version.py {error.message}"))
    return {key: _assigned(text, name) for key, name in _NAMES.items()}


def _assigned(text: str, name: str) -> Fact:
    found = list(re.finditer(_LINE.format(name=re.escape(name)), text, re.MULTILINE))
    if len(found) != 1:
        return Unknown(reason=f"torch/version.py does not assign {name} in a way that is known here")
    return "none" if found[0]["none"] else found[0]["text"]
