"""What a ``pixi.lock`` lists for each environment and platform, compared with what rattler, pixi's own library, reads in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from envguard.lockfiles import read_lock
from envguard.lockfiles.conda.subdirs import environment_of
from envguard.lockfiles.model import Refused, Selection, SourceKind
from envguard.lockfiles.select import select
from envguard.reader import Reader
from tests.lockfiles.pixi.documents import MANIFEST, OLD, PYPROJECT, lock
from tests.lockfiles.pixi.test_reader import CORPORA
from tests.lockfiles.programs import ask
from tests.tools import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from envguard.lockfiles.model import Lock, LockedPackage

pytestmark = pytest.mark.slow

SHARED = [path for path in (ROOT.parent / "shared" / "corpora").glob("pixi-*/pixi.lock") if path.is_file()]


def described(package: LockedPackage, found: Lock) -> list[str]:
    """Return what we read of *package*, in the words in which rattler is asked."""
    file = package.artifacts[0] if package.artifacts else None
    digest = (file.hash or "") if file is not None else ""
    version = package.version or ""
    if package.conda is not None:
        version = file.filename if file is not None else ""
    elif package.source.kind in (SourceKind.DIRECTORY, SourceKind.EDITABLE):
        # Of what is built from a folder rattler drops the version, and a hash that is that of its inputs.
        version = ""
    return [
        "conda" if package.conda is not None else "pypi",
        package.name,
        version,
        (package.conda.build or "") if package.conda is not None else "",
        (package.conda.subdir or "") if package.conda is not None else "",
        digest.removeprefix("sha256:") if digest.startswith("sha256:") else "",
    ]


def ours(found: Lock) -> dict[str, list[list[str]]]:
    answer = {}
    for name in found.groups:
        for platform in found.options["platforms"][name]:
            environment = environment_of(found.options["subdirs"].get(platform, platform), "3.12.4")
            assert environment is not None
            selected = select(found, Selection(groups=(name,)), environment)
            assert not isinstance(selected, Refused), selected
            answer[f"{name} {platform}"] = sorted(described(package, found) for package in selected.packages)
    return answer


def theirs(tools: Path, path: Path) -> dict[str, list[list[str]]]:
    (answer,) = ask(tools, "conda/ask_rattler.py", [["lock", str(path)]])
    assert "error" not in answer, answer
    found: dict[str, list[list[str]]] = answer
    return found


def compare(tools: Path, path: Path) -> int:
    mine, other = ours(read_lock(Reader(), str(path))), theirs(tools, path)
    assert mine.keys() == other.keys()
    for cell, packages in mine.items():
        rest = [item for item in other[cell] if item not in packages]
        assert packages == other[cell], (cell, rest[:3], [item for item in packages if item not in other[cell]][:3])
    return len(mine)


@pytest.mark.parametrize("path", [*CORPORA, *SHARED], ids=lambda path: path.parent.name)
def test_real_locks_list_what_rattler_reads(conda_tools: Path, path: Path) -> None:
    assert compare(conda_tools, path) >= 9


@pytest.mark.parametrize("path", CORPORA, ids=lambda path: path.parent.name)
def test_real_locks_that_rattler_writes_anew_list_the_same(conda_tools: Path, path: Path, tmp_path: Path) -> None:
    for name in ("pixi.toml", "pyproject.toml"):
        if (path.parent / name).exists():
            (tmp_path / name).write_bytes((path.parent / name).read_bytes())
    ask(conda_tools, "conda/ask_rattler.py", [["rewrite", str(path), str(tmp_path / "pixi.lock")]])
    new, old = read_lock(Reader(), str(tmp_path / "pixi.lock")), read_lock(Reader(), str(path))
    assert (old.version, new.version) == (6, 7)
    assert ours(new) == ours(old)
    assert compare(conda_tools, tmp_path / "pixi.lock") >= 9


@pytest.mark.parametrize(
    "text", [lock(6), lock(7), OLD, OLD.replace("version: 5", "version: 4")], ids=["6", "7", "5", "4"]
)
def test_small_locks_list_what_rattler_reads(conda_tools: Path, text: str, tmp_path: Path) -> None:
    (tmp_path / "pixi.toml").write_text(MANIFEST)
    (tmp_path / "pyproject.toml").write_text(PYPROJECT)
    (tmp_path / "pixi.lock").write_text(text)
    assert compare(conda_tools, tmp_path / "pixi.lock") >= 1
