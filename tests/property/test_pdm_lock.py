"""Whatever is broken in a ``pdm.lock`` or its manifest is one error of ours."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from envguard.errors import EnvguardError
from envguard.lockfiles import freshness, read_lock
from envguard.lockfiles.consistency import inconsistencies
from envguard.lockfiles.environments import named_environment
from envguard.lockfiles.model import Selection
from envguard.lockfiles.select import select
from envguard.reader import Reader
from tests.lockfiles.pdm.documents import MANIFEST, lock
from tests.property.mutations import broken_bytes, broken_documents
from tests.tools import ROOT

if TYPE_CHECKING:
    from pathlib import Path

OLD = (ROOT / "tests" / "corpora" / "pdm-small" / "pdm.lock").read_text()
LOCKS = [lock(), OLD]
ENVIRONMENT = {
    **dict.fromkeys(("platform_release", "platform_version", "implementation_version"), ""),
    "implementation_name": "cpython",
    "platform_python_implementation": "CPython",
}
HERE = named_environment(ENVIRONMENT, python_version="3.12.1", platform="linux")
MANIFESTS = [MANIFEST, (ROOT / "tests" / "corpora" / "pdm-small" / "pyproject.toml").read_text()]


def use(folder: Path, locked: bytes, manifest: bytes) -> None:
    (folder / "pdm.lock").write_bytes(locked)
    (folder / "pyproject.toml").write_bytes(manifest)
    try:
        read = read_lock(Reader(), str(folder / "pdm.lock"))
        inconsistencies(read)
        for selection in (Selection(), Selection(extras=("plot", "all"), default_groups=False)):
            select(read, selection, HERE)
        freshness(Reader(), read)
    except EnvguardError as error:
        assert str(folder) in str(error)


relaxed = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


@relaxed
@given(st.data(), st.sampled_from([0, 1]))
def test_no_broken_lock_is_a_crash(tmp_path: Path, data: st.DataObject, which: int) -> None:
    text = data.draw(broken_documents(tomllib.loads(LOCKS[which])))
    use(tmp_path, text.encode(), MANIFESTS[which].encode())


@relaxed
@given(st.data(), st.sampled_from([0, 1]))
def test_no_broken_manifest_is_a_crash(tmp_path: Path, data: st.DataObject, which: int) -> None:
    text = data.draw(broken_documents(tomllib.loads(MANIFESTS[which])))
    use(tmp_path, LOCKS[which].encode(), text.encode())


@relaxed
@given(st.data(), st.sampled_from([0, 1]))
def test_no_cut_or_strange_byte_is_a_crash(tmp_path: Path, data: st.DataObject, which: int) -> None:
    use(tmp_path, data.draw(broken_bytes(LOCKS[which])), MANIFESTS[which].encode())
