"""Asked of pipenv itself: what it would install, and which hash it makes of a Pipfile. Run by the Python of an environment
that holds pipenv.

Reads a JSON list of ``{"folder", "sections", "environment"}`` (the environment as values of markers; no sections: the hash
alone) and prints a list of what is chosen for each and of the hash, or of the error.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
from typing import Any

from packaging.utils import canonicalize_name
from pipenv.project import Project
from pipenv.utils.dependencies import get_lockfile_section_using_pipfile_category


def answer(case: dict[str, Any]) -> dict[str, Any]:
    # Paths in a lock are looked for from the current folder.
    os.chdir(case["folder"])
    os.environ["PIPENV_PIPFILE"] = os.path.join(case["folder"], "Pipfile")
    try:
        project = Project(chdir=False)
        found = {"hash": project.pipfile.calculate_hash(), "locked": project.lockfile.hash()}
        if case["sections"]:
            found["packages"] = sorted(chosen(project, case["sections"], case["environment"]))
    except Exception as error:  # noqa: BLE001
        return {"error": f"{type(error).__name__}: {error}"}
    return found


def chosen(project: Any, sections: list[str], environment: dict[str, str]) -> set[str]:
    """Return what ``pipenv sync --categories`` hands to pip ("pipenv.routines.install.do_install_dependencies")."""
    lockfile = project.get_or_create_lockfile(categories=sections)
    found = set()
    for category in sections:
        section = get_lockfile_section_using_pipfile_category(category)
        items = lockfile.get_requirements(dev=False, only=False, categories=[section])
        # What comes from a folder has no name before it is built; it is that of the entry.
        for name, (item, _) in zip(list(lockfile[section]), items, strict=True):
            if item.markers is None or item.markers.evaluate(environment=environment):
                found.add(f"{canonicalize_name(name)}{item.specifier if item.link is None else ''}")
    return found


if __name__ == "__main__":
    cases = json.load(sys.stdin)
    # pipenv talks on standard output about what it does.
    with contextlib.redirect_stdout(io.StringIO()):
        answers = [answer(case) for case in cases]
    print(json.dumps(answers))
