"""Asked of conda-lock itself: what it would install. Run by the Python of an environment that holds conda-lock.

Reads a JSON list of ``{"path", "platform", "dev", "extras"}`` and prints for each the lines that it hands to the installer: the
addresses of conda packages, and the requirements for pip.
"""

from __future__ import annotations

import copy
import functools
import json
import sys
from pathlib import Path
from typing import Any

from conda_lock.conda_lock import render_lockfile_for_platform
from conda_lock.lockfile import parse_conda_lock_file


@functools.cache
def parsed(path: str) -> Any:
    return parse_conda_lock_file(Path(path))


def answer(case: dict[str, Any]) -> dict[str, list[str]]:
    lines = render_lockfile_for_platform(
        # It is sorted in place.
        lockfile=copy.deepcopy(parsed(case["path"])),
        include_dev_dependencies=case["dev"],
        extras=set(case["extras"]),
        kind="explicit",
        platform=case["platform"],
        suppress_warning_for_pip_and_explicit=True,
    )
    return {
        "conda": sorted(line for line in lines if "://" in line and not line.startswith("#")),
        "pip": sorted(line.removeprefix("# pip ") for line in lines if line.startswith("# pip ")),
    }


print(json.dumps([answer(case) for case in json.load(sys.stdin)]))
