"""What is known of the code: the commit, the work tree, and what a process has loaded of it. Values only."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Any

from ..values import dataclass, field

if TYPE_CHECKING:
    from ..model import CodePolicy


class LoadedState(enum.StrEnum):
    """How a file that was loaded stands to the commit: only of a ``committed`` one the commit tells the content.

    ``built`` are extension modules that no commit holds, ``outside`` is in no repository; a file that is ``gone``
    or ``unreadable`` cannot be compared.
    """

    COMMITTED = "committed"
    CHANGED = "changed"
    UNTRACKED = "untracked"
    IGNORED = "ignored"
    BUILT = "built"
    OUTSIDE = "outside"
    GONE = "gone"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Paths:
    """How many files there are of a kind, and the first few, sorted, relative to the root of the repository."""

    count: int = 0
    first: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Submodule:
    """A repository inside of the repository: the commit that is *recorded* for it, and the one that is *checked_out*.

    *recorded* is empty where the repository's own commit has none, *checked_out* is None where nothing is; *changes* counts the files in it that differ from its commit; *unread* says why
    that could not be told.
    """

    path: str
    recorded: str
    checked_out: str | None = None
    changes: int = 0
    unread: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkTree:
    """What differs in a work tree from its commit.

    *untold* are files of which nobody can tell, since git would have to run a program on them, *hidden* those that git was
    told to look away from, *hidden_changes* those of them that differ. *tree* is the id of the tree that the work tree would
    be as a commit, None for the reason *no_tree*.
    """

    staged: Paths = field(default=Paths())
    unstaged: Paths = field(default=Paths())
    untracked: Paths = field(default=Paths())
    conflicted: Paths = field(default=Paths())
    untold: Paths = field(default=Paths())
    hidden: Paths = field(default=Paths())
    hidden_changes: Paths = field(default=Paths())
    submodules: tuple[Submodule, ...] = ()
    tree: str | None = None
    no_tree: str | None = None

    @property
    def kinds(self) -> dict[str, Paths]:
        """The files that differ, by how."""
        return {
            "staged": self.staged,
            "changed": self.unstaged,
            "untracked": self.untracked,
            "conflicted": self.conflicted,
        }

    @property
    def changes(self) -> int:
        """How many differences there are; a file that is staged and changed again counts as two."""
        return sum(paths.count for paths in self.kinds.values())

    @property
    def clean(self) -> bool:
        """Whether nothing differs, and nothing is untold."""
        return not self.changes and not self.untold.count and not any(map(differs, self.submodules))

    def document(self) -> dict[str, Any]:
        """Return the same as plain JSON values."""
        names = ("staged", "unstaged", "untracked", "conflicted", "untold", "hidden", "hidden_changes")
        return {
            **{name: [getattr(self, name).count, *getattr(self, name).first] for name in names},
            "submodules": [
                [item.path, item.recorded, item.checked_out, item.changes, item.unread] for item in self.submodules
            ],
            "tree": self.tree,
            "no_tree": self.no_tree,
        }

    @classmethod
    def of(cls, document: dict[str, Any]) -> WorkTree:
        """Return the work tree of which *document* is the JSON."""
        paths = {
            name: Paths(count=value[0], first=tuple(value[1:]))
            for name, value in document.items()
            if name not in ("submodules", "tree", "no_tree")
        }
        modules = tuple(
            Submodule(path=path, recorded=recorded, checked_out=commit, changes=changes, unread=unread)
            for path, recorded, commit, changes, unread in document["submodules"]
        )
        return cls(**paths, submodules=modules, tree=document["tree"], no_tree=document["no_tree"])


def differs(module: Submodule) -> bool:
    """Return whether *module* is there and not what is recorded, or cannot be told."""
    if module.unread is not None:
        return True
    return module.checked_out is not None and (module.checked_out != module.recorded or module.changes > 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """Where a work tree stands.

    *commit* is None where there is none yet, *branch* where HEAD is detached. *pushed* says whether a remote is known to have
    the commit, None where a shallow history cannot tell; *kept* whether any branch or tag has it. *operation* is what was
    begun and not ended (``merge``, ``rebase`` ...). *remote* is the URL that it was cloned from, without credentials.
    """

    commit: str | None
    tree: str | None = None
    branch: str | None = None
    pushed: bool | None = None
    kept: bool | None = None
    remote: str | None = None
    shallow: bool = False
    partial: bool = False
    linked: bool = False
    sparse: bool = False
    operation: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedFile:
    """A file that a process has loaded as *module*: *name* is its path in the repository *root*, or all of it without one.

    *bytecode* is the path of what ran in its place, where that is not made from it.
    """

    module: str
    name: str
    state: LoadedState
    root: str | None = None
    reason: str | None = None
    bytecode: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What a process has loaded that no installer put there: *files*, and *main*, what its main program is.

    *main* is ``script``, or ``interactive`` where there is no file of it: a notebook, a prompt, ``python -c``.
    *commits* maps the roots of the repositories that they came from to their commits.
    """

    main: str
    files: tuple[LoadedFile, ...] = ()
    commits: dict[str, str | None] = field(default_factory=dict)

    def of(self, *states: LoadedState) -> tuple[LoadedFile, ...]:
        """Return the files in one of *states*."""
        return tuple(file for file in self.files if file.state in states)


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A change that is not in a patch, and why."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Patch:
    """The difference between the commit *base* (None: an empty tree) and a work tree, as ``git apply`` takes it.

    Applied to *base* it gives the tree *tree*: that was tried. *left_out* are the changes that it does not hold, more than *limit*
    bytes of content among them; without any it is *complete*, and *tree* is the work tree's own.
    """

    base: str | None
    tree: str
    text: bytes
    limit: int
    left_out: tuple[LeftOut, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether the patch gives the whole work tree."""
        return not self.left_out


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """Everything that was seen of the code under a *policy*, which the settings name (*chosen*) or leave to envguard.

    *root* is None where the project is in no repository; *unread* says why nothing, or not all, is known, *hint* how to mend
    it. *loaded* is None where no process was looked at.
    """

    policy: CodePolicy
    chosen: bool
    root: str | None = None
    unread: str | None = None
    hint: str | None = None
    head: Head | None = None
    worktree: WorkTree | None = None
    loaded: Loaded | None = None
    patch: Patch | None = None
