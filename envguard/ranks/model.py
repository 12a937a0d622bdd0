"""What the ranks of a job said to one another, as values."""

from __future__ import annotations

from ..values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Ranks that say the same: *ranks* as ``0-3,7``, *count* of them, on *hosts*; *value* is None where they could not tell."""

    ranks: str
    count: int
    hosts: tuple[str, ...]
    value: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """A *key* of a *section* that is not the same on all ranks; the largest of its *groups* comes first."""

    section: str
    key: str
    groups: tuple[Group, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Ranks that would not go on for reasons of their own, with the *text* of why; *unknown* where they could not decide."""

    ranks: str
    hosts: tuple[str, ...]
    text: str
    unknown: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedTree:
    """A recorded tree of data that *ranks* ranks have read together: *files* and *bytes* of it are as recorded.

    *fault* is why it could not be verified; *wrong* has for each kind of difference (``changed``, ``removed``, ``added``, ``unreadable``) how
    many there are, the first of them, and which ranks found them.
    """

    name: str
    path: str
    files: int
    bytes: int
    ranks: int
    fault: str | None = None
    wrong: tuple[tuple[str, int, tuple[str, ...], str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """What came out of asking all ranks of a job.

    *rank* of *size* is this one, *launcher* who says so, *how* what the ranks talked over. *digest* stands for all that they
    said, and is None where not all of them were heard. *splits* is what differs, *more* how many further keys of a section
    do, and *rest* which ranks differ from all of those that were asked. *refusals* are ranks that would not go on, *missing* those (as ``0-3,7``) that were not heard within *waited* seconds,
    *broken* what went wrong between the ranks meanwhile. *doubt* says why nobody could be asked at all, and
    *hint* what mends that. *root* is the seed that rank 0
    drew for all, *speaker* the rank that says everything (None: each for itself), *strict* whether at least one rank
    enforces. *trees* are those that they have verified together.
    """

    rank: int
    size: int
    launcher: str
    how: str
    digest: str | None = None
    splits: tuple[Split, ...] = ()
    more: tuple[tuple[str, int], ...] = ()
    rest: tuple[tuple[str, str], ...] = ()
    refusals: tuple[Refusal, ...] = ()
    missing: str = ""
    waited: float = 0.0
    broken: str | None = None
    doubt: str | None = None
    hint: str | None = None
    root: int | None = None
    speaker: int | None = None
    strict: bool = True
    trees: tuple[SharedTree, ...] = ()

    @property
    def clean(self) -> bool:
        """Whether every rank was heard, none refuses, and all say the same."""
        said = self.digest is not None and not (self.splits or self.more or self.rest or self.refusals or self.broken)
        return said and not any(tree.fault or tree.wrong for tree in self.trees)
