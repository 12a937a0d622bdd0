"""Asked of rattler itself, the library that pixi is made of. Run by the Python of an environment that holds py-rattler.

Reads a JSON list of cases and prints a list of answers; the first word of a case says what is asked:

``["order", one, other]``: whether one version comes before another, and whether they are equal.
``["spec", text, version, build]``: whether a match spec takes a package of its own name, and the name.
``["lock", path]``: for each environment and platform what the lock lists.
``["rewrite", path, to]``: the lock, written again in the newest version.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import rattler

if TYPE_CHECKING:
    from collections.abc import Callable


def order(one: str, other: str) -> Any:
    left, right = rattler.Version(one), rattler.Version(other)
    return [left < right, left == right]


def spec(text: str, version: str, build: str) -> Any:
    wanted = rattler.MatchSpec(text)
    record = rattler.PackageRecord(wanted.name.normalized, version, rattler.BuildString(build), 0, "linux-64")
    return [wanted.name.normalized, wanted.matches(record)]


def lock(path: str) -> Any:
    found: dict[str, list[list[str]]] = {}
    for name, environment in rattler.LockFile.from_path(path).environments():
        for platform in environment.platforms():
            packages = environment.packages(platform) or []
            found[f"{name} {platform.name}"] = sorted(map(described, packages))
    return found


def described(package: Any) -> list[str]:
    conda = isinstance(package, rattler.CondaLockedPackage)
    record = package.package_record if conda else None
    try:
        digest = package.hashes.sha256
    except AttributeError:  # what it raises where there is none
        digest = None
    return [
        "conda" if conda else "pypi",
        record.name.normalized if record is not None else package.name,
        # The version of a conda package is spelled anew by rattler; the name of its file tells it as it is.
        package.location.rpartition("/")[2] if conda else package.version.replace("<dynamic>", ""),
        str(record.build) if record is not None else "",
        str(record.subdir) if record is not None else "",
        digest.hex() if digest else "",
    ]


def rewrite(path: str, to: str) -> Any:
    rattler.LockFile.from_path(path).to_path(to)
    return to


QUESTIONS: dict[str, Callable[..., Any]] = {"order": order, "spec": spec, "lock": lock, "rewrite": rewrite}


def answer(case: list[Any]) -> Any:
    try:
        return QUESTIONS[case[0]](*case[1:])
    except Exception as error:  # noqa: BLE001
        return {"error": f"{type(error).__name__}: {error}"}


print(json.dumps([answer(case) for case in json.load(sys.stdin)]))
