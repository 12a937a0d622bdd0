"""Finding the environment that a project uses."""

from __future__ import annotations

import os

from ..errors import EnvironmentNotFoundError
from .describe import REMAKE, describe, running_environment

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..reader import Reader
    from .model import Environment

_PIXI = os.path.join(".pixi", "envs", "default")
_EXECUTABLES = (
    *(os.path.join("bin", name) for name in ("python", "python3", "pypy3", "pypy")),
    os.path.join("Scripts", "python.exe"),
    "python.exe",
)


def find_environment(reader: Reader, project: str, python: str | None) -> Environment:
    """Return the environment that *project* (an absolute folder) uses.

    *python* names it: an interpreter or the folder of a virtual or conda environment. Else it is the active virtual
    environment (``VIRTUAL_ENV``), else the active conda environment (``CONDA_PREFIX``), else the project's own
    (``UV_PROJECT_ENVIRONMENT`` or ``.venv``, else pixi's ``default``), else conda's base environment, which many shells
    activate unasked, else the running interpreter. This is the order in which uv looks, which knows nothing of pixi.
    EnvironmentNotFoundError where what is named is no environment, or where its facts cannot be told.
    """
    if python is not None:
        return describe(reader, _named(reader, python), "--python")
    if active := reader.environ("VIRTUAL_ENV"):
        return describe(reader, _active(reader, active, "VIRTUAL_ENV"), "VIRTUAL_ENV")
    conda = reader.environ("CONDA_PREFIX")
    if conda and not reader.is_dir(conda):
        _active(reader, conda, "CONDA_PREFIX")
    # An activated conda environment need not hold a Python at all; then it is not the one that is meant.
    conda_python = _executable(reader, conda) if conda else None
    base = bool(conda) and _is_conda_base(reader, conda)
    if conda_python is not None and not base:
        return describe(reader, conda_python, "CONDA_PREFIX")
    own = _of_project(reader, project)
    if own is not None:
        return describe(reader, *own)
    if conda_python is not None:
        return describe(reader, conda_python, "CONDA_PREFIX")
    return running_environment(reader)


def _named(reader: Reader, python: str) -> str:
    path = os.path.abspath(python)
    if reader.is_dir(path):
        found = _executable(reader, path)
        if found is None:
            raise _no_python(reader, path, "has no interpreter in it, so it is no Python environment")
        return found
    if reader.is_file(path):
        return path
    if os.path.basename(python) == python:
        raise EnvironmentNotFoundError(
            f"'{python}' is neither an interpreter nor the folder of an environment",
            hint=f'name a path, such as --python .venv or --python "$(command -v {python})"',
        )
    raise _no_python(reader, path, "is not there, so it names no Python environment")


def _active(reader: Reader, folder: str, variable: str) -> str:
    path = os.path.abspath(folder)
    found = _executable(reader, path)
    if found is not None:
        return found
    state = "but has no interpreter in it" if reader.is_dir(path) else "but is not there"
    raise EnvironmentNotFoundError(
        f"is the active environment by {variable}, {state}",
        path=path,
        hint=f"unset {variable}, or name an environment with --python",
    )


def _of_project(reader: Reader, project: str) -> tuple[str, str] | None:
    chosen = reader.environ("UV_PROJECT_ENVIRONMENT")
    path = os.path.join(project, chosen or ".venv")
    if not reader.exists(path):
        if chosen:
            raise _no_python(reader, path, "is the project's environment by UV_PROJECT_ENVIRONMENT, but is not there")
        # An environment of pixi need not hold a Python.
        found = _executable(reader, os.path.join(project, _PIXI))
        return (found, f"{_PIXI} of the project") if found is not None else None
    found = _executable(reader, path)
    if found is None:
        raise _no_python(reader, path, "is the project's environment, but has no interpreter in it")
    return found, "UV_PROJECT_ENVIRONMENT" if chosen else ".venv of the project"


def _executable(reader: Reader, folder: str) -> str | None:
    path = os.path.abspath(folder)
    return next(filter(reader.is_file, (os.path.join(path, name) for name in _EXECUTABLES)), None)


def _no_python(reader: Reader, path: str, message: str) -> EnvironmentNotFoundError:
    hint = "make it with uv sync, or name another one with --python"
    links = (path, *(os.path.join(path, name) for name in _EXECUTABLES))
    if any(os.path.islink(link) and not reader.exists(link) for link in links):
        message = "has an interpreter that leads nowhere: the Python it was made from is gone"
        hint = REMAKE
    return EnvironmentNotFoundError(message, path=path, hint=hint)


def _is_conda_base(reader: Reader, prefix: str) -> bool:
    if prefix == reader.environ("_CONDA_ROOT"):
        return True
    name = reader.environ("CONDA_DEFAULT_ENV")
    return name in ("base", "root") and os.path.basename(prefix) != name
