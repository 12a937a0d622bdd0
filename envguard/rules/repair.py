"""The commands that mend a finding, for exactly the environment and the selection that were checked."""

from __future__ import annotations

import os
import shlex

from ..lockfiles.model import Selected
from ..model import Selection
from ..names import normalize

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..installed.model import CondaPackage
    from ..lockfiles.model import Lock
    from .evidence import Evidence


OWN_VENV = ".venv"
# How an environment was chosen that was named (installed.discovery).
NAMED = "--python"


def selection_flags(evidence: Evidence) -> list[str]:
    """Return the options with which uv selects what was selected here."""
    selection = evidence.selection
    if selection is None:
        return []
    flags: list[str] = []
    for name in selection.packages:
        flags += ["--all-packages"] if name == "*" else ["--package", name]
    for extra in selection.extras:
        flags += ["--extra", extra]
    if not selection.default_groups:
        flags.append("--no-default-groups")
    for group in selection.groups:
        flags += ["--group", group]
    return flags


def sync(evidence: Evidence, *again: str) -> str:
    """Return the command that brings the environment to the lock and, where the tool can, removes nothing else.

    *again* are packages that are installed already and must be installed anew.
    """
    if evidence.lock is not None and evidence.lock.format != "uv":
        return _by_its_tool(evidence, evidence.lock, again)
    more = [word for name in again for word in ("--reinstall-package", name)]
    command = ["uv", "sync", "--locked", "--inexact", *selection_flags(evidence), *more]
    prefix = evidence.environment.prefix
    before = ""
    if evidence.real_paths.get(prefix, prefix) != evidence.real_paths.get(OWN_VENV):
        if evidence.environment.chosen_by in ("VIRTUAL_ENV", "CONDA_PREFIX"):
            command.insert(2, "--active")
        else:
            before = f"UV_PROJECT_ENVIRONMENT={shlex.quote(prefix)} "
    return before + shlex.join(command)


def _by_its_tool(evidence: Evidence, lock: Lock, again: tuple[str, ...]) -> str:
    selection = _selection(evidence, lock)
    if lock.format == "pixi" and again:
        return _pixi_reinstall(lock, selection, again)
    if "pip install" in lock.commands.install:
        install = _from_file(evidence, lock, selection)
    else:
        where = ["--prefix", evidence.environment.prefix] if lock.format == "conda-lock" else []
        install = " ".join((lock.commands.install, *map(shlex.quote, (*where, *_flags(lock, selection)))))
    # Only uv has an option for it; what is gone is installed again by every tool.
    return " && ".join((*(uninstall(evidence, name) for name in again), install))


def _selection(evidence: Evidence, lock: Lock) -> Selection:
    """Return what was selected here; of a lock of environments the one that it came to, unless that is what its tool takes unasked."""
    if lock.format == "pixi" and isinstance(evidence.selected, Selected):
        return Selection(groups=tuple(name for name in evidence.selected.groups if name not in lock.default_groups))
    return evidence.selection or Selection()


def _from_file(evidence: Evidence, lock: Lock, selection: Selection) -> str:
    """Return the command that installs what stands in the locks of the project that are files for uv or pip to install from."""
    files = [view.name for view in evidence.views if view.lock.format == lock.format]
    groups = list(selection.groups)
    if groups and selection.default_groups:
        # Whoever names groups does not get the default ones.
        groups += [group for group in lock.default_groups if group not in groups]
    if groups or lock.commands.install.startswith("uv "):
        words = ["uv", "pip", "install", "--python", evidence.environment.prefix]
        options = [word for extra in selection.extras for word in ("--extra", extra)]
        options += [word for group in groups for word in ("--group", group)]
    else:
        words, options = [evidence.environment.executable or "python", "-m", "pip", "install"], []
        if selection.extras:
            files = [f"{name}[{','.join(selection.extras)}]" for name in files]
    return shlex.join([*words, *(word for name in files for word in ("-r", name)), *options])


