"""What the commands of ``envguard staged`` share: each project that one of the changed files belongs to, once."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ..errors import EnvguardError
from ..staged import open_staged
from . import options
from .console import FAILED, Console, start_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..model import Report
    from ..staged import Staged


def judge(console: Console, files: Sequence[str], one: Callable[[Staged, str], tuple[Report, str]]) -> int:
    """Say what *one* says of each project (its report, and that in words), and return the gravest exit status.

    *files* are hints, relative to the current folder; without any, the project of the current folder is meant.
    """
    folder = start_folder()
    staged = open_staged(folder)
    status = 0
    for number, project in enumerate(staged.projects([os.path.join(folder, file) for file in files] or [folder])):
        try:
            report, text = one(staged, project)
        except EnvguardError as error:
            console.error(error)
            status = FAILED
            continue
        console.emit(("\n" if number and text else "") + text)
        status = options.graver(status, options.STATUS[report.verdict])
    return status
