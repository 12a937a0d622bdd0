"""The command with which the tool of a lock installs what a run had selected of it, from the names that a receipt keeps.

Sources: ``uv sync --help``, ``poetry install --help``, ``pdm sync --help``, ``pipenv sync --help``, ``pixi install --help``,
``conda-lock install --help``, ``uv pip install --help``.
"""

from __future__ import annotations

import shlex
from fnmatch import fnmatchcase

from ..values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What was selected of a lock."""

    packages: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    default_groups: bool = True


def install_command(lock: str, wanted: Wanted) -> str | None:
    """Return the command that installs what is *wanted* of the lock at the path *lock*; None where nobody knows its tool by its name."""
    name = lock.rpartition("/")[2]
    for pattern, make in (
        ("uv.lock", _uv),
        ("poetry.lock", _poetry),
        ("pdm.lock", _pdm),
        ("Pipfile.lock", _pipenv),
        ("pixi.lock", _pixi),
        ("*conda-lock*.y*ml", _conda_lock),
        ("pylock*.toml", _from_file),
        ("*.txt", _from_file),
    ):
        if fnmatchcase(name, pattern):
            return shlex.join(make(lock, wanted))
    return None


def _each(option: str, names: tuple[str, ...]) -> list[str]:
    return [word for name in names for word in (option, name)]


def _uv(_lock: str, wanted: Wanted) -> list[str]:
    members = [
        word for name in wanted.packages for word in (("--all-packages",) if name == "*" else ("--package", name))
    ]
    default = [] if wanted.default_groups else ["--no-default-groups"]
    return [
        "uv",
        "sync",
        "--locked",
        *members,
        *_each("--extra", wanted.extras),
        *default,
        *_each("--group", wanted.groups),
    ]


def _poetry(_lock: str, wanted: Wanted) -> list[str]:
    groups = ",".join(wanted.groups)
    chosen = ["--with", groups] if groups else []
    if not wanted.default_groups:
        chosen = ["--only", ",".join(("main", *wanted.groups))]
    return ["poetry", "sync", *_each("--extras", wanted.extras), *chosen]


def _pdm(_lock: str, wanted: Wanted) -> list[str]:
    default = [] if wanted.default_groups else ["--prod"]
    return ["pdm", "sync", "--clean", *_each("--group", (*wanted.extras, *wanted.groups)), *default]


def _pipenv(_lock: str, wanted: Wanted) -> list[str]:
    names = (*wanted.extras, *wanted.groups)
    if names == ("develop",):
        return ["pipenv", "sync", "--dev"]
    return ["pipenv", "sync", *(["--categories", " ".join(("packages", *names))] if names else [])]


def _pixi(_lock: str, wanted: Wanted) -> list[str]:
    return ["pixi", "install", "--locked", *_each("--environment", (*wanted.extras, *wanted.groups))]


def _conda_lock(lock: str, wanted: Wanted) -> list[str]:
    default = [] if wanted.default_groups else ["--no-dev"]
    return ["conda-lock", "install", *_each("--extras", (*wanted.extras, *wanted.groups)), *default, lock]


def _from_file(lock: str, wanted: Wanted) -> list[str]:
    return ["uv", "pip", "install", "-r", lock, *_each("--extra", wanted.extras), *_each("--group", wanted.groups)]
