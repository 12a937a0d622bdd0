"""What should be installed, compared with what uv itself would install."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from packaging.markers import Marker, default_environment

from envguard.errors import LockfileError
from envguard.lockfiles import read_lock
from envguard.lockfiles.environments import named_environment
from envguard.lockfiles.model import RefusalKind, Refused, Selection, SourceKind
from envguard.lockfiles.select import select
from envguard.reader import Reader
from tests.lockfiles.world import ROOT, project, uv

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envguard.lockfiles.model import Lock

LARGE = [
    path.parent
    for folder in (ROOT / "tests" / "corpora", ROOT.parent / "shared" / "corpora")
    for path in sorted(folder.glob("uv-*/uv.lock"))
]
ENVIRONMENTS = [
    (python, platform)
    for python in ("3.11.7", "3.12.1", "3.13.0")
    for platform in ("linux", "macos", "windows", "aarch64-unknown-linux-gnu")
]


def here() -> dict[str, str]:
    return {key: str(value) for key, value in default_environment().items() if key != "extra"}


def ours(lock: Lock, selection: Selection, environment: dict[str, str]) -> set[str]:
    selected = select(lock, selection, environment)
    assert not isinstance(selected, Refused), selected
    return {f"{p.name}=={p.version}" if p.source.kind is SourceKind.REGISTRY else p.name for p in selected.packages} - {
        p.name for p in selected.packages if p.source.location == "."
    }


def exported(folder: Path, *arguments: str) -> list[tuple[str, str]]:
    """Return the lines of ``uv export`` as requirement and marker."""
    done = uv(
        folder, "export", "--frozen", "--no-hashes", "--no-header", "--no-annotate", "--no-emit-project", *arguments
    )
    assert done.returncode == 0, done.stderr
    lines = [line.partition(" ; ") for line in done.stdout.splitlines() if line.strip() and not line.startswith("#")]
    return [(requirement.strip(), marker) for requirement, _, marker in lines]


def theirs(lines: list[tuple[str, str]], environment: dict[str, str]) -> set[str]:
    return {
        requirement.partition(" @ ")[0]
        for requirement, marker in lines
        if not marker or Marker(marker).evaluate({**environment, "extra": ""})
    }


def selections(folder: Path) -> Iterator[tuple[tuple[str, ...], Selection]]:
    manifest = tomllib.loads((folder / "pyproject.toml").read_text())
    yield (), Selection()
    yield ("--no-default-groups",), Selection(default_groups=False)
    for extra in manifest.get("project", {}).get("optional-dependencies", {}):
        yield ("--extra", extra), Selection(extras=(extra,))
    for group in manifest.get("dependency-groups", {}):
        yield ("--group", group), Selection(groups=(group,))
        yield ("--no-default-groups", "--group", group), Selection(groups=(group,), default_groups=False)


@pytest.mark.slow
@pytest.mark.parametrize("folder", LARGE, ids=lambda folder: folder.name)
def test_large_locks_select_what_uv_would_install(folder: Path, tmp_path: Path) -> None:
    # uv wants to write beside a project; the corpora are read only.
    for name in ("pyproject.toml", "uv.lock"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    lock = read_lock(Reader(), str(tmp_path / "uv.lock"))
    compared = 0
    for arguments, selection in selections(tmp_path):
        lines = exported(tmp_path, *arguments)
        for python, platform in ENVIRONMENTS:
            environment = named_environment(here(), python_version=python, platform=platform)
            if isinstance(select(lock, selection, environment), Refused):
                continue
            assert ours(lock, selection, environment) == theirs(lines, environment), (arguments, python, platform)
            compared += 1
    assert compared >= len(ENVIRONMENTS)


PLAIN = """
[project]
name = "app"
version = "1.0"
requires-python = ">=3.11"
dependencies = ["alpha", "zeta", "tool<2 ; sys_platform == 'win32'", "tool>=2 ; sys_platform != 'win32'"]

[project.optional-dependencies]
cpu = ["accel==1.0+cpu"]
gpu = ["accel==1.0+cu130"]
none = []

[dependency-groups]
dev = ["gamma"]
test = [{ include-group = "dev" }, "epsilon"]

