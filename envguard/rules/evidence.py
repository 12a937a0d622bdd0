"""What a rule may look at: values only, observed before any rule runs."""

from __future__ import annotations

from .._native import hexdigest
from ..lockfiles.model import Selected
from ..values import dataclass, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    import datetime
    from collections.abc import Mapping

    from ..baseline import Baseline, Machine
    from ..canaries.model import Canaries
    from ..config import Config
    from ..files.model import InstalledFiles
    from ..installed.model import CondaPackage, Distribution, Environment, Inventory
    from ..lockfiles.diff.model import LockDiff
    from ..lockfiles.model import FreshnessVerdict, Inconsistency, Lock, LockedPackage, Refused, Selection
    from ..machine.model import Disagreement
    from ..model import Fact
    from ..ranks.model import Agreement
    from ..repository.model import Code
    from ..trees.model import TreeState
    from .nearest import Choice


@dataclass(frozen=True, slots=True, kw_only=True)
class LockView:
    """One lock of a project, called *name* relative to it, with what follows from its files; *selected* from an environment."""

    name: str
    lock: Lock
    freshness: FreshnessVerdict | None = None
    inconsistencies: tuple[Inconsistency, ...] = ()
    selected: Selected | Refused | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Everything that one check observed. What a kind of check does not look at is None or empty.

    *project* is the absolute folder, links resolved; *lock_name* the lock that was looked for, relative to it, *first_lock*
    the command that would make it where it is not there, *passed_over* a file that has the name of a lock and is none; *others* are
    the further locks that the settings name, *missing_locks* those that are named and not there, *changes* what a
    change of the locks changed, *baseline_changed* whether the record changed with it, *deleted_baseline* the record that it deletes,
    *configured* whether settings were there before it, *missing_manifests* the recorded trees whose manifest is not kept; *own* the
    names that envguard itself, pip and the like bring along; *real_paths* maps local paths, as lock and metadata write
    them, to the paths behind all links, *checkouts* the paths of installed checkouts to their commits; *disagreements* are
    where two sources say different things of one library; *choice* says why it is that *machine*; *overrides* are the variables that replace what a machine is for conda;
    *trees* are the recorded trees of data as they are now, *trees_left_out* says why nobody
    looked at them; *files* are those of the installed packages, *canaries* what the numeric canaries said, each None where nobody
    looked; *code* is what was seen of the code, None where nobody should look; *ranks* is what the ranks of a job said to one another.
    """

    project: str
    config: Config
    today: datetime.date
    lock_name: str = "uv.lock"
    first_lock: str = "uv lock"
    passed_over: str | None = None
    lock: Lock | None = None
    freshness: FreshnessVerdict | None = None
    inconsistencies: tuple[Inconsistency, ...] = ()
    selection: Selection | None = None
    selected: Selected | Refused | None = None
    others: tuple[LockView, ...] = ()
    missing_locks: tuple[str, ...] = ()
    changes: tuple[LockDiff, ...] = ()
    baseline_changed: bool | None = None
    deleted_baseline: Baseline | None = None
    configured: bool = False
    missing_manifests: tuple[str, ...] = ()
    inventory: Inventory | None = None
    own: frozenset[str] = frozenset()
    real_paths: Mapping[str, str] = field(default_factory=dict)
    checkouts: Mapping[str, str | None] = field(default_factory=dict)
    facts: Mapping[str, Fact] = field(default_factory=dict)
    overrides: Mapping[str, str] = field(default_factory=dict)
    disagreements: tuple[Disagreement, ...] = ()
    baseline: Baseline | None = None
    machine_name: str | None = None
    machine: Machine | None = None
    choice: Choice | None = None
    trees: tuple[TreeState, ...] = ()
    trees_left_out: str | None = None
    files: InstalledFiles | None = None
    code: Code | None = None
    ranks: Agreement | None = None
    canaries: Canaries | None = None

    @property
    def environment(self) -> Environment:
        """The environment that was scanned; only rules that need one may ask."""
        if self.inventory is None:
            raise LookupError("no environment was looked at")
        return self.inventory.environment

    @property
    def lock_command(self) -> str:
        """The command that makes the lock anew, or for the first time."""
        return self.lock.commands.lock if self.lock is not None else self.first_lock

    @property
    def how_to_lock(self) -> str:
        """How to come to a lock: the command that makes one; or name the file that is one against all appearance."""
        if self.lock is not None or self.passed_over is None:
            return self.lock_command
        return f'{self.lock_command}; or, if {self.passed_over} is the lock, name it: lock = "{self.passed_over}"'

    @property
    def views(self) -> tuple[LockView, ...]:
        """Every lock of the project with what follows from it, the main one first."""
        if self.lock is None:
            return self.others
        main = LockView(
            name=self.lock_name,
            lock=self.lock,
            freshness=self.freshness,
            inconsistencies=self.inconsistencies,
            selected=self.selected,
        )
        return (main, *self.others)

    @property
    def wanted(self) -> dict[str, LockedPackage]:
        """The packages that Python's installers should have installed, by name; empty where no selection was possible.

        Where several locks have a package, the first one's counts.
        """
        return self._wanted(conda=False)

    @property
    def wanted_conda(self) -> dict[str, LockedPackage]:
        """The packages that conda, or a tool like it, should have installed, by name, as ``wanted`` has the others."""
        return self._wanted(conda=True)

    def _wanted(self, *, conda: bool) -> dict[str, LockedPackage]:
        found: dict[str, LockedPackage] = {}
        for view in self.views:
            for package in view.selected.packages if isinstance(view.selected, Selected) else ():
                if (package.conda is not None) is conda:
                    found.setdefault(package.name, package)
        return found

    @property
    def lock_digest(self) -> str | None:
        """The digest of what the locks say: that of the only one, or one over all; None where there is none."""
        digests = [view.lock.digest for view in self.views]
        if len(digests) < 2:
            return digests[0] if digests else None
        return f"blake3:{hexdigest(chr(10).join(digests).encode())}"

    @property
    def locks_conda(self) -> bool:
        """Whether a lock of the project says what conda should install."""
        return any(package.conda is not None for view in self.views for package in view.lock.packages)

    @property
    def conda(self) -> dict[str, CondaPackage]:
        """What conda installed, by name; empty where this is no environment of conda."""
        found: dict[str, CondaPackage] = {}
        for package in (self.inventory.conda or ()) if self.inventory is not None else ():
            found.setdefault(package.name, package)
        return found

    @property
    def brought(self) -> dict[str, CondaPackage]:
        """For each metadata folder that is as conda put it there the package that it came with."""
        return {
            part.path: package
            for package in self.conda.values()
            for part in package.parts
            if part.there and not part.overwritten
        }

    @property
    def installed(self) -> dict[str, Distribution]:
        """For each name the distribution that an import finds first."""
        winners: dict[str, Distribution] = {}
        for distribution in self.inventory.distributions if self.inventory is not None else ():
            winners.setdefault(distribution.name, distribution)
        return winners
