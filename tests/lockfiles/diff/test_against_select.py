"""Where packages are installed, as a comparison sees it, against what is selected there: the same on real locks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from envguard.lockfiles import read_lock
from envguard.lockfiles.diff.places import Places
from envguard.lockfiles.diff.ways import Ways
from envguard.lockfiles.model import Refused, Selection
from envguard.lockfiles.parts import LOCAL
from envguard.lockfiles.select import select
from envguard.reader import Reader
from tests.lockfiles.world import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from envguard.lockfiles.model import Lock

LOCKS = [
    ROOT / "tests" / "corpora" / name for name in ("uv-large/uv.lock", "poetry-large/poetry.lock", "pdm-small/pdm.lock")
]


def chosen(lock: Lock, extras: tuple[str, ...], groups: tuple[str, ...]) -> Iterator[Selection]:
    """Yield selections of as much as goes together: of extras and groups that conflict, each with the others left out."""
    items = [(item.extra, item.group) for several in lock.conflicts for item in several]
    for extra, group in items or [(None, None)]:
        yield Selection(
            extras=tuple(name for name in extras if name == extra or (name, None) not in items),
            groups=tuple(name for name in groups if name == group or (None, name) not in items),
        )


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.parent.name)
def test_what_is_selected_somewhere_is_installed_there(path: Path) -> None:
    lock = read_lock(Reader(), str(path))
    places = Places((lock,))
    ways = Ways(lock, places)
    extras = lock.extras or tuple({extra for root in ways.roots for extra in root.extras})
    groups = tuple({*lock.groups, *(group for root in ways.roots for group in root.groups)} - {"main", "default"})
    choices = list(chosen(lock, extras, groups))
    compared = 0
    for number, place in enumerate(places.every):
        if not places.all >> number & 1:
            continue
        found = [select(lock, choice, place.variables) for choice in choices]
        packages = [package for selected in found if not isinstance(selected, Refused) for package in selected.packages]
        if not packages:
            continue
        theirs = {(p.name, p.version) for p in packages if not (p.source.kind in LOCAL and p.source.location == ".")}
        ours = {
            (package.name, package.version)
            for package in lock.packages
            if ways.where(package) >> number & 1
            and not (package.source.kind in LOCAL and package.source.location == ".")
        }
        assert ours == theirs, place
        compared += 1
    assert compared >= 10
