"""The commands that mend a finding, for exactly the environment and the selection that were checked."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from ..model import Selection
from ..names import normalize

if TYPE_CHECKING:
    from ..lockfiles.model import Lock
    from .evidence import Evidence


OWN_VENV = ".venv"


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
    selection = evidence.selection or Selection()
    if "pip install" in lock.commands.install:
        install = _from_file(evidence, lock, selection)
    else:
        install = " ".join((lock.commands.install, *map(shlex.quote, _flags(lock, selection))))
    # Only uv has an option for it; what is gone is installed again by every tool.
    return " && ".join((*(uninstall(evidence, name) for name in again), install))


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
            return [word for name in names for word in ("--extras", name)]
        case _:
            return []


def uninstall(evidence: Evidence, name: str) -> str:
    """Return the command that removes the package *name* from the environment."""
    if evidence.lock is not None and evidence.lock.format != "uv":
        return shlex.join([evidence.environment.executable or "python", "-m", "pip", "uninstall", "--yes", name])
    return shlex.join(["uv", "pip", "uninstall", "--python", evidence.environment.prefix, name])


def record(evidence: Evidence) -> str:
    """Return the command that records the baseline again for this machine."""
    name = evidence.machine_name
    several = evidence.baseline is not None and len(evidence.baseline.machines) > 1
    return f"envguard record --machine {shlex.quote(name)}" if name and several else "envguard record"
