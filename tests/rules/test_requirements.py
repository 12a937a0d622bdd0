"""EG217: what installed packages require, held against what is locked."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from envguard.check import check
from envguard.installed.model import PythonPart
from envguard.lockfiles.model import Edge, Source, SourceKind
from envguard.model import Impact, Place, Selection, Severity
from tests.installed.tools import UV, uv, wheel
from tests.rules.evidence import PROJECT, conda_installed, conda_locked, dist, evidence, findings, locked, one

if TYPE_CHECKING:
    from pathlib import Path

    from envguard.lockfiles.model import Lock
    from envguard.rules.evidence import Evidence

NAME = "unmet-requirement"
MARKERS = {"python_version": "3.11", "python_full_version": "3.11.7", "sys_platform": "linux"}
ROOT = Source(kind=SourceKind.EDITABLE, location=".")


def seen(*requires: str, **more: object) -> Evidence:
    """Return evidence of the locked and installed package ``torch``, which has *requires*, and of ``numpy`` 1.26."""
    made = evidence(
        [locked("torch", "2.9.0"), locked("numpy", "1.26.4")],
        [dist("torch", "2.9.0", requires=requires), dist("numpy", "1.26.4")],
        **more,  # type: ignore[arg-type]
    )
    return with_markers(made)


def with_markers(made: Evidence) -> Evidence:
    assert made.inventory is not None
    environment = replace(made.inventory.environment, markers=MARKERS)
    return replace(made, inventory=replace(made.inventory, environment=environment))


def with_lock(made: Evidence, **more: object) -> Evidence:
    assert made.lock is not None
    lock: Lock = replace(made.lock, **more)  # type: ignore[arg-type]
    return replace(made, lock=lock)


def test_an_entry_that_was_deleted_is_found_by_what_is_installed() -> None:
    finding = one(NAME, seen("sympy>=1.13.3", "numpy"))
    assert (finding.code, finding.subject) == ("EG217", "sympy")
    assert finding.message == "torch 2.9.0 requires sympy>=1.13.3, and sympy is not locked"
    assert (finding.expected, finding.found) == ("sympy>=1.13.3", "neither locked nor installed")
    assert finding.place == Place(path=f"{PROJECT}/uv.lock", keys=("package", 0, "version"))
    assert finding.hint == "uv lock"
    assert finding.impact is Impact.NUMBERS
    assert finding.severities.host_to_host is Severity.ERROR


def test_a_version_that_was_edited_is_found_by_what_is_installed() -> None:
    finding = one(NAME, seen("numpy<3,>=2"))
    assert finding.message == "torch 2.9.0 requires numpy<3,>=2, and numpy 1.26.4 is locked"
    assert finding.place == Place(path=f"{PROJECT}/uv.lock", keys=("package", 1, "version"))


@pytest.mark.parametrize(
    "line",
    [
        "numpy>=1.26",
        "numpy (>=1.26,<2)",
        "sympy ; sys_platform == 'win32'",
        "sympy ; extra == 'opt'",
        "sympy>=1 ; python_version < '3.9' or extra == 'opt'",
        "sympy ; nothing == 'x'",
        "numpy >=2.*.*",
        "numpy @ https://index.example/numpy-2.0-py3-none-any.whl",
    ],
)
def test_what_is_met_or_does_not_hold_here_or_cannot_be_read_is_no_finding(line: str) -> None:
    assert findings(NAME, seen(line)) == []


def test_extras_count_that_a_package_or_the_project_asks_for() -> None:
    lines = ("sympy ; extra == 'Opt_Math'", "triton ; extra == 'opt-math' and sys_platform == 'linux'")
    asks = evidence(
        [locked("torch", "2.9.0"), locked("timm")],
        [dist("torch", "2.9.0", requires=lines), dist("timm", requires=("torch[opt-math]",))],
    )
    assert {item.subject for item in findings(NAME, with_markers(asks))} == {"sympy", "triton"}
    edge = Edge(name="torch", extras=("opt-math",))
    for place, chosen in (
        ({"dependencies": (edge,)}, Selection()),
        ({"extras": {"gpu": (edge,)}}, Selection(extras=("gpu",))),
    ):
        project = locked("demo", "0.1", ROOT, **place)
        made = evidence([locked("torch", "2.9.0"), project], [dist("torch", "2.9.0", requires=lines)], selection=chosen)
        assert {item.subject for item in findings(NAME, with_markers(made))} == {"sympy", "triton"}
    project = locked("demo", "0.1", ROOT, extras={"gpu": (edge,)})
    made = evidence([locked("torch", "2.9.0"), project], [dist("torch", "2.9.0", requires=lines)])
    assert findings(NAME, with_markers(made)) == []


def test_what_the_project_replaces_or_takes_out_is_its_own_business() -> None:
    made = seen("sympy", "numpy>=2")
    assert len(findings(NAME, made)) == 2
    assert [item.subject for item in findings(NAME, with_lock(made, overrides=("numpy",)))] == ["sympy"]
    assert findings(NAME, with_lock(made, overrides=("numpy", "sympy"))) == []
    assert findings(NAME, with_lock(made, restated=("torch",))) == []
    assert findings(NAME, with_lock(made, overrides=None)) == []


def test_only_what_is_installed_as_locked_speaks_for_its_version() -> None:
    for made in (
        evidence([locked("torch", "2.9.0")], [dist("torch", "2.8.0", requires=("sympy",))]),
        evidence([locked("demo", "1.0", ROOT)], [dist("demo", requires=("sympy",))]),
        evidence([], [dist("stray", requires=("sympy",))]),
    ):
        assert findings(NAME, with_markers(made)) == []


def test_recipes_of_conda_have_dependencies_of_their_own() -> None:
    installed = dist("numpy", requires=("sympy",))
    package = conda_installed("numpy")
    made = evidence([conda_locked("numpy"), locked("numpy")], [installed], conda=[package], form="pixi")
    came = replace(package, parts=(PythonPart(name="numpy", path=installed.path),))
    assert made.inventory is not None
    assert [item.subject for item in findings(NAME, with_markers(made))] == ["sympy"]
    assert findings(NAME, with_markers(replace(made, inventory=replace(made.inventory, conda=(came,))))) == []


def test_a_lock_that_nobody_may_have_resolved_is_a_warning() -> None:
    finding = one(NAME, with_lock(seen("sympy"), format="requirements"))
    assert finding.severities.host_to_host is Severity.WARNING


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a project with a lock of uv and an environment: ``app`` needs ``one``, which needs ``two`` and ``three``."""
    wheels = tmp_path / "wheels"
    requires = "Requires-Dist: two>=2\nRequires-Dist: three\nRequires-Dist: four; extra == 'more'\n"
    for name, version, metadata in (
        ("one", "1.0", requires),
        ("two", "2.0", ""),
        ("two", "1.0", ""),
        ("three", "1.0", ""),
    ):
        wheel(wheels, name, version, metadata=metadata)
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "app"\nversion = "0.1"\nrequires-python = ">=3.11"\ndependencies = ["one"]\n'
        '[tool.uv]\npackage = false\nno-index = true\nfind-links = ["wheels"]\n',
        encoding="utf-8",
    )
    uv("sync", "-q", "--python", sys.executable, cwd=tmp_path)
    return tmp_path


