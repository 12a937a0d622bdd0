"""``pdm.lock``."""

from __future__ import annotations

from dataclasses import replace

from tests.lockfiles.pdm import documents as pdm

from .base import Specimen

PDM_SOURCES = "".join(
    pdm.package(f"{kind}-one", "1.0", more=f"{source}\n")
    for kind, source in {
        "git": 'git = "https://git.example/one.git"\nref = "v1"\nrevision = "abc"\nsubdirectory = "x"',
        "url": 'url = "https://me:secret@files.example/url-one-1.0.tar.gz"',
        "path": 'path = "./libs/one"\neditable = true',
    }.items()
)
PDM_TARGET = '\n[[metadata.targets]]\nrequires_python = ">=3.9"\nplatform = "manylinux_2_28_x86_64"\nimplementation = "cpython"\n'

TARGETS = Specimen(
    label="pdm",
    needed=("file", "lock_version", "metadata", "name", "version"),
    ignored=("content_hash", "requires_python", "summary"),
    format="pdm",
    opens="x = ",
    name="pdm.lock",
    text=pdm.lock(packages=pdm.PACKAGES + PDM_SOURCES, targets=PDM_TARGET),
    manifests={"pyproject.toml": pdm.MANIFEST},
    newer=('lock_version = "4.5.1"', 'lock_version = "9.5.1"'),
    twice=("[metadata]\n", "[metadata]\n[metadata]\n"),
    real="pdm-small/pdm.lock",
    extras=("plot",),
    groups=("more",),
)
SPECIMENS = (
    TARGETS,
    replace(
        TARGETS,
        label="pdm-plain",
        needed=("extras", "file", "lock_version", "metadata", "name", "version"),
        ignored=("content_hash", "summary"),
        text=pdm.lock(strategy="cross_platform"),
    ),
)
