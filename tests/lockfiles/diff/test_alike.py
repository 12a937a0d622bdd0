"""What is passed over because it stands alike in both locks differs in nothing that a closer look would tell."""

from __future__ import annotations

import random
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from envguard.lockfiles import read_lock
from envguard.lockfiles.diff.compare import compare
from envguard.lockfiles.diff.ways import Ways
from envguard.reader import Reader
from envguard.values import replace

if TYPE_CHECKING:
    from envguard.lockfiles.model import Lock, LockedPackage

CORPORA = Path(__file__).parents[2] / "corpora"


def changed(lock: Lock, seed: int) -> Lock:
    """Return *lock* with a few packages that have other files, conditions or dependencies, that are gone or there twice."""
    draw = random.Random(seed)

    def one(package: LockedPackage) -> list[LockedPackage]:
        if draw.random() > 0.1:
            return [package]
        match draw.randrange(6):
            case 0:
                files = tuple(replace(file, hash="sha256:" + "0" * 64) for file in package.artifacts)
                return [replace(package, artifacts=files)]
            case 1:
                return [replace(package, when=package.when[:-1])]
            case 2:
                return [replace(package, dependencies=package.dependencies[1:])]
            case 3:
                return []
            case 4:
                return [replace(package, markers=("sys_platform == 'linux'",))]
            case _:
                return [package, replace(package, version="0.0.1")]

    return replace(lock, packages=tuple(each for package in lock.packages for each in one(package)))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    "name",
    ["pixi-small/pixi.lock", "conda-lock-small/conda-lock.yml", "poetry-small/poetry.lock", "pdm-small/pdm.lock"],
)
def test_a_closer_look_at_what_is_alike_tells_nothing_more(
    monkeypatch: pytest.MonkeyPatch, name: str, seed: int
) -> None:
    old = read_lock(Reader(), str(CORPORA / name), anew=True)
    new = changed(old, seed)
    short = compare(old, new)
    passed: list[bool] = []
    alike = Ways.places_alike

    def looked_at(self: Ways, package: LockedPackage, other: Ways, its: LockedPackage) -> bool:
        passed.append(alike(self, package, other, its))
        return False

    monkeypatch.setattr(Ways, "places_alike", looked_at)
    assert compare(old, new) == short
    assert short.packages
    assert any(passed)
