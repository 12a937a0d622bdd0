"""Asked of poetry itself: which packages it would install. Run by the Python of an environment that holds poetry.

Reads a JSON list of ``{"folder", "extras", "groups", "environment"}`` (groups null for the default ones) and prints a list
of what is chosen for each, or of the error. Poetry's own installer answers, in its dry run, with the markers of the
environment that is asked for.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from cleo.io.null_io import NullIO
from poetry.factory import Factory
from poetry.installation.executor import Executor
from poetry.installation.installer import Installer
from poetry.repositories.installed_repository import InstalledRepository
from poetry.utils.env import MockEnv


class Listener(Executor):  # type: ignore[misc]
    """Takes what would be done and does nothing."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.found: list[str] = []

    def execute(self, operations: Any) -> int:
        self.found = [
            f"{operation.package.name}=={operation.package.version}"
            for operation in operations
            if not operation.skipped and operation.job_type in ("install", "update")
        ]
        return 0


def answer(case: dict[str, Any]) -> dict[str, Any]:
    markers = case["environment"]
    poetry = Factory().create_poetry(Path(case["folder"]))
    version = tuple(int(part) for part in markers["python_full_version"].split("."))
    environment = MockEnv(
        version_info=(*version, "final", 0),
        platform=markers["sys_platform"],
        os_name=markers["os_name"],
        platform_machine=markers["platform_machine"],
        marker_env=markers,
    )
    executor = Listener(environment, poetry.pool, poetry.config, NullIO())
    installer = Installer(
        NullIO(),
        environment,
        poetry.package,
        poetry.locker,
        poetry.pool,
        poetry.config,
        InstalledRepository(),
        executor,
    )
    installer.extras(case["extras"])
    if case["groups"] is not None:
        installer.only_groups(case["groups"])
    try:
        installer.run()
    except Exception as error:  # noqa: BLE001
        return {"error": str(error)}
    return {"packages": sorted(executor.found)}


print(json.dumps([answer(case) for case in json.load(sys.stdin)]))
