"""The commands that mend a finding, for exactly the environment and the selection that were checked."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
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


def sync(evidence: Evidence, *more: str) -> str:
    """Return the uv command that brings the environment to the lock and removes nothing that is not in it."""
    command = ["uv", "sync", "--locked", "--inexact", *selection_flags(evidence), *more]
    prefix = evidence.environment.prefix
    before = ""
    if evidence.real_paths.get(prefix, prefix) != evidence.real_paths.get(OWN_VENV):
        if evidence.environment.chosen_by in ("VIRTUAL_ENV", "CONDA_PREFIX"):
            command.insert(2, "--active")
        else:
            before = f"UV_PROJECT_ENVIRONMENT={shlex.quote(prefix)} "
    return before + shlex.join(command)


def uninstall(evidence: Evidence, name: str) -> str:
    """Return the command that removes the package *name* from the environment."""
    return shlex.join(["uv", "pip", "uninstall", "--python", evidence.environment.prefix, name])


def record(evidence: Evidence) -> str:
    """Return the command that records the baseline again for this machine."""
    name = evidence.machine_name
    several = evidence.baseline is not None and len(evidence.baseline.machines) > 1
    return f"envguard record --machine {shlex.quote(name)}" if name and several else "envguard record"