[tool.uv]
conflicts = [[{ extra = "cpu" }, { extra = "gpu" }]]
"""


def test_forks_extras_conflicts_and_groups_select_what_uv_would_install(folder: Path) -> None:
    project(folder, PLAIN)
    lock = read_lock(Reader(), str(folder / "uv.lock"))
    for arguments, selection in selections(folder):
        lines = exported(folder, *arguments)
        for python, platform in ENVIRONMENTS:
            environment = named_environment(here(), python_version=python, platform=platform)
            assert ours(lock, selection, environment) == theirs(lines, environment), (arguments, python, platform)
    assert "accel==1.0+cu130" in ours(lock, Selection(extras=("gpu",)), here())
    assert "delta==1.0" in ours(lock, Selection(), here()), "an extra that a dependency asks for"


def test_two_sides_of_a_conflict_are_refused_as_uv_refuses_them(folder: Path) -> None:
    project(folder, PLAIN)
    lock = read_lock(Reader(), str(folder / "uv.lock"))
    refused = select(lock, Selection(extras=("cpu", "gpu")), here())
    assert isinstance(refused, Refused)
    assert refused.kind is RefusalKind.CONFLICT
    assert refused.message == (
        "the selection cannot be installed: extra 'cpu' of app and extra 'gpu' of app are declared as conflicting"
    )
    assert uv(folder, "export", "--frozen", "--extra", "cpu", "--extra", "gpu").returncode == 2


def test_names_that_the_lock_does_not_have_are_refused_with_those_that_it_has(folder: Path) -> None:
    project(folder, PLAIN)
    lock = read_lock(Reader(), str(folder / "uv.lock"))
    for selection, message in (
        (Selection(extras=("cuda",)), "the lock has no extra 'cuda'; it has: cpu, gpu, none"),
        (Selection(groups=("docs",)), "the lock has no group 'docs'; it has: dev, test"),
        (Selection(packages=("other",)), "the lock has no package 'other'; it has: app"),
    ):
        refused = select(lock, selection, here())
        assert isinstance(refused, Refused)
        assert (refused.kind, refused.message) == (RefusalKind.UNKNOWN_NAME, message)
    assert not isinstance(select(lock, Selection(extras=("none",)), here()), Refused), "an empty extra is one"


def test_default_groups_of_the_manifest_count_before_and_after_locks_record_them(folder: Path) -> None:
    project(folder, PLAIN.replace("[tool.uv]\n", '[tool.uv]\ndefault-groups = ["test"]\n'))
    for text in ("revision = 5", "revision = 3"):
        path = folder / "uv.lock"
        content = path.read_text()
        lines = [line for line in content.splitlines() if text == "revision = 5" or "default-groups" not in line]
        path.write_text("\n".join(text if line.startswith("revision") else line for line in lines))
        lock = read_lock(Reader(), str(path))
        assert "epsilon==1.0" in ours(lock, Selection(), here())
        assert "epsilon==1.0" not in ours(lock, Selection(default_groups=False), here())


def test_a_python_outside_the_range_is_refused(folder: Path) -> None:
    project(folder, PLAIN)
    lock = read_lock(Reader(), str(folder / "uv.lock"))
    refused = select(lock, Selection(), named_environment(here(), python_version="3.10"))
    assert isinstance(refused, Refused)
    assert (refused.kind, refused.expected, refused.found) == (RefusalKind.REQUIRES_PYTHON, ">=3.11", "3.10.0")
    assert refused.message == "the lock is made for Python >=3.11, this environment has 3.10.0"


def test_a_platform_that_the_lock_does_not_cover_is_refused(folder: Path) -> None:
    project(folder, PLAIN.replace("[tool.uv]\n", "[tool.uv]\nenvironments = [\"sys_platform == 'linux'\"]\n"))
    lock = read_lock(Reader(), str(folder / "uv.lock"))
    refused = select(lock, Selection(), named_environment(here(), platform="macos"))
    assert isinstance(refused, Refused)
    assert refused.kind is RefusalKind.ENVIRONMENT
    assert refused.message.startswith("the lock does not cover this environment: none of its ")


MEMBER = '[project]\nname = "NAME"\nversion = "0.1"\nrequires-python = ">=3.11"\ndependencies = ["DEP"]\n'


def test_members_of_a_workspace_are_selected_one_by_one_or_all(folder: Path) -> None:
    root = PLAIN + '[tool.uv.workspace]\nmembers = ["packages/*"]\n'
    project(
        folder,
        root,
        packages__one__pyproject_toml=MEMBER.replace("NAME", "one").replace("DEP", "epsilon"),
        packages__two__pyproject_toml=MEMBER.replace("NAME", "two").replace("DEP", "tool"),
    )
    lock = read_lock(Reader(), str(folder / "uv.lock"))
    everything = exported(folder, "--all-packages", "--no-emit-workspace")
    only_one = exported(folder, "--package", "one", "--no-emit-workspace")
    assert ours(lock, Selection(packages=("*",)), here()) - {"one", "two"} == theirs(everything, here())
    assert ours(lock, Selection(packages=("one",)), here()) - {"one"} == theirs(only_one, here())


def test_a_lock_that_selects_nothing_it_holds_is_an_error_with_its_place(folder: Path) -> None:
    project(folder, PLAIN)
    path = folder / "uv.lock"
    path.write_text(path.read_text().replace('    { name = "zeta" },', '    { name = "omega" },'))
    with pytest.raises(LockfileError) as caught:
        select(read_lock(Reader(), str(path)), Selection(), here())
    assert caught.value.message == "the dependency on omega leads to no package"
    assert caught.value.keys[0] == "package"
