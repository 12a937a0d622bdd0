"""``poetry.lock`` of today and of before 1.5."""

from __future__ import annotations

from dataclasses import replace

from tests.lockfiles.poetry import documents as poetry

from .base import Specimen, hash_of

POETRY_1 = f"""\
[[package]]
name = "alpha"
version = "1.5"
description = ""
category = "main"
optional = false
python-versions = ">=3.8"

[package.dependencies]
gamma = {{ version = ">=1", markers = "python_version >= '3.12'" }}

[[package]]
name = "beta"
version = "1.0"
description = ""
category = "main"
optional = false
python-versions = ">=3.8"

[package.dependencies]
delta = {{ version = "^1.0", optional = true }}

[package.extras]
fast = ["delta (>=1.0,<2.0)"]

[[package]]
name = "delta"
version = "1.0"
description = ""
category = "main"
optional = true
python-versions = "*"

[[package]]
name = "gamma"
version = "1.0"
description = ""
category = "dev"
optional = false
python-versions = ">=3.8"

[[package]]
name = "epsilon"
version = "1.0"
description = ""
category = "dev"
optional = false
python-versions = ">=3.8"

[[package]]
name = "zeta"
version = "1.0"
description = ""
category = "dev"
optional = false
python-versions = ">=3.8"

[extras]
plot = ["delta"]

[metadata]
lock-version = "1.1"
python-versions = ">=3.9,<4.0"
content-hash = "0"

[metadata.files]
alpha = [{{ file = "alpha-1.5-py3-none-any.whl", hash = "{hash_of(1)}" }}]
beta = [{{ file = "beta-1.0-py3-none-any.whl", hash = "{hash_of(2)}" }}]
delta = [{{ file = "delta-1.0.tar.gz", hash = "{hash_of(3)}" }}]
gamma = [{{ file = "gamma-1.0-py3-none-any.whl", hash = "{hash_of(4)}" }}]
epsilon = [{{ file = "epsilon-1.0-py3-none-any.whl", hash = "{hash_of(5)}" }}]
zeta = [{{ file = "zeta-1.0-py3-none-any.whl", hash = "{hash_of(6)}" }}]
"""
POETRY_SOURCES = "".join(
    poetry.package(f"{kind}-one", "1.0", more=f"develop = true\n\n[package.source]\n{source}")
    for kind, source in {
        "git": 'type = "git"\nurl = "https://git.example/one"\nreference = "v1"\nresolved_reference = "abc"\n'
        'subdirectory = "x"\n',
        "url": 'type = "url"\nurl = "https://me:secret@files.example/one-1.0.zip"\n',
        "file": 'type = "file"\nurl = "dist/one-1.0.zip"\n',
        "folder": 'type = "directory"\nurl = "libs/one"\n',
        "index": 'type = "legacy"\nurl = "https://index.example/simple"\nreference = "own"\n',
    }.items()
)

POETRY_2 = Specimen(
    label="poetry",
    needed=("file", "groups", "lock-version", "metadata", "name", "python-versions", "url", "version"),
    ignored=("content-hash", "delta", "gamma", "markers", "never", "optional", "plot", "reference", "unknown"),
    format="poetry",
    opens="x = ",
    name="poetry.lock",
    text=poetry.lock(packages=poetry.PACKAGES + POETRY_SOURCES),
    manifests={"pyproject.toml": poetry.MANIFEST},
    newer=('lock-version = "2.1"', 'lock-version = "9.1"'),
    twice=("[metadata]\n", "[metadata]\n[metadata]\n"),
    real="poetry-small/poetry.lock",
    extras=("plot",),
    groups=("docs",),
)
SPECIMENS = (
    POETRY_2,
    replace(
        POETRY_2,
        label="poetry-1",
        needed=("file", "lock-version", "metadata", "name", "python-versions", "version"),
        ignored=("category", "content-hash", "delta", "description", "gamma", "optional", "plot"),
        text=POETRY_1,
        newer=('lock-version = "1.1"', 'lock-version = "9.1"'),
        real="poetry-1.1/poetry.lock",
    ),
)
