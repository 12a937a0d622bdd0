"""Asked of pdm itself: which packages it would install. Run by the Python of an environment that holds pdm.

Reads a JSON list of ``{"folder", "groups", "environment"}`` (groups null for the default ones; the environment as pdm's own
lock targets have it) and prints a list of what is chosen for each, or of the error.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from pdm.cli.actions import resolve_from_lockfile
from pdm.cli.filters import GroupSelection
from pdm.core import Core
from pdm.models.markers import EnvSpec


def answer(case: dict[str, Any]) -> dict[str, Any]:
    project = Core().create_project(case["folder"])
    environment = EnvSpec.from_spec(**case["environment"])
    groups = case["groups"]
    selection = GroupSelection(project) if groups is None else GroupSelection(project, dev=False, groups=groups)
    try:
        selection.validate()
        requirements = [item for group in selection for item in project.get_dependencies(group)]
        packages = list(resolve_from_lockfile(project, requirements, list(selection), environment))
    except Exception as error:  # noqa: BLE001
        return {"error": f"{type(error).__name__}: {error}"}
    return {"packages": sorted({f"{item.candidate.req.key}=={item.candidate.version}" for item in packages})}


print(json.dumps([answer(case) for case in json.load(sys.stdin)]))
