"""``pixi.lock``."""

from __future__ import annotations

from dataclasses import replace

import yaml

from tests.lockfiles.pixi import documents as pixi

from .base import CONDA, Specimen, to_json

PIXI_SOURCE = "- conda_source: child[87dc0b8a] @ child\n  version: '1.0'\n  subdir: linux-64\n"

PIXI = Specimen(
    label="pixi",
    needed=("conda", "conda_source", "name", "packages", "platforms", "pypi", "url", "version"),
    ignored=("channels",),
    format="pixi",
    name="pixi.lock",
    text=pixi.lock(7, records=PIXI_SOURCE),
    manifests={"pixi.toml": pixi.MANIFEST, "pyproject.toml": pixi.PYPROJECT},
    newer=("version: 7\n", "version: 9\n"),
    twice=("environments:\n", "environments: {}\nenvironments:\n"),
    real="pixi-small/pixi.lock",
    opens="version: ",
    loads=yaml.safe_load,
    dumps=to_json,
    groups=("test",),
    environment=CONDA,
)
SPECIMENS = (
    PIXI,
    replace(
        PIXI,
        label="pixi-6",
        needed=("conda", "name", "packages", "pypi", "url", "version"),
        text=pixi.lock(6),
        newer=("version: 6\n", "version: 9\n"),
    ),
)
