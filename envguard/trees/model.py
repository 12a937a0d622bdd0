"""What was found where a recorded tree should be. Values only: rules may read them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..values import dataclass

if TYPE_CHECKING:
    from ..baseline import RecordedTree
    from ..data.model import Differences
    from ..walked import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeState:
    """A recorded tree and what was found of it.

    Attributes:
        name: what it is called in the record.
        recorded: what was recorded.
        path: where it is looked for, absolute; None where *unset* says which environment variable would tell.
        unset: the environment variable that its path begins with and that has no value.
        missing: nothing is there.
        fault: why its folder cannot be asked at all.
        root: its root now (``blake3:hex``); None where it could not be told.
        files: how many files it has now.
        bytes: how many bytes they have.
        assurance: ``content`` where every file was read, ``stat-cache`` where some were known to be unchanged.
        problems: what keeps it from having a root; of very many, those that were met first.
        problem_count: how many there are.
        differences: how it differs from the kept manifest, where it differs and that could be used.
        untold: why the files that differ cannot be named, where it differs.
    """

    name: str
    recorded: RecordedTree
    path: str | None
    unset: str | None = None
    missing: bool = False
    fault: str | None = None
    root: str | None = None
    files: int = 0
    bytes: int = 0
    assurance: str | None = None
    problems: tuple[Problem, ...] = ()
    problem_count: int = 0
    differences: Differences | None = None
    untold: str | None = None

    @property
    def same(self) -> bool:
        """Whether it is known to be as recorded."""
        return self.root == self.recorded.root
