"""A small ``conda-lock.yml`` with every kind of entry, and the files that it is made from."""

from __future__ import annotations

import hashlib

HASH = "0123456789abcdef" * 4
MD5 = "0123456789abcdef" * 2
CHANNEL = "https://conda.index.example/conda-forge"
ENVIRONMENT = """\
channels:
  - conda-forge
platforms:
  - linux-64
  - osx-arm64
dependencies:
  - python 3.12.*
  - numpy >=2,<3
  - mkl  # [linux64]
  - pip:
      - tiny >=1
"""
DEV = """\
category: dev
channels:
  - conda-forge
dependencies:
  - pytest
"""


def sha256(filename: str) -> str:
    """Return a hash for the file *filename*, another one for each."""
    return hashlib.sha256(filename.encode()).hexdigest()


def conda(
    name: str, version: str, build: str, platform: str, subdir: str, *, category: str = "main", needs: str = "{}"
) -> str:
    """Return an entry for a conda package."""
    return f"""\
- name: {name}
  version: '{version}'
  manager: conda
  platform: {platform}
  dependencies: {needs}
  url: {CHANNEL}/{subdir}/{name}-{version}-{build}.conda
  hash:
    md5: {MD5}
    sha256: {sha256(f"{name}-{version}-{build}.conda")}
  category: {category}
  optional: {"false" if category == "main" else "true"}
"""


def pip(name: str, version: str, platform: str, *, category: str = "main", more: str = "") -> str:
    """Return an entry for a package of Python's index."""
    return f"""\
- name: {name}
  version: '{version}'
  manager: pip
  platform: {platform}
  dependencies: {{}}
  url: https://files.index.example/{name}-{version}-py3-none-any.whl
  hash:
    sha256: {sha256(f"{name}-{version}-py3-none-any.whl")}
{more}  category: {category}
  optional: {"false" if category == "main" else "true"}
"""


PACKAGES = "".join(
    [
        conda("python", "3.12.4", "h1_0", "linux-64", "linux-64", needs="{__glibc: '>=2.17'}"),
        conda("python", "3.12.4", "h2_0", "osx-arm64", "osx-arm64", needs="{__osx: '>=11.0'}"),
        conda("numpy", "2.1.0", "py312_0", "linux-64", "linux-64", needs="{python: '>=3.12,<3.13.0a0', mkl: '*'}"),
        conda("numpy", "2.1.0", "py312_1", "osx-arm64", "osx-arm64", needs="{python: '>=3.12,<3.13.0a0'}"),
        conda("mkl", "2024.2", "h3_0", "linux-64", "linux-64"),
        conda("pytest", "8.3.0", "pyhd_0", "linux-64", "noarch", category="dev", needs="{python: '>=3.8'}"),
        conda("pytest", "8.3.0", "pyhd_0", "osx-arm64", "noarch", category="dev", needs="{python: '>=3.8'}"),
        conda("pip", "24.2", "pyh_0", "linux-64", "noarch", needs="{python: '>=3.8'}"),
        conda("pip", "24.2", "pyh_0", "osx-arm64", "noarch", needs="{python: '>=3.8'}"),
        pip("tiny", "1.5", "linux-64"),
        pip("tiny", "1.5", "osx-arm64"),
    ]
)


def lock(packages: str = PACKAGES, *, version: str = "1", more: str = "", sources: str = "environment.yml") -> str:
    """Return the lock with *packages*; *more* are further lines of its metadata, *sources* what it was made from."""
    names = "".join(f"  - {name}\n" for name in sources.split())
    return f"""\
version: {version}
metadata:
  content_hash:
    linux-64: {HASH}
    osx-arm64: {HASH}
  channels:
  - url: conda-forge
    used_env_vars: []
  platforms:
  - linux-64
  - osx-arm64
  sources:
{names}{more}package:
{packages}"""
