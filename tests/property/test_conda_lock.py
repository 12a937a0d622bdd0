"""Whatever is broken in a ``conda-lock.yml`` or in what it is made from is one error of ours."""

from __future__ import annotations

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
from tests.lockfiles.conda_lock.documents import DEV, ENVIRONMENT, lock
from tests.property.mutations import broken_bytes, broken_documents
from tests.tools import ROOT

if TYPE_CHECKING:
    from pathlib import Path

REAL = (ROOT / "tests" / "corpora" / "conda-lock-small" / "conda-lock.yml").read_text()
LOCKS = [lock(sources="environment.yml dev.yml"), REAL]


def use(folder: Path, locked: bytes, environment: bytes) -> None:
    (folder / "conda-lock.yml").write_bytes(locked)
    for name in ("environment.yml", "main.yml"):
        (folder / name).write_bytes(environment)
    for name in ("dev.yml", "test.yml"):
        (folder / name).write_text(DEV)
    here = environment_of("linux-64", "3.12.4")
    assert here is not None
    try:
        read = read_lock(Reader(), str(folder / "conda-lock.yml"))
        inconsistencies(read)
        compare(read, None)
        for selection in (Selection(), Selection(extras=("test",), groups=("dev",), default_groups=False)):
            select(read, selection, here)
        freshness(Reader(), read)
    except EnvguardError as error:
        assert str(folder) in str(error)


relaxed = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


@relaxed
@given(st.data())
def test_no_broken_lock_is_a_crash(tmp_path: Path, data: st.DataObject) -> None:
    text = data.draw(broken_documents(yaml.safe_load(LOCKS[0]), yaml.safe_dump))
    use(tmp_path, text.encode(), ENVIRONMENT.encode())


@relaxed
@given(st.data())
def test_no_broken_source_is_a_crash(tmp_path: Path, data: st.DataObject) -> None:
    text = data.draw(broken_documents(yaml.safe_load(ENVIRONMENT), yaml.safe_dump))
    use(tmp_path, LOCKS[0].encode(), text.encode())


@relaxed
@given(st.data(), st.sampled_from([0, 1]))
def test_no_cut_or_strange_byte_is_a_crash(tmp_path: Path, data: st.DataObject, which: int) -> None:
    use(tmp_path, data.draw(broken_bytes(LOCKS[which])), ENVIRONMENT.encode())
    use(tmp_path, LOCKS[0].encode(), data.draw(broken_bytes(ENVIRONMENT)))
