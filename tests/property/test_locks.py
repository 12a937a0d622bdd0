"""Whatever is broken in a ``uv.lock`` or a ``Pipfile.lock``, or in the manifest beside it, is one error of ours."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from envguard.errors import EnvguardError
from tests.lockfiles.specimens import SPECIMENS
from tests.property.mutations import broken_bytes, broken_documents

if TYPE_CHECKING:
    from pathlib import Path

    from tests.lockfiles.specimens import Specimen

HERE = [specimen for specimen in SPECIMENS if specimen.format in ("uv", "pipenv")]
each = pytest.mark.parametrize("specimen", HERE, ids=lambda specimen: specimen.label)
relaxed = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


def use(specimen: Specimen, folder: Path, text: str | bytes, **manifests: str) -> None:
    try:
        specimen.use(specimen.write(folder, text, **manifests))
    except EnvguardError as error:
        assert str(folder) in str(error)


@each
@relaxed
@given(data=st.data())
def test_no_broken_lock_is_a_crash(specimen: Specimen, tmp_path: Path, data: st.DataObject) -> None:
    assert specimen.loads is not None
    assert specimen.dumps is not None
    use(specimen, tmp_path, data.draw(broken_documents(specimen.loads(specimen.text), specimen.dumps)))


@each
@relaxed
@given(data=st.data())
def test_no_broken_manifest_is_a_crash(specimen: Specimen, tmp_path: Path, data: st.DataObject) -> None:
    for name, text in specimen.manifests.items():
        use(specimen, tmp_path, specimen.text, **{name: data.draw(broken_documents(tomllib.loads(text)))})


@each
@relaxed
@given(data=st.data())
def test_no_cut_or_strange_byte_is_a_crash(specimen: Specimen, tmp_path: Path, data: st.DataObject) -> None:
    use(specimen, tmp_path, data.draw(broken_bytes(specimen.text)))
