"""Where a repository begins, and where git keeps what is known of it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ..errors import RepositoryError
from ..values import dataclass
from .git import Git, on_its_own

if TYPE_CHECKING:
    from ..reader import Reader

_QUESTION = ("rev-parse", "--path-format=absolute")
_ANSWERS = (
    "--is-bare-repository",
    "--is-shallow-repository",
    "--show-object-format",
    "--git-dir",
    "--git-common-dir",
    "--show-toplevel",
)
_OLDEST = "2.31"


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """A repository with a work tree.

    *root* is the top of its work tree, *git_dir* what belongs to this work tree (``.git``, or a folder in it for a linked
    one), *common_dir* what all work trees share. *object_format* is ``sha1`` or ``sha256``; a *shallow* repository has
    not the whole history.
    """

    root: str
    git_dir: str
    common_dir: str
    object_format: str
    shallow: bool

    @property
    def linked(self) -> bool:
        """Whether this is a work tree beside the main one (``git worktree add``)."""
        return self.git_dir != self.common_dir


def find_root(reader: Reader, folder: str) -> str | None:
    """Return the nearest folder from *folder* upward in which a repository begins, None where there is none.

    A folder that is itself what git keeps, a bare repository, counts: git says what it is. The repository of a person's home
    folder, which keeps settings, is not that of the projects below it.
    """
    home, start = reader.probe("home"), folder
    while True:
        if (folder != home or folder == start) and _begins(reader, folder):
            return folder
        above = os.path.dirname(folder)
        if above == folder:
            return None
        folder = above


def _begins(reader: Reader, folder: str) -> bool:
    return reader.exists(os.path.join(folder, ".git")) or (
        reader.exists(os.path.join(folder, "HEAD"))
        and reader.is_dir(os.path.join(folder, "objects"))
        and reader.is_dir(os.path.join(folder, "refs"))
    )


def places(root: str) -> Places:
    """Return what git says of the repository that begins in *root*.

    RepositoryError where it says nothing: no git, a git that is too old, a repository of somebody else, one without a work
    tree, or whose work tree is elsewhere.
    """
    git = Git(root, on_its_own())
    try:
        lines = os.fsdecode(git.run(*_QUESTION, *_ANSWERS)).splitlines()
    except RepositoryError as error:
        if "must be run in a work tree" in error.message:
            raise RepositoryError(
                "the repository is bare: it has no work tree, so nobody can say what lies beside it",
                path=root,
                hint=f"git -C {root} config core.bare false, or work in a clone",
            ) from None
        raise
    if lines[:1] == [_QUESTION[1]] or any(line.startswith("--") for line in lines):
        version = os.fsdecode(git.run("version")).strip().removeprefix("git version ")
        raise RepositoryError(
            f"git {version} is too old, at least {_OLDEST} is needed", path=root, hint="install a newer git"
        )
    if len(lines) != len(_ANSWERS):
        raise RepositoryError("what git says of the repository cannot be understood", path=root)
    _, shallow, form, git_dir, common_dir, top = lines
    if os.path.realpath(top) != os.path.realpath(root):
        raise RepositoryError(
            f"the work tree of the repository is elsewhere: {top}",
            path=root,
            hint=f"git -C {root} config core.worktree",
        )
    return Places(
        root=os.path.realpath(root),
        git_dir=os.path.realpath(git_dir),
        common_dir=os.path.realpath(common_dir),
        object_format=form,
        shallow=shallow == "true",
    )
