"""Looking: everything that a check compares, read once, as values.

Nothing is judged here, except where there is nothing to look at: no project, no environment, an unusable setting.
"""

from __future__ import annotations

import datetime
import os

from .config import MANIFEST, OWN_FILE, has_table, load_config
from .errors import ConfigError, EnvguardError
from .lockfiles.formats import AMBIGUOUS, EXPORTED_LOCKS, NATIVE_LOCKS, OWN_MANIFESTS
from .lockfiles.model import RefusalKind, Refused
from .model import Level, Selection
from .names import normalize
from .rules.evidence import Evidence, LockView
from .rules.registry import all_rules
from .values import dataclass, replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from .baseline import Baseline, Machine
    from .config import Config
    from .data.model import Progress
    from .files.look import Looking
    from .files.model import InstalledFiles
    from .installed.model import Environment, Inventory
    from .lockfiles.diff.model import LockDiff
    from .lockfiles.model import Lock, Selected
    from .model import Fact
    from .reader import Reader
    from .rules.nearest import Choice
    from .trees.model import TreeState

DEFAULT_MACHINE = "default"
_ALWAYS_EXPECTED = frozenset(("envguard", "pip", "setuptools", "wheel"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a caller asks for beyond the project's own settings; None leaves it to them.

    *running* takes the running interpreter, whatever environment is active. *machine* names a recorded machine, *against* another
    record than the project's, as ``against.read_against`` takes it. *data* says whether recorded trees are verified, *files* whether
    the files of installed packages are, *full* that all are read, whatever is known of them; *canaries* whether numeric canaries
    are run (None: those of what a running script has imported, if recorded); *progress* hears how far that is.
    """

    python: str | None = None
    running: bool = False
    level: Level | None = None
    machine: str | None = None
    against: str | None = None
    packages: tuple[str, ...] | None = None
    extras: tuple[str, ...] | None = None
    groups: tuple[str, ...] | None = None
    default_groups: bool | None = None
    data: bool | None = None
    files: bool | None = None
    canaries: bool | None = None
    full: bool = False
    progress: Callable[[Progress], None] | None = None


def find_project(reader: Reader, start: str) -> str:
    """Return the project that the folder (or file) *start* belongs to, links resolved.

    The nearest folder upward that holds a lock that a tool installs from, ``envguard.lock`` or settings of ours, else the
    nearest that holds a manifest or an exported lock, else the nearest with what folders have as well that are no
    project (``requirements.txt``); the search ends at the root of a repository. ConfigError where there is none.
    """
    folder = reader.real_path(start)
    if not reader.exists(folder):
        raise ConfigError("there is no such folder", path=start)
    if not reader.is_dir(folder):
        folder = os.path.dirname(folder)
    others = tuple(name for name in (MANIFEST, *OWN_MANIFESTS, *EXPORTED_LOCKS) if name not in AMBIGUOUS)
    found: dict[tuple[str, ...], str] = {}
    here = folder
    while True:
        own = any(reader.exists(os.path.join(here, name)) for name in (*NATIVE_LOCKS, "envguard.lock", OWN_FILE))
        if own or has_table(reader, os.path.join(here, MANIFEST)):
            return here
        for names in (others, AMBIGUOUS):
            if names not in found and any(reader.exists(os.path.join(here, name)) for name in names):
                found[names] = here
        above = os.path.dirname(here)
        if above == here or reader.exists(os.path.join(here, ".git")):
            break
        here = above
    fallback = found.get(others) or found.get(AMBIGUOUS)
    if fallback is None:
        raise ConfigError(
            "there is no project here: no manifest, lockfile or envguard.lock in this folder or above",
            path=folder,
            hint="run the command in the project's folder, or name it",
        )
    return fallback


def look_at_files(
    reader: Reader, project: str, *, deeply: bool = True, anew: bool = False, lock: str | None = None
) -> Evidence:
    """Return what the project's files alone tell: settings, locks, and *deeply* each lock against its manifest and itself.

    *anew* reads all of it, whatever was read before; *lock* is looked at in the place of the project's own locks.
    """
    config = load_config(reader, project)
    if lock is not None:
        config = replace(config, locks=(lock,))
    evidence = Evidence(project=project, config=config, today=datetime.date.fromisoformat(reader.probe("today")))
    return _with_lock(reader, evidence, deeply=deeply, anew=anew)


def look_at_changes(reader: Reader, project: str, config: Config, changes: tuple[LockDiff, ...]) -> Evidence:
    """Return changes of locks as evidence, and nothing else."""
    locks = [lock for diff in changes if (lock := diff.new or diff.old) is not None]
    return Evidence(
        project=project,
        config=config,
        today=datetime.date.fromisoformat(reader.probe("today")),
        lock_name=os.path.relpath(locks[0].path, project) if locks else NATIVE_LOCKS[0],
        lock=locks[0] if locks else None,
        changes=changes,
    )


def _with_lock(reader: Reader, evidence: Evidence, *, deeply: bool, anew: bool) -> Evidence:
    from .lockfiles import find_lock, judge_lock, passed_over, read_lock

    named = evidence.config.locks
    paths = {name: find_lock(reader, evidence.project, name) for name in named or (None,)}
    views = []
    for path in filter(None, paths.values()):
        name = os.path.relpath(path, evidence.project)
        if deeply:
            lock, verdict, found = judge_lock(reader, path, anew=anew)
            views.append(LockView(name=name, lock=lock, freshness=verdict, inconsistencies=found))
        else:
            views.append(LockView(name=name, lock=read_lock(reader, path, anew=anew)))
    missing = tuple(name for name, path in paths.items() if name is not None and path is None)
    if not views:
        from .expected import expected_lock

        name, form = expected_lock(reader, evidence.project, next(iter(missing), None))
        return replace(
            evidence,
            lock_name=name,
            first_lock=form.lock,
            missing_locks=missing[1:],
            passed_over=None if missing else passed_over(reader, evidence.project),
        )
    main, *others = views
    return replace(
        evidence,
        lock_name=main.name,
        lock=main.lock,
        freshness=main.freshness,
        inconsistencies=main.inconsistencies,
        others=tuple(others),
        missing_locks=missing,
    )


def look(reader: Reader, project: str, request: Request) -> Evidence:
    """Return what the project's files, its environment and this machine tell.

    Raises ConfigError, LockfileError, BaselineError, EnvironmentNotFoundError or UnreadableError where something that was
    named or that is there cannot be used.
    """
    inventory, looking = _start_early(reader, project, request)
    try:
        # Behind the start, so that they are loaded while files are read.
        from .against import read_against
        from .baseline import read_baseline
        from .installed import scan
        from .machine import observe
        from .repository.look import look_at as look_at_code
        from .sources import checkouts, real_paths

        evidence = look_at_files(reader, project, anew=request.full)
        config = evidence.config
        baseline = (
            read_baseline(reader, project)
            if request.against is None
            else read_against(reader, project, request.against)
        )
        if inventory is None:
            inventory = scan(reader, _environment(reader, project, config, request))
        environment = inventory.environment
        observation = observe(reader, environment, live=request.running)
        facts = observation.facts
        choice = _machine(baseline, facts, request.level or config.level, request.machine)
        machine = baseline.machines[choice.name] if baseline is not None and choice is not None else None
        selection = choose_selection(request, config, machine)
        trees, left_out = _trees(reader, baseline, config, request)
        return replace(
            evidence,
            inventory=inventory,
            facts=facts,
            overrides=_overrides(reader, evidence),
            disagreements=observation.disagreements,
            baseline=baseline,
            machine_name=choice.name if choice is not None else request.machine,
            machine=machine,
            choice=choice,
            selection=selection,
            selected=_select(evidence.lock, selection, environment.markers),
            others=tuple(
                replace(view, selected=_select_also(view.lock, selection, environment.markers))
                for view in evidence.others
            ),
            own=_own(inventory, config) | _project_itself(reader, project, evidence.lock),
            real_paths=real_paths(reader, project, [view.lock for view in evidence.views], inventory),
            checkouts=checkouts(reader, [view.lock for view in evidence.views], inventory),
            trees=trees,
            trees_left_out=left_out,
            code=look_at_code(reader, project, policy=config.code, limit=config.patch_limit, running=request.running),
            # Last of all: it goes on meanwhile.
            files=_files(reader, looking, inventory, machine, config, request),
        )
    finally:
        if looking is not None:
            looking.close()


def _environment(reader: Reader, project: str, config: Config, request: Request) -> Environment:
    from .installed import find_environment, running_environment

    if request.running:
        return running_environment(reader)
    # What a caller names starts from the current folder, what the settings name from the project.
    named = os.path.join(project, config.python) if config.python is not None else None
    return find_environment(reader, project, request.python or named)


def _start_early(reader: Reader, project: str, request: Request) -> tuple[Inventory | None, Looking | None]:
    """Return what is installed, and the look at its files, which takes the longest and needs none of the rest; nothing where nobody asks.

    Whatever is wrong with the environment is told in its turn, behind what is wrong with the lock.
    """
    config = load_config(reader, project)
    if not _asks_for_files(config, request):
        return None, None
    from .files.look import Looking
    from .installed import scan

    try:
        inventory = scan(reader, _environment(reader, project, config, request))
    except EnvguardError:
        return None, None
    return inventory, Looking(reader, inventory, full=request.full)


def _asks_for_files(config: Config, request: Request) -> bool:
    return config.files if request.files is None else request.files


def _files(
    reader: Reader,
    looking: Looking | None,
    inventory: Inventory,
    machine: Machine | None,
    config: Config,
    request: Request,
) -> InstalledFiles | None:
    """Return the files of the installed packages; None where nobody asks for them."""
    if not _asks_for_files(config, request):
        return None
    from .files.look import Looking

    # It is there, unless the environment could not be told at first and can now.
    looking = looking or Looking(reader, inventory, full=request.full)
    # What will judge it is loaded while files are still being read.
    all_rules()
    return looking.result(machine.files if machine is not None else {}, progress=request.progress)


def _overrides(reader: Reader, evidence: Evidence) -> dict[str, str]:
    """Return the variables with which somebody tells conda what the machine is, where a lock asks anything of it."""
    if not evidence.locks_conda:
        return {}
    from .rules.virtual import OVERRIDES

    return {name: value for name in OVERRIDES if (value := reader.environ(name))}


def _trees(
    reader: Reader, baseline: Baseline | None, config: Config, request: Request
) -> tuple[tuple[TreeState, ...], str | None]:
    """Return the recorded trees as they are now, or why they are left out."""
    if baseline is None or not baseline.data:
        return (), baseline.without_data if baseline is not None else None
    level = request.level or config.level
    if request.data is False:
        return (), "left out, as was asked for"
    if request.data is None and level not in config.data.levels:
        return (), f"left out at {level} by the settings"
    from .trees.look import look_at

    sample = config.data.sample
    return look_at(reader, baseline, sample=sample, full=request.full, progress=request.progress), None


def _machine(baseline: Baseline | None, facts: Mapping[str, Fact], level: Level, named: str | None) -> Choice | None:
    """Return the recorded machine that is named, or the nearest; None where none is recorded."""
    from .rules.nearest import choose

    if baseline is None:
        return None
    machines = baseline.machines
    if named is not None and named not in machines:
        import shlex

        known = ", ".join(sorted(machines)) or "none"
        raise ConfigError(
            f"no machine '{named}' is recorded; recorded are: {known}",
            path=baseline.path,
            hint=f"envguard record --machine {shlex.quote(named)}" if baseline.own else None,
        )
    return choose(machines, facts, level, named) if machines else None


def choose_selection(request: Request, config: Config, machine: Machine | None) -> Selection:
    """Return what should be installed: each part as the caller asks, else as it is set, else as it was recorded."""
    recorded = machine.selection if machine is not None else Selection()

    def choose(name: str) -> tuple[str, ...]:
        for source in (request, config, recorded):
            value: tuple[str, ...] | None = getattr(source, name)
            if value is not None:
                return value
        return ()

    default = next(
        flag for flag in (request.default_groups, config.default_groups, recorded.default_groups) if flag is not None
    )
    return Selection(
        packages=choose("packages"), extras=choose("extras"), groups=choose("groups"), default_groups=default
    )


def _select(lock: Lock | None, selection: Selection, markers: Mapping[str, str]) -> Selected | Refused | None:
    from .lockfiles.select import select

    if lock is None:
        return None
    selected = select(lock, selection, markers)
    if isinstance(selected, Refused) and selected.everywhere:
        raise ConfigError(selected.message, path=lock.path, keys=selected.keys)
    return selected


def _select_also(lock: Lock, selection: Selection, markers: Mapping[str, str]) -> Selected | Refused:
    """Return what a further lock selects; names that only the others know are not asked of it."""
    from .lockfiles.select import select

    while True:
        selected = select(lock, selection, markers)
        if not isinstance(selected, Refused) or selected.kind is not RefusalKind.UNKNOWN_NAME:
            return selected
        fewer = _without(selection, selected.found or "")
        if fewer == selection:
            return selected
        selection = fewer


def _without(selection: Selection, unknown: str) -> Selection:
    def known(names: Iterable[str]) -> tuple[str, ...]:
        return tuple(name for name in names if unknown not in (name, normalize(name)))

    return replace(
        selection,
        packages=known(selection.packages),
        extras=known(selection.extras),
        groups=known(selection.groups),
    )


def _own(inventory: Inventory, config: Config) -> frozenset[str]:
    from .installed import requirement_closure

    needs = requirement_closure(inventory, "envguard", inventory.environment.markers)
    return _ALWAYS_EXPECTED | needs | {normalize(name) for name in config.expected}


def _project_itself(reader: Reader, project: str, lock: Lock | None) -> frozenset[str]:
    """Return the name of the project where its lock may leave it out, so that it is no surprise when it is installed."""
    from .lockfiles.formats import by_name
    from .lockfiles.projects import project_name

    if lock is None or by_name(lock.format).native:
        return frozenset()
    name = project_name(reader, project)
    return frozenset((name,)) if name is not None else frozenset()
