"""Whether a ``pylock.toml`` of pdm is stale, compared with what pdm itself says."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from envguard.lockfiles import freshness, read_lock
from envguard.lockfiles.model import Freshness
from envguard.reader import Reader
from tests.lockfiles.world import wheels

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow

MANIFEST = """
[project]
name = "app"
version = "1.0"
requires-python = ">=3.9"
dependencies = ["alpha>=1", "beta[fast]"]

[project.optional-dependencies]
plot = ["delta"]

[dependency-groups]
test = ["gamma"]

[tool.pdm.resolution]
lock_inputs = INPUTS
respect-source-order = true

[[tool.pdm.source]]
name = "pypi"
type = "find_links"
url = "file:///${PROJECT_ROOT}/wheels"
"""
EDITS = [
    ("", ""),
    ('version = "1.0"', 'version = "2.0"'),
    ('"alpha>=1"', '"alpha>=1.5"'),
    ('"alpha>=1"', '"alpha<2"'),
    (', "beta[fast]"', ', "beta"'),
    ('["gamma"]', '["gamma", "zeta"]'),
    ('plot = ["delta"]', 'plots = ["delta"]'),
    (">=3.9", ">=3.10"),
    ("respect-source-order = true", "respect-source-order = false"),
]


def pdm_says(pdm: Path, folder: Path, *arguments: str) -> int:
    environment = {**os.environ, "PDM_CHECK_UPDATE": "0", "PDM_IGNORE_ACTIVE_VENV": "1"}
    command = [str(pdm / "pdm"), "lock", *arguments]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr
    return done.returncode


@pytest.mark.parametrize("inputs", ["true", "false"], ids=["recorded inputs", "a hash"])
def test_the_verdict_is_that_of_pdm(pdm: Path, tmp_path: Path, inputs: str) -> None:
    manifest = MANIFEST.replace("INPUTS", inputs)
    wheels(tmp_path / "wheels")
    (tmp_path / "pdm.toml").write_text('[lock]\nformat = "pylock"\n')
    (tmp_path / "pyproject.toml").write_text(manifest)
    assert pdm_says(pdm, tmp_path, "--group", ":all") == 0
    for old, new in EDITS:
        assert old in manifest
        (tmp_path / "pyproject.toml").write_text(manifest.replace(old, new, 1))
        ours = freshness(Reader(), read_lock(Reader(), str(tmp_path / "pylock.toml")))
        theirs = Freshness.STALE if pdm_says(pdm, tmp_path, "--check") else Freshness.FRESH
        assert ours.state is theirs, (old, new, ours.reasons)
