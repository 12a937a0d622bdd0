"""A small ``Pipfile.lock`` with its ``Pipfile``."""

from __future__ import annotations

import copy
import json
from typing import Any

MANIFEST = """
[[source]]
name = "main"
url = "https://index.example/simple"
verify_ssl = true

[[source]]
name = "own"
url = "https://${USER}:${TOKEN}@own.example/simple"
verify_ssl = true

[packages]
alpha = ">=1"
Beta_Two = {version = "*", extras = ["fast"], index = "own"}
repo = {git = "https://git.example/a/repo.git", ref = "v1"}
lib = {path = "./libs/lib", editable = true}

[dev-packages]
gamma = {version = "*", markers = "python_version >= '3.9'"}

[docs]
epsilon = "~=1.0"

[requires]
python_version = "3.12"
"""
# What pipenv 2026.10.3 makes of it (``pipenv lock``, "pipenv.project.Project().pipfile.calculate_hash()").
HASH = "1f358b6a36c6abfeda76352e042c7d5f8cba9fe38c7ff5b2da62cd556aa81798"
COMMIT = "a79603c4d0a13487eeec6119abcb2f5744636c25"


def digest(number: int) -> str:
    return f"sha256:{number:064x}"


def entry(version: str = "==1.0", number: int = 1, **more: Any) -> dict[str, Any]:
    """Return the entry of a package from an index."""
    return {"hashes": [digest(number), digest(number + 1)], "version": version, **more}


DOCUMENT: dict[str, Any] = {
    "_meta": {
        "hash": {"sha256": HASH},
        "pipfile-spec": 6,
        "requires": {"python_version": "3.12"},
        "sources": [
            {"name": "main", "url": "https://index.example/simple", "verify_ssl": True},
            {"name": "own", "url": "https://${USER}:${TOKEN}@own.example/simple", "verify_ssl": True},
        ],
    },
    "default": {
        "alpha": entry("==1.5", 10, index="main", markers="python_version >= '3.8'"),
        "beta-two": entry(number=20, extras=["fast"], index="own"),
        "delta": entry(number=30, markers="sys_platform == 'win32'"),
        "lib": {"editable": True, "path": "./libs/lib"},
        "repo": {"git": "https://git.example/a/repo.git", "ref": COMMIT},
    },
    "develop": {
        "alpha": entry("==1.5", 10, index="main", markers="python_version >= '3.8'"),
        "gamma": entry(number=40, markers="python_version >= '3.9'"),
    },
    "docs": {"epsilon": entry("==1.2", 50)},
}


def lock(*changes: tuple[str, Any]) -> str:
    """Return the lock after each of *changes*: a key path and what stands there, None to take it away."""
    document = copy.deepcopy(DOCUMENT)
    for path, value in changes:
        *parents, last = path.split("/")
        table = document
        for key in parents:
            table = table.setdefault(key, {})
        if value is None:
            del table[last]
        else:
            table[last] = value
    return json.dumps(document, indent=4, sort_keys=True) + "\n"
