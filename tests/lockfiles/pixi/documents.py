"""A small project of pixi with every kind of package, and its locks of the versions that are read."""

from __future__ import annotations

import hashlib

HASH = "0123456789abcdef" * 4
MD5 = "0123456789abcdef" * 2
CHANNEL = "https://conda.index.example/conda-forge"
INDEX = "https://index.example/simple"
FILES = "https://files.index.example"
MANIFEST = """\
[workspace]
name = "app"
channels = ["conda-forge"]
platforms = ["linux-64", "osx-arm64"]

[dependencies]
python = "3.12.*"
numpy = ">=2,<3"

[target.linux-64.dependencies]
mkl = "*"

[pypi-dependencies]
tiny = { version = ">=1", extras = ["fast"] }
app = { path = ".", editable = true }
vendored = { git = "https://git.example/a/vendored.git", tag = "v1" }

[feature.test.dependencies]
pytest = "*"

[environments]
test = ["test"]
"""
PYPROJECT = (
    '[project]\nname = "app"\nversion = "0.1.0"\nrequires-python = ">=3.12"\ndependencies = ["numpy>=2", "tiny"]\n'
)

_URLS = {
    "python": ("linux-64/python-3.12.4-h1_0_cpython.conda", "osx-arm64/python-3.12.4-h2_0_cpython.conda"),
    "numpy": ("linux-64/numpy-2.1.0-py312_0.conda", "osx-arm64/numpy-2.1.0-py312_1.conda"),
    "mkl": ("linux-64/mkl-2024.2-h3_0.conda", ""),
    "pytest": ("noarch/pytest-8.3.0-pyhd_0.conda", "noarch/pytest-8.3.0-pyhd_0.conda"),
}
_NEEDS = {
    "python": ["__glibc >=2.17,<3.0.a0"],
    "numpy": ["python >=3.12,<3.13.0a0", "mkl >=2024"],
    "mkl": [],
    "pytest": ["python >=3.8"],
}
_PURLS = {"python": "[]", "numpy": "[pkg:pypi/numpy]", "mkl": "[]", "pytest": "[pkg:pypi/pytest@8.3.0]"}
GIT = "git+https://git.example/a/vendored.git?tag=v1&subdirectory=sub#0123456789abcdef0123456789abcdef01234567"
TINY = f"{FILES}/tiny-1.5-py3-none-any.whl"
FAST = f"{FILES}/fast-1.0-cp312-cp312-manylinux_2_17_x86_64.whl"
FAST_MAC = f"{FILES}/fast-1.0-cp312-cp312-macosx_11_0_arm64.whl"


def sha256(location: str) -> str:
    """Return a hash for the file at *location*, another one for each."""
    return hashlib.sha256(location.encode()).hexdigest()


def conda(location: str, depends: list[str], *, purls: str = "[]", more: str = "") -> str:
    """Return a record of a conda package of version 6 or 7."""
    needs = f"  depends: {depends}\n" if depends else ""
    return f"- conda: {location}\n  sha256: {sha256(location)}\n  md5: {MD5}\n{more}{needs}  purls: {purls}\n  size: 1000\n  timestamp: 1700000000000\n"


def pypi(location: str, name: str, version: str | None, requires: str = "", *, more: str | None = None) -> str:
    """Return a record of a package of Python of version 6 or 7, with a hash unless *more* stands there instead."""
    more = f"  sha256: {sha256(location)}\n" if more is None else more
    told = f"  version: '{version}'\n" if version is not None else ""
    return f"- pypi: {location}\n  name: {name}\n{told}{more}{requires}"


def _records(version: int) -> str:
    text = ""
    for name, (linux, mac) in _URLS.items():
        for url, needs in dict.fromkeys(((linux, tuple(_NEEDS[name])), (mac, tuple(_NEEDS[name])))):
            mine = [need for need in needs if not ("osx" in url and need.startswith(("mkl", "__glibc")))]
            if url:
                text += conda(f"{CHANNEL}/{url}", mine, purls=_PURLS[name])
    tiny = "  requires_dist:\n  - numpy>=2\n  - fast ; extra == 'fast'\n  - old ; python_full_version < '3.12'\n  requires_python: '>=3.9'\n"
    text += pypi(TINY, "tiny", "1.5", tiny) + pypi(FAST, "fast", "1.0") + pypi(FAST_MAC, "fast", "1.0")
    own = "  requires_dist:\n  - numpy>=2\n  - tiny\n  requires_python: '>=3.12'\n"
    text += (
        pypi("./", "app", "0.1.0", own, more="  editable: true\n")
        if version < 7
        else pypi("./", "app", None, own, more="")
    )
    return text + pypi(GIT, "vendored", "1.0", more="") if version < 7 else text + pypi(GIT, "vendored", None, more="")


def _lists(environment: str) -> str:
    names = [name for name in _URLS if name != "pytest" or environment == "test"]
    text = f"  {environment}:\n    channels:\n    - url: {CHANNEL}/\n    indexes:\n    - {INDEX}\n    packages:\n"
    for at, (platform, fast) in enumerate((("linux-64", FAST), ("osx-arm64", FAST_MAC))):
        text += f"      {platform}:\n"
        text += "".join(f"      - conda: {CHANNEL}/{_URLS[name][at]}\n" for name in names if _URLS[name][at])
        text += "".join(f"      - pypi: {location}\n" for location in (TINY, fast, "./", GIT))
    return text


ENVIRONMENTS = _lists("default") + _lists("test")
PLATFORMS = """\
platforms:
- name: linux-64
  virtual-packages:
  - __unix=0=0
  - __linux=4.18
  - __glibc=2.28
  - __archspec=0=x86_64
- name: osx-arm64
  virtual-packages:
  - __unix=0=0
  - __osx=13.0
"""


def lock(version: int = 6, *, environments: str = ENVIRONMENTS, records: str | None = None, more: str = "") -> str:
    """Return the lock of version 6 or 7; *records* are added to those of the project, *more* to the head of the file."""
    head = f"version: {version}\n{PLATFORMS if version >= 7 else ''}{more}"
    return f"{head}environments:\n{environments}packages:\n{_records(version)}{records or ''}"


OLD = f"""\
version: 5
environments:
  default:
    channels:
    - url: {CHANNEL}/
    packages:
      linux-64:
      - conda: {CHANNEL}/linux-64/python-3.12.4-h1_0_cpython.conda
      - conda: {CHANNEL}/noarch/tzdata-2024b-h8_0.conda
      - pypi: {TINY}
      - pypi: .
packages:
- kind: conda
  name: python
  version: 3.12.4
  build: h1_0_cpython
  subdir: linux-64
  url: {CHANNEL}/linux-64/python-3.12.4-h1_0_cpython.conda
  sha256: {HASH}
  md5: {MD5}
  depends:
  - tzdata *
- kind: conda
  name: tzdata
  version: 2024b
  build: h8_0
  subdir: noarch
  url: {CHANNEL}/noarch/tzdata-2024b-h8_0.conda
  sha256: {sha256("tzdata")}
- kind: conda
  name: tzdata
  version: 2024b
  build: h8_0
  subdir: noarch
  url: {CHANNEL}/noarch/tzdata-2024b-h8_0.conda
  sha256: {sha256("tzdata")}
  purls: []
- kind: pypi
  name: tiny
  version: '1.5'
  url: {TINY}
  sha256: {sha256(TINY)}
  requires_dist:
  - fast>=1 ; extra == 'fast'
- kind: pypi
  name: app
  version: 0.1.0
  path: .
  sha256: {HASH}
  editable: true
"""
