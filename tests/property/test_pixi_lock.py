"""Whatever is broken in a ``pixi.lock`` or its manifest is one error of ours."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from envguard.errors import EnvguardError
from envguard.lockfiles import freshness, read_lock
from envguard.lockfiles.conda.subdirs import environment_of
from envguard.lockfiles.consistency import inconsistencies
from envguard.lockfiles.diff.compare import compare
from envguard.lockfiles.model import Selection
from envguard.lockfiles.select import select
from envguard.reader import Reader
from tests.lockfiles.pixi.documents import MANIFEST, OLD, PYPROJECT, lock
from tests.property.mutations import broken_bytes, broken_documents

if TYPE_CHECKING:
    from pathlib import Path

SOURCE = "- conda_source: child[87dc0b8a] @ child\n  version: '1.0'\n  subdir: linux-64\n"
LOCKS = [lock(6), lock(7, records=SOURCE), OLD]
MORE = """
[system-requirements]
cuda = "12"
libc = { family = "glibc", version = "2.28" }
[pypi-options]
extra-index-urls = ["https://more.index.example/simple"]
no-build = ["a"]
[constraints]
x = { version = "1.*", build-number = ">=1" }
"""


def use(folder: Path, locked: bytes, manifest: bytes, project: bytes = PYPROJECT.encode()) -> None:
    (folder / "pixi.lock").write_bytes(locked)
    (folder / "pixi.toml").write_bytes(manifest)
    (folder / "pyproject.toml").write_bytes(project)
    here = environment_of("linux-64", "3.12.4")
    assert here is not None
    try:
        read = read_lock(Reader(), str(folder / "pixi.lock"))
        inconsistencies(read)
        compare(read, None)
        for selection in (Selection(), Selection(groups=("test",)), Selection(extras=("default", "test"))):
            select(read, selection, here)
        freshness(Reader(), read)
    except EnvguardError as error:
        assert str(folder) in str(error)


relaxed = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


@relaxed
@given(st.data(), st.sampled_from([0, 1, 2]))
def test_no_broken_lock_is_a_crash(tmp_path: Path, data: st.DataObject, which: int) -> None:
    text = data.draw(broken_documents(yaml.safe_load(LOCKS[which]), yaml.safe_dump))
    use(tmp_path, text.encode(), MANIFEST.encode())


@relaxed
@given(st.data(), st.sampled_from([0, 1]))
def test_no_broken_manifest_is_a_crash(tmp_path: Path, data: st.DataObject, which: int) -> None:
    text = data.draw(broken_documents(tomllib.loads(MANIFEST + MORE)))
    use(tmp_path, LOCKS[which].encode(), text.encode())
    use(
        tmp_path,
        LOCKS[which].encode(),
        MANIFEST.encode(),
        data.draw(broken_documents(tomllib.loads(PYPROJECT))).encode(),
    )


@relaxed
@given(st.data(), st.sampled_from([0, 1, 2]))
def test_no_cut_or_strange_byte_is_a_crash(tmp_path: Path, data: st.DataObject, which: int) -> None:
    use(tmp_path, data.draw(broken_bytes(LOCKS[which])), MANIFEST.encode())
    use(tmp_path, LOCKS[which].encode(), data.draw(broken_bytes(MANIFEST)))