def _flags(lock: Lock, selection: Selection) -> list[str]:
    """Return the options with which the tool of *lock* selects what was selected here."""
    names = (*selection.extras, *selection.groups)
    # pdm writes either format.
    match "pdm" if lock.commands.install.startswith("pdm ") else lock.format:
        case "poetry":
            flags = [word for extra in selection.extras for word in ("--extras", extra)]
            flags += ["--with", ",".join(selection.groups)] if selection.groups else []
            return flags if selection.default_groups else [*flags, "--only", ",".join(("main", *selection.groups))]
        case "pdm":
            flags = [word for name in names for word in ("--group", name)]
            return flags if selection.default_groups else [*flags, "--prod"]
        case "pipenv":
            # The one tool that wants a group by the very name that the lock has.
            written = {normalize(group): group for group in lock.groups}
            names = tuple(written.get(normalize(name), name) for name in names)
            if names == ("develop",):
                return ["--dev"]
            return ["--categories", " ".join(("packages", *names))] if names else []
        case "pixi":
            return [word for name in names for word in ("--environment", name)]
        case "conda-lock":
            flags = [word for name in names if name not in lock.default_groups for word in ("--extras", name)]
            dev = selection.default_groups or not lock.default_groups or set(names) & set(lock.default_groups)
            return flags if dev else [*flags, "--no-dev"]
        case _:
            return []


def uninstall(evidence: Evidence, name: str) -> str:
    """Return the command that removes the package *name* from the environment."""
    if evidence.lock is not None and evidence.lock.format != "uv":
        return shlex.join([evidence.environment.executable or "python", "-m", "pip", "uninstall", "--yes", name])
    return shlex.join(["uv", "pip", "uninstall", "--python", evidence.environment.prefix, name])


def reinstall_conda(evidence: Evidence, package: CondaPackage) -> str:
    """Return the command that brings a package of conda back to what conda put there, or to what is locked."""
    lock, locked = evidence.lock, evidence.wanted_conda.get(package.name)
    if lock is not None and lock.format == "pixi":
        return _pixi_reinstall(lock, _selection(evidence, lock), (package.name,))
    where = next((file.location for file in locked.artifacts if file.location), None) if locked is not None else None
    if where is None:
        where = "=".join(filter(None, (package.name, package.version, package.build)))
    return shlex.join(["conda", "install", "--prefix", evidence.environment.prefix, "--force-reinstall", where])


def remove_conda(evidence: Evidence, name: str) -> str:
    """Return the command that removes the package *name* of conda, and nothing else."""
    if evidence.lock is not None and evidence.lock.format == "pixi":
        # It leaves nothing of conda in an environment that is not in the lock.
        return sync(evidence)
    return shlex.join(["conda", "remove", "--prefix", evidence.environment.prefix, "--force", name])


def _pixi_reinstall(lock: Lock, selection: Selection, names: tuple[str, ...]) -> str:
    return shlex.join(["pixi", "reinstall", "--locked", *_flags(lock, selection), *names])


def record(evidence: Evidence) -> str:
    """Return the command that records the baseline again for this machine; another record than the project's is nobody's to change."""
    if evidence.baseline is not None and not evidence.baseline.own:
        return "without --against, envguard check compares with the record of this project"
    name = evidence.machine_name
    command = ["envguard", "record"]
    if name and evidence.baseline is not None and len(evidence.baseline.machines) > 1:
        command += ["--machine", name]
    if (python := _named_python(evidence)) is not None:
        command += ["--python", python]
    return shlex.join(command)


def _named_python(evidence: Evidence) -> str | None:
    """Return the interpreter that was checked where it was named, and the settings do not name it: a record would be of another."""
    if evidence.inventory is None or evidence.environment.chosen_by != NAMED:
        return None
    environment, setting = evidence.environment, evidence.config.python
    usual = os.path.abspath(os.path.join(evidence.project, setting)) if setting is not None else None
    return None if usual in (environment.prefix, environment.executable) else environment.executable
