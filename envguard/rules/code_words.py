"""What the rules of EG6 have in common."""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING

from ..model import Place, Severities, Severity

if TYPE_CHECKING:
    from ..repository.model import Code, Paths
    from .evidence import Evidence

_NAMED = 3
WHY = "the commit in the receipt would name other code than the one that gave the result"
SETTING = 'code = "diff" in the settings keeps such changes with the receipt'


def code_of(evidence: Evidence) -> Code:
    """Return what was seen of the code; only rules that need it may ask."""
    if evidence.code is None:
        raise LookupError("nobody looked at the code")
    return evidence.code


def strictly(code: Code) -> Severities:
    """Return an error where somebody chose what is asked of the code, and a warning where envguard did."""
    return Severities.same(Severity.ERROR if code.chosen else Severity.WARNING)


def at(code: Code, name: str = "") -> Place | None:
    """Return the place of *name* in the repository."""
    return Place(path=os.path.join(code.root, name) if name else code.root) if code.root is not None else None


def git(root: str | None, *words: str) -> str:
    """Return a command of git that works from any folder."""
    return shlex.join(("git", *(("-C", root) if root is not None else ()), *words))


def look_again(root: str | None, *names: str) -> str:
    """Return the commands after which git looks at the files *names* again: of the two flags one call takes one away."""
    return " && ".join(
        git(root, "update-index", flag, "--", *names) for flag in ("--no-assume-unchanged", "--no-skip-worktree")
    )


def listed(paths: Paths) -> str:
    """Return the first few of *paths*, and how many more there are."""
    shown = paths.first[:_NAMED]
    more = paths.count - len(shown)
    return ", ".join(shown) + (f" and {more:,} more" if more else "")
