"""What a rule may look at: values only, observed before any rule runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..lockfiles.model import Commands, Selected

if TYPE_CHECKING:
    import datetime
    from collections.abc import Mapping

    from ..baseline import Baseline, Machine
    from ..config import Config
    from ..installed.model import Distribution, Environment, Inventory
    from ..lockfiles.model import FreshnessVerdict, Inconsistency, Lock, LockedPackage, Refused, Selection
    from ..model import Fact
    from ..trees.model import TreeState


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Everything that one check observed. What a kind of check does not look at is None or empty.

    *project* is the absolute folder, links resolved; *lock_name* the lock that was looked for, relative to it; *own* the
    names that envguard itself, pip and the like bring along; *real_paths* maps local paths, as lock and metadata write
    them, to the paths behind all links; *trees* are the recorded trees of data as they are now, *trees_left_out* says why nobody
    looked at them.
    """

    project: str
    config: Config
    today: datetime.date
    lock_name: str = "uv.lock"
    lock: Lock | None = None
    freshness: FreshnessVerdict | None = None
    inconsistencies: tuple[Inconsistency, ...] = ()
    selection: Selection | None = None
    selected: Selected | Refused | None = None
    inventory: Inventory | None = None
    own: frozenset[str] = frozenset()
    real_paths: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, Fact] = field(default_factory=dict)
    baseline: Baseline | None = None
    machine_name: str | None = None
    machine: Machine | None = None
    trees: tuple[TreeState, ...] = ()
    trees_left_out: str | None = None

    @property
    def environment(self) -> Environment:
        """The environment that was scanned; only rules that need one may ask."""
        if self.inventory is None:
            raise LookupError("no environment was looked at")
        return self.inventory.environment

    @property
    def commands(self) -> Commands:
        """The commands of the tool that the lock belongs to; those of uv where there is none."""
        return self.lock.commands if self.lock is not None else Commands(lock="uv lock", install="uv sync")

    @property
    def wanted(self) -> dict[str, LockedPackage]:
        """The packages that should be installed, by name; empty where no selection was possible."""
        return (
            {package.name: package for package in self.selected.packages} if isinstance(self.selected, Selected) else {}
        )

    @property
    def installed(self) -> dict[str, Distribution]:
        """For each name the distribution that an import finds first."""
        winners: dict[str, Distribution] = {}
        for distribution in self.inventory.distributions if self.inventory is not None else ():
            winners.setdefault(distribution.name, distribution)
        return winners
