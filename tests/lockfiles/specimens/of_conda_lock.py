"""``conda-lock.yml``."""

from __future__ import annotations

import yaml

from tests.lockfiles.conda_lock import documents as conda_lock

from .base import CONDA, Specimen, to_json

SPECIMENS = (
    Specimen(
        label="conda-lock",
        needed=("manager", "name", "platform", "url", "version"),
        ignored=("channels", "content_hash", "linux-64", "optional", "osx-arm64", "used_env_vars"),
        format="conda-lock",
        name="conda-lock.yml",
        text=conda_lock.lock(sources="environment.yml dev.yml"),
        manifests={"environment.yml": conda_lock.ENVIRONMENT, "dev.yml": conda_lock.DEV},
        newer=("version: 1\n", "version: 9\n"),
        twice=("metadata:\n", "metadata: {}\nmetadata:\n"),
        real="conda-lock-small/conda-lock.yml",
        opens="version: ",
        loads=yaml.safe_load,
        dumps=to_json,
        groups=("dev",),
        environment=CONDA,
    ),
)