def unmet_here(project: Path) -> set[str]:
    report = check(project)
    return {finding.message.partition(",")[0] for finding in report.findings if finding.name == NAME}


def unmet_for_uv(project: Path) -> set[str]:
    assert UV is not None
    done = subprocess.run(
        [UV, "pip", "check", "--python", ".venv"], cwd=project, capture_output=True, text=True, check=False
    )
    found = re.findall(r"The package `(\w+)` requires `([^`]+)`", done.stderr)
    return {f"{name} 1.0 requires {text}" for name, text in found}


def test_a_deleted_edge_that_uv_calls_a_fresh_lock_is_what_uv_pip_check_finds(project: Path) -> None:
    assert unmet_here(project) == unmet_for_uv(project) == set()
    lock = project / "uv.lock"
    text = lock.read_text(encoding="utf-8")
    entry = re.search(r'\[\[package\]\]\nname = "three".*?(?=\n\[\[package|\Z)', text, re.DOTALL)
    assert entry is not None
    text = text.replace(entry[0], "").replace('    { name = "three" },\n', "")
    lock.write_text(text, encoding="utf-8")
    uv("lock", "--check", cwd=project)
    uv("sync", "-q", "--frozen", cwd=project)
    assert unmet_here(project) == unmet_for_uv(project) == {"one 1.0 requires three"}


def test_a_version_that_was_edited_by_hand_is_what_uv_pip_check_finds(project: Path) -> None:
    lock = project / "uv.lock"
    text = lock.read_text(encoding="utf-8")
    lock.write_text(text.replace('"2.0"', '"1.0"').replace("two-2.0-", "two-1.0-"), encoding="utf-8")
    uv("lock", "--check", cwd=project)
    uv("sync", "-q", "--frozen", cwd=project)
    assert unmet_here(project) == unmet_for_uv(project) == {"one 1.0 requires two>=2"}
