"""Looking at the code of a project: where it stands, what differs, and what the process has loaded of it."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from ..errors import RepositoryError, UnreadableError
from ..model import CodePolicy
from ..values import replace
from . import probe
from .heads import head
from .imports import loaded_code
from .model import Code, WorkTree
from .patch import capture
from .places import find_root, places
from .sealed import settings_of

if TYPE_CHECKING:
    from ..reader import Reader
    from .places import Places

NO_REPOSITORY = "the project is in no git repository"


def look_at(reader: Reader, project: str, *, policy: CodePolicy | None, running: bool, limit: int) -> Code | None:
    """Return what is to be known of the code in the folder *project*, links resolved; None where nobody should look.

    *policy* is what somebody chose (None: nobody did), *running* says whether this process is what is judged, *limit* how many
    bytes of changes a patch may hold. What git cannot tell is said in the value; nothing is raised.
    """
    if policy is CodePolicy.OFF:
        return None
    chosen, policy = policy is not None, policy or CodePolicy.COMMITTED_IMPORTS
    loaded = loaded_code(reader) if running else None
    root = find_root(reader, project)
    code = Code(policy=policy, chosen=chosen, root=root, loaded=loaded)
    if root is None:
        hint = 'git init; or, if the code is not to be looked at: code = "off" in the settings'
        return replace(code, unread=NO_REPOSITORY, hint=hint)
    try:
        where = places(root)
        code = replace(code, head=head(reader, where, settings_of(where)))
        index = None if running else _index_of_hook(reader, where)
        identity = probe.identify(root, index)
        text = probe.tell(identity)
        reader.trace.saw_value("code", identity, text)
        worktree = WorkTree.of(json.loads(text))
        code = replace(code, worktree=worktree)
        if policy is CodePolicy.DIFF and not worktree.clean:
            patch = capture(root, limit=limit, index=index, submodules=worktree.submodules)
            code = replace(code, patch=patch)
    except (RepositoryError, UnreadableError) as error:
        reader.trace.unsettle()
        return replace(code, unread=error.message, hint=error.hint or f"git -C {root} status")
    return code


def _index_of_hook(reader: Reader, where: Places) -> str | None:
    """Return the index that ``git commit --all`` and the like made for their hooks, None where there is none."""
    named = reader.environ("GIT_INDEX_FILE")
    if not named:
        return None
    path = os.path.realpath(named)
    return path if os.path.dirname(path) == where.git_dir and os.path.isfile(path) else None
